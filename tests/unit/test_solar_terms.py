"""The solar terms: against an ephemeris, and against what everybody knows of them."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from lunar_python import Solar
from pydantic import ValidationError

from reelmill.content import Brief
from reelmill.errors import SourceError
from tasks.sources.almanac import FIRST_YEAR, LAST_YEAR, PENTADS, Pentad, accent, pentad_on, terms
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.solar_terms import SolarTerms

BEIJING = ZoneInfo("Asia/Shanghai")
ZONES = [BEIJING, ZoneInfo("America/Los_Angeles"), ZoneInfo("Europe/London")]

#: What an instant may differ from the ephemeris: the minute that a caption tells.
TOLERANCE = dt.timedelta(seconds=60)
#: What it does differ by at most. Measured: 3.5 s.
SECONDS = dt.timedelta(seconds=5)
ONE_DAY = dt.timedelta(days=1)

#: The last year that the ephemeris de421 knows whole; what skyfield-data ships ends in October 2053.
LAST_EPHEMERIS_YEAR = 2052
#: The terms from 2053 to 2100 by another ephemeris, in Terrestrial Time: see the README beside it.
LATER = Path(__file__).parents[1] / "data" / "solar_terms_2053_2100.txt"


def briefs(date: dt.date, zone: ZoneInfo = BEIJING, **options: Any) -> list[Brief]:
    source = SolarTerms(type="solar_terms", **options)
    emitted = list(source.briefs(SourceContext(Occasion(date, zone), Path())))
    assert all(isinstance(one, Brief) for one in emitted)
    return emitted  # type: ignore[return-value]  # asserted in the line above


@cache
def corrected() -> dict[int, dt.datetime]:
    """Every pentad's instant by the ephemeris: ours, moved by what the sun still lacks or has passed."""
    from skyfield.api import Loader
    from skyfield.framelib import ecliptic_frame

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the table of polar motion is old; it moves the sun by nothing visible
        from skyfield_data import get_skyfield_data_path

        folder = get_skyfield_data_path()
    loader = Loader(folder, verbose=False)
    bodies = loader("de421.bsp")
    ordinals = np.arange(FIRST_YEAR * PENTADS, (LAST_EPHEMERIS_YEAR + 1) * PENTADS)
    ours = [Pentad(int(ordinal)).begins for ordinal in ordinals]
    noon = dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)
    # Civil time of the years before leap seconds is UT1; since then the two differ by less than 0.9 s.
    moments = loader.timescale(builtin=True).ut1_jd(
        np.array([2451545 + (instant - noon) / dt.timedelta(days=1) for instant in ours])
    )
    sun = bodies["earth"].at(moments).observe(bodies["sun"]).apparent()
    longitude = sun.frame_latlon(ecliptic_frame)[1].degrees
    bodies.close()
    missing = (longitude - (315 + 5 * (ordinals % PENTADS)) + 180) % 360 - 180
    seconds = missing / 360 * 365.2422 * 86_400
    return {
        int(ordinal): instant - dt.timedelta(seconds=float(late))
        for ordinal, instant, late in zip(ordinals, ours, seconds, strict=True)
    }


def test_every_instant_from_1900_to_2052_agrees_with_the_ephemeris_within_seconds() -> None:
    reference = corrected()
    assert len(reference) == 153 * 72
    worst = max(abs(Pentad(ordinal).begins - instant) for ordinal, instant in reference.items())
    assert worst < SECONDS


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_every_term_begins_on_the_day_that_the_ephemeris_says(zone: ZoneInfo) -> None:
    compared = 0
    for ordinal, instant in corrected().items():
        local = instant.astimezone(zone)
        to_midnight = dt.timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
        if min(to_midnight, ONE_DAY - to_midnight) > SECONDS:
            assert Pentad(ordinal).day(zone) == local.date()
            compared += 1
    assert compared > 11_000  # of 11,016; the others begin within seconds of a midnight


@cache
def from_2053() -> dict[int, dt.datetime]:
    """Every term's instant from 2053 to 2100: a second ephemeris in even time, less Skyfield's forecast of ΔT."""
    from skyfield.api import load

    lines = LATER.read_text(encoding="ascii").splitlines()
    even = [dt.datetime.fromisoformat(line).replace(tzinfo=dt.UTC) for line in lines]  # it is not: ΔT is still in it
    noon = dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)
    julian = np.array([2451545 + (one - noon) / ONE_DAY for one in even])
    lag = load.timescale(builtin=True).tt_jd(julian).delta_t
    first = 2053 * PENTADS - 6  # 小寒 of 2053 belongs to the solar year before
    return {
        first + 3 * at: moment - dt.timedelta(seconds=float(late))
        for at, (moment, late) in enumerate(zip(even, lag, strict=True))
    }


def test_every_term_from_2053_to_2100_agrees_with_a_second_ephemeris() -> None:
    """What two ephemerides say of the sun, and one forecast of the earth's rotation: nobody can know ΔT of 2100."""
    reference = from_2053()
    assert len(reference) == 48 * 24
    assert (min(reference.values()).year, max(reference.values()).isoformat()[:10]) == (2053, "2100-12-21")
    assert max(abs(Pentad(ordinal).begins - instant) for ordinal, instant in reference.items()) < SECONDS


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_every_term_from_2053_to_2100_begins_on_the_day_of_the_second_ephemeris(zone: ZoneInfo) -> None:
    compared = sum(
        Pentad(ordinal).day(zone) == instant.astimezone(zone).date()
        for ordinal, instant in from_2053().items()
        if instant - SECONDS > midnight(instant, zone) and instant + SECONDS < midnight(instant, zone) + ONE_DAY
    )
    assert compared >= 48 * 24 - 2  # at most two begin within seconds of a midnight


def midnight(instant: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The midnight before an instant."""
    return instant.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def test_every_term_to_2050_agrees_with_a_second_calendar() -> None:
    compared = 0
    for year in range(FIRST_YEAR, 2050):
        table = Solar.fromYmd(year, 6, 1).getLunar().getJieQiTable()
        for index, term in enumerate(terms()):
            found = table[term["names"]["zh"]]
            moment = dt.datetime(
                *(found.getYear(), found.getMonth(), found.getDay()),
                *(found.getHour(), found.getMinute(), found.getSecond()),
                tzinfo=dt.timezone(dt.timedelta(hours=8)),
            )
            solar_year = moment.year - (moment.month == 1)
            assert abs(Pentad(solar_year * PENTADS + index * 3).begins - moment) < TOLERANCE
            compared += 1
    assert compared == 150 * 24


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_days_from_1900_to_2100_are_covered_by_one_pentad_each_without_a_gap(zone: ZoneInfo) -> None:
    """The pentads' first days rise strictly, so each day falls into exactly one; a sample asks for it day by day."""
    ordinals = range(FIRST_YEAR * PENTADS - 10, (LAST_YEAR + 1) * PENTADS)
    days = [Pentad(ordinal).day(zone) for ordinal in ordinals]
    lengths = Counter((after - day).days for day, after in pairwise(days))
    assert set(lengths) <= {4, 5, 6}  # the sun is fastest in January, slowest in July

    for year in (1900, 1928, 1986, 2026, 2100):
        date, previous = dt.date(year, 1, 1), pentad_on(dt.date(year, 1, 1), zone).ordinal
        while date.year == year:
            pentad = pentad_on(date, zone)
            assert pentad.ordinal in (previous, previous + 1)
            assert pentad.day(zone) <= date < Pentad(pentad.ordinal + 1).day(zone)
            date, previous = date + dt.timedelta(days=1), pentad.ordinal


@pytest.mark.parametrize(
    ("date", "name"),
    [
        ("2026-02-04", "立春"),
        ("2026-04-05", "清明"),
        ("2026-06-21", "夏至"),
        ("2026-11-07", "立冬"),
        ("2026-11-22", "小雪"),
        ("2026-12-07", "大雪"),
        ("2026-12-22", "冬至"),
        ("2024-02-04", "立春"),
        ("2025-02-03", "立春"),
        ("2021-02-03", "立春"),
        ("2025-12-21", "冬至"),
        ("2000-04-04", "清明"),
    ],
)
def test_a_known_day_is_the_first_of_its_term(date: str, name: str) -> None:
    [brief] = briefs(dt.date.fromisoformat(date))
    assert (brief.title, brief.fields["day_of_term"]) == (name, 1)


def test_minor_snow_of_2026_is_told_whole() -> None:
    [brief] = briefs(dt.date(2026, 11, 22))

    assert brief.key == "2026-11-22-xiaoxue"
    assert brief.title == brief.fields["name"] == "小雪"
    assert brief.fields["names"] == {"zh": "小雪", "en": "Minor Snow", "ja": "小雪", "ko": "소설"}
    assert brief.fields["begins"].startswith("2026-11-22T15:23")
    assert brief.fields["begins"].endswith("+08:00")
    assert brief.fields["solar_longitude"] == 240
    assert brief.fields["days_to_next"] == 15
    assert brief.fields["next"] == {"name": "大雪", "term": "daxue", "date": "2026-12-07"}
    assert brief.fields["pentad"]["name"] == "虹藏不见"
    assert (brief.fields["pentad"]["index"], brief.fields["pentad"]["of_term"]) == (58, 1)
    assert brief.fields["verse_author"] == "戴叔伦"


def test_the_pentads_of_minor_snow_follow_each_other() -> None:
    told = [briefs(dt.date(2026, 11, 22) + dt.timedelta(days=day))[0] for day in range(15)]
    names = list(dict.fromkeys(brief.fields["pentad"]["name"] for brief in told))
    assert names == ["虹藏不见", "天气上升，地气下降", "闭塞而成冬"]
    assert [brief.fields["day_of_term"] for brief in told] == list(range(1, 16))
    assert [brief.fields["days_to_next"] for brief in told] == list(range(15, 0, -1))
    assert len({brief.key for brief in told}) == 15


def test_the_day_of_a_term_differs_between_beijing_and_los_angeles() -> None:
    """大雪 of 2026 begins on 7 December 10:52 in Beijing, which is 6 December 18:52 in Los Angeles."""
    assert [brief.title for brief in briefs(dt.date(2026, 12, 6), ZONES[1])] == ["大雪"]
    assert [brief.title for brief in briefs(dt.date(2026, 12, 6), BEIJING)] == ["小雪"]
    # the source's own zone wins over the pipeline's
    assert [brief.title for brief in briefs(dt.date(2026, 12, 6), ZONES[1], timezone="Asia/Shanghai")] == ["小雪"]


@pytest.mark.parametrize(("on", "count"), [("every_day", 365), ("term_day", 24), ("pentad_day", 72)])
def test_a_year_has_24_terms_and_72_pentads_with_keys_of_their_own(on: str, count: int) -> None:
    year = [dt.date(2026, 2, 4) + dt.timedelta(days=day) for day in range(365)]  # from one 立春 to the next
    keys = [brief.key for date in year for brief in briefs(date, on=on)]
    assert len(keys) == len(set(keys)) == count
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", key) for key in keys)


def test_keys_say_the_year_the_term_and_the_pentad() -> None:
    assert [brief.key for brief in briefs(dt.date(2026, 11, 22), on="term_day")] == ["2026-xiaoxue"]
    assert [brief.key for brief in briefs(dt.date(2026, 11, 22), on="pentad_day")] == ["2026-xiaoxue-1"]
    # the last pentad of a term that began last year
    assert [brief.key for brief in briefs(dt.date(2027, 1, 1), on="pentad_day")] == ["2026-dongzhi-3"]
    assert briefs(dt.date(2026, 11, 23), on="term_day") == []
    assert briefs(dt.date(2026, 11, 23), on="pentad_day") == []


@pytest.mark.parametrize(
    ("locale", "name"), [("zh", "惊蛰"), ("ja", "啓蟄"), ("ko", "경칩"), ("en", "Awakening of Insects")]
)
def test_the_name_comes_in_four_languages(locale: str, name: str) -> None:
    [brief] = briefs(dt.date(2026, 3, 6), locale=locale)
    assert brief.fields["name"] == brief.title == name


def test_a_date_outside_of_the_calendar_is_a_typed_error() -> None:
    for date in (dt.date(1899, 12, 31), dt.date(2101, 1, 1)):
        with pytest.raises(SourceError, match="from 1900 to 2100"):
            briefs(date)
    assert briefs(dt.date(1900, 1, 1))
    assert briefs(dt.date(2100, 12, 31))


def test_a_misspelt_zone_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(ValidationError, match="did you mean 'Asia/Shanghai'"):
        SolarTerms(type="solar_terms", timezone="Asia/Shangai")


# --- the data ------------------------------------------------------------------------------------------------------


def test_the_terms_stand_in_their_order_with_all_that_a_brief_needs() -> None:
    assert [term["longitude"] for term in terms()] == [(315 + 15 * index) % 360 for index in range(24)]
    assert "".join(term["names"]["zh"][0] for term in terms()) == "立雨惊春清谷立小芒夏小大立处白秋寒霜立小大冬小大"
    assert [term["season"] for term in terms()] == [
        season for season in ("spring", "summer", "autumn", "winter") for _ in range(6)
    ]
    for term in terms():
        assert set(term["names"]) == {"zh", "en", "ja", "ko"}
        assert set(term["angles"]) == {"customs", "food", "scenery", "poem", "wellness"}
        assert len(term["pentads"]) == 3
        assert re.fullmatch(r"#[0-9A-F]{6}", term["color"]["hex"])
        [brief] = [briefs(dt.date(2026, 11, 22))[0]]
        assert set(brief.fields) == SolarTerms(type="solar_terms").fields()


def test_names_and_pentads_agree_with_two_calendars() -> None:
    from tyme4py.culture.phenology import Phenology
    from tyme4py.solar import SolarTerm

    assert [term["names"]["zh"] for term in terms()] == [SolarTerm.NAMES[(index + 3) % 24] for index in range(24)]
    ours = [pentad["zh"].replace("，", "") for term in terms() for pentad in term["pentads"]]
    theirs = [Phenology.NAMES[(index + 9) % 72] for index in range(72)]
    # 《月令七十二候集解》 has 大雨时行 and 菊有黄华; one calendar writes 大雨行时 and 菊有黄花.
    assert {(a, b) for a, b in zip(ours, theirs, strict=True) if a != b} == {
        ("大雨时行", "大雨行时"),
        ("菊有黄华", "菊有黄花"),
    }


def test_prompt_fragments_are_english_short_and_without_crowds_or_negations() -> None:
    for term in terms():
        fragments = [term["scene"], term["motion"], term["place"], *(angle["en"] for angle in term["angles"].values())]
        fragments += [pentad["scene"] for pentad in term["pentads"]]
        fragments += [accent(term["season"], day) for day in range(1, 17)]
        for fragment in fragments:
            assert fragment.isascii(), fragment
            assert 3 <= len(fragment.split()) <= 18, fragment
            assert not re.search(r"\b(crowd|people|many|no|not|without|text|letters|words|fast|quick)\b", fragment)


def test_verses_are_whole_lines_by_an_author_of_a_dynasty() -> None:
    verses = [term["verse"] for term in terms()]
    assert len({verse["text"] for verse in verses}) == 24
    for verse in verses:
        assert verse["dynasty"] in ("唐", "宋")
        assert re.fullmatch(r"[\u4e00-\u9fff]{2,4}", verse["author"])
        # a couplet of five or seven syllables; 踏莎行 is a song of 4 + 4 + 7
        lines = re.findall(r"[\u4e00-\u9fff]+", verse["text"])
        assert [len(line) for line in lines] in ([5, 5], [7, 7], [4, 4, 7]), verse["text"]
        assert verse["text"].endswith("。")


def test_no_scene_is_told_twice_and_no_day_of_a_term_is_like_another() -> None:
    scenes = [pentad["scene"] for term in terms() for pentad in term["pentads"]]
    assert len(set(scenes)) == PENTADS
    for season in ("spring", "summer", "autumn", "winter"):
        assert len({accent(season, day) for day in range(1, 17)}) == 16  # the longest term has 16 days


def test_chinese_captions_are_short_enough_for_one_line() -> None:
    for term in terms():
        for angle in term["angles"].values():
            assert len(angle["zh"]) <= 16, angle["zh"]


def test_every_angle_is_exactly_one_text_in_each_language() -> None:
    source = SolarTerms.model_validate({"type": "solar_terms"})
    for month in range(1, 13):
        for day in (1, 20):
            occasion = Occasion(dt.date(2026, month, day), ZoneInfo("Asia/Shanghai"))
            (brief,) = list(source.briefs(SourceContext(occasion, Path())))
            assert isinstance(brief, Brief)
            assert all(set(texts) == {"zh", "en"} and all(texts.values()) for texts in brief.fields["angles"].values())
