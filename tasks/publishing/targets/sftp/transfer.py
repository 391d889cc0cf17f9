"""Files over SFTP: sent under a name of their own, continued where they ended, and put in place by renaming them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import asyncssh

from tasks.publishing.outcome import Restart
from tasks.publishing.slices import Slice

#: Bytes that are sent together, in requests that are under way at the same time.
BLOCK = 4 * 2**20
#: Seconds until a block must have been taken.
BLOCK_TIMEOUT = 120.0
#: Bytes of a sidecar that are read at most.
LONGEST_TEXT = 1 << 20


@dataclass(frozen=True, slots=True)
class File:
    """A file that is to be on the server."""

    path: str
    body: Path | bytes
    size: int
    tag: str  #: of its content, so that a part is never continued with other bytes

    @property
    def part(self) -> str:
        """What it is called until it is put in place."""
        return f"{self.path}.{self.tag}.part"


async def size_of(files: asyncssh.SFTPClient, path: str) -> int | None:
    """The size of a file; None if there is none."""
    try:
        return (await files.stat(path)).size or 0
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        return None


async def obstacle(files: asyncssh.SFTPClient, path: str) -> str | None:
    """What keeps a folder from being there or being made: the nearest part of its path, if that is none."""
    while not await files.exists(path) and path not in {"", ".", "/"}:
        path = path.rstrip("/").rpartition("/")[0] or ("/" if path.startswith("/") else ".")
    return None if await files.isdir(path) else path


async def send(files: asyncssh.SFTPClient, file: File, sha256: str = "") -> None:
    """Bring a file to its part, from where the part ends.

    The last block of a part is sent again: its requests were under way together, and those in the middle may be the
    ones that did not arrive.

    Parameters
    ----------
    sha256:
        If it is given, a part that was continued is read back.

    Raises
    ------
    Restart
        If what is there is not what was sent. It is removed.
    """
    if isinstance(file.body, bytes):
        await _write(files, file.part, file.body)
        return
    there = await size_of(files, file.part) or 0
    start = 0 if there > file.size else max(there - 1, 0) // BLOCK * BLOCK
    flags = asyncssh.FXF_WRITE | asyncssh.FXF_CREAT | (asyncssh.FXF_TRUNC if start == 0 else 0)
    async with files.open(file.part, flags, encoding=None) as stream:
        for at in range(start, file.size, BLOCK):
            block = Slice(file.body, at, min(BLOCK, file.size - at)).read()
            async with asyncio.timeout(BLOCK_TIMEOUT):
                await stream.write(block, at)
        await _flush(stream)
    found = await size_of(files, file.part)
    right = found == file.size
    if right and start and sha256:
        right = await digest(files, file.part) in {None, sha256}
    if not right:
        with suppress(asyncssh.SFTPError):
            await files.remove(file.part)
        raise Restart(f"{file.part} is not what was sent: {found} bytes of {file.size}")


async def put_in_place(
    files: asyncssh.SFTPClient, media: tuple[File, ...], sidecar: File, stale: Iterable[str]
) -> None:
    """Give the files their names, the sidecar last. Goes on where an earlier call ended.

    Parameters
    ----------
    stale:
        What an earlier edition may have left in the way: removed, if it is there.

    Raises
    ------
    Restart
        If one of them is not there. Nothing was changed then.
    """
    waiting = [file for file in media if await size_of(files, file.part) == file.size]
    for file in media:
        if file not in waiting and await size_of(files, file.path) != file.size:
            raise Restart(f"{file.part} is not there any more")
    if await size_of(files, sidecar.part) is None:
        raise Restart(f"{sidecar.part} is not there any more")
    if waiting:
        await remove(files, sidecar.path)  # an earlier edition is none any more once its video is another one
    await remove(files, *sorted(stale))
    for file in (*waiting, sidecar):
        await _rename(files, file.part, file.path)


async def read(files: asyncssh.SFTPClient, path: str) -> bytes:
    """The bytes of a small file; none if there is none."""
    try:
        async with files.open(path, asyncssh.FXF_READ, encoding=None) as stream:
            return await _taken(stream, LONGEST_TEXT)
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        return b""


async def digest(files: asyncssh.SFTPClient, path: str) -> str | None:
    """The sha256 (hex) of a file, which is read for it; None if it may not be read."""
    found = hashlib.sha256()
    try:
        async with files.open(path, asyncssh.FXF_READ, encoding=None) as stream:
            while True:
                async with asyncio.timeout(BLOCK_TIMEOUT):
                    block = await _taken(stream, BLOCK)
                if not block:
                    return found.hexdigest()
                found.update(block)
    except asyncssh.SFTPPermissionDenied:
        return None


async def remove(files: asyncssh.SFTPClient, *paths: str) -> None:
    """Remove files, one after the other. One that is not there is removed already."""
    for path in paths:
        with suppress(asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            await files.remove(path)


async def _taken(stream: asyncssh.SFTPClientFile, most: int) -> bytes:
    return cast("bytes", await stream.read(most))  # that is what it reads without an encoding, whatever its types say


async def _write(files: asyncssh.SFTPClient, path: str, body: bytes) -> None:
    async with files.open(path, asyncssh.FXF_WRITE | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC, encoding=None) as stream:
        await stream.write(body, 0)
        await _flush(stream)


async def _flush(stream: asyncssh.SFTPClientFile) -> None:
    """Have the server write it to its disk, where it can be asked to (`fsync@openssh.com`)."""
    with suppress(asyncssh.SFTPOpUnsupported):
        await stream.fsync()


async def _rename(files: asyncssh.SFTPClient, path: str, goal: str) -> None:
    """Put a file in the place of another one: in one step (`posix-rename@openssh.com`), or in two."""
    try:
        await files.posix_rename(path, goal)
    except asyncssh.SFTPOpUnsupported:
        await remove(files, goal)
        await files.rename(path, goal)
