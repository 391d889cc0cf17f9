"""Expansion: a model that is reached over real HTTP makes more of a brief – once, bounded, and only what fits."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from flows.crosscheck import crosscheck
from flows.definition import loads
from flows.occasion import on_date
from flows.planning import Plan, plan_run
from flows.video_plan import VideoPlan
from records.seen import Seen
from records.states import VideoState
from reelmill.content import Brief, Skipped
from reelmill.errors import FetchError, SourceError, TransientError, UseError
from reelmill.fetching import Fetcher
from reelmill.settings import Settings
from tasks.secret import Secret
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.event import Event
from tasks.sources.expand.expansion import expand, expanded
from tasks.sources.expand.options import INSTRUCTION, ExpandOptions
from tasks.sources.listing import Listing
from tasks.sources.news import News
from tasks.sources.product_feed import ProductFeed
from tests.line import DEFINITION
from tests.simulators.chat_server import ChatServer, a_chat_server

TEA = Brief("tea-1", "White tea", {"name": "White tea", "price": "12.50"}, ("https://s.example/1.jpg",), cursor=7)
MOOD = {"type": "string", "enum": ["calm", "bold"]}


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    with a_chat_server() as running:
        yield running


@pytest.fixture
def context(tmp_path: Path, chat: ChatServer) -> SourceContext:
    occasion = Occasion(dt.date(2026, 11, 22), ZoneInfo("UTC"))
    return SourceContext(occasion, tmp_path, Fetcher(allow=(chat.host,)), tmp_path / "cache")


def options(chat: ChatServer, **more: Any) -> ExpandOptions:
    chosen = {"model": "small-1", "instruction": "Write a hook.", "fields": {"hook": "one sentence"}, **more}
    return ExpandOptions(**{"base_url": chat.url, **chosen})


def told(chat: ChatServer, context: SourceContext, **more: Any) -> str:
    """Why the brief was passed over."""
    [found] = expanded(TEA, options(chat, **more), context)
    assert isinstance(found, Skipped)
    assert found.where == "tea-1"
    assert not list(context.folder.glob("cache/expand/*")), "what does not fit is not kept"
    return found.reason


def test_a_model_and_its_address_are_enough(chat: ChatServer, context: SourceContext) -> None:
    """Then an opening line is written. Without `expand`, nobody is asked."""
    assert Listing(type="list", items=[{"prompt": "a"}]).expand is None
    plain = ExpandOptions.model_validate({"model": "small-1", "base_url": chat.url})
    [brief] = expand(TEA, plain, context)
    assert brief.fields == {**TEA.fields, "hook": "hook 1"}
    [asked] = chat.asked
    assert INSTRUCTION in asked["messages"][0]["content"]


def test_one_brief_gets_more_fields(chat: ChatServer, context: SourceContext) -> None:
    [brief] = expand(TEA, options(chat, fields={"hook": "one sentence", "mood": MOOD}), context)
    assert brief == replace(TEA, fields={**TEA.fields, "hook": "hook 1", "mood": "calm"})
    [asked] = chat.asked
    assert asked["model"] == "small-1"
    assert "Write a hook." in asked["messages"][0]["content"]
    assert chat.data == [{"title": "White tea", "fields": {"name": "White tea", "price": "12.50"}}]
    one = asked["response_format"]["json_schema"]["schema"]["properties"]["briefs"]["items"]
    assert one["properties"] == {"hook": {"type": "string", "description": "one sentence"}, "mood": MOOD}
    assert (one["required"], one["additionalProperties"]) == (["hook", "mood"], False)


def test_one_brief_becomes_several_with_keys_that_stay(chat: ChatServer, context: SourceContext) -> None:
    chosen = options(chat, count=3, fields={"title": "a title", "shots": {"type": "integer"}})
    found = expand(TEA, chosen, context)
    assert [(brief.key, brief.title) for brief in found] == [
        ("tea-1-1", "title 1"), ("tea-1-2", "title 2"), ("tea-1-3", "title 3"),
    ]  # fmt: skip
    assert [brief.fields["shots"] for brief in found] == [1, 2, 3]
    assert {(brief.images, brief.fields["price"]) for brief in found} == {(TEA.images, "12.50")}
    assert [brief.cursor for brief in found] == [None, None, 7], "it is read on once all of them are taken"
    assert [brief.title for brief in expand(TEA, options(chat, count=2), context)] == ["White tea (1)", "White tea (2)"]
    long = expand(replace(TEA, key="k" * 64), options(chat, count=2), context)
    assert all(len(brief.key) <= 64 for brief in long)
    assert len({brief.key for brief in long}) == 2


def test_the_same_question_is_asked_once(chat: ChatServer, context: SourceContext) -> None:
    first = expand(TEA, options(chat), context)
    assert expand(TEA, options(chat), context) == first
    assert expand(replace(TEA, key="another", images=()), options(chat), context)[0].fields == first[0].fields
    assert len(chat.asked) == 1
    others = [
        (TEA, {"model": "small-2"}), (TEA, {"instruction": "Write two."}), (TEA, {"fields": {"hook": "a word"}}),
        (TEA, {"count": 2}), (replace(TEA, fields={"name": "x"}), {}), (replace(TEA, title="x"), {}),
    ]  # fmt: skip
    for number, (brief, more) in enumerate(others, start=2):
        expand(brief, options(chat, **more), context)
        assert len(chat.asked) == number
    assert all(expand(brief, options(chat, **more), context) for brief, more in others)
    assert len(chat.asked) == 7
    without = replace(context, cache=None)
    assert expand(TEA, options(chat), without) == first
    assert len(chat.asked) == 8


@pytest.mark.parametrize("kept", [b"", b"{", b'{"briefs": []}', b'{"briefs": [{"hook": 7}]}', b"\xff", b"[" * 99_999])
def test_an_answer_that_was_kept_and_is_damaged_is_asked_for_again(
    chat: ChatServer, context: SourceContext, kept: bytes
) -> None:
    first = expand(TEA, options(chat), context)
    [file] = context.folder.glob("cache/expand/*")
    whole = file.read_bytes()
    file.write_bytes(kept)
    assert expand(TEA, options(chat), context) == first
    assert file.read_bytes() == whole
    assert len(chat.asked) == 2


def test_a_key_is_sent_and_never_shown(
    chat: ChatServer, context: SourceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.key = "sk-hush"
    with pytest.raises(UseError, match=r"\$CHAT_KEY is not set"):
        expand(TEA, options(chat, key=Secret(env="CHAT_KEY")), context)
    monkeypatch.setenv("CHAT_KEY", "sk-hush")
    assert len(expand(TEA, options(chat, key=Secret(env="CHAT_KEY")), context)) == 1
    monkeypatch.setenv("CHAT_KEY", "sk-wrong")
    with pytest.raises(SourceError, match="401: no such key") as caught:
        expand(TEA, options(chat, key=Secret(env="CHAT_KEY"), model="other"), context)
    assert "sk-" not in str(caught.value)
    monkeypatch.setenv("CHAT_KEY", "sk-wröng")
    with pytest.raises(SourceError, match="no header"):
        expand(TEA, options(chat, key=Secret(env="CHAT_KEY"), model="other"), context)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ({"body": b"<html>log in</html>"}, "none of a chat"),
        ({"body": b"[" * 99_999}, "none of a chat"),
        ({"body": b'{"choices": []}'}, "none of a chat"),
        ({"body": b'{"choices": [{"message": {"content": null}}]}'}, "has no text"),
        ({"body": b" " * (3 << 20)}, "larger than"),
        ({"text": "Sure! Here you are"}, "is not JSON: it begins with 'Sure! Here you are'"),
        ({"text": '{"briefs": [{"hook": NaN}]}'}, "is not JSON"),
        ({"text": "[]"}, "at $: [] is not of type 'object'"),
        ({"text": '{"briefs": []}'}, "at $.briefs"),
        ({"text": '{"briefs": [{"hook": "a"}, {"hook": "b"}]}'}, "at $.briefs"),
        ({"text": '{"briefs": [{"hook": 7}]}'}, "at $.briefs[0].hook: 7 is not of type 'string'"),
        ({"text": '{"briefs": [{"hook": "a", "price": "0.01"}]}'}, "'price' was unexpected"),
        ({"text": '{"briefs": [{"hook": " \\u202e "}]}'}, "its 'hook' is empty"),
        ({"text": json.dumps({"briefs": [{"hook": "a" * 2001}]})}, "longer than 2,000 characters"),
        ({"refusal": "I cannot do that"}, "the model refuses: I cannot do that"),
        ({"finish": "length"}, "was cut off"),
        ({"finish": "content_filter"}, "filter"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_answer_that_does_not_fit_costs_one_brief(
    chat: ChatServer, context: SourceContext, trouble: dict[str, Any], reason: str
) -> None:
    for name, value in trouble.items():
        setattr(chat, name, value)
    assert reason in told(chat, context)


def test_a_brief_that_cannot_be_asked_about_is_passed_over(chat: ChatServer, context: SourceContext) -> None:
    chat.writer = lambda name, number, schema: "the same"
    assert told(chat, context, count=2) == "`expand`: the answer says the same twice"
    chat.writer = lambda name, number, schema: {"deep": [[[[[[[[[1]]]]]]]]]}
    assert "nested deeper" in told(chat, context, fields={"tree": {"type": "object"}})
    asked = len(chat.asked)
    assert "has a field 'price' already" in told(chat, context, fields={"price": "a better one"})
    [found] = expanded(replace(TEA, fields={"name": "x" * 40_000}), options(chat), context)
    assert isinstance(found, Skipped)
    assert "at most 32,000" in found.reason
    assert len(chat.asked) == asked
    skipped = Skipped("row 7", "it is empty")
    assert list(expanded(skipped, options(chat), context)) == [skipped]
    assert list(expanded(TEA, None, context)) == [TEA]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_endpoint_is_asked_again_and_then_left_for_later(
    chat: ChatServer, context: SourceContext, status: int
) -> None:
    chat.status, chat.headers, chat.until = status, {"Retry-After": "0"}, 2
    assert len(expand(TEA, options(chat), context)) == 1
    assert len(chat.asked) == 3
    chat.until, chat.message = 99, "too many\x1b[31m requests"
    with pytest.raises(TransientError, match=f"answers {status}: too many\\[31m requests"):
        expand(TEA, options(chat, model="other"), context)
    assert len(chat.asked) == 6
    chat.headers = {"Retry-After": "3600"}
    with pytest.raises(TransientError) as caught:
        expand(TEA, options(chat, model="other"), context)
    assert caught.value.retry_after == 3600
    assert len(chat.asked) == 7


@pytest.mark.parametrize("status", [400, 403, 404, 302])
def test_what_is_turned_away_for_good_stops_the_plan(chat: ChatServer, context: SourceContext, status: int) -> None:
    chat.status, chat.headers = status, {"Location": "http://169.254.169.254/"}
    with pytest.raises(SourceError, match=f"answers {status}: this model is not for you") as caught:
        list(expanded(TEA, options(chat), context))
    assert "correct `expand`" in caught.value.instruction
    assert len(chat.asked) == 1


def test_an_endpoint_that_is_away_slow_or_breaks_off_is_transient(chat: ChatServer, context: SourceContext) -> None:
    chat.silent = 0.6
    with pytest.raises(TransientError, match="took too long"):
        list(expanded(TEA, options(chat, timeout=0.2), context))
    chat.silent, chat.drop = 0.0, True
    with pytest.raises(TransientError):
        list(expanded(TEA, options(chat), context))
    away = replace(context, fetcher=Fetcher(allow=("127.0.0.1:1",)))
    with pytest.raises(TransientError, match="cannot be reached"):
        list(expanded(TEA, options(chat, base_url="http://127.0.0.1:1"), away))


def test_a_private_host_is_asked_only_where_the_setting_names_it(chat: ChatServer, context: SourceContext) -> None:
    closed = replace(context, fetcher=Fetcher())
    with pytest.raises(FetchError, match="REELMILL_FETCH_PRIVATE"):
        expand(TEA, options(chat), closed)
    inside = replace(context, fetcher=Fetcher(resolver=lambda host, port: ["10.0.0.7"]))
    with pytest.raises(FetchError, match="private"):
        expand(TEA, options(chat, base_url="https://llm.example/v1"), inside)
    with pytest.raises(FetchError, match="not be encrypted"):
        expand(TEA, options(chat, base_url="http://llm:80/v1"), inside)
    assert chat.asked == []


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://api.example", "https://api.example/v1"),
        ("https://api.example/v1/", "https://api.example/v1"),
        ("https://api.example/v1/chat/completions", "https://api.example/v1"),
        ("https://open.example/api/paas/v4", "https://open.example/api/paas/v4"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        ("http://vllm:8000/v1", "http://vllm:8000/v1"),
    ],
)
def test_the_address_is_with_or_without_its_version(chat: ChatServer, given: str, used: str) -> None:
    assert options(chat, base_url=given).base_url == used


@pytest.mark.parametrize(
    "more",
    [
        {"base_url": "http://api.example/v1"}, {"base_url": "https://me:x@api.example"}, {"base_url": "ftp://a.example"},
        {"base_url": "https://api.example/?key=x"}, {"base_url": "api.example"}, {"count": 0}, {"count": 21},
        {"fields": {}}, {"fields": {"Hook": "x"}}, {"fields": {"key": "x"}}, {"fields": {"hook": ""}}, {"model": ""},
        {"fields": {"a": {"type": "strin"}}}, {"fields": {"a": {"$ref": "https://x.example/s"}}}, {"instruction": ""},
        {"fields": {"a": {"anyOf": [{"$ref": "#/x"}]}}}, {"fields": {"a": {"enum": ["x" * 5000]}}}, {"timeout": 0},
        {"fields": {f"f{number}": "x" for number in range(21)}}, {"key": "sk-in-the-file"},
    ],
    ids=str,
)  # fmt: skip
def test_options_that_cannot_be_meant_are_refused(chat: ChatServer, more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        options(chat, **more)


def test_each_source_can_carry_it_and_none_loses_a_field_of_its_own(chat: ChatServer) -> None:
    assert Event(type="event", expand=options(chat)).template_fields() is None
    listed = Listing(type="list", items=["a fox"], expand=options(chat))
    assert listed.template_fields() == {"prompt", "hook"}
    with pytest.raises(ValidationError, match="cannot add a field 'prompt'"):
        Listing(type="list", items=["a fox"], expand=options(chat, fields={"prompt": "x"}))
    with pytest.raises(ValidationError, match="cannot add a field 'link'"):
        News(type="news", url="news.xml", expand=options(chat, fields={"link": "x"}))


# In a plan

TODAY = on_date(ZoneInfo("Asia/Shanghai"), "2026-11-22")

EXPANDED = (
    "{{type: list, items: [{{prompt: a pine, name: 小雪}}, {{prompt: a fox, name: 大雪}}], expand: "
    '{{model: small-1, base_url: "{url}", count: {count}, instruction: Write a hook., '
    "fields: {{hook: one sentence}}}}}}"
)


def planned(chat: ChatServer, folder: Path, *, count: int = 1, title: str = "{{ brief.hook }}") -> Plan:
    source = EXPANDED.format(url=chat.url, count=count)
    text = DEFINITION.format(source=source, subject="{{ brief.prompt }}", title=title, more="")
    settings = Settings(home=folder / "home", fetch_private=(chat.host,))
    definition = loads(text, folder / "pipelines.yaml")
    return plan_run(definition, "quick", TODAY, settings, seen={})


def test_what_was_written_is_in_the_plan_and_planning_again_asks_nobody(chat: ChatServer, tmp_path: Path) -> None:
    first = planned(chat, tmp_path, count=2)
    assert first.briefs == 4
    assert [VideoPlan.from_json(video.plan).words.title for video in first.videos] == ["hook 1", "hook 2"] * 2
    assert len(chat.asked) == 2
    chat.status = 500
    again = planned(chat, tmp_path, count=2)
    assert [video.plan_hash for video in again.videos] == [video.plan_hash for video in first.videos]
    assert len(chat.asked) == 2


def test_what_was_written_is_screened_as_any_text(chat: ChatServer, tmp_path: Path) -> None:
    chat.writer = lambda name, number, schema: "来玩赌博网站"
    made = planned(chat, tmp_path)
    assert {video.first_state for video in made.videos} == {VideoState.REJECTED}
    assert made.to_make == []


def test_what_was_written_is_data_and_no_template(chat: ChatServer, tmp_path: Path) -> None:
    chat.writer = lambda name, number, schema: "{{ brand.name }} {% raw %}"
    [first, _] = planned(chat, tmp_path).videos
    assert VideoPlan.from_json(first.plan).words.title == "{{ brand.name }} {% raw %}"


def test_one_answer_that_does_not_fit_is_a_skipped_brief_in_the_plan(chat: ChatServer, tmp_path: Path) -> None:
    chat.text, chat.until = "no JSON", 1
    made = planned(chat, tmp_path)
    assert [video.skipped.partition(":")[0] for video in made.videos] == ["`expand`", ""]
    assert made.briefs == 1


FEED = (
    "id,title,image_link,price\ntea-1,Gaiwan,https://s.example/1.jpg,12 EUR\ntea-2,Tin,https://s.example/2.jpg,9 EUR\n"
)


def test_of_a_shop_only_what_is_new_or_changed_is_asked_about(chat: ChatServer, tmp_path: Path) -> None:
    def changes(seen: dict[str, Seen]) -> Plan:
        about = f'model: m, base_url: "{chat.url}", instruction: Write., fields: {{hook: x}}'
        source = f"{{type: product_feed, url: feed.csv, changes_only: true, expand: {{{about}}}}}"
        text = DEFINITION.format(source=source, subject="{{ brief.title }}", title="{{ brief.hook }}", more="")
        settings = Settings(home=tmp_path / "home", fetch_private=(chat.host,))
        return plan_run(loads(text, tmp_path / "pipelines.yaml"), "quick", TODAY, settings, seen=seen)

    (tmp_path / "feed.csv").write_text(FEED)
    first = changes({})
    assert [video.brief_key for video in first.to_make] == ["tea-1", "tea-2"]
    assert len(chat.asked) == 2
    seen = {video.brief_key: Seen(video.fingerprint, video.plan["facts"]) for video in first.videos}
    chat.writer = lambda name, number, schema: "other words"
    (tmp_path / "feed.csv").write_text(FEED.replace("Tin", "Tea tin"))
    shutil.rmtree(tmp_path / "home" / "cache")  # other words of the model are no change of the shop
    second = changes(seen)
    assert [video.brief_key for video in second.to_make] == ["tea-2"]
    assert second.unchanged == 1
    assert len(chat.asked) == 3


def test_changes_are_known_by_a_key_that_one_brief_has(chat: ChatServer) -> None:
    known = {"type": "product_feed", "url": "feed.csv", "changes_only": True}
    ProductFeed(**known, expand=options(chat))
    with pytest.raises(ValidationError, match="use count: 1"):
        ProductFeed(**known, expand=options(chat, count=2))


def test_a_template_may_name_what_is_added_and_nothing_else(tmp_path: Path) -> None:
    def findings(title: str, **more: Any) -> list[str]:
        source = {"type": "list", "items": [{"prompt": "a pine"}], "expand": {
            "model": "m", "base_url": "https://api.example", "instruction": "Write.", "fields": {"hook": "x"}, **more,
        }}  # fmt: skip
        pipeline = {"source": source, "caption": {"title": title}, "deliver": ["douyin"]}
        return [found.reason for found in crosscheck({"pipelines": {"quick": pipeline}}, tmp_path)]

    assert findings("{{ brief.hook }}") == []
    assert findings("{{ brief.hok }}") == ["there is no `brief.hok`"]
