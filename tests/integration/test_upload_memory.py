"""A video of 600 MB goes through the chunk rules of a platform, whole, in the memory of a small one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from reelmill.files import sha256_of
from tests import uploader
from tests.places import places

SIZE = 600_000_000
#: A number stands every so many bytes, so that no two pieces of the file are alike; between them nothing is on disk.
EVERY = 64 * 1024

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is read where Linux tells it"),
]


@pytest.mark.parametrize("kind", ["youtube", "tiktok"])
def test_memory_does_not_grow_with_the_video(kind: str, tmp_path: Path) -> None:
    video = tmp_path / "large.mp4"
    with video.open("wb") as stream:
        for at in range(0, SIZE - 8, EVERY):
            stream.seek(at)
            stream.write(at.to_bytes(8, "big"))
        stream.truncate(SIZE)
    with places() as town, town.place(kind, tmp_path) as place:
        command = uploader.order(kind, place.options, place.sandbox, video)
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert place.platform is not None
        chunks = sum(moment == "chunk" for moment, _ in place.platform.calls)
        place.wait()
        assert list(place.shown()) == [sha256_of(video)], "what the public sees is the file, byte for byte"
    assert chunks > 10, "it goes in many parts"
    assert told["peak_mb"] - told["idle_mb"] < 100
