"""Image, compose file, manifests and guide: valid, whole, and about commands and settings that there are."""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import types
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cyclopts
import pytest
import yaml

from flows.definition import load
from reelmill.settings import Settings
from tests.unit.test_units import FOLDER as UNITS
from tests.unit.test_units import parse

ROOT = Path(__file__).parents[2]
COMPOSE_FOLDER = ROOT / "ops" / "compose"
COMPOSE = yaml.safe_load((COMPOSE_FOLDER / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "ops" / "image" / "Dockerfile").read_text(encoding="utf-8")
KUBERNETES = ROOT / "ops" / "kubernetes"
GUIDE = (ROOT / "docs" / "machines.md").read_text(encoding="utf-8")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY$|AUTH")

#: Variables of other programs, and those that Prefect reads without a setting of that name.
FOREIGN = {
    "DO_NOT_TRACK", "HOME", "PYTHONUNBUFFERED", "PGPASSWORD", "WORKER_OPTIONS",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL",
    "PREFECT_SERVER_ENCRYPTION_KEY",  # prefect.server.utilities.encryption asks the environment itself
    # prefect-kubernetes 0.8, which is in the image of the Kubernetes worker only
    "PREFECT_INTEGRATIONS_KUBERNETES_OBSERVER_NAMESPACES",
    "PREFECT_INTEGRATIONS_KUBERNETES_WORKER_API_AUTH_STRING_SECRET_NAME",
    "PREFECT_INTEGRATIONS_KUBERNETES_WORKER_API_AUTH_STRING_SECRET_KEY",
}  # fmt: skip


@cache
def known_variables() -> frozenset[str]:
    """Every variable that Reelmill and Prefect read."""
    from prefect.settings.models.root import Settings as PrefectSettings
    from prefect_redis.client import RedisMessagingSettings
    from prefect_redis.messaging import RedisMessagingPublisherSettings
    from pydantic import AliasChoices
    from pydantic_settings import BaseSettings

    def names(model: Any) -> Iterator[str]:
        for name, field in model.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseSettings):
                yield from names(field.annotation)
            elif isinstance(field.validation_alias, AliasChoices):
                yield from (choice for choice in field.validation_alias.choices if isinstance(choice, str))
            else:
                yield f"{model.model_config['env_prefix']}{name}"

    models = (Settings, PrefectSettings, RedisMessagingSettings, RedisMessagingPublisherSettings)
    return frozenset({name.upper() for model in models for name in names(model)} | FOREIGN)


def check_command(words: list[str]) -> None:
    """Fail unless this is a command of Reelmill or Prefect with options that it has."""
    from prefect.cli._app import _app as prefect

    if words[0] == "reelmill":
        parse(words[1:])
        return
    assert words[0] == "prefect", words
    arguments = [word for word in words[1:] if word != "--no-prompt"]  # an option of all of Prefect's commands
    try:
        prefect.parse_args(arguments, exit_on_error=False, print_error=False)
    except cyclopts.CycloptsError as error:
        pytest.fail(f"{shlex.join(words)}: {error}")


# --- the image ---


def test_the_last_stage_has_no_build_tools_no_root_and_passes_signals_on() -> None:
    first, last = DOCKERFILE.split("\nFROM ")[1:]
    assert first.startswith("python:3.12-slim AS build\n")
    assert last.startswith("python:3.12-slim\n")
    assert re.findall(r"apt-get install --yes --no-install-recommends (.+) \\", last) == ["tini"]
    assert re.search(r"^USER [1-9]\d+:[1-9]\d+$", last, re.MULTILINE)
    assert 'ENTRYPOINT ["/usr/bin/tini", "--"]\nCMD ["reelmill", "--help"]\n' in last
    assert "PYTHONUNBUFFERED=1" in last


def test_nothing_that_is_agpl_is_in_the_image_unless_it_is_asked_for() -> None:
    assert 'ARG EXTRAS=""' in DOCKERFILE
    extras = re.search(r"\.\[([\w,]+)\$\{EXTRAS", DOCKERFILE)
    assert extras is not None
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(extras[1].split(",")) <= set(known) - {"nudenet", "dev"}


def test_the_context_has_what_the_wheel_needs_and_no_more(tmp_path: Path) -> None:
    from docker.utils.build import exclude_paths

    # What must not be sent, put beside what is there: secrets, a ledger, an environment.
    for name in [".env", "ops/compose/.env", "flows/.env", "web/accounts.env", ".reelmill/ledger.db", "outbox/a.mp4"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    wanted = [*wheel["force-include"], project["project"]["readme"], *project["project"]["license-files"]]
    wanted += ["pyproject.toml", "constraints.txt", *(f"{package}/__init__.py" for package in wheel["packages"])]
    for name in wanted:
        assert (ROOT / name).exists(), name
        if not (ROOT / name).is_dir():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "logo.png").touch()
    patterns = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in patterns if line and not line.startswith("#")]
    sent = {name for name in exclude_paths(str(tmp_path), patterns) if (tmp_path / name).is_file()}
    assert sent == {name for name in wanted if name != "assets"} | {"assets/logo.png"}


# --- the compose file ---

SERVICES: dict[str, Any] = COMPOSE["services"]
#: What the Compose Specification calls the keys that are used here.
SERVICE_KEYS = {
    "build", "cap_drop", "command", "configs", "depends_on", "deploy", "entrypoint", "env_file", "environment",
    "healthcheck", "image", "logging", "networks", "ports", "profiles", "read_only", "restart", "secrets",
    "security_opt", "shm_size", "stop_grace_period", "tmpfs", "volumes",
}  # fmt: skip


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _strings(key)
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def _variables() -> dict[str, str]:
    """The variables that the compose file takes from `.env`, and what it says of each: `:-default` or `:?words`."""
    text = "\n".join(_strings({**COMPOSE, "configs": {}})).replace("$$", "")
    found = dict(re.findall(r"\$\{(\w+)(:[^}]*)?\}", text))
    handed_on = {
        name for one in SERVICES.values() for name, value in one.get("environment", {}).items() if value is None
    }
    return found | dict.fromkeys(handed_on, "")


def test_each_service_has_known_keys_and_depends_on_services_that_can_tell() -> None:
    assert {"postgres", "ledger", "prefect", "deploy", "worker-default", "worker-gpu", "web", "reconcile"} <= set(
        SERVICES
    )
    for name, service in SERVICES.items():
        assert set(service) <= SERVICE_KEYS, name
        needed = service.get("depends_on", {})
        for other, how in needed.items() if isinstance(needed, dict) else ():
            if how["condition"] == "service_healthy":
                assert "test" in SERVICES[other]["healthcheck"], other
            else:
                assert how["condition"] == "service_completed_successfully"
                assert SERVICES[other]["restart"] == "no", other


def test_what_a_service_uses_is_declared_and_what_it_mounts_is_there() -> None:
    for service in SERVICES.values():
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        assert {one["source"] for one in service.get("configs", [])} <= set(COMPOSE["configs"])
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        for volume in service.get("volumes", []):
            source = re.sub(r"\$\{[^}]*\}", "$", volume).partition(":")[0]
            if source.startswith("."):
                assert (COMPOSE_FOLDER / source).is_file(), source
            elif source != "$":
                assert source in COMPOSE["volumes"], source
        if "build" in service:
            context = COMPOSE_FOLDER / service["build"]["context"]
            assert (context / service["build"]["dockerfile"]).is_file()


def test_the_example_names_exactly_the_variables_that_the_compose_file_takes() -> None:
    example = (COMPOSE_FOLDER / ".env.example").read_text(encoding="utf-8")
    told = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", example, re.MULTILINE))
    assert set(told) == set(_variables())
    for name, how in _variables().items():
        if how.startswith(":?"):
            assert told[name] == "", f"{name} has to be thought of"
            assert name in how, "the message names what is missing"
        if SECRET.search(name):
            assert told[name] == ""
            assert not how.startswith(":-"), f"{name} must have no default"


def test_each_command_of_the_compose_file_is_a_command() -> None:
    checked = 0
    for name, service in SERVICES.items():
        if service["image"].startswith("reelmill:"):
            check_command([re.sub(r"\$\{\w+:-(\w+)\}", r"\1", word) for word in service["command"]])
            assert set(service.get("environment", {})) <= known_variables(), name
            assert service["read_only"] is True
            checked += 1
    assert checked == 7


def test_images_are_pinned_and_only_doors_are_published_on_this_host() -> None:
    for service in SERVICES.values():
        assert re.search(r":(v?\d|\$\{\w+:-\d)[\w.\-}]*$", service["image"]), service["image"]
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"prefect", "web", "grafana"}
    for port in published.values():
        assert re.fullmatch(r"\$\{\w+_LISTEN:-127\.0\.0\.1:(\d+)\}:\1", port[0]), port


@pytest.mark.parametrize("name", ["worker-default", "worker-gpu"])
def test_a_container_of_a_worker_has_longer_to_stop_than_its_runs(name: str) -> None:
    drain = int(SERVICES[name]["command"][SERVICES[name]["command"].index("--drain-seconds") + 1])
    assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) >= drain + 15


def test_grafana_gets_a_dashboard_that_names_its_data_source() -> None:
    script = SERVICES["grafana"]["entrypoint"][2].replace("$$", "$")
    expression = re.search(r"sed '([^']+)' /reelmill.json", script)
    assert expression is not None
    done = subprocess.run(
        ["sed", expression[1], ROOT / "ops" / "grafana" / "reelmill.json"], capture_output=True, text=True, check=True
    )
    uids = {one["datasource"]["uid"] for one in json.loads(done.stdout)["panels"] if "datasource" in one}
    source = yaml.safe_load(COMPOSE["configs"]["grafana_source"]["content"])["datasources"][0]
    assert uids == {source["uid"]}


# --- Kubernetes ---

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl renders the manifests")
OVERLAYS = ("base", "overlays/example")
KINDS_WITH_PODS = {"Deployment", "Job"}
SECRETS = {"reelmill", "reelmill-prefect", "reelmill-accounts"}


@cache
def rendered(overlay: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        ["kubectl", "kustomize", KUBERNETES / overlay], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def job_of_the_gpu_pool(overlay: str) -> dict[str, Any]:
    """The Job that a chunk of shots becomes, as Prefect fills the template in."""
    from prefect.utilities.templating import apply_values

    (pool,) = (one for one in rendered(overlay) if one["metadata"]["name"] == "reelmill-gpu-pool")
    template = json.loads(pool["data"]["gpu-pool.json"].replace("@IMAGE@", pool["data"]["IMAGE"]))
    defaults = {name: one["default"] for name, one in template["variables"]["properties"].items() if "default" in one}
    values = {**defaults, "name": "x", "namespace": "x", "labels": {}, "command": ["prefect", "flow-run", "execute"]}
    job: Any = apply_values(template["job_configuration"]["job_manifest"], {**values, "env": []})
    return typing.cast("dict[str, Any]", job)


def pods(overlay: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pod template, by the name of what makes it."""
    for document in [*rendered(overlay), job_of_the_gpu_pool(overlay)]:
        if document["kind"] in KINDS_WITH_PODS:
            yield document["metadata"].get("name", "gpu job"), document["spec"]["template"]


def containers(overlay: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, pod in pods(overlay):
        for container in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]:
            yield f"{name}/{container['name']}", container


@cache
def api(module: str) -> Any:
    """The Kubernetes API as dataclasses. Their package comes without the client that it belongs to, and needs none."""
    try:
        importlib.import_module("lightkube.core.schema")
    except ImportError:
        schema: Any = types.ModuleType("lightkube.core.schema")
        schema.dataclass, schema.field, schema.DictMixin = dataclasses.dataclass, dataclasses.field, object
        sys.modules |= {"lightkube.core": types.ModuleType("lightkube.core"), "lightkube.core.schema": schema}
    return importlib.import_module(f"lightkube.models.{module}")


def problems(value: Any, kind: Any, path: str) -> Iterator[str]:
    """Where a value is not what the API says: unknown or missing keys, wrong types."""
    if typing.get_origin(kind) in {typing.Union, types.UnionType}:
        options = [one for one in typing.get_args(kind) if one is not types.NoneType]
        found = [list(problems(value, one, path)) for one in options]
        yield from min(found, key=len)
    elif typing.get_origin(kind) is list:
        if not isinstance(value, list):
            yield f"{path}: a list is expected"
            return
        for place, one in enumerate(value):
            yield from problems(one, typing.get_args(kind)[0], f"{path}[{place}]")
    elif dataclasses.is_dataclass(kind):
        if not isinstance(value, dict):
            yield f"{path}: a mapping is expected"
            return
        hints = typing.get_type_hints(kind)
        fields = {one.metadata.get("json", one.name): one for one in dataclasses.fields(kind)}
        yield from (f"{path}.{key}: there is no such field" for key in value.keys() - fields.keys())
        for key, one in fields.items():
            if key in value:
                yield from problems(value[key], hints[one.name], f"{path}.{key}")
            elif one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING:
                yield f"{path}.{key}: it is missing"
    else:
        plain = typing.get_origin(kind) or kind
        expected: Any = (int, float) if plain is float else plain
        if isinstance(value, bool) is not (plain is bool) or not isinstance(value, expected):
            yield f"{path}: {value!r} is no {getattr(plain, '__name__', plain)}"
        elif plain is dict:
            yield from (
                f"{path}.{key}: {one!r} is no text"
                for key, one in value.items()
                if path.rpartition(".")[2] in {"labels", "annotations", "data", "matchLabels", "nodeSelector"}
                and not isinstance(one, str)
            )


def problems_of(document: dict[str, Any]) -> list[str]:
    group, _, version = document["apiVersion"].rpartition("/")
    module = f"{group.partition('.')[0] or 'core'}_{version}"
    return list(problems(document, getattr(api(module), document["kind"]), document["kind"]))


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_document_is_what_the_api_of_kubernetes_says(overlay: str) -> None:
    found = [one for document in [*rendered(overlay), job_of_the_gpu_pool(overlay)] for one in problems_of(document)]
    assert not found


def test_the_check_against_the_api_finds_mistakes() -> None:
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "x", "labels": {"a": 1}},
        "spec": {"ports": [{"port": "80"}], "selektor": {}},
    }  # fmt: skip
    assert sorted(problems_of(service)) == [
        "Service.metadata.labels.a: 1 is no text",
        "Service.spec.ports[0].port: '80' is no int",
        "Service.spec.selektor: there is no such field",
    ]
    assert problems_of({"apiVersion": "batch/v1", "kind": "Job", "spec": {}}) == ["Job.spec.template: it is missing"]


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pod_has_limits_no_root_and_no_variables_of_services(overlay: str) -> None:
    for name, pod in pods(overlay):
        spec = pod["spec"]
        # a Service called reelmill-web would set REELMILL_WEB_PORT=tcp://…, which is no port
        assert spec["enableServiceLinks"] is False, name
        assert spec["automountServiceAccountToken"] is (name == "reelmill-worker-gpu"), name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert pod["metadata"]["labels"]["app.kubernetes.io/part-of"] == "reelmill", name
    for name, container in containers(overlay):
        assert {"cpu", "memory"} <= set(container["resources"]["limits"]), name
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
        guarded = container["securityContext"]
        assert guarded["readOnlyRootFilesystem"] is True, name
        assert guarded["allowPrivilegeEscalation"] is False, name
        assert guarded["capabilities"] == {"drop": ["ALL"]}, name
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+(-\w+)?", container["image"]), name
        mounts = {one["mountPath"] for one in container["volumeMounts"]}
        assert "/tmp" in mounts, name  # noqa: S108 (a mount in a container)


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_settings_exist_and_secrets_are_only_named(overlay: str) -> None:
    documents = rendered(overlay)
    assert "Secret" not in {one["kind"] for one in documents}
    maps = {one["metadata"]["name"]: one["data"] for one in documents if one["kind"] == "ConfigMap"}
    for name in ("reelmill-settings", "reelmill-prefect"):
        assert set(maps[name]) <= known_variables(), name
        assert not re.search(r"://[^/@\s]+:[^/@\s]+@", "\n".join(maps[name].values())), "a password in a URL"
        assert not [key for key in maps[name] if SECRET.search(key)]
    for name, container in containers(overlay):
        of_its_own = set(re.findall(r"\$([A-Z]+)", " ".join(container["args"])))
        for variable in container.get("env", []):
            assert variable["name"] in known_variables() | of_its_own, name
            source = variable.get("valueFrom", {})
            if "configMapKeyRef" in source:
                assert source["configMapKeyRef"]["key"] in maps[source["configMapKeyRef"]["name"]], name
            if "secretKeyRef" in source:
                assert source["secretKeyRef"]["name"] in SECRETS, name
            if SECRET.search(variable["name"]) and "INTEGRATIONS" not in variable["name"]:
                assert "secretKeyRef" in source, name
        for source in container.get("envFrom", []):
            if "configMapRef" in source:
                assert source["configMapRef"]["name"] in maps, name
            else:
                assert source["secretRef"]["name"] in SECRETS, name
    for _, pod in pods(overlay):
        mounted = [one["configMap"]["name"] for one in pod["spec"]["volumes"] if "configMap" in one]
        assert set(mounted) <= set(maps)


@needs_kubectl
def test_each_command_in_a_pod_is_a_command_and_may_take_its_time_to_stop() -> None:
    for name, pod in pods("base"):
        for container in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]:
            words = container["args"]
            if words[0] == "sh":
                words = shlex.split(words[2].rpartition("exec ")[2].replace("\\\n", " "))
            if words != ["prefect", "flow-run", "execute"]:
                check_command(words)
            if "--drain-seconds" in words:
                drain = int(words[words.index("--drain-seconds") + 1])
                assert pod["spec"]["terminationGracePeriodSeconds"] >= drain + 15, name


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_selects_pods_finds_some(overlay: str) -> None:
    labels = [pod["metadata"]["labels"] for _, pod in pods(overlay)]
    ports = {port["name"] for _, one in containers(overlay) for port in one.get("ports", [])}
    for document in rendered(overlay):
        spec = document.get("spec", {})
        chosen = {
            "Service": lambda spec: spec["selector"],
            "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
            "NetworkPolicy": lambda spec: spec["podSelector"]["matchLabels"],
        }.get(document["kind"])
        if chosen is not None:
            assert any(chosen(spec).items() <= one.items() for one in labels), document["metadata"]["name"]
        if document["kind"] == "Service":
            assert {one["targetPort"] for one in spec["ports"]} <= ports
        if document["kind"] == "Deployment":
            assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()


@needs_kubectl
def test_the_gpu_pools_template_says_all_that_prefect_asks_of_it() -> None:
    import prefect.server.api as server

    views = Path(server.__file__).parent / "collections_data" / "views" / "aggregate-worker-metadata.json"
    worker = json.loads(views.read_text(encoding="utf-8"))["prefect-kubernetes"]["kubernetes"]
    known = worker["default_base_job_configuration"]["job_configuration"]
    ours = json.loads((KUBERNETES / "base" / "gpu-pool.json").read_text(encoding="utf-8"))
    assert set(ours["job_configuration"]) <= set(known)
    used = set(re.findall(r"\{\{ (\w+) \}\}", json.dumps(ours["job_configuration"])))
    assert used == set(ours["variables"]["properties"])
    job = job_of_the_gpu_pool("base")
    assert job["spec"]["backoffLimit"] == 0, "Prefect and the ledger try again, Kubernetes does not"
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    # The command stays with the image's entry point, so that SIGTERM arrives.
    assert "command" not in container


@needs_kubectl
def test_the_worker_of_the_gpu_pool_may_do_no_more_than_run_jobs() -> None:
    (role,) = (one for one in rendered("base") if one["kind"] == "Role")
    written = {
        resource
        for rule in role["rules"]
        if {"create", "update", "patch", "delete", "*"} & set(rule["verbs"])
        for resource in rule["resources"]
    }
    assert written == {"jobs", "jobs/status"}
    assert not {"secrets", "*"} & {resource for rule in role["rules"] for resource in rule["resources"]}


def test_the_pipelines_of_the_base_are_a_definition() -> None:
    assert load(KUBERNETES / "base" / "pipelines.yaml").pipelines


# --- units and the guide ---


def test_the_variables_of_the_units_are_settings() -> None:
    found: set[str] = set()
    for path in [*UNITS.rglob("*.service"), *UNITS.rglob("*.conf")]:
        for line in re.findall(r'^Environment="?(.*?)"?$', path.read_text(encoding="utf-8"), re.MULTILINE):
            found |= set(re.findall(r"(?:^| )([A-Z_]+)=", line))
    for path in UNITS.glob("*.example"):
        found |= set(re.findall(r"^#?([A-Z_]+)=", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert "PREFECT_API_URL" in found
    assert found <= known_variables()


def test_the_commands_and_variables_of_the_guide_are_real() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    exported = set(re.findall(r"^export (\w+)=", "\n".join(blocks), re.MULTILINE))
    assert exported - {"MACHINE_A", "PREFECT_PORT", "REDIS_URL"} <= known_variables()
    checked = 0
    for line in "\n".join(blocks).splitlines():
        command = re.match(r"(?:[A-Z_]+=\S+ )?((?:reelmill|prefect) [^#&]+)", line)
        if command is not None:
            check_command([word.replace("$PREFECT_PORT", "4200") for word in shlex.split(command[1])])
            checked += 1
    assert checked >= 12


@pytest.mark.parametrize("page", ["docs/machines.md", "ops/README.md"])
def test_every_link_of_a_page_leads_to_a_file(page: str) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        assert link.startswith("http") or (ROOT / page).parent.joinpath(link).exists(), link
