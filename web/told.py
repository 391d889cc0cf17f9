"""What somebody is told on the next page, once: a signed cookie of a minute.

It is signed, so that nobody else puts words into our mouth.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from fastapi.responses import Response

from web.door import Door

COOKIE = "reelmill_told"
#: Seconds that it is kept.
LASTS = 60
#: Lines that fit into a cookie, and characters of each.
MOST, LONGEST = 6, 120


def tell(door: Door, answer: Response, words: Sequence[str]) -> None:
    """Leave words for the next page of the desk."""
    kept = [one if len(one) <= LONGEST else one[:LONGEST] + "…" for one in words[:MOST]]
    text = base64.urlsafe_b64encode(json.dumps(kept, ensure_ascii=False).encode()).decode().rstrip("=")
    answer.set_cookie(
        COOKIE,
        f"{text}.{door.signer.sign('told', text)}",
        max_age=LASTS,
        path=_path(door),
        secure=door.signer.base.startswith("https:"),
        httponly=True,
        samesite="lax",
    )


def told(door: Door, kept: str | None) -> list[str]:
    """The words in a cookie; none if it is not ours."""
    text, _, signature = (kept or "").partition(".")
    if not text or not door.signer.matches(signature, "told", text):
        return []
    return [str(one) for one in json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))]


def forget(door: Door, answer: Response) -> None:
    """They have been said."""
    answer.delete_cookie(COOKIE, path=_path(door))


def _path(door: Door) -> str:
    return f"{door.signer.prefix}/review"
