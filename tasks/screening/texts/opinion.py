"""What a guard model says of one text, read from its server's answer. An answer that is not one is never a pass."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from reelmill.content import Decision

#: Qwen3Guard-Gen's verdict for a prompt, as its model card has it (huggingface.co/Qwen/Qwen3Guard-Gen-0.6B):
#: `Safety: Unsafe`, then `Categories: Violent`, or several, or None.
_SAFETY = re.compile(r"^[ \t]*Safety:[ \t]*(Safe|Unsafe|Controversial)[ \t]*$", re.MULTILINE)
_CATEGORIES = re.compile(r"^[ \t]*Categories:[ \t]*(.+?)[ \t]*$", re.MULTILINE)

#: Most categories that are kept, and most characters of one: a server's words go into reports.
MOST, LONGEST = 20, 60

_DECISIONS = {"Safe": Decision.PASS, "Controversial": Decision.REVIEW, "Unsafe": Decision.BLOCK}


class Unreadable(ValueError):
    """The answer is no verdict."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A guard's verdict on one text."""

    decision: Decision
    said: str  #: in the guard's own word
    categories: tuple[str, ...] = ()  #: in its own words; one at least, unless it is a pass


def from_moderation(reply: Any, flagged: Decision) -> Opinion:
    """Read the answer of `POST /v1/moderations` to one input (OpenAI API reference, moderations).

    Raises
    ------
    Unreadable
        If it is something else.
    """
    try:
        (result,) = reply["results"]
        says, categories = result["flagged"], result.get("categories") or {}
        named = [name for name, holds in categories.items() if holds is True]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable("no moderation result") from error
    if not isinstance(says, bool):
        raise Unreadable("`flagged` is neither true nor false")
    if not says:
        return Opinion(Decision.PASS, "not flagged")
    return Opinion(flagged, "flagged", _clean(named))


def from_qwen3guard(reply: Any) -> Opinion:
    """Read the answer of `POST /v1/chat/completions` by Qwen3Guard-Gen to one prompt.

    Raises
    ------
    Unreadable
        If it is something else, or if it gives more than one verdict.
    """
    try:
        content = reply["choices"][0]["message"]["content"]
    except (LookupError, TypeError) as error:
        raise Unreadable("no chat completion") from error
    verdicts = _SAFETY.findall(content) if isinstance(content, str) else []
    if len(verdicts) != 1:
        raise Unreadable("no line `Safety: Safe`, `Controversial` or `Unsafe`, or several")
    said = str(verdicts[0])
    if said == "Safe":
        return Opinion(Decision.PASS, said)
    found = _CATEGORIES.search(content)
    return Opinion(_DECISIONS[said], said, _clean(found[1].split(",") if found else []))


def _clean(categories: list[str]) -> tuple[str, ...]:
    shown = ["".join(one for one in str(name) if one.isprintable()).strip()[:LONGEST] for name in categories[:MOST]]
    return tuple(name for name in shown if name) or ("unnamed",)
