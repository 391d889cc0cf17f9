"""A process that publishes for tests which kill it: everything is imported once, and each visit is a fork of its own.

It reads one order a line (JSON) and answers with how its child ended. A child may be killed by a failpoint at any
moment, as a machine may; the ledger and the platform are all that is left of it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from records.ledger import Ledger
from records.states import PostState
from reelmill.content import Json
from reelmill.errors import ReelmillError
from reelmill.settings import Settings
from tasks.publishing.base import Target
from tasks.publishing.context import TargetContext
from tasks.publishing.reading_back import read_back
from tasks.publishing.stage import publish
from tasks.publishing.tempo import Tempo
from tests.postbox import Postbox, make_target

ROOT = Path(__file__).parents[2]
#: How long a second is for whoever publishes here.
PACE = 0.002
#: A visit waits in place for less than a second of real time.
TEMPO = Tempo(in_place=400.0)


@dataclass(frozen=True)
class Errand:
    """One visit of one post."""

    home: str
    database_url: str
    video_id: str
    rendition_id: str
    target: Mapping[str, Json]
    sandbox: str
    environment: Mapping[str, str]
    blind: bool = False  #: the look-up is switched off

    def run(self) -> int:
        os.environ.update(self.environment)
        settings = Settings(home=Path(self.home), database_url=self.database_url)
        target = make_target(**{**self.target, "kind": self.target["type"]})  # type: ignore[arg-type]
        if self.blind:
            target = blinded(target)
        context = TargetContext(Path(self.home).parent, self.sandbox, pace=PACE)
        box = Postbox(settings, UUID(self.video_id), self.rendition_id)
        try:
            with Ledger(settings) as ledger:
                order = box.order(ledger, target, context)
                post = publish(ledger, order, context, TEMPO)
                if post.state is PostState.LIVE and post.seen_at is None:
                    read_back(ledger, post, target, order.delivery, context)
        except ReelmillError as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
        finally:
            context.close()
        return 0


def blinded(target: Target) -> Target:
    """The same target, whose look-up never finds anything and is believed at once."""
    import datetime as dt

    kind = type(target)
    unseeing = type(kind.__name__, (kind,), {"look_up": lambda *_: None, "certain_after": dt.timedelta(0)})
    return unseeing.model_validate(target.model_dump(exclude_unset=True))  # type: ignore[attr-defined,no-any-return]


class Poster:
    """The process, from outside."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def visit(self, **errand: Any) -> int:
        """One visit. Returns the signal that ended it, or 0."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(errand) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the poster is gone"
        ended = int(answer)
        assert ended in {0, signal.SIGKILL}, f"a visit ended with {ended}"
        return ended


@contextmanager
def poster() -> Iterator[Poster]:
    """A poster for the time of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.poster"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Poster(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


def main() -> None:
    from tasks.finishing import verify  # noqa: F401 (what every visit needs is here before the first fork)
    from tasks.registry import find, names

    for kind in names("targets"):
        find("targets", kind)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = 70
            try:
                code = Errand(**json.loads(line)).run()
            except BaseException:  # noqa: BLE001 (a fork must never go on with what its parent was doing)
                import traceback

                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
        sys.stdout.write(f"{ended}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
