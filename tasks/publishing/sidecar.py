"""What a file beside a video says of it: words, labels, hashes, and how it came to be."""

from __future__ import annotations

import json

from reelmill import __version__
from reelmill.content import Json
from tasks.publishing.base import Delivery


def facts(delivery: Delivery, *, video: str, cover: str) -> dict[str, Json]:
    """Everything that is known of a post. The same for the same post, whoever asks.

    Parameters
    ----------
    video, cover:
        What the two files are called where this lies beside them.
    """
    rendition, text = delivery.rendition, delivery.text
    return {
        "post": str(delivery.post_id),
        **delivery.about,
        "platform": rendition.profile,
        "title": text.title,
        "caption": text.caption,
        "hashtags": list(text.hashtags),
        "disclosure": delivery.disclosure,
        "video": {
            "file": video,
            "sha256": rendition.sha256,
            "bytes": rendition.size_bytes,
            "width": rendition.width,
            "height": rendition.height,
            "fps": rendition.fps,
            "seconds": round(rendition.frames / rendition.fps, 3),
        },
        "cover": {"file": cover, "sha256": rendition.cover_sha256},
        "labels": dict(rendition.labels),
        "preview": rendition.preview,
        "made_by": f"reelmill {__version__}",
    }


def written(delivery: Delivery, *, video: str, cover: str) -> str:
    """The same as the text of a file."""
    return json.dumps(facts(delivery, video=video, cover=cover), ensure_ascii=False, indent=2) + "\n"


def read(text: str | bytes) -> dict[str, Json]:
    """What such a file says; {} if it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
