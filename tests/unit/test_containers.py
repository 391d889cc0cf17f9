"""Image and compose file of a GPU machine: what hadolint and the Compose specification ask for, checked on the text."""

from __future__ import annotations

import copy
import json
import os
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.unit.test_manifests import FOREIGN, SECRET, SERVICE_KEYS, check_command, known_variables

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "ops" / "gpu"
DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = YAML(typ="safe").load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
#: https://docs.docker.com/reference/dockerfile/
KEYWORDS = {
    "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN", "SHELL", "STOPSIGNAL",
    "USER", "VOLUME", "WORKDIR", "ADD", "ONBUILD",
}  # fmt: skip
#: Variables of torch, of the hub's library and of Python.
OF_OTHERS = {
    "PYTORCH_CUDA_ALLOC_CONF", "TORCHINDUCTOR_CACHE_DIR", "HF_HUB_DISABLE_TELEMETRY", "HF_TOKEN", "HF_ENDPOINT",
    "PATH", "PYTHONDONTWRITEBYTECODE",
}  # fmt: skip
#: Read by `reelmill engine serve`.
OF_THE_ENGINE = {"REELMILL_ENGINE_TOKEN"}


@dataclass(frozen=True)
class Instruction:
    keyword: str
    words: str  #: what follows, on one line, without the flags
    flags: tuple[str, ...] = ()

    @property
    def listed(self) -> list[str]:
        """The words of the form that needs no shell."""
        found = json.loads(self.words)
        assert isinstance(found, list)
        return found


def instructions(text: str) -> list[Instruction]:
    """A Dockerfile as its instructions; comments go, continued lines come together."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    found = []
    for line in joined.splitlines():
        if not line.strip():
            continue
        keyword, _, rest = line.strip().partition(" ")
        words = rest.split()
        flags = []
        while words and words[0].startswith("--") and keyword.upper() in {"COPY", "FROM", "RUN", "HEALTHCHECK", "ADD"}:
            flags.append(words.pop(0))
        found.append(Instruction(keyword.upper(), " ".join(words), tuple(flags)))
    return found


def image_problems(text: str) -> list[str]:
    """What a careful reader would send a Dockerfile back for."""
    found = instructions(text)
    return sorted({problem for check in _IMAGE_CHECKS for problem in check(found)})


def _form(found: list[Instruction]) -> Iterator[str]:
    yield from (f"{one.keyword} is no instruction" for one in found if one.keyword not in KEYWORDS)
    yield from ("ADD takes URLs and unpacks archives: use COPY" for one in found if one.keyword == "ADD")
    if not found or found[0].keyword not in {"ARG", "FROM"}:
        yield "it does not begin with FROM"


def _bases(found: list[Instruction]) -> Iterator[str]:
    given: dict[str, str] = {}
    stages: set[str] = set()
    for one in found:
        if one.keyword == "ARG":
            name, _, value = one.words.partition("=")
            given.setdefault(name, value)
        if one.keyword != "FROM":
            continue
        image, *named = one.words.split()
        image = re.sub(r"\$\{(\w+)\}", lambda name: given.get(name[1], ""), image)
        if image not in stages and not re.fullmatch(r"[\w./-]+:v?\d[\w.-]*(@sha256:[0-9a-f]{64})?", image):
            yield f"{image or one.words} is no version of an image"
        stages |= set(named[1:])
    for one in found:
        for flag in one.flags:
            if flag.startswith("--from=") and flag.removeprefix("--from=") not in stages:
                yield f"{flag}: there is no such stage"


def _last(found: list[Instruction]) -> Iterator[str]:
    last = found[max(place for place, one in enumerate(found) if one.keyword == "FROM") :]
    users = [one.words for one in last if one.keyword == "USER"]
    if not users or not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", users[-1]):
        yield "it runs as root, or as a name that Kubernetes cannot tell from root"
    if not any(one.keyword == "HEALTHCHECK" for one in last):
        yield "nobody asks whether it is well"
    for keyword in ("ENTRYPOINT", "CMD"):
        forms = [one.words for one in last if one.keyword == keyword]
        if len(forms) != 1 or not forms[0].startswith("["):
            yield f"{keyword} is not one list: a shell would keep SIGTERM to itself"


def _packages(found: list[Instruction]) -> Iterator[str]:
    for one in found:
        if one.keyword != "RUN":
            continue
        steps = [step.strip() for step in one.words.split("&&")]
        if "apt-get install" in one.words:
            if steps[0] != "apt-get update":
                yield "apt-get install without an update in the same step finds old lists"
            if "rm -rf /var/lib/apt/lists/*" not in steps:
                yield "apt's lists stay in the image"
            if "--no-install-recommends" not in one.words or "--yes" not in one.words:
                yield "apt-get install takes more than was asked for, or asks"
        for step in steps:
            if re.search(r"\bpip install\b", step):
                yield from (
                    f"pip install without {option}"
                    for option in ("--no-cache-dir", "--constraint")
                    if option not in step
                )
            if re.search(r"\b(curl|wget)\b.*\|", step) or "sudo" in step:
                yield f"{step.split()[0]}: nobody checks what runs"


def _secrets(found: list[Instruction]) -> Iterator[str]:
    for one in found:
        if one.keyword in {"ENV", "ARG"}:
            names = re.findall(r"(?:^| )([A-Z_]+)(?==|$)", one.words)
            yield from (f"{name} stays readable in the image" for name in names if SECRET.search(name))


def _copies(found: list[Instruction]) -> Iterator[str]:
    for one in found:
        if one.keyword == "COPY" and not any(flag.startswith("--from=") for flag in one.flags):
            for source in one.words.split()[:-1]:
                if not (ROOT / source).exists():
                    yield f"COPY {source}: it is not there"


_IMAGE_CHECKS: tuple[Callable[[list[Instruction]], Iterator[str]], ...] = (
    _form, _bases, _last, _packages, _secrets, _copies,
)  # fmt: skip


def test_the_image_is_as_it_should_be() -> None:
    assert image_problems(DOCKERFILE) == []


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("12.8.1-base-ubuntu24.04", "latest", "nvidia/cuda:latest is no version of an image"),
        (":12.8.1-base-ubuntu24.04\n\nFROM", "\n\nFROM", "nvidia/cuda is no version of an image"),
        ("USER 10001:10001\n", "", "it runs as root, or as a name that Kubernetes cannot tell from root"),
        ("USER 10001:10001", "USER root", "it runs as root, or as a name that Kubernetes cannot tell from root"),
        ("COPY . .", "ADD https://example.com/x.tar /", "ADD takes URLs and unpacks archives: use COPY"),
        ("COPY constraints.txt", "COPY konstraints.txt", "COPY konstraints.txt: it is not there"),
        ("--from=build", "--from=built", "--from=built: there is no such stage"),
        ("    && rm -rf /var/lib/apt/lists/* \\\n", "", "apt's lists stay in the image"),
        ("apt-get update \\\n    && ", "", "apt-get install without an update in the same step finds old lists"),
        (" --no-install-recommends", "", "apt-get install takes more than was asked for, or asks"),
        (" --no-cache-dir", "", "pip install without --no-cache-dir"),
        ("        --constraint constraints.txt", "        ", "pip install without --constraint"),
        ('["reelmill", "worker", "gpu"]', "reelmill worker gpu",
         "CMD is not one list: a shell would keep SIGTERM to itself"),
        ("HEALTHCHECK", "LABEL", "nobody asks whether it is well"),
        ("DO_NOT_TRACK=1", "HF_TOKEN=hf_1", "HF_TOKEN stays readable in the image"),
        ("WORKDIR /source", "WORKDIRS /source", "WORKDIRS is no instruction"),
        ("WORKDIR /source", "RUN curl https://example.com | sh", "curl: nobody checks what runs"),
    ],
)  # fmt: skip
def test_the_check_of_the_image_finds_mistakes(right: str, wrong: str, problem: str) -> None:
    assert right in DOCKERFILE
    assert problem in image_problems(DOCKERFILE.replace(right, wrong))


def test_the_commands_of_the_image_are_commands() -> None:
    found = instructions(DOCKERFILE)
    (command,) = (one.listed for one in found if one.keyword == "CMD")
    check_command(command)
    (entry,) = (one.listed for one in found if one.keyword == "ENTRYPOINT")
    assert entry == ["/usr/bin/tini", "--"]
    (health,) = (one for one in found if one.keyword == "HEALTHCHECK")
    assert json.loads(health.words.removeprefix("CMD ")) == ["nvidia-smi", "--list-gpus"]


def test_the_variables_of_the_image_are_read_by_somebody() -> None:
    (words,) = (one.words for one in instructions(DOCKERFILE) if one.keyword == "ENV")
    told = dict(pair.split("=", 1) for pair in shlex.split(words))
    assert set(told) <= known_variables() | OF_OTHERS
    assert told["PYTORCH_CUDA_ALLOC_CONF"] == "expandable_segments:True"
    made = next(one.words for one in instructions(DOCKERFILE) if "install --directory" in one.words)
    for name in ("HOME", "PREFECT_HOME", "REELMILL_HOME", "REELMILL_MODELS"):
        assert told[name] in made.split(), f"{name} belongs to the user of the image"


def test_the_extras_are_extras_and_none_is_agpl() -> None:
    import tomllib

    extras = re.search(r'"\.\[([\w,]+)\]"', DOCKERFILE)
    assert extras is not None
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert {"wan", "postgres", "s3", "redis"} == set(extras[1].split(",")) <= set(known)


def test_what_is_copied_is_in_the_context() -> None:
    from docker.utils.build import exclude_paths

    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = exclude_paths(str(ROOT), [line for line in lines if line and not line.startswith("#")])
    assert {"constraints.txt", "pyproject.toml", os.path.join("flows", "cli", "app.py")} <= set(sent)  # noqa: PTH118
    assert not [name for name in sent if name.endswith(".env") or name.startswith((".git", "tests", "ops/gpu"))]


# --- the compose file ---


def compose_problems(document: dict[str, Any]) -> list[str]:
    """Where a compose file is none, or gives away more than it must."""
    found = []
    for name, service in document["services"].items():
        found += [f"{name}: {problem}" for problem in _service(service, document)]
    unused = set(document.get("volumes", {})) - {
        one.partition(":")[0] for service in document["services"].values() for one in service.get("volumes", [])
    }
    return sorted([*found, *(f"the volume {one} is used by nobody" for one in unused)])


def _service(service: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    yield from (f"{key} is no key of a service" for key in set(service) - SERVICE_KEYS - {"privileged"})
    if service.get("privileged"):
        yield "it is privileged"
    if service.get("read_only") is not True:
        yield "it may write into its image"
    if service.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in service.get("security_opt", []):
        yield "it keeps privileges"
    if not re.search(r":(\$\{\w+:-)?v?\d[\w.]*\}?$", service.get("image", "")):
        yield f"{service.get('image')} is no version of an image"
    for port in service.get("ports", []):
        if not re.fullmatch(r"\$\{\w+:-127\.0\.0\.1:\d+\}:\d+", str(port)):
            yield f"{port} is open to everybody"
    for volume in service.get("volumes", []):
        source = str(volume).partition(":")[0]
        if source not in document.get("volumes", {}):
            yield f"the volume {source} is not declared"
    for key, value in service.get("environment", {}).items():
        if SECRET.search(key) and value is not None:
            yield f"{key} stands in the file"
    for device in service.get("deploy", {}).get("resources", {}).get("reservations", {}).get("devices", []):
        if "gpu" not in device.get("capabilities", []) or ("count" in device) is ("device_ids" in device):
            yield "a GPU is reserved by count or by ids"


def test_the_compose_file_is_as_it_should_be() -> None:
    assert set(COMPOSE) <= {"name", "services", "volumes"} | {key for key in COMPOSE if key.startswith("x-")}
    assert set(SERVICES) == {"worker", "engine", "fetch"}
    assert compose_problems(COMPOSE) == []


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("privileged", True, "engine: it is privileged"),
        ("priviledged", True, "engine: priviledged is no key of a service"),
        ("read_only", False, "engine: it may write into its image"),
        ("cap_drop", [], "engine: it keeps privileges"),
        ("image", "reelmill-gpu:latest", "engine: reelmill-gpu:latest is no version of an image"),
        ("ports", ["8000:8000"], "engine: 8000:8000 is open to everybody"),
        ("volumes", ["films:/films"], "engine: the volume films is not declared"),
        ("environment", {"REELMILL_ENGINE_TOKEN": "x"}, "engine: REELMILL_ENGINE_TOKEN stands in the file"),
    ],
)
def test_the_check_of_the_compose_file_finds_mistakes(key: str, value: object, problem: str) -> None:
    wrong = copy.deepcopy(COMPOSE)
    wrong["services"]["engine"][key] = value
    assert problem in compose_problems(wrong)


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_runs_a_command_of_ours(name: str) -> None:
    command = SERVICES[name]["command"]
    if command[1] == "engine" and find_spec(f"flows.cli.engine_{command[2]}") is None:
        pytest.skip(f"this Reelmill has no `engine {command[2]}`")
    check_command(command)


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_built_from_the_image_and_has_variables_that_are_read(name: str) -> None:
    build = SERVICES[name]["build"]
    assert (FOLDER / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]) == FOLDER / "Dockerfile"
    arguments = {one.words.partition("=")[0] for one in instructions(DOCKERFILE) if one.keyword == "ARG"}
    assert set(build["args"]) <= arguments
    assert set(SERVICES[name]["environment"]) <= known_variables() | OF_OTHERS
    assert SERVICES[name]["profiles"] == [name], "one GPU has room for one of them: none starts unasked"


def test_those_that_draw_have_a_gpu_and_time_and_the_models_read_only() -> None:
    for name in ("worker", "engine"):
        service = SERVICES[name]
        (device,) = service["deploy"]["resources"]["reservations"]["devices"]
        assert device["driver"] == "nvidia"
        assert "models:/models:ro" in service["volumes"]
        assert service["environment"]["PYTORCH_CUDA_ALLOC_CONF"] == "expandable_segments:True"
        assert service["tmpfs"] == ["/tmp:exec"], "compiled code is loaded from there"  # noqa: S108
    assert "models:/models" in SERVICES["fetch"]["volumes"]
    drain = SERVICES["worker"]["command"]
    grace = int(SERVICES["worker"]["stop_grace_period"].removesuffix("s"))
    assert grace >= int(drain[drain.index("--drain-seconds") + 1]) + 15


def test_secrets_are_in_files_that_are_named_and_not_kept() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    for name in ("worker", "engine"):
        (file,) = SERVICES[name]["env_file"]
        assert f"/ops/gpu/{file}" in ignored
        text = (FOLDER / f"{file}.example").read_text(encoding="utf-8")
        told = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))
        assert set(told) <= known_variables() | FOREIGN | OF_THE_ENGINE
        assert not [key for key, value in told.items() if SECRET.search(key) and value]
        assert not re.search(r"://[^/@\s]+:[^/@\s]+@", text), "a password in a URL"
    assert "REELMILL_ENGINE_TOKEN=" in (FOLDER / "engine.env.example").read_text(encoding="utf-8")


def test_the_engine_is_asked_at_the_port_that_it_listens_on() -> None:
    engine = SERVICES["engine"]
    port = engine["command"][engine["command"].index("--port") + 1]
    assert f":{port}/health" in engine["healthcheck"]["test"][-1]
    assert engine["ports"] == [f"${{ENGINE_LISTEN:-127.0.0.1:{port}}}:{port}"]
    compile(engine["healthcheck"]["test"][-1], "healthcheck", "exec")
