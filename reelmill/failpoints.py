"""Named places where a test may kill the process, so that "killed at any point" can be tried and not only believed.

Set `REELMILL_FAILPOINT=finish.encoded` to die by SIGKILL when that point is reached, or `finish.encoded:3` to die at
the third time. Without the variable a failpoint is one dictionary look-up.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

#: Every failpoint in the product, in the order in which a video meets them. The crash suite walks this list.
FAILPOINTS = (
    "run.opened",
    "run.planned",
    "generate.encoded",
    "generate.stored",
    "generate.recorded",
    "screen.examined",
    "screen.recorded",
    "finish.encoded",
    "finish.stored",
    "finish.recorded",
    "post.planned",
    "post.prepared",
    "post.uploading",
    "post.remembered",
    "post.uploaded",
    "post.checked",
    "post.armed",
    "post.finalized",
    "post.live",
    "post.seen",
    "run.closing",
)
#: Not on the way of every video: several clips become one master, the platform works on after it took a post, a post is
#: looked up, or room is made.
ASIDE = (
    "assemble.made",
    "assemble.stored",
    "assemble.recorded",
    "post.accepted",
    "post.looked_up",
    "post.settled",
    "keep.marked",
)

_reached: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Kill this process with SIGKILL if `REELMILL_FAILPOINT` names this point."""
    wanted = os.environ.get("REELMILL_FAILPOINT")
    if not wanted:
        return
    if name not in (*FAILPOINTS, *ASIDE):
        raise ValueError(f"{name} is in neither FAILPOINTS nor ASIDE")
    point, _, nth = wanted.partition(":")
    if point == name:
        _reached[name] += 1
        if _reached[name] >= int(nth or 1):
            os.kill(os.getpid(), signal.SIGKILL)
