"""What a GPU gets is what the engine would choose there, and the figures agree with those that were published."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli.app import MISUSED, OK, call
from reelmill.errors import EngineError
from wan_engine.wan import memory
from wan_engine.wan.advice import advise
from wan_engine.wan.choosing import choose, largest_that_fits
from wan_engine.wan.device import Device
from wan_engine.wan.pace import GPUS, Gpu, clips_a_day, seconds, table
from wan_engine.wan.plan import Decoding, Denoising, Encoding, Plan, Stage, plans
from wan_engine.wan.profiles import PROFILES, TI2V_5B, Profile
from wan_engine.wan.take import Take

ROOT = Path(__file__).parents[2]
GB = 10**9
TI2V = PROFILES["wan22-ti2v-5b"]
CPU = Device("cpu", "this machine's CPU", 64 * GB, 64 * GB, 64 * GB, bf16=True, fp8=False)
GPU_NAMES = [gpu.name for gpu in GPUS]


def card(free: float, *, name: str = "a card", host: float = 64) -> Device:
    return Device("cuda", name, int(free * GB), int(free * GB), int(host * GB), bf16=True, fp8=True)


@pytest.mark.parametrize("picture", [False, True])
@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_it_is_what_the_engine_chooses(profile: Profile, *, picture: bool) -> None:
    take = Take(*profile.sizes[0], profile.frames, profile.fps, picture)
    met: set[Plan | None] = set()
    for free in (3, 6, 8, 12, 16, 20, 24, 32, 40, 48, 64, 80, 141):
        advice = advise(profile, card(free), picture=picture)
        try:
            chosen: Plan | None = choose(profile, card(free), take)
        except EngineError:
            chosen = None
        assert chosen == (advice.taken.plan if advice.taken else None)
        met.add(chosen)
    assert len(met) >= 4, "the sizes tell plans apart"


def test_a_24_gb_card_gets_the_plan_that_such_cards_are_known_for() -> None:
    advice = advise(TI2V, card(24))
    assert advice.taken is not None
    assert advice.taken.plan == Plan(Encoding.VISIT, Denoising.RESIDENT, Decoding.TILE_512)
    assert advice.taken.most <= advice.room < 24 * GB
    assert (advice.reason, advice.short_of_host) == ("", 0)
    assert advice.passed_over
    for one in advice.passed_over:
        assert max(one.peaks.values()) > advice.room
        assert "takes" in one.against(advice.room)
    # 22.9 GB were measured there by the makers, at their peak (`assets/comp_effic.png`).
    assert advice.taken.most == pytest.approx(22.9 * GB, rel=0.15)


def test_only_the_stages_that_are_too_much_stand_against_a_plan() -> None:
    whole = next(one for one in advise(TI2V, card(24)).passed_over if one.plan.encoding is Encoding.VISIT)
    assert whole.against(int(22.8 * GB)) == "decode takes 38.4 GB"
    assert whole.against(whole.most) == ""


def test_a_card_that_is_too_small_is_told_what_is_too_much() -> None:
    advice = advise(TI2V, card(2))
    assert advice.taken is None
    assert advice.reason == (
        "even in its lightest plan denoise takes 4.2 GB, decode takes 5.3 GB, and 1.9 GB can be planned with"
    )
    assert advice.seconds is None


def test_without_a_gpu_it_says_so() -> None:
    advice = advise(TI2V, CPU)
    assert (advice.taken, advice.reason) == (None, "there is no GPU here")


@pytest.mark.parametrize(("free", "name"), [(80, "wan22-ti2v-5b"), (8, "wan22-ti2v-5b"), (4.5, "wan21-t2v-1.3b")])
def test_the_largest_that_fits(free: float, name: str) -> None:
    found = largest_that_fits(card(free))
    assert found is not None
    assert found[0].name == name
    assert advise(found[0], card(free)).taken


@pytest.mark.parametrize("device", [CPU, card(1)], ids=["cpu", "tiny"])
def test_nothing_fits(device: Device) -> None:
    assert largest_that_fits(device) is None


def test_the_machines_memory_holds_what_is_not_on_the_gpu() -> None:
    text, drawing, pixels = (part(TI2V_5B) for part in (memory.text_encoder, memory.transformer, memory.vae))
    resident = Plan(Encoding.RESIDENT, Denoising.RESIDENT, Decoding.WHOLE)
    assert memory.waiting(TI2V_5B, resident) == max(text, drawing), "the largest part comes through it"
    assert memory.waiting(TI2V_5B, Plan(Encoding.VISIT, Denoising.RESIDENT, Decoding.TILE_512)) == drawing + pixels
    lightest = Plan(Encoding.HOST, Denoising.GROUP, Decoding.ALONE)
    assert memory.waiting(TI2V_5B, lightest) == text + drawing + pixels
    for plan in plans(card(24)):
        assert max(text, drawing) <= memory.waiting(TI2V_5B, plan) <= text + drawing + pixels
    assert advise(TI2V, card(8, host=16)).short_of_host == text + drawing + pixels - 16 * GB


# --- pace ---


def gpu(name: str) -> Gpu:
    return next(one for one in GPUS if one.name == name)


def test_the_published_figures_come_out_again() -> None:
    assert seconds(TI2V, gpu("RTX 4090")) == pytest.approx(534.7)
    # FastVideo: 4.67 s of denoising in three steps, 16 s for all on an H200. Decoding is the coarse part of the model.
    assert 4.67 < seconds(PROFILES["fastwan22-5b"], gpu("H200")) < 2 * 16
    assert gpu("H200").teraflops == pytest.approx(329, rel=0.01)
    # Wan2.1's README: about four minutes for the 1.3B at 480p on a 4090.
    assert seconds(PROFILES["wan21-t2v-1.3b"], gpu("RTX 4090")) == pytest.approx(4 * 60, rel=0.2)


def test_a_day_has_as_many_clips_as_fit() -> None:
    assert clips_a_day(86_400) == 1
    assert clips_a_day(100) == 864


def test_only_the_very_same_gpu_is_recognised() -> None:
    assert advise(TI2V, card(25, name="NVIDIA GeForce RTX 4090")).seconds == pytest.approx(534.7)
    assert advise(TI2V, card(16, name="NVIDIA GeForce RTX 4090 Laptop GPU")).seconds is None
    names = [name for one in GPUS for name in one.devices]
    assert len(names) == len(set(names))


def test_the_table_says_that_it_is_computed_and_from_what() -> None:
    told = table()
    rows = [line for line in told.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(PROFILES)
    assert {row.count("|") for row in rows} == {3 + len(GPUS)}
    assert "*Computed*" in told
    for one in GPUS:
        assert one.source in told
    assert "535 s · 161 a day" in rows[2]


def test_the_program_prints_the_table() -> None:
    command = [sys.executable, "tools/engine_table.py"]
    done = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)
    assert done.stdout == table()


# --- the command ---


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELMILL_MODELS", str(tmp_path))


def test_the_command_answers_for_a_gpu_that_is_not_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["engine", "probe", "--memory", "24GB", "--host-memory", "64GB"]) == OK
    told = capsys.readouterr().out
    for words in ("a GPU with 24.0 GB", "64.0 GB of its own memory", *PROFILES, "decode tile-512", "not fetched"):
        assert words in told


def test_the_command_explains_one_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["engine", "probe", TI2V.name, "--memory", "24", "--json"]) == MISUSED
    capsys.readouterr()
    assert call(["engine", "probe", TI2V.name, "--memory", "8gb", "--host-memory", "16 GB"]) == OK
    told = capsys.readouterr().out
    for words in (
        "plan     encode host · denoise group · decode alone",
        "decode   5.3 GB of 7.6 GB that can be planned with",
        "24.2 GB of its own memory: 8.2 GB too much",
        "encode visit · denoise group · decode alone: encode takes 12.5 GB",
    ):
        assert words in told


def test_the_command_says_when_a_reference_image_changes_the_plan(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["engine", "probe", TI2V.name, "--memory", "17.3GB"]) == OK
    told = capsys.readouterr().out
    assert "plan     encode visit · denoise resident · decode tile-256" in told
    assert "with a reference image: encode visit · denoise group · decode alone" in told


def test_the_command_speaks_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["engine", "probe", "--memory", "2GB", "--json"]) == OK
    told = json.loads(capsys.readouterr().out)
    assert told["largest"] is None
    assert told["device"]["memory"] == 2 * GB
    assert [one["model"] for one in told["models"]] == list(PROFILES)
    assert not any(one["runs"] for one in told["models"])
    assert all(one["reason"] and one["passed_over"] for one in told["models"])
    assert call(["engine", "probe", TI2V.name, "--memory", "80GB", "--json"]) == OK
    (one,) = json.loads(capsys.readouterr().out)["models"]
    assert one["plan"] == {"encode": "resident", "denoise": "resident", "decode": "whole"}
    assert set(one["peak_bytes"]) == {stage.value for stage in Stage}


def test_the_command_on_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    assert call(["engine", "probe", "--json"]) == OK
    told = json.loads(capsys.readouterr().out)
    assert told["device"]["kind"] == ("cuda" if torch.cuda.is_available() else "cpu")
    assert call(["engine", "probe"]) == OK
    told = capsys.readouterr().out
    assert ("there is no GPU here" in told) is not torch.cuda.is_available()


@pytest.mark.parametrize(
    "arguments",
    [["--memory", "much"], ["--memory", "0GB"], ["--host-memory", "64GB"], ["sora"], ["--memory", "24GB", "x", "y"]],
)
def test_wrong_use_is_said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["engine", "probe", *arguments]) == MISUSED
    told = capsys.readouterr()
    assert "Traceback" not in told.out + told.err


def python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_gpu_that_is_not_here_needs_no_torch() -> None:
    done = python(
        "import sys; from flows.cli.app import call; code = call(['engine', 'probe', '--memory', '24GB']); "
        "sys.exit(code or any(name in sys.modules for name in ('torch', 'huggingface_hub')))"
    )
    assert done.returncode == OK, done.stderr


def test_without_the_extra_it_says_what_to_install() -> None:
    done = python(
        "import sys; sys.modules['torch'] = None; from flows.cli.app import call; sys.exit(call(['engine', 'probe']))"
    )
    assert done.returncode == MISUSED
    assert "pip install 'reelmill[wan]'" in done.stderr
