"""A model comes whole, verified and without anything that runs; what went wrong is said, and what came is kept."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from _thread import interrupt_main
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from flows.cli.app import FAILED, MISUSED, OK, call
from reelmill.errors import (
    EngineError,
    FetchError,
    Interrupted,
    LeaseHeld,
    ReelmillError,
    ServerUnavailable,
    StorageError,
)
from tests.simulators import tiny_wan
from tests.simulators.hub import Hub as Simulator
from tests.simulators.hub import a_hub
from wan_engine.base import CancelToken
from wan_engine.wan.fetching import Fetch
from wan_engine.wan.hub import Hub, RemoteFile
from wan_engine.wan.manifest import Manifest, present, verify
from wan_engine.wan.order import INDEX, Order
from wan_engine.wan.profiles import PROFILES
from wan_engine.wan.weights import Weights

ROOT = Path(__file__).parents[2]
PROFILE = PROFILES["wan22-ti2v-5b"]
#: A file that is worth to be gone on with, and one that git keeps itself.
LARGE, SMALL = "vae/diffusion_pytorch_model-00004-of-00005.safetensors", "vae/config.json"
#: What a repository may have beside a model, and nobody here shall read.
UNWANTED = ("pickle.bin", "custom.py", "transformer/code.py", "text_encoder/pytorch_model.bin",
            "vae/diffusion_pytorch_model.fp16.safetensors", "vae/weights.ckpt", "assets/teaser.json")  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_wan.save(PROFILE.architecture, tmp_path_factory.mktemp("model"), shift=PROFILE.shift, shard="40KB")
    for name in UNWANTED:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    (folder / "LICENSE.txt").write_text("Apache-2.0")
    return folder


@pytest.fixture
def hub(model: Path) -> Iterator[Simulator]:
    with a_hub(PROFILE.repository, model, PROFILE.revision) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models" / PROFILE.name


def fetch(hub: Simulator, folder: Path, **options: object) -> Manifest:
    asked = Hub(hub.endpoint)
    return Fetch(Order.place(PROFILE, folder, asked), asked, pause=0, **options).run()  # type: ignore[arg-type]


def files(folder: Path) -> set[str]:
    return {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()} - {".fetching"}


def test_the_simulator_is_one_to_the_hubs_own_library(hub: Simulator, model: Path, tmp_path: Path) -> None:
    from huggingface_hub import hf_hub_download

    for name in (LARGE, SMALL):
        path = hf_hub_download(
            PROFILE.repository, name, revision=PROFILE.revision, endpoint=hub.endpoint, local_dir=tmp_path
        )
        assert Path(path).read_bytes() == (model / name).read_bytes()


def test_only_what_is_loaded_comes_and_all_of_it_is_hashed(hub: Simulator, model: Path, folder: Path) -> None:
    told: list[int] = []
    manifest = fetch(hub, folder, told=told.append)
    assert files(folder) == (files(model) - set(UNWANTED)) | {"reelmill.json"}
    assert set(manifest.files) == files(model) - set(UNWANTED)
    assert (manifest.revision, manifest.licence) == (PROFILE.revision, "Apache-2.0")
    assert sum(told) == manifest.size == sum((model / name).stat().st_size for name in manifest.files)
    assert Manifest.read(folder) == manifest == present(PROFILE, folder)
    assert Weights(folder, PROFILE).revision == PROFILE.revision[:12]
    asked = {request.path.rpartition("/")[2] for request in hub.requests}
    assert not asked & {Path(name).name for name in UNWANTED}


def test_a_token_goes_to_the_hub_and_no_further(hub: Simulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch(hub, folder)
    assert {request.token for request in hub.asked("/resolve/")} == {"hf_secret"}
    assert {request.token for request in hub.asked("/large/")} == {""}


def test_a_transfer_that_breaks_is_gone_on_with(hub: Simulator, folder: Path) -> None:
    hub.fail(f"large/{PROFILE.revision}/{LARGE}", cut=20_000, times=2)
    fetch(hub, folder)
    assert [one.range for one in hub.asked(f"large/{PROFILE.revision}/{LARGE}")] == ["", "bytes=20000-", "bytes=40000-"]


def test_a_server_that_ignores_ranges_sends_everything_again(hub: Simulator, folder: Path) -> None:
    told: list[int] = []
    hub.fail(LARGE, cut=20_000, times=2)  # the redirect and the file
    hub.fail(LARGE, whole=True)
    manifest = fetch(hub, folder, told=told.append)
    assert sum(told) == manifest.size


def test_a_hub_that_stays_away_is_given_up_and_what_came_is_kept(hub: Simulator, folder: Path) -> None:
    hub.fail(f"large/{PROFILE.revision}/{LARGE}", cut=20_000, times=1)
    hub.fail(f"large/{PROFILE.revision}/{LARGE}", status=503)
    with pytest.raises(ServerUnavailable, match="503"):
        fetch(hub, folder)
    assert not (folder / "model_index.json").exists(), "half a model is none"
    (part,) = folder.glob(f"{LARGE}.*.part")
    assert part.stat().st_size == 20_000
    hub.mend()
    fetch(hub, folder)
    assert hub.asked(f"large/{PROFILE.revision}/{LARGE}")[-1].range == "bytes=20000-"
    assert not list(folder.rglob("*.part"))


def test_a_stop_keeps_what_came_and_the_next_fetch_brings_only_the_rest(hub: Simulator, folder: Path) -> None:
    token, came = CancelToken(), 0

    def told(count: int) -> None:
        nonlocal came
        came += count
        if came > 150_000:
            token.cancel()

    with pytest.raises(Interrupted, match=r"stopped; \d+ KB of 426 KB are kept"):
        fetch(hub, folder, told=told, token=token)
    order = Order.place(PROFILE, folder, Hub(hub.endpoint))
    assert 150_000 < order.kept < order.listing.size
    before = {one.path for one in hub.asked("/resolve/")}
    whole = {one for one in files(folder) if not one.endswith(".part")}
    hub.requests.clear()
    fetch(hub, folder)
    again = {one.path.partition(PROFILE.revision + "/")[2] for one in hub.asked("/resolve/")}
    assert before
    assert not again & whole
    assert present(PROFILE, folder)


@pytest.mark.parametrize("after", [1, 3, 40])
def test_ctrl_c_at_any_moment_is_a_stop(hub: Simulator, folder: Path, after: int) -> None:
    hub.fail(LARGE, pause=2.0)
    said = count(1)

    def told(_: int) -> None:
        if next(said) == after:
            interrupt_main()

    with pytest.raises(Interrupted, match="are kept in"):
        fetch(hub, folder, told=told)
    assert not (folder / INDEX).exists()


@pytest.mark.parametrize("name", [LARGE, SMALL, "model_index.json"])
def test_other_bytes_than_the_hub_lists_are_removed_and_named(hub: Simulator, folder: Path, name: str) -> None:
    hub.fail(name, flip=True)
    with pytest.raises(FetchError, match=f"{name} is not what {PROFILE.repository} lists") as caught:
        fetch(hub, folder)
    assert "reelmill engine fetch wan22-ti2v-5b" in caught.value.instruction
    assert not (folder / name).exists()
    with pytest.raises(EngineError, match="there is no Wan2"):
        Weights(folder, PROFILE)
    hub.mend()
    fetch(hub, folder)


@pytest.mark.parametrize("where", ["api/models", SMALL, LARGE])
@pytest.mark.parametrize(
    ("status", "code", "error", "words"),
    [
        (401, "", FetchError, "HF_TOKEN"),
        (401, "RepoNotFound", FetchError, "HF_TOKEN"),
        (403, "GatedRepo", FetchError, f"accept its terms at https://huggingface.co/{PROFILE.repository}"),
        (404, "EntryNotFound", FetchError, "is not there"),
        (429, "", ServerUnavailable, "429"),
        (503, "", ServerUnavailable, "503"),
        (418, "", FetchError, "418"),
    ],
)
def test_a_refusal_is_said_in_words(
    hub: Simulator, folder: Path, where: str, status: int, code: str, error: type[ReelmillError], words: str
) -> None:
    hub.fail(where, status=status, code=code)
    with pytest.raises(error) as caught:
        fetch(hub, folder)
    assert words in str(caught.value)
    assert caught.value.instruction


def test_no_such_revision(hub: Simulator, folder: Path) -> None:
    with pytest.raises(FetchError, match="there is no revision 'v9'"):
        Order.place(PROFILE, folder, Hub(hub.endpoint), "v9")


def test_nobody_there(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        with pytest.raises(ServerUnavailable, match="does not answer") as caught:
            Order.place(PROFILE, folder, Hub(f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert "HTTPS_PROXY" in caught.value.instruction


def test_what_answers_is_no_hub(hub: Simulator, folder: Path) -> None:
    hub.fail("api/models", status=200)
    with pytest.raises(FetchError, match="is no hub"):
        Order.place(PROFILE, folder, Hub(hub.endpoint))


def test_a_profile_without_a_commit_gets_the_newest_and_says_which(hub: Simulator, folder: Path) -> None:
    floating = replace(PROFILE, revision="")
    asked = Hub(hub.endpoint)
    order = Order.place(floating, folder, asked)
    assert order.listing.revision == PROFILE.revision
    assert Fetch(order, asked).run().revision == PROFILE.revision
    assert present(floating, folder)


def test_another_revision_takes_the_place_and_keeps_what_is_the_same(
    hub: Simulator, model: Path, folder: Path, tmp_path: Path
) -> None:
    fetch(hub, folder)
    newer, commit = tmp_path / "newer", "f" * 40
    shutil.copytree(model, newer)
    tiny_wan.transformer(PROFILE.architecture, seed=1).save_pretrained(newer / "transformer")  # one shard instead of 5
    for old in newer.glob("transformer/*-of-*"):
        old.unlink()
    (newer / "transformer" / "diffusion_pytorch_model.safetensors.index.json").unlink(missing_ok=True)
    hub.revisions[commit] = newer
    hub.requests.clear()
    asked = Hub(hub.endpoint)
    order = Order.place(PROFILE, folder, asked, "main")
    assert order.listing.revision == commit
    Fetch(order, asked).run()
    assert {one.path.rpartition("/")[2] for one in hub.asked("/large/")} == {"diffusion_pytorch_model.safetensors"}
    assert {one.name for one in (folder / "transformer").iterdir()} == {
        "config.json",
        "diffusion_pytorch_model.safetensors",
    }
    assert present(PROFILE, folder) is None, "the profile names another revision"
    assert present(PROFILE, folder, commit)


def test_another_model_is_refused(tmp_path: Path, folder: Path) -> None:
    other = PROFILES["wan21-t2v-1.3b"]
    served = tiny_wan.save(other.architecture, tmp_path / "other", shift=other.shift)
    with a_hub(PROFILE.repository, served, PROFILE.revision) as hub, pytest.raises(EngineError, match=r"is no Wan2\.2"):
        fetch(hub, folder)
    assert present(PROFILE, folder) is None


def test_a_repository_in_another_layout_is_refused(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "README.md").touch()
    with (
        a_hub(PROFILE.repository, tmp_path / "served", PROFILE.revision) as hub,
        pytest.raises(FetchError, match="diffusers' layout"),
    ):
        fetch(hub, folder)


def test_a_disk_without_room_is_told_before_anything_comes(hub: Simulator, folder: Path) -> None:
    order = Order.place(PROFILE, folder, Hub(hub.endpoint))
    order.check_space()
    huge = RemoteFile("vae/huge.safetensors", 10**18, "0" * 64, "")
    listing = replace(order.listing, files=(*order.listing.files, huge))
    with pytest.raises(StorageError, match=r"1000000000\.0 GB are to come, and .* has room for") as caught:
        replace(order, listing=listing).check_space()
    assert caught.value.instruction.startswith("make room for ")
    assert not folder.exists()


def test_a_folder_that_cannot_be_made(hub: Simulator, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be used") as caught:
        Fetch(Order(PROFILE, tmp_path / "file" / "x", Hub(hub.endpoint).files_of(PROFILE.repository)), Hub()).run()
    assert "REELMILL_MODELS" in caught.value.instruction


def test_two_processes_do_not_write_the_same_files(hub: Simulator, folder: Path) -> None:
    folder.mkdir(parents=True)
    with (folder / ".fetching").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(LeaseHeld, match="another process"):
            fetch(hub, folder)


@pytest.mark.parametrize("harm", ["change", "cut", "remove"])
def test_damage_is_found_and_mended(hub: Simulator, folder: Path, harm: str) -> None:
    manifest = fetch(hub, folder)
    verify(PROFILE, folder, manifest)
    path = folder / LARGE
    whole = path.read_bytes()
    {
        "change": lambda: path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1])),
        "cut": lambda: path.write_bytes(whole[:-1]),
        "remove": path.unlink,
    }[harm]()
    with pytest.raises(FetchError, match=f"{LARGE} in .* is not what was fetched"):
        verify(PROFILE, folder, manifest)
    assert not path.exists()
    hub.requests.clear()
    fetch(hub, folder)
    assert [one.path.partition(PROFILE.revision + "/")[2] for one in hub.asked("/large/")] == [LARGE]


@pytest.mark.parametrize("text", ["", "[]", '{"revision": 1}', "{broken", '{"files": []}'])
def test_a_manifest_that_is_none(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "reelmill.json").write_text(text)
    assert Manifest.read(folder) is None


def test_a_manifest_that_names_foreign_files_is_none(hub: Simulator, folder: Path) -> None:
    fetch(hub, folder)
    told = json.loads((folder / "reelmill.json").read_text())
    told["files"]["../../precious.json"] = {"size": 1, "sha256": "0"}
    (folder / "reelmill.json").write_text(json.dumps(told))
    assert Manifest.read(folder) is None


# --- the command ---


@pytest.fixture
def machine(hub: Simulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.setenv("REELMILL_MODELS", str(folder.parent))
    return hub


def test_the_command_tells_what_comes_and_then_that_it_is_there(
    machine: Simulator, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["engine", "fetch", PROFILE.name]) == OK
    told = capsys.readouterr().out
    for words in ("Wan2.2-TI2V-5B", "Apache-2.0", "426 KB in 24 files", str(folder), "is complete"):
        assert words in told
    machine.requests.clear()
    assert call(["engine", "fetch", PROFILE.name]) == OK
    assert "is in" in capsys.readouterr().out
    assert not machine.requests, "what is there needs no network"
    assert call(["engine", "fetch", PROFILE.name, "--verify"]) == OK
    assert "every file of it is what was fetched" in capsys.readouterr().out
    assert call(["engine", "probe", PROFILE.name, "--memory", "24GB"]) == OK
    assert f"weights  fetched, {PROFILE.revision[:12]}" in capsys.readouterr().out


def test_the_command_speaks_json(machine: Simulator, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["engine", "fetch", "--json"]) == OK  # the first profile, where no setting names another
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "model": PROFILE.name, "title": PROFILE.title, "repository": PROFILE.repository, "revision": PROFILE.revision,
        "licence": "Apache-2.0", "commercial": True, "folder": str(folder), "files": 24, "bytes": told["bytes"],
        "fetched_bytes": told["bytes"], "verified": True,
    }  # fmt: skip
    assert call(["engine", "fetch", "--json"]) == OK
    assert json.loads(capsys.readouterr().out)["fetched_bytes"] == 0
    (folder / LARGE).write_bytes(b"")
    machine.fail("api/models", status=403, code="GatedRepo")
    assert call(["engine", "fetch", "--json"]) == FAILED
    assert json.loads(capsys.readouterr().out)["error"]["type"] == "FetchError"


def test_a_licence_without_commerce_has_to_be_accepted(machine: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    turbo = PROFILES["turbo22-5b"]
    assert call(["engine", "fetch", turbo.name]) == MISUSED
    told = capsys.readouterr().err
    assert "CC BY-NC-SA 4.0: what it makes is not for commerce" in told
    assert "--accept-licence" in told
    assert not machine.requests
    machine.repository = turbo.repository
    assert call(["engine", "fetch", turbo.name, "--accept-licence"]) == OK


def test_a_model_that_nobody_knows(machine: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["engine", "fetch", "sora"]) == MISUSED
    assert "use one of: wan22-ti2v-5b" in capsys.readouterr().err


def _command(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "flows.cli.app", "engine", "fetch", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=-1, stderr=-1, text=True)


def test_ctrl_c_keeps_what_came_and_says_how_to_go_on(machine: Simulator, folder: Path) -> None:
    machine.fail(LARGE, pause=2.0)
    with _command() as running:
        deadline = time.monotonic() + 60
        while not any(one.stat().st_size for one in folder.glob(f"{LARGE}.*.part")) and time.monotonic() < deadline:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
    assert running.returncode == FAILED
    assert "are kept in" in told
    assert "give the same command again" in told
    assert "Traceback" not in told
    machine.mend()
    with _command() as running:
        told, _ = running.communicate(timeout=60)
    assert running.returncode == OK
    assert "are there" in told


def test_a_machine_that_is_told_to_stay_offline_says_so(machine: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with _command() as running:
        _, told = running.communicate(timeout=60)
    assert running.returncode == MISUSED
    assert "HF_HUB_OFFLINE" in told
    assert not machine.requests


def test_without_the_extra_it_says_what_to_install(machine: Simulator) -> None:
    program = (
        "import sys; sys.modules['huggingface_hub'] = None; from flows.cli.app import call; "
        "sys.exit(call(['engine', 'fetch']))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == MISUSED
    assert "pip install 'reelmill[wan]'" in done.stderr
    assert not machine.requests
