"""Links that open one thing for a while, without a token: signed with a key that only this house has.

    https://door.example/watch/ID?expires=1767225600&signature=…

The signature covers the path, the name and the moment, so a link opens what it was made for and nothing else.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import math
import os
import re
import secrets
import time
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

from flows.server import LOOPBACK
from reelmill.errors import StorageError, UseError
from reelmill.files import flush
from reelmill.settings import Settings

#: Bytes of a key of our own.
KEY_BYTES = 32
#: Shortest key that a person may set, in characters.
SHORTEST_KEY = 16
#: Links that live this long end on a full hour: a page that is loaded again shows the same ones, which a browser keeps.
LONG = dt.timedelta(days=1)
HOUR = 3600
#: How long a link works unless somebody says otherwise.
LIFETIME = dt.timedelta(days=7)
#: Longest name of a file, in characters.
LONGEST_NAME = 100


class Signer:
    """Makes and checks signed links.

    Raises
    ------
    UseError
        If the key that was set is too short, or the file with the key is damaged.
    StorageError
        If a key cannot be written into the home folder.
    """

    def __init__(self, settings: Settings) -> None:
        self.base = base_url(settings)
        self._key = _key(settings)

    @property
    def prefix(self) -> str:
        """The path that the public address begins with; empty if the door has a host of its own."""
        return urlsplit(self.base).path

    def run_url(self, run_id: UUID, lifetime: dt.timedelta = LIFETIME) -> str:
        """Where a run can be followed."""
        return self.base + self.link(f"/runs/{run_id}", lifetime)

    def events_url(self, run_id: UUID, lifetime: dt.timedelta = LIFETIME) -> str:
        """Where a run tells its progress as it happens."""
        return self.base + self.link(f"/runs/{run_id}/events", lifetime)

    def watch_url(self, video_id: UUID, lifetime: dt.timedelta = LIFETIME) -> str:
        """Where a person watches a video."""
        return self.base + self.link(f"/watch/{video_id}", lifetime)

    def file_url(self, sha256: str, suffix: str, name: str, lifetime: dt.timedelta = LIFETIME) -> str:
        """Where a file is. `name` is what it is called when somebody keeps it; `suffix` is added to it."""
        return self.base + self.link(f"/files/{sha256}{suffix}", lifetime, name=safe_name(name, suffix))

    def link(self, path: str, lifetime: dt.timedelta = LIFETIME, *, name: str = "") -> str:
        """A path below the door's address, with the query that opens it."""
        expires = _moment(lifetime)
        query = {"name": name} if name else {}
        signature = self.sign("link", path, name, str(expires))
        return f"{quote(path)}?{urlencode({**query, 'expires': expires, 'signature': signature}, quote_via=quote)}"

    def check(self, path: str, expires: int, signature: str, *, name: str = "") -> bool:
        """Whether a link was made here for exactly this, and still works."""
        made_here = self.matches(signature, "link", path, name, str(expires))
        return made_here and time.time() < expires

    def sign(self, purpose: str, *parts: str) -> str:
        """The signature of some words for one purpose, which is good for no other one."""
        message = json.dumps([purpose, *parts]).encode()
        return base64.urlsafe_b64encode(hmac.digest(self._key, message, "sha256")).decode().rstrip("=")

    def matches(self, signature: str, purpose: str, *parts: str) -> bool:
        """Whether a signature is that of these words. Takes the same time whatever it is compared with."""
        return hmac.compare_digest(signature.encode("utf-8", "replace"), self.sign(purpose, *parts).encode())


def base_url(settings: Settings) -> str:
    """The door's public address, without a slash at its end."""
    if settings.web_url:
        return settings.web_url.rstrip("/")
    host = settings.web_host if settings.web_host in LOOPBACK else "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.web_port}"


def safe_name(name: str, suffix: str) -> str:
    """A file's name that is harmless in a header and on every disk."""
    plain = "".join(character if character.isprintable() else " " for character in name)
    plain = re.sub(r'[\\/:*?"<>|;%]+', " ", plain)
    plain = re.sub(r"\s+", " ", plain).strip(" .")[:LONGEST_NAME].strip(" .")
    return (plain or "video") + suffix


def _moment(lifetime: dt.timedelta) -> int:
    end = time.time() + lifetime.total_seconds()
    return math.ceil(end / HOUR) * HOUR if lifetime >= LONG else math.ceil(end)


def _key(settings: Settings) -> bytes:
    if settings.signing_key:
        if len(settings.signing_key) < SHORTEST_KEY:
            raise UseError(
                f"REELMILL_SIGNING_KEY has fewer than {SHORTEST_KEY} characters",
                "set a long random one, such as the output of `openssl rand -hex 32`, or unset it",
            )
        return hashlib.sha256(settings.signing_key.encode()).digest()
    path = settings.folder / "signing.key"
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise StorageError(
            f"{path} cannot be used: {error.strerror}",
            "make the home folder writable for whoever runs the door, or set REELMILL_SIGNING_KEY",
        ) from error
    if len(key) != KEY_BYTES:
        raise UseError(f"{path} is no key", "remove it; a new one is made, and links from before stop working")
    return key


def _make(path: Path) -> None:
    """Write a new key. Of two processes at once one succeeds, and both read its key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(secrets.token_bytes(KEY_BYTES))
        flush(temporary)
        try:
            path.hardlink_to(temporary)  # unlike a rename, this never replaces a key that is in use
        except FileExistsError:
            return
        flush(path.parent)
    finally:
        temporary.unlink()
