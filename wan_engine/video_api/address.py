"""Where the video server is, and what lets us in: the operator's own configuration, from the environment."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self

from reelmill.errors import EngineError, UseError
from reelmill.logs import conceal
from reelmill.settings import Settings

URL, TOKEN, MODEL = "REELMILL_VIDEO_API_URL", "REELMILL_VIDEO_API_TOKEN", "REELMILL_VIDEO_API_MODEL"


@dataclass(frozen=True, slots=True)
class Address:
    """One video server as this process knows it."""

    url: str  #: without a slash at its end and without `/v1`
    token: str = field(default="", repr=False)
    model: str = ""  #: what it is said to serve, `name` or `name@revision`; "" if nobody said so
    shots: int = 4  #: ordered at the same time

    @classmethod
    def configured(cls) -> Self:
        """The server of this machine's settings.

        Raises
        ------
        UseError
            If a setting cannot be used.
        """
        settings = Settings()
        return cls(
            url=_plain(settings.video_api_url),
            token=_token(settings.video_api_token.get_secret_value()),
            model=settings.video_api_model.strip(),
            shots=settings.video_api_shots,
        )

    def required(self) -> Self:
        """Itself, if there is a server at all.

        Raises
        ------
        EngineError
            If none is configured.
        """
        if not self.url:
            raise EngineError(f"no video server is configured: {URL} is not set", f"set {URL} to its address")
        return self

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries. The only place where the token goes."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def _plain(url: str) -> str:
    """An address such as `http://gpu-1:8000`, from what people write for one."""
    if not url.strip():
        return ""
    import httpx  # 60 ms, and where no server is configured nobody needs it

    from reelmill.answers import redacted

    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise UseError(f"{URL} is no address: {error}", f"set {URL} to one such as http://gpu-1:8000") from None
    bare = not (parsed.userinfo or parsed.query) and (parsed.port or 1) < 65_536
    if parsed.scheme not in ("http", "https") or not parsed.host or not bare:
        raise UseError(
            f"{URL} is {redacted(url)!r}: it must be http(s)://host or http(s)://host:port, without a login or a query",
            f"set {URL} to an address such as http://gpu-1:8000, and the secret as {TOKEN}",
        )
    return str(parsed.copy_with(fragment=None)).rstrip("/").removesuffix("/v1")


def _token(token: str) -> str:
    kept = token.strip()
    if not kept:
        return ""
    conceal(kept)
    if not re.fullmatch(r"[\x21-\x7e]+", kept):
        # The value is not shown: a library that meets it in a header would show it.
        raise UseError(f"{TOKEN} has characters that no header can carry", f"set {TOKEN} to the bare token")
    return kept
