"""Cues become files that players read, whatever the text is."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reelmill.ffmpeg import run
from reelmill.frames import read_frames
from reelmill.subtitles import Subtitles
from tasks.finishing import captions
from tasks.finishing.ass_document import literal
from tasks.finishing.cue import LONGEST, Cue
from tasks.finishing.subtitles import ass, srt, vtt

CUES = (Cue(0.25, 1.5, "花雪随风不厌看，"), Cue(1.62, 3723.9996, "more -> and <b>more</b> & --> more"))


def test_srt_numbers_its_cues_and_writes_commas() -> None:
    assert srt(CUES) == (
        "1\n00:00:00,250 --> 00:00:01,500\n花雪随风不厌看，\n"
        "\n"
        "2\n00:00:01,620 --> 01:02:04,000\nmore -> and <b>more</b> & → more\n"
    )


def test_webvtt_has_a_header_and_escapes_what_it_would_read_as_markup() -> None:
    assert vtt(CUES) == (
        "WEBVTT\n"
        "\n"
        "00:00:00.250 --> 00:00:01.500\n花雪随风不厌看，\n"
        "\n"
        "00:00:01.620 --> 01:02:04.000\nmore -&gt; and &lt;b&gt;more&lt;/b&gt; &amp; → more\n"
    )


def test_no_text_can_end_its_cue() -> None:
    one = (Cue(0, 1, "a\n\n2\n00:00:00,000 --> 00:00:01,000\nb"),)

    assert srt(one).count("\n\n") == 0
    assert srt(one).count("-->") == 1
    assert vtt(one).count("-->") == 1


def test_without_cues_there_is_nothing_to_read() -> None:
    assert srt(()) == ""
    assert vtt(()) == "WEBVTT\n"


def test_a_cue_moves_with_its_speech() -> None:
    assert Cue(1.0, 2.0, "a").moved(0.5) == Cue(1.5, 2.5, "a")
    assert Cue(1.0, 2.0, "a").faster(1.25) == Cue(0.8, 1.6, "a")


# ASS.

CHINESE = "花雪随风不厌看，更多还肯失林峦。花雪随风不厌看，更多还肯失林峦。"
#: Texts that would like to be more than words.
ATTACKS = [
    r"{\p1}m 0 0 l 900 0 900 900{\p0}",
    r"a\Nb\hc\nd",
    "a\nDialogue: 9,0:00:00.00,9:00:00.00,spoken,,0,0,0,,b",
    "a\r\n[Fonts]\rfontname: x\u2028b\u2029c\x85d\x1ce\x0bf\x00g",
    "right \u202e left \u2066\ud800",
    "\u202e {\u202e\\\u202en}",
    ",,,;{{}}",
    "\ufeff",
    "",
]


def parsed(document: str) -> list[tuple[float, float, str]]:
    """Start, end and text of each line of a document, as a strict reader takes it."""
    assert document.startswith("[Script Info]\nScriptType: v4.00+\n")
    _, _, events = document.partition("\n[Events]\n")
    form, *lines = events.removesuffix("\n").split("\n")
    assert form.count(",") == 9
    found = []
    for line in lines:
        kind, _, rest = line.partition(": ")
        layer, start, end, style, name, left, right, below, effect, text = rest.split(",", 9)
        assert (kind, layer, style, name, left, right, below, effect) == ("Dialogue", "0", "spoken", "", *"000", "")
        found.append((seconds(start), seconds(end), text))
    return found


def seconds(clock: str) -> float:
    found = re.fullmatch(r"(\d+):([0-5]\d):([0-5]\d\.\d\d)", clock)
    assert found is not None, clock
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])


def said(text: str) -> str:
    """The words of a line without the commands that are ours, which are all that there may be."""
    plain = re.sub(r"\{\\k\d+\}", "", text).replace(r"\N", " ")
    assert not set(plain) & set("{}\\")
    return plain


def drawn_by_ffmpeg(document: str, folder: Path) -> list[int]:
    """How bright the picture is at its brightest, in each tenth of two seconds. No word of its log is an error."""
    (folder / "a.ass").write_text(document, encoding="utf-8")
    video = folder / "a.mkv"
    run(
        ["-y", "-xerror", "-f", "lavfi", "-i", "color=black:s=108x192:r=10:d=2",
         "-vf", f"ass=f={folder / 'a.ass'}", "-c:v", "ffv1", video], timeout=60,
    )  # fmt: skip
    return [int(frame.max()) for frame in read_frames(video, 108, 192, pixels="gray")]


def test_ass_has_the_size_of_the_video_and_one_line_for_each_cue() -> None:
    document = ass(CUES, 1080, 1920)

    assert "\nPlayResX: 1080\nPlayResY: 1920\n" in document
    assert parsed(document) == [
        (0.25, 1.5, "花雪随风不厌看，"),
        (1.62, 3724.0, r"more -> and <b>more</b> & --> more"),
    ]
    assert parsed(ass((), 1080, 1920)) == []


@pytest.mark.parametrize("size", [(1080, 1920), (720, 1280), (1920, 1080), (1080, 1080)])
def test_what_is_longer_than_a_line_is_broken_where_its_script_breaks(size: tuple[int, int]) -> None:
    """Players break at spaces alone."""
    ((_, _, chinese),) = parsed(ass((Cue(0, 1, CHINESE),), *size))
    lines = chinese.split(r"\N")

    assert "".join(lines) == CHINESE
    assert max(map(len, lines)) - min(map(len, lines)) <= 1, "they are even"
    assert not any(line.startswith(("，", "。")) for line in lines)
    assert (len(lines) == 1) == (size[0] > size[1])
    ((_, _, english),) = parsed(ass((Cue(0, 1, "a kettle on the fire " * 4),), *size))
    assert said(english) == ("a kettle on the fire " * 4).strip()


def test_with_karaoke_the_times_of_the_words_fill_the_cue() -> None:
    cues = (Cue(0.25, 1.5, "花雪随风，不厌看。"), Cue(1.62, 3.0, "Pour a pot {or two}"), Cue(4.0, 5.0, CHINESE))
    document = ass(cues, 1080, 1920, karaoke=True)

    for cue, (start, end, text) in zip(cues, parsed(document), strict=True):
        lasts = [int(count) for count in re.findall(r"\{\\k(\d+)\}", text)]
        assert sum(lasts) == round((end - start) * 100)
        assert min(lasts) > 0
        assert said(text).replace(" ", "") == literal(cue.text).replace(" ", "")
    assert [text for _, _, text in parsed(document)][1].startswith(r"{\k29}Pour{\k15} a{\k29} pot{\k")
    assert r"\k" not in ass(cues, 1080, 1920)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.text(max_size=80) | st.text(alphabet=[*"{}\\nNhk,:茶 a\n\r"], max_size=40), max_size=5),
    st.booleans(),
)
@example(ATTACKS, False)
@example(ATTACKS, True)
def test_whatever_the_text_is_each_cue_is_one_line_of_words(texts: list[str], karaoke: bool) -> None:
    cues = tuple(Cue(index, index + 0.8, text) for index, text in enumerate(texts))

    found = parsed(ass(cues, 720, 1280, karaoke=karaoke))

    assert [(start, end) for start, end, _ in found] == [(cue.start, cue.end) for cue in cues]
    for _, _, text in found:
        said(text)
        assert len(text.splitlines()) <= 1
        text.encode()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=8), st.booleans())
@example(ATTACKS, False)
@example(ATTACKS, True)
def test_whatever_the_text_is_ffmpeg_draws_it_and_what_comes_after_it(texts: list[str], karaoke: bool) -> None:
    cues = (*(Cue(0.0, 1.0, text) for text in texts), Cue(1.5, 2.0, "the end"))
    with tempfile.TemporaryDirectory() as folder:
        bright = drawn_by_ffmpeg(ass(cues, 108, 192, karaoke=karaoke), Path(folder))

    assert len(bright) == 20
    assert max(bright[10:15]) < 40, "what nobody says is not shown"
    assert min(bright[15:]) > 100


def test_a_text_without_end_ends() -> None:
    ((_, _, text),) = parsed(ass((Cue(0, 1, "茶" * (LONGEST + 9)),), 1080, 1920))
    assert len(text.replace(r"\N", "")) == LONGEST


def test_the_words_on_the_picture_are_kept_from_being_commands_by_the_same_rule() -> None:
    assert captions.literal is literal
    assert literal("{\\N}\n\u202e\x07") == "｛＼N｝ "


# What readers of a record make of it.


def test_a_record_has_them_by_kind() -> None:
    kept = {"ass": "c", "srt": "a", "vtt": "b", "drawn": False}
    found = Subtitles.of({"subtitles": kept, "sound": {"language": "zh"}})
    assert found == Subtitles({"srt": "a", "vtt": "b", "ass": "c"}, "zh", drawn=False)
    assert list(found.texts) == ["srt", "vtt", "ass"]
    assert found.track == "data:text/vtt;base64,Yg=="


def test_an_older_record_has_fewer_and_was_mostly_drawn() -> None:
    found = Subtitles.of({"subtitles": {"srt": "a", "vtt": "b"}, "sound": {"language": "en"}})
    assert found == Subtitles({"srt": "a", "vtt": "b"}, "en", drawn=True)


@pytest.mark.parametrize("record", [{}, {"sound": None}, {"sound": {"language": None}, "subtitles": {}}])
def test_where_nothing_is_spoken_there_are_none(record: dict[str, object]) -> None:
    assert Subtitles.of(record) is None
