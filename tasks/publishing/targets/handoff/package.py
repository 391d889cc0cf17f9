"""The files of a package, and what a person wrote into it."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from reelmill.files import flush
from tasks.publishing import sidecar
from tasks.publishing.targets.handoff.guide import ANSWER

METADATA = "metadata.json"
#: An address in what people paste: apps copy it with words around it.
_ADDRESS = re.compile(r"https?://[A-Za-z0-9][^\s\"'<>，。；！）】」]*")
#: Bytes of the answer that are read at most.
_LONGEST = 64 * 1024
#: A zip knows no time before this, and the same package is to be the same bytes.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def write(folder: Path, copies: Mapping[str, Path], texts: Mapping[str, str], archive: str = "") -> None:
    """Make a folder with these files. One that is there is replaced.

    Parameters
    ----------
    archive:
        The name of a zip with all of them, beside them. "": none.

    Raises
    ------
    OSError
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, source in copies.items():
        shutil.copyfile(source, folder / name)
    for name, text in texts.items():
        # A person may open it in an editor that takes a file without this mark for one in another encoding.
        encoding = "utf-8-sig" if name.endswith(".txt") else "utf-8"
        (folder / name).write_text(text, encoding=encoding)
    if archive:
        _zip(folder / archive, [folder / name for name in (*copies, *texts)])
    for path in folder.iterdir():
        flush(path)
    flush(folder)


def post_of(folder: Path) -> str | None:
    """The id of the post that a package is of; None if there is no package."""
    try:
        return str(sidecar.read((folder / METADATA).read_bytes()).get("post"))
    except OSError:
        return None


def address_in(folder: Path) -> str | None:
    """Where the person says that it was published; None if nothing is said."""
    try:
        with (folder / ANSWER).open("rb") as stream:
            written = stream.read(_LONGEST)
    except OSError:
        return None
    found = _ADDRESS.search(_decoded(written))
    return found[0] if found else None


def _decoded(written: bytes) -> str:
    """Text of whatever editor it was: UTF-8, what Windows calls Unicode, or the encoding of a Chinese Windows."""
    if written.startswith((b"\xff\xfe", b"\xfe\xff")):
        return written.decode("utf-16", "replace")
    try:
        return written.decode("utf-8-sig")
    except UnicodeDecodeError:
        return written.decode("gb18030", "replace")


def _zip(path: Path, files: list[Path]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # videos do not get smaller
        for file in files:
            entry = zipfile.ZipInfo(file.name, _NO_TIME)
            entry.external_attr = 0o644 << 16
            entry.file_size = file.stat().st_size
            with file.open("rb") as source, archive.open(entry, "w") as goal:
                shutil.copyfileobj(source, goal)
