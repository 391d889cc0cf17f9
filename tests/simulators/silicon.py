"""An ffmpeg on a machine with an encoder in silicon: `h264_nvenc` is there, works, and may break down.

It takes what an NVENC takes, and hands the work to x264. Run as a program, it stands in for ffmpeg itself.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

#: In its environment: where the true ffmpeg is, and a file whose presence means that the silicon is broken.
REAL, BROKEN = "SILICON_REAL", "SILICON_BROKEN"
NAME = "h264_nvenc"
#: Options that x264 does not know, or knows with other values.
OWN = ("-rc", "-cq", "-forced-idr", "-strict_gop", "-preset", "-tune", "-b:v")
TRIED = "SILICON_TRIED"  #: a file that gets one line for each time that it encoded


def install(folder: Path, real: str) -> dict[str, str]:
    """Make the program in a folder. Returns the environment in which it is ffmpeg."""
    program = folder / "ffmpeg"
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
                       "from tests.simulators.silicon import main\nmain()\n")  # fmt: skip
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {
        "REELMILL_FFMPEG": str(program),
        REAL: real,
        BROKEN: str(folder / "broken"),
        TRIED: str(folder / "tried"),
    }


def main() -> None:
    arguments = sys.argv[1:]
    if NAME in arguments:
        with Path(os.environ[TRIED]).open("a") as tried:
            tried.write("trial\n" if "null" in arguments else "work\n")
        if Path(os.environ[BROKEN]).exists() and "null" not in arguments:
            sys.exit("[h264_nvenc] OpenEncodeSessionEx failed: out of memory (10)")
        arguments = _for_x264(arguments)
    os.execv(os.environ[REAL], [os.environ[REAL], *arguments])  # noqa: S606 (the same process)


def _for_x264(arguments: list[str]) -> list[str]:
    """Without NVENC's own options, each of which has one value."""
    given = list(arguments)
    for option in OWN:
        while option in given:
            at = given.index(option)
            del given[at : at + 2]
    return ["libx264" if argument == NAME else argument for argument in given]
