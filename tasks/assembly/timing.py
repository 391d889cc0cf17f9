"""How long clips are together."""

from __future__ import annotations

from collections.abc import Sequence

from reelmill.content import Joint


def joined(frames: Sequence[int], joints: Sequence[Joint]) -> int:
    """The frames of a master.

    Parameters
    ----------
    frames:
        Of each clip.
    joints:
        Before each clip but the first.

    >>> joined([121, 73], [Joint("crossfade", 12)])
    182
    """
    assert len(joints) == len(frames) - 1, "a joint stands between two clips"
    return sum(frames) - sum(joint.frames for joint in joints)


def short(frames: Sequence[int], joints: Sequence[Joint]) -> int | None:
    """The first clip that has no frame of its own between its joints, counted from 0; None if there is none."""
    around = [0, *(joint.frames for joint in joints), 0]
    for index, count in enumerate(frames):
        if around[index] + around[index + 1] >= count:
            return index
    return None
