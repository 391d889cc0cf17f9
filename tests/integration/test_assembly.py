"""Clips become one master, and the proof is taken from its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import numpy as np
import pytest
from numpy.typing import NDArray

from reelmill.content import Clip, Effect, Joint, Master
from reelmill.errors import FinishingError, Interrupted, MediaError
from reelmill.files import sha256_of
from reelmill.frames import read_frames
from tasks.assembly.effect import Effects
from tasks.assembly.options import EffectOptions
from tasks.assembly.stage import assemble, edit_of
from tasks.assembly.timing import joined
from tests.moviepy_python import moviepy_python
from wan_engine.base import CancelToken
from wan_engine.encode import ClipEncoder

WIDTH, HEIGHT, FPS = 256, 448, 12
RED, GREEN, BLUE = (180, 40, 40), (40, 160, 60), (40, 60, 190)


def clip(folder: Path, colour: tuple[int, int, int], frames: int, *, fps: int = FPS, width: int = WIDTH) -> Clip:
    """A clip of one colour, with a white bar that goes down as it plays: a frame says its number by it."""
    path = folder / f"{colour[0]}-{frames}-{fps}-{width}.mp4"
    with ClipEncoder(path, width, HEIGHT, fps) as encoder:
        for number in range(frames):
            picture = np.full((HEIGHT, width, 3), colour, np.uint8)
            picture[number * 8 : number * 8 + 8] = 235
            encoder.write(picture)
    return Clip(f"{colour}", path, sha256_of(path), width, HEIGHT, frames, fps, preview=colour is BLUE)


def pictures(path: Path) -> NDArray[np.float64]:
    return np.stack(list(read_frames(path, WIDTH, HEIGHT))).astype(float)


def shade(frame: NDArray[np.float64]) -> NDArray[np.float64]:
    """The colour of the ground: the lower third has no bar in the short clips of these tests."""
    mean: NDArray[np.float64] = frame[HEIGHT * 2 // 3 :].mean((0, 1))
    return mean


def bar(frame: NDArray[np.float64]) -> int:
    """The number that a frame says."""
    return int(frame.min(2).mean(1).argmax()) // 8


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clip, Clip, Clip]:
    folder = tmp_path_factory.mktemp("clips")
    return clip(folder, RED, 13), clip(folder, GREEN, 25), clip(folder, BLUE, 17)


def test_cuts_keep_every_frame_of_every_clip(clips: tuple[Clip, ...], tmp_path: Path) -> None:
    edit = edit_of(clips, [Joint("cut"), Joint("cut")], None)

    master = assemble(clips, edit, tmp_path)

    found = pictures(master.path)
    assert len(found) == master.frames == 13 + 25 + 17
    assert [bar(frame) for frame in found] == [*range(13), *range(25), *range(17)]
    for index, colour in ((0, RED), (12, RED), (13, GREEN), (37, GREEN), (38, BLUE), (54, BLUE)):
        assert shade(found[index]) == pytest.approx(colour, abs=4)
    assert (master.width, master.height, master.fps, master.preview) == (WIDTH, HEIGHT, FPS, True)
    assert master.sha256 == sha256_of(master.path)
    assert master.edit_id == edit.id


def test_a_crossfade_goes_from_one_to_the_other_and_a_joint_of_another_kind_through_black(
    clips: tuple[Clip, ...], tmp_path: Path
) -> None:
    joints = [Joint("crossfade", 6), Joint("black", 8)]

    master = assemble(clips, edit_of(clips, joints, None), tmp_path)

    found = pictures(master.path)
    assert len(found) == master.frames == joined([13, 25, 17], joints) == 41
    assert shade(found[6]) == pytest.approx(RED, abs=4)
    assert shade(found[10]) == pytest.approx(np.mean([RED, GREEN], axis=0), abs=20)
    assert shade(found[14]) == pytest.approx(GREEN, abs=4)
    brightness = [float(shade(frame).mean()) for frame in found]
    assert min(brightness[:22]) > 60
    assert min(brightness[22:34]) < 30
    assert shade(found[40]) == pytest.approx(BLUE, abs=4)


def test_the_same_edit_gives_the_same_bytes_and_another_one_another_name(
    clips: tuple[Clip, ...], tmp_path: Path
) -> None:
    edit = edit_of(clips[:2], [Joint("crossfade", 6)], None)
    (tmp_path / "again").mkdir()

    first, again = assemble(clips[:2], edit, tmp_path), assemble(clips[:2], edit, tmp_path / "again")

    assert first.sha256 == again.sha256
    others = [
        edit_of(clips[:2], [Joint("crossfade", 7)], None),
        edit_of(clips[:2], [Joint("black", 6)], None),
        edit_of([clips[1], clips[0]], [Joint("crossfade", 6)], None),
        edit_of(clips[:2], [Joint("crossfade", 6)], Effect("a" * 64, "warm")),
        edit_of(clips[:2], [Joint("crossfade", 6)], Effect("b" * 64, "warm")),
        edit_of(clips[:2], [Joint("crossfade", 6)], Effect("a" * 64, "warm", {"by": 2})),
    ]
    assert len({edit.id, *(other.id for other in others)}) == 7


def test_one_clip_without_an_effect_is_the_master(clips: tuple[Clip, ...]) -> None:
    assert edit_of(clips[:1], [], None).changes_nothing
    assert not edit_of(clips[:1], [], Effect("a" * 64, "warm")).changes_nothing
    assert not edit_of(clips[:2], [Joint("cut")], None).changes_nothing
    master = Master.of(clips[2])
    assert (master.sha256, master.edit_id, master.preview) == (clips[2].sha256, None, True)


def test_clips_that_do_not_fit_together_are_refused(clips: tuple[Clip, ...], tmp_path: Path) -> None:
    for other in (clip(tmp_path, RED, 13, fps=24), clip(tmp_path, RED, 13, width=288)):
        with pytest.raises(MediaError, match="the clips of one video differ"):
            edit_of([clips[0], other], [Joint("cut")], None)


EFFECTS = '''
import os
import time

import numpy as np


def warm(clip, strength=0.5):
    """Towards red."""
    print("not a picture")

    def warmer(picture):
        made = picture.astype(float)
        made[..., 0] += (255 - made[..., 0]) * strength
        return made

    return clip.image_transform(warmer)


def mirrored(clip):
    return clip.transform(lambda get_frame, t: get_frame((12 - round(t * 12)) / 12))


def as_it_is(clip):
    return clip


def faster(clip):
    return clip.with_speed_scaled(2)


def larger(clip):
    return clip.resized(2)


def nothing(clip):
    pass


def broken(clip):
    return clip.no_such_thing()


def late(clip):
    def fails(get_frame, t):
        if t > 0.5:
            raise ValueError("half way")
        return get_frame(t)

    return clip.transform(fails)


def slow(clip):
    time.sleep(60)


def curious(clip):
    secret = [name for name in os.environ if "TOKEN" in name or name.startswith("REELMILL")]
    raise RuntimeError(f"it sees {secret}")


def dies(clip):
    os._exit(9)
'''


@contextmanager
def effects(folder: Path, function: str, **options: float) -> Iterator[Effects]:
    (folder / "effects.py").write_text(EFFECTS, encoding="utf-8")
    wanted = EffectOptions(call=f"effects.py:{function}", options=dict(options))
    yield Effects.of(wanted, folder, python=moviepy_python(), home=folder)


def affect(clips: tuple[Clip, ...], folder: Path, function: str, **options: float) -> Master:
    with effects(folder, function, **options) as who:
        joints = [Joint("cut")] * (len(clips) - 1)
        return assemble(clips, edit_of(clips, joints, who.effect), folder, effects=who)


def test_an_effect_is_applied_to_what_the_clips_became(clips: tuple[Clip, ...], tmp_path: Path) -> None:
    master = affect(clips[1:], tmp_path, "warm", strength=0.25)

    found = pictures(master.path)
    assert len(found) == master.frames == 42
    assert shade(found[20]) == pytest.approx((40 + (255 - 40) * 0.25, GREEN[1], GREEN[2]), abs=5)
    assert [bar(frame) for frame in found] == [*range(25), *range(17)]
    assert sorted(path.name for path in tmp_path.glob("*.mp4")) == ["affected.mp4"]


def test_an_effect_that_does_nothing_changes_no_colour_and_one_may_turn_time_round(
    clips: tuple[Clip, ...], tmp_path: Path
) -> None:
    same = pictures(affect(clips[:1], tmp_path, "as_it_is").path)
    assert np.abs(same - pictures(clips[0].path)).mean() < 2
    assert [bar(frame) for frame in pictures(affect(clips[:1], tmp_path, "mirrored").path)] == [*reversed(range(13))]


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("faster", "it made the video 0.54 s long; it stays 1.08 s"),
        ("larger", "it made the picture 512x896; it stays 256x448"),
        ("nothing", "it returned a NoneType, and not a clip"),
        ("broken", "no_such_thing' (line 41)"),
        ("late", "ValueError: half way (line 47)"),
        ("curious", "it sees []"),
        ("dies", "it ended with 9"),
    ],
)
def test_an_effect_that_fails_is_told_with_its_line_and_leaves_nothing(
    clips: tuple[Clip, ...], tmp_path: Path, function: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "secret")
    with pytest.raises(FinishingError) as caught:
        affect(clips[:1], tmp_path, function)
    assert caught.value.reason.startswith(f"the effect effects.py:{function} failed: ")
    assert told in caught.value.reason
    assert list(tmp_path.glob("*.mp4")) == []


def test_an_effect_is_stopped_with_its_run(clips: tuple[Clip, ...], tmp_path: Path) -> None:
    token = CancelToken()
    with effects(tmp_path, "slow") as who:
        timer = Timer(1.0, token.cancel)
        timer.start()
        with pytest.raises(Interrupted):
            assemble(clips[:1], edit_of(clips[:1], [], who.effect), tmp_path, effects=who, cancel=token)
        timer.join()


def test_a_file_that_changes_meanwhile_makes_no_master_under_the_old_name(
    clips: tuple[Clip, ...], tmp_path: Path
) -> None:
    with effects(tmp_path, "warm") as who:
        edit = edit_of(clips[:1], [], who.effect)
        with who.code.open("a", encoding="utf-8") as file:
            file.write("\n# another one\n")
        with pytest.raises(FinishingError, match="the file was changed"):
            assemble(clips[:1], edit, tmp_path, effects=who)


def test_what_cannot_be_called_is_told_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "effects.py").write_text("def none(): ...\nnumber = 3\n", encoding="utf-8")
    (tmp_path / "torn.py").write_text("def warm(clip:\n", encoding="utf-8")
    for call, told in (
        ("effects.py:none", "takes no clip"),
        ("effects.py:number", "has no function 'number'"),
        ("torn.py:warm", "is not Python: line 1"),
        ("other.py:warm", "cannot be read: No such file"),
    ):
        with pytest.raises(FinishingError, match=told):
            Effects.of(EffectOptions(call=call), tmp_path, python=moviepy_python(), home=tmp_path)


def test_a_machine_without_moviepy_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "effects.py").write_text("def warm(clip): return clip\n", encoding="utf-8")
    wanted = EffectOptions(call="effects.py:warm")
    with pytest.raises(FinishingError) as caught:
        Effects.of(wanted, tmp_path, home=tmp_path)
    assert caught.value.instruction.startswith("python3 -m venv ")
    with pytest.raises(FinishingError, match="REELMILL_EFFECTS_PYTHON"):
        Effects.of(wanted, tmp_path, python=str(tmp_path / "python"), home=tmp_path)
