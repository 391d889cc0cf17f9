"""From a definition file to what Prefect and the ledger know: new, changed and removed pipelines, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from flows.automations import ensure_automations
from flows.definition import Definition
from flows.deployment import build, version_of
from flows.difference import differences
from flows.heartbeat import job_variables
from flows.labels import TAG
from flows.opening import definition_of
from flows.pools import ensure_pools
from flows.schedule import HORIZON, days_of
from records.deployments import Deploying
from records.ledger import Ledger
from reelmill.content import Json
from reelmill.errors import ReelmillError
from reelmill.settings import Settings

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.responses import DeploymentResponse

#: Carried by deployments of ours that are no pipelines.
SERVICE = f"{TAG}-service"
#: The pools that always are.
POOLS = ("default", "gpu")


@dataclass(frozen=True, slots=True)
class Change:
    """What deploying does about one pipeline."""

    pipeline: str
    action: Literal["new", "changed", "unchanged", "removed"]
    details: tuple[str, ...] = field(default=())  #: `schedule.cron: "0 6 * * *" → "0 7 * * *"`


def plan_changes(client: SyncPrefectClient, ledger: Ledger, settings: Settings, definition: Definition) -> list[Change]:
    """What deploying would do, by pipeline: those of the file first, then those that it does not have any more."""
    live = _live(client)
    changes = []
    for name in definition.pipelines:
        known = ledger.deployments.get(name)
        version = version_of(definition, name, _days(definition, name))
        if name not in live or known is None:
            changes.append(Change(name, "new"))
        elif live[name].version == version and known.definition_hash == definition.hash(name):
            changes.append(Change(name, "unchanged"))
        else:
            before = _as_json(_readable(ledger, settings, name), name)
            after = _as_json(definition, name)
            changes.append(Change(name, "changed", tuple(differences(before, after)) or ("Reelmill itself, or dates",)))
    # Only what this ledger has deployed: another project may share the server, and its pipelines bear the same tag.
    gone = {row.pipeline for row in ledger.deployments.all()} - definition.pipelines.keys()
    return [*changes, *(Change(name, "removed") for name in sorted(gone))]


def deploy(client: SyncPrefectClient, ledger: Ledger, settings: Settings, definition: Definition) -> list[Change]:
    """Deploy what is new or changed, prune what is gone, and see that pools and automations are there.

    The ledger is told first: a run that is started the moment after finds the definition that it obeys.
    """
    changes = plan_changes(client, ledger, settings, definition)
    pipelines = definition.pipelines.values()
    gpu_pools = {"gpu", *(pipeline.workers.gpu_pool for pipeline in pipelines)}
    ensure_pools(client, [*POOLS, *gpu_pools, *(pipeline.workers.pool for pipeline in pipelines)])
    for change in changes:
        if change.action == "removed":
            _remove(client, ledger, change.pipeline)
        elif change.action != "unchanged":
            apply(ledger, definition, change.pipeline)
    pools = {"default", *(pipeline.workers.pool for pipeline in pipelines)}
    ensure_automations(client, ensure_services(client, pools, gpu_pools))
    return changes


def ensure_services(client: SyncPrefectClient, pools: Iterable[str], gpu_pools: Iterable[str]) -> Any:
    """The deployments of our own that no pipeline names. Returns the id of the one that tells people."""
    from prefect.types.entrypoint import EntrypointType

    from flows.assist import assist
    from flows.generate import generate_chunk
    from flows.notify import notify, notify_posts
    from reelmill import __version__

    wanted: list[tuple[Any, str, str, str]] = [(notify, "notify", "default", "Tells people of failed runs.")]
    wanted += [(notify_posts, "notify-posts", "default", "Tells people of posts that came to no good end later.")]
    wanted += [(assist, pool, pool, "Helps with runs of other workers.") for pool in sorted(pools)]
    wanted += [(generate_chunk, pool, pool, "Renders clips for the runs.") for pool in sorted(gpu_pools)]
    ids = {}
    for flow, name, pool, what in wanted:
        live = _named(client, f"{flow.name}/{name}")
        if live is not None and live.version == __version__:
            ids[flow.name] = live.id
            continue
        made: Any = flow.to_deployment(
            name=name,
            description=what,
            tags=[SERVICE],
            version=__version__,
            work_pool_name=pool,
            work_queue_name="urgent",
            job_variables=job_variables({}),
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        ids[flow.name] = made.apply()
    return ids["notify"]


def _named(client: SyncPrefectClient, name: str) -> DeploymentResponse | None:
    from prefect.exceptions import ObjectNotFound

    try:
        return client.read_deployment_by_name(name)
    except ObjectNotFound:
        return None


def _live(client: SyncPrefectClient) -> dict[str, DeploymentResponse]:
    return {deployment.name: deployment for deployment in _tagged(client, TAG)}


def _tagged(client: SyncPrefectClient, tag: str) -> list[DeploymentResponse]:
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags

    found: list[DeploymentResponse] = []
    page = 200
    while True:
        more = client.read_deployments(
            deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[tag])), limit=page, offset=len(found)
        )
        found += more
        if len(more) < page:
            return found


def _days(definition: Definition, name: str) -> tuple[dt.date, ...]:
    """The days of a schedule by dates from the first of this half-year on, so that they change twice a year only."""
    today = dt.datetime.now(definition.pipeline(name).zone).date()
    return days_of(
        definition.pipeline(name), definition.folder, today.replace(month=1 if today.month < 7 else 7, day=1)
    )


def apply(ledger: Ledger, definition: Definition, name: str) -> None:
    """Deploy one pipeline as it is now."""
    days = _days(definition, name)
    by_calendar = (schedule := definition.pipeline(name).schedule) is not None and schedule.dates == "source"
    ledger.deployments.put(
        Deploying(
            pipeline=name,
            definition=definition.snapshot,
            definition_hash=definition.hash(name),
            folder=str(definition.folder),
            dates_until=days[0] + HORIZON if by_calendar else None,
        )
    )
    made: Any = build(definition, name, days)
    made.apply()


def _remove(client: SyncPrefectClient, ledger: Ledger, name: str) -> None:
    deployment = _live(client).get(name)
    if deployment is not None:
        client.delete_resource_owned_automations(f"prefect.deployment.{deployment.id}")
        client.delete_deployment(deployment.id)
    ledger.deployments.remove(name)


def _readable(ledger: Ledger, settings: Settings, name: str) -> Definition | None:
    """The definition that is deployed, or None if this Reelmill cannot read it any more."""
    row = ledger.deployments.get(name)
    try:
        return definition_of(row, settings) if row is not None else None
    except ReelmillError:
        return None


def _as_json(definition: Definition | None, name: str) -> Mapping[str, Json]:
    if definition is None or name not in definition.pipelines:
        return {}
    pipeline = definition.pipeline(name)
    return {
        **pipeline.model_dump(mode="json", exclude_defaults=True),
        "brand": definition.brand.model_dump(mode="json", exclude_defaults=True),
        "targets": {to: definition.targets[to].model_dump(mode="json") for to in pipeline.target_names},
        "keep": definition.keep.model_dump(mode="json", exclude_defaults=True),
        "notify": definition.notify.model_dump(mode="json", exclude_defaults=True),
    }
