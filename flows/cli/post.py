"""One post, whole: for people and for programs."""

from __future__ import annotations

from rich.text import Text

from flows.cli.app import OK
from flows.cli.output import COLOURS, console, print_json, state, table
from flows.post_status import Status, clock, status_of
from records.ledger import Ledger
from records.tables import Post, PostMetrics, Run, Transition, Video
from reelmill.content import Json

#: What is measured, in the order in which it is told.
NUMBERS = ("views", "likes", "comments", "shares", "watch_seconds")
_MOMENTS = ("due_at", "armed_at", "accepted_at", "live_at", "seen_at", "created_at", "updated_at")


def show_post(ledger: Ledger, post: Post, *, as_json: bool) -> int:
    """Show one post with every state that it has had and every number that was ever told of it."""
    video = ledger.videos.get(post.video_id)
    run = ledger.runs.get(video.run_id)
    assert run is not None, "a video has its run"
    status = status_of(post, ledger.standings.pauses([post]), run=run, video=video.state)
    history, measured = ledger.posts.history(post.id), ledger.measurements.of_post(post.id)
    if as_json:
        told = post_as_json(post, video, run, status, measured[-1] if measured else None)
        print_json(
            {**told, "history": [_step(step) for step in history], "measured": [_numbers(one) for one in measured]}
        )
        return OK
    out = console()
    out.print(Text.assemble((video.title, "bold"), f" ({post.profile}) → {post.target} · {post.id}"))
    out.print(Text(status.words, style=COLOURS.get(status.kind.slug, "")))
    for name, value in _facts(post, run, status):
        if value:
            out.print(Text(f"{name:<10}", style="dim") + value, soft_wrap=True)
    if measured:
        columns = {"at": "left", **{name.replace("_", " "): "right" for name in NUMBERS}}
        rows = [(clock(one.at), *(_number(getattr(one, name)) for name in NUMBERS)) for one in measured]
        out.print()
        out.print(table(columns, rows))
    out.print()
    steps = [(f"{step.at.astimezone():%m-%d %H:%M:%S}", state(step.after), step.reason) for step in history]
    out.print(table({"at": "left", "state": "left", "why": "!left"}, steps))
    if status.command:
        out.print(Text(f"→ {status.command}", style="bold"), soft_wrap=True)
    return OK


def _facts(post: Post, run: Run, status: Status) -> list[tuple[str, str]]:
    tried = f"{post.attempts} that did not work" if post.attempts else ""
    return [
        ("address", post.url or ""),
        ("account", f"{post.account} ({post.platform})"),
        ("run", f"{run.pipeline}@{run.occasion}"),
        ("why", status.why),
        ("due", clock(post.due_at) if post.due_at is not None else ""),
        ("tries", tried),
        ("live", clock(post.live_at) if post.live_at is not None else ""),
        ("seen", f"{clock(post.seen_at)}: {_seen(post)}" if post.seen_at is not None else ""),
        ("their id", post.platform_id or ""),
    ]


def _seen(post: Post) -> str:
    """What the platform showed of it."""
    seen = post.detail.get("read_back") or {}
    words = {"public": "public", "labelled": "labelled as AI", "whole": "the very file"}
    told = [f"{'' if seen[key] else 'not '}{word}" for key, word in words.items() if seen.get(key) is not None]
    return ", ".join(told) or "it does not say more"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def post_as_json(post: Post, video: Video, run: Run, status: Status, numbers: PostMetrics | None) -> dict[str, Json]:
    """Everything that the ledger says of a post."""
    told: dict[str, Json] = {
        "id": str(post.id),
        "video": video.title,
        "video_id": str(post.video_id),
        "pipeline": run.pipeline,
        "occasion": run.occasion,
        "target": post.target,
        "platform": post.platform,
        "account": post.account,
        "profile": post.profile,
        "state": post.state.value,
        "status": status.kind.slug,
        "words": status.words,
        "reason": post.reason,
        "next_command": status.command,
        "attempts": post.attempts,
        "url": post.url,
        "platform_id": post.platform_id,
        "read_back": post.detail.get("read_back"),
    }
    for name in _MOMENTS:
        moment = getattr(post, name)
        told[name] = moment.isoformat() if moment is not None else None
    told["metrics"] = None if numbers is None else _numbers(numbers)
    return told


def _numbers(one: PostMetrics) -> dict[str, Json]:
    return {"at": one.at.isoformat(), **{name: getattr(one, name) for name in NUMBERS}}


def _step(step: Transition) -> dict[str, Json]:
    return {"at": step.at.isoformat(), "before": step.before, "after": step.after, "reason": step.reason}
