from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reelmill.errors import FinishingError
from tasks.finishing import profiles
from tasks.finishing.backdrop import draw
from tasks.finishing.brand import Brand
from tasks.finishing.fonts import FACES, Face, Typeface
from tasks.finishing.job import FinishJob
from tasks.finishing.layout import Box, Layout, lay_out
from tasks.finishing.preparing import prepare
from tasks.finishing.reframe import plan
from tasks.finishing.tone import DARK_INK, LIGHT_INK, NIGHT, PAPER, Tone
from tasks.finishing.words import Words

VERSE = Words("小雪", ("花雪随风不厌看，更多还肯失林峦。",), "唐 · 戴叔伦")
WORDINGS = {
    "verse": VERSE,
    "title": Words("小雪"),
    "lines": Words("", ("一盏茶",)),
    "english": Words("Minor Snow", ("The season when the first flakes drift down and nobody minds.",), "Dai Shulun"),
    "goods": Words("山野青瓷盖碗 手工影青", ("一盏茶，慢下来的半小时", "￥128.00"), "", "sans"),
    "endless": Words("山" * 300, ("水" * 300,) * 6, "月" * 300),
    "nothing": Words(),
}


def laid_out(words: Words, profile: str, brand: str = "山野茶事") -> Layout:
    job = FinishJob(words, Brand(brand, "#2f6f4f"), (profile,), "v", False, 704, 1280, 121, 24)
    return prepare(job, profile).layout


@pytest.mark.parametrize("name", profiles.names())
@pytest.mark.parametrize("wording", WORDINGS)
def test_all_words_stay_inside_the_safe_zone_and_below_the_label(name: str, wording: str) -> None:
    profile = profiles.find(name).for_clip(704, 1280)
    zone, (width, height) = profile.safe_zone, profile.size

    layout = laid_out(WORDINGS[wording], name)

    for run in layout.runs:
        top, bottom = run.baseline - 0.88 * run.size, run.baseline + 0.12 * run.size
        assert run.x >= zone.left - 0.5 * run.size * (run.text[0] in "（【《“「")
        assert run.x + run.width - run.spacing <= width - zone.right + 1
        assert top >= zone.top + 100 * profile.short_side / 1080
        assert bottom <= height - zone.bottom + 0.05 * run.size
    if layout.pill:
        assert layout.pill.bottom <= height - zone.bottom


@pytest.mark.parametrize("wording", ["verse", "english", "goods"])
def test_the_parts_stand_one_below_the_other_without_touching(wording: str) -> None:
    layout = laid_out(WORDINGS[wording], "tiktok")

    assert layout.pill is not None
    assert layout.bar is not None
    title = [run for run in layout.runs if run.role == "title"]
    rest = [run for run in layout.runs if run.role != "title"]
    assert layout.pill.bottom < title[0].baseline - 0.8 * title[0].size
    assert title[-1].baseline + 0.1 * title[-1].size < layout.bar.y
    assert layout.bar.bottom < rest[0].baseline - 0.8 * rest[0].size
    for upper, lower in zip(layout.runs, layout.runs[1:], strict=False):
        assert upper.baseline + 0.1 * upper.size < lower.baseline - 0.8 * lower.size


def test_the_title_is_the_largest_and_the_credit_the_smallest() -> None:
    sizes = {run.role: run.size for run in laid_out(VERSE, "douyin").runs}

    assert sizes["title"] > sizes["line"] * 1.3 > sizes["credit"] * 1.3


def test_words_that_were_left_out_are_admitted() -> None:
    assert laid_out(WORDINGS["endless"], "instagram_reels").shortened
    assert not laid_out(VERSE, "instagram_reels").shortened


def test_a_chinese_opening_bracket_is_hung_out_so_that_its_ink_stands_on_the_axis() -> None:
    plain = laid_out(Words("明前龙井"), "douyin").runs[0]
    opened = laid_out(Words("（明前）"), "douyin").runs[0]

    assert opened.x < plain.x


@pytest.mark.parametrize("name", ["山" * 40, "A brand whose name has forty characters!"])
def test_a_long_brand_name_stays_inside_the_safe_zone(name: str) -> None:
    profile = profiles.find("tiktok")

    layout = laid_out(VERSE, "tiktok", brand=name)

    assert layout.pill is not None
    assert layout.pill.x + layout.pill.width <= 1080 - profile.safe_zone.right
    draw(layout, Brand(name, "#2f6f4f"), Tone(LIGHT_INK, NIGHT, 0.5))


def test_without_words_and_brand_nothing_is_drawn() -> None:
    layout = laid_out(Words(), "tiktok", brand="")

    assert layout.scrim_top == layout.height
    assert layout.runs == ()


def test_words_without_any_room_are_refused_with_both_figures() -> None:
    profile = profiles.find("tiktok")

    with pytest.raises(FinishingError, match=r"they need \d+ px and have \d+"):
        lay_out(VERSE, "茶", profile, Box(0, 0, 100, 1300), 200)


def test_letters_stand_closer_than_chinese_characters() -> None:
    chinese, english = laid_out(Words("小雪"), "tiktok").runs[0], laid_out(Words("Minor Snow"), "tiktok").runs[0]

    assert chinese.spacing > 0
    assert english.spacing == 0
    assert english.means is FACES["serif"]


@pytest.mark.parametrize(
    ("source", "policy", "size"),
    [
        ((704, 1280), "crop", (1080, 1964)),
        ((1080, 1920), "crop", (1080, 1920)),
        ((1280, 704), "blur", (1080, 594)),
        ((1024, 1024), "blur", (1080, 1080)),
        ((640, 1280), "crop", (1080, 2160)),
    ],
)
def test_a_shape_is_cropped_if_little_is_lost_and_blurred_otherwise(
    source: tuple[int, int], policy: str, size: tuple[int, int]
) -> None:
    reframe = plan(source, (1080, 1920))

    assert (reframe.policy, (reframe.width, reframe.height)) == (policy, size)
    assert reframe.lost < 0.12


@pytest.mark.parametrize("policy", ["crop", "pad", "blur"])
@pytest.mark.parametrize("source", [(704, 1280), (1280, 704), (512, 512), (333, 777)])
def test_no_policy_stretches_the_picture(source: tuple[int, int], policy: str) -> None:
    reframe = plan(source, (1080, 1920), policy)  # type: ignore[arg-type]

    stretched = (reframe.width / source[0]) / (reframe.height / source[1])
    assert stretched == pytest.approx(1.0, abs=0.003)
    assert reframe.x % 2 == reframe.y % 2 == 0


@pytest.mark.parametrize(
    ("logo", "color", "ground"),
    [
        ("#2f6f4f", "#2f6f4f", PAPER),  # a logo in the brand's colour, on paper
        ("#ffffff", "#2f6f4f", (47, 111, 79)),  # a white logo, on the brand's colour
        ("#ffffff", "#f2c94c", DARK_INK),  # a white logo of a brand that is as light: on near-black
    ],
)
def test_the_sign_has_a_ground_on_which_its_logo_can_be_seen(
    tmp_path: Path, logo: str, color: str, ground: tuple[int, int, int]
) -> None:
    Image.new("RGBA", (40, 40), logo).save(tmp_path / "logo.png")
    brand = Brand("茶", color, logo=tmp_path / "logo.png")
    layout = prepare(FinishJob(VERSE, brand, ("tiktok",), "v", False, 704, 1280, 121, 24), "tiktok").layout
    assert layout.pill is not None

    picture = draw(layout, brand, Tone(LIGHT_INK, NIGHT, 0.5))

    middle = (layout.pill.x + layout.pill.width // 2, layout.pill.y - layout.scrim_top + 5)
    seen = np.array(picture.getpixel(middle), int)[:3]
    assert np.abs(seen - ground).max() < 16


def test_a_brand_takes_its_logo_from_beside_the_definition(tmp_path: Path) -> None:
    from tasks.finishing.options import BrandOptions

    brand = Brand.of(BrandOptions(name=" 山野\u202e茶事 ", logo="logo.png"), tmp_path)

    assert brand.name == "山野茶事"
    assert brand.logo == tmp_path / "logo.png"
    with pytest.raises(FinishingError, match="there is no file"):
        brand.picture()
    (tmp_path / "logo.png").write_text("no picture")
    with pytest.raises(FinishingError, match=r"logo\.png cannot be read"):
        brand.picture()


@pytest.mark.parametrize(
    "title", ["gypsy BIỆT jog ỔN ĐỊNH ẨẨ ĐẶC", "Zażółć gęślą jaźń ŚĆĘŻŻ", "Größe, jetzt ÜBERALL ÄÖÜ"]
)
@pytest.mark.parametrize("typeface", ["sans", "serif"])
def test_marks_above_a_line_of_the_title_touch_no_letter_of_the_line_before(title: str, typeface: Typeface) -> None:
    layout = laid_out(Words(title, (), "", typeface), "tiktok")

    edges: dict[int, tuple[float, float]] = {}
    for run in layout.runs:
        assert isinstance(run.means, Face)
        _, top, _, foot = run.means.at(1000, run.text).getbbox(run.text, anchor="ls")
        edges[run.order] = (run.baseline + top * run.size / 1000, run.baseline + foot * run.size / 1000)
    assert len(edges) > 1
    assert layout.pill is not None
    assert edges[0][0] > layout.pill.bottom
    assert all(edges[order][1] < edges[order + 1][0] for order in range(len(edges) - 1))
