"""One master under the detectors' eyes: decoded once, looked at by all of them, gathered in order."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from reelmill.content import Decision, Hit
from reelmill.errors import MediaError, ReelmillError, TerminalError
from reelmill.ffmpeg import Probe
from reelmill.frames import Frame, read_frames
from tasks.screening.blankness import Blankness
from tasks.screening.detectors.base import Detector, Finding
from tasks.screening.policy import Policy

#: The long side at which frames are decoded, in pixels. A smaller master is not enlarged.
LONG_SIDE = 640
#: Frames that one thread looks at in one go. More is hardly faster and costs memory: about 12 MB a frame.
BATCH = 4

#: What each detector found in each frame of a batch: detector → frame → findings.
Findings = list[list[list[Finding]]]


@dataclass(slots=True)
class Inspection:
    """What was seen so far. Only hits and sums are kept, so its size does not depend on the length of the master."""

    policy: Policy
    probe: Probe
    hits: list[Hit] = field(default_factory=list)
    frames: int = 0  #: decoded
    examined: int = 0  #: seen by every detector
    worst: dict[str, float] = field(default_factory=dict)  #: highest score under a rule, by detector
    blankness: Blankness = field(init=False)
    _damage: MediaError | None = None

    def __post_init__(self) -> None:
        self.blankness = Blankness(self.policy)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames that detectors get, in pixels."""
        scale = min(1.0, LONG_SIDE / max(self.probe.width, self.probe.height))
        return max(1, round(self.probe.width * scale)), max(1, round(self.probe.height * scale))

    def run(
        self,
        path: Path,
        detectors: Sequence[Detector],
        pool: ThreadPoolExecutor,
        *,
        threads: int,
        check: Callable[[], None],
    ) -> None:
        """Look at every frame. What was gathered stays when it raises.

        Parameters
        ----------
        pool:
            Where batches are looked at; it may be shared with other masters.
        threads:
            Decoder threads, and how many batches may be under way; one more waits.
        check:
            Called before each batch; what it raises ends the inspection.

        Raises
        ------
        MediaError
            If the file does not decode to its end.
        TerminalError
            If a detector fails.
        """
        pending: deque[Future[Findings]] = deque()
        try:
            decoding = read_frames(path, *self.size, threads=threads)
            with closing(decoding) as frames:  # ends ffmpeg at once when this is left early
                for batch in self._batches(frames):
                    check()
                    pending.append(pool.submit(_look, detectors, batch))
                    while len(pending) > threads:
                        self._gather(detectors, pending.popleft().result())
            while pending:
                self._gather(detectors, pending.popleft().result())
        finally:
            for waiting in pending:
                waiting.cancel()
        if self._damage is not None:
            raise self._damage

    def _batches(self, frames: Iterator[Frame]) -> Iterator[list[Frame]]:
        readable = self._until_damage(frames)
        while batch := list(islice(readable, BATCH)):
            for frame in batch:
                self.blankness.add(frame)
            self.frames += len(batch)
            yield batch

    def _until_damage(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """The frames before a damaged place are evidence too, so the error waits until they have been looked at."""
        try:
            yield from frames
        except MediaError as error:
            self._damage = error

    def _gather(self, detectors: Sequence[Detector], found: Findings) -> None:
        scale_x, scale_y = self.probe.width / self.size[0], self.probe.height / self.size[1]
        for detector, of_frames in zip(detectors, found, strict=True):
            for frame, findings in enumerate(of_frames, start=self.examined):
                for finding in findings:
                    weighed = self.policy.weigh(detector.name, finding)
                    if weighed is None:
                        continue
                    self.worst[detector.name] = max(self.worst.get(detector.name, 0.0), finding.score)
                    category, level = weighed
                    if level is Decision.PASS:
                        continue
                    seconds = frame / self.probe.fps
                    box = _scaled(finding.box, scale_x, scale_y)
                    self.hits.append(
                        Hit(category, level, detector.name, finding.label, finding.score, frame, seconds, box)
                    )
        self.examined += len(found[0])


def _look(detectors: Sequence[Detector], batch: Sequence[Frame]) -> Findings:
    """Ask each detector, and believe only answers that can be believed."""
    found = []
    for detector in detectors:
        try:
            of_frames = detector.detect(batch)
        except ReelmillError:
            raise
        except Exception as error:
            raise TerminalError(f"{detector.name} failed: {type(error).__name__}: {error}", "") from error
        if len(of_frames) != len(batch):
            raise TerminalError(f"{detector.name} answered for {len(of_frames)} of {len(batch)} frames", "")
        for finding in (finding for findings in of_frames for finding in findings):
            # Not a number is below every threshold, so it would pass.
            if not (math.isfinite(finding.score) and 0 <= finding.score <= 1):
                raise TerminalError(f"{detector.name} gave {finding.label} the score {finding.score}", "")
        found.append(of_frames)
    return found


def _scaled(box: tuple[int, int, int, int] | None, scale_x: float, scale_y: float) -> tuple[int, int, int, int] | None:
    if box is None:
        return None
    left, top, width, height = box
    return round(left * scale_x), round(top * scale_y), round(width * scale_x), round(height * scale_y)
