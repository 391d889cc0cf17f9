"""What an upload costs beside `curl`, which sends the same bytes to the same simulated platform, and in memory."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from tasks.publishing.base import Delivery, Target
from tasks.publishing.context import TargetContext
from tests import uploader
from tests.place import Place
from tests.places import places
from tests.posting import Died, Memory, delivery_of, make_target

#: What begins an upload, as it stands in the handle.
ADDRESS = {"youtube": "session", "tiktok": "upload_url"}
#: Bytes of the video whose memory is measured.
LARGE = 600_000_000


@dataclass(frozen=True)
class Sending:
    """One target, one video, and the platform."""

    target: Target
    context: TargetContext
    delivery: Delivery
    place: Place

    @property
    def kind(self) -> str:
        return self.target.type

    def ours(self) -> float:
        """Seconds that the target takes for the whole upload."""
        began, memory = time.perf_counter(), Memory()
        self.target.upload(self.delivery, self.context, memory.handle())
        if self.kind == "tiktok":  # the last part of a video publishes it there
            self.target.finalize(self.delivery, self.context, memory.handle())
        return time.perf_counter() - began

    def curl(self) -> float:
        """Seconds that `curl` takes for the bytes, in the same requests."""
        memory = Memory(dies_after=1)
        try:
            self.target.upload(self.delivery, self.context, memory.handle())
        except Died:
            address = str(memory.known[ADDRESS[self.kind]])
        video = self.delivery.rendition.path
        size, step = self.delivery.rendition.size_bytes, int(getattr(self.target, "chunk_size", 0))
        # As TikTok counts: the last part takes what is left over. YouTube takes parts of any number.
        count = max(1, size // step) if self.kind == "tiktok" else -(-size // step)
        took = 0.0
        for number in range(count):
            first = number * step
            last = size - 1 if number == count - 1 else first + step - 1
            part = video.with_name("part")
            with video.open("rb") as source, part.open("wb") as goal:
                source.seek(first)
                goal.write(source.read(last - first + 1))
            began = time.perf_counter()
            self._put(address, part, f"bytes {first}-{last}/{size}")
            took += time.perf_counter() - began
        return took

    def _put(self, address: str, part: Path, content_range: str) -> None:
        headers = {"Content-Range": content_range, "Content-Type": "video/mp4", "Authorization": "Bearer sandbox-token"}
        words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
        target = urlsplit(address)
        # Told apart from the address, because curl adds a file's name to one that ends with a slash.
        words += ["--request-target", f"{target.path}?{target.query}", "-T", str(part), f"http://{target.netloc}/part"]
        command = ["curl", "--silent", "--show-error", "--output", "/dev/null", "--write-out", "%{http_code}"]
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=True, timeout=300)
        assert done.stdout in {"200", "201", "206", "308"}, f"curl was answered {done.stdout}"


def measure(megabytes: int, rounds: int, *, say: Callable[[str], None] = print) -> dict[str, float]:
    """Both ways in turns, then the memory of a large upload."""
    figures: dict[str, float] = {}
    for kind in ADDRESS:
        if shutil.which("curl") is None:
            say("curl is not here: nothing to compare with")
            break
        with _sending(kind, megabytes * 1_000_000) as sending:
            pairs = [(sending.ours(), sending.curl()) for _ in range(rounds)]
        ours, curl = (statistics.median(one) for one in zip(*pairs, strict=True))
        ratio = statistics.median(our / theirs for our, theirs in pairs)
        say(f"{kind:<10} {megabytes} MB: {ours:.2f} s, curl {curl:.2f} s, × {ratio:.2f}")
        figures[f"upload_{kind}_to_curl_ratio"] = ratio
    for kind in ADDRESS:
        figures[f"upload_{kind}_memory_mb"] = _memory(kind)
        say(f"{kind:<10} {LARGE // 1_000_000} MB: {figures[f'upload_{kind}_memory_mb']:.1f} MB above idle")
    return figures


@contextmanager
def _sending(kind: str, size: int) -> Iterator[Sending]:
    with tempfile.TemporaryDirectory(prefix="reelmill-uploads-") as name, places() as town:
        folder = Path(name)
        with town.place(kind, folder) as place:
            made = delivery_of(folder, b"video")
            block = os.urandom(1_000_000)
            with made.rendition.path.open("wb") as stream:
                for _ in range(size // len(block)):
                    stream.write(block)
            delivery = replace(made, rendition=replace(made.rendition, size_bytes=size))
            context = TargetContext(folder, place.sandbox, pace=0.01)
            yield Sending(make_target(kind, **place.options), context, delivery, place)
            context.close()


def _memory(kind: str) -> float:
    with tempfile.TemporaryDirectory(prefix="reelmill-uploads-") as name, places() as town:
        video = Path(name) / "large.mp4"
        with video.open("wb") as stream:
            stream.truncate(LARGE)
        with town.place(kind, Path(name)) as place:
            command = uploader.order(kind, place.options, place.sandbox, video)
            told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout)
    return float(told["peak_mb"] - told["idle_mb"])
