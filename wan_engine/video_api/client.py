"""The calls to a video server, each repeated while the server is away or busy, for so long and no longer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from reelmill import __version__
from reelmill.answers import LONGEST_WAIT, seconds_to_wait
from reelmill.errors import EngineError, Interrupted, ServerUnavailable, StorageError, TransientError
from wan_engine.video_api.address import Address
from wan_engine.video_api.catalogue import away
from wan_engine.video_api.protocol import BUSY, PICTURE_FIELD, Answer, Job, job, refusal, served

#: Seconds of silence after which a request is given up and sent again.
TIMEOUTS = httpx.Timeout(connect=5.0, read=60.0, write=60.0, pool=None)
#: Bytes of an answer that is not a film.
LONGEST_ANSWER = 1 << 20
#: Bytes of a film: a minute in the largest size is far below.
LARGEST_FILM = 2 << 30
#: How often a film is fetched that comes in cut, or is said to be missing although it is done.
DOWNLOADS = 3
#: By how much each pause is longer than the one before: a look comes at most a fifth of the time spent too late.
GROWTH = 1.25


@dataclass(frozen=True, slots=True)
class Tempo:
    """How patient the client is, in seconds."""

    first_look: float = 0.25  #: until a new job is first looked at
    longest_pause: float = 10.0  #: between two looks, and between two tries
    silence: float = 120.0  #: a server that answers nothing for so long is away
    busy: float = 600.0  #: that one request waits for a server which says that it is busy
    stalled: float = 7200.0  #: a job that does not move for so long is given up

    def pauses(self) -> Callable[[], float]:
        """Longer and longer pauses, up to the longest."""
        pause = self.first_look / GROWTH

        def following() -> float:
            nonlocal pause
            pause = min(pause * GROWTH, self.longest_pause)
            return pause

        return following


class VideoClient:
    """A connection to a video server. Use it as an asynchronous context manager, in one event loop."""

    def __init__(self, address: Address, tempo: Tempo) -> None:
        self._address, self.tempo = address, tempo
        self._silent_since: float | None = None
        self._closing = asyncio.Event()
        self._http = httpx.AsyncClient(
            headers={**address.headers, "User-Agent": f"reelmill/{__version__}"},
            timeout=TIMEOUTS,
            trust_env=False,  # no proxy and no netrc of whoever started us
            follow_redirects=False,  # a redirect would carry the token and the prompts somewhere else
            limits=httpx.Limits(max_connections=None),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    def last_calls(self) -> None:
        """From now on nothing is tried twice, and nobody waits to try again."""
        self._closing.set()

    async def models(self) -> tuple[str, ...]:
        """What the server serves."""
        return served(await self._ask("GET", "/v1/models"))

    async def order(self, fields: dict[str, str], picture: tuple[bytes, str] | None) -> Job:
        """Order a film. Always multipart: vLLM-Omni takes nothing else.

        An order whose answer never came is sent again, because the API has no way to ask for it: at worst the film is
        rendered twice.

        Raises
        ------
        EngineError
            If the server refuses it.
        ServerUnavailable, TransientError
        """
        parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in fields.items()]
        if picture is not None:
            content, kind = picture
            parts.append((PICTURE_FIELD, (f"reference.{kind.partition('/')[2]}", content, kind)))
        answer = await self._ask("POST", "/v1/videos", files=parts)
        made = job(answer)
        if made is None or answer.status >= 300:
            raise refusal(answer, "given an order")
        return made

    async def look(self, identity: str) -> Job | None:
        """How a job is, or None if the server does not know it."""
        answer = await self._ask("GET", f"/v1/videos/{identity}")
        found = job(answer)
        if found is None and answer.status != 404:
            raise refusal(answer, "asked for a job")
        return found

    async def delete(self, identity: str) -> bool:
        """Have a job stopped, where the server can do that, and its film removed. Tried once; whether it worked."""
        try:
            answer = await self._once("DELETE", f"/v1/videos/{identity}")
        except (httpx.HTTPError, EngineError):
            return False
        return answer.status < 300 or answer.status in (404, 409)  # gone already, or about to be

    async def fetch(self, identity: str, path: Path, told: Callable[[int, int], None]) -> str:
        """Save a job's film; returns its sha256. What stands in `path` after an error is worth nothing.

        Raises
        ------
        EngineError
            If the server gives none.
        StorageError
            If it cannot be written.
        ServerUnavailable, TransientError
        """
        pauses, tries = self.tempo.pauses(), 0
        while True:
            tries += 1
            try:
                answer = await self._save(f"/v1/videos/{identity}/content", path, told)
            except httpx.RequestError as error:
                if tries >= DOWNLOADS and not isinstance(error, httpx.ConnectError):
                    raise TransientError(
                        f"the film of a job came in cut {tries} times: {error}", "look at the server, then resume"
                    ) from None
                await self._silence(error, pauses())
                continue
            except OSError as error:
                raise StorageError(f"{path} cannot be written: {error.strerror}", "make room, then resume") from error
            if isinstance(answer, str):
                return answer
            # SGLang says 404 while a film is still being written.
            if tries >= DOWNLOADS or not (answer.status in BUSY or answer.status == 404):
                raise refusal(answer, "asked for a film")
            await self._pause(self._wait(answer, pauses()))

    async def _save(self, path: str, goal: Path, told: Callable[[int, int], None]) -> str | Answer:
        """The sha256 of what was saved, or the answer that came instead."""
        async with self._stream("GET", path) as response:
            kind = response.headers.get("content-type", "")
            if response.status_code != 200 or "json" in kind or "html" in kind:
                return await _whole(response)
            announced = response.headers.get("content-length", "")
            total = int(announced) if announced.isascii() and announced.isdigit() else 0
            digest, arrived = hashlib.sha256(), 0
            with goal.open("wb") as file:
                async for block in response.aiter_bytes():
                    arrived += len(block)
                    if arrived > LARGEST_FILM:
                        raise EngineError(f"the film is larger than {LARGEST_FILM >> 30} GiB", "ask for a smaller one")
                    digest.update(block)
                    file.write(block)
                    told(arrived, max(total, arrived))
            return digest.hexdigest()

    async def _ask(self, method: str, path: str, **how: Any) -> Answer:
        """One request, sent again while the server is away or busy."""
        pauses, waited = self.tempo.pauses(), 0.0
        while True:
            try:
                answer = await self._once(method, path, **how)
            except httpx.RequestError as error:
                waited += (pause := pauses())
                await self._silence(error, pause, enough=waited > self.tempo.busy)
                continue
            # A question may be asked again after any trouble of the server's, an order only where it says so.
            again = answer.status in BUSY or (answer.status >= 500 and method == "GET")
            if not again or job(answer) is not None:
                return answer
            pause = self._wait(answer, pauses())
            if waited + pause > self.tempo.busy:
                refused = refusal(answer, "asked again and again" if waited else "asked")
                raise ServerUnavailable(refused.reason, "give it time, then resume the run", retry_after=pause)
            waited += pause
            await self._pause(pause)

    async def _once(self, method: str, path: str, **how: Any) -> Answer:
        async with self._stream(method, path, **how) as response:
            return await _whole(response)

    @asynccontextmanager
    async def _stream(self, method: str, path: str, **how: Any) -> AsyncIterator[httpx.Response]:
        async with self._http.stream(method, self._address.url + path, **how) as response:
            yield response
        self._silent_since = None  # only a whole answer is one

    async def _silence(self, error: httpx.RequestError, pause: float, *, enough: bool = False) -> None:
        """Wait for a server that did not answer, or give it up. All requests share one patience."""
        now = asyncio.get_running_loop().time()
        self._silent_since = now if self._silent_since is None else self._silent_since
        if enough or now - self._silent_since >= self.tempo.silence:
            raise away(self._address, error) from None
        await self._pause(pause)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return
        raise Interrupted("the work was stopped")

    @staticmethod
    def _wait(answer: Answer, pause: float) -> float:
        """Seconds until the next try: what the server asks for, or a pause of ours."""
        asked = seconds_to_wait(answer.retry_after)
        return pause if asked is None else min(max(asked, pause), LONGEST_WAIT)


async def _whole(response: httpx.Response) -> Answer:
    """An answer that is read whole, because it is small.

    Raises
    ------
    EngineError
        If it is not.
    """
    body = bytearray()
    async for block in response.aiter_bytes():
        body += block
        if len(body) > LONGEST_ANSWER:
            raise EngineError("the video server answers with more than a megabyte", "check its address and its version")
    return Answer(response.status_code, bytes(body), response.headers.get("retry-after", ""))
