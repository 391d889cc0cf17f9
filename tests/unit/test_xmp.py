"""The XMP packet of a real MP4 file: written once, read back, and lost by a copy."""

from __future__ import annotations

import contextlib
import shutil
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.errors import FinishingError, MediaError
from reelmill.ffmpeg import SAFE_INPUT, run
from tasks.finishing import mp4
from tasks.finishing.labels import xmp
from tasks.finishing.labels.source_type import ALGORITHMIC, TRAINED, source_type


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plain") / "plain.mp4"
    run(
        ["-y", "-f", "lavfi", "-i", "color=gray:s=64x96:r=24:d=1", "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo",
         "-t", "1", "-movflags", "+faststart", path],
        timeout=60,
    )  # fmt: skip
    return path


@pytest.fixture
def video(plain: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(plain, tmp_path / "video.mp4"))


def box(content: bytes) -> bytes:
    return struct.pack(">I4s", 24 + len(content), b"uuid") + xmp.BOX.bytes + content


def test_what_a_model_drew_and_what_a_program_drew_have_different_names() -> None:
    assert source_type(preview=False) == TRAINED
    assert source_type(preview=True) == ALGORITHMIC
    assert TRAINED.endswith("/digitalsourcetype/trainedAlgorithmicMedia")
    assert ALGORITHMIC.endswith("/digitalsourcetype/algorithmicMedia")


@pytest.mark.parametrize("kind", [TRAINED, ALGORITHMIC])
def test_what_is_written_is_read_back_and_the_movie_is_the_same(video: Path, kind: str) -> None:
    before, index = video.read_bytes(), mp4.read(video)

    xmp.append(video, kind)

    assert xmp.read(video) == kind
    assert video.read_bytes().startswith(before)
    assert mp4.read(video) == index


def test_a_file_has_at_most_one(video: Path) -> None:
    xmp.append(video, TRAINED)

    with pytest.raises(FinishingError, match="already"):
        xmp.append(video, TRAINED)

    with video.open("ab") as file:
        file.write(box(xmp.packet(TRAINED)))
    with pytest.raises(MediaError, match="2 XMP packets"):
        xmp.read(video)


def test_a_file_without_one_says_so(video: Path) -> None:
    with pytest.raises(MediaError, match="0 XMP packets"):
        xmp.read(video)


def test_a_copy_by_ffmpeg_loses_it(video: Path, tmp_path: Path) -> None:
    xmp.append(video, TRAINED)

    run(["-y", *SAFE_INPUT, "-i", video, "-c", "copy", tmp_path / "copy.mp4"], timeout=60)

    with pytest.raises(MediaError, match="0 XMP packets"):
        xmp.read(tmp_path / "copy.mp4")


def test_the_property_may_stand_in_an_element_of_its_own_as_other_tools_write_it(video: Path) -> None:
    text = xmp.packet(TRAINED).decode().replace(f' Iptc4xmpExt:DigitalSourceType="{TRAINED}"/>', ">")
    element = f"<Iptc4xmpExt:DigitalSourceType>{TRAINED}</Iptc4xmpExt:DigitalSourceType></rdf:Description>"
    with video.open("ab") as file:
        file.write(box(text.replace("</rdf:RDF>", element + "</rdf:RDF>").encode()))

    assert xmp.read(video) == TRAINED


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe not text",
        b"<open>",
        b"<x/>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        xmp.packet(TRAINED).replace(b"<rdf:Description ", b"<rdf:Other "),
    ],
)
def test_a_packet_that_says_nothing_is_a_media_error(video: Path, content: bytes) -> None:
    with video.open("ab") as file:
        file.write(box(content))

    with pytest.raises(MediaError):
        xmp.read(video)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_never_worse_than_a_media_error(
    data: st.DataObject, plain: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    damaged = tmp_path_factory.getbasetemp() / "damaged-xmp.mp4"
    shutil.copy(plain, damaged)
    xmp.append(damaged, TRAINED)
    whole = bytearray(damaged.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        # Nine of ten changes hit the packet, the others anything.
        first = data.draw(st.sampled_from([len(whole) - 500] * 9 + [0]))
        whole[data.draw(st.integers(first, len(whole) - 1))] = data.draw(st.integers(0, 255))
    damaged.write_bytes(whole)

    with contextlib.suppress(MediaError):
        assert isinstance(xmp.read(damaged), str)
