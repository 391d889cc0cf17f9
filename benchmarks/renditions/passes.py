"""One clip for three platforms: ours, the least that anybody does, and the same in MoviePy; signing and verifying."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from reelmill.content import Rendition
from reelmill.ffmpeg import SAFE_INPUT, run
from renditions.clips import ROOT, job_for
from tasks.finishing import encoding, fonts
from tasks.finishing.job import FinishJob
from tasks.finishing.labelling import provenance
from tasks.finishing.labels import c2pa, xmp
from tasks.finishing.labels.credentials import Credentials
from tasks.finishing.preparing import prepare
from tasks.finishing.reframe import plan
from tasks.finishing.stage import finish
from tasks.finishing.verify import Check, verify

#: What `make effects` installs.
MOVIEPY = ROOT / ".venv-effects" / "bin" / "python"
ROUNDS = 5


def one_pass(master: Path, folder: Path) -> dict[str, float]:
    """Finishing against the floor, signing, and verifying."""
    job = job_for(master, folder / "home")
    finish(master, "0" * 64, replace(job, profiles=("tiktok",)), folder)  # fonts are read, modules are loaded
    signer = job.credentials()
    taken: dict[str, list[tuple[float, float]]] = {"finish": [], "floor": [], "sign": [], "verify": []}
    peer: list[float] = []
    made: list[Rendition] = []
    checks: list[Check] = []
    for _ in range(ROUNDS):
        taken["floor"].append(measure(lambda: floor(master, job, folder)))
        taken["sign"].append(measure(lambda: sign(job, folder, signer)))
        made.clear()
        taken["finish"].append(measure(lambda: made.extend(finish(master, "0" * 64, job, folder))))
        if MOVIEPY.exists():
            peer.append(moviepy(master, job, folder))
        taken["verify"].append(measure(lambda: checks.extend(check for one in made for check in verify(one))))
    assert all(check.ok for check in checks), [check for check in checks if not check.ok]
    wall = {name: statistics.median(round_[0] for round_ in rounds) for name, rounds in taken.items()}
    cpu = {name: statistics.median(round_[1] for round_ in rounds) for name, rounds in taken.items()}
    return {
        "platforms": len(job.profiles),
        "frames": job.frames,
        **{f"{name}_seconds": round(value, 2) for name, value in wall.items()},
        **{f"{name}_cpu_seconds": round(value, 2) for name, value in cpu.items()},
        "cpu_over_floor": round(cpu["finish"] / cpu["floor"], 3),
        "sign_and_verify_seconds_each": round((wall["sign"] + wall["verify"]) / len(job.profiles), 2),
        **_against(peer, wall["finish"]),
        "megabytes": round(sum(rendition.size_bytes for rendition in made) / 1e6, 2),
    }


def _against(peer: list[float], ours: float) -> dict[str, float]:
    if not peer:
        return {}
    seconds = statistics.median(peer)
    return {"moviepy_seconds": round(seconds, 2), "moviepy_over_ours": round(seconds / ours, 1)}


def floor(master: Path, job: FinishJob, folder: Path) -> None:
    """The least that any finisher does: decode once, scale once, encode once for each platform."""
    found = [job.catalogue.find(name) for name in job.profiles]
    reframe = plan((job.width, job.height), found[0].size, found[0].reframe.value)
    outputs = "".join(f"[o{index}]" for index in range(len(found)))
    arguments = [
        "-y", *SAFE_INPUT, "-i", str(master), "-f", "lavfi", "-t", f"{job.seconds:.6f}",
        "-i", f"anullsrc=r={encoding.SOUND_RATE}:cl=stereo",
        "-filter_complex", f"{reframe.filters('0:v', 'f')};[f]split={len(found)}{outputs}",
    ]  # fmt: skip
    threads = str(encoding.threads(len(found), os.cpu_count() or 1))
    for index, profile in enumerate(found):
        aim = encoding.Aim(profile, *profile.rate(job.fps), job.seconds)
        arguments += ["-map", f"[o{index}]", "-map", "1:a", *encoding.arguments(aim)]
        arguments += ["-threads:v", threads, "-f", "mp4", str(folder / f"floor-{profile.name}.mp4")]
    run(arguments, timeout=600)


def moviepy(master: Path, job: FinishJob, folder: Path) -> float:
    """The same composite in MoviePy. Returns the seconds that it says it took."""
    platforms = []
    for name in job.profiles:
        output = prepare(job, name)
        profile, label, layout = output.profile, output.label, output.layout
        texts = [
            {"text": run_.text, "size": round(run_.size), "at": [run_.x, round(run_.baseline - run_.size)]}
            for run_ in layout.runs
        ]
        texts.append({"text": label.text, "size": label.ink_height, "at": [label.x, label.y]})
        assert layout.pill is not None
        logo = {"height": layout.pill.height, "at": [layout.pill.x, layout.pill.y]}
        platforms.append(
            {
                "name": name,
                "size": profile.size,
                "fps": output.rate,
                "crf": profile.crf.value,
                "texts": texts,
                "logo": logo,
            }
        )
    order = {
        "master": str(master), "folder": str(folder), "platforms": platforms, "preset": "medium",
        "font": str(fonts.SHIPPED[0].path), "logo": str(ROOT / "assets" / "logo.png"), "threads": os.cpu_count(),
    }  # fmt: skip
    told = subprocess.run(
        [MOVIEPY, ROOT / "benchmarks" / "peers" / "moviepy_composite.py", json.dumps(order)],
        capture_output=True, text=True, check=True, timeout=1200,
    ).stdout  # fmt: skip
    return float(json.loads(told.splitlines()[-1]))


def sign(job: FinishJob, folder: Path, signer: Credentials) -> None:
    """Label and sign what the floor has encoded, and read it back, as finishing does with its own files."""
    for name in job.profiles:
        made, signed = folder / f"floor-{name}.mp4", folder / f"signed-{name}.mp4"
        xmp.append(made, job.source_type)
        c2pa.sign(made, signed, provenance(prepare(job, name), job), signer)
        assert c2pa.read(signed, signer.roots) is not None
        signed.unlink()


def measure(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of one round."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    work()
    return time.perf_counter() - wall, cpu_seconds() - cpu


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
