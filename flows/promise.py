"""A plan that was shown to somebody, as a file, and whether a run would still do just that.

What a run makes, and what draws it; which account, or which time of day of an experiment, each post is for; and whose
posts are taken down. Times of posts are no part of it: accounts are used by others too, and a run takes the times that
are free then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.planning import Plan
from records.videos import PlannedVideo
from reelmill.content import Json, fingerprint
from reelmill.errors import UseError

#: Names of videos that a refusal tells.
MOST_NAMED = 5
#: A plan of ten thousand videos has some 30 MB.
MOST_BYTES = 256 * 1024 * 1024

_LATER = ("posts", "misfits", "facts", "shortened")


@dataclass(frozen=True, slots=True)
class Promise:
    """What a file says that a run does."""

    pipeline: str
    occasion: str
    definition: str  #: its hash
    limit: int | None
    held: Mapping[str, Json]  #: what the run is held to; see `promised`
    event: Mapping[str, Json] | None = None


def promised(plan: Plan) -> dict[str, Json]:
    """What a plan does: the hash of each of its videos, by brief and variant; what is taken down; and who draws."""
    return {
        "videos": {f"{video.brief_key} {video.variant_id}".strip(): _hash(video) for video in plan.videos},
        "gone": sorted(plan.gone),
        "doubtful": plan.doubtful,
        "model": plan.model,
        "allocation": _shares(plan),
    }


def read(path: Path) -> Promise:
    """A file that `reelmill plan --json` wrote.

    Raises
    ------
    UseError
        If it is no such file.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("it is too large")
        found = json.loads(path.read_text(encoding="utf-8"))
        held = dict(found["promise"])
        if held.keys() != promised(Plan()).keys():
            raise ValueError("it promises something else")
        return Promise(found["pipeline"], found["occasion"], found["definition"], found["limit"], held, found["event"])
    except OSError as error:
        raise UseError(f"the plan {path} cannot be read: {error.strerror}", "give the file of a plan") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UseError(f"{path} is no plan", "make one: `reelmill plan PIPELINE --json > plan.json`") from None


def hold(plan: Plan, wanted: Mapping[str, Json]) -> None:
    """See that a plan does what was promised.

    Raises
    ------
    UseError
        If it does not, with what is other.
    """
    if not isinstance(wanted.get("videos"), Mapping):  # a run that was opened when only videos were promised
        wanted = {"videos": wanted}
    found = promised(plan)
    if told := [*_videos(found["videos"], wanted["videos"]), *_taken_down(found, wanted), *_drawn(found, wanted)]:
        raise UseError(
            f"the world has changed since it was planned ({'; '.join(told)})", "plan again, and look at what is new"
        )


def _videos(found: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[str]:
    other = [name for name in found if name in wanted and found[name] != wanted[name]]
    yield from _lists(
        {
            "new": [name for name in found if name not in wanted],
            "gone": [name for name in wanted if name not in found],
            "other": other,
        }
    )


def _taken_down(found: Mapping[str, Json], wanted: Mapping[str, Json]) -> Iterator[str]:
    now, then = found["gone"], wanted.get("gone", found["gone"])
    yield from _lists(
        {
            "to be taken down": [key for key in now if key not in then],
            "not to be taken down any more": [key for key in then if key not in now],
        }
    )
    if found["doubtful"] != wanted.get("doubtful", found["doubtful"]):
        yield "so much is gone that nothing is taken down" if found["doubtful"] else "what is gone is taken down"


def _drawn(found: Mapping[str, Json], wanted: Mapping[str, Json]) -> Iterator[str]:
    if found["model"] != (then := wanted.get("model", found["model"])):
        yield f"drawn by {found['model'] or 'nobody'} and not by {then or 'nobody'}"
    if found["allocation"] != wanted.get("allocation", found["allocation"]):
        yield found["allocation"] or "its values are drawn alike"


def _lists(lists: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from (f"{what}: {_named(names)}" for what, names in lists.items() if names)


def _hash(video: PlannedVideo) -> str:
    made = {name: value for name, value in video.plan.items() if name not in _LATER}
    posts = [
        [post["target"], post["profile"], *filter(None, [post.get("trial")])] for post in video.plan.get("posts", [])
    ]
    state = video.first_state.value
    return fingerprint([video.title, state, video.skipped, video.failed, made, posts])[:32]


def _shares(plan: Plan) -> str:
    """How an experiment's values are drawn, as finely as it is told: more would be other with every like."""
    return str(plan.allocation) if plan.allocation is not None else ""


def _named(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
