"""A target that does as it is told: each call takes the next line of its script, and what became public is counted."""

from __future__ import annotations

import datetime as dt
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

from tasks.publishing.base import Delivery, Published, ReadBack, Safety, Target
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle


class Script:
    """What happens at each call, and what came of it. One for each account."""

    def __init__(self) -> None:
        self.lines: dict[str, deque[Any]] = defaultdict(deque)
        self.calls: list[str] = []
        self.public: list[str] = []  #: ids of posts, as often as they became public
        self.lock = threading.Lock()

    def say(self, call: str, *lines: Any) -> None:
        """What the next calls do: raise an exception, call a function, or `None`: all is well."""
        self.lines[call].extend(lines)

    def meet(self, call: str) -> None:
        with self.lock:
            self.calls.append(call)
            line = self.lines[call].popleft() if self.lines[call] else None
        if isinstance(line, BaseException):
            raise line
        if line is not None:
            line()


SCRIPTS: dict[str, Script] = defaultdict(Script)


class ScriptedTarget(Target):
    """Publishes nothing but a line in its script."""

    safety: ClassVar[Safety] = Safety.LOOK_UP
    certain_after: ClassVar[dt.timedelta] = dt.timedelta(seconds=2)
    discloses: ClassVar[str] = "nothing is shown to anybody"

    type: Literal["scripted"] = "scripted"
    account: str

    @property
    def script(self) -> Script:
        return SCRIPTS[self.account]

    def account_key(self, context: TargetContext) -> str:
        return self.account

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        self.script.meet("prepare")

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        self.script.meet("upload")
        if "parts" not in handle:
            handle.remember(parts=1)

    def check(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        self.script.meet("check")

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        self.script.meet("finalize")
        self.script.public.append(str(delivery.post_id))
        self.script.meet("finalized")
        return self._published(delivery, settled=not self.script.lines["look_up"])

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        self.script.meet("look_up")
        return self._published(delivery) if str(delivery.post_id) in self.script.public else None

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        self.script.meet("read_back")
        return ReadBack(public=True, labelled=True, whole=True)

    def _published(self, delivery: Delivery, *, settled: bool = True) -> Published:
        return Published(f"https://scripted.example/{delivery.post_id}", str(delivery.post_id), settled=settled)


class SilentTarget(ScriptedTarget):
    """The same, which cannot be asked."""

    safety = Safety.NONE


@contextmanager
def a_script(account: str) -> Iterator[Script]:
    """The script of an account, forgotten afterwards."""
    try:
        yield SCRIPTS[account]
    finally:
        SCRIPTS.pop(account, None)


Line = Callable[[], None] | BaseException | None
