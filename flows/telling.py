"""Has people told of what came about after a run had ended: posts that failed or may be public, and paused accounts.

The end of a run tells of what happened in it. What the ledger finds out later is told here, each thing once: it is
written down first, under the message that it goes into, and Prefect takes each message once, whoever dies in between.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from flows.answers import answers
from flows.counting import counted
from records.ledger import Ledger
from records.notices import LatePost, Pause
from records.states import PostState
from records.tables import Notice
from reelmill.settings import Settings

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

#: The flow and its deployment, which `reelmill deploy` makes.
SERVICE = "notify-posts/notify-posts"
#: Longest reason in a message, in characters.
LONGEST = 600
#: Things that one message names. More are counted.
MOST = 30


def tell(_settings: Settings, ledger: Ledger, client: SyncPrefectClient) -> Iterator[str]:
    """Start a message for every pipeline of which there is something to tell. Says what it did."""
    service = _service_id(client)
    if service is None:
        return  # nothing is deployed, so nobody is named
    news: dict[str, dict[str, str]] = defaultdict(dict)
    for post in ledger.notices.late_posts():
        news[post.run.pipeline][post.key] = of_post(post)
    for pause in ledger.notices.pauses():
        news[pause.pipeline][pause.key] = of_pause(pause)
    for pipeline, words in news.items():
        ledger.notices.add(pipeline, words)
    for notices in ledger.notices.untold():
        first = notices[0]
        client.create_flow_run_from_deployment(
            service,
            parameters={"pipeline": first.pipeline, "title": title(notices), "body": body(notices)},
            idempotency_key=f"notice:{first.batch}",
        )
        ledger.notices.told(first.batch)
        yield f"told people: {title(notices)}"


def of_post(late: LatePost) -> str:
    """What became of a post, and the next command."""
    post = late.post
    what = f"{late.title} ({post.profile})"
    if post.state is PostState.UNKNOWN:
        return (
            f"{what} may be public on {post.target}, or not: {_short(post.reason)}\n"
            f"Look there, then say what is true: {', or '.join(answers(post))}"
        )
    return (
        f"{what} was not posted to {post.target}: {_short(post.reason)}\n"
        f"Look: reelmill posts {post.target} --state failed\n"
        f"Try again: reelmill resume {late.run.pipeline}@{late.run.occasion}"
    )


def of_pause(pause: Pause) -> str:
    """Why nothing goes out to an account, and the command that lets posts go on."""
    target = pause.standing.target
    waiting = f"{counted(pause.waiting, 'post')} {'waits' if pause.waiting == 1 else 'wait'} for it"
    return (
        f"{target} is paused, and {waiting}: {_short(pause.standing.reason)}\n"
        f"When that is done, have it go on: reelmill targets {target}\n"
        f"What waits: reelmill posts {target} --waiting"
    )


def title(notices: Sequence[Notice]) -> str:
    """What a message is about, in a few words."""
    accounts = sum(one.key.startswith("pause:") for one in notices)
    parts = [counted(len(notices) - accounts, "post")] * (len(notices) > accounts)
    parts += [counted(accounts, "account")] * bool(accounts)
    verb = "needs" if len(notices) == 1 else "need"
    return f"{' and '.join(parts)} of {notices[0].pipeline} {verb} a person"


def body(notices: Sequence[Notice]) -> str:
    """Everything that a message says."""
    parts = [one.words for one in notices[:MOST]]
    if more := len(notices) - len(parts):
        parts.append(f"… and {more} more: reelmill posts")
    return "\n\n".join(parts)


def _short(reason: str) -> str:
    one_line = " ".join(reason.split())
    return one_line if len(one_line) <= LONGEST else one_line[:LONGEST] + " …"


def _service_id(client: SyncPrefectClient) -> UUID | None:
    from prefect.exceptions import ObjectNotFound

    try:
        return client.read_deployment_by_name(SERVICE).id
    except ObjectNotFound:
        return None
