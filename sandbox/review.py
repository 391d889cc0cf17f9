"""Review: between the call that posts and the public stands a platform that looks at it first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from sandbox.audience import Audience
from sandbox.platform import Platform
from sandbox.upload import Upload

State = Literal["pending", "public", "rejected"]


@dataclass
class Submission:
    """Something that was posted."""

    id: str
    upload: Upload
    account: str
    text: str
    made: float  #: by the platform's clock
    due: float  #: when the review ends
    reason: str  #: why the review refuses it; "": it does not
    detail: Mapping[str, Any] = field(default_factory=dict)
    deleted: bool = False

    def state(self, now: float) -> State:
        if now < self.due:
            return "pending"
        return "rejected" if self.reason else "public"


class Reviewed(Platform):
    """A platform on which a post becomes public when its review ends, by the clock."""

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self._waiting: list[Submission] = []
        self.submissions: dict[str, Submission] = {}
        self.processing = 0.2  #: seconds of `clock` that a review takes
        self.reject_processing = ""  #: a reason: the review of the next post refuses it
        self.slow_lookup = 0.0  #: seconds of `clock` for which lists do not yet show a new post

    def settle(self) -> None:
        now = self.clock.now()
        due = sorted((one for one in self._waiting if one.due <= now), key=lambda one: one.due)
        self._waiting = [one for one in self._waiting if one.due > now]
        for one in due:
            if not one.deleted and not one.reason:
                account, url, detail = one.account, self.page(one), one.detail
                self.publish(
                    one.id, one.upload, account=account, text=one.text, ai=None, url=url, detail=detail, at=one.due
                )

    def page(self, one: Submission) -> str:
        """Where the public sees it."""
        return f"{self.base}/watch/{one.id}"

    def submit(
        self, identity: str, upload: Upload, *, account: str, text: str, detail: Mapping[str, Any] | None = None
    ) -> Submission:
        """It is posted: the review begins."""
        with self.lock:
            now = self.clock.now()
            reason, self.reject_processing = self.reject_processing, ""
            one = Submission(identity, upload, account, text, now, now + self.processing, reason, detail or {})
            self.submissions[identity] = one
            self._waiting.append(one)
            return one

    def submitted(self, identity: str) -> Submission | None:
        """A post that was not deleted."""
        one = self.submissions.get(identity)
        return None if one is None or one.deleted else one

    def listed(self, account: str) -> list[Submission]:
        """What lists show of an account, the newest first."""
        latest = self.clock.now() - self.slow_lookup
        mine = [one for one in self.submissions.values() if one.account == account and not one.deleted]
        return [one for one in reversed(mine) if one.made <= latest]

    def delete(self, one: Submission) -> None:
        with self.lock:
            if any(post.id == one.id for post in self.published):
                self.taken_down.add(one.id)
            one.deleted = True

    def state(self, one: Submission) -> State:
        return one.state(self.clock.now())

    def audience(self, one: Submission) -> Audience:
        """What the public did with it, while it was public."""
        return Audience.of(one.id, self.clock.now() - one.due) if self.state(one) == "public" else Audience()


def new_number() -> str:
    """An identity of digits alone, larger than 2**53, as platforms like them."""
    return str(uuid4().int % 10**19 + 10**19)
