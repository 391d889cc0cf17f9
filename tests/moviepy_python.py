"""The Python that has MoviePy, for tests of effects: what `make effects` installs."""

from __future__ import annotations

from pathlib import Path

MOVIEPY = Path(__file__).parent.parent / ".venv-effects" / "bin" / "python"


def moviepy_python() -> str:
    assert MOVIEPY.exists(), "run `make effects` first: MoviePy has an environment of its own"
    return str(MOVIEPY)
