import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from reelmill.errors import FinishingError
from reelmill.ffmpeg import command
from tasks.finishing import captions, tone
from tasks.finishing.brand import Brand
from tasks.finishing.fonts import FACES, LETTERS, RIGHT_TO_LEFT, Face
from tasks.finishing.fonts.emoji import SIGNS
from tasks.finishing.job import FinishJob
from tasks.finishing.layout import Layout, Run
from tasks.finishing.preparing import prepare
from tasks.finishing.words import TITLE_LIMIT, Words, clean

NAMES = ("douyin", "tiktok", "instagram_reels", "youtube_shorts")
VERSE = Words("小雪", ("花雪随风不厌看，更多还肯失林峦。",), "唐 · 戴叔伦")
NIGHT = tone.Tone((255, 255, 255), (0, 0, 0), 0.6)


def laid_out(words: Words) -> Layout:
    return prepare(
        FinishJob(words, Brand("茶", "#2f6f4f"), ("tiktok",), "v", False, 704, 1280, 121, 24), "tiktok"
    ).layout


def dialogues(document: str) -> list[str]:
    return [line for line in document.splitlines() if line.startswith("Dialogue:")]


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        ("小\u202e雪", "小雪"),
        ("a\x00b\x07c", "a b c"),
        ("line\r\nbreak\u2028end", "line break end"),
        ("  茶 \t 香  ", "茶 香"),
        ("❤\ufe0f", chr(SIGNS + 0x2764)),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("e\u0301", "é"),
        ("it's", "it\ue019s"),
        ("“tea”…", "\ue01ctea\ue01d\ue026"),
        ("“茶”…", "“茶”…"),
        ("喝it’s茶", "喝it\ue019s茶"),
    ],
)
def test_text_is_cleaned_of_what_cannot_be_seen(given_text: str, cleaned: str) -> None:
    assert clean(given_text, 80) == cleaned


def test_a_text_that_is_too_long_ends_in_an_ellipsis() -> None:
    assert clean("茶" * 200, TITLE_LIMIT) == "茶" * (TITLE_LIMIT - 1) + "…"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
@example("\ue018\ue019")
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text, 40), 40) == clean(text, 40)


def test_empty_lines_are_dropped_and_the_rest_kept_in_order() -> None:
    words = Words("", ("a", " \n ", "b")).cleaned()

    assert words.lines == ("a", "b")


def test_a_word_that_cannot_be_set_is_refused_wherever_it_stands() -> None:
    for words in (Words("ཇ"), Words("", ("茶", "ཇ")), Words("", (), "ཇ")):
        with pytest.raises(FinishingError, match="tibetan letter ja"):
            words.check()


@pytest.mark.parametrize(
    "attack",
    [
        r"{\p1}m 0 0 l 900 0 900 900{\p0}",
        r"}{\an5\fs400}",
        r"\N\n\h",
        "a\nDialogue: 9,0:00:00.00,9:00:00.00,words,,0,0,0,,owned",
        "[Events]",
        "{\\fnArial}x\\",
    ],
)
def test_words_never_become_commands(attack: str) -> None:
    layout = laid_out(Words("小雪", (attack,)))

    found = dialogues(captions.document(layout, layout.scrim_top, NIGHT))

    assert len(found) == 2 * len(layout.runs)
    for line in found:
        # One block of ours at the start; after it nothing that ASS could read as a command.
        block, text = re.fullmatch(r"Dialogue: (?:[^,]*,){9}(\{[^{}]*\})([^{}\\]*)", line).groups()  # type: ignore[union-attr]
        assert block.startswith(r"{\pos(")
        assert text


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from([*"{}\\nN,&H茶a !()%;:'\"\n\r\t"]), min_size=1, max_size=40))
def test_no_text_whatever_opens_or_closes_a_block(text: str) -> None:
    layout = laid_out(Words(text, (text,), text))

    for line in dialogues(captions.document(layout, layout.scrim_top, NIGHT)):
        assert line.count("{") == line.count("}") == 1
        assert "\\" not in line.split("}", 1)[1]


def test_lines_come_in_one_after_the_other_and_then_stand_still() -> None:
    layout = laid_out(Words("小雪", ("一", "二"), "三"))

    starts = [line.split(",")[1] for line in dialogues(captions.document(layout, 0, NIGHT)) if line[10] == "1"]

    assert starts == sorted(starts)
    assert len(set(starts)) == 4
    assert captions.settled(layout) == pytest.approx(3 * captions.STAGGER + captions.FADE)


@pytest.mark.parametrize(
    ("text", "face"),
    [
        *((text, face) for text in ("小雪茶", "Ageing") for face in FACES.values()),
        *((text, face) for text in ("Łódź ğ", "Việt Ệ", "Їжак") for face in LETTERS.values()),
        ("شاي 2026!", RIGHT_TO_LEFT[0]), ("תה ירוק", RIGHT_TO_LEFT[1]),
    ],
)  # fmt: skip
def test_libass_draws_a_line_exactly_where_the_layout_put_it(tmp_path: Path, text: str, face: Face) -> None:
    # Given one line at a known place, drawn by Pillow as the yardstick
    run = Run(text, 60, 200, 120.0, 0.0, face, "title", 0)
    layout = Layout(800, 300, 0, 0, 300, 800, None, None, (run,))
    promised = Image.new("L", (800, 300))
    ImageDraw.Draw(promised).text((60, 200), text, font=face.at(120), fill=255, anchor="ls")

    # When libass draws it
    document = "\n".join(
        line for line in captions.document(layout, 0, NIGHT).splitlines() if not line.startswith("Dialogue: 0")
    )
    (tmp_path / "a.ass").write_text(document, encoding="utf-8")
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / face.file).symlink_to(face.path)
    subprocess.run(
        command("-y", "-f", "lavfi", "-i", "color=black:s=800x300:d=2", "-ss", "1", "-vf", "ass=f=a.ass:fontsdir=fonts",
                "-frames:v", "1", "drawn.png"),
        cwd=tmp_path, check=True, timeout=60,
    )  # fmt: skip

    # Then the ink is the same, to a pixel at the edges; Pillow rounds each advance of a shaped text
    least, apart = (0.95, 2) if face.shaped else (0.98, 1)
    drawn = np.asarray(Image.open(tmp_path / "drawn.png").convert("L"), np.float64)
    wanted = np.asarray(promised, np.float64)
    assert np.corrcoef(drawn.ravel(), wanted.ravel())[0, 1] > least
    for axis in (0, 1):
        seen, meant = (np.flatnonzero((picture > 100).any(axis=axis))[[0, -1]] for picture in (drawn, wanted))
        assert np.abs(seen - meant).max() <= apart


@pytest.mark.parametrize(
    ("greys", "dark_words"),
    [((20, 40, 60), False), ((60, 120, 180), False), ((100, 140, 220), False), ((200, 230, 250), True),
     ((10, 230, 250), False), ((255, 255, 255), True)],
)  # fmt: skip
def test_words_are_dark_only_on_pictures_that_are_truly_bright(greys: tuple[int, ...], dark_words: bool) -> None:
    # Broad areas, so that it is their tones alone that decide
    picture = np.repeat(np.array(greys, np.uint8), 60)[None, None].repeat(320, axis=1)

    assert tone.decide(picture, laid_out(VERSE)).dark_words is dark_words


def test_all_platforms_of_a_video_get_words_of_one_colour() -> None:
    # Bright below, dark above: the words of some platforms lie on one, those of others on both
    picture = np.full((1, 320, 180), 250, np.uint8)
    picture[:, :160] = 30
    job = FinishJob(VERSE, Brand("茶", "#2f6f4f"), NAMES, "v", False, 704, 1280, 121, 24)

    tones = [tone.decide(picture, prepare(job, name).layout) for name in NAMES]

    assert len({found.dark_words for found in tones}) == 1


def test_detail_behind_the_words_asks_for_a_stronger_ground() -> None:
    calm = np.full((1, 320, 180), 90, np.uint8)
    busy = np.random.default_rng(3).integers(50, 130, (1, 320, 180)).astype(np.uint8)

    layout = laid_out(VERSE)

    assert tone.decide(busy, layout).strength > tone.decide(calm, layout).strength + 0.1


@pytest.mark.parametrize("grey", range(0, 256, 15))
def test_words_can_be_read_on_any_even_picture(grey: int) -> None:
    from tasks.finishing.color import contrast, mixed

    chosen = tone.decide(np.full((1, 320, 180), grey, np.uint8), laid_out(VERSE))

    assert contrast(chosen.ink, mixed((grey, grey, grey), chosen.ground, chosen.strength)) >= 4.5
