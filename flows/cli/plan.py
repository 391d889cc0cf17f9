"""`reelmill plan`: what a run would make, without making anything."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from flows.allotting import Allotment
from flows.cli.app import OK
from flows.cli.options import DEFINITION, AsJson, Date, Event, File, Limit
from flows.cli.output import console, print_json, state, table
from flows.cli.run import occasion_for
from flows.cli.spread import Spread
from flows.counting import counted
from flows.definition import load
from flows.occasion import name_of
from flows.planning import Plan, plan_run
from flows.posting import context_for
from flows.video_plan import VideoPlan
from records.ledger import Ledger
from records.videos import PlannedVideo
from reelmill.content import Json, run_identity, video_identity
from reelmill.settings import Settings


def plan(
    pipeline: Annotated[str, Parameter(help="The pipeline's name.")],
    *,
    date: Date = "",
    event: Event = "",
    limit: Limit = None,
    prompts: Annotated[bool, Parameter(negative="", help="Show each prompt, and what the lint says of it.")] = False,
    file: File = DEFINITION,
    as_json: AsJson = False,
) -> int:
    """Show what a run would make: the videos, their prompts, what is skipped and why. Makes nothing."""
    settings, definition = Settings(), load(file)
    about = occasion_for(definition, pipeline, date, event)
    identity = run_identity(pipeline, name_of(about))
    with Ledger(settings) as ledger, closing(context_for(ledger, definition, settings)) as context:
        allotment = Allotment(ledger, definition, definition.pipeline(pipeline), context, about.date, identity)
        seen = ledger.videos.seen(pipeline)
        planned = plan_run(definition, pipeline, about, settings, seen=seen, limit=limit, allot=allotment.posts)
        known = {video.id: video.state.value for video in ledger.videos.of_run(identity)}
    states = [
        "failed" if video.failed else "skipped" if video.skipped
        else known.get(video_identity(identity, video.brief_key, video.variant_id), "new")
        for video in planned.videos
    ]  # fmt: skip
    if as_json:
        print_json(_as_json(planned, states, pipeline, name_of(about)))
        return OK
    out = console()
    plans = [VideoPlan.from_json(video.plan) if video.plan else None for video in planned.videos]
    ahead = [one for one, word in zip(plans, states, strict=True) if one and word != "done"]
    spread = Spread(definition, definition.pipeline(pipeline), [post for one in ahead for post in one.posts])
    rows: list[tuple[str | Text, ...]] = [
        (
            video.title,
            state(word),
            ", ".join(video.plan.get("profiles", [])),
            spread.told(one.posts) if one and spread.timed else "",
            video.failed or video.skipped,
        )
        for video, word, one in zip(planned.videos, states, plans, strict=True)
    ]
    columns = {"video": "!left", "state": "left", "platforms": "!left", "posts": "!left", "why": "!left"}
    shown = [at for at, name in enumerate(columns) if at < 3 or any(row[at] for row in rows)]
    columns = {name: side for at, (name, side) in enumerate(columns.items()) if at in shown}
    out.print(table(columns, [[row[at] for at in shown] for row in rows], title=f"{pipeline} {name_of(about)}"))
    spread.show(out, planned.misfits)
    if prompts:
        _show_prompts(planned.to_make)
    advised = sum(bool(video.plan["advice"]) for video in planned.to_make)
    out.print(_summary(planned, states))
    if advised and not prompts:
        told = f"{counted(advised, 'prompt')} could be better"
        out.print(Text.assemble((told, "yellow"), f": see `reelmill plan {pipeline} --prompts`"))
    return OK


def _show_prompts(videos: list[PlannedVideo]) -> None:
    out = console()
    for video in videos:
        out.print(Text.assemble("\n", (video.title, "bold"), f"\n  {video.plan['prompt']}"))
        for line in video.plan["advice"]:
            out.print(Text.assemble(("  ! ", "yellow"), line))


def _summary(planned: Plan, states: list[str]) -> str:
    seconds = sum(video.plan["frames"] / video.plan["fps"] for video in planned.to_make)
    renditions = sum(len(video.plan["profiles"]) for video in planned.to_make)
    posts = sum(len(video.plan["posts"]) for video in planned.to_make)
    done = states.count("done")
    return (
        f"{counted(planned.briefs, 'brief')} → {counted(len(planned.to_make), 'video')} ({done} done already, "
        f"{counted(planned.skipped, 'item')} skipped, {planned.unchanged} unchanged), {seconds:.0f} s of clips, "
        f"{counted(renditions, 'rendition')}, {counted(posts, 'post')}"
    )


def _as_json(planned: Plan, states: list[str], pipeline: str, occasion: str) -> dict[str, Json]:
    return {
        "pipeline": pipeline,
        "occasion": occasion,
        "briefs": planned.briefs,
        "unchanged": planned.unchanged,
        "videos": [
            {
                "title": video.title,
                "brief": video.brief_key,
                "variant": video.variant_id,
                "state": word,
                "why": video.failed or video.skipped,
                "plan": dict(video.plan),
            }
            for video, word in zip(planned.videos, states, strict=True)
        ],
    }
