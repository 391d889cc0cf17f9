"""The states of runs, videos and posts, and which may follow which.

video   planned → generated → screened → finished → done
           │          ├→ in_review → screened | rejected          (a person decides)
           │          └→ rejected                                 (screening blocks)
           └→ in_review | rejected                                (its texts; a person brings it back to planned)
        planned … finished → failed → planned                     (a retry starts over and finds what is kept)
        done → in_review | rejected                               (a post waited, and the policy changed meanwhile)
        planned → skipped

post    planned → uploading → armed → live → withdrawn → planned  (a person took it down)
                      │         ├→ unknown → live | planned | failed
                      │         └→ planned                        (a look-up says: not posted)
                      └→ failed → planned
        A post that is put off keeps its state and has a time before which it is not tried.

run     running → done | in_review | failed | interrupted → running …
"""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    IN_REVIEW = "in_review"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class VideoState(StrEnum):
    PLANNED = "planned"
    GENERATED = "generated"
    SCREENED = "screened"
    FINISHED = "finished"
    DONE = "done"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    FAILED = "failed"
    IN_REVIEW = "in_review"


class PostState(StrEnum):
    PLANNED = "planned"
    UPLOADING = "uploading"
    ARMED = "armed"
    LIVE = "live"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


#: Videos in these states count in the run's conservation law: nothing more happens to them in this run.
ENDED = frozenset({VideoState.DONE, VideoState.SKIPPED, VideoState.REJECTED, VideoState.FAILED, VideoState.IN_REVIEW})

_R, _V, _P = RunState, VideoState, PostState

RUN_MOVES: dict[RunState, frozenset[RunState]] = {
    _R.RUNNING: frozenset({_R.RUNNING, _R.DONE, _R.IN_REVIEW, _R.FAILED, _R.INTERRUPTED}),
    _R.DONE: frozenset({_R.RUNNING}),
    _R.IN_REVIEW: frozenset({_R.RUNNING}),
    _R.FAILED: frozenset({_R.RUNNING}),
    _R.INTERRUPTED: frozenset({_R.RUNNING}),
}

VIDEO_MOVES: dict[VideoState, frozenset[VideoState]] = {
    _V.PLANNED: frozenset({_V.GENERATED, _V.SKIPPED, _V.FAILED, _V.IN_REVIEW, _V.REJECTED}),
    _V.GENERATED: frozenset({_V.SCREENED, _V.IN_REVIEW, _V.REJECTED, _V.FAILED, _V.PLANNED}),
    _V.SCREENED: frozenset({_V.FINISHED, _V.FAILED, _V.PLANNED}),
    _V.FINISHED: frozenset({_V.DONE, _V.FAILED, _V.PLANNED}),
    _V.IN_REVIEW: frozenset({_V.SCREENED, _V.REJECTED, _V.PLANNED}),
    # A post of it that had waited was refused, or its verdict does not hold any more.
    _V.DONE: frozenset({_V.PLANNED, _V.FAILED, _V.IN_REVIEW, _V.REJECTED}),
    _V.SKIPPED: frozenset({_V.PLANNED}),
    _V.REJECTED: frozenset({_V.PLANNED}),
    _V.FAILED: frozenset({_V.PLANNED}),
}

POST_MOVES: dict[PostState, frozenset[PostState]] = {
    _P.PLANNED: frozenset({_P.UPLOADING, _P.FAILED}),
    _P.UPLOADING: frozenset({_P.ARMED, _P.FAILED, _P.PLANNED}),
    _P.ARMED: frozenset({_P.LIVE, _P.UNKNOWN, _P.PLANNED, _P.FAILED}),
    _P.UNKNOWN: frozenset({_P.LIVE, _P.PLANNED, _P.FAILED}),
    _P.FAILED: frozenset({_P.PLANNED}),
    _P.LIVE: frozenset({_P.WITHDRAWN}),
    _P.WITHDRAWN: frozenset({_P.PLANNED}),
}
