"""Which engine draws: the one that is named, or the best that this machine can run."""

from __future__ import annotations

from reelmill.errors import EngineError, UseError
from reelmill.settings import Settings
from tasks.generation.options import GenerateOptions
from tasks.registry import find, names
from wan_engine.base import Engine


def engine_of(options: GenerateOptions, settings: Settings) -> Engine:
    """The engine of a pipeline on this machine. Errors are those of `choose`."""
    here = settings.generation != "pool"
    return choose(options.engine, settings.engine, model=options.drawing, here=here)


def choose(wanted: str, default: str = "", *, model: str = "", here: bool = True) -> Engine:
    """The engine for `generate: {engine: …, model: …}`.

    Parameters
    ----------
    wanted:
        An engine's name, or `auto`.
    default:
        What `auto` means on this machine, if its owner said so.
    model:
        What it is to draw with. "": what this machine's settings say.
    here:
        Whether it is to draw on this machine. If other machines do, one that is named need not be able to run here.

    Raises
    ------
    UseError
        If there is no engine of that name, or none that knows the model.
    EngineError
        If it is named and cannot run here, or if no engine at all can.
    """
    name = default if wanted == "auto" and default else wanted
    if name != "auto":
        engine: Engine = find("engines", name).drawing(model)
        if here and (reason := engine.unavailable()):
            raise EngineError(f"the engine {name!r} cannot run here: {reason}", "choose another, or `engine: auto`")
        return engine
    reasons = []
    for candidate in sorted(_all(model), key=lambda engine: engine.preview):  # the real thing before a preview
        reason = candidate.unavailable()
        if reason is None:
            return candidate
        reasons.append(f"{candidate.name}: {reason}")
    raise EngineError(f"no engine can run here: {'; '.join(reasons)}", "see `reelmill doctor`")


def _all(model: str) -> list[Engine]:
    found = []
    for name in names("engines"):
        try:
            found.append(find("engines", name).drawing(model))
        except UseError:  # it does not know the model; or a broken plug-in, of which `reelmill doctor` tells
            continue
    return found
