"""What a flow run is called, and the tags that it is found by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from flows.dashboard.calling import attempt
from flows.dashboard.markdown import plain
from flows.pipeline import Pipeline
from records.tables import Run

#: Longest name of a flow run, in characters: more is cut off in every list.
LONGEST_NAME = 100
#: Longest occasion in a name, in characters. An event's id may be as long as it likes.
LONGEST_OCCASION = 24
#: What stands between a brief and the cell of its matrix in a video's title.
JOINT = " · "


def flow_run_name(pipeline: str, occasion: str, titles: Sequence[str]) -> str:
    """What the dashboard calls a run: the pipeline, the occasion, and what its videos are about.

    >>> flow_run_name("solar-terms-daily", "2026-12-21", ["冬至 · ink wash", "冬至 · clay"])
    'solar-terms-daily 2026-12-21 冬至'
    >>> flow_run_name("shop", "event:7", ["Tea tin", "Jar", "Clay teapot"])
    'shop event:7 Tea tin + 2'
    """
    start = f"{pipeline} {plain(occasion, LONGEST_OCCASION)}"
    subjects = list(dict.fromkeys(plain(title.partition(JOINT)[0]) for title in titles))
    if not subjects:
        return start[:LONGEST_NAME]
    more = f" + {len(subjects) - 1}" if len(subjects) > 1 else ""
    room = max(2, LONGEST_NAME - len(start) - 1 - len(more))
    return f"{start} {plain(subjects[0], room)}{more}"[:LONGEST_NAME]


def common_subject(titles: Sequence[str]) -> str:
    """What all titles begin with before they differ, such as `冬至` of twenty variants; "" if they do not."""
    subjects = {title.partition(JOINT)[:2] for title in titles}
    subject, joint = subjects.pop() if len(subjects) == 1 and len(titles) > 1 else ("", "")
    return subject if joint else ""


def tags(pipeline: Pipeline, run: Run) -> list[str]:
    """What the dashboard can filter a run by: the house, the pipeline, what starts it, the definition's own tags."""
    how = ["event"] if run.event is not None else ["scheduled"] if pipeline.schedule is not None else []
    return list(dict.fromkeys(["reelmill", run.pipeline, *how, *pipeline.tags]))


def rename(flow_run_id: str | UUID, name: str, tags: Iterable[str] = ()) -> None:
    """Give a flow run its name, and tags besides those that it has."""
    from prefect.client.orchestration import get_client

    identity = UUID(str(flow_run_id))
    wanted = list(tags)

    def call() -> None:
        with get_client(sync_client=True) as client:
            if not wanted:
                client.update_flow_run(identity, name=name)
                return
            has = client.read_flow_run(identity).tags
            client.update_flow_run(identity, name=name, tags=list(dict.fromkeys([*has, *wanted])))

    attempt(f"the name {name!r}", call)
