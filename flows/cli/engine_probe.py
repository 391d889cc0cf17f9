"""`reelmill engine probe`: which plan a GPU gets for a model, and why."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import asdict
from importlib.util import find_spec
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json, table
from reelmill.errors import EngineError, UseError
from reelmill.settings import Settings
from wan_engine.wan.advice import Advice, advise
from wan_engine.wan.choosing import largest_that_fits
from wan_engine.wan.device import Device
from wan_engine.wan.manifest import present
from wan_engine.wan.memory import in_words
from wan_engine.wan.pace import clips_a_day
from wan_engine.wan.plan import Plan
from wan_engine.wan.profiles import PROFILES, Profile, profile_named
from wan_engine.wan.weights import Weights

_AMOUNT = re.compile(r"(\d{1,5}(?:\.\d+)?)\s*GB", re.IGNORECASE)


def probe(
    model: Annotated[str, Parameter(help="Explain this one. Default: a line for each.")] = "",
    /,
    *,
    memory: Annotated[
        str, Parameter(help="Answer for a GPU with so much memory, as 24GB, instead of this machine's.")
    ] = "",
    host_memory: Annotated[str, Parameter(help="The memory of the machine around it. Default: this one's.")] = "",
    as_json: AsJson = False,
) -> int:
    """Say which plan this machine, or another GPU, gets for a model, how long a clip takes, and why."""
    if host_memory and not memory:
        raise UseError("--host-memory goes with --memory", "say how much memory the GPU has, such as --memory 24GB")
    named = [profile_named(model)] if model else list(PROFILES.values())
    device = _imagined(memory, host_memory) if memory else _here()
    advices = [advise(profile, device) for profile in named]
    if as_json:
        largest = largest_that_fits(device)
        print_json(
            {
                "device": asdict(device),
                "largest": largest[0].name if largest else None,
                "models": [_as_json(advice) for advice in advices],
            }
        )
        return OK
    out = console()
    _tell_device(out, device)
    if model:
        _explain(out, advices[0])
    else:
        out.print(_overview(device, advices))
        if device.is_gpu:
            out.print("`reelmill engine probe MODEL` says why", style="dim")
    return OK


def _here() -> Device:
    if find_spec("torch") is None:
        raise UseError("torch is not installed", "pip install 'reelmill[wan]', or ask for a GPU with --memory 24GB")
    from wan_engine.wan.probing import probe as look

    return look()


def _imagined(memory: str, host_memory: str) -> Device:
    own = _amount("--memory", memory)
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    host = _amount("--host-memory", host_memory) if host_memory else free
    # Weights in 8 bits take more than blocks one after the other: whether it has them changes no plan that fits.
    return Device("cuda", f"a GPU with {in_words(own)}", own, own, host, bf16=True, fp8=False)


def _amount(option: str, text: str) -> int:
    found = _AMOUNT.fullmatch(text.strip())
    if found is None or not float(found[1]):
        raise UseError(f"{option} is {text!r}: this is no amount of memory", "give it in GB, such as 24GB")
    return int(float(found[1]) * 1e9)


def _tell_device(out: Console, device: Device) -> None:
    if not device.is_gpu:
        out.print(f"there is no GPU here, and {device.name} would take hours for a clip of any of these models")
        out.print("`reelmill engine probe --memory 24GB` says what a GPU would get", style="dim")
        return
    out.print(device.name, style="bold")
    numbers = "bfloat16" + (" and weights in 8 bits" if device.fp8 else "")
    out.print(f"  memory   {in_words(device.free)} of {in_words(device.memory)} are free")
    out.print(f"  numbers  {numbers}")
    out.print(f"  machine  {in_words(device.host_free)} of its own memory are free")


def _overview(device: Device, advices: Iterable[Advice]) -> Table:
    if not device.is_gpu:
        standings = ((one.profile.name, _standing(one.profile)) for one in advices)
        return table(dict.fromkeys(("model", "here"), "left"), standings)
    columns = {"model": "left", "here": "left", "plan": "!left", "memory": "right", "a clip": "right", "a day": "right"}
    rows = []
    for advice in advices:
        taken = advice.taken
        rows.append(
            (
                advice.profile.name,
                _standing(advice.profile),
                str(taken.plan) if taken else advice.reason,
                in_words(taken.most) if taken else "–",
                _clip(advice.seconds),
                f"{clips_a_day(advice.seconds):,}" if advice.seconds else "–",
            )
        )
    return table(columns, rows)


def _explain(out: Console, advice: Advice) -> None:
    profile, taken = advice.profile, advice.taken
    length = profile.frames / profile.fps
    out.print(f"{profile.title}, {advice.width}x{advice.height}, {length:.1f} s", style="bold")
    out.print(f"  weights  {_standing(profile)}")
    if taken is None:
        out.print(f"  plan     none: {advice.reason}")
    else:
        out.print(f"  plan     {taken.plan}")
        for stage, peak in taken.peaks.items():
            out.print(f"  {stage:<8} {in_words(peak)} of {in_words(advice.room)} that can be planned with")
        short = f": {in_words(advice.short_of_host)} too much" if advice.short_of_host else ""
        out.print(f"  machine  {in_words(advice.waiting)} of its own memory{short}")
        day = f", {clips_a_day(advice.seconds):,} a day (computed)" if advice.seconds else ""
        out.print(f"  a clip   {_clip(advice.seconds)}{day}")
        pictured = advise(profile, advice.device, picture=True) if profile.images else advice
        if pictured.taken is None or pictured.taken.plan != taken.plan:
            plan = pictured.taken.plan if pictured.taken else f"none: {pictured.reason}"
            out.print(f"  picture  with a reference image: {plan}")
    if advice.passed_over:
        out.print("faster plans, and what stands against them:" if taken else "plans, and what stands against them:")
        for one in advice.passed_over:
            out.print(f"  {one.plan}: {one.against(advice.room)}", style="dim")


def _clip(seconds: float | None) -> str:
    if seconds is None:
        return "not known"
    return f"{seconds:,.0f} s" if seconds >= 100 else f"{seconds:.1f} s"


def _standing(profile: Profile) -> str:
    folder = Settings().models_folder / profile.name
    if (found := present(profile, folder)) is not None:
        return f"fetched, {found.revision[:12]}"
    try:
        return f"there, {Weights(folder, profile).revision}"
    except EngineError:
        return "not fetched"


def _as_json(advice: Advice) -> dict[str, object]:
    profile, taken = advice.profile, advice.taken
    return {
        "model": profile.name,
        "weights": _standing(profile),
        "size": f"{advice.width}x{advice.height}",
        "frames": advice.frames,
        "runs": taken is not None,
        "reason": advice.reason,
        "plan": _plan(taken.plan) if taken else None,
        "peak_bytes": dict(taken.peaks) if taken else None,
        "planned_bytes": advice.room,
        "host_bytes": advice.waiting,
        "host_bytes_short": advice.short_of_host,
        "seconds_per_clip": round(advice.seconds, 1) if advice.seconds else None,
        "passed_over": [{**_plan(one.plan), "reason": one.against(advice.room)} for one in advice.passed_over],
    }


def _plan(plan: Plan) -> dict[str, str]:
    return {"encode": plan.encoding, "denoise": plan.denoising, "decode": plan.decoding}
