"""What a file beside a video says of it: words, labels, hashes, and how it came to be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from reelmill import __version__
from reelmill.content import Json, Rendition
from reelmill.errors import PublishingError
from reelmill.subtitles import Subtitles
from tasks.publishing.base import Delivery


def subtitles(delivery: Delivery) -> dict[str, bytes]:
    """The subtitles that lie beside a video, by the suffix of each file; none where nothing is spoken."""
    found = Subtitles.of(delivery.rendition.record)
    return {kind: text.encode() for kind, text in found.texts.items()} if found is not None else {}


def facts(delivery: Delivery, *, video: str, cover: str, subtitled: Mapping[str, str] | None = None) -> dict[str, Json]:
    """Everything that is known of a post. The same for the same post, whoever asks.

    Parameters
    ----------
    video, cover:
        What the two files are called where this lies beside them.
    subtitled:
        What those with subtitles are called, by suffix. None: as the post is.
    """
    spoken = subtitles(delivery)
    named = {kind: f"{delivery.name}.{kind}" for kind in spoken} if subtitled is None else subtitled
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
            "frames": rendition.frames,
            "seconds": round(rendition.frames / rendition.fps, 3),
        },
        "cover": {"file": cover, "sha256": rendition.cover_sha256},
        "subtitles": {
            kind: {"file": named[kind], "sha256": hashlib.sha256(document).hexdigest()}
            for kind, document in spoken.items()
        },
        "labels": dict(rendition.labels),
        "sound": rendition.record.get("sound"),
        "preview": rendition.preview,
        "made_by": f"reelmill {__version__}",
    }


def written(delivery: Delivery, *, video: str, cover: str, subtitled: Mapping[str, str] | None = None) -> str:
    """The same as the text of a file."""
    told = facts(delivery, video=video, cover=cover, subtitled=subtitled)
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def promised(facts: Mapping[str, Json], folder: Path) -> Rendition:
    """The rendition that a sidecar in a folder speaks of, as far as it can be proven by its files.

    Raises
    ------
    PublishingError
        If it says too little: it is none of ours, or of a release that wrote less.
    """
    try:
        video, cover = facts["video"], facts["cover"]
        return Rendition(
            master_sha256="",
            profile=str(facts["platform"]),
            recipe="",
            path=folder / Path(video["file"]).name,
            sha256=str(video["sha256"]),
            cover=folder / Path(cover["file"]).name,
            cover_sha256=str(cover["sha256"]),
            width=int(video["width"]),
            height=int(video["height"]),
            frames=int(video["frames"]),
            fps=int(video["fps"]),
            size_bytes=int(video["bytes"]),
            labels=dict(facts["labels"]),
            preview=bool(facts["preview"]),
            record={"sound": facts["sound"]},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PublishingError(
            f"the sidecar does not say what was promised ({type(error).__name__}: {error})",
            "verify the file where it was made",
        ) from error


def read(text: str | bytes) -> dict[str, Json]:
    """What such a file says; {} if it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
