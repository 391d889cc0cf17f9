"""`reelmill reconcile`: set going again what dead processes and lost messages left behind."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Annotated

from cyclopts import Parameter

from flows import server, tracing
from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json
from records.ledger import Ledger
from records.posts import Sight
from records.states import PostState
from reelmill.errors import ReelmillError, UseError
from reelmill.settings import Settings

log = logging.getLogger("reelmill.reconcile")


def reconcile(
    post: Annotated[str, Parameter(help="A post that is unknown: its id, or the beginning of it.")] = "",
    /,
    *,
    live: Annotated[str, Parameter(help="It is public: at this address.")] = "",
    not_posted: Annotated[bool, Parameter(negative="", help="It is not public, and may be sent again.")] = False,
    every: Annotated[float | None, Parameter(help="Do it again after so many seconds, until stopped.")] = None,
    as_json: AsJson = False,
) -> int:
    """Set going again what was left behind: dead runs, events without a run, missed days, posts whose time has come.

    With a post whose outcome is unknown, say what is true of it after you looked at the platform.
    """
    settings = Settings()
    if post or live or not_posted:
        return _decide(settings, post, live, not_posted=not_posted, as_json=as_json)
    server.connect(settings)
    if every is not None:
        from reelmill import logs

        logs.configure(settings.log_format, settings.log_level)
        tracing.configure("reelmill-reconcile")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        from flows.sending import keep_sending

        posts = threading.Thread(target=keep_sending, args=(settings, every, stop), name="posts")
        posts.start()
        keep_reconciling(settings, every, stop)
        posts.join()
        return OK
    done: list[str] = []
    with Ledger(settings) as ledger:
        if ledger.posts.any_to_mind():
            from flows.sending import sender  # brings what publishes

            with sender(settings, ledger) as made:
                done += made.send_due()
                made.look_again()
                made.measure()
    done += once(settings)  # after the posts, so that people are told of these as well
    if as_json:
        print_json({"done": done})
    else:
        out = console()
        for line in done or ["nothing was left behind"]:
            out.print(line)
    return OK


def _decide(settings: Settings, beginning: str, live: str, *, not_posted: bool, as_json: bool) -> int:
    """What a person says of a post that may be public or not."""
    if not beginning or bool(live) == not_posted:
        raise UseError(
            "say of which post, and what is true of it",
            "`reelmill reconcile POST --live URL`, or `reelmill reconcile POST --not-posted`",
        )
    if live and not live.startswith(("http://", "https://", "file://")):
        raise UseError(f"{live!r} is no address", "give the one at which the post is seen")
    with Ledger(settings) as ledger:
        found = ledger.post_lists.find(beginning)
        waits_for_a_person = found.state is PostState.ARMED and found.accepted_at is not None
        if found.state is not PostState.UNKNOWN and not waits_for_a_person:
            raise UseError(f"the post is {found.state.value}, which is no question", "see `reelmill posts`")
        if live:
            sight = Sight(live, found.platform_id or "", {"confirmed_by": "a person"})
            after = ledger.posts.move(found.id, PostState.LIVE, "a person found it live", sight=sight)
            ledger.posts.see(found.id, {"public": True, "by": "a person"})
        else:
            ledger.posts.remember(found.id, {})
            after = ledger.posts.move(found.id, PostState.PLANNED, "a person says that it was not posted")
        run = ledger.runs.get(ledger.videos.get(found.video_id).run_id)
    if as_json:
        print_json({"id": str(after.id), "state": after.state.value, "url": after.url})
        return OK
    out = console()
    out.print(f"the post to {after.target} is {after.state.value}" + (f": {after.url}" if after.url else ""))
    if run is not None:
        out.print(f"go on with `reelmill resume {run.pipeline}@{run.occasion}`")
    return OK


def once(settings: Settings) -> list[str]:
    """Reconcile once. Returns what was done, in words."""
    from prefect.client.orchestration import get_client

    from flows.reconciling import reconcile as reconcile_all

    with Ledger(settings) as ledger, get_client(sync_client=True) as client:
        return reconcile_all(settings, ledger, client)


def keep_reconciling(settings: Settings, every: float, stop: threading.Event) -> None:
    """Reconcile again and again. A ledger or a server that is away is asked again next time."""
    import httpx
    from prefect.exceptions import PrefectException

    while not stop.is_set():
        try:
            once(settings)
        except (ReelmillError, httpx.HTTPError, PrefectException) as error:
            log.warning("could not look for what was left behind: %s", error)
        stop.wait(every)
