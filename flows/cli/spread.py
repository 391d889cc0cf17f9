"""How a plan spreads its posts over accounts and times, and what does not fit: for `reelmill plan`."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from flows.cli.output import table
from flows.counting import counted
from flows.definition import Definition
from flows.pipeline import Pipeline
from flows.video_plan import PostPlan
from tasks.publishing.base import Target


class Spread:
    """The posts of a plan by target, and the zone in which each target's times are told."""

    def __init__(self, definition: Definition, pipeline: Pipeline, posts: Sequence[PostPlan]) -> None:
        self._targets: Mapping[str, Target] = definition.targets
        self._zones = {name: entry.rules(pipeline.zone).zone for entry in pipeline.publish for name in entry.to}
        self._posts = [post for post in posts if post.target in self._zones]

    @property
    def timed(self) -> bool:
        """Whether any post has a time."""
        return any(post.at is not None for post in self._posts)

    def told(self, posts: Sequence[PostPlan]) -> str:
        """Where the posts of a video go, and when if not at once: `tiktok-main 29 Nov 18:20, outbox`."""
        return ", ".join(dict.fromkeys(self._told(post) for post in posts if post.target in self._zones))

    def _told(self, post: PostPlan) -> str:
        if post.at is None:
            return post.target
        return f"{post.target} {_local(post.at, self._zones[post.target]):%-d %b %H:%M}"

    def show(self, out: Console, misfits: Sequence[str]) -> None:
        """Print one line for each day of each account, and why posts do not fit."""
        if self.timed:
            columns = {
                "account": "left",
                "day": "left",
                "times": "left",
                "posts": "right",
                "zone": "left",
                "kept by": "left",
            }
            out.print()
            out.print(table(columns, self._rows()))
            out.print()
        for reason, count in Counter(misfits).items():
            out.print(Text(f"{counted(count, 'post')} will not fit: {reason}", style="yellow"))
        if misfits:
            out.print("give them more room with `days`, `between` or `per_day`, or with another account in `to`")

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for name, zone in self._zones.items():
            own = [post.at for post in self._posts if post.target == name]
            local = sorted(_local(at, zone) for at in own if at is not None)
            told = [("at once", "", str(own.count(None)), "", "")] if None in own else []
            for day in dict.fromkeys(at.date() for at in local):
                times = [at for at in local if at.date() == day]
                span = " – ".join(dict.fromkeys(f"{at:%H:%M}" for at in (times[0], times[-1])))
                by = "the platform" if all(self._targets[name].keeps(at) for at in times) else "Reelmill"
                told.append((f"{day:%a %-d %b}", span, str(len(times)), zone.key, by))
            yield from ((name if at == 0 else "", *row) for at, row in enumerate(told))


def _local(at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    return at.astimezone(zone)
