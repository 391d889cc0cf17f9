"""A long master is looked at all over its length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reelmill.ffmpeg import run
from tasks.finishing import reframe, tone, unrest

SECONDS, SIZE = 60, (352, 640)


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dark minute whose last 25 seconds are bright; the first 40 are full of noise."""
    path = tmp_path_factory.mktemp("master") / "master.mp4"
    size = "x".join(map(str, SIZE))
    parts = [
        f"color=c=0x101010:s={size}:r=24:d=35,noise=alls=40:allf=t",
        f"color=c=0xf0f0f0:s={size}:r=24:d=5,noise=alls=40:allf=t",
        f"color=c=0xf0f0f0:s={size}:r=24:d=20",
    ]
    chains = "".join(f"{part},format=yuv420p[p{place}];" for place, part in enumerate(parts))
    graph = f"{chains}[p0][p1][p2]concat=n=3[out]"
    run(
        ["-y", "-filter_complex", graph, "-map", "[out]", "-g", "48", "-c:v", "libx264", "-preset", "ultrafast",
         "-crf", "16", path],
        timeout=120,
    )  # fmt: skip
    return path


def test_words_get_the_ground_that_all_shots_need(master: Path, tmp_path: Path) -> None:
    seen = tone.look(master, SECONDS, reframe.plan(SIZE, (360, 640)), tmp_path)
    means = [float(np.mean(frame)) for frame in seen]
    assert len(means) == tone.FRAMES
    assert max(means[:3]) < 60
    assert min(means[-2:]) > 200


def test_the_mark_is_as_strong_as_the_calmest_shot_allows(master: Path, tmp_path: Path) -> None:
    assert unrest.measure(master, SECONDS, *SIZE, tmp_path) < 1
    assert unrest.measure(master, 30, *SIZE, tmp_path) > 5, "of its first half alone"


def test_a_clip_of_a_few_frames_is_looked_at_as_well(tmp_path: Path) -> None:
    path = tmp_path / "short.mp4"
    run(
        ["-y", "-f", "lavfi", "-i", "testsrc=s=352x640:r=24", "-frames:v", "5", "-pix_fmt", "yuv420p", path], timeout=60
    )
    assert len(tone.look(path, 5 / 24, reframe.plan(SIZE, (360, 640)), tmp_path)) == 1


def test_a_clip_with_a_key_frame_at_every_turn_is_looked_at_all_over(tmp_path: Path) -> None:
    path = tmp_path / "foreign.mp4"
    grey = "color=black:s=352x640:r=24:d=2,geq=lum='255*T/2':cb=128:cr=128"
    run(["-y", "-f", "lavfi", "-i", grey, "-g", "1", "-pix_fmt", "yuv420p", path], timeout=60)
    means = [float(np.mean(frame)) for frame in tone.look(path, 2, reframe.plan(SIZE, (360, 640)), tmp_path)]
    assert len(means) == tone.FRAMES
    assert means[0] < 30
    assert means[-1] > 180
