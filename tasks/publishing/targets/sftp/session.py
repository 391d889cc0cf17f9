"""A session with an SSH server whose host key is pinned, and what goes wrong with it as outcomes.

Each call has a session of its own, in an event loop of its own: a server may close an idle one at any time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncssh

from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused, Retry

#: Seconds until a server that does not answer is given up: for a connection, for the login, for a call without bytes.
CONNECT_TIMEOUT, LOGIN_TIMEOUT, CALL_TIMEOUT = 10.0, 30.0, 120.0
#: Seconds between two signs of life, and how many a server may miss.
KEEPALIVE, MOST_MISSED = 15, 4
#: Which of its keys a server is asked for: one of the pinned kind, if the kind is known, then the first that it has.
KEY_KINDS = (
    "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256",
)  # fmt: skip

T = TypeVar("T")
Work = Callable[[asyncssh.SFTPClient], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class Host:
    """A server, and who we are there."""

    name: str
    port: int
    user: str
    pin: str  #: the fingerprint of its key, or the key as a line
    key: str | None = field(repr=False)
    passphrase: str | None = field(repr=False)
    password: str | None = field(repr=False)


class Pinned(asyncssh.SSHClient):
    """Takes a server whose key is the pinned one, and no other."""

    def __init__(self, pin: str) -> None:
        self._pin = pin.rstrip("=")
        self.seen = ""  #: the fingerprint of the key that the server showed

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.seen = key.get_fingerprint()
        return self.seen == self._pin


def run(host: Host, doing: str, work: Work[T], *, irreversible: bool = False, limit: float | None = CALL_TIMEOUT) -> T:
    """Do something in a new session.

    Parameters
    ----------
    doing:
        For errors: `sending 01-tea.mp4`.
    irreversible:
        It makes something public.
    limit:
        Seconds until it is given up. None: the work sees to that itself.

    Raises
    ------
    Retry, Reauthorise, Refused, Ambiguous
        And whatever of the outcomes the work raises.
    """
    doing = f"{host.name}, {doing}"
    pin, kinds = _pinned(host)
    client = Pinned(pin)
    begun = False

    async def session() -> T:
        nonlocal begun
        options = _options(host, client, kinds)
        async with (
            asyncio.timeout(limit),
            asyncssh.connect(host.name, host.port, **options) as connection,
            connection.start_sftp_client() as files,
        ):
            begun = True
            return await work(files)

    try:
        return asyncio.run(session())
    except asyncssh.HostKeyNotVerifiable as error:
        raise Refused(
            f"{doing}: its host key is {client.seen}, which is not the pinned one",
            f"ask whoever runs {host.name} whether that is its key; if so, set `host_key: {client.seen}`",
        ) from error
    except (asyncssh.PermissionDenied, asyncssh.IllegalUserName) as error:
        raise Reauthorise(f"{doing}: {host.user} is not let in", "correct `user`, `key` and `password`") from error
    except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect) as error:
        advice = f"give {host.user} the right to make, write, rename and remove files there"
        raise Reauthorise(f"{doing}: {host.user} may not do that", advice) from error
    except (asyncssh.Error, OSError) as error:  # a TimeoutError is one of the latter
        what = f"{doing}: {_said(error)}"
        if irreversible and begun:
            raise Ambiguous(what) from error
        raise Retry(what, "see that the server runs and has room") from error


def _options(host: Host, client: Pinned, kinds: list[str]) -> dict[str, Any]:
    return {
        "username": host.user,
        "client_factory": lambda: client,
        "known_hosts": ([], [], []),  # none: the client is asked about the key
        "server_host_key_algs": kinds,
        "client_keys": [_private_key(host)] if host.key is not None else None,
        "password": host.password,
        "agent_path": None,
        "config": None,  # what this machine's user has set for other purposes
        "connect_timeout": CONNECT_TIMEOUT,
        "login_timeout": LOGIN_TIMEOUT,
        "keepalive_interval": KEEPALIVE,
        "keepalive_count_max": MOST_MISSED,
    }


def _pinned(host: Host) -> tuple[str, list[str]]:
    """The fingerprint that is pinned, and the kinds of keys that the server is asked for."""
    if " " not in host.pin:
        return host.pin, list(KEY_KINDS)
    try:
        key = asyncssh.import_public_key(host.pin)
    except asyncssh.KeyImportError as error:
        raise Refused("`host_key` is no public key", "copy it as `ssh-keyscan` prints it: KIND KEY") from error
    kinds = {kind.decode() for kind in key.sig_algorithms}
    return key.get_fingerprint(), sorted(KEY_KINDS, key=lambda kind: kind not in kinds)


def _private_key(host: Host) -> asyncssh.SSHKey:
    assert host.key is not None
    try:
        return asyncssh.import_private_key(host.key, host.passphrase)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise Reauthorise(
            f"the key for {host.name} cannot be read: {error}", "correct `key` or `passphrase`"
        ) from error


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    words = getattr(error, "reason", "") or getattr(error, "strerror", "") or ""
    return f"{words} ({type(error).__name__})" if words else type(error).__name__
