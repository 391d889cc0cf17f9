"""The clips that are finished, and what is asked for."""

from __future__ import annotations

from pathlib import Path

from reelmill.ffmpeg import probe, run
from tasks.finishing import mp4, profiles
from tasks.finishing.brand import Brand
from tasks.finishing.job import FinishJob
from tasks.finishing.layer import BT709
from tasks.finishing.words import Words

ROOT = Path(__file__).parents[2]
PLATFORMS = ("douyin", "tiktok", "youtube_shorts")
TO_BT709 = f"scale=in_range=full:out_range=tv:out_color_matrix=bt709,format=yuv420p,{BT709}"
#: A clip without any detail.
SMOOTH = "gradients=s=704x1280:r=24:nb_colors=3:speed=0.01:seed=5"


def make_master(path: Path, size: str) -> Path:
    run(
        [
            "-y", "-f", "lavfi", "-i", f"gradients=s={size}:r=24:nb_colors=4:speed=0.006:seed=3",
            "-f", "lavfi", "-i", f"mandelbrot=s={size}:r=24:start_scale=2.4:end_scale=0.6:end_pts=240:maxiter=60",
            "-filter_complex",
            f"[1:v]format=gbrp,gblur=sigma=2[b];[0:v]format=gbrp[a];[a][b]blend=all_mode=softlight,{TO_BT709}",
            "-frames:v", "121", "-c:v", "libx264", "-preset", "veryfast", "-crf", "16", path,
        ],
        timeout=300,
    )  # fmt: skip
    return path


def draw(path: Path, source: str, seconds: float) -> Path:
    arguments = ["-y", "-f", "lavfi", "-i", source, "-vf", TO_BT709, "-frames:v", str(round(seconds * 24))]
    run([*arguments, "-c:v", "libx264", "-preset", "veryfast", "-crf", "12", path], timeout=600)
    return path


def job_for(master: Path, home: Path) -> FinishJob:
    seen, catalogue = probe(master), profiles.shipped()
    for name in PLATFORMS:  # the same for all sides: MoviePy has no blurred ground
        catalogue = catalogue.changed(name, name, {"reframe": "crop"})
    return FinishJob(
        words=Words("小雪", ("花雪随风不厌看，更多还肯失林峦。",), "唐 · 戴叔伦《小雪》"),
        brand=Brand("山野茶事", "#2f6f4f", ROOT / "assets" / "logo.png", ai_producer="00" + "A" * 25),
        profiles=PLATFORMS,
        produce_id="benchmark",
        preview=True,
        home=home,
        width=seen.width,
        height=seen.height,
        frames=mp4.read(master).video.samples,
        fps=round(seen.fps),
        catalogue=catalogue,
    )
