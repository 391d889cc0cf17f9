"""What is wrong with `shots:` and `assemble:` in a definition: shots without a frame of their own, an effect that is
not there, a photo that no shot takes.

Works on plain data, as `crosscheck` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from flows.explain import Finding
from flows.footage import footage_of
from flows.syntax import ValuePath
from reelmill.content import Json
from reelmill.errors import FinishingError
from tasks.assembly.effect_code import examine, named
from tasks.assembly.timing import short


def photographed(path: ValuePath, pipeline: Mapping[str, Json]) -> Iterator[Finding]:
    """An end card shows the photo that the shots begin with: without one it would show none, and say nothing."""
    caption, generate, shots = (pipeline.get(key) for key in ("caption", "generate", "shots"))
    card = caption.get("end_card") if isinstance(caption, Mapping) else None
    if not isinstance(card, Mapping) or card.get("photo") is not True:
        return
    common = generate.get("image") if isinstance(generate, Mapping) else None
    each = [shot for shot in shots if isinstance(shot, Mapping)] if isinstance(shots, list) else []
    if all((shot.get("image") or common) == "none" for shot in each or [{}]):
        yield Finding(
            (*path, "caption", "end_card", "photo"),
            "it shows the photo that a shot begins with, and with `image: none` none begins with one",
            "`image: auto` in `generate` or in a shot, or no `photo`",
        )


def assembling(path: ValuePath, pipeline: Mapping[str, Json], folder: Path) -> Iterator[Finding]:
    """Shots that are too short for how they are joined, and an effect that cannot be called."""
    footage = footage_of(pipeline)
    if footage is None:
        return
    at = short(footage.lengths, footage.joints)
    if at is not None:
        yield Finding(
            (*path, "shots", at),
            "this shot is over before the joints on its sides are",
            "longer `seconds`, or a shorter `assemble.join_seconds`",
        )
    if footage.assemble.effect is not None:
        code, function = named(footage.assemble.effect.call, folder)
        try:
            examine(code, function)
        except FinishingError as error:
            yield Finding((*path, "assemble", "effect", "call"), error.reason, error.instruction)
