"""How a post stands, in plain words, and the command that helps: the same in tables, pages, artifacts and answers.

A state of the ledger says what happened last. What a person wants to know is what happens next, and that hangs on more:
whether its time has come, whether the account is paused, whether the platform has it, whether a person has to act.
"""

from __future__ import annotations

import datetime as dt
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from records.accounts import Account
from records.database import now
from records.ledger import Ledger
from records.posts import OPEN, kept_until
from records.states import PostState, VideoState
from records.tables import Post, Run, Standing


class Kind(StrEnum):
    """What happens next with a post; the value is its label. Those first that want a person."""

    UNKNOWN = "unknown"
    FAILED = "failed"
    PAUSED = "paused"
    HANDED_OVER = "for a person"
    RETRIED = "tried again"
    HELD = "held back"
    NOT_SENT = "not sent yet"
    AT_PLATFORM = "at the platform"
    WAITING = "waiting"
    WITHDRAWN = "withdrawn"
    LIVE = "live"

    @property
    def slug(self) -> str:
        """As a class of CSS, and as the key of a colour."""
        return self.value.replace(" ", "_")


#: In each of these it goes on by itself, if somebody runs `reelmill up`.
BY_ITSELF = (Kind.WAITING, Kind.AT_PLATFORM, Kind.RETRIED, Kind.NOT_SENT)
_SENTENCES = {
    Kind.UNKNOWN: ("post may be public or not", "posts may be public or not"),
    Kind.FAILED: ("post was refused", "posts were refused"),
    Kind.PAUSED: ("post waits for a login", "posts wait for a login"),
    Kind.HANDED_OVER: ("post waits for a person to publish it", "posts wait for a person to publish them"),
    Kind.RETRIED: ("post is tried again", "posts are tried again"),
    Kind.HELD: ("post waits for its video", "posts wait for their videos"),
    Kind.NOT_SENT: ("post is not sent yet", "posts are not sent yet"),
    Kind.AT_PLATFORM: ("post is at the platform and not public yet", "posts are at the platform and not public yet"),
    Kind.WAITING: ("post waits for its time", "posts wait for their time"),
    Kind.WITHDRAWN: ("post is withdrawn", "posts are withdrawn"),
    Kind.LIVE: ("post is live", "posts are live"),
}


@dataclass(frozen=True, slots=True)
class Status:
    """How one post stands."""

    kind: Kind
    words: str  #: `waiting until 18:20`
    why: str  #: "" where there is nothing to explain
    command: str  #: what a person types next; "" if nothing is to be done
    at: dt.datetime | None = None  #: when it goes on, if that is known and to come, in the zone in which it is told


def status_of(
    post: Post,
    pauses: Mapping[UUID, Standing],
    zone: dt.tzinfo | None = None,
    *,
    run: Run | None = None,
    video: VideoState = VideoState.DONE,
) -> Status:
    """How a post stands at this moment.

    Parameters
    ----------
    pauses:
        The accounts that are paused until a person renews a login, by the posts that they keep back.
    zone:
        In which times are told. None: that of this machine.
    run:
        Its run, which a failed post is tried again with.
    video:
        Where its video stands: until that is done, nobody but its run sends a post.
    """
    if post.state not in OPEN:
        return _ended(post, run)
    when = post.due_at.astimezone(zone) if post.due_at is not None and post.due_at > now() else None
    if (pause := pauses.get(post.id)) is not None:
        return Status(Kind.PAUSED, "paused: login", pause.reason, f"reelmill targets {post.target}", when)
    if post.state is PostState.ARMED:
        return _armed(post, when, zone)
    if video is VideoState.IN_REVIEW:
        return Status(Kind.HELD, "held back until a person has decided", post.reason, "reelmill review list")
    if video is not VideoState.DONE:
        return Status(Kind.HELD, "held back until its video is done", post.reason, _resume(run))
    return _to_be_sent(post, when, zone)


def _ended(post: Post, run: Run | None) -> Status:
    """One that goes nowhere by itself."""
    match post.state:
        case PostState.LIVE:
            return Status(Kind.LIVE, _shown(post), "", "")
        case PostState.WITHDRAWN:
            return Status(Kind.WITHDRAWN, "withdrawn", post.reason, "")
        case PostState.FAILED:
            return Status(Kind.FAILED, "failed", post.reason, _resume(run))
        case _:
            say = f"{_reconcile(post)} --live URL, or --not-posted"
            return Status(Kind.UNKNOWN, "may be posted", post.reason, say)


def _armed(post: Post, when: dt.datetime | None, zone: dt.tzinfo | None) -> Status:
    """One of which the platform has been told."""
    if post.platform == "handoff" and post.accepted_at is not None:
        return Status(Kind.HANDED_OVER, "a person publishes it", post.reason, f"{_reconcile(post)} --live URL")
    if (kept := _kept_until(post, zone)) is not None:
        return Status(Kind.WAITING, f"public at {clock(kept, zone)}, by the platform's clock", "", "", kept)
    what = "at the platform" if post.accepted_at is not None else "being looked up"
    again = f", asked again {clock(when, zone)}" if when is not None else ""
    return Status(Kind.AT_PLATFORM, f"{what}{again}", post.reason, "", when)


def _to_be_sent(post: Post, when: dt.datetime | None, zone: dt.tzinfo | None) -> Status:
    """One of which nothing is public, whatever happens."""
    if when is not None and post.attempts:
        tries = "1 try" if post.attempts == 1 else f"{post.attempts} tries"
        return Status(Kind.RETRIED, f"tried again {clock(when, zone)}, after {tries}", post.reason, "", when)
    if when is not None:
        return Status(Kind.WAITING, f"waiting until {clock(when, zone)}", post.reason, "", when)
    words = "being uploaded" if post.state is PostState.UPLOADING else "not sent yet"
    return Status(Kind.NOT_SENT, words, post.reason, "")


def _resume(run: Run | None) -> str:
    return f"reelmill resume {shlex.quote(f'{run.pipeline}@{run.occasion}')}" if run is not None else ""


def _reconcile(post: Post) -> str:
    return f"reelmill reconcile {str(post.id)[:8]}"


def _kept_until(post: Post, zone: dt.tzinfo | None) -> dt.datetime | None:
    """When the platform makes it public by itself, if that is still to come."""
    at = kept_until(post)
    return at.astimezone(zone) if at is not None and at > now() else None


def clock(at: dt.datetime, zone: dt.tzinfo | None = None) -> str:
    """A moment as people say it today: `18:20`, or `11-30 18:20` on another day.

    >>> clock(dt.datetime(2001, 11, 30, 10, 20, tzinfo=dt.UTC), dt.timezone(dt.timedelta(hours=8)))
    '2001-11-30 18:20'
    """
    local, today = at.astimezone(zone), now().astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"


def counts(found: Sequence[Status]) -> str:
    """How posts stand, in a few words, what wants a person first: `2 waiting (next 18:20), 1 live`."""
    kinds = Counter(one.kind for one in found)
    return ", ".join(f"{kinds[kind]} {kind}{_next(found, kind)}" for kind in Kind if kinds[kind])


def outlook(found: Sequence[Status]) -> list[str]:
    """What is still to come of posts, a sentence a kind: `9 posts wait for their time (next 18:20)`."""
    kinds = Counter(one.kind for one in found)
    return [
        f"{kinds[kind]} {_SENTENCES[kind][kinds[kind] > 1]}{_next(found, kind)}"
        for kind in Kind
        if kinds[kind] and kind is not Kind.LIVE
    ]


def outlook_of(ledger: Ledger, run: Run, *, local: bool = False) -> list[Status]:
    """How those posts of a run stand that are not live.

    Parameters
    ----------
    local:
        Times are those of this machine, as at a terminal, and not of the run's zone.
    """
    return outlooks_of(ledger, [run], local=local)[run.id]


def outlooks_of(ledger: Ledger, runs: Sequence[Run], *, local: bool = False) -> dict[UUID, list[Status]]:
    """The same of each of these runs, in two queries."""
    found = ledger.post_lists.not_live([run.id for run in runs])
    pauses = ledger.standings.pauses([post for posts in found.values() for post, _ in posts])
    return {
        run.id: [
            status_of(post, pauses, None if local else ZoneInfo(run.zone), run=run, video=video)
            for post, video in found[run.id]
        ]
        for run in runs
    }


def of_video(account: Account, run: Run, zone: dt.tzinfo | None = None) -> list[Status]:
    """How the posts of a video stand."""
    return [status_of(post, account.pauses, zone, run=run, video=account.video.state) for post in account.posts]


def _next(found: Sequence[Status], kind: Kind) -> str:
    if kind not in {Kind.WAITING, Kind.RETRIED}:
        return ""
    first = min(one.at for one in found if one.kind is kind and one.at is not None)
    return f" (next {clock(first, first.tzinfo)})"


def _shown(post: Post) -> str:
    """Whether a live post is shown as it should be."""
    seen = post.detail.get("read_back") or {}
    wrong = {"public": "not public", "labelled": "not labelled as AI", "whole": "not the same file"}
    found = [words for what, words in wrong.items() if seen.get(what) is False]
    return f"live, but {' and '.join(found)}" if found else "live"
