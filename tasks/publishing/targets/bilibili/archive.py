"""An archive (稿件) as Bilibili lists it: whether it is ours, and what its state means."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from tasks.publishing.outcome import Refused, Wait
from tasks.publishing.recognition import same_words, since

#: Seconds between two questions whether a review is over, which takes minutes to hours. Our choice.
REVIEW = 600.0

#: `addit_info.state`: 0 is open to the public, and -1 waits for its review. Of the others, these are steps of the
#: site's own queue (mended, transcoded, delayed, handed out, just made); all the rest are refusals.
OPEN, PENDING = 0, frozenset({-1, -6, -9, -10, -15, -30})


@dataclass(frozen=True, slots=True)
class Archive:
    """One entry of `viewlist`, or the answer of `view`."""

    plain: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.plain.get("resource_id") or "")

    @property
    def url(self) -> str:
        info = self.plain.get("video_info")
        return str((info.get("share_url") if isinstance(info, dict) else None) or page(self.id))

    @property
    def made(self) -> object:
        """When it was made, as Bilibili tells it."""
        return self.plain.get("ctime")

    @property
    def state(self) -> int | None:
        state = self._more.get("state")
        return state if isinstance(state, int) else None

    @property
    def reason(self) -> str:
        """Why it was refused, or what its state is called."""
        return str(self._more.get("reject_reason") or self._more.get("state_desc") or "")

    def is_of(self, title: str, cover: str, armed: dt.datetime) -> bool:
        """Whether it was made from these: the title, the address of the cover, and when it was armed.

        Several archives may have one title. Their covers differ: the name of a cover's file is made from its bytes,
        whatever host shows it.
        """
        if not same_words(self.plain.get("title"), title):
            return False
        shown = str(self.plain.get("cover") or "")
        if shown and PurePosixPath(shown).name != PurePosixPath(cover).name:
            return False
        return since(self.made, armed, silent=bool(shown))

    def require_open(self) -> None:
        """See that the public can see it.

        Raises
        ------
        Wait
            While it is reviewed.
        Refused
            If the review refused it.
        """
        if self.state is None or self.state in PENDING:
            raise Wait("Bilibili reviews the archive", retry_after=REVIEW)
        if self.state != OPEN:
            raise Refused(
                f"Bilibili took the archive and refused it: {self.state} {self.reason}".rstrip(),
                "see the account's archives for what can be changed",
            )

    @property
    def _more(self) -> dict[str, Any]:
        found = self.plain.get("addit_info")
        return found if isinstance(found, dict) else {}


def page(resource_id: str) -> str:
    """Where the public sees an archive."""
    return f"https://www.bilibili.com/video/{resource_id}"
