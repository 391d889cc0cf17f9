"""`reelmill engine bench`: what a model costs on this machine, and beside a bare pipeline of diffusers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json, table
from reelmill.content import Clip, Shot
from reelmill.errors import EngineError, UseError
from wan_engine.shot import NAMED_SIZES
from wan_engine.wan.engine import WanEngine
from wan_engine.wan.profiles import NEGATIVE

if TYPE_CHECKING:
    from wan_engine.wan.benchmarking import Measured

#: What is filmed: something that moves, before something that does not.
PROMPT = "a paper boat drifts down a stream between mossy stones, morning light, slow push-in"
SEED = 42


def bench(
    model: Annotated[str, Parameter(help="Default: the one of the settings.")] = "",
    /,
    *,
    size: Annotated[str, Parameter(help="Width x height, or a name. Default: the model's own.")] = "",
    frames: Annotated[int, Parameter(help="Default: the model's own.")] = 0,
    steps: Annotated[int, Parameter(help="Default: the model's own.")] = 0,
    shots: Annotated[int, Parameter(help="Shots that are measured after the first one.")] = 2,
    bare: Annotated[bool, Parameter(help="Measure a bare pipeline of diffusers as well.")] = True,
    as_json: AsJson = False,
) -> int:
    """Measure a model on this machine: seconds, frames per second, peak memory, and the ratio to bare diffusers."""
    if shots < 1:
        raise UseError(f"--shots is {shots}: nothing would be measured", "say --shots 1 or more")
    engine = WanEngine.drawing(model)
    if reason := engine.unavailable():
        raise EngineError(f"{engine.profile.name} cannot run here: {reason}", "see `reelmill engine probe`")
    shot = _shot(engine, size, frames, steps)
    engine.check(shot)
    with tempfile.TemporaryDirectory(prefix="reelmill-bench-") as folder:
        ours, record = _ours(engine, shot, Path(folder), shots)
        theirs, why = _theirs(engine, shot, Path(folder), shots) if bare else (None, "it was not asked for")
    ratio = ours.usual / theirs.usual if theirs else None
    if as_json:
        print_json(
            {
                "model": shot.model,
                "size": f"{shot.width}x{shot.height}",
                "frames": shot.frames,
                "steps": shot.steps,
                "device": record["device"],
                "plan": record["plan"],
                "stages": record["stages"],
                "reelmill": _plain(ours),
                "diffusers": _plain(theirs) if theirs else None,
                "ratio": round(ratio, 3) if ratio else None,
                "why_no_ratio": why,
            }
        )
        return OK
    out = console()
    out.print(f"{shot.model}, {shot.width}x{shot.height}, {shot.frames} frames, {shot.steps} steps, {record['device']}")
    columns = {"": "left", "first": "right", "a clip": "right", "frames/s": "right", "peak memory": "right"}
    rows = [_row("reelmill", ours), *([_row("bare diffusers", theirs)] if theirs else [])]
    out.print(table(columns, rows))
    stages = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in record["stages"].items())
    out.print(f"{record['plan']}; the last clip: {stages}")
    out.print(f"ratio to bare diffusers: {ratio:.2f}" if ratio else f"no ratio to bare diffusers: {why}")
    return OK


def _shot(engine: WanEngine, size: str, frames: int, steps: int) -> Shot:
    profile = engine.profile
    width, height = profile.sizes[0]
    if size:
        first, _, second = NAMED_SIZES.get(size, size).partition("x")
        if not (first.isdigit() and second.isdigit()):
            raise UseError(f"--size is {size!r}: this is no size in pixels", f"such as {width}x{height}")
        width, height = int(first), int(second)
    return Shot(
        engine.name, engine.model, PROMPT, NEGATIVE, width, height, frames or profile.frames, profile.fps,
        steps or profile.steps, profile.guidance, SEED,
    )  # fmt: skip


def _ours(engine: WanEngine, shot: Shot, folder: Path, shots: int) -> tuple[Measured, dict[str, Any]]:
    from wan_engine.wan.benchmarking import measure
    from wan_engine.wan.probing import probe

    records: list[dict[str, Any]] = []

    def make(one: Shot) -> None:
        (outcome,) = engine.generate([one], folder, images={})
        if not isinstance(outcome, Clip):
            raise outcome.error
        records.append(dict(outcome.record))

    try:
        return measure(make, shot, probe(), shots=shots), records[-1]
    finally:
        engine.close()


def _theirs(engine: WanEngine, shot: Shot, folder: Path, shots: int) -> tuple[Measured | None, str]:
    from wan_engine.wan.benchmarking import measure_bare
    from wan_engine.wan.probing import probe

    return measure_bare(engine.weights, shot, folder / "bare.mp4", probe(), shots=shots)


def _row(name: str, measured: Measured) -> tuple[str, ...]:
    return (
        name,
        f"{measured.first:.2f} s",
        f"{measured.usual:.2f} s",
        f"{measured.frames_per_second:.2f}",
        f"{measured.peak / 1e9:.2f} GB",
    )


def _plain(measured: Measured) -> dict[str, float]:
    return {
        "first_seconds": round(measured.first, 3),
        "seconds_per_clip": round(measured.usual, 3),
        "frames_per_second": round(measured.frames_per_second, 3),
        "peak_memory_bytes": measured.peak,
    }
