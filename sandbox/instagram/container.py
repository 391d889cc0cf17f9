"""A container: what Instagram makes of a file and its words before anybody sees it.

Source: Instagram Platform, reference of `/{ig-user-id}/media` and of the container; "Error Codes".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.graph.errors import refusal
from sandbox.upload import Upload

MOST_HASHTAGS, MOST_MENTIONS, MOST_COLLABORATORS = 30, 20, 3


@dataclass
class Container:
    """What becomes a reel."""

    id: str
    user: str
    fields: Mapping[str, str]
    upload: Upload
    expires: float  #: when it is too late to publish it, by the platform's clock
    processed: float | None = None  #: when its processing ends; None: bytes are missing
    failure: str | None = None  #: why its processing fails
    posts: list[str] = field(default_factory=list)

    def state(self, now: float) -> str:
        """Its `status_code`."""
        if self.posts:
            return "PUBLISHED"
        if now >= self.expires:
            return "EXPIRED"
        if self.processed is None or now < self.processed:
            return "IN_PROGRESS"
        return "ERROR" if self.failure else "FINISHED"

    def told(self, now: float) -> dict[str, Callable[[str], Any]]:
        """Its fields."""
        state = self.state(now)
        words = {
            "IN_PROGRESS": "In Progress: Media is still being processed.",
            "FINISHED": "Finished: Media has been uploaded and it is ready to be published.",
            "PUBLISHED": "Published: Media has been published.",
            "EXPIRED": "Expired: The container was not published within 24 hours.",
            "ERROR": f"Error: Media upload has failed with error code {self.failure}",
        }
        size, whole = self.upload.size, self.processed is not None
        looking = {"ERROR": "error", "FINISHED": "complete", "PUBLISHED": "complete"}.get(state, "in_progress")
        phases = {
            "uploading_phase": {
                "status": "complete" if whole else "in_progress" if size else "not_started",
                "bytes_transferred": size,
            },
            "processing_phase": {"status": looking if whole else "not_started"},
        }
        return {
            "id": lambda _: self.id,
            "status": lambda _: words[state],
            "status_code": lambda _: state,
            "video_status": lambda _: phases,
        }


def check(fields: Mapping[str, str], most_characters: int) -> None:
    """Refuse parameters of a container that Instagram would not take."""
    caption = fields.get("caption", "")
    if fields.get("media_type") != "REELS":
        message = f"The media type {fields.get('media_type', '')} is unknown"
        raise refusal(100, "(#100) Invalid parameter", subcode=2207023, advice=message)
    if fields.get("upload_type", "resumable") != "resumable":
        raise refusal(100, "(#100) Param upload_type must be one of {RESUMABLE}")
    if "upload_type" not in fields and not fields.get("video_url"):
        raise refusal(100, "(#100) The parameter video_url is required.")
    too_many = len(re.findall(r"#\w+", caption)) > MOST_HASHTAGS or len(re.findall(r"@\w+", caption)) > MOST_MENTIONS
    if len(caption) > most_characters or too_many:
        raise refusal(36004, "The caption was too long", subcode=2207010, advice="The submitted caption is too long")
    if not re.fullmatch(r"\d+", fields.get("thumb_offset", "0")):
        message = "Thumbnail offset must be greater than or equal to 0 and less than video duration"
        raise refusal(1, "Invalid thumbnail offset", subcode=2207057, advice=message)
    if not fields.get("cover_url", "https://").startswith(("https://", "http://")):
        raise refusal(100, "(#100) cover_url should represent a valid URL")
    for name in ("share_to_feed", "is_ai_generated"):
        if fields.get(name, "true").lower() not in {"true", "false", "1", "0"}:
            raise refusal(100, f"(#100) Param {name} must be a boolean")
    collaborators = _json(fields, "collaborators", [])
    if not isinstance(collaborators, list) or len(collaborators) > MOST_COLLABORATORS:
        raise refusal(100, f"(#100) Param collaborators must be an array of at most {MOST_COLLABORATORS} usernames")
    trial = _json(fields, "trial_params", {"graduation_strategy": "MANUAL"})
    if not isinstance(trial, dict) or trial.get("graduation_strategy") not in {"MANUAL", "SS_PERFORMANCE"}:
        raise refusal(100, "(#100) Param trial_params[graduation_strategy] must be one of {MANUAL, SS_PERFORMANCE}")


def _json(fields: Mapping[str, str], name: str, default: Any) -> Any:
    if name not in fields:
        return default
    try:
        return json.loads(fields[name])
    except ValueError as error:
        raise refusal(100, f"(#100) Param {name} must be JSON") from error
