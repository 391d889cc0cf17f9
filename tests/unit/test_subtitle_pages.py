"""What is spoken, on the picture: how much at a time, when, where, and how it is drawn."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tasks.finishing import captions, profiles
from tasks.finishing.brand import Brand
from tasks.finishing.color import contrast, mixed
from tasks.finishing.cue import Cue
from tasks.finishing.job import FinishJob, recipe
from tasks.finishing.labels.visible import PLATE
from tasks.finishing.manner import Animation, Manner
from tasks.finishing.output import Output
from tasks.finishing.preparing import prepare
from tasks.finishing.slides import Slides
from tasks.finishing.subtitle_pages import LINES, Subtitles
from tasks.finishing.subtitle_pictures import OPACITY, SPOKEN, TO_COME, draw, pictures
from tasks.finishing.tone import LIGHT_INK, NIGHT, Tone
from tasks.finishing.words import Words

SHORT = (Cue(0.5, 1.5, "小雪时节，茶山安静。"), Cue(1.7, 2.7, "Pour a pot. 🍵"))
LONG = (Cue(0.0, 10.0, "When the first snow falls, the trees on the ridge wear a thin coat of frost, " * 4),)
ARABIC = (Cue(0.0, 2.0, "عندما يتساقط الثلج الأول على التلال"),)


def output(cues: tuple[Cue, ...], profile: str = "tiktok", words: Words | None = None, brand: str = "茶") -> Output:
    words = Words("小雪", ("花雪随风不厌看",)) if words is None else words
    job = FinishJob(words, Brand(brand, "#2f6f4f"), (profile,), "v", False, 704, 1280, 240, 24, cues=cues)
    return prepare(job, profile)


def shown(cues: tuple[Cue, ...], profile: str = "tiktok") -> Subtitles:
    found = output(cues, profile).overlays.subtitles
    assert found is not None
    return found


def test_without_a_narration_there_are_none() -> None:
    assert output(()).overlays.subtitles is None


@pytest.mark.parametrize("profile", profiles.names())
@pytest.mark.parametrize("cues", [SHORT, LONG, ARABIC], ids=["short", "long", "arabic"])
def test_they_stand_above_the_words_and_inside_the_safe_zone(cues: tuple[Cue, ...], profile: str) -> None:
    made = output(cues, profile)
    assert made.overlays.subtitles is not None
    box, zone, (width, height) = made.overlays.subtitles.box, made.profile.safe_zone, made.profile.size
    assert box.x >= zone.left
    assert box.x + box.width <= width - zone.right + 2
    assert box.bottom < made.layout.words_top
    assert box.y > made.label.y + made.label.height
    alone = output(cues, profile, Words(), brand="").overlays.subtitles
    assert alone is not None
    assert alone.box.bottom <= height - zone.bottom


@pytest.mark.parametrize("cues", [SHORT, LONG, ARABIC], ids=["short", "long", "arabic"])
def test_pages_follow_each_other_and_leave_no_word_out(cues: tuple[Cue, ...]) -> None:
    pages = shown(cues).pages
    assert all(len(page.lines) <= LINES for page in pages)
    assert all(page.end > page.start for page in pages)
    for one, after in pairwise(pages):
        assert after.start >= one.end - 1e-6
    assert pages[0].start == cues[0].start
    assert pages[-1].end == pytest.approx(cues[-1].end)
    said = "".join(line for page in pages for line in page.lines).replace(" ", "")
    assert said == "".join(cue.text for cue in cues).replace(" ", "")


ORPHANS = {
    "latin": "The trees on the ridge wear a thin coat of frost, and the kettle in the hut has begun to sing softly.",
    "chinese": "茶山上的雪还没有化尽而屋里的炉火已经烧得很旺水壶开始轻轻地唱起歌来伴着窗外的风了。",
    "korean": "첫눈이 내리는 산마루에 나무들이 얇은 서리를 입고 오두막의 주전자가 부드럽게 노래를 부르기 시작해요",
}


@pytest.mark.parametrize("script", ORPHANS)
def test_no_word_is_left_alone_on_the_last_page_wherever_the_text_ends(script: str) -> None:
    """A text is cut at every place, so that whatever its length, its last page is looked at."""
    whole = ORPHANS[script] * 2
    cuts = range(12, len(whole)) if script == "chinese" else [at for at, letter in enumerate(whole) if letter == " "]
    several = 0
    for cut in cuts:
        pages = shown((Cue(0.0, 5.0, whole[:cut].strip()),)).pages
        if len(pages) > 1:
            several += 1
            last = "".join(pages[-1].lines)
            assert len(last.split()) > 1 if script != "chinese" else len(last) > 3, pages
            assert "".join(line for page in pages for line in page.lines).replace(" ", "") == whole[:cut].replace(
                " ", ""
            )
    assert several > 10


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("The old trees on the ridge, wear a coat of frost now, today.", "The old trees on the ridge,"),
        ("雪落在茶山上，屋里的炉火已经烧得很旺水壶也在轻轻唱歌，好听。", "雪落在茶山上，"),
    ],
)
def test_pages_part_at_a_pause_where_there_is_one(text: str, first: str) -> None:
    pages = shown((Cue(0.0, 5.0, text),)).pages
    assert [page.lines for page in pages[:1]] == [(first,)]
    assert len(pages) == 2


def test_a_lone_word_that_nothing_can_be_taken_for_stays_alone() -> None:
    """The word before it fills a page of its own."""
    pages = shown((Cue(0.0, 2.0, "Donaudampfschifffahrtsgesellschaftskapitän ja"),), "instagram_reels").pages
    assert pages[-1].lines == ("ja",)


def test_longer_pages_stay_longer() -> None:
    pages = shown(LONG).pages
    assert len(pages) > 3
    letters = [sum(map(len, page.lines)) for page in pages]
    times = [page.end - page.start for page in pages]
    assert np.corrcoef(letters, times)[0, 1] > 0.95


def test_a_word_that_is_wider_than_a_line_is_made_smaller() -> None:
    (page,) = shown((Cue(0, 1, "Donaudampfschifffahrtsgesellschaftskapitän"),), "instagram_reels").pages
    assert page.size < 50


def inked(picture: Image.Image, color: tuple[int, int, int]) -> np.ndarray:
    pixels = np.asarray(picture.convert("RGBA")).astype(int)
    return (np.abs(pixels[..., :3] - color).max(axis=2) < 6) & (pixels[..., 3] > 200)


def test_a_page_is_drawn_on_a_plate_of_its_own_size() -> None:
    found = shown(SHORT)
    picture = draw(found.pages[0], found, 99)
    alpha = np.asarray(picture)[..., 3]
    assert alpha[-2, found.pad[0]] > 100, "the plate is at the foot"
    assert alpha[:, -4].max() == 0, "and as wide as its text"
    spoken, to_come = (inked(picture, color).sum() for color in (SPOKEN, TO_COME))
    assert spoken > 500
    silent = inked(draw(found.pages[0], found, 0), TO_COME).sum()
    assert to_come < silent / 20, "but for the soft edges of its letters, nothing is still to come"


def test_what_is_spoken_is_brighter_than_what_is_to_come() -> None:
    found = shown(SHORT)
    page = found.pages[0]
    half = draw(page, found, 4)
    lit, dim = (np.flatnonzero(inked(half, color).any(axis=0)) for color in (SPOKEN, TO_COME))
    assert lit.max() < dim.max()
    assert lit.size
    assert dim.size


def test_what_is_still_to_come_can_be_read_on_white_paper() -> None:
    plate = mixed((255, 255, 255), PLATE, OPACITY / 255)
    assert contrast(TO_COME, plate) >= 4.5


def test_arabic_is_lit_from_the_right() -> None:
    found = shown(ARABIC)
    half = draw(found.pages[0], found, 8)
    lit, dim = (np.flatnonzero(inked(half, color).any(axis=0)) for color in (SPOKEN, TO_COME))
    assert lit.max() > dim.max() or lit.min() > dim.min()
    assert np.asarray(half)[-2, -found.pad[0]][3] > 100, "its plate stands at the right"


@pytest.mark.parametrize("karaoke", [False, True])
def test_the_list_says_when_each_picture_is_shown(tmp_path: Path, karaoke: bool) -> None:
    found = shown(SHORT)
    slides = Slides("tiktok-spoken.ffconcat", found.box, found.pages[0].start, found.pages[-1].end)
    slides.write(pictures(found, karaoke=karaoke), tmp_path)
    listed = (tmp_path / slides.file).read_text().splitlines()
    files = [line.removeprefix("file ") for line in listed if line.startswith("file ")]
    durations = [float(line.removeprefix("duration ")) for line in listed if line.startswith("duration ")]
    assert listed[0] == "ffconcat version 1.0"
    assert all((tmp_path / file).is_file() for file in files)
    assert len(durations) == len(files) - 1
    assert files[0] == files[-1] == "tiktok-spoken.png", "nothing is shown before and after"
    assert sum(durations) == pytest.approx(SHORT[-1].end, abs=0.01)
    assert (len(files) > 12) is karaoke
    assert (files.count("tiktok-spoken.png"), durations[0]) == (3, 0.5)


@pytest.mark.parametrize(("animation", "tags"), [("fade", "pos fad"), ("slide", "move fad"), ("none", "pos")])
def test_words_come_in_the_manner_that_was_asked_for(animation: Animation, tags: str) -> None:
    layout = output(()).layout
    text = captions.document(layout, layout.scrim_top, Tone(LIGHT_INK, NIGHT, 0.5), animation)
    assert [tag for tag in ("pos", "move", "fad") if f"\\{tag}(" in text] == tags.split()
    assert (captions.settled(layout, animation) == 0.0) is (animation == "none")


def test_the_manner_changes_the_recipe_and_the_usual_one_does_not() -> None:
    job = FinishJob(Words("小雪"), Brand("茶", "#2f6f4f"), ("tiktok",), "v", False, 704, 1280, 121, 24)
    manners = (Manner(), Manner("slide"), Manner("none"), Manner(subtitles="karaoke"))
    recipes = {recipe(replace(job, manner=manner), "tiktok") for manner in manners}
    assert len(recipes) == 4
    assert recipe(job, "tiktok") in recipes
