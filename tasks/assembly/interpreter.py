"""The Python that has MoviePy: this one, or one in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from reelmill.errors import FinishingError

#: How to get one.
INSTALL = "python3 -m venv {folder} && {folder}/bin/pip install 'moviepy>=2.2,<3'"
#: Seconds that MoviePy may take to come up.
STARTUP = 120.0


def python_of(configured: str, home: Path) -> str:
    """A Python that has MoviePy.

    Raises
    ------
    FinishingError
        If there is none.
    """
    if configured:
        if (why := _without_moviepy(configured)) is not None:
            raise FinishingError(
                f"the Python of REELMILL_EFFECTS_PYTHON, {configured}, has no MoviePy: {why}",
                f"{configured} -m pip install 'moviepy>=2.2,<3'",
            )
        return configured
    if find_spec("moviepy") is not None:
        return sys.executable
    folder = home / "effects"
    own = folder / "bin" / "python"
    if not own.exists() or _without_moviepy(str(own)) is not None:
        raise FinishingError("an effect needs MoviePy, and it is not installed here", INSTALL.format(folder=folder))
    return str(own)


@lru_cache(maxsize=8)
def _without_moviepy(python: str) -> str | None:
    """Why this Python cannot apply effects; None if it can."""
    try:
        found = subprocess.run(
            [python, "-I", "-c", "from moviepy import VideoFileClip"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=STARTUP,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if found.returncode == 0 else (found.stderr.strip().splitlines() or ["it does not start"])[-1]
