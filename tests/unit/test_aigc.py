import json
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.errors import FinishingError, MediaError
from reelmill.ffmpeg import SAFE_INPUT, run
from tasks.finishing import mp4
from tasks.finishing.labels import aigc

PRODUCER = "00" + "11" + "91330106MA2CFLDG4R" + "1" + "0001"

SOUND = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo"]
PICTURE = ["-f", "lavfi", "-i", "color=gray:s=64x96:r=24:d=1"]


def video(path: Path, *arguments: str, flags: str = "+faststart+use_metadata_tags") -> Path:
    run(
        ["-y", *PICTURE, *SOUND, "-t", "1", "-map_metadata", "-1", *arguments, "-movflags", flags, path],
        timeout=60,
    )  # fmt: skip
    return path


def test_the_producer_code_has_27_characters() -> None:
    assert len(PRODUCER) == 27


def test_the_metadata_has_seven_fields_of_which_three_are_filled() -> None:
    value = aigc.compose(PRODUCER, "video-1")

    assert list(value) == list(aigc.FIELDS)
    assert {name: text for name, text in value.items() if text} == {
        "Label": "1",
        "ContentProducer": PRODUCER,
        "ProduceID": "video-1",
    }
    assert aigc.problems(value) == []


@pytest.mark.parametrize(
    ("producer", "produce_id", "said"),
    [
        ("", "v", "ContentProducer is empty"),
        ("ABC", "v", "27 characters"),
        (PRODUCER, "", "ProduceID is empty"),
        (PRODUCER, "视频", "printable ASCII"),
        (PRODUCER, 'a"b', "printable ASCII"),
        (PRODUCER, "a b", "printable ASCII"),
        (PRODUCER, "a\\b", "printable ASCII"),
    ],
)
def test_what_the_standard_forbids_is_never_written(producer: str, produce_id: str, said: str) -> None:
    with pytest.raises(FinishingError, match=said):
        aigc.compose(producer, produce_id)


@pytest.mark.parametrize("change", [{"Label": "9"}, {"Extra": "x"}, {"ReservedCode1": 5}])
def test_a_foreign_entry_is_judged_field_by_field(change: dict[str, object]) -> None:
    assert aigc.problems({**aigc.compose(PRODUCER, "v"), **change})


def test_what_is_written_is_read_back_from_the_file(tmp_path: Path) -> None:
    value = aigc.compose(PRODUCER, "video-1")

    made = video(tmp_path / "a.mp4", *aigc.arguments(value))

    assert aigc.read(made) == value


def test_nothing_is_written_without_a_producer(tmp_path: Path) -> None:
    assert aigc.read(video(tmp_path / "a.mp4", *aigc.arguments(None))) is None


def test_ffmpeg_loses_the_entry_silently_without_its_flag_and_we_notice(tmp_path: Path) -> None:
    made = video(tmp_path / "a.mp4", *aigc.arguments(aigc.compose(PRODUCER, "v")), flags="+faststart")

    assert aigc.read(made) is None


@pytest.mark.parametrize("text", ["not json", "[1]", '"x"'])
def test_an_entry_that_is_no_object_is_an_error(tmp_path: Path, text: str) -> None:
    made = video(tmp_path / "a.mp4", "-metadata", f"AIGC={text}")

    with pytest.raises(MediaError, match="AIGC entry"):
        aigc.read(made)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def entries(*values: str) -> bytes:
    """A `udta` box with one AIGC key for each value."""
    handler = box(b"hdlr", bytes(8) + b"mdta" + bytes(13))
    keys = box(b"keys", struct.pack(">II", 0, len(values)) + b"".join(
        struct.pack(">I4s", 12, b"mdta") + b"AIGC" for _ in values
    ))  # fmt: skip
    items = b"".join(
        box(struct.pack(">I", index), box(b"data", struct.pack(">II", 1, 0) + value.encode()))
        for index, value in enumerate(values, 1)
    )
    return box(b"udta", box(b"meta", bytes(4) + handler + keys + box(b"ilst", items)))


def test_two_entries_are_one_too_many(tmp_path: Path) -> None:
    text = json.dumps(aigc.compose(PRODUCER, "v"))
    file = tmp_path / "two.mp4"
    file.write_bytes(box(b"moov", entries(text, text)) + box(b"mdat", b""))

    with pytest.raises(MediaError, match="2 AIGC entries"):
        aigc.read(file)


def test_the_index_of_a_file_tells_size_frames_rate_and_edits(tmp_path: Path) -> None:
    movie = mp4.read(video(tmp_path / "a.mp4", "-c:v", "libx264", "-bf", "2"))

    assert (movie.video.width, movie.video.height, movie.video.samples) == (64, 96, 24)
    assert movie.video.rate == pytest.approx(24)
    assert movie.sound.seconds == pytest.approx(1, abs=0.05)
    assert movie.streamable
    assert movie.video.edits  # ffmpeg's default


def test_a_later_copy_by_ffmpeg_loses_the_entry(tmp_path: Path) -> None:
    made = video(tmp_path / "a.mp4", *aigc.arguments(aigc.compose(PRODUCER, "v")))

    run(["-y", *SAFE_INPUT, "-i", made, "-c", "copy", tmp_path / "b.mp4"], timeout=60)

    assert aigc.read(tmp_path / "b.mp4") is None


@pytest.mark.parametrize("cut", [0, 7, 20, 200])
def test_a_cut_file_is_a_media_error(tmp_path: Path, cut: int) -> None:
    whole = video(tmp_path / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[:cut])

    with pytest.raises(MediaError):
        mp4.read(tmp_path / "cut.mp4")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_never_worse_than_a_media_error(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damaged"
    folder.mkdir(exist_ok=True)
    source = folder / "whole.mp4"
    if not source.exists():
        video(source, *aigc.arguments(aigc.compose(PRODUCER, "v")))
    whole = bytearray(source.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    (folder / "damaged.mp4").write_bytes(whole)

    try:
        mp4.read(folder / "damaged.mp4")
        aigc.read(folder / "damaged.mp4")
    except MediaError:
        pass
