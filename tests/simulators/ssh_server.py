"""An SSH server on loopback that serves a folder over SFTP, and fails as a test asks it to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

USER, PASSWORD = "mill", "a long password"


@dataclass
class SshServer:
    """The folder that is served, what was done with it, and what is to go wrong.

    The folder is the root of everything that a client sees.
    """

    folder: Path
    keys: list[asyncssh.SSHKey]
    client_key: asyncssh.SSHKey
    port: int = 0
    logins: int = 0
    written: int = 0  #: bytes that arrived in files
    calls: list[str] = field(default_factory=list)  #: what changed names, in order: `rename a b`, `remove a`

    drop_after: int | None = None  #: bytes of files, after which the line is cut, once
    hole: bool = False  #: a line that is cut loses a request in the middle, though later ones were obeyed
    lose_rename_of: str = ""  #: a file that is put in its place, after which the line is cut, once
    posix_rename: bool = True
    fsync: bool = True
    may_read: bool = True
    may_write: bool = True
    full: bool = False
    sizes: bool = True  #: False: files arrive shorter than they were sent

    @property
    def fingerprint(self) -> str:
        return self.keys[0].get_fingerprint()

    def key_line(self, number: int = 0) -> str:
        return self.keys[number].export_public_key().decode().strip()

    def files(self) -> dict[str, bytes]:
        """Everything in the folder, by its path."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}


@contextmanager
def an_ssh_server(folder: Path, *kinds: str) -> Iterator[SshServer]:
    """Serve a folder for the time of the block.

    Parameters
    ----------
    kinds:
        Of the keys that the server has. None: `ssh-ed25519`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keys = [asyncssh.generate_private_key(kind) for kind in kinds or ("ssh-ed25519",)]
    server = SshServer(folder, keys, asyncssh.generate_private_key("ssh-ed25519"))
    loop, ready = asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(_serve(server, ready, stop)), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


async def _serve(server: SshServer, ready: threading.Event, stop: asyncio.Event) -> None:
    opened: set[asyncssh.SSHServerConnection] = set()
    acceptor = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=lambda: _Door(server, opened),
        server_host_keys=server.keys,
        sftp_factory=lambda channel: _Files(server, channel),
        config=None,
    )
    server.port = acceptor.get_port()
    ready.set()
    await stop.wait()
    acceptor.close()
    for connection in list(opened):
        connection.abort()
    await acceptor.wait_closed()


class _Door(asyncssh.SSHServer):
    def __init__(self, server: SshServer, opened: set[asyncssh.SSHServerConnection]) -> None:
        self._server, self._opened = server, opened
        self._connection: Any = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._opened.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._opened.discard(self._connection)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self._server.logins += 1
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._server.logins += 1
        return username == USER and key == self._server.client_key.convert_to_public()


class _Files(asyncssh.SFTPServer):
    def __init__(self, server: SshServer, channel: Any) -> None:
        super().__init__(channel, chroot=str(server.folder).encode())
        self._server = server

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        writes = bool(pflags & asyncssh.FXF_WRITE)
        if (writes and not self._server.may_write) or (not writes and not self._server.may_read):
            raise asyncssh.SFTPPermissionDenied("no")
        return super().open(path, pflags, attrs)

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> Any:
        if not self._server.may_write:
            raise asyncssh.SFTPPermissionDenied("no")
        return super().mkdir(path, attrs)

    def write(self, file_obj: object, offset: int, data: bytes) -> Any:
        server = self._server
        if server.full:
            raise asyncssh.SFTPFailure("no space left")
        server.written += len(data)
        if server.drop_after is not None and server.written > server.drop_after:
            server.drop_after = None
            if server.hole:
                return self._lost()
            self._cut()
            return 0
        return super().write(file_obj, offset, data if server.sizes else data[:-1])

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        if not self._server.posix_rename:
            raise asyncssh.SFTPOpUnsupported("no")
        done = super().posix_rename(oldpath, newpath)
        return self._renamed(oldpath, newpath, done)

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        done = super().rename(oldpath, newpath)
        return self._renamed(oldpath, newpath, done)

    def _renamed(self, oldpath: bytes, newpath: bytes, done: Any) -> Any:
        name = newpath.decode().rpartition("/")[2]
        self._server.calls.append(f"rename {name}")
        if self._server.lose_rename_of and name.endswith(self._server.lose_rename_of):
            self._server.lose_rename_of = ""
            self._cut()
        return done

    def remove(self, path: bytes) -> Any:
        done = super().remove(path)
        self._server.calls.append(f"remove {path.decode().rpartition('/')[2]}")
        return done

    def fsync(self, file_obj: object) -> Any:
        if not self._server.fsync:
            raise asyncssh.SFTPOpUnsupported("no")
        self._server.calls.append("fsync")
        return super().fsync(file_obj)

    async def _lost(self) -> int:
        """Obey whatever else is under way, and cut the line."""
        await asyncio.sleep(0.1)
        self._cut()
        return 0

    def _cut(self) -> None:
        self.channel.get_connection().abort()
