"""Screening with the real decoder, the real detectors and real files, whole and broken."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest

from reelmill import ffmpeg
from reelmill.content import Decision, Verdict
from reelmill.errors import Interrupted, TransientError, UseError
from reelmill.frames import Frame
from tasks.registry import find
from tasks.screening.detectors.base import Detector, Finding
from tasks.screening.options import ScreenOptions
from tasks.screening.panel import ABSENT
from tasks.screening.stage import Screener
from tests.operated import decoders
from wan_engine.base import CancelToken

DATA = Path(__file__).parents[1] / "data"
FPS = 12
SIZE = "180x320"
MOVING = f"testsrc2=s={SIZE}:r={FPS}"
ENCODED = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-pix_fmt", "yuv420p")

#: Blocks a woman's face, which real detectors find in a picture that anybody may see.
FACE_POLICY = """
name: faces
version: "1"
required: [nudenet, opennsfw]
optional: []
rules:
  nudenet: {FACE_FEMALE: {category: faces, review: 0.4, block: 0.6}}
  opennsfw: {nsfw: {category: sexual, review: 0.5, block: 0.8}}
agreement: {seconds: 1.0}
isolated: {score_below: 0.6, seconds: 1.0}
black: {level_below: 8.0, share_above: 0.5}
frozen: {change_below: 0.2, share_above: 0.5}
"""


def make(path: Path, *arguments: str | Path) -> Path:
    ffmpeg.run(["-y", *arguments, path], timeout=60)
    return path


def moving(path: Path, frames: int = FPS) -> Path:
    return make(path, "-f", "lavfi", "-i", MOVING, "-frames:v", str(frames), *ENCODED)


def with_picture(path: Path, picture: str, when: str, frames: int) -> Path:
    """A moving pattern over which a picture of tests/data lies, 180 pixels square and 70 from the top, `when` it is."""
    graph = f"[1:v]scale=180:180[p];[0:v][p]overlay=0:70:enable='{when}'"
    return make(
        path, "-f", "lavfi", "-i", MOVING, "-loop", "1", "-i", DATA / f"{picture}.jpg", "-filter_complex", graph,
        "-frames:v", str(frames), *ENCODED,
    )  # fmt: skip


def screen(screener: Screener, path: Path, expected: int | None = None) -> Verdict:
    digest = sha256(path.read_bytes()).hexdigest() if path.is_file() else "0" * 64
    return screener.screen(path, digest, expected_frames=expected)


@pytest.fixture(scope="module")
def screener() -> Iterator[Screener]:
    screener = Screener(ScreenOptions())
    yield screener
    screener.close()


# What the detectors see


def test_a_harmless_master_passes_with_proof_that_every_detector_saw_every_frame(
    screener: Screener, tmp_path: Path
) -> None:
    verdict = screen(screener, moving(tmp_path / "master.mp4"), FPS)

    assert verdict.decision is Decision.PASS
    assert verdict.reasons == ()
    assert verdict.hits == ()
    assert verdict.frames == verdict.examined == FPS
    assert [(one.detector, one.frames) for one in verdict.examinations] == [("opennsfw", FPS), ("nudenet", FPS)]
    assert all(len(one.model_sha256) == 64 and one.version for one in verdict.examinations)
    assert (verdict.policy, verdict.policy_version) == (screener.policy, screener.policy_version)
    assert verdict.seconds_taken > 0


def test_what_appears_at_second_two_is_blocked_at_second_two(tmp_path: Path) -> None:
    # Given a policy that blocks faces, and a face from second 2 on
    (tmp_path / "faces.yaml").write_text(FACE_POLICY)
    screener = Screener(ScreenOptions(policy="faces.yaml"), base=tmp_path)
    master = with_picture(tmp_path / "master.mp4", "astronaut", "gte(t,2)", 3 * FPS)

    # When it is screened
    verdict = screen(screener, master, 3 * FPS)
    screener.close()

    # Then it is blocked, from that second on, at the place of the face
    assert verdict.decision is Decision.BLOCK
    assert verdict.policy == "faces"
    assert {hit.label for hit in verdict.hits} == {"FACE_FEMALE"}
    assert "nudenet saw FACE_FEMALE in 12 frames from 2.0 s to 2.9 s" in verdict.reasons[0]
    [hit] = verdict.hits
    assert 2 * FPS <= hit.frame < 3 * FPS
    assert hit.seconds == pytest.approx(hit.frame / FPS)
    assert hit.box is not None
    x, y, width, height = hit.box
    assert 45 <= x + width / 2 <= 135  # the face is in the middle of the picture's width
    assert 70 <= y + height / 2 <= 190  # and in its upper half
    assert not verdict.fault


def test_the_shipped_policy_blocks_what_both_detectors_take_for_explicit(screener: Screener, tmp_path: Path) -> None:
    verdict = screen(screener, with_picture(tmp_path / "master.mp4", "clay", "gte(t,1)", 18))

    assert verdict.decision is Decision.BLOCK
    assert {hit.detector for hit in verdict.hits} == {"opennsfw", "nudenet"}
    assert {int(hit.seconds) for hit in verdict.hits} == {1}
    assert "opennsfw saw nsfw in 6 frames from 1.0 s to 1.4 s" in "; ".join(verdict.reasons)
    assert all(hit.category == "sexual" for hit in verdict.hits)
    assert max(one.worst for one in verdict.examinations) > 0.8


def test_boxes_are_told_in_pixels_of_the_master_though_smaller_frames_are_looked_at(tmp_path: Path) -> None:
    # Given a face in the lower right of a master that is twice as large as what detectors get
    (tmp_path / "faces.yaml").write_text(FACE_POLICY)
    screener = Screener(ScreenOptions(policy="faces.yaml"), base=tmp_path)
    source, picture = "testsrc2=s=720x1280:r=12", DATA / "astronaut.jpg"
    graph = "[1:v]scale=480:480[p];[0:v][p]overlay=240:800"
    master = make(
        tmp_path / "master.mp4", "-f", "lavfi", "-i", source, "-loop", "1", "-i", picture, "-filter_complex", graph,
        "-frames:v", "4", *ENCODED,
    )  # fmt: skip

    verdict = screen(screener, master)
    screener.close()

    [box] = [hit.box for hit in verdict.hits if hit.label == "FACE_FEMALE"]
    assert box is not None
    x, y, width, height = box
    assert (x + width / 2, y + height / 2) == pytest.approx((240 + 0.51 * 480, 800 + 0.41 * 480), abs=30)
    assert (width, height) == pytest.approx((150, 150), abs=40)


@pytest.mark.parametrize("frame", [0, 7, 13])
def test_one_frame_in_a_whole_master_is_not_overlooked(screener: Screener, tmp_path: Path, frame: int) -> None:
    verdict = screen(screener, with_picture(tmp_path / "master.mp4", "clay", f"eq(n,{frame})", 14))

    assert verdict.decision is Decision.BLOCK
    assert {hit.frame for hit in verdict.hits} == {frame}


def test_masters_that_are_screened_at_the_same_time_get_the_verdicts_they_get_alone(
    screener: Screener, tmp_path: Path
) -> None:
    masters = [
        with_picture(tmp_path / "0.mp4", "clay", "gte(n,6)", 9),
        moving(tmp_path / "1.mp4", 11),
        black(tmp_path / "2.mp4"),
    ]
    alone = [screen(screener, master) for master in masters]

    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda master: screen(screener, master), masters * 2))

    assert [one.decision for one in alone] == [Decision.BLOCK, Decision.PASS, Decision.REVIEW]
    assert [comparable(one) for one in together] == [comparable(one) for one in alone * 2]


def comparable(verdict: Verdict) -> Verdict:
    """Without what differs from run to run: the time taken, and the last digits of scores."""
    return replace(
        verdict,
        seconds_taken=0.0,
        hits=tuple(replace(hit, score=round(hit.score, 3)) for hit in verdict.hits),
        examinations=tuple(replace(one, worst=round(one.worst, 3)) for one in verdict.examinations),
    )


# Long masters, of which a sample is looked at

FACES_ALONE = FACE_POLICY.replace("[nudenet, opennsfw]", "[nudenet]").replace(
    "  opennsfw: {nsfw: {category: sexual, review: 0.5, block: 0.8}}\n", ""
)
LONG_FPS = 15
INSERT = range(301, 304)  # 200 ms that no even time of 4 a second meets: those are frames 300 and 304


def inserted(path: Path, graph: str) -> Path:
    """A minute without key frames, with the astronaut in three frames."""
    scenes = [f"{kind}=s={SIZE}:r={LONG_FPS}" for kind in ("testsrc2", "smptebars")]
    return make(
        path, "-f", "lavfi", "-i", scenes[0], "-f", "lavfi", "-i", scenes[1], "-loop", "1",
        "-i", DATA / "astronaut.jpg", "-filter_complex", graph, "-frames:v", str(60 * LONG_FPS), *ENCODED,
        "-g", "9999", "-sc_threshold", "0",
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "graph",
    [
        "[2:v]scale=180:180[p];[0:v][1:v]overlay=enable='gte(n,301)'[s];[s][p]overlay=0:70:enable='between(n,301,303)'",
        "[2:v]scale=100:100[p];[0:v][p]overlay=80:220:enable='between(n,301,303)'",
    ],
    ids=["right after a cut", "in one corner"],
)
def test_a_fifth_of_a_second_in_a_minute_is_found_and_looked_at_frame_by_frame(tmp_path: Path, graph: str) -> None:
    # Given a minute with a face for 200 ms between two even looks, and a policy that blocks faces
    (tmp_path / "faces.yaml").write_text(FACES_ALONE)
    screener = Screener(ScreenOptions(policy="faces.yaml"), base=tmp_path)
    master = inserted(tmp_path / "master.mp4", graph)

    # When it is screened
    verdict = screen(screener, master, 60 * LONG_FPS)
    screener.close()

    # Then it is blocked at that moment, though most frames were not looked at, and each of its frames was
    assert verdict.decision is Decision.BLOCK
    assert "nudenet saw FACE_FEMALE in 3 frames from 20.1 s to 20.2 s" in verdict.reasons[0]
    [hit] = [hit for hit in verdict.hits if hit.label == "FACE_FEMALE"]
    assert hit.frame in INSERT
    assert hit.seconds == pytest.approx(hit.frame / LONG_FPS, abs=1e-4)
    assert verdict.frames == 60 * LONG_FPS
    assert 240 < verdict.examined < 60 * LONG_FPS
    assert [one.frames for one in verdict.examinations] == [verdict.examined]


def test_every_frame_of_a_long_master_counts_for_black_though_few_are_looked_at(tmp_path: Path) -> None:
    # Given 16 s, black but for a flash at each of the even times at which detectors look
    screener = with_detector(Calm)
    graph = f"[0:v][1:v]overlay=enable='not(mod(n,{FPS // 4}))'"
    master = make(
        tmp_path / "master.mp4", "-f", "lavfi", "-i", f"color=black:s={SIZE}:r={FPS}", "-f", "lavfi", "-i", MOVING,
        "-filter_complex", graph, "-frames:v", str(16 * FPS), *ENCODED,
    )  # fmt: skip

    verdict = screen(screener, master, 16 * FPS)
    screener.close()

    assert verdict.decision is Decision.REVIEW
    assert verdict.reasons == (f"mostly black: {16 * FPS * 2 // 3} of {16 * FPS} frames",)


def test_a_long_master_is_blocked_if_a_sampled_frame_was_not_seen(tmp_path: Path) -> None:
    screener = with_detector(RaisesLate)
    master = make(tmp_path / "master.mp4", "-f", "lavfi", "-i", MOVING, "-frames:v", str(16 * FPS), *ENCODED)

    verdict = screen(screener, master, 16 * FPS)
    screener.close()

    assert verdict.decision is Decision.BLOCK
    assert verdict.fault


def test_the_second_is_told_right_where_the_frame_rate_varies(tmp_path: Path) -> None:
    # Given frames that are shown for longer and longer, and a face in the 19th and 20th
    (tmp_path / "faces.yaml").write_text(FACES_ALONE)
    screener = Screener(ScreenOptions(policy="faces.yaml"), base=tmp_path)
    graph = "[1:v]scale=180:180[p];[0:v][p]overlay=0:70:enable='gte(n,18)',settb=1/1000,setpts=N*(N+5)/200/TB"
    master = make(
        tmp_path / "master.mp4", "-f", "lavfi", "-i", MOVING, "-loop", "1", "-i", DATA / "astronaut.jpg",
        "-filter_complex", graph, "-frames:v", "20", "-fps_mode", "vfr", "-enc_time_base", "1:1000", *ENCODED,
    )  # fmt: skip

    verdict = screen(screener, master, 20)
    screener.close()

    assert verdict.decision is Decision.BLOCK
    assert "nudenet saw FACE_FEMALE in 2 frames from 2.1 s to 2.3 s" in verdict.reasons[0]
    [hit] = verdict.hits
    assert hit.seconds == pytest.approx(hit.frame * (hit.frame + 5) / 200, abs=2e-3)


def test_frames_that_equal_the_one_before_are_looked_at_by_comparison(tmp_path: Path) -> None:
    # Given a picture that changes every fourth frame, kept without loss
    screener = Screener(ScreenOptions(detectors=["opennsfw"]), threads=1, catalogue=lambda _: CountsItsFrames)
    CountsItsFrames.looked_at = 0
    master = make(
        tmp_path / "master.mp4", "-f", "lavfi", "-i", f"testsrc2=s={SIZE}:r=3", "-vf", "fps=12", "-frames:v", "48",
        "-c:v", "libx264", "-qp", "0", "-pix_fmt", "yuv444p",
    )  # fmt: skip

    verdict = screen(screener, master, 48)
    screener.close()

    # Then a finding holds for each of them, and fewer looks were needed
    assert verdict.examined == 48
    assert {one.frames for one in verdict.examinations} == {48}
    assert "opennsfw saw nsfw in 48 frames" in "; ".join(verdict.reasons)
    assert CountsItsFrames.looked_at < 20


# Files that are not what they should be


def missing(path: Path) -> Path:
    return path


def empty(path: Path) -> Path:
    path.touch()
    return path


def junk(path: Path) -> Path:
    path.write_bytes(random.Random(1).randbytes(200_000))
    return path


def playlist(path: Path) -> Path:
    path.write_text("#EXTM3U\n#EXTINF:2,\nhttp://127.0.0.1:9/clip.ts\n")
    return path


def truncated(path: Path) -> Path:
    whole = make(path, "-f", "lavfi", "-i", MOVING, "-frames:v", "12", *ENCODED, "-movflags", "+faststart")
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    return whole


def without_index(path: Path) -> Path:
    whole = moving(path)  # its index stands at its end
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 9 // 10])
    return whole


def corrupt(path: Path) -> Path:
    data = bytearray(moving(path).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = random.Random(2).randbytes(4000)
    path.write_bytes(data)
    return path


def audio_only(path: Path) -> Path:
    return make(path, "-f", "lavfi", "-i", "sine=duration=2", "-c:a", "aac")


def sound_goes_on(path: Path) -> Path:
    return make(
        path, "-f", "lavfi", "-i", f"{MOVING}:d=1", "-f", "lavfi", "-i", "sine=duration=4", *ENCODED, "-c:a", "aac"
    )


def still_picture(path: Path) -> Path:
    return make(path, "-i", DATA / "astronaut.jpg", "-frames:v", "1", "-f", "image2", "-update", "1", "-c:v", "png")


def one_frame(path: Path) -> Path:
    return moving(path, 1)


def variable_rate(path: Path) -> Path:
    thinned = "select='lt(n,8)+not(mod(n,3))'"
    return make(path, "-f", "lavfi", "-i", MOVING, "-vf", thinned, "-fps_mode", "vfr", "-frames:v", "16", *ENCODED)


def black(path: Path) -> Path:
    return make(path, "-f", "lavfi", "-i", f"color=black:s={SIZE}:r={FPS}", "-frames:v", "12", *ENCODED)


def frozen(path: Path) -> Path:
    return make(path, "-loop", "1", "-i", DATA / "astronaut.jpg", "-vf", f"fps={FPS}", "-frames:v", "72", *ENCODED)


@pytest.mark.parametrize(
    ("recipe", "decision", "told"),
    [
        (missing, Decision.BLOCK, "master.mp4 is missing or empty"),
        (empty, Decision.BLOCK, "master.mp4 is missing or empty"),
        (junk, Decision.BLOCK, "not a video that ffmpeg can read"),
        (playlist, Decision.BLOCK, "not a video that ffmpeg can read"),
        (truncated, Decision.BLOCK, "does not decode to its end"),
        (without_index, Decision.BLOCK, "not a video that ffmpeg can read"),
        (corrupt, Decision.BLOCK, "does not decode to its end"),
        (audio_only, Decision.BLOCK, "not a video that ffmpeg can read"),
        (sound_goes_on, Decision.BLOCK, "12 frames were decoded, the file's duration speaks of 48"),
        (still_picture, Decision.BLOCK, "not a video that ffmpeg can read"),
        (one_frame, Decision.REVIEW, "a single frame: nothing moves"),
        (black, Decision.REVIEW, "mostly black: 12 of 12 frames"),
        (frozen, Decision.REVIEW, "mostly frozen: "),
        (variable_rate, Decision.PASS, ""),
    ],
)
def test_each_odd_file_gets_its_verdict_and_never_an_exception(
    screener: Screener, tmp_path: Path, recipe: Callable[[Path], Path], decision: Decision, told: str
) -> None:
    verdict = screen(screener, recipe(tmp_path / "master.mp4"))

    assert verdict.decision is decision
    assert told in "; ".join(verdict.reasons)
    assert bool(verdict.reasons) == (decision is not Decision.PASS)
    assert verdict.fault == (decision is Decision.BLOCK)


def test_a_folder_in_place_of_a_file_is_a_block(screener: Screener, tmp_path: Path) -> None:
    assert screener.screen(tmp_path, "0" * 64).decision is Decision.BLOCK


@pytest.mark.parametrize("expected", [FPS - 1, FPS + 1, 1])
def test_another_number_of_frames_than_was_made_is_a_block(screener: Screener, tmp_path: Path, expected: int) -> None:
    verdict = screen(screener, moving(tmp_path / "master.mp4"), expected)

    assert verdict.decision is Decision.BLOCK
    assert verdict.reasons == (f"{FPS} frames were decoded, {expected} were expected",)


def test_other_bytes_than_were_named_are_a_block(screener: Screener, tmp_path: Path) -> None:
    verdict = screener.screen(moving(tmp_path / "master.mp4"), "0" * 64, expected_frames=FPS)

    assert verdict.decision is Decision.BLOCK
    assert "is not the file that was named" in verdict.reasons[0]
    assert verdict.master_sha256 == "0" * 64


def test_a_decoder_that_is_killed_is_no_verdict_on_the_master(screener: Screener, tmp_path: Path) -> None:
    master = moving(tmp_path / "master.mp4", 40 * FPS)
    token = CancelToken()
    killed = []

    def kill_the_decoder() -> None:
        if not killed:
            killed.extend(decoders())
            for decoder in killed:
                os.kill(decoder, signal.SIGKILL)

    token.check = kill_the_decoder  # type: ignore[method-assign]
    with pytest.raises(TransientError, match="ffmpeg was killed"):
        screener.screen(master, sha256(master.read_bytes()).hexdigest(), cancel=token)
    assert killed
    assert screen(screener, moving(tmp_path / "short.mp4")).decision is Decision.PASS


def test_what_was_seen_before_a_damaged_place_is_evidence(screener: Screener, tmp_path: Path) -> None:
    master = tmp_path / "master.mp4"
    with_picture(master, "clay", "lt(n,6)", 2 * FPS)
    data = bytearray(master.read_bytes())
    data[-len(data) // 3 : -len(data) // 3 + 4000] = random.Random(2).randbytes(4000)
    master.write_bytes(data)

    verdict = screen(screener, master)

    assert verdict.decision is Decision.BLOCK
    assert "does not decode to its end" in verdict.reasons[0]
    assert {hit.detector for hit in verdict.hits} == {"opennsfw", "nudenet"}
    assert 6 <= verdict.frames < 2 * FPS
    assert not verdict.fault


@pytest.mark.slow
def test_a_minute_is_looked_at_to_its_end(screener: Screener, tmp_path: Path) -> None:
    source = "testsrc2=s=90x160:r=2"
    master = make(tmp_path / "master.mp4", "-f", "lavfi", "-i", source, "-frames:v", "120", *ENCODED)

    verdict = screen(screener, master, 120)

    assert verdict.decision is Decision.PASS
    assert verdict.examined == 120


# Detectors that are not there, or not well


class Calm(Detector):
    """Sees nothing, and is the base of those that misbehave."""

    name = "opennsfw"

    @property
    def version(self) -> str:
        return "1"

    @property
    def model_sha256(self) -> str:
        return "0" * 64

    @classmethod
    def missing(cls) -> str | None:
        return None

    def detect(self, frames: Sequence[Frame]) -> list[list[Finding]]:
        return [[] for _ in frames]


class RaisesLate(Calm):
    """Works for two batches. The error is none of ours."""

    def __init__(self, *, threads: int = 1) -> None:
        super().__init__(threads=threads)
        self._calls = count()

    def detect(self, frames: Sequence[Frame]) -> list[list[Finding]]:
        if next(self._calls) >= 2:
            raise IndexError("out of range")
        return super().detect(frames)


class DoubtsThenRaises(RaisesLate):
    def detect(self, frames: Sequence[Frame]) -> list[list[Finding]]:
        super().detect(frames)
        return [[Finding("nsfw", 0.5)] for _ in frames]


class SaysNothingOfTheLastFrame(Calm):
    def detect(self, frames: Sequence[Frame]) -> list[list[Finding]]:
        return [[] for _ in frames[1:]]


class GivesNoNumber(Calm):
    def detect(self, frames: Sequence[Frame]) -> list[list[Finding]]:
        return [[Finding("nsfw", float("nan"))] for _ in frames]


class GivesTooMuch(Calm):
    def detect(self, frames: Sequence[Frame]) -> list[list[Finding]]:
        return [[Finding("nsfw", -3.0)] for _ in frames]


class CountsItsFrames(Calm):
    """Doubts everything."""

    looked_at = 0

    def detect(self, frames: Sequence[Frame]) -> list[list[Finding]]:
        type(self).looked_at += len(frames)
        return [[Finding("nsfw", 0.5)] for _ in frames]


class CannotLoad(Calm):
    def __init__(self, *, threads: int = 1) -> None:
        raise OSError("the weights are damaged")


class IsNotInstalled(Calm):
    @classmethod
    def missing(cls) -> str | None:
        return "pip install it"


class HasAnotherName(Calm):
    name = "somebody"


def with_detector(detector: type[Detector]) -> Screener:
    """The default policy, with this class in the place of opennsfw and without nudenet."""

    def catalogue(name: str) -> type[Detector]:
        found: type[Detector] = find("detectors", name)
        return detector if name == "opennsfw" else found

    return Screener(ScreenOptions(detectors=["opennsfw"]), catalogue=catalogue)


@pytest.mark.parametrize(
    ("detector", "told"),
    [
        (RaisesLate, "opennsfw failed: IndexError: out of range"),
        (DoubtsThenRaises, "opennsfw failed: IndexError: out of range"),
        (SaysNothingOfTheLastFrame, "opennsfw answered for 3 of 4 frames"),
        (GivesNoNumber, "opennsfw gave nsfw the score nan"),
        (GivesTooMuch, "opennsfw gave nsfw the score -3.0"),
        (CannotLoad, "the detector opennsfw cannot be loaded: OSError: the weights are damaged"),
        (IsNotInstalled, "the detector opennsfw is not installed – pip install it"),
        (HasAnotherName, "it calls itself somebody"),
    ],
)
def test_a_detector_that_cannot_be_trusted_blocks_every_master_and_is_named(
    tmp_path: Path, detector: type[Detector], told: str
) -> None:
    screener = with_detector(detector)

    verdict = screen(screener, moving(tmp_path / "master.mp4"), FPS)
    screener.close()

    assert verdict.decision is Decision.BLOCK
    assert told in verdict.reasons[0]
    assert verdict.examined < FPS
    assert verdict.fault  # worth another try once it is mended, whatever doubts there were before


def test_nudenet_that_is_not_installed_is_recorded_by_default_and_blocks_where_it_is_required(tmp_path: Path) -> None:
    # Given a process in which Python finds no nudenet
    master = moving(tmp_path / "master.mp4")
    program = """
import json, sys
sys.modules["nudenet"] = None
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from tasks.screening.options import ScreenOptions
from tasks.screening.stage import Screener
path = Path(sys.argv[1])
digest = sha256(path.read_bytes()).hexdigest()
wanted = ScreenOptions(), ScreenOptions(policy="strict"), ScreenOptions(detectors=["nudenet"])
print(json.dumps([asdict(Screener(options).screen(path, digest)) for options in wanted]))
"""

    # When a master is screened there under three kinds of options
    printed = subprocess.run([sys.executable, "-c", program, master], capture_output=True, text=True, check=True).stdout
    default, strict, named = json.loads(printed)

    # Then the default passes and says who was absent, and the others block with the remedy
    assert default["decision"] == "pass"
    assert [(one["detector"], one["version"], one["frames"]) for one in default["examinations"]] == [
        ("opennsfw", default["examinations"][0]["version"], FPS),
        ("nudenet", ABSENT, 0),
    ]
    for verdict in (strict, named):
        assert verdict["decision"] == "block"
        assert verdict["reasons"] == ["the detector nudenet is not installed – pip install 'reelmill[nudenet]'"]
        assert verdict["examined"] == 0


def test_a_verdict_by_fewer_detectors_has_another_version(screener: Screener) -> None:
    fewer = Screener(ScreenOptions(detectors=["opennsfw"]))
    fewer.close()

    assert fewer.policy == screener.policy
    assert fewer.policy_version != screener.policy_version


def test_what_the_policy_requires_looks_though_only_another_is_named(tmp_path: Path) -> None:
    screener = Screener(ScreenOptions(detectors=["nudenet"]))

    verdict = screen(screener, moving(tmp_path / "master.mp4", 8))
    screener.close()

    assert {one.detector: one.frames for one in verdict.examinations} == {"opennsfw": 8, "nudenet": 8}


def test_a_detector_that_the_policy_says_nothing_of_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(
        FACE_POLICY.replace("[nudenet, opennsfw]", "[opennsfw]").replace("  nudenet: {FACE", "  theirs: {FACE")
    )

    with pytest.raises(UseError, match="no rule for what nudenet finds"):
        Screener(ScreenOptions(policy="ours.yaml", detectors=["nudenet"]), base=tmp_path)


# Stopping, and memory


class Cancels(Calm):
    """Fires the token while it looks at the first batch."""

    token = CancelToken()

    def detect(self, frames: Sequence[Frame]) -> list[list[Finding]]:
        self.token.cancel()
        return super().detect(frames)


def test_a_cancel_on_the_way_stops_it_and_the_screener_is_as_good_as_new(tmp_path: Path) -> None:
    screener = with_detector(Cancels)
    master = moving(tmp_path / "master.mp4", 10 * FPS)
    digest = sha256(master.read_bytes()).hexdigest()

    with pytest.raises(Interrupted):
        screener.screen(master, digest, cancel=Cancels.token)

    assert screener.screen(master, digest).decision is Decision.PASS
    screener.close()


def test_a_cancel_before_the_start_looks_at_nothing(screener: Screener, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    master = moving(tmp_path / "master.mp4")

    with pytest.raises(Interrupted):
        screener.screen(master, sha256(master.read_bytes()).hexdigest(), cancel=token)


def test_memory_does_not_grow_with_the_length_of_the_master(tmp_path: Path) -> None:
    screener = with_detector(Calm)
    master = moving(tmp_path / "master.mp4", 60 * FPS)

    tracemalloc.start()
    verdict = screen(screener, master)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    screener.close()

    # Its 720 frames of 173 kB are 124 MB; a few batches of four per thread may be under way.
    assert verdict.frames == 60 * FPS
    assert peak < 4 * 173_000 * (screener.threads + 4)


class CountsItsCallers(Calm):
    """Counts how many threads are inside at the same time, and keeps each there for long enough to be met."""

    lock = threading.Lock()
    inside = 0
    most = 0

    def detect(self, frames: Sequence[Frame]) -> list[list[Finding]]:
        kind = type(self)
        with kind.lock:
            kind.inside += 1
            kind.most = max(kind.most, kind.inside)
        time.sleep(0.01)
        with kind.lock:
            kind.inside -= 1
        return super().detect(frames)


def test_no_more_threads_look_than_were_allowed_however_many_masters_there_are(tmp_path: Path) -> None:
    screener = Screener(ScreenOptions(detectors=["opennsfw"]), threads=2, catalogue=lambda _: CountsItsCallers)
    master = moving(tmp_path / "master.mp4", 4 * FPS)

    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda _: screen(screener, master), range(4)))
    screener.close()

    assert {verdict.decision for verdict in verdicts} == {Decision.PASS}
    assert CountsItsCallers.most == 2
