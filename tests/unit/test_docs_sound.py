"""What the page about finishing says of sound is true: its snippets are definitions, its defaults are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.definition import loads
from tasks.finishing.sound import mixing, track
from tasks.finishing.sound.music import DEMUXERS
from tasks.finishing.sound.options import Engine, MusicOptions, NarrationOptions, SoundOptions
from tasks.finishing.sound.script import LONGEST
from tests.line import DEFINITION

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "finishing.md").read_text(encoding="utf-8")
_FOUND = re.search(r"^## Sound\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
assert _FOUND is not None
SECTION = _FOUND[1]
SNIPPETS = re.findall(r"```yaml\n(.*?)```", SECTION, re.DOTALL)
SOURCE = "{type: list, items: [{prompt: a pine, name: 小雪, verse: 花雪随风不厌看}]}"


def sound(snippet: str, folder: Path) -> SoundOptions:
    music = folder / "assets" / "music"
    music.mkdir(parents=True)
    (music / "a.mp3").touch()
    text = DEFINITION.format(source=SOURCE, subject="{{ brief.prompt }}", title="{{ brief.name }}", more=snippet)
    found = loads(text, folder / "pipelines.yaml").pipeline("quick").sound
    assert found is not None
    return found


@pytest.mark.parametrize("number", range(3))
def test_each_snippet_is_a_definition(number: int, tmp_path: Path) -> None:
    assert len(SNIPPETS) == 3
    assert sound(SNIPPETS[number], tmp_path).narration is not None


def test_all_keys_are_shown_with_their_defaults(tmp_path: Path) -> None:
    shown = sound(SNIPPETS[1], tmp_path)

    assert shown.narration == NarrationOptions(text="{{ brief.verse }}", language="zh")
    assert shown.music == MusicOptions(folder="assets/music")
    for options in (NarrationOptions, MusicOptions):
        assert all(re.search(rf"\b{key}:", SECTION) for key in options.model_fields)


def test_each_engine_has_its_row() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", SECTION, re.MULTILINE))

    assert rows == set(Engine.__args__) - {"auto"}  # type: ignore[attr-defined]


def test_the_numbers_are_those_of_the_code() -> None:
    assert f"at most {LONGEST:,} characters" in SECTION
    assert f"at most {mixing.MOST_TEMPO:g} times" in SECTION
    assert f"within {track.LOUDNESS_TOLERANCE:g} LU, and {track.PEAK_TOLERANCE:g} dB" in SECTION
    assert ", ".join(kind[1:] for kind in DEMUXERS) in SECTION
