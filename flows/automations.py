"""Prefect automations that every server of ours has: runs whose process is gone, and who hears of failures."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

from flows.heartbeat import SILENCE
from flows.labels import TAG

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.events import AutomationCore

ZOMBIES, FAILURES = "reelmill: runs whose process is gone", "reelmill: tell of failures"


def ensure_automations(client: SyncPrefectClient, notify_id: UUID) -> list[str]:
    """Make the automations that are missing or say something else. Returns the names of those that were written.

    Parameters
    ----------
    notify_id:
        The deployment that tells people.
    """
    written = []
    for wanted in (_zombies(), _failures(notify_id)):
        found = client.read_automations_by_name(wanted.name)
        current = next((one for one in found if one.description == wanted.description), None)  # says its version
        for one in found:  # two that deploy at once both find none, and what is there twice acts twice
            if one is not current:
                client.delete_automation(one.id)
        if current is None:
            client.create_automation(wanted)
            written.append(wanted.name)
    return written


def _zombies() -> AutomationCore:
    from prefect.client.schemas.objects import StateType
    from prefect.events import AutomationCore, EventTrigger, Posture, ResourceSpecification
    from prefect.events.actions import ChangeFlowRunState

    return AutomationCore(
        name=ZOMBIES,
        description=f"A flow run that says nothing for {SILENCE.seconds} s is marked as crashed. v1",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message="its process says nothing any more")],
    )


def _failures(notify_id: UUID) -> AutomationCore:
    from prefect.events import AutomationCore, EventTrigger, Posture, ResourceSpecification
    from prefect.events.actions import RunDeployment

    states = ("Failed", "Crashed", "TimedOut", "InReview")
    return AutomationCore(
        name=FAILURES,
        description=f"Whoever is named in `notify:` hears of runs that failed or wait for a person. v2 {notify_id}",
        trigger=EventTrigger(
            expect={f"prefect.flow-run.{state}" for state in states},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            match_related=ResourceSpecification(
                {"prefect.resource.id": [f"prefect.tag.{TAG}"], "prefect.resource.role": ["tag"]}
            ),
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
            within=dt.timedelta(0),
        ),
        actions=[
            RunDeployment(
                deployment_id=notify_id,
                parameters={
                    name: {"__prefect_kind": "jinja", "template": template}
                    for name, template in (
                        ("flow_run_id", "{{ flow_run.id }}"),
                        ("state", "{{ flow_run.state.name }}"),
                        ("message", "{{ flow_run.state.message or '' }}"),
                    )
                },
            )
        ],
    )
