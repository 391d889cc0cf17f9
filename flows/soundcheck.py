"""What is wrong with `sound:` in a definition: a folder without music, and a voice that this machine does not have.

Works on plain data, as `crosscheck` does. Which voices there are is asked by `reelmill check` and where a run is
planned, and not wherever a definition is read: a worker that renders clips need not be able to speak.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from flows.explain import Finding
from flows.syntax import ValuePath
from reelmill.content import Json
from reelmill.errors import FinishingError
from tasks.finishing.sound.options import NarrationOptions, SoundOptions


def playing(path: ValuePath, pipeline: Mapping[str, Json], folder: Path) -> Iterator[Finding]:
    """A folder without any music."""
    sound = pipeline.get("sound")
    music = sound.get("music") if isinstance(sound, Mapping) else None
    named = music.get("folder") if isinstance(music, Mapping) else None
    if not isinstance(named, str) or not named:
        return
    from tasks.finishing.sound.music import tracks  # brings numpy, which a file without music does not need

    try:
        tracks(folder / named)
    except FinishingError as error:
        yield Finding((*path, "sound", "music", "folder"), error.reason, error.instruction)


def speaking(data: Json, folder: Path) -> Iterator[Finding]:
    """Narrations that nobody on this machine can speak."""
    pipelines = data.get("pipelines") if isinstance(data, Mapping) else None
    for name, pipeline in pipelines.items() if isinstance(pipelines, Mapping) else ():
        narration = _narration(pipeline.get("sound") if isinstance(pipeline, Mapping) else None)
        if narration is None:
            continue
        from tasks.finishing.sound.speech.choice import ready

        try:
            voice = ready(narration, folder)
            if narration.language is not None:
                voice.check(narration.language)
        except FinishingError as error:
            yield Finding(("pipelines", name, "sound", "narration"), error.reason, error.instruction)


def _narration(sound: Json) -> NarrationOptions | None:
    if not isinstance(sound, Mapping):
        return None
    try:
        return SoundOptions.model_validate_json(json.dumps(sound)).narration
    except ValidationError:
        return None  # it is told by the options themselves


def templates(path: ValuePath, pipeline: Mapping[str, Json]) -> Iterator[tuple[ValuePath, str]]:
    """The one template in `sound:`, and where it stands."""
    sound = pipeline.get("sound")
    narration = sound.get("narration") if isinstance(sound, Mapping) else None
    if isinstance(narration, str):
        yield (*path, "sound", "narration"), narration
    elif isinstance(narration, Mapping) and isinstance(narration.get("text"), str):
        yield (*path, "sound", "narration", "text"), narration["text"]
