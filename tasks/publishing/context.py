"""What a target has at hand while it works: the folder of the definition, a client, tokens, and the time."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar, cast

from tasks.publishing.client import Client
from tasks.publishing.login import Renew, Tokens
from tasks.secret import Secret

#: What stands for every secret where everything goes to the sandbox: a real one is not for rehearsals.
SANDBOX_TOKEN = "sandbox-token"

Alone = Callable[[str], AbstractContextManager[None]]
"""Enters a section, by its name, that only one process at a time may be in."""


class Closable(Protocol):
    """Something that holds a connection."""

    def close(self) -> None: ...


Kept = TypeVar("Kept", bound=Closable)


@dataclass
class TargetContext:
    """Made once for a target of a run, and shared by its threads.

    Parameters
    ----------
    folder:
        Where the definition lies: what relative paths are relative to.
    sandbox:
        The address of simulated platforms that everything goes to; "": the real ones.
    alone:
        For what one process at a time may do, such as renewing a login.
    pace:
        How long a second is. Below 1 where time is simulated.
    """

    folder: Path
    sandbox: str = ""
    alone: Alone = field(default=lambda _: nullcontext())
    pace: float = 1.0
    _clients: dict[str, Client] = field(default_factory=dict, repr=False)
    _tokens: dict[tuple[Secret | None, Secret | None, str], Tokens] = field(default_factory=dict, repr=False)
    _kept: dict[str, Closable] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def pause(self, seconds: float) -> None:
        """Wait in place."""
        time.sleep(seconds * self.pace)

    def shown_at(self, platform: str, identity: str, address: str) -> str:
        """Where people see a post: on the platform, or where the sandbox shows what became public there."""
        return f"{self.sandbox}/{platform}/watch/{identity}" if self.sandbox else address

    def client(self, home: str = "") -> Client:
        """The client for one platform. `home`: see `Client`."""
        with self._lock:
            if home not in self._clients:
                self._clients[home] = Client(home)
            return self._clients[home]

    def kept(self, name: str, make: Callable[[], Kept]) -> Kept:
        """A connection of another kind, by a name that says all of it: made once, and closed with the context."""
        with self._lock:
            if name not in self._kept:
                self._kept[name] = make()
            return cast("Kept", self._kept[name])

    def tokens(self, fixed: Secret | None, login: Secret | None, renew: Renew, name: str) -> Tokens:
        """The tokens of an account, which `name` tells; the same ones for the same secrets.

        Whoever renews a login is alone with the document, which two accounts may share.
        """
        with self._lock:
            key = (fixed, login, name)
            if key not in self._tokens:
                section = f"login:{login.name if login is not None else name}"[:200]
                self._tokens[key] = Tokens(fixed, login, renew, lambda: self.alone(section))
            return self._tokens[key]

    def secret(self, secret: Secret | None) -> str | None:
        """The value of a secret, or None if it is not set; in the sandbox, one that lets in."""
        if self.sandbox:
            return SANDBOX_TOKEN
        return secret.find() if secret is not None else None

    def close(self) -> None:
        for one in (*self._clients.values(), *self._kept.values()):
            one.close()
        self._clients.clear()
        self._kept.clear()
