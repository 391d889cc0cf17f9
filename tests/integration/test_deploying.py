"""What `reelmill deploy` does on a real server: only what changed, and nothing that is gone stays."""

import datetime as dt

import pytest

from flows.heartbeat import SILENCE
from tests.operated import Operated, prefect_client


@pytest.fixture
def operated(project) -> Operated:
    return Operated(project.folder, project.environment)


def _actions(changes, project: Operated):
    # Other tests deploy to the same server: theirs count as removed here, and must not be.
    return {one["pipeline"]: one["action"] for one in changes if one["pipeline"].endswith(project.mark)}


def test_only_what_changed_is_deployed_and_what_is_gone_is_pruned(operated: Operated) -> None:
    operated.define(schedule='{cron: "0 6 * * *", timezone: Asia/Shanghai}', on="{event: thing.happened}")
    dry = operated.json("deploy", "--dry-run")
    assert _actions(dry["changes"], operated) == {operated.pipeline: "new"}
    with prefect_client(operated) as client:
        names = [deployment.name for deployment in client.read_deployments()]
    assert operated.pipeline not in names, "a dry run must change nothing"

    assert _actions(operated.deploy(), operated) == {operated.pipeline: "new"}
    assert _actions(operated.deploy(), operated) == {operated.pipeline: "unchanged"}
    with prefect_client(operated) as client:
        made = client.read_deployment_by_name(f"run-pipeline/{operated.pipeline}")
        assert made.entrypoint == "flows.batch.run_pipeline"
        assert made.work_pool_name == operated.pool
        assert made.work_queue_name == "urgent"
        assert [one.schedule.cron for one in made.schedules] == ["0 6 * * *"]
        assert made.global_concurrency_limit is not None
        assert made.global_concurrency_limit.limit == 1
        heartbeat = made.job_variables["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]
        assert float(heartbeat) < SILENCE.total_seconds() / 2, "a run that lives must not be taken for a dead one"
        for service in (f"generate/{operated.gpu_pool}", f"assist/{operated.pool}", "notify/notify"):
            assert client.read_deployment_by_name(service).job_variables["env"] == made.job_variables["env"]
        automations = client.read_automations_by_name(f"{operated.pipeline}: hook")
        assert len(automations) == 1

    operated.define(schedule='{cron: "30 7 * * *", timezone: Asia/Shanghai}')
    changes = [one for one in operated.deploy() if one["pipeline"] == operated.pipeline]
    assert changes[0]["action"] == "changed"
    assert any("0 6 * * *" in line and "30 7 * * *" in line for line in changes[0]["details"])
    with prefect_client(operated) as client:
        again = client.read_deployment_by_name(f"run-pipeline/{operated.pipeline}")
        assert again.id == made.id, "a deployment keeps its id, and with it its history"
        assert [one.schedule.cron for one in again.schedules] == ["30 7 * * *"]
        assert client.read_automations_by_name(f"{operated.pipeline}: hook") == []

    operated.define()
    operated.deploy()
    with prefect_client(operated) as client:
        bare = client.read_deployment_by_name(f"run-pipeline/{operated.pipeline}")
    assert bare.schedules == []
    assert bare.global_concurrency_limit is None


def test_a_pipeline_that_the_file_does_not_have_any_more_is_removed(operated: Operated) -> None:
    from prefect.exceptions import ObjectNotFound

    operated.define(on="{event: thing.happened}")
    operated.deploy()
    gone = operated.pipeline
    operated.mark = f"{operated.mark}b"
    operated.define()
    actions = {one["pipeline"]: one["action"] for one in operated.deploy()}
    assert actions[gone] == "removed"
    with prefect_client(operated) as client:
        with pytest.raises(ObjectNotFound):
            client.read_deployment_by_name(f"run-pipeline/{gone}")
        assert client.read_automations_by_name(f"{gone}: hook") == []
    with operated.ledger() as ledger:
        assert [row.pipeline for row in ledger.deployments.all()] == [operated.pipeline]


def test_the_days_of_a_calendar_become_a_schedule(operated: Operated) -> None:
    operated.define(
        "{type: solar_terms, on: term_day}", schedule="{dates: source, at: '05:30', timezone: Asia/Shanghai}"
    )
    text = operated.folder / "pipelines.yaml"
    text.write_text(text.read_text().replace("{{ brief.prompt }}", "{{ brief.scene }}"))
    operated.deploy()
    with prefect_client(operated) as client:
        made = client.read_deployment_by_name(f"run-pipeline/{operated.pipeline}")
        rule = made.schedules[0].schedule.rrule
    days = [dt.datetime.strptime(part, "%Y%m%dT%H%M%S") for part in rule.split("RDATE:")[1].split(",")]  # noqa: DTZ007
    assert len(days) in {24, 25}
    assert {(day.hour, day.minute) for day in days} == {(5, 30)}
