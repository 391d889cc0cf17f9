"""Deployed pipelines on a real server, executed by real workers: dates, events, the GPU pool, what is left behind."""

import datetime as dt
import json
import signal
from uuid import uuid4

import pytest

from records.states import RunState
from tests.operated import Operated, children_of, eventually, kill, prefect_client

pytestmark = pytest.mark.slow

#: Drawings that screening lets pass.
SCENES = (
    "a dark pine ridge", "plum blossoms", "a lake at dusk", "a snowy bridge", "a mountain village", "a bamboo grove",
    "a lotus pond", "a river in spring mist", "a field of wheat", "a temple on a hill", "red maple leaves",
    "a moonlit lake", "a tea terrace", "a winding path", "willows by a canal", "a frozen lake",
)  # fmt: skip


def listing(count: int) -> str:
    """A source of so many videos, called 小雪0, 小雪1 …"""
    items = [{"name": f"小雪{number}", "prompt": scene} for number, scene in enumerate(SCENES[:count])]
    return json.dumps({"type": "list", "items": items})


def titles(count: int) -> list[str]:
    return sorted(f"小雪{number}" for number in range(count))


@pytest.fixture
def operated(project) -> Operated:
    return Operated(project.folder, project.environment)


def _ended(project: Operated, occasion: str):
    run = project.run_of(occasion)
    return run if run is not None and run.state is not RunState.RUNNING else None


def _posts(project: Operated) -> list[str]:
    return sorted(json.loads(path.read_text())["video_title"] for path in project.posts())


def test_a_run_is_about_the_day_for_which_it_is_scheduled_and_a_second_one_makes_nothing(operated: Operated) -> None:
    from prefect.states import Scheduled

    operated.define(schedule='{cron: "30 23 * * *", timezone: Asia/Shanghai}')
    operated.deploy()
    # 23:30 UTC on the 20th is the morning of the 21st in Shanghai. It starts days late.
    due = dt.datetime(2026, 11, 20, 23, 30, tzinfo=dt.UTC)
    with operated.worker(REELMILL_GENERATION="inline"):
        first = operated.start(state=Scheduled(scheduled_time=due))
        run = eventually(lambda: _ended(operated, "2026-11-21"), "the run of 21 November")
        assert run.state is RunState.DONE
        assert run.flow_run_id == str(first)
        made = _posts(operated)
        second = operated.start(state=Scheduled(scheduled_time=due))
        eventually(lambda: operated.state_of(second).is_final(), "the end of the second flow run")
    assert operated.state_of(second).is_completed()
    assert _posts(operated) == made == ["大雪", "小雪"]
    with operated.ledger() as ledger:
        assert len(ledger.runs.recent(limit=9, pipeline=operated.pipeline)) == 1


def test_an_event_of_the_outbox_starts_one_run_also_if_prefect_never_heard_of_it(operated: Operated) -> None:
    operated.define("{type: event, require: [prompt]}", on="{event: sentence.asked}")
    path = operated.folder / "pipelines.yaml"
    path.write_text(path.read_text().replace("{{ brief.name }}", "{{ brief.prompt }}"))
    operated.deploy()
    with operated.ledger() as ledger:
        row, new = ledger.outbox.put(operated.pipeline, "sentence.asked", "msg-1", {"prompt": "a crane"}, sender="test")
        assert new
        age_outbox(ledger)
    assert operated.json("reconcile")["done"], "the row had no run for longer than it may"
    with operated.worker(REELMILL_GENERATION="inline"):
        run = eventually(lambda: _ended(operated, f"event:{row.id}"), "the run of the event")
    assert (run.state, run.id) == (RunState.DONE, row.run_id)
    assert operated.json("reconcile")["done"] == []
    with operated.ledger() as ledger:
        taken = ledger.outbox.get(row.id)
        assert taken is not None
        assert taken.taken_at is not None


def test_an_event_that_somebody_emits_in_prefect_starts_a_run_with_its_payload(operated: Operated) -> None:
    name = f"sentence.asked-{operated.mark}"
    operated.define("{type: event, require: [prompt]}", on=f"{{event: {name}}}")
    path = operated.folder / "pipelines.yaml"
    path.write_text(path.read_text().replace("{{ brief.name }}", "{{ brief.prompt }}"))
    operated.deploy()
    identity = uuid4()
    with operated.worker(REELMILL_GENERATION="inline"), prefect_client(operated) as client:
        event = {
            "id": str(identity),
            "event": name,
            "occurred": dt.datetime.now(dt.UTC).isoformat(),
            "resource": {"prefect.resource.id": "shop.sentence"},
            "payload": {"prompt": "a heron in the reeds"},
        }
        client.request("POST", "/events", json=[event])
        run = eventually(lambda: _ended(operated, f"event:{identity}"), "the run of the event")
    assert run.state is RunState.DONE
    assert run.event == {"prompt": "a heron in the reeds"}


def test_clips_come_from_the_gpu_pool_and_a_killed_renderer_costs_the_shot_in_hand(operated: Operated) -> None:
    operated.define(listing(4))
    operated.deploy()
    with operated.worker(), operated.worker(operated.gpu_pool) as gpu:
        operated.start({"pipeline": operated.pipeline, "date": "2026-11-21"})

        def renders():
            with operated.ledger() as ledger:
                run = operated.run_of("2026-11-21")
                return run is not None and len(ledger.chunks.made(run.id)) >= 1 and children_of(gpu.pid)

        for process in eventually(renders, "the first clip of the pool"):
            kill(process)
        before = _clips(operated)
        run = eventually(lambda: _ended(operated, "2026-11-21"), "the end of the run")
    assert run.state is RunState.DONE, run.reason
    assert _posts(operated) == titles(4)
    with operated.ledger() as ledger:
        assert ledger.chunks.open_of(run.id) == []
    after = _clips(operated)
    assert len(after) == 4
    assert before.items() <= after.items(), "a clip that was finished before the kill was not made again"


def test_a_video_of_several_shots_waits_for_all_of_them_from_the_gpu_pool(operated: Operated) -> None:
    operated.define(listing(2), shots="[{}, {action: a crane lands, seconds: 1.5}]")
    operated.deploy()
    with operated.worker(), operated.worker(operated.gpu_pool) as gpu:
        operated.start({"pipeline": operated.pipeline, "date": "2026-11-21"})

        def renders():
            with operated.ledger() as ledger:
                run = operated.run_of("2026-11-21")
                return run is not None and len(ledger.chunks.made(run.id)) >= 1 and children_of(gpu.pid)

        for process in eventually(renders, "the first clip of the pool"):
            kill(process)
        run = eventually(lambda: _ended(operated, "2026-11-21"), "the end of the run")
    assert run.state is RunState.DONE, run.reason
    assert _posts(operated) == titles(2)
    assert len(_clips(operated)) == 4
    with operated.ledger() as ledger:
        videos = ledger.videos.of_run(run.id)
        masters = [ledger.media.fetch_master(video.edit_id) for video in videos if video.edit_id]
    assert [(master.sha256, master.frames) for master in masters if master] == [
        (video.master_sha256, 13 + 17) for video in videos
    ]


def test_a_decision_sets_a_deployed_run_going_again_on_a_worker(operated: Operated) -> None:
    source = {
        "type": "list",
        "items": [{"name": "天下第一茶", "prompt": SCENES[0]}, {"name": "小雪", "prompt": SCENES[1]}],
    }
    operated.define(json.dumps(source, ensure_ascii=False))
    operated.deploy()
    with operated.worker(), operated.worker(operated.gpu_pool):
        operated.start({"pipeline": operated.pipeline, "date": "2026-11-21"})
        waits = eventually(lambda: _ended(operated, "2026-11-21"), "a run that waits for a person")
        assert waits.state is RunState.IN_REVIEW, waits.reason
        assert _posts(operated) == ["小雪"]

        answer = operated.json("review", "approve", f"{operated.pipeline}@2026-11-21")

        assert [one["how"] for one in answer["runs"]] == ["started"]
        done = eventually(
            lambda: run if (run := _ended(operated, "2026-11-21")) and run.state is RunState.DONE else None,
            "the end of the run",
        )
    assert done.attempt == waits.attempt + 1
    assert _posts(operated) == ["天下第一茶", "小雪"]


def test_a_worker_that_is_stopped_has_its_run_put_down_and_the_next_one_goes_on(operated: Operated) -> None:
    operated.define(listing(4))
    operated.deploy()
    with operated.worker(REELMILL_GENERATION="inline") as first:
        flow_run = operated.start({"pipeline": operated.pipeline, "date": "2026-11-21"})

        def begun():
            run = operated.run_of("2026-11-21")
            with operated.ledger() as ledger:
                return run and [v for v in ledger.videos.of_run(run.id) if v.state.value not in {"planned"}]

        eventually(begun, "the first clip")
        first.send_signal(signal.SIGTERM)
        first.wait(60)
        assert first.returncode == 0
    run = operated.run_of("2026-11-21")
    assert run is not None
    assert run.state is RunState.RUNNING, "a run that was put down is open"
    assert operated.state_of(flow_run).name == "PutDown"
    assert any("up again" in line for line in operated.json("reconcile")["done"]), "at once"
    with operated.worker(REELMILL_GENERATION="inline"):
        ended = eventually(lambda: _ended(operated, "2026-11-21"), "the end of the run")
    assert ended.state is RunState.DONE
    assert _posts(operated) == titles(4)


def test_a_run_that_is_cancelled_in_the_dashboard_stops_and_stays_stopped(operated: Operated) -> None:
    from prefect.states import Cancelling

    operated.define(listing(16))
    operated.deploy()
    with operated.worker(REELMILL_GENERATION="inline"):
        flow_run = operated.start({"pipeline": operated.pipeline, "date": "2026-11-21"})
        eventually(lambda: operated.run_of("2026-11-21"), "the run")
        with prefect_client(operated) as client:
            client.set_flow_run_state(flow_run, Cancelling())
        run = eventually(lambda: _ended(operated, "2026-11-21"), "the end of the run")
        assert run.state is RunState.INTERRUPTED
        eventually(lambda: operated.state_of(flow_run).is_cancelled(), "Cancelled in Prefect")
    assert operated.json("reconcile")["done"] == []


def test_days_without_a_scheduler_are_made_up_for_as_the_schedule_says(operated: Operated) -> None:
    operated.define(schedule='{cron: "0 0 * * *", missed: all}')
    operated.deploy()
    with operated.ledger() as ledger:
        forget_days(ledger, 3)
    done = operated.json("reconcile")["done"]
    assert len(done) == 3
    assert operated.json("reconcile")["done"] == []
    with prefect_client(operated) as client:
        from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterIdempotencyKey

        today = dt.datetime.now(dt.UTC).date()
        keys = [f"missed:{operated.pipeline}:{today - dt.timedelta(days=n)}" for n in range(3)]
        flow_runs = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(idempotency_key=FlowRunFilterIdempotencyKey(any_=keys))
        )
    assert len(flow_runs) == 3


def _clips(project: Operated) -> dict[str, dt.datetime]:
    """When each clip was made."""
    from sqlalchemy import select

    from records.tables import ClipRow

    with project.ledger() as ledger, ledger.database.read() as session:
        return {row.shot_id: row.created_at for row in session.execute(select(ClipRow.shot_id, ClipRow.created_at))}


def age_outbox(ledger, *, taken: bool = True) -> None:
    """Make all events old, and with `taken` false as if no run had said that it is theirs."""
    from sqlalchemy import update

    from records.tables import OutboxEvent

    with ledger.database.begin() as session:
        long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
        session.execute(update(OutboxEvent).values(received_at=long_ago))
        session.execute(update(OutboxEvent).where(OutboxEvent.emitted_at.is_not(None)).values(emitted_at=long_ago))
        if not taken:
            session.execute(update(OutboxEvent).values(taken_at=None))


def forget_days(ledger, days: int) -> None:
    from sqlalchemy import update

    from records.tables import Deployment

    with ledger.database.begin() as session:
        midnight = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        session.execute(update(Deployment).values(considered_until=midnight - dt.timedelta(days=days - 1, hours=12)))


def test_two_workers_of_one_pool_finish_a_run_together_and_one_may_die(operated: Operated) -> None:
    operated.define(listing(8), deliver="[douyin, tiktok]")
    path = operated.folder / "pipelines.yaml"
    path.write_text(path.read_text().replace("    deliver: [douyin]\n", "", 1))
    operated.deploy()
    with operated.worker() as first, operated.worker() as second, operated.worker(operated.gpu_pool):
        eventually(lambda: _online(operated) == 2, "two workers online")
        operated.start({"pipeline": operated.pipeline, "date": "2026-11-21"})

        def both_carry():
            with operated.ledger() as ledger:
                return len(_holders(ledger, "video:")) == 2

        eventually(both_carry, "videos in the hands of two processes")
        with operated.ledger() as ledger:
            leader = int(next(iter(_holders(ledger, "run:"))).split(":")[1])
        assistant = second if leader in children_of(first.pid) else first
        assert leader not in children_of(assistant.pid)
        for process in [*children_of(assistant.pid), assistant.pid]:
            kill(process)
        run = eventually(lambda: _ended(operated, "2026-11-21"), "the end of the run")
    assert run.state is RunState.DONE, run.reason
    assert len(operated.posts()) == 16
    assert sorted(set(_posts(operated))) == titles(8)


def _holders(ledger, prefix: str) -> set[str]:
    return {holder for name in ledger.leases.living(prefix) if (holder := ledger.leases.held(name)) is not None}


def _online(project: Operated) -> int:
    with prefect_client(project) as client:
        workers = client.read_workers_for_work_pool(project.pool)
    return sum(worker.status.value == "ONLINE" for worker in workers)


def test_a_deployed_schedule_gets_its_flow_runs_from_the_server(operated: Operated) -> None:
    """The scheduler of Prefect fails without a word if a library that it stands on is too new."""
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName

    operated.define(schedule='{cron: "0 6 * * *", timezone: Asia/Shanghai}')
    operated.deploy()

    def scheduled():
        with prefect_client(operated) as client:
            name = DeploymentFilter(name=DeploymentFilterName(any_=[operated.pipeline]))
            return client.read_flow_runs(deployment_filter=name)

    flow_runs = eventually(scheduled, "flow runs of the schedule")
    assert all(one.auto_scheduled and one.state.is_scheduled() for one in flow_runs)
    assert {one.expected_start_time.hour for one in flow_runs} == {22}, "06:00 in Shanghai is 22:00 UTC"


def test_an_event_is_started_once_while_no_worker_comes_and_is_noted_however_its_run_began(operated: Operated) -> None:
    operated.define(listing(1), on="{event: thing.asked}")
    operated.deploy()
    with operated.ledger() as ledger:
        row, _ = ledger.outbox.put(operated.pipeline, "thing.asked", "msg-1", {}, sender="test")
        age_outbox(ledger)
    assert len(operated.json("reconcile")["done"]) == 1
    for _ in range(2):
        with operated.ledger() as ledger:
            age_outbox(ledger)
        assert operated.json("reconcile")["done"] == [], "what was started waits for a worker"
    with operated.worker(REELMILL_GENERATION="inline"):
        eventually(lambda: _ended(operated, f"event:{row.id}"), "the run of the event")
        with operated.ledger() as ledger:  # the process died between opening its run and saying so
            age_outbox(ledger, taken=False)
        assert len(operated.json("reconcile")["done"]) == 1

        def noted():
            with operated.ledger() as ledger:
                return ledger.outbox.get(row.id).taken_at

        eventually(noted, "the note that the event has its run")
    assert len(operated.posts()) == 1


def test_a_pipeline_that_cannot_be_read_any_more_keeps_no_other_from_being_looked_at(operated: Operated) -> None:
    from sqlalchemy import update

    from records.tables import Deployment

    path = operated.define(schedule='{cron: "0 0 * * *", missed: last}')
    text = path.read_text(encoding="utf-8")
    first = f"  aaa-{operated.mark}:"
    path.write_text(text + text[text.index(f"  {operated.pipeline}:") :].replace(f"  {operated.pipeline}:", first))
    operated.deploy()
    with operated.ledger() as ledger:
        forget_days(ledger, 2)
        with ledger.database.begin() as session:
            unreadable = {"file": "/pipelines.yaml", "text": "version: 99"}
            broken = update(Deployment).where(Deployment.pipeline == f"aaa-{operated.mark}")
            session.execute(broken.values(definition=unreadable))
    assert [line.split()[1] for line in operated.json("reconcile")["done"]] == [operated.pipeline]
