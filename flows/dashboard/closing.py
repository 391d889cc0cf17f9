"""The last word on a run: what became of it, what waits for a person, what failed and why, and what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from uuid import UUID

from flows.counting import counted
from flows.dashboard.law import law
from flows.dashboard.markdown import block, code, escaped, link
from flows.dashboard.standing import Standing, statuses
from flows.post_status import BY_ITSELF, Kind, outlook
from records.runs import Tally
from records.states import RunState, VideoState
from records.tables import Post, Run

#: Videos that are named one by one under each heading. More are counted.
MOST = 50
#: The same in the gist, and the longest reason there, in characters.
FEW, LONGEST_REASON = 3, 160
#: Posts that only a person can help, and what is said of them.
_FOR_A_PERSON = {
    Kind.UNKNOWN: "It is not known whether these were posted. Look at the target before anything is sent again:",
    Kind.PAUSED: "These wait until somebody renews a login:",
    Kind.HANDED_OVER: "These are ready, and a person publishes them:",
}
#: Posts that a run's end is told with, since it is not the end of them.
TO_COME = (*BY_ITSELF, Kind.PAUSED, Kind.HANDED_OVER)  #: one that is held back goes with its video


def command(word: str, run: Run) -> str:
    """A command about this run, as a shell takes it.

    >>> command("resume", Run(pipeline="terms", occasion="2026-12-21"))
    'reelmill resume terms@2026-12-21'
    """
    return f"reelmill {word} {shlex.quote(f'{run.pipeline}@{run.occasion}')}"


def headline(run: Run, tally: Tally, standings: Sequence[Standing]) -> str:
    """A run's end in a few words, the worst first: `2 failed, 1 waits for a person, 17 of 20 done`.

    Posts that are not at their end are told after it: `12 of 12 done, 9 posts wait for their time (next 18:20)`.
    """
    counts = {state: tally.states.get(state, 0) for state in VideoState}
    waiting = counts[VideoState.IN_REVIEW]
    told = [f"{counts[VideoState.FAILED]} failed"] if counts[VideoState.FAILED] else []
    told += [f"{waiting} {'waits' if waiting == 1 else 'wait'} for a person"] if waiting else []
    told += [f"{tally.open} not finished"] if tally.open else []
    told += [f"{counts[VideoState.DONE]} of {tally.found} done"] if tally.found else []
    told += outlook([one for one in statuses(standings) if one.kind in TO_COME])
    return ", ".join(told) or run.state.value.replace("_", " ")


def gist(run: Run, tally: Tally, standings: Sequence[Standing], watch: Callable[[UUID], str]) -> str:
    """The summary in a few lines of Markdown, for cards and lists: what wants a person, why, and the next command."""
    failed = [one for one in standings if one.state is VideoState.FAILED]
    unsure = [one for one in standings if one.state is VideoState.IN_REVIEW]
    lines: list[str] = []
    for found, what in ((failed, "failed"), (unsure, "waits for you")):
        lines += [f"- {_name(one, watch)} {what}: {escaped(one.why, LONGEST_REASON)}" for one in found[:FEW]]
        lines += [f"- … and {len(found) - FEW} more"] if len(found) > FEW else []
    if not lines and run.state in {RunState.FAILED, RunState.INTERRUPTED}:
        lines.append(f"- {escaped(run.reason, LONGEST_REASON)}")
    parts = [f"{headline(run, tally, standings)} · {escaped(run.occasion)}"]
    parts += ["\n".join(lines)] if lines else []
    parts += [block(command("resume", run))] if is_unfinished(run, standings) else []
    return "\n\n".join(parts)


def closing(run: Run, tally: Tally, standings: Sequence[Standing], watch: Callable[[UUID], str]) -> str:
    """The summary of a run as Markdown."""
    parts = [f"## {escaped(run.pipeline)} {escaped(run.occasion)}: {run.state.value.replace('_', ' ')}"]
    if cheer := _cheer(run, tally, standings):
        parts.append(cheer)
    parts.append(law(tally, standings))
    parts += _waiting(run, standings, watch)
    parts += _to_come(run, standings)
    parts += _unfinished(run, standings, watch)
    return "\n\n".join(parts)


def _cheer(run: Run, tally: Tally, standings: Sequence[Standing]) -> str:
    """One line for a run in which everything went well; "" for any other."""
    made = tally.states.get(VideoState.DONE, 0)
    posts = [post for one in standings for post in one.posts]
    if run.state is not RunState.DONE or not made or made != tally.found:
        return ""
    if any(status.kind is not Kind.LIVE for status in statuses(standings)):
        return ""
    videos = "The video is done" if made == 1 else f"All {made} videos are done"
    if not posts:
        return f"{videos}. Nothing to do here."
    live = "its one post is live" if made == len(posts) == 1 else f"all {len(posts)} posts are live"
    return f"{videos}, and {live}. Nothing to do here."


def _waiting(run: Run, standings: Sequence[Standing], watch: Callable[[UUID], str]) -> list[str]:
    """What only a person can decide."""
    unsure = [one for one in standings if one.state is VideoState.IN_REVIEW]
    found = {
        kind: [(one, post) for one in standings for post in one.posts if one.statuses[post.id].kind is kind]
        for kind in _FOR_A_PERSON
    }
    if not unsure and not any(found.values()):
        return []
    parts = ["### Waits for you"]
    if unsure:
        parts.append("Screening was not sure. Watch, then decide:")
        parts.append(
            _list(run, [f"{_name(one, watch)} – {escaped(one.why or 'no reason was given')}" for one in unsure])
        )
    for kind, posts in found.items():
        if posts:
            parts.append(_FOR_A_PERSON[kind])
            parts.append(_list(run, [f"{_name(one, watch)} {_post(one, post)}" for one, post in posts]))
    return parts


def _to_come(run: Run, standings: Sequence[Standing]) -> list[str]:
    """What goes on by itself, and who does it."""
    told = outlook([one for one in statuses(standings) if one.kind in BY_ITSELF])
    if not told:
        return []
    who = f"{code('reelmill up')} sends them when their time comes, and so does {code('reelmill reconcile')}."
    return ["### Still to come", "\n".join(f"- {line}" for line in told), f"{who} Times are those of {run.zone}."]


def _unfinished(run: Run, standings: Sequence[Standing], watch: Callable[[UUID], str]) -> list[str]:
    """What failed and why, what is left behind, and the next command."""
    if not is_unfinished(run, standings):
        return []
    failed = [one for one in standings if one.state is VideoState.FAILED]
    cut_off = [one for one in standings if not one.ended]
    parts: list[str] = []
    if run.state is RunState.INTERRUPTED or (run.state is RunState.FAILED and not failed):
        parts += [f"### {'Interrupted' if run.state is RunState.INTERRUPTED else 'Failed'}", escaped(run.reason, 1000)]
    if failed:
        parts.append("### Failed")
        parts.append(_list(run, [_failure(one, watch) for one in failed]))
    if cut_off:
        parts.append("### Not finished")
        parts.append(
            _list(run, [f"{_name(one, watch)} – {one.state_words}; left behind: {one.kept}" for one in cut_off])
        )
    parts += ["### Next", "Everything finished is kept, and nothing is posted twice. Go on with:"]
    parts.append(block(command("resume", run)))
    if unplanned := [one for one in failed if not one.video.plan]:
        what = f"{counted(len(unplanned), 'video')} could not even be planned"
        parts.append(f"{what}: correct the definition or the source first. {_plan_again(run)}")
    return parts


def is_unfinished(run: Run, standings: Sequence[Standing]) -> bool:
    """Whether there is something to go on with."""
    if run.state in {RunState.FAILED, RunState.INTERRUPTED}:
        return True
    return any(one.state is VideoState.FAILED or not one.ended for one in standings)


def _failure(one: Standing, watch: Callable[[UUID], str]) -> str:
    lines = [f"{_name(one, watch)} – {escaped(one.why or 'no reason was given', 1000)}"]
    lines.append(f"  - left behind: {one.kept}")
    lines += [f"  - {_post(one, post)}" for post in one.posts if one.statuses[post.id].kind is not Kind.LIVE]
    return "\n".join(lines)


def _post(one: Standing, post: Post) -> str:
    status = one.statuses[post.id]
    why = f": {escaped(status.why)}" if status.why else ""
    then = f" – {code(status.command)}" if status.command and status.kind is not Kind.FAILED else ""
    return f"→ {escaped(post.target)}, {escaped(post.profile)}: {escaped(status.words)}{why}{then}"


def _plan_again(run: Run) -> str:
    if run.event is not None:
        return "Then send the event again under a new id."
    return f"Then plan it again: {code(f'reelmill run {run.pipeline} --date {run.date.isoformat()}')}"


def _name(one: Standing, watch: Callable[[UUID], str]) -> str:
    return f"**{link(escaped(one.video.title, 120), watch(one.video.id))}**"


def _list(run: Run, items: Sequence[str]) -> str:
    lines = [f"- {item}" for item in items[:MOST]]
    if more := len(items) - len(lines):
        lines.append(f"- … and {more} more: {code(command('show', run))}")
    return "\n".join(lines)
