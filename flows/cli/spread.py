"""How a plan spreads its posts over accounts and times, and what does not fit: for `reelmill plan`."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from flows.cli.output import table
from flows.counting import counted
from flows.room import Room
from flows.video_plan import PostPlan
from records.database import now
from reelmill.content import Json
from tasks.publishing.base import Target


class Spread:
    """The posts of a plan by target, each with the room that its account has.

    Parameters
    ----------
    targets:
        Those of the definition.
    """

    def __init__(self, targets: Mapping[str, Target], rooms: Sequence[Room], posts: Sequence[PostPlan]) -> None:
        self._targets = targets
        self._rooms = {room.target: room for room in rooms}
        self._posts = [post for post in posts if post.target in self._rooms]

    @property
    def timed(self) -> bool:
        """Whether any post has a time."""
        return any(post.at is not None for post in self._posts)

    def told(self, posts: Sequence[PostPlan]) -> str:
        """Where the posts of a video go, and when if not at once: `tiktok-main 29 Nov 18:20, outbox`."""
        return ", ".join(dict.fromkeys(self._told(post) for post in posts if post.target in self._rooms))

    def _told(self, post: PostPlan) -> str:
        if post.at is None:
            return post.target
        return f"{post.target} {post.at.astimezone(self._rooms[post.target].zone):%-d %b %H:%M}"

    def as_json(self) -> dict[str, Json]:
        """By target: the posts of each day, what others have taken of it, and the limits."""
        return {name: room.as_json(self._at(name), now()) for name, room in self._rooms.items()}

    def show(self, out: Console, misfits: Sequence[str]) -> None:
        """Print one line for each day of each account, and why posts do not fit. Folders alone have no limits."""
        if self.timed or not all(self._targets[name].local for name in self._rooms):
            heads = ("account", "day", "times", "posts", "taken", "a day", "window", "zone", "kept by")
            rows = list(self._rows())
            shown = [at for at in range(len(heads)) if any(row[at] for row in rows)]
            columns = {heads[at]: "right" if heads[at] in {"posts", "taken", "a day"} else "left" for at in shown}
            out.print()
            out.print(table(columns, [[row[at] for at in shown] for row in rows]))
            out.print()
        for room in self._rooms.values():
            if room.quota is not None:
                out.print(f"{room.target} says that it takes {counted(room.quota.left, 'more post')} today")
        for reason, count in Counter(misfits).items():
            out.print(Text(f"{counted(count, 'post')} will not fit: {reason}", style="yellow"))
        if misfits:
            out.print("give them more room with `days`, `between` or `per_day`, or with another account in `to`")

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for name, room in self._rooms.items():
            yield from ((name if at == 0 else "", *row) for at, row in enumerate(self._days(room)))

    def _days(self, room: Room) -> Iterator[tuple[str, ...]]:
        own, target = self._at(room.target), self._targets[room.target]
        local = sorted(at.astimezone(room.zone) for at in own if at is not None)
        limit = ("" if room.a_day is None else str(room.a_day), room.window)
        if None in own or not own:
            taken = room.taken(now().astimezone(room.zone).date())
            yield ("at once" if own else "–", "", str(own.count(None)), str(taken), *limit, "", "")
        for day in dict.fromkeys(at.date() for at in local):
            times = [at for at in local if at.date() == day]
            span = " – ".join(dict.fromkeys(f"{at:%H:%M}" for at in (times[0], times[-1])))
            by = "the platform" if all(target.keeps(at) for at in times) else "Reelmill"
            taken = room.taken(day)
            yield (f"{day:%a %-d %b}", span, str(len(times)), str(taken), *limit, room.zone.key, by)

    def _at(self, target: str) -> list[dt.datetime | None]:
        return [post.at for post in self._posts if post.target == target]


def misfits_as_json(misfits: Sequence[str]) -> list[Json]:
    """Why posts do not fit, and how many each time."""
    return [{"reason": reason, "posts": count} for reason, count in Counter(misfits).items()]
