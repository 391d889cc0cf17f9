"""Detectors that run somewhere else: where one is, as `screen: {remote: …}` says it. It loads nothing."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator

from reelmill.content import fingerprint
from tasks.options import Options
from tasks.secret import Secret


class RemoteOptions(Options):
    """One detector that is asked by HTTP. What its labels mean, and whether it is required, the policy says."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
    """What the policy calls it: in `rules`, and in `required` or `optional`. In neither of them, it is required."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    """Where frames are sent: https, or http on this machine."""

    token: Secret | None = None
    """Sent as `Authorization: Bearer …`."""

    timeout: float = Field(default=20.0, gt=0, le=300)
    """Seconds that one request may take."""

    @property
    def identity(self) -> str:
        """What a verdict is bound to. Its version is known after the first answer only, and this must be before."""
        return f"{self.name} {fingerprint([self.url])[:12]}"

    @field_validator("url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise ValueError(f"this is no address: {error}") from None
        if not host or parts.username is not None or parts.password is not None or parts.fragment:
            raise ValueError("an address is https://host/path, without a login and a fragment")
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
            raise ValueError("frames go by https, or by http to this machine (127.0.0.1, ::1 or localhost)")
        return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
