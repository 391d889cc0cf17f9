"""What can be made to go wrong on a simulated platform, and time, which can be made to pass."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Requests that nobody counted to.
ALL = 10**9
#: Seconds of a day.
DAY = 86_400


@dataclass
class Trouble:
    """What goes wrong with the requests of one moment of a protocol.

    Trouble("publish", handled=True, drop=True)           it happens, and the answer never comes
    Trouble("publish", handled=True, status=500)          it happens, and the answer says that it did not
    Trouble("chunk", status=429, headers={"Retry-After": "2"}, times=3)
    Trouble("chunk", cut=100_000)                         the connection breaks in the middle of the bytes
    Trouble("status", expires=True)                       the login has just ended, and the platform says so
    """

    at: str  #: the moment, as the platform's routes name it; `*`: any
    status: int = 0  #: answered instead of the truth; 0: the truth
    body: Any = None  #: answered with that status
    headers: Mapping[str, str] = field(default_factory=dict)
    handled: bool = False  #: the request has its effect first
    drop: bool = False  #: the connection is closed instead of an answer
    cut: int | None = None  #: bytes of the request's body after which the connection breaks
    expires: bool = False  #: every login ends just before it
    seconds: float = 0.0  #: before it is looked at
    after: int = 0  #: so many requests go well first
    times: int = 1  #: so many then do not


class Troubles:
    """The troubles that are still to come. Safe to change from any thread."""

    def __init__(self) -> None:
        self._all: list[Trouble] = []
        self._lock = threading.Lock()

    def add(self, trouble: Trouble) -> None:
        with self._lock:
            self._all.append(trouble)

    def clear(self) -> None:
        with self._lock:
            self._all.clear()

    @property
    def left(self) -> list[Trouble]:
        """Those that no request has met yet as often as it will."""
        with self._lock:
            return [one for one in self._all if one.times > 0]

    def met(self, moment: str) -> Trouble | None:
        """The trouble that a request of this moment meets, which is then one less."""
        with self._lock:
            for trouble in self._all:
                if trouble.at not in {moment, "*"} or trouble.times <= 0:
                    continue
                if trouble.after > 0:
                    trouble.after -= 1
                    continue
                trouble.times -= 1
                return trouble
        return None


class Clock:
    """The platform's time in seconds since 1970, which a test moves on."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds


class Limit:
    """At most `count` calls in any `seconds`, by the platform's clock."""

    def __init__(self, count: int, seconds: float, clock: Clock) -> None:
        self.count, self.seconds, self._clock = count, seconds, clock
        self._calls: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def used(self, who: str = "") -> int:
        with self._lock:
            return len(self._fresh(who))

    def take(self, who: str = "") -> float:
        """Count a call. Returns 0, or the seconds until there is room for it; then it is not counted."""
        with self._lock:
            calls = self._fresh(who)
            if len(calls) >= self.count:
                freed = calls[0] if calls else self._clock.now()  # of a limit of 0 nothing is ever free
                return max(0.001, freed + self.seconds - self._clock.now())
            calls.append(self._clock.now())
            return 0.0

    def _fresh(self, who: str) -> deque[float]:
        calls = self._calls.setdefault(who, deque())
        while calls and calls[0] <= self._clock.now() - self.seconds:
            calls.popleft()
        return calls
