import pytest
from pydantic import ValidationError

from reelmill.errors import FinishingError
from tasks.finishing import profiles
from tasks.finishing.options import BrandOptions, CaptionOptions, Deliver, LabelOptions
from tasks.finishing.profile import Bounds, Sourced, TextLimit
from tasks.options import Options


class Pipeline(Options):
    deliver: Deliver


@pytest.mark.parametrize("name", profiles.names())
def test_every_number_of_a_profile_names_a_source_that_is_listed(name: str) -> None:
    profile = profiles.find(name)

    sourced = [value for _, value in profile if isinstance(value, Sourced)]

    assert len(sourced) >= 12
    for value in sourced:
        assert profiles.source(value.source).title


@pytest.mark.parametrize("name", profiles.names())
def test_a_safe_zone_leaves_room_for_words(name: str) -> None:
    profile = profiles.find(name).for_clip(720, 1280)
    zone, unit = profile.safe_zone, profile.short_side / 1080

    assert profile.size[0] - zone.left - zone.right >= 700 * unit
    assert profile.size[1] - zone.top - zone.bottom >= 900 * unit


def test_youtube_gets_closed_groups_of_half_a_second() -> None:
    assert profiles.find("youtube_shorts").gop_seconds.value == 0.5
    assert profiles.source(profiles.find("youtube_shorts").gop_seconds.source).official


@pytest.mark.parametrize(
    ("source", "delivered", "times"), [(24, 24, 1), (16, 32, 2), (8, 24, 3), (25, 25, 1), (60, 60, 1), (12, 24, 2)]
)
def test_a_rate_that_is_too_low_is_multiplied_so_that_motion_stays_even(
    source: int, delivered: int, times: int
) -> None:
    assert profiles.find("tiktok").rate(source) == (delivered, times)


def test_a_rate_that_no_multiple_brings_within_the_bounds_is_refused_with_the_bounds() -> None:
    profile = profiles.find("tiktok")

    with pytest.raises(FinishingError, match="23 to 60 frames per second, not 90"):
        profile.rate(90)


def test_a_length_is_judged_by_the_platform_with_both_bounds_allowed() -> None:
    reels = profiles.find("instagram_reels")

    reels.check_seconds(3.0)
    reels.check_seconds(900.0)
    with pytest.raises(FinishingError, match=r"3 to 900 s, this one has 2\.99 s"):
        reels.check_seconds(2.99)
    with pytest.raises(FinishingError, match="take instagram_reels out"):
        reels.check_seconds(901)


@pytest.mark.parametrize(
    ("unit", "text", "length"),
    [("chars", "茶🍵", 2), ("utf16", "茶🍵", 3), ("bytes", "茶🍵", 7), ("items", "#茶 #tea", 2)],
)
def test_a_text_is_counted_in_the_unit_of_the_platform(unit: str, text: str, length: int) -> None:
    limit = TextLimit.model_validate({"most": 10, "unit": unit, "source": "choice"})

    assert limit.length(text) == length


def test_the_label_speaks_the_language_of_the_platform_and_both_on_request() -> None:
    assert profiles.find("douyin").label_lines() == ("AI生成",)
    assert profiles.find("tiktok").label_lines() == ("AI GENERATED",)
    assert profiles.find("tiktok").label_lines(bilingual=True) == ("AI GENERATED", "AI生成")


@pytest.mark.parametrize(("given", "said"), [([], "at least one"), (["tiktok", "tiktok"], "named twice")])
def test_a_list_of_platforms_is_neither_empty_nor_repetitive(given: list[str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Pipeline.model_validate({"deliver": given})


def test_the_schema_offers_every_profile_to_an_editor() -> None:
    items = Pipeline.model_json_schema()["properties"]["deliver"]["items"]
    assert items["anyOf"][0]["enum"] == list(profiles.names())
    assert items["anyOf"][1]["pattern"], "and takes those of the definition"


def test_finding_what_is_not_there_says_what_is() -> None:
    with pytest.raises(FinishingError, match="use one of: douyin"):
        profiles.find("myspace")


def test_the_label_can_grow_and_never_shrink() -> None:
    assert LabelOptions(height=0.07).height == 0.07
    with pytest.raises(ValidationError, match=r"greater than or equal to 0\.055"):
        LabelOptions(height=0.05)


def test_no_switch_turns_the_label_off() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        BrandOptions.model_validate({"name": "茶", "ai_label": {"enabled": False}})


@pytest.mark.parametrize("code", ["0011", "00" + "a" * 25, "01" + "A" * 25, "00" + "A" * 26, "00" + "A" * 25 + "\n"])
def test_a_producer_code_is_never_taken_on_trust(code: str) -> None:
    with pytest.raises(ValidationError, match="27 characters"):
        BrandOptions(name="茶", ai_producer=code)


def test_a_true_producer_code_is_taken() -> None:
    assert BrandOptions(name="茶", ai_producer="00" + "A" * 25).ai_producer == "00" + "A" * 25


def test_every_template_of_a_caption_is_handed_to_whoever_checks_templates() -> None:
    options = CaptionOptions.model_validate(
        {"title": "{{ a }}", "lines": ["{{ b }}", "c"], "text": "{{ d }}", "hashtags": ["{{ e }}"]}
    )

    assert options.templates() == {
        "title": "{{ a }}",
        "text": "{{ d }}",
        "lines.0": "{{ b }}",
        "lines.1": "c",
        "hashtags.0": "{{ e }}",
    }


def test_bounds_are_numbers_and_nothing_else() -> None:
    with pytest.raises(ValidationError):
        Bounds.model_validate({"least": "a", "most": 2, "source": "choice"})
