"""What makes a run, a video and a post the same one, anywhere: their uuid5."""

from __future__ import annotations

from uuid import UUID, uuid5

#: Namespace of every uuid5 of ours. Changing it would orphan each ledger that exists.
NAMESPACE = UUID("6f1e0f6c-58f5-5c0f-9d4e-6b1c2f0a7d11")


def run_identity(pipeline: str, occasion: str) -> UUID:
    """The identity of a run: the same pipeline and the same logical date or event id give the same run, anywhere."""
    return uuid5(NAMESPACE, f"run|{pipeline}|{occasion}")


def video_identity(run_id: UUID, brief_key: str, variant_id: str) -> UUID:
    """The identity of a video within its run."""
    return uuid5(run_id, f"video|{brief_key}|{variant_id}")


def post_identity(content: str, platform: str, account: str, edition: str = "") -> UUID:
    """The identity of a post: the same content goes to an account at most once, in each edition."""
    return uuid5(NAMESPACE, f"post|{content}|{platform}|{account}|{edition}")
