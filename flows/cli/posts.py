"""`reelmill posts`: what went out, what waits for its time, and what a person has to look at."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json, state, table
from flows.counting import counted
from records.ledger import Ledger
from records.posts import OPEN
from records.states import PostState
from records.tables import Post, PostMetrics
from reelmill.content import Json
from reelmill.settings import Settings

#: What is shown of what people did with posts, where anything is known of it, and all of it.
NUMBERS = ("views", "likes")
ALL_NUMBERS = ("views", "likes", "comments", "shares", "watched", "as of")


def posts(
    target: Annotated[str, Parameter(help="Only this target's.")] = "",
    /,
    *,
    state: Annotated[tuple[PostState, ...], Parameter(help="Only posts in this state.", negative="")] = (),
    waiting: Annotated[bool, Parameter(negative="", help="Only those that are not at their end.")] = False,
    metrics: Annotated[bool, Parameter(negative="", help="All that is known of what people did with them.")] = False,
    limit: Annotated[int, Parameter(help="How many.")] = 50,
    as_json: AsJson = False,
) -> int:
    """List posts, the newest at the end: where they are, when they are due, and what stands in their way."""
    states = tuple(OPEN) if waiting else state or tuple(PostState)
    with Ledger(Settings()) as ledger:
        found = ledger.posts.in_states(states, target=target, limit=limit)
        titles = {post.video_id: ledger.videos.get(post.video_id).title for post in found}
        numbers = ledger.measurements.newest([post.id for post in found])
    if as_json:
        print_json([_as_json(post, titles[post.video_id], numbers.get(post.id)) for post in found])
        return OK
    out = console()
    if not found:
        out.print("no such posts")
        return OK
    columns = {
        "id": "left",
        "video": "!left",
        "target": "left",
        "state": "left",
        "when": "left",
        "where or why": "!left",
    }
    shown = (ALL_NUMBERS if metrics else NUMBERS) if numbers or metrics else ()
    columns |= dict.fromkeys(shown, "right")
    rows = [
        (*_row(post, titles[post.video_id]), *(_number(numbers.get(post.id), name) for name in shown)) for post in found
    ]
    out.print(table(columns, rows))
    counts = Counter(post.state for post in found)
    out.print(", ".join(f"{count} {_word(word)}" for word, count in counts.items()))
    if unknown := [post for post in found if post.state is PostState.UNKNOWN]:
        short = str(unknown[0].id)[:8]
        out.print(
            Text(
                f"{counted(len(unknown), 'post')} may be public or not. Look at the target, then say what is true: "
                f"`reelmill reconcile {short} --live URL`, or `reelmill reconcile {short} --not-posted`",
                style="yellow",
            )
        )
    return OK


def _word(post_state: PostState) -> str:
    return post_state.value


def _row(post: Post, title: str) -> tuple[str | Text, ...]:
    return (str(post.id)[:8], f"{title} ({post.profile})", post.target, state_of(post), when(post), where(post))


def _number(numbers: PostMetrics | None, name: str) -> str:
    """The newest one that a platform told; "" if it does not tell it."""
    if numbers is None:
        return ""
    if name == "as of":
        return numbers.at.astimezone().strftime("%m-%d %H:%M")
    if name == "watched":
        return "" if numbers.watch_seconds is None else f"{numbers.watch_seconds / 3600:,.1f} h"
    value = getattr(numbers, name)
    return "" if value is None else f"{value:,}"


def state_of(post: Post) -> Text:
    """Its state, and whether the platform works on it or shows something else than it should."""
    text = state(post.state.value)
    seen = post.detail.get("read_back") or {}
    if post.state is PostState.ARMED and post.accepted_at is not None:
        text.append(", at the platform")
    elif post.state is PostState.LIVE and (seen.get("public") is False or seen.get("labelled") is False):
        text.append(", not public" if seen.get("public") is False else ", not labelled", style="yellow")
    return text


def when(post: Post) -> str:
    """When it went out or is due."""
    if post.live_at is not None:
        return post.live_at.astimezone().strftime("%m-%d %H:%M")
    return "due " + post.due_at.astimezone().strftime("%m-%d %H:%M") if post.due_at is not None else ""


def where(post: Post) -> str:
    """Its address; before it has one, what stands in its way."""
    return post.url or "" if post.state in {PostState.LIVE, PostState.WITHDRAWN} else post.reason


def _as_json(post: Post, title: str, numbers: PostMetrics | None) -> dict[str, Json]:
    told = {
        "id": str(post.id),
        "video": title,
        "video_id": str(post.video_id),
        "target": post.target,
        "platform": post.platform,
        "account": post.account,
        "profile": post.profile,
        "state": post.state.value,
        "reason": post.reason,
        "url": post.url,
        "platform_id": post.platform_id,
        "read_back": post.detail.get("read_back"),
        "metrics": None,
    }
    for name in ("due_at", "armed_at", "accepted_at", "live_at", "seen_at", "created_at", "updated_at"):
        moment = getattr(post, name)
        told[name] = moment.isoformat() if moment is not None else None
    if numbers is not None:
        names = ("views", "likes", "comments", "shares", "watch_seconds")
        told["metrics"] = {"at": numbers.at.isoformat(), **{name: getattr(numbers, name) for name in names}}
    return told
