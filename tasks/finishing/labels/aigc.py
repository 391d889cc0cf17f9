"""The AI label that machines read: the metadata key `AIGC` of GB 45438-2025, Annex E.

In MP4 it stands in `moov.udta.meta`, its key in `keys` and its JSON in `ilst` (TC260-PG-20257A), exactly once in a
file. It names who answers for the content by a code that is registered; without such a code nothing is written,
because an invented one asserts a producer that does not exist.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from reelmill.content import Json
from reelmill.errors import FinishingError, MediaError
from tasks.finishing import mp4
from tasks.finishing.options import AIGC_PRODUCER

KEY = "AIGC"
FIELDS = ("Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2")
IS_AI = "1"  #: 1 is AI content, 2 may be, 3 is suspected to be

#: Why there is none.
NOT_SET = "brand.ai_producer is not set"


def compose(producer: str, produce_id: str) -> dict[str, str]:
    """The metadata of one content.

    Parameters
    ----------
    producer:
        The 27 characters of the producer's code.
    produce_id:
        The producer's own number of this content; printable ASCII without spaces, quotes and backslashes.

    Raises
    ------
    FinishingError
        If either is not what the standard allows.
    """
    value = {**dict.fromkeys(FIELDS, ""), "Label": IS_AI, "ContentProducer": producer, "ProduceID": produce_id}
    wrong = problems(value)
    if wrong:
        raise FinishingError(f"the AIGC metadata is not legal: {'; '.join(wrong)}", "correct `brand.ai_producer`")
    return value


def problems(value: Mapping[str, Json]) -> list[str]:
    """What is wrong with a piece of AIGC metadata; nothing if it is as Annex E wants it."""
    wrong: list[str] = []
    if set(value) != set(FIELDS):
        wrong.append(f"its fields are {', '.join(value)}")
    wrong.extend(f"{name} is empty" for name in ("Label", "ContentProducer", "ProduceID") if not value.get(name))
    if value.get("Label") not in {"1", "2", "3"}:
        wrong.append("Label is none of 1, 2, 3")
    wrong.extend(
        f"{name} holds characters other than printable ASCII without spaces, quotes and backslashes"
        for name, text in value.items()
        if not isinstance(text, str) or not re.fullmatch(r"[!#-\[\]-~]*", text)
    )
    if not re.fullmatch(AIGC_PRODUCER, str(value.get("ContentProducer"))):
        wrong.append("ContentProducer is not a code of 27 characters that begins with 00")
    return wrong


def arguments(value: Mapping[str, str] | None) -> list[str]:
    """What ffmpeg needs to write it. Without `-movflags use_metadata_tags` ffmpeg drops it and says nothing."""
    return ["-metadata", f"{KEY}={json.dumps(dict(value), separators=(',', ':'))}"] if value else []


def read(path: Path) -> dict[str, Json] | None:
    """The AIGC metadata of an MP4 file, or None if there is none.

    Raises
    ------
    MediaError
        If there are several, or the value is not a JSON object.
    """
    found = [value for key, value in mp4.read(path).metadata if key == KEY]
    if len(found) > 1:
        raise MediaError(f"{path.name} has {len(found)} AIGC entries; one is allowed", "")
    if not found:
        return None
    try:
        value = json.loads(found[0])
    except ValueError as error:
        raise MediaError(f"the AIGC entry of {path.name} is not JSON: {error}", "") from error
    if not isinstance(value, dict):
        raise MediaError(f"the AIGC entry of {path.name} is not a JSON object", "")
    return value
