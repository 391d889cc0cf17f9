"""What is said to an OpenAI-shaped video API, and what its answers mean. Pure: nothing here touches a network.

The servers agree in the happy path only, so: orders are always multipart and always name frames and rate; an answer's
body is read before its status code is believed (vLLM-Omni tells of a failed job with a 4xx or 5xx and the job itself,
and a proxy may say 200 over an error); progress and the parts of an error are optional; ids are foreign text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from reelmill.content import Json, Shot
from reelmill.errors import EngineError, ReelmillError, TransientError
from reelmill.logs import mask
from wan_engine.shot import check_frames, check_size
from wan_engine.video_api.address import TOKEN, URL

#: Characters of a server's own words that a message repeats.
LONGEST_WORDS = 300
#: Statuses that pass by themselves: timeouts, a full queue, and a server or proxy that is starting.
BUSY = frozenset({408, 425, 429, 502, 503, 504})
#: What vLLM-Omni takes, the stricter of the two (its `protocol/videos.py`); the rate is what our own stages can play.
RATES, STEPS, GUIDANCE = (8, 60), (1, 200), (0, 20)
#: What the form calls the file of the reference image.
PICTURE_FIELD = "input_reference"

_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._:-]{0,199}")
#: Figures of a finished job that are worth keeping with the clip.
_FIGURES = ("inference_time_s", "peak_memory_mb")


class Status(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


#: Words for the end of a job that some servers have beside the four.
_ENDS = {"cancelled": Status.FAILED, "canceled": Status.FAILED, "deleted": Status.FAILED, "expired": Status.FAILED}


@dataclass(frozen=True, slots=True)
class Job:
    """A shot as the server has it."""

    id: str
    status: Status
    percent: int = 0  #: 0 to 100; some servers know only these two
    reason: str = ""  #: why it failed, in the server's words
    figures: Mapping[str, float] = field(default_factory=dict)
    preview: bool = False  #: made without a model, as our own server says of an engine that draws previews


@dataclass(frozen=True)
class Answer:
    """What the server answered to one request."""

    status: int
    body: bytes
    retry_after: str = ""

    @cached_property
    def json(self) -> Json:
        """The body as JSON, or None if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def check_order(shot: Shot) -> None:
    """Raise `EngineError` with the nearest legal value unless every server of this kind takes such an order."""
    check_size(shot.width, shot.height)
    check_frames(shot.frames)
    for name, value, (least, most) in (
        ("frames per second", shot.fps, RATES),
        ("steps", shot.steps, STEPS),
        ("as guidance", shot.guidance, GUIDANCE),
    ):
        if not least <= value <= most:
            raise EngineError(
                f"{value} {name} cannot be ordered: {least} to {most} can", f"ask for {min(max(value, least), most)}"
            )


def form(shot: Shot) -> dict[str, str]:
    """The fields of an order. Frames and rate are always named: a server's own defaults are others than the model's."""
    fields = {
        "model": name_of(shot.model),
        "prompt": shot.prompt,
        "seconds": str(max(1, round(shot.seconds))),  # whole seconds in every dialect; num_frames is what counts
        "size": f"{shot.width}x{shot.height}",
        "num_frames": str(shot.frames),
        "fps": str(shot.fps),
        "num_inference_steps": str(shot.steps),
        "guidance_scale": str(shot.guidance),
        "seed": str(shot.seed),
    }
    if shot.negative_prompt:
        fields["negative_prompt"] = shot.negative_prompt
    return fields


def name_of(model: str) -> str:
    """A model's name as the server knows it: what stands before the revision, and before what is put on it."""
    return re.split("[@+~]", model, maxsplit=1)[0]


def served(answer: Answer) -> tuple[str, ...]:
    """The models that `GET /v1/models` lists, as `name`, or `name@revision` where the server says one.

    Raises
    ------
    EngineError, TransientError
        If the answer is another one.
    """
    listed = answer.json.get("data") if isinstance(answer.json, dict) else None
    if answer.status != 200 or not isinstance(listed, list):
        raise refusal(answer, "asked for its models")
    names = []
    for card in listed:
        if isinstance(card, dict) and isinstance(card.get("id"), str) and card["id"].strip():
            revision = card.get("revision")
            names.append(f"{card['id']}@{revision}" if isinstance(revision, str) and revision else card["id"])
    if not names:
        raise EngineError("the video server serves no model", "start it with one")
    return tuple(names)


def job(answer: Answer) -> Job | None:
    """The job in an answer, whatever its status code; None if there is none in it.

    Raises
    ------
    EngineError
        If it is one that cannot be understood.
    """
    body = answer.json
    if not isinstance(body, dict) or not isinstance(body.get("id"), str) or not isinstance(body.get("status"), str):
        return None
    if not _ID.fullmatch(body["id"]):
        raise EngineError(f"the video server calls a job {_bounded(body['id'])!r}", "look at the server's version")
    word = body["status"].lower()
    status = _ENDS.get(word) or (Status(word) if word in set(Status) else None)
    if status is None:
        raise EngineError(f"the video server says that a job is {_bounded(word)!r}", "look at the server's version")
    reason = ""
    if status is Status.FAILED:
        reason = _bounded(_told(body.get("error"))) or (f"it was {word}" if word in _ENDS else "it gives no reason")
    preview = body.get("preview") is True
    return Job(body["id"], status, _percent(body.get("progress")), reason, _figures(body), preview)


def refusal(answer: Answer, when: str) -> ReelmillError:
    """The typed error for an answer that is not what was asked for."""
    said = words(answer)
    reason = f"the video server, {when}, answers {answer.status}" + (f": {said}" if said else "")
    if answer.status in (401, 403):
        return EngineError(reason, f"set {TOKEN} to a token that it knows")
    if 300 <= answer.status < 400:
        return EngineError(f"{reason} (a redirect, which is not followed)", f"set {URL} to where it leads")
    if answer.status in BUSY or answer.status >= 500:
        return TransientError(reason, "look at the server's log, then resume the run")
    if answer.status >= 400:
        return EngineError(reason, "correct what it says, then resume the run")
    return EngineError(reason or "nothing", f"check that {URL} is the address of a video server")


def words(answer: Answer) -> str:
    """What the server says in an answer that is an error: bounded, on one line, without secrets."""
    body = answer.json
    if isinstance(body, dict):
        for key in ("error", "detail", "message"):
            if said := _told(body.get(key)):
                return _bounded(said)
    return _bounded(answer.body[: 4 * LONGEST_WORDS].decode("utf-8", "replace"))


def _told(error: Json) -> str:
    """The words in an error of any dialect: a text, an object with a message, or a list of such."""
    if isinstance(error, str):
        return error
    if isinstance(error, dict):
        return next((str(error[key]) for key in ("message", "msg", "detail", "code") if error.get(key)), "")
    if isinstance(error, list):
        return "; ".join(_placed(one) for one in error[:3])
    return ""


def _placed(problem: Json) -> str:
    """One entry of the list that FastAPI gives, with the field that it is about."""
    place = problem.get("loc") if isinstance(problem, dict) else None
    field_name = str(place[-1]) + ": " if isinstance(place, list) and place else ""
    return field_name + _told(problem)


def _bounded(text: str) -> str:
    plain = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    # Masked before it is cut, or the cut could leave half a secret.
    shown = mask(plain)
    return shown if len(shown) <= LONGEST_WORDS else f"{shown[:LONGEST_WORDS]}…"


def _percent(value: Any) -> int:
    return min(max(int(value), 0), 100) if isinstance(value, int | float) and value == value else 0  # noqa: PLR0124 (NaN)


def _figures(body: dict[str, Json]) -> dict[str, float]:
    found = {key: body.get(key) for key in _FIGURES}
    return {key: value for key, value in found.items() if isinstance(value, int | float) and value > 0}
