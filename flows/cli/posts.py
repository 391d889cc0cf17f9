"""`reelmill posts`: what went out, what waits for its time, and what a person has to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated
from uuid import UUID

from cyclopts import Parameter, validators
from rich.console import Console
from rich.padding import Padding
from rich.segment import Segment, Segments
from rich.text import Text

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import COLOURS, console, print_json, table
from flows.cli.post import post_as_json, show_post
from flows.post_status import Kind, Status, clock, counts, status_of
from records.ledger import Ledger
from records.posts import OPEN
from records.states import PostState
from records.tables import Post, PostMetrics, Run, Video
from reelmill.errors import UseError
from reelmill.settings import Settings

#: Widest title in the table, in characters. What is longer is cut off, and is whole in `reelmill posts POST`.
WIDEST = 34
#: What stands before the line below a post.
INDENT = 10

Row = tuple[Post, Video, Run]


def posts(
    post: Annotated[str, Parameter(help="Show this one, with its history: its id, or the beginning of it.")] = "",
    /,
    *,
    state: Annotated[tuple[PostState, ...], Parameter(help="Only posts in this state.", negative="")] = (),
    waiting: Annotated[bool, Parameter(negative="", help="Only those that are not at their end.")] = False,
    target: Annotated[str, Parameter(help="Only this target's.")] = "",
    pipeline: Annotated[str, Parameter(help="Only this pipeline's, or of one run: PIPELINE@DATE.")] = "",
    limit: Annotated[int, Parameter(help="How many, the newest ones.", validator=validators.Number(gte=1))] = 50,
    as_json: AsJson = False,
) -> int:
    """List posts, the newest at the end: where they are, when they are due, and what stands in their way."""
    if post and (state or waiting or target or pipeline):
        raise UseError(
            "a post is named, and others are asked for", "name a post, or choose some with --state and so on"
        )
    if state and waiting:
        raise UseError("--state and --waiting both choose by state", "leave one out")
    with Ledger(Settings()) as ledger:
        if post:
            return show_post(ledger, ledger.post_lists.find(post), as_json=as_json)
        name, _, occasion = pipeline.partition("@")
        states = tuple(OPEN) if waiting else state
        found = ledger.post_lists.recent(limit=limit, states=states, target=target, pipeline=name, occasion=occasion)
        if not found and target:
            _see_that_it_is_known(ledger, target)
        pauses = ledger.standings.pauses([post for post, _, _ in found])
        numbers = ledger.measurements.newest([post.id for post, _, _ in found])
    statuses = {post.id: status_of(post, pauses, run=run, video=video.state) for post, video, run in found}
    if as_json:
        print_json([post_as_json(*row, statuses[row[0].id], numbers.get(row[0].id)) for row in found])
        return OK
    _tell(found, statuses, numbers)
    return OK


def _see_that_it_is_known(ledger: Ledger, target: str) -> None:
    from tasks.registry import suggest

    known = ledger.post_lists.targets()
    if target not in known:
        near = suggest(target, known)
        meant = f"did you mean `{near}`?" if near else f"there are posts to {', '.join(known)}" if known else ""
        raise UseError(f"nothing was ever posted to {target!r}", meant or "see `reelmill targets`")


def _tell(found: Sequence[Row], statuses: Mapping[UUID, Status], numbers: Mapping[UUID, PostMetrics]) -> None:
    out = console()
    if not found:
        out.print("no such posts")
        return
    columns = dict.fromkeys(("id", "video", "target", "how it stands", "since"), "left")
    if numbers:
        columns |= dict.fromkeys(("views", "likes", "comments"), "right")
    rows = [_row(post, video, statuses[post.id], numbers) for post, video, _ in found]
    made = table(columns, rows)
    made.columns[1].no_wrap, made.columns[1].overflow, made.columns[1].max_width = True, "ellipsis", WIDEST
    heading, *lines = Segment.split_lines(out.render(made))
    out.print(Segments([*heading, Segment.line()]), end="")
    for line, (post, _, _) in zip(lines, found, strict=True):
        out.print(Segments([*line, Segment.line()]), end="")
        for below in _below(post, statuses[post.id]):
            _print_below(out, below)
    out.print(f"{len(found)}: {counts(list(statuses.values()))}")


def _row(post: Post, video: Video, status: Status, numbers: Mapping[UUID, PostMetrics]) -> tuple[str | Text, ...]:
    since = post.live_at if post.live_at is not None else post.updated_at
    row = (
        str(post.id)[:8],
        f"{video.title} ({post.profile})",
        post.target,
        Text(status.words, style=COLOURS.get(status.kind.slug, "")),
        clock(since),
    )
    if not numbers:
        return row
    told = numbers.get(post.id)
    return (*row, *("" if one is None else f"{one:,}" for one in _counted(told)))


def _counted(told: PostMetrics | None) -> tuple[int | None, ...]:
    return (told.views, told.likes, told.comments) if told is not None else (None, None, None)


def _below(post: Post, status: Status) -> Iterator[Text]:
    """What stands in a line of its own: the address, whole, to be clicked; what stands in its way; what to type."""
    if post.url and status.kind in {Kind.LIVE, Kind.UNKNOWN, Kind.AT_PLATFORM, Kind.WITHDRAWN}:
        yield Text(post.url, style="dim")
    if status.why and status.kind is not Kind.WITHDRAWN:
        yield Text(status.why, style="dim")
    if status.command:
        yield Text(f"→ {status.command}", style=COLOURS.get(status.kind.slug, ""))


def _print_below(out: Console, line: Text) -> None:
    """Indented. An address keeps its length, whatever the width, or nobody could copy it."""
    if " " in line.plain and not out.soft_wrap:
        out.print(Padding(line, (0, 0, 0, INDENT)))
    else:
        out.print(Text(" " * INDENT) + line, soft_wrap=True)
