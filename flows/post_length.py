"""How long the words of a post are for a platform, with everything that stands beside them there.

What a person writes into the file is refused by `reelmill check` where it is too long: it can be mended at once. What a
source brings is shortened when it is posted, and the plan says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from reelmill.content import PostText
from tasks.finishing.profile import Part, Profile
from tasks.publishing.wording import parts_of

#: What is counted with a text, in words for people.
_TOLD: dict[Part, str] = {
    "title": "title",
    "ai_line": "AI line",
    "hashtags": "hashtags",
}


@dataclass(frozen=True, slots=True)
class Excess:
    """Words that are longer than a platform takes them."""

    part: Literal["title", "caption", "hashtags"]
    length: int
    most: int
    unit: str
    counted: tuple[str, ...] = ()  #: what is counted with a text, in words

    def told(self, profile: Profile) -> str:
        """What becomes of it where it is posted, in one line."""
        if self.part == "hashtags":
            return f"{profile.title}: the first {self.most} of {self.length} hashtags are posted"
        named = {"title": "the title", "caption": "the text"}[self.part]
        beside = f", with {self.beside}," if self.counted else ""
        return f"{profile.title}: {named}{beside} has {self.length} {self.unit} of {self.most}, and is shortened"

    @property
    def beside(self) -> str:
        """What is counted with a text, as a list in a sentence."""
        *some, last = self.counted
        return f"{', '.join(some)} and {last}" if some else last


def excesses(profile: Profile, words: PostText) -> Iterator[Excess]:
    """What of the words of a post is too long for a platform. Nothing is said of what is shorter."""
    limits = profile.text
    title, caption, tags = limits.title, limits.caption, limits.hashtags
    if (length := title.length(words.title)) > title.most:
        yield Excess("title", length, title.most, title.unit)
    body, shown = parts_of(
        words, hashtags=tags.most if "hashtags" in caption.holds else 0, title="title" in caption.holds
    )
    line = profile.ai_line if "ai_line" in caption.holds else ""
    tail = "\n".join(part for part in (line, " ".join(shown)) if part)
    whole = "\n\n".join(part for part in (body, tail) if part)
    if body and (length := caption.length(whole)) > caption.most:
        there: dict[Part, bool] = {
            "title": body != words.caption.strip(),
            "ai_line": bool(line),
            "hashtags": bool(shown),
        }
        yield Excess("caption", length, caption.most, caption.unit, tuple(_TOLD[part] for part in there if there[part]))
    if len(words.hashtags) > tags.most:
        yield Excess("hashtags", len(words.hashtags), tags.most, tags.unit)


def shortenings(profiles: Iterable[Profile], words: PostText) -> tuple[str, ...]:
    """What posts on these platforms lose of their words, in a line each."""
    return tuple(
        excess.told(profile)
        for profile in profiles
        for excess in excesses(profile, words)
        if excess.part != "title" or "title" not in profile.text.caption.holds  # there is none, but the text's
    )
