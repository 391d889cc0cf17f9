"""A plan that was shown to somebody, as a file, and whether a run would still do just that.

Times of posts are no part of it: accounts are used by others too, and a run takes the times that are free then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
    videos: Mapping[str, str]  #: the hash of what is made, or why nothing is, by brief and variant
    event: Mapping[str, Json] | None = None


def promised(plan: Plan) -> dict[str, str]:
    """What a plan does with each of its videos."""
    return {f"{video.brief_key} {video.variant_id}".strip(): _hash(video) for video in plan.videos}


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
        return Promise(
            found["pipeline"], found["occasion"], found["definition"], found["limit"], dict(found["promise"]),
            found["event"],
        )  # fmt: skip
    except OSError as error:
        raise UseError(f"the plan {path} cannot be read: {error.strerror}", "give the file of a plan") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UseError(f"{path} is no plan", "make one: `reelmill plan PIPELINE --json > plan.json`") from None


def hold(plan: Plan, wanted: Mapping[str, str]) -> None:
    """See that a plan does what was promised.

    Raises
    ------
    UseError
        If it does not, with what is other.
    """
    found = promised(plan)
    other = [name for name in found if name in wanted and found[name] != wanted[name]]
    told = [
        f"{what}: {_named(names)}"
        for what, names in (
            ("new", [name for name in found if name not in wanted]),
            ("gone", [name for name in wanted if name not in found]),
            ("other", other),
        )
        if names
    ]
    if told:
        raise UseError(
            f"the world has changed since it was planned ({'; '.join(told)})", "plan again, and look at what is new"
        )


def _hash(video: PlannedVideo) -> str:
    made = {name: value for name, value in video.plan.items() if name not in _LATER}
    posts = [[post["target"], post["profile"]] for post in video.plan.get("posts", [])]
    state = video.first_state.value
    return fingerprint([video.title, state, video.skipped, video.failed, made, posts])[:32]


def _named(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
