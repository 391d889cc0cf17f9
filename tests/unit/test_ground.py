"""The ground: settings, errors, ffmpeg, the store, occasions, and the list of failpoints."""

from __future__ import annotations

import datetime as dt
import os
import re
import signal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows import occasion
from records.store import Store
from reelmill import errors
from reelmill.content import Brief, Shot
from reelmill.errors import Interrupted, MediaError, ReelmillError, TerminalError, TransientError, UseError
from reelmill.failpoints import ASIDE, FAILPOINTS, failpoint
from reelmill.ffmpeg import binary, probe, run
from reelmill.files import sha256_of
from reelmill.frames import read_frames
from reelmill.identity import run_identity, video_identity
from reelmill.settings import Settings
from tasks.generation.choice import choose
from tasks.generation.reference import keep_reference
from tests.operated import decoders

ROOT = Path(__file__).parents[2]
SHANGHAI = ZoneInfo("Asia/Shanghai")


def a_video(path: Path, *, seconds: float = 1.0, size: str = "64x48") -> Path:
    """Colour bars with a counter, 10 frames a second."""
    source = f"testsrc=size={size}:rate=10:duration={seconds}"
    run(["-y", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", path], timeout=30)
    return path


def test_the_tree_of_errors_is_the_one_that_is_drawn() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or "")) | {"ReelmillError"}
    real = {
        name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, ReelmillError)
    }
    assert drawn == real


def test_an_error_says_what_is_wrong_and_what_to_do() -> None:
    assert str(TerminalError("the disk is full", "make room")) == "the disk is full – make room"
    assert str(TerminalError("the disk is full")) == "the disk is full"


def test_settings_come_from_the_environment_and_a_wrong_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELMILL_WORKERS", "3")
    monkeypatch.setenv("REELMILL_FETCH_PRIVATE", "127.0.0.1:80, shop.internal:443")
    assert Settings().parallel == 3
    assert Settings().fetch_private == ("127.0.0.1:80", "shop.internal:443")
    monkeypatch.setenv("REELMILL_WORKERS", "many")
    with pytest.raises(UseError, match="REELMILL_WORKERS is 'many'"):
        Settings()


def test_the_home_folder_is_absolute_whatever_the_working_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(home=Path("here"))
    assert settings.folder == tmp_path / "here"
    assert settings.ledger_url == f"sqlite:///{tmp_path / 'here' / 'ledger.db'}"


def test_every_failpoint_stands_in_the_code_and_in_the_list() -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for folder in ("flows", "tasks") for path in (ROOT / folder).rglob("*.py")
    )
    assert set(re.findall(r'failpoint\("([a-z._]+)"\)', code)) == {*FAILPOINTS, *ASIDE}


def test_a_failpoint_without_the_variable_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FAILPOINTS:
        failpoint(name)
    monkeypatch.setenv("REELMILL_FAILPOINT", "run.opened:99")
    with pytest.raises(ValueError, match="in neither FAILPOINTS"):
        failpoint("no.such.point")


def test_a_file_in_the_store_is_whole_and_there_once(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    for _ in range(2):
        source = tmp_path / "clip.mp4"
        source.write_bytes(b"clip")
        kept = store.add(source, sha256_of(source), ".mp4")
        assert not source.exists()
    assert kept.read_bytes() == b"clip"
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
    with pytest.raises(TerminalError, match="gone from the store"):
        store.get("0" * 64, ".mp4")
    with pytest.raises(UseError, match="not a folder"):
        Store("s3://bucket/prefix")


def test_a_date_is_today_in_the_pipelines_zone_or_the_one_that_is_given() -> None:
    assert occasion.on_date(SHANGHAI, "2026-12-21").date == dt.date(2026, 12, 21)
    assert occasion.on_date(SHANGHAI).date == dt.datetime.now(SHANGHAI).date()
    with pytest.raises(UseError, match="not a date"):
        occasion.on_date(SHANGHAI, "21.12.2026")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"id": "a", "x": 1}, {"id": "a", "x": 2}, True),
        ({"id": "a"}, {"id": "b"}, False),
        ({"x": 1, "y": 2}, {"y": 2, "x": 1}, True),
        ({"x": 1}, {"x": 2}, False),
        ({"id": 7}, {"id": "7"}, True),
        ({"id": True, "x": 1}, {"id": True, "x": 2}, False),
        ({"id": "a\nb", "x": 1}, {"id": "a\nb", "x": 2}, False),
    ],
)
def test_an_event_is_known_by_its_id_or_by_what_it_says(
    one: dict[str, object], other: dict[str, object], same: bool
) -> None:
    names = [occasion.name_of(occasion.on_event(SHANGHAI, payload)) for payload in (one, other)]
    assert (names[0] == names[1]) is same
    assert all(re.fullmatch(r"event:[^\x00-\x1f]+", name) for name in names)


def test_identities_depend_on_content_alone() -> None:
    shot = Shot("storyboard", "storyboard@1", "snow", "", 704, 1280, 121, 24, 1, 1.0, 7)
    assert shot.id == Shot("storyboard", "storyboard@1", "snow", "", 704, 1280, 121, 24, 1, 1.0, 7).id
    assert shot.id != Shot("storyboard", "storyboard@1", "snow", "", 704, 1280, 121, 24, 1, 1.0, 8).id
    run_id = run_identity("terms", "2026-11-22")
    assert run_id == run_identity("terms", "2026-11-22") != run_identity("terms", "2026-11-23")
    assert video_identity(run_id, "a", "b") != video_identity(run_id, "a", "c")
    assert Brief("k", "t", {"price": 1}).fingerprint != Brief("k", "t", {"price": 2}).fingerprint
    assert Brief("k", "t", {"a": 1, "b": 2}).fingerprint == Brief("other", "x", {"b": 2, "a": 1}).fingerprint


def test_probe_says_what_is_in_a_video_and_refuses_what_is_none(tmp_path: Path) -> None:
    video = a_video(tmp_path / "a.mp4")
    seen = probe(video)
    assert (seen.codec, seen.width, seen.height, seen.fps, seen.frames, seen.audio) == ("h264", 64, 48, 10.0, 10, False)
    (tmp_path / "text.mp4").write_text("this is no video")
    (tmp_path / "empty.mp4").touch()
    for name in ("text.mp4", "empty.mp4", "missing.mp4"):
        with pytest.raises(MediaError):
            probe(tmp_path / name)


def test_frames_come_out_one_by_one_and_a_cut_file_is_noticed(tmp_path: Path) -> None:
    video = a_video(tmp_path / "a.mp4")
    frames = list(read_frames(video, 32, 24))
    assert len(frames) == 10
    assert {frame.shape for frame in frames} == {(24, 32, 3)}
    cut = tmp_path / "cut.mp4"
    run(["-y", "-i", video, "-c", "copy", "-movflags", "+faststart", cut], timeout=30)
    cut.write_bytes(cut.read_bytes()[:-600])
    with pytest.raises(MediaError, match=r"cut\.mp4 does not decode to its end"):
        list(read_frames(cut, 32, 24))


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_a_decoder_that_is_killed_says_nothing_of_its_file(tmp_path: Path, by: signal.Signals) -> None:
    frames = read_frames(a_video(tmp_path / "a.mp4", seconds=30, size="320x240"), 320, 240)
    next(frames)
    (decoder,) = decoders()
    os.kill(decoder, by)
    with pytest.raises(TransientError, match="ffmpeg was killed"):
        list(frames)


def test_ffmpeg_is_stopped_when_asked_and_when_it_takes_too_long(tmp_path: Path) -> None:
    endless = ["-y", "-re", "-f", "lavfi", "-i", "testsrc=duration=60", tmp_path / "x.mp4"]
    with pytest.raises(Interrupted):
        run(endless, timeout=50, stopped=lambda: True)
    with pytest.raises(TerminalError, match="took longer than"):
        run(endless, timeout=0.5)


def test_a_failing_ffmpeg_says_why(tmp_path: Path) -> None:
    with pytest.raises(TerminalError, match="ffmpeg failed"):
        run(["-i", tmp_path / "missing.mp4", "-f", "null", "-"], timeout=30)
    with pytest.raises(TerminalError, match="is not a program"):
        binary("/no/such/ffmpeg")


def test_auto_takes_the_best_engine_and_a_wrong_name_has_the_nearest() -> None:
    assert choose("auto").name == "storyboard"
    assert choose("auto", default="storyboard").name == "storyboard"
    with pytest.raises(UseError, match="did you mean 'storyboard'"):
        choose("storybord")


def test_a_reference_image_is_kept_as_a_plain_png(tmp_path: Path) -> None:
    from PIL import Image

    from reelmill.fetching import Fetcher

    store = Store(str(tmp_path / "store"))
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (3000, 1000), "red").save(photo, exif=b"Exif\x00\x00secret")
    sha256 = keep_reference(str(photo), store, Fetcher(), tmp_path / "scratch")
    with Image.open(store.get(sha256, ".png")) as kept:
        assert (kept.format, kept.mode, kept.width) == ("PNG", "RGB", 2048)
        assert not kept.info
    assert keep_reference(str(photo), store, Fetcher(), tmp_path / "scratch") == sha256
    assert not list((tmp_path / "scratch").iterdir())
    for name, content in {"text.png": b"no picture", "bomb.gif": b"GIF89a"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(MediaError):
            keep_reference(str(tmp_path / name), store, Fetcher(), tmp_path / "scratch")
    with pytest.raises(MediaError, match="is not there"):
        keep_reference(str(tmp_path / "missing.png"), store, Fetcher(), tmp_path / "scratch")
