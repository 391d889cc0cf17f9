"""Text inside the picture, read and shown to a text screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from flows.screening import screener_of
from reelmill import ffmpeg
from reelmill.content import Decision, Verdict
from reelmill.frames import Frame
from tasks.screening import ocr
from tasks.screening.ocr import RapidOcr
from tasks.screening.options import ScreenOptions
from tasks.screening.reading import Line, Moments, TextFinding, read_lines
from tasks.screening.stage import Screener
from tasks.screening.texts.words import WordOptions
from tests.integration.test_screening import ENCODED, FPS, MOVING, Calm, make, moving

FONT = Path(__file__).parents[2] / "tasks/finishing/fonts/NotoSansCJKsc-Bold.otf"
installed = pytest.mark.skipif(RapidOcr.missing() is not None, reason="the extra `ocr` is not installed")


class ReadsBlocks:
    """Reads the white block that stands for a word, wherever it is: drawn text without a font and a model."""

    name = "ocr"
    version = "1"
    model_sha256 = "cd" * 32

    def __init__(self, *words: str, confidence: float = 0.9) -> None:
        self.words, self.confidence, self.frames = words, confidence, 0

    def read(self, frame: Frame) -> list[Line]:
        self.frames += 1
        white = (frame > 240).all(axis=2)
        if white.mean() < 0.02:
            return []
        rows, columns = np.flatnonzero(white.any(axis=1)), np.flatnonzero(white.any(axis=0))
        box = (int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
        return [Line(word, self.confidence, box) for word in self.words]


class Breaks(ReadsBlocks):
    def read(self, frame: Frame) -> list[Line]:
        raise IndexError("no such box")


def texts(text: str) -> Sequence[TextFinding]:
    """Two terms, one of which is split over two lines."""
    found = []
    if "bad" in text:
        found.append(TextFinding("hate", Decision.BLOCK, "bad"))
    if "best ever" in text:
        found.append(TextFinding("claims", Decision.REVIEW, "best ever"))
    return found


def block_in_second_one(path: Path) -> Path:
    """Three seconds at twice the size that is looked at; from 1 s to 2 s a white block stands for text."""
    box = "drawbox=x=360:y=640:w=240:h=160:color=white:t=fill:enable='between(t,1,1.99)'"
    return make(
        path, "-f", "lavfi", "-i", f"testsrc2=s=720x1280:r={FPS},lutrgb=r=val/2:g=val/2:b=val/2,{box}",
        "-frames:v", str(3 * FPS), *ENCODED,
    )  # fmt: skip


def screened(
    path: Path, reader: ReadsBlocks | None, screen_texts: Callable[[str], Sequence[TextFinding]] | None
) -> Verdict:
    screener = Screener(
        ScreenOptions(detectors=["opennsfw"], ocr=True), catalogue=lambda _: Calm, texts=screen_texts, reader=reader
    )
    try:
        return screener.screen(path, sha256(path.read_bytes()).hexdigest())
    finally:
        screener.close()


def test_text_inside_the_picture_goes_through_the_text_screen(tmp_path: Path) -> None:
    reader = ReadsBlocks("a bad word")

    verdict = screened(block_in_second_one(tmp_path / "master.mp4"), reader, texts)

    # Two frames a second were read, and the word was there in two of them
    assert reader.frames == 6
    assert verdict.decision is Decision.BLOCK
    assert "hate: ocr saw bad in 2 frames from 1.0 s to 1.5 s" in verdict.reasons[0]
    [hit] = verdict.hits
    assert hit.score == 0.9
    assert hit.box == pytest.approx((360, 640, 240, 160), abs=12)
    [_, read] = verdict.examinations
    assert (read.detector, read.version, read.model_sha256, read.frames) == ("ocr", "1", "cd" * 32, 6)


def test_a_term_that_is_split_over_two_lines_is_found(tmp_path: Path) -> None:
    verdict = screened(block_in_second_one(tmp_path / "master.mp4"), ReadsBlocks("the best", "ever made"), texts)

    assert verdict.decision is Decision.REVIEW
    assert {(hit.label, hit.box) for hit in verdict.hits} == {("best ever", None)}


@pytest.mark.parametrize(
    "reader", [ReadsBlocks("kind words"), ReadsBlocks("bad", confidence=0.4)], ids=["kind", "noise"]
)
def test_harmless_text_and_what_is_hardly_read_passes(tmp_path: Path, reader: ReadsBlocks) -> None:
    assert screened(block_in_second_one(tmp_path / "master.mp4"), reader, texts).decision is Decision.PASS


def test_a_calm_opennsfw_overrules_nothing_that_is_read(tmp_path: Path) -> None:
    # The default policy lets a calm OpenNSFW overrule doubts, and Calm is as calm as can be
    verdict = screened(block_in_second_one(tmp_path / "master.mp4"), ReadsBlocks("best ever"), texts)

    assert verdict.decision is Decision.REVIEW


def raises(text: str) -> Sequence[TextFinding]:
    raise LookupError(text)


@pytest.mark.parametrize(
    ("reader", "screen_texts", "told"),
    [
        (Breaks(), texts, "ocr failed: IndexError: no such box"),
        (ReadsBlocks("x"), raises, "ocr failed: LookupError"),
        (ReadsBlocks("x"), None, "nothing here says what texts may say"),
    ],
)
def test_a_reader_or_a_text_screen_that_fails_or_is_not_there_blocks(
    tmp_path: Path,
    reader: ReadsBlocks,
    screen_texts: Callable[[str], Sequence[TextFinding]] | None,
    told: str,
) -> None:
    verdict = screened(block_in_second_one(tmp_path / "master.mp4"), reader, screen_texts)

    assert verdict.decision is Decision.BLOCK
    assert verdict.fault
    assert told in verdict.reasons[0]


def test_without_the_extra_it_blocks_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_models", lambda: None)

    verdict = screened(moving(tmp_path / "master.mp4"), None, texts)

    assert verdict.decision is Decision.BLOCK
    assert verdict.reasons == (
        "the reader ocr cannot be loaded: the reader ocr is not installed – pip install 'reelmill[ocr]'",
    )


def test_a_verdict_with_reading_has_another_version() -> None:
    read = Screener(ScreenOptions(detectors=["opennsfw"], ocr=True), texts=texts, reader=ReadsBlocks())
    unread = Screener(ScreenOptions(detectors=["opennsfw"]))
    read.close()
    unread.close()

    assert read.policy_version != unread.policy_version


def test_text_is_read_twice_a_second_whatever_the_frame_rate() -> None:
    for fps in (1, 3, 12, 23.976, 60):
        moments = Moments()
        read = [number / fps for number in range(round(10 * fps)) if moments.due(number / fps)]
        assert len(read) == min(20, round(10 * fps))


def test_lines_come_with_frame_place_and_confidence(tmp_path: Path) -> None:
    lines = list(read_lines(block_in_second_one(tmp_path / "master.mp4"), ReadsBlocks("word")))

    assert [(number, seconds, line.text, line.confidence) for number, seconds, line in lines] == [
        (FPS, 1.0, "word", 0.9),
        (FPS * 3 // 2, 1.5, "word", 0.9),
    ]
    assert all(line.box == pytest.approx((360, 640, 240, 160), abs=12) for _, _, line in lines)


# With the real reader


def written(*lines: str) -> Frame:
    image = Image.new("RGB", (352, 640), (40, 90, 160))
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        pen.text((20, 150 + 90 * number), line, font=ImageFont.truetype(FONT, 28), fill="white")
    return np.asarray(image)


@installed
def test_latin_and_chinese_text_is_read_with_its_place() -> None:
    reader = RapidOcr()

    lines = reader.read(written("Call 555 0199", "国家级品质"))

    assert [line.text.replace(" ", "") for line in lines] == ["Call5550199", "国家级品质"]
    assert all(line.confidence > 0.8 for line in lines)
    for line, top in zip(lines, (150, 240), strict=True):
        x, y, width, height = line.box
        assert (x, y) == pytest.approx((20, top), abs=20)
        assert 100 < width < 300
        assert 20 < height < 60
    assert reader.version
    assert len(reader.model_sha256) == 64


@installed
def test_a_picture_without_text_gives_none() -> None:
    assert RapidOcr().read(written()) == []


@installed
def test_real_text_in_a_real_video_is_blocked(tmp_path: Path) -> None:
    Image.fromarray(written("something bad here")).save(tmp_path / "text.png")
    master = tmp_path / "master.mp4"
    ffmpeg.run(
        ["-y", "-f", "lavfi", "-i", MOVING, "-loop", "1", "-i", tmp_path / "text.png", "-filter_complex",
         "[0:v]scale=352:640[b];[b][1:v]overlay=enable='gte(t,0.5)'", "-frames:v", "12", *ENCODED, master],
        timeout=60,
    )  # fmt: skip

    verdict = screened(master, None, texts)

    assert verdict.decision is Decision.BLOCK
    assert "hate: ocr saw bad at 0.5 s" in verdict.reasons[0]


def test_whoever_screens_for_a_pipeline_knows_what_texts_in_pictures_may_say(tmp_path: Path) -> None:
    path = block_in_second_one(tmp_path / "master.mp4")
    digest = sha256(path.read_bytes()).hexdigest()
    options = ScreenOptions(ocr=True, words=WordOptions(competitors=["雪顶茶"]))

    verdicts = []
    for words in (("雪顶茶",), ("在线", "赌场"), ("a cup of tea",)):
        with closing(screener_of(options, tmp_path, ["douyin"], reader=ReadsBlocks(*words))) as screener:
            verdicts.append(screener.screen(path, digest))

    assert [verdict.decision for verdict in verdicts] == [Decision.REVIEW, Decision.BLOCK, Decision.PASS]
    assert [(hit.category, hit.label) for hit in verdicts[0].hits] == [("competitors", "雪顶茶")]
    assert "gambling" in verdicts[1].reasons[0]
