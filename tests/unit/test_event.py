"""Events: what a payload becomes, and what is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from reelmill.content import Brief
from reelmill.errors import SourceError
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.event import Event

FOX = {
    "id": "s-17",
    "sentence": "一只小狐狸在月光下的雪地里散步。",
    "sentence_en": "A fox walks in the snow.",
    "grade": 2,
}


def brief(event: Any, event_id: str | None = None, **options: Any) -> Brief:
    occasion = Occasion(dt.date(2026, 11, 22), ZoneInfo("UTC"), event=event, event_id=event_id)
    [emitted] = Event(type="event", **options).briefs(SourceContext(occasion, Path()))
    assert isinstance(emitted, Brief)
    return emitted


def test_a_payload_becomes_the_one_brief() -> None:
    fox = brief(FOX)
    assert fox.key == "s-17"
    assert fox.title == "一只小狐狸在月光下的雪地里散步。"
    assert dict(fox.fields) == FOX
    assert fox.images == ()


def test_the_key_is_the_events_id_then_the_payloads_then_a_hash() -> None:
    assert brief(FOX, event_id="evt_1").key == "evt_1"
    assert brief(FOX, event_id="EVT/1").key.startswith("evt-1-")
    assert brief({"id": 17, "name": "x"}).key == "17"
    nameless = brief({"sentence": "x"})
    assert nameless.key == brief({"sentence": "x"}).key != brief({"sentence": "y"}).key
    assert len(nameless.key) <= 64


def test_a_title_comes_from_where_the_definition_says() -> None:
    assert brief(FOX, title_from="sentence_en").title == "A fox walks in the snow."
    assert brief({"id": "s-1"}).title == "s-1"
    assert len(brief({"id": "s-1", "title": "x" * 500}).title) == 120


def test_a_run_without_an_event_says_how_to_give_one() -> None:
    with pytest.raises(SourceError, match="--event FILE"):
        brief(None)


@pytest.mark.parametrize("value", [None, "", " \u200f\n", [], {}])
def test_a_required_key_must_be_there_and_hold_something(value: object) -> None:
    with pytest.raises(SourceError, match="the event has no 'sentence'; it has 'id', 'sentence'"):
        brief({"id": "s-1", "sentence": value}, require=["sentence"])
    with pytest.raises(SourceError, match="it has nothing"):
        brief({}, require=["sentence"])
    assert brief({"grade": 0}, require=["grade"]).fields["grade"] == 0


def test_texts_are_cleaned_and_capped_however_deep_they_stand() -> None:
    fields = brief({"a": ["x\u202e\x00y", {"b": "z" * 5000}], "c": "e\u0301"}).fields
    assert fields["a"][0] == "xy"
    assert len(fields["a"][1]["b"]) == 2000
    assert fields["c"] == "é"


def test_a_payload_that_would_burst_is_refused() -> None:
    deep: Any = "x"
    for _ in range(20):
        deep = [deep]
    for payload in ({"a": deep}, {"a": list(range(5000))}, {"a": float("nan")}, {"a": b"x"}):
        with pytest.raises(SourceError, match="the event cannot be used"):
            brief(payload)


def test_an_image_is_a_url_and_nothing_else() -> None:
    assert brief({"id": "1", "photo": "https://s.example/1.jpg"}, image_from="photo").images == (
        "https://s.example/1.jpg",
    )
    assert brief({"id": "1"}, image_from="photo").images == ()
    for bad in ("file:///etc/passwd", "/etc/passwd", "http://a:b@s.example/", 7):
        with pytest.raises(SourceError, match="the event's 'photo'"):
            brief({"id": "1", "photo": bad}, image_from="photo")


def test_fields_are_unknown_before_the_event_comes() -> None:
    assert Event(type="event", require=["sentence"]).fields() is None


def test_an_unknown_option_is_an_error() -> None:
    with pytest.raises(ValidationError):
        Event(type="event", requires=["sentence"])  # type: ignore[call-arg]  # the mistake under test
