"""Tells people that a run failed, died, or waits for them: a small flow that an automation starts.

A second one tells of what was found out after a run had ended; the reconciler starts it (`flows/telling.py`).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from flows.opening import deployed
from flows.operation_options import NotifyOptions
from flows.outset import settle
from records.ledger import Ledger
from records.notices import end_key
from records.tables import Run

#: What a state of a flow run is called in `notify: {on: …}`.
KINDS = {"Failed": "failed", "TimedOut": "failed", "Crashed": "crashed", "InReview": "in_review"}


@flow(name="notify", flow_run_name="notify: {state}", persist_result=False)
def notify(flow_run_id: str, state: str, message: str = "") -> State[Any]:
    """Tell those whom the definition names, of each end of a run once.

    Parameters
    ----------
    flow_run_id:
        The flow run that it is about.
    state, message:
        Its state in Prefect, and what that says.
    """
    with get_client(sync_client=True) as client:
        told = client.read_flow_run(UUID(flow_run_id))
    pipeline = str((told.parameters or {}).get("pipeline") or "")
    settings = settle("reelmill-notify")  # first of all: Apprise logs addresses that it does not know
    with Ledger(settings) as ledger:
        options = deployed(ledger, pipeline, settings).notify if pipeline else NotifyOptions()
        run = ledger.runs.by_flow_run(flow_run_id)
        if not options.to or KINDS.get(state, "failed") not in options.on:
            return Completed(name="Skipped", message="nobody is to be told of this")
        # Prefect lets an automation act at least once: its server tries again when its own database was busy.
        key, title = end_key(flow_run_id, str(told.state_id)), f"Reelmill: {told.name} {_words(state)}"
        if not ledger.notices.claim(key, pipeline, title):
            return Completed(name="Skipped", message="everybody was told of this already")
        sent = send(options, title, body_of(run, state, message, settings.web_url))
        if not sent.is_completed():
            ledger.notices.forget(key)
    return sent


@flow(name="notify-posts", flow_run_name="notify: {title}", persist_result=False)
def notify_posts(pipeline: str, title: str, body: str) -> State[Any]:
    """Tell those whom a pipeline names of its posts and accounts. The log says the same, for the dashboard.

    Parameters
    ----------
    pipeline:
        Whose they are.
    title, body:
        What is told.
    """
    settings = settle("reelmill-notify")
    log = get_run_logger()
    for line in body.splitlines():
        if line:
            log.warning("%s", line)
    with Ledger(settings) as ledger:
        options = deployed(ledger, pipeline, settings).notify
    if not options.to or "failed" not in options.on:
        return Completed(name="Skipped", message="nobody is to be told of this")
    return send(options, f"Reelmill: {title}", body)


def send(options: NotifyOptions, title: str, body: str) -> State[Any]:
    """Send a message everywhere. The addresses hold secrets, so none is ever named."""
    import apprise

    missing, wrong, sender = [], [], apprise.Apprise()
    for secret in options.to:
        address = secret.find()
        if address is None:
            missing.append(secret.name)
        elif not sender.add(address):
            wrong.append(secret.name)
    if missing or wrong:
        words = [f"{', '.join(missing)} not set here"] * bool(missing)
        words += [f"{', '.join(wrong)} no Apprise URL"] * bool(wrong)
        return Failed(message=f"somebody was not told: {'; '.join(words)}")
    if not sender.notify(title=title, body=body):
        return Failed(message="a service did not take the message; its log says why")
    return Completed(message=f"told {len(sender)}")


def _words(state: str) -> str:
    return {"failed": "failed", "crashed": "died", "in_review": "waits for a person"}[KINDS.get(state, "failed")]


def body_of(run: Run | None, state: str, message: str, web_url: str) -> str:
    """What is told of a run: what Prefect says of its end, and what to type next."""
    lines = [message] if message else []
    if run is not None:
        lines.append(f"Look: reelmill show {run.pipeline}@{run.occasion}")
    if KINDS.get(state) == "in_review":
        # It goes on by itself once somebody has decided.
        pipeline = f"?pipeline={run.pipeline}" if run is not None else ""
        lines += [f"Decide: {web_url.rstrip('/')}/review{pipeline}"] if web_url else []
        lines.append(f"{'Or' if web_url else 'Decide'}: reelmill review list")
    elif run is not None:
        lines.append(f"Go on: reelmill resume {run.pipeline}@{run.occasion}")
    return "\n".join(lines) or "See the dashboard."
