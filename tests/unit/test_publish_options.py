"""What `publish:` may say: every good spelling, what is said of a bad one, and a schema that agrees."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as patience
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from flows.definition import PublishOptions, loads, schema
from flows.yaml import read
from reelmill.errors import DefinitionError
from tasks.publishing.calendar import Rules
from tests.unit.test_definition import pipeline, problem

BERLIN, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
#: Machines may be slow: nothing here is about time that passes.
PATIENT = patience(deadline=None)


def entries(publish: str) -> tuple[PublishOptions, ...]:
    return loads(_file(publish), Path("pipelines.yaml")).pipeline("p").publish


def _file(publish: str) -> str:
    """A file with a second target."""
    return pipeline(publish=publish).replace("{outbox: {type: folder, path: o}}", TARGETS)


TARGETS = "{outbox: {type: folder, path: o}, archive: {type: folder, path: a}}"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


GOOD: list[tuple[str, Rules]] = [
    ("{to: outbox}", Rules(UTC)),
    ('{to: outbox, between: "18:00-22:00"}', Rules(UTC, (dt.time(18), dt.time(22)))),
    ("{to: outbox, between: 18:00-22:00}", Rules(UTC, (dt.time(18), dt.time(22)))),
    ('{to: outbox, between: "22:30-02:05"}', Rules(UTC, (dt.time(22, 30), dt.time(2, 5)))),
    ('{to: outbox, between: "18:00-00:00"}', Rules(UTC, (dt.time(18), dt.time(0)))),
    ("{to: outbox, spacing: 45s}", Rules(UTC, spacing=dt.timedelta(seconds=45))),
    ("{to: outbox, spacing: 20m}", Rules(UTC, spacing=dt.timedelta(minutes=20))),
    ("{to: outbox, spacing: 36h}", Rules(UTC, spacing=dt.timedelta(hours=36))),
    ("{to: outbox, per_day: 12}", Rules(UTC, per_day=12)),
    ("{to: outbox, days: 7}", Rules(UTC, days=7)),
    ("{to: outbox, timezone: Europe/Berlin}", Rules(BERLIN)),
    (
        "{to: [outbox, archive], profile: douyin, between: 18:00-22:00, spacing: 20m, per_day: 12, days: 3}",
        Rules(UTC, (dt.time(18), dt.time(22)), dt.timedelta(minutes=20), 12, 3),
    ),
]


@pytest.mark.parametrize(("entry", "rules"), GOOD)
def test_a_good_entry_becomes_rules(entry: str, rules: Rules, validator: Draft202012Validator) -> None:
    (found,) = entries(f"[{entry}]")
    assert found.rules(UTC) == rules
    assert list(validator.iter_errors(read(_file(f"[{entry}]").encode()).data)) == []


def test_a_name_alone_says_nothing_of_times(validator: Draft202012Validator) -> None:
    first, second = entries("[outbox, {to: archive}]")
    assert (first.to, second.to) == (("outbox",), ("archive",))
    assert not first.rules(UTC).given
    assert list(validator.iter_errors(read(_file("[outbox, {to: archive}]").encode()).data)) == []


def test_the_zone_is_the_pipelines_unless_the_entry_has_one() -> None:
    (found,) = entries("[outbox]")
    assert found.rules(BERLIN).zone == BERLIN


WINDOW, LENGTH = "two times of day, such as 18:00-22:00", "a whole number and s, m or h, such as 20m"
BAD: list[tuple[str, str, str, str, str]] = [
    ('between: "18-22"', "between", "this does not say from when to when", WINDOW, "18:00-22:00"),
    ('between: "9:00-10:30"', "between", "this does not say from when to when", WINDOW, "09:00-10:30"),
    ('between: "18:00 - 22:00"', "between", "this does not say from when to when", WINDOW, "18:00-22:00"),
    ('between: "18:00–22:00"', "between", "this does not say from when to when", WINDOW, "18:00-22:00"),
    ('between: "18.00-22.00"', "between", "this does not say from when to when", WINDOW, "18:00-22:00"),
    ('between: "18:00-24:00"', "between", "this does not say from when to when", WINDOW, "18:00-00:00"),
    ('between: "18h-22h"', "between", "this does not say from when to when", WINDOW, "18:00-22:00"),
    ('between: "18:00-18:00"', "between", "this does not say from when to when", WINDOW, ""),
    ('between: "24:00-01:00"', "between", "this does not say from when to when", WINDOW, ""),
    ('between: "18:60-22:00"', "between", "this does not say from when to when", WINDOW, ""),
    ('between: "18:00-22:00\\n"', "between", "this does not say from when to when", WINDOW, "18:00-22:00"),
    ("between: evening", "between", "this does not say from when to when", WINDOW, ""),
    ("spacing: 20", "spacing", "this is not a length of time", LENGTH, ""),
    ("spacing: 20 min", "spacing", "this is not a length of time", LENGTH, "20m"),
    ("spacing: 1 hour", "spacing", "this is not a length of time", LENGTH, "1h"),
    ("spacing: 020m", "spacing", "this is not a length of time", LENGTH, "20m"),
    ("spacing: 0m", "spacing", "this is not a length of time", LENGTH, ""),
    ("spacing: 1.5h", "spacing", "this is not a length of time", LENGTH, ""),
    ("spacing: 2d", "spacing", "this is not a length of time", LENGTH, ""),
    ('spacing: "20m\\n"', "spacing", "this is not a length of time", LENGTH, "20m"),
    ("per_day: 0", "per_day", "it is too small", "1", ""),
    ("per_day: 1001", "per_day", "it is too large", "1000", ""),
    ("per_day: twelve", "per_day", "a whole number is expected", "", ""),
    ("days: 0", "days", "it is too small", "1", ""),
    ("days: 61", "days", "it is too large", "60", ""),
    ("timezone: Beijing", "timezone", "there is no time zone with this name", "an IANA name", "Asia/Shanghai"),
    ("profile: youtube", "profile", "the pipeline does not deliver this", "douyin", ""),
    ("betwen: 18:00-22:00", "betwen", "this key is not known", "", "between"),
    ("perday: 3", "perday", "this key is not known", "", "per_day"),
]


@pytest.mark.parametrize(("keys", "key", "reason", "allowed", "suggestion"), BAD)
def test_a_bad_entry_is_told_with_the_place_the_form_and_what_was_meant(
    keys: str, key: str, reason: str, allowed: str, suggestion: str
) -> None:
    found = problem(_file(f"[{{to: outbox, {keys}}}]"))
    assert found.path == f"pipelines.p.publish[0].{key}"
    assert (found.reason, found.suggestion) == (reason, suggestion)
    assert allowed in found.allowed


@pytest.mark.parametrize(
    ("publish", "path", "reason"),
    [
        ("[nowhere]", "pipelines.p.publish[0]", "there is no target of this name"),
        ("[{to: [outbox, outbx]}]", "pipelines.p.publish[0].to[1]", "there is no target of this name"),
        ("[outbox, {to: outbox}]", "pipelines.p.publish[1].to", "this target is named twice"),
        ("[{to: [outbox, outbox]}]", "pipelines.p.publish[0].to[1]", "this target is named twice"),
    ],
)
def test_targets_are_those_that_there_are_each_once(publish: str, path: str, reason: str) -> None:
    found = problem(_file(publish))
    assert (found.path, found.reason) == (path, reason)


#: What only Reelmill itself can know; and a `$` of Python, with which the validator here looks, passes a line's end.
BEYOND_A_SCHEMA = ('"18:00-18:00"', "Beijing", "profile: youtube", "\\n")


@pytest.mark.parametrize(
    "entry",
    [f"{{to: outbox, {keys}}}" for keys, *_ in BAD if not any(one in keys for one in BEYOND_A_SCHEMA)]
    + ["{}", "{spacing: 20m}", "{to: []}", "{to: 7}", "{to: Outbox}", "{to: [Outbox]}", "7", "[outbox]", "Outbox"],
)
def test_what_is_wrong_in_form_is_wrong_for_both(entry: str, validator: Draft202012Validator) -> None:
    with pytest.raises(DefinitionError):
        entries(f"[{entry}]")
    assert list(validator.iter_errors(read(_file(f"[{entry}]").encode()).data))


def test_a_single_entry_is_a_list_too(validator: Draft202012Validator) -> None:
    """The list is not optional, for both: a second target is the first thing that is added."""
    text = _file("outbox")
    with pytest.raises(DefinitionError):
        loads(text, Path("pipelines.yaml"))
    assert list(validator.iter_errors(read(text.encode()).data))


TIMES = st.times().map(lambda one: f"{one:%H:%M}")
TEXTS = st.one_of(
    st.tuples(TIMES, TIMES).map("-".join),
    st.from_regex(r"[0-9]{1,3}:?[0-9]{0,3}-[0-9]{1,2}:[0-9]{1,3}", fullmatch=True),
    st.from_regex(r"[0-9]{0,5} ?[smhd]?", fullmatch=True),
    st.text(max_size=6),
)


@PATIENT
@given(text=TEXTS, key=st.sampled_from(["between", "spacing"]))
def test_the_schema_and_the_check_agree_on_every_text(text: str, key: str) -> None:
    told: Any = PublishOptions.model_json_schema()["properties"][key]
    by_schema = Draft202012Validator({**told, "default": None}).is_valid(text)
    try:
        PublishOptions.model_validate({"to": "outbox", key: text})
    except ValueError:
        by_check = False
    else:
        by_check = True
    assert by_check == (by_schema and not (key == "between" and text[:5] == text[6:]))
