"""What a person sees while a run works: bars on a terminal, plain lines otherwise. Both say the same."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from flows.counting import counted
from flows.observer import Observer
from records.tables import Video
from reelmill.errors import ReelmillError

STAGES = ("generate", "screen", "finish", "publish")


class Lines(Observer):
    """One line per event: for logs, pipes and CI."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lock = threading.Lock()

    def say(self, line: str) -> None:
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()

    def planned(self, videos: int, skipped: int, unchanged: int) -> None:
        self.say(_planned(videos, skipped, unchanged))

    def told(self, words: str) -> None:
        self.say(f"note     {words}")

    def ended(self, stage: str, video: Video, note: str, seconds: float) -> None:
        self.say(f"{stage:<8} {video.title}: {note} ({seconds:.1f} s)")

    def failed(self, video: Video, error: Exception) -> None:
        self.say(f"failed   {video.title}: {_reason(error)}")


class Bars(Observer):
    """A bar per stage, and the videos that fail above them."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._progress = Progress(
            TextColumn("{task.description:<9}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[video]}", style="dim", markup=False),
            console=console,
            transient=True,
        )
        self._bars: dict[str, TaskID] = {}
        self._videos = 0

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw in this block."""
        with self._progress:
            yield

    def planned(self, videos: int, skipped: int, unchanged: int) -> None:
        self._progress.console.print(_planned(videos, skipped, unchanged))

    def told(self, words: str) -> None:
        self._progress.console.print(f"note     {words}", markup=False)

    def begun(self, videos: int) -> None:
        self._videos = videos
        for stage in STAGES if videos else ():
            self._bars[stage] = self._progress.add_task(stage, total=videos, video="")

    def started(self, stage: str, video: Video) -> None:
        if stage not in self._bars:  # one that only some videos need
            self._bars[stage] = self._progress.add_task(stage, total=self._videos, video="")
        self._progress.update(self._bars[stage], video=video.title)

    def advanced(self, video: Video, done: int, total: int) -> None:
        bar = self._bars["generate"]
        whole = int(self._progress.tasks[bar].completed)
        # The fraction of the clip in hand; the count beside the bar shows whole clips.
        self._progress.update(bar, completed=min(whole + min(done / max(total, 1), 0.999), self._videos))

    def ended(self, stage: str, video: Video, note: str, seconds: float) -> None:
        bar = self._bars[stage]
        whole = int(self._progress.tasks[bar].completed) + 1
        self._progress.update(bar, completed=whole, video="" if whole == self._videos else video.title)

    def failed(self, video: Video, error: Exception) -> None:
        self._progress.console.print(Text.assemble(("failed", "red"), f" {video.title}: {_reason(error)}"))


@contextmanager
def watched(*, quiet: bool) -> Iterator[Observer]:
    """Show a run on standard error, and let the first Ctrl-C stop it gently and the second one at once."""
    console = Console(stderr=True)
    observer: Observer
    if quiet:
        observer = Observer()
        with _stoppable(observer):
            yield observer
    elif console.is_terminal:
        observer = Bars(console)
        with _stoppable(observer), observer.shown():
            yield observer
    else:
        observer = Lines(sys.stderr)
        with _stoppable(observer):
            yield observer


@contextmanager
def _stoppable(observer: Observer) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        if observer.cancel.cancelled:
            signal.default_int_handler(number, frame)
        observer.cancel.cancel()
        sys.stderr.write("\nstopping: what is finished is kept (press Ctrl-C again to stop at once)\n")

    before = signal.signal(signal.SIGINT, stop), signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])


def _planned(videos: int, skipped: int, unchanged: int) -> str:
    more = [f"{counted(skipped, 'item')} skipped"] * bool(skipped) + [f"{unchanged} unchanged"] * bool(unchanged)
    return ", ".join([f"planned  {counted(videos, 'video')}", *more])


def _reason(error: Exception) -> str:
    if isinstance(error, ReelmillError):
        return str(error)
    return f"unexpected {type(error).__name__}: {error}"
