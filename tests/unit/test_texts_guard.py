"""A guard model behind HTTP: its answers are taken word for word, and no answer is a person's business."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from reelmill.content import Decision
from tasks.screening.policy import load
from tasks.screening.texts.guard import LARGEST, Guard, GuardOptions
from tasks.screening.texts.opinion import Unreadable, from_moderation, from_qwen3guard
from tasks.screening.texts.screen import TextScreen
from tasks.secret import Secret
from tests.simulators.guards import Guards, guards

KINDS = ("openai", "qwen3guard")
POLICY = load("default", Path())


@pytest.fixture
def server() -> Iterator[Guards]:
    with guards() as found:
        yield found


def options(server: Guards, kind: str, **more: Any) -> GuardOptions:
    return GuardOptions.model_validate(
        {"type": kind, "base_url": server.url, "model": "guard-1", "timeout": 5.0, **more}
    )


def screen(server: Guards, kind: str, **more: Any) -> TextScreen:
    return TextScreen(POLICY, guard=options(server, kind, **more))


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_lexicon_and_the_guard_find_harmless_passes(server: Guards, kind: str) -> None:
    verdict = screen(server, kind).screen({"caption": "一盏青瓷", "title": "tea", "narration": " "})

    assert verdict.decision is Decision.PASS
    assert verdict.guard == f"{kind} guard-1"
    assert len(server.asked) == 2  # an empty field is not asked about
    assert {order["model"] for order in server.asked} == {"guard-1"}


@pytest.mark.parametrize(
    ("kind", "text", "decision"),
    [
        ("openai", "a storm of fists", Decision.BLOCK),
        ("qwen3guard", "a storm of fists", Decision.BLOCK),
        ("qwen3guard", "a shove", Decision.REVIEW),
    ],
)
def test_what_it_finds_decides_although_the_lexicon_is_silent(
    server: Guards, kind: str, text: str, decision: Decision
) -> None:
    server.unsafe, server.controversial = ("fists",), ("shove",)

    verdict = screen(server, kind).screen({"title": "tea", "caption": text})

    assert verdict.decision is decision
    assert not verdict.fault
    (hit,) = verdict.hits
    assert (hit.field, hit.category, hit.level) == ("caption", "Violent", decision)
    assert verdict.reasons[0].startswith("caption: ")
    assert "Violent" in verdict.reasons[0]


def test_flagged_may_be_a_review_only(server: Guards) -> None:
    server.unsafe = ("fists",)

    assert screen(server, "openai", flagged="review").screen({"caption": "fists"}).decision is Decision.REVIEW


@pytest.mark.parametrize("kind", KINDS)
def test_it_cannot_better_what_the_lexicon_found(server: Guards, kind: str) -> None:
    reader = screen(server, kind)

    assert reader.screen({"caption": "来赌博吧"}).decision is Decision.REVIEW
    assert reader.screen({"caption": "free porn"}).decision is Decision.BLOCK
    assert len(server.asked) == 1  # a block needs no second opinion


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ({"status": 401, "body": b'{"error": {"message": "bad key"}}'}, "answers 401: bad key"),
        ({"status": 429, "headers": {"Retry-After": "1"}}, "answers 429"),
        ({"status": 500}, "answers 500"),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}}, "answers 302"),
        ({"status": 204, "body": b""}, "answers 204"),
        ({"body": b"<html>"}, "no JSON"),
        ({"body": b""}, "no JSON"),
        ({"body": b"[]"}, "no "),
        ({"body": b"null"}, "no "),
        ({"body": b"{}"}, "no "),
        ({"body": b"\xff\xfe"}, "no JSON"),
        ({"body": b'{"results": [], "choices": []}'}, "no "),
        ({"body": b" " * (LARGEST + 1)}, "too much"),
        ({"drop": True}, "does not answer"),
        ({"silence": 3.0}, "took more than 0.5 s"),
        ({"drip": 0.1}, "took more than 0.5 s"),
    ],
)
def test_no_answer_is_a_review_with_its_reason(server: Guards, kind: str, trouble: dict[str, Any], told: str) -> None:
    for name, value in trouble.items():
        setattr(server, name, value)
    seconds = 0.5 if "silence" in trouble or "drip" in trouble else 5.0

    verdict = screen(server, kind, timeout=seconds).screen({"caption": "a cup of tea"})

    assert verdict.decision is Decision.REVIEW
    assert verdict.fault
    assert verdict.guard == ""
    (reason,) = verdict.reasons
    assert "could not be asked" in reason
    assert told in reason


@pytest.mark.parametrize("kind", KINDS)
def test_a_guard_that_is_not_there_is_a_review(kind: str) -> None:
    with guards() as gone:
        pass

    verdict = screen(gone, kind).screen({"caption": "a cup of tea"})

    assert verdict.decision is Decision.REVIEW
    assert "does not answer" in verdict.reasons[0]


def test_what_it_said_before_it_broke_down_counts(server: Guards) -> None:
    server.unsafe, server.after, server.status = ("fists",), 1, 503

    verdict = screen(server, "openai").screen({"title": "fists", "caption": "tea"})

    assert verdict.decision is Decision.BLOCK
    assert not verdict.fault
    assert len(verdict.reasons) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_comes_from_where_the_definition_says(
    server: Guards, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = "guard-canary-1"
    reader = screen(server, kind, key=Secret(env="GUARD_KEY"))

    missing = reader.screen({"caption": "tea"})
    assert missing.decision is Decision.REVIEW
    assert "$GUARD_KEY is not set" in missing.reasons[0]

    monkeypatch.setenv("GUARD_KEY", "wrong-canary-2")
    refused = reader.screen({"caption": "tea"})
    assert "answers 401: Incorrect API key provided" in refused.reasons[0]
    assert "canary" not in str(refused)

    monkeypatch.setenv("GUARD_KEY", "bad\ncanary-3")
    assert "no header can carry" in reader.screen({"caption": "tea"}).reasons[0]

    monkeypatch.setenv("GUARD_KEY", server.key)
    assert reader.screen({"caption": "tea"}).decision is Decision.PASS


def test_its_identity_has_all_that_decides_and_no_key(server: Guards) -> None:
    one, other = (
        screen(server, "openai", flagged=flagged, key=Secret(env="GUARD_KEY")) for flagged in ("block", "review")
    )

    assert one.policy_version != other.policy_version != TextScreen(POLICY).policy_version
    assert "GUARD_KEY" not in json.dumps(Guard(options(server, "openai", key=Secret(env="GUARD_KEY"))).identity)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://api.openai.com/v1/", "https://api.openai.com"),
        ("https://guard.example", "https://guard.example"),
        ("http://localhost:8000/v1", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_it_may_be_given_with_or_without_v1(url: str, kept: str) -> None:
    assert GuardOptions(type="openai", base_url=url).base_url == kept


@pytest.mark.parametrize(
    "values",
    [
        {"type": "openai", "base_url": "http://guard.example"},
        {"type": "openai", "base_url": "https://me:secret@guard.example"},
        {"type": "openai", "base_url": "https://guard.example/?key=1"},
        {"type": "openai", "base_url": "ftp://guard.example"},
        {"type": "openai", "base_url": ""},
        {"type": "qwen3guard", "base_url": "https://guard.example"},
        {"type": "llama", "base_url": "https://guard.example"},
        {"type": "openai", "base_url": "https://guard.example", "key": "sk-1"},
        {"type": "openai", "base_url": "https://guard.example", "timeout": 0},
        {"type": "openai", "base_url": "https://guard.example", "enabled": False},
    ],
)
def test_wrong_options_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GuardOptions.model_validate(values)


def completion(content: Any) -> Any:
    return {"choices": [{"message": {"content": content}}]}


def test_several_categories_are_all_told() -> None:
    found = from_qwen3guard(completion("Safety: Unsafe\nCategories: Violent, Jailbreak\n"))

    assert found.categories == ("Violent", "Jailbreak")
    assert from_qwen3guard(completion("Safety: Controversial")).categories == ("unnamed",)
    assert from_moderation({"results": [{"flagged": True}]}, Decision.BLOCK).categories == ("unnamed",)


@pytest.mark.parametrize(
    "content",
    ["Safe", "Safety: safe-ish", "Safety: Safe\nSafety: Unsafe", "I say Safety: Safe", "", None, 7, ["Safety: Safe"]],
)
def test_an_answer_of_qwen3guard_without_exactly_one_verdict_is_none(content: Any) -> None:
    with pytest.raises(Unreadable):
        from_qwen3guard(completion(content))


@pytest.mark.parametrize(
    "reply",
    [
        {"results": [{"flagged": "false"}]},
        {"results": [{"flagged": False}, {"flagged": False}]},
        {"results": [{}]},
        {"results": "safe"},
        {"results": [[]]},
        {"results": [{"flagged": False, "categories": [1]}]},
    ],
)
def test_a_moderation_that_is_not_whole_is_none(reply: Any) -> None:
    with pytest.raises(Unreadable):
        from_moderation(reply, Decision.BLOCK)


def test_reading_the_options_loads_no_client_and_no_yaml() -> None:
    heavy = ["httpx", "numpy", "ruamel.yaml", "prefect"]
    program = (
        "import sys; from tasks.screening.texts import guard, words; words.WordOptions(blocked=['山寨'])\n"
        "guard.GuardOptions(type='openai', base_url='https://guard.example')\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == "[]"
