"""The videos that a person names: files, and folders of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from reelmill.errors import UseError


def videos(given: Sequence[Path]) -> Iterator[Path]:
    """Every video, in the order in which they are named.

    Raises
    ------
    UseError
        If there is no such file.
    """
    for path in given:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*.mp4") if not one.name.startswith("."))
        elif path.is_file():
            yield path
        else:
            raise UseError(f"there is no file {path}", "give videos or folders")
