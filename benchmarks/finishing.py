"""Finishing one clip for three platforms, against the floor: the same decoding, scaling and encoding, nothing drawn.

    python benchmarks/finishing.py [--only pass,memory,quality] [--master master.mp4]

`pass` takes five rounds of each in turns and prints medians: ours, the floor, and the same composite in MoviePy (`make
effects` installs it; without it there is no such figure). It is done for a wide clip, 1280x704, which all three crop,
and for a tall one, 704x1280; signing and verifying are timed apart as well. `memory` finishes 5 and 120 seconds, each
in a process of its own. `quality` compares each rendition with its own composite that lost nothing (VMAF), of a noisy
and of a smooth clip. The end is one line of JSON. Without a master two are made: 121 frames, a fractal on a gradient.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from reelmill.content import Clip, Rendition, Shot
from reelmill.ffmpeg import SAFE_INPUT, probe, run
from tasks.finishing import encoding, fonts, mp4, profiles
from tasks.finishing.brand import Brand
from tasks.finishing.hardware import Encoder, Encoders
from tasks.finishing.job import FinishJob
from tasks.finishing.labelling import provenance
from tasks.finishing.labels import c2pa, xmp
from tasks.finishing.labels.credentials import Credentials
from tasks.finishing.layer import BT709
from tasks.finishing.preparing import prepare
from tasks.finishing.profile import Codec
from tasks.finishing.reframe import plan
from tasks.finishing.stage import finish
from tasks.finishing.verify import Check, verify
from tasks.finishing.words import Words
from wan_engine.storyboard.engine import StoryboardEngine

ROOT = Path(__file__).parents[1]
#: What `make effects` installs.
MOVIEPY = ROOT / ".venv-effects" / "bin" / "python"
ROUNDS = 5
SHAPES = {"wide": "1280x704", "tall": "704x1280"}
PLATFORMS = ("douyin", "tiktok", "youtube_shorts")
TO_BT709 = f"scale=in_range=full:out_range=tv:out_color_matrix=bt709,format=yuv420p,{BT709}"
#: A clip without any detail: of `quality` and of `memory`.
SMOOTH = "gradients=s=704x1280:r=24:nb_colors=3:speed=0.01:seed=5"
#: The noisy clip of `quality`: what the storyboard engine draws as film, whose grain is the hardest to encode.
NOISY = "white reed plumes beaded with dew under a pale moon, a misty riverbank before dawn, 35mm film"


class Lossless(Encoders):
    """Loses nothing, and is quick."""

    def of(self, codec: Codec) -> Encoder:
        keep = ["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
        return Encoder(f"lossless-{codec}", lambda _: keep)


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


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def measure(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of one round."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    work()
    return time.perf_counter() - wall, cpu_seconds() - cpu


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


def memory(folder: Path) -> dict[str, float]:
    """The highest memory of finishing, in megabytes: of our process, and of ffmpeg."""
    found: dict[str, float] = {}
    for seconds in (5, 120):
        told = subprocess.run(
            [sys.executable, __file__, "--finish-once", str(seconds), str(folder)],
            capture_output=True, text=True, check=True, timeout=1200,
        ).stdout  # fmt: skip
        ours, theirs = json.loads(told.splitlines()[-1])
        found |= {f"memory_{seconds}s_ours": ours, f"memory_{seconds}s_ffmpeg": theirs}
    both = [found[f"memory_{seconds}s_ours"] + found[f"memory_{seconds}s_ffmpeg"] for seconds in (5, 120)]
    return {**found, "memory_120s_over_5s": round(both[1] / both[0], 3)}


def finish_once(seconds: int, folder: Path) -> None:
    """Finish a clip of this length for one platform, and print the memory that it took."""
    master = folder / f"{seconds}s.mp4"
    # Made by a process of its own: what drawing takes is not what finishing takes.
    code = f"from benchmarks.finishing import *; draw(Path({str(master)!r}), SMOOTH, {seconds})"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    drawn = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    place = folder / f"once-{seconds}"
    place.mkdir()
    finish(master, "0" * 64, replace(job_for(master, folder / "home"), profiles=("tiktok",)), place)
    ours, theirs = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    assert theirs > drawn, "drawing the clip took more than finishing it, so nothing is known"
    print(json.dumps([round(ours / 1024, 1), round(theirs / 1024, 1)]))


def quality(folder: Path) -> dict[str, float]:
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="pass,memory,quality")
    parser.add_argument("--master", type=Path)
    parser.add_argument("--finish-once", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.finish_once:
        finish_once(int(asked.finish_once[0]), Path(asked.finish_once[1]))
        return
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for part in asked.only.split(","):
            if part == "pass":
                for shape, size in SHAPES.items():
                    place = folder / shape
                    place.mkdir()
                    master = asked.master.resolve() if asked.master else make_master(place / "master.mp4", size)
                    figures |= {f"{shape}_{name}": value for name, value in one_pass(master, place).items()}
                    if asked.master:
                        break
            else:
                figures |= {"memory": memory, "quality": quality}[part](folder)
    print(json.dumps({f"finishing.{name}": value for name, value in figures.items()}))


if __name__ == "__main__":
    main()
