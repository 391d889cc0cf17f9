"""The last lines of a run's log: what a click on a run shows at once, without a look at its artifacts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from uuid import UUID

from flows.answers import answers
from flows.dashboard.closing import command, headline, is_unfinished
from flows.dashboard.law import equation_of_posts
from flows.dashboard.standing import Standing
from flows.post_status import Kind
from records.runs import Tally
from records.states import PostState, VideoState
from records.tables import Run

#: Lines about single videos and posts. What is beyond them is in the artifacts.
MOST = 50

Line = tuple[int, str]


def last_words(run: Run, tally: Tally, standings: Sequence[Standing], watch: Callable[[UUID], str]) -> list[Line]:
    """Levels of logging and lines of plain text: where it was posted, what failed, what waits, and what to type.

    The worst comes last, where the eye is when it has read a log.
    """
    posted = list(_posted(standings))
    lines = posted[:MOST]
    lines += [(logging.INFO, f"… and {len(posted) - MOST} more: see the artifact of posts")] * (len(posted) > MOST)
    wanting = list(_wanting(standings, watch))
    lines += islice(wanting, MOST)
    lines += [(logging.WARNING, f"… and {len(wanting) - MOST} more: see the summary")] * (len(wanting) > MOST)
    gist = headline(run, tally, standings)
    if posts := equation_of_posts(standings):
        gist = f"{gist}; {posts}"
    if is_unfinished(run, standings):
        lines.append((logging.WARNING, f"{gist}. Go on with: {command('resume', run)}"))
    else:
        lines.append((logging.INFO, gist))
    return lines


def _posted(standings: Sequence[Standing]) -> Iterator[Line]:
    for one in standings:
        for post in one.posts:
            if post.state is PostState.LIVE:
                where = f"{post.target} ({post.profile})"
                yield logging.INFO, f"{one.video.title} is live on {where}: {post.url or 'no URL'}"


def _wanting(standings: Sequence[Standing], watch: Callable[[UUID], str]) -> Iterator[Line]:
    for one in standings:
        if one.state is VideoState.FAILED:
            yield logging.WARNING, f"{one.video.title} failed: {one.why or 'no reason was given'}; {one.kept}"
        for post in one.posts:
            status = one.statuses[post.id]
            if status.kind is Kind.UNKNOWN:
                doubt = f"may be live on {post.target}, or not: {post.reason}"
                then = f"look there, then say what is true: {', or '.join(answers(post))}"
                yield logging.WARNING, f"{one.video.title} {doubt}; {then}"
            elif status.kind in {Kind.PAUSED, Kind.HANDED_OVER}:
                yield logging.WARNING, f"{one.video.title} to {post.target} – {status.words}: {status.command}"
        if one.state is VideoState.IN_REVIEW:
            player, *_ = watch(one.video.id).split("?")  # a log goes further than a link that lets everybody in may go
            yield logging.WARNING, f"{one.video.title} waits for you: {one.why}; watch it at {player}"
