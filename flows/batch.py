"""One run of one pipeline as a Prefect flow: plan, then carry every video to its end.

Everything that the flow needs is in the ledger, and everything that it does is recorded there, so that it can be
started again at any time and goes on where it was. The same flow serves a person at a terminal, a schedule, an event
and the reconciler; they differ in what they say of the run.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from typing import Any
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed

from flows import promise
from flows.admission import reckon_up
from flows.allotting import keep_times
from flows.assistants import invite
from flows.carrying import carry_all
from flows.counting import counted
from flows.drawing_up import draw_up
from flows.journal import Journal
from flows.observer import Observer, current
from flows.occasion import occasion_of
from flows.outset import PATIENCE, settle
from flows.planning import Plan
from flows.pools import AWAY
from flows.post_status import outlook, outlook_of
from flows.putting_down import heeding
from flows.showing import Showing
from flows.signals import like_ctrl_c
from flows.space import check_space, forecast
from flows.stage_tasks import TASKS
from flows.start import Start, open_run
from flows.wanted import while_wanted
from flows.workshop import Workshop
from records.ledger import Ledger
from records.runs import lease_of
from records.states import ENDED, RunState
from records.tables import Run
from reelmill.errors import Interrupted, LeaseHeld, ReelmillError, ServerUnavailable
from reelmill.failpoints import failpoint
from reelmill.settings import Settings

log = logging.getLogger("reelmill.batch")

AT_ONCE = "the work was stopped at once"


def _name() -> str:
    """What the dashboard calls it before its plan is known."""
    asked = flow_run.parameters
    about = asked.get("date") or asked.get("event_id") or flow_run.scheduled_start_time.strftime("%Y-%m-%d")
    return f"{asked.get('pipeline') or 'run'} {about}"


@flow(name="run-pipeline", flow_run_name=_name, persist_result=False)
def run_pipeline(
    pipeline: str = "",
    date: str = "",
    event_id: str = "",
    event: dict[str, Any] | None = None,
    limit: int | None = None,
    remake: bool = False,
    run_id: str = "",
) -> State[Any]:
    """Execute a run of a pipeline, or go on with one.

    Parameters
    ----------
    pipeline:
        The name of a deployed pipeline.
    date:
        The logical date. Empty: that of the time for which this flow run is scheduled, in the pipeline's zone.
    event_id, event:
        The event that it is about, by its id in the outbox; with a payload, one that somebody emitted in Prefect.
    limit:
        At most this many videos.
    remake:
        Make videos again that are done.
    run_id:
        A run that is open in the ledger already: nothing else is needed then.

    Returns
    -------
    State
        Completed, Failed or Cancelled, with the conservation law as its message.
    """
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    start = Start(
        pipeline=pipeline,
        date=date,
        event_id=event_id,
        event=event,
        limit=limit,
        remake=remake,
        run_id=run_id,
        scheduled=flow_run.scheduled_start_time,
        by_schedule=context.flow_run.auto_scheduled,
    )
    by_deployment = context.flow_run.deployment_id is not None
    # At a terminal the command that was typed has said how it reports.
    settings = settle("reelmill-run") if by_deployment else Settings()
    observer = Journal() if by_deployment else current()
    if settings.generation == "auto":
        settings = settings.model_copy(update={"generation": "pool" if by_deployment else "inline"})
    identity = UUID(flow_run.id)

    def by_person() -> bool:
        """A worker that stops and a person who cancels send the same signal; at a terminal it is always a person."""
        return not by_deployment or _is_cancelled(client, identity)

    try:
        with (
            heeding(observer) if by_deployment else like_ctrl_c(),
            get_client(sync_client=True) as client,
            # Prefect's own signal may come half a minute late, and cuts off what a gentle stop would finish.
            while_wanted(observer, lambda: not _is_cancelled(client, identity)),
            Ledger(settings, patience=PATIENCE) as ledger,
        ):
            run, reason = open_run(ledger, settings, start)
            if run is None:
                return Completed(name="Skipped", message=reason)
            return _execute(settings, ledger, run, observer, by_person, sends=not by_deployment)
    except LeaseHeld as error:
        if not by_deployment:
            raise
        return Completed(name="Skipped", message=error.reason)  # somebody else makes these very videos


def _execute(
    settings: Settings, ledger: Ledger, run: Run, observer: Observer, by_person: Callable[[], bool], *, sends: bool
) -> State[Any]:
    """Hold the run's lease, do its work, close it.

    Parameters
    ----------
    by_person:
        Whether a signal that ends it now comes from a person, so that the run is not to be taken up again.
    sends:
        It waits for its posts that are due soon. Where a house is up, that is done by the house.
    """
    what = f"{run.pipeline} {run.occasion}"
    with ExitStack() as held:
        held.enter_context(ledger.leases.hold(lease_of(run.id), what, lost=observer.cancel.cancel))
        ledger.runs.attach(run.id, str(flow_run.id))
        failpoint("run.opened")
        showing = held.enter_context(closing(Showing(observer, settings, run)))
        shop = Workshop(settings, ledger, run, showing)
        try:
            _plan(shop)
            showing.named(shop)
            _see_that_it_fits(shop)
            if settings.generation == "pool":
                shop.shared = invite(settings, shop.pipeline, run) > 0
            carry_all(shop)
            if sends and ledger.posts.waiting(run_id=run.id, limit=1):
                _send_near(shop)
        except Interrupted as error:
            if observer.put_down:
                return Completed(name="PutDown", message=f"{what} was put down, and is taken up by the next worker")
            run = ledger.runs.close(run.id, interrupted=error.reason)
        except (LeaseHeld, ServerUnavailable):
            raise  # the run stays open: whoever has the lease goes on with it, or the reconciler starts it again
        except ReelmillError as error:
            run = ledger.runs.close(run.id, failure=str(error))
        except Exception as error:
            log.exception("an unexpected error in %s", what)
            ledger.runs.close(run.id, failure=f"unexpected {type(error).__name__}: {error}")
            raise
        except BaseException as error:
            if by_person():
                at_once = isinstance(error, KeyboardInterrupt)
                ledger.runs.close(run.id, interrupted=AT_ONCE if at_once else f"{type(error).__name__}: {error}")
            raise
        else:
            failpoint("run.closing")
            ledger.seen.remember(run.pipeline, run.id)
            run = ledger.runs.close(run.id)
        finally:
            with suppress(ReelmillError):  # what it has kept of the budget is then free when it goes on
                reckon_up(settings, ledger, shop.definition, run.id)
            shop.close()
        showing.ended_run(ledger, run)
    return _state(run, outlook(outlook_of(ledger, run)))


def _send_near(shop: Workshop) -> None:
    from flows.sending import send_near  # brings what publishes, which a run without posts does not need

    send_near(shop.settings, shop.ledger, shop.run.id, lambda: shop.cancel.cancelled)


def _see_that_it_fits(shop: Workshop) -> None:
    """Refuse a run that the disk has no room for, before a second of rendering."""
    todo = [video for video in shop.ledger.videos.of_run(shop.run.id) if video.state not in ENDED]
    footage = shop.pipeline.footage
    needed = forecast(
        shop.ledger,
        shop.run.pipeline,
        len(todo),
        shop.pipeline.deliver,
        seconds=footage.seconds,
        clips=len(footage.lengths),
        assembled=footage.is_assembled,
    )
    check_space(shop.settings, needed)


def _is_cancelled(client: SyncPrefectClient, flow_run_id: UUID) -> bool:
    """Whether a person has cancelled a flow run in the dashboard, as far as the Prefect API answers."""
    try:
        state = client.read_flow_run(flow_run_id).state
    except AWAY:
        return False
    return state is not None and (state.is_cancelling() or state.is_cancelled())


def _state(run: Run, to_come: Sequence[str]) -> State[Any]:
    """The end of a flow run; `to_come` is what is still to be said of posts, so that nobody takes it for the end."""
    again = f"`reelmill resume {run.pipeline}@{run.occasion}`"
    reason = ", ".join([run.reason, *to_come])
    match run.state:
        case RunState.DONE:
            return Completed(message=reason)
        case RunState.IN_REVIEW:
            return Completed(name="InReview", message=f"{reason}; some videos wait for a person")
        case RunState.INTERRUPTED:
            return Cancelled(message=f"{run.reason}; go on with {again}")
        case _:
            return Failed(message=f"{run.reason}; try again with {again}")


def _plan(shop: Workshop) -> None:
    """Write the run's videos down, or reopen those that failed if the run is resumed as it was planned."""
    run, ledger = shop.run, shop.ledger
    if run.options.get("resume") and ledger.videos.of_run(run.id):
        ledger.videos.reopen(run.id)
        return

    def work() -> None:
        remake = bool(run.options.get("remake"))
        with shop.publishing.alone("slots"):  # two plans at once would keep the same times
            draft = draw_up(
                shop.settings,
                ledger,
                shop.definition,
                shop.engine,
                shop.publishing,
                run.pipeline,
                occasion_of(run),
                limit=run.options.get("limit"),
                remake=remake,
            )
            plan = draft.plan
            if (wanted := run.options.get("promise")) is not None:
                promise.hold(plan, wanted)
            ledger.videos.plan(run.id, plan.videos, unchanged=plan.unchanged, remake=remake, reading=plan.reading)
            keep_times(ledger, shop.definition, shop.publishing, run.id)
        _clear(shop, plan)
        for line in draft.told:
            shop.observer.told(line)
        for reason, count in Counter(plan.misfits).items():
            shop.observer.told(f"{counted(count, 'post')} will not fit: {reason}")
        shop.observer.planned(len(plan.to_make), plan.skipped, plan.unchanged)

    TASKS["plan"](f"{run.pipeline} {run.occasion}", work)
    failpoint("run.planned")


def _clear(shop: Workshop, plan: Plan) -> None:
    """Take down what was posted of items that the source does not have any more."""
    if plan.gone and plan.doubtful:
        shop.observer.told(
            f"{counted(len(plan.gone), 'item')} are gone from the source at once, so nothing is taken down; "
            "if that is right, say `gone: unpublish all`"
        )
    elif plan.gone:
        from flows.withdrawing import withdraw  # brings what publishes

        for line in withdraw(shop.settings, shop.ledger, shop.run.pipeline, plan.gone):
            shop.observer.told(line)
