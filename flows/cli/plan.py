"""`reelmill plan`: what a run would make, without making anything."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from flows import promise
from flows.cli.app import OK
from flows.cli.options import DEFINITION, AsJson, Date, Event, File, Limit
from flows.cli.output import console, print_json, state, table
from flows.cli.run import days_between, occasion_for
from flows.cli.spread import Spread, misfits_as_json
from flows.counting import counted
from flows.definition import Definition, load
from flows.experiments.sharing import shares
from flows.foreseeing import Foreseen, foresee
from flows.occasion import name_of
from flows.video_plan import prompts_of
from records.videos import PlannedVideo
from reelmill.content import Json
from reelmill.errors import UseError
from reelmill.settings import Settings
from tasks.sources.base import Occasion


def plan(
    pipeline: Annotated[str, Parameter(help="The pipeline's name.")],
    *,
    date: Date = "",
    first: Annotated[str, Parameter(name="--from", help="Show the days from this date on, a line each.")] = "",
    last: Annotated[str, Parameter(name="--to", help="The last of these days. Default: today in its zone.")] = "",
    ics: Annotated[Path | None, Parameter(help="With --from: write the days into this iCalendar file.")] = None,
    event: Event = "",
    limit: Limit = None,
    prompts: Annotated[bool, Parameter(negative="", help="Show each prompt, and what could be better.")] = False,
    file: File = DEFINITION,
    as_json: AsJson = False,
) -> int:
    """Show what a run would make: the videos, what they cost, what is skipped and why. Makes nothing.

    What --json prints is a plan that `reelmill run --plan FILE` holds to.
    """
    settings, definition = Settings(), load(file)
    if first or last or ics is not None:
        from flows.cli.plan_days import show_days

        if date or event or limit is not None or prompts:
            raise UseError("--from shows days; --date, --event, --limit and --prompts are for one", "leave one out")
        days = days_between(definition.pipeline(pipeline).zone, first, last)
        return show_days(settings, definition, pipeline, days, ics, as_json=as_json)
    about = occasion_for(definition, pipeline, date, event)
    found = foresee(settings, definition, pipeline, about, limit)
    if as_json:
        print_json(_as_json(definition, found, pipeline, about, limit))
        return OK
    _show(definition, found, pipeline, about)
    if prompts:
        _show_prompts(found.plan.to_make)
    advised = sum(bool(video.plan["advice"]) for video in found.plan.to_make)
    out = console()
    out.print(_summary(found))
    for line in found.outlook.told if found.ahead else ():
        out.print(line, highlight=False)
    if advised and not prompts:
        told = f"{counted(advised, 'prompt')} could be better"
        out.print(Text.assemble((told, "yellow"), f": see `reelmill plan {pipeline} --prompts`"))
    shortened = sum(bool(video.plan["shortened"]) for video in found.plan.to_make)
    if shortened and not prompts:
        told = f"the words of {counted(shortened, 'video')} are shortened where they are posted"
        out.print(Text.assemble((told, "yellow"), f": see `reelmill plan {pipeline} --prompts`"))
    return OK


def _show(definition: Definition, found: Foreseen, pipeline: str, about: Occasion) -> None:
    out = console()
    plans = [found.plan.plans.get(place) for place in range(len(found.plan.videos))]
    spread = _spread(definition, found)
    rows: list[tuple[str | Text, ...]] = [
        (
            video.title,
            state(word),
            ", ".join(video.plan.get("profiles", [])),
            spread.told(one.posts) if one and spread.timed else "",
            video.reason or (one.change.replace("_", " ") if one else ""),
        )
        for video, word, one in zip(found.plan.videos, found.states, plans, strict=True)
    ]
    columns = {"video": "!left", "state": "left", "platforms": "!left", "posts": "!left", "why": "!left"}
    shown = [at for at, name in enumerate(columns) if at < 3 or any(row[at] for row in rows)]
    columns = {name: side for at, (name, side) in enumerate(columns.items()) if at in shown}
    out.print(table(columns, [[row[at] for at in shown] for row in rows], title=f"{pipeline} {name_of(about)}"))
    spread.show(out, found.plan.misfits)
    for line in found.told:
        out.print(line, style="yellow")
    for line in shares(found.ahead):
        out.print(line)


def _spread(definition: Definition, found: Foreseen) -> Spread:
    return Spread(definition.targets, found.rooms, [post for one in found.ahead for post in one.posts])


def _show_prompts(videos: list[PlannedVideo]) -> None:
    out = console()
    for video in videos:
        out.print(Text.assemble("\n", (video.title, "bold"), *(f"\n  {prompt}" for prompt in prompts_of(video.plan))))
        for line in [*video.plan["advice"], *video.plan["shortened"]]:
            out.print(Text.assemble(("  ! ", "yellow"), line))


def _summary(found: Foreseen) -> str:
    planned, states = found.plan, found.states
    seconds = sum(one.seconds for one in planned.plans_to_make)
    renditions = sum(len(video.plan["profiles"]) for video in planned.to_make)
    posts = sum(len(video.plan["posts"]) for video in planned.to_make)
    done = states.count("done")
    waiting, rejected = states.count("in_review"), states.count("rejected")
    apart = [f"{done} done already", f"{counted(planned.skipped, 'item')} skipped", f"{planned.unchanged} unchanged"]
    apart += [f"{waiting} in review"] * bool(waiting) + [f"{rejected} rejected"] * bool(rejected)
    shots = sum(len(video.plan["shots"]) for video in planned.to_make)
    kinds = Counter(change for video in planned.to_make if (change := video.plan["change"]))
    apart = [f"{count} {kind.replace('_', ' ')}" for kind, count in kinds.items()] + apart
    made = [
        counted(shots, "shot"),
        f"{seconds:.0f} s of clips",
        counted(renditions, "rendition"),
        counted(posts, "post"),
    ]
    briefs, videos = counted(planned.briefs, "brief"), counted(len(planned.to_make), "video")
    return f"{briefs} → {videos} ({', '.join(apart)}), {', '.join(made)}"


def _as_json(
    definition: Definition, found: Foreseen, pipeline: str, about: Occasion, limit: int | None
) -> dict[str, Json]:
    planned = found.plan
    return {
        "pipeline": pipeline,
        "occasion": name_of(about),
        "event": dict(about.event) if about.event is not None else None,
        "limit": limit,
        "definition": definition.hash(pipeline),
        "promise": promise.promised(planned),
        "briefs": planned.briefs,
        "unchanged": planned.unchanged,
        "gone": list(planned.gone),
        "told": list(found.told),
        "outlook": found.outlook.as_json(),
        "accounts": _spread(definition, found).as_json(),
        "misfits": misfits_as_json(planned.misfits),
        "videos": [
            {
                "title": video.title,
                "brief": video.brief_key,
                "variant": video.variant_id,
                "state": word,
                "why": video.reason,
                "plan": dict(video.plan),
            }
            for video, word in zip(planned.videos, found.states, strict=True)
        ],
    }
