"""One order as the server has it, and how it is told to its client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from reelmill.content import Json, Shot
from reelmill.errors import ReelmillError
from wan_engine.video_api.protocol import Status, name_of

#: Figures of a clip's record that a client is told under the names that SGLang and vLLM-Omni have for them.
_TOLD = {"inference_time_s": "seconds_taken", "peak_memory_mb": "peak_memory_mb"}


@dataclass(frozen=True, slots=True)
class Job:
    """A shot that was ordered. Moments are seconds since 1970."""

    number: int  #: the order in which they came
    id: str
    shot: Shot
    status: Status
    starts: int  #: how often the worker began with it
    created_at: float
    started_at: float | None = None
    ended_at: float | None = None
    expires_at: float | None = None  #: when it is forgotten, and its film removed; None while it has not ended
    code: str = ""  #: what kind of failure, for programs
    reason: str = ""  #: why it failed, for people
    sha256: str = ""  #: of its film
    record: Mapping[str, Json] = field(default_factory=dict)  #: how the film was made, in the engine's words

    def to_json(self, percent: int, *, preview: bool) -> dict[str, Json]:
        """The job object of the OpenAI video API, with the fields that SGLang and vLLM-Omni have beside it.

        Parameters
        ----------
        percent:
            How far it is, while it is being made.
        preview:
            Whether the engine draws previews: our client marks its clips so, and they are not published.
        """
        shot, progress = self.shot, percent if self.status is Status.IN_PROGRESS else 0
        return {
            "id": self.id,
            "object": "video",
            "model": name_of(shot.model),
            "status": self.status.value,
            "progress": 100 if self.status is Status.COMPLETED else progress,
            "created_at": int(self.created_at),
            "completed_at": _whole(self.ended_at) if self.status is Status.COMPLETED else None,
            "expires_at": _whole(self.expires_at),
            # Whole seconds, as in every dialect; the frames are what counts.
            "seconds": str(max(1, round(shot.seconds))),
            "size": f"{shot.width}x{shot.height}",
            "prompt": shot.prompt,
            "error": {"code": self.code, "message": self.reason} if self.status is Status.FAILED else None,
            "num_frames": shot.frames,
            "fps": shot.fps,
            "seed": shot.seed,
            "preview": preview,
            **{name: self.record[kept] for name, kept in _TOLD.items() if kept in self.record},
        }


def code_of(error: ReelmillError) -> str:
    """The kind of an error for programs: `engine_error`, `media_error`, `storage_error` …"""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()


def _whole(moment: float | None) -> int | None:
    return None if moment is None else int(moment)
