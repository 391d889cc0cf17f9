"""What targets share that write into a folder of this machine."""

from __future__ import annotations

import os
from pathlib import Path

from reelmill.errors import StorageError


def check_writable(folder: Path) -> None:
    """See that a folder can be written, or made. Nothing is.

    Raises
    ------
    StorageError
    """
    found = folder
    while not found.exists() and found != found.parent:
        found = found.parent
    if not found.is_dir():
        raise StorageError(f"{found} is no folder", f"correct `path`, or move away what stands in the way of {folder}")
    if not os.access(found, os.W_OK | os.X_OK):
        raise StorageError(f"{found} cannot be written by this user", "give the user the right to, or correct `path`")


def unwritable(error: OSError, place: Path) -> StorageError:
    """What a place that could not be written comes to."""
    return StorageError(
        f"{place} cannot be written: {error.strerror or error}",
        "make room or make the folder writable, then resume the run",
    )
