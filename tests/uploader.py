"""One post in a process of its own that says how much memory it took: `python -m tests.uploader ORDER`.

An order is JSON:

    {"type": "tiktok", "options": {}, "sandbox": "http://127.0.0.1:8100", "video": "large.mp4"}
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from reelmill.content import Json
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Wait
from tests.posting import Memory, delivery_of, make_target


def order(kind: str, options: Mapping[str, Json], sandbox: str, video: Path) -> list[str]:
    """The command that uploads a video and posts it."""
    told = {"type": kind, "options": options, "sandbox": sandbox, "video": str(video)}
    return [sys.executable, "-m", "tests.uploader", json.dumps(told)]


def main() -> None:
    told = json.loads(sys.argv[1])
    target, memory = make_target(told["type"], **told["options"]), Memory()
    with tempfile.TemporaryDirectory() as folder:
        made = delivery_of(Path(folder), b"video")
        video = Path(told["video"])
        delivery = replace(made, rendition=replace(made.rendition, path=video, size_bytes=video.stat().st_size))
        context = TargetContext(Path(folder), told["sandbox"], pace=0.01)
        target.prepare(delivery, context)
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew here (proc(5))
        idle = _megabytes("VmHWM")
        target.upload(delivery, context, memory.handle())
        _await(lambda: target.check(delivery, context, memory.handle()))
        target.finalize(delivery, context, memory.handle())  # which sends the last bytes, where they are what publishes
        peak = _megabytes("VmHWM")
        context.close()
    sys.stdout.write(json.dumps({"idle_mb": idle, "peak_mb": peak, "commits": len(memory.commits)}))


def _await(check: Callable[[], None]) -> None:
    """Ask until the platform is ready, whose clock is that of the test."""
    for _ in range(300):
        with suppress(Wait):
            return check()
        time.sleep(0.1)
    raise AssertionError("the platform is never ready")


def _megabytes(name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()
