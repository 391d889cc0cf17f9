"""How much of the picture encoding loses: each rendition against its own composite that lost nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from reelmill.content import Clip, Shot
from reelmill.ffmpeg import run
from renditions.clips import PLATFORMS, SMOOTH, draw, job_for
from tasks.finishing.hardware import Encoder, Encoders
from tasks.finishing.profile import Codec
from tasks.finishing.stage import finish
from wan_engine.storyboard.engine import StoryboardEngine

#: What the storyboard engine draws as film, whose grain is the hardest to encode.
NOISY = "white reed plumes beaded with dew under a pale moon, a misty riverbank before dawn, 35mm film"


class Lossless(Encoders):
    """Loses nothing, and is quick."""

    def of(self, codec: Codec) -> Encoder:
        keep = ["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
        return Encoder(f"lossless-{codec}", lambda _: keep)


def measure(folder: Path) -> dict[str, float]:
    """VMAF of each rendition against its composite that lost nothing."""
    found: dict[str, float] = {}
    engine = StoryboardEngine()
    shot = Shot(engine.name, engine.model, NOISY, "", 704, 1280, 73, 24, 1, 1.0, 7)
    filmed = next(iter(engine.generate([shot], folder, images={})))
    assert isinstance(filmed, Clip), filmed
    clips = {"noisy": filmed.path, "smooth": draw(folder / "smooth.mp4", SMOOTH, 3.0)}
    for clip, master in clips.items():
        job = job_for(master, folder / "home")
        for name in PLATFORMS:
            one = replace(job, profiles=(name,))
            files = []
            endless = job.catalogue.changed(name, name, {"max_bytes": 10**12})
            for kind, order, encoders in (
                ("kept", replace(one, catalogue=endless), Lossless()),
                ("shipped", one, None),
            ):
                place = folder / f"{clip}-{name}-{kind}"
                place.mkdir()
                files.append(finish(master, "0" * 64, order, place, encoders=encoders)[0].path)
            found[f"vmaf_{clip}_{name}"] = vmaf(files[1], files[0], folder)
    return {**found, "vmaf_least": min(found.values())}


def vmaf(file: Path, kept: Path, folder: Path) -> float:
    log = folder / "vmaf.json"
    compare = f"[0:v][1:v]libvmaf=log_fmt=json:log_path={log.name}:n_threads=2:n_subsample=3"
    run(["-y", "-i", file, "-i", kept, "-filter_complex", compare, "-f", "null", "-"], timeout=600, cwd=folder)
    return round(float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"]), 1)
