"""One master under the detectors' eyes: decoded once, looked at by all of them, gathered in order."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from reelmill.content import Decision, Hit
from reelmill.errors import MediaError
from reelmill.ffmpeg import Probe
from tasks.screening.blankness import Blankness
from tasks.screening.decoding import Picture, read_pictures
from tasks.screening.detectors.base import Detector, Finding
from tasks.screening.looking import Batch, Look, batches, look
from tasks.screening.policy import Policy
from tasks.screening.reading import Moments, Reading
from tasks.screening.sampling import Doubts, sampled

#: The long side at which frames are decoded, in pixels. A smaller master is not enlarged.
LONG_SIDE = 640

#: Some of the frames of a master.
Choice = Callable[[Iterator[Picture]], Iterable[Picture]]


@dataclass(frozen=True, slots=True)
class Observers:
    """Who looks at a master."""

    detectors: Sequence[Detector]
    optional: frozenset[str] = frozenset()  #: the names of those that may fail: the others' word is a doubt then
    reading: Reading | None = None  #: who reads text inside the picture


@dataclass(slots=True)
class Inspection:
    """What was seen so far. Only hits, sums and the numbers of frames are kept, a few bytes for each look."""

    policy: Policy
    probe: Probe
    observers: Observers
    hits: list[Hit] = field(default_factory=list)
    frames: int = 0  #: decoded
    wanted: int = 0  #: that every detector should see
    examined: int = 0  #: seen by every detector that is not optional
    read: int = 0  #: whose text was read
    seen: Counter[str] = field(default_factory=Counter)  #: frames, by detector
    silent: dict[str, str] = field(default_factory=dict)  #: optional detectors that failed, and why
    worst: dict[str, float] = field(default_factory=dict)  #: highest score under a rule, by detector
    blankness: Blankness = field(init=False)
    _doubts: Doubts = field(init=False)
    _numbers: set[int] = field(default_factory=set)  # of the frames that were looked at
    _damage: MediaError | None = None

    def __post_init__(self) -> None:
        self.blankness = Blankness(self.policy)
        self._doubts = Doubts(self.policy.sampling.around)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames that detectors get, in pixels."""
        scale = min(1.0, LONG_SIDE / max(self.probe.width, self.probe.height))
        return max(1, round(self.probe.width * scale)), max(1, round(self.probe.height * scale))

    @property
    def long(self) -> bool:
        """Whether it is sampled. Of any other master every frame is looked at."""
        return self.probe.seconds > self.policy.sampling.longer_than

    def run(self, path: Path, pool: ThreadPoolExecutor, *, threads: int, check: Callable[[], None]) -> None:
        """Decode every frame, and look at all of them or at a sample. What was gathered stays when it raises.

        Parameters
        ----------
        pool:
            Where batches are looked at; it may be shared with other masters.
        threads:
            Decoder threads, and how many batches may be under way; one more waits.
        check:
            Called before each frame; what it raises ends the inspection.

        Raises
        ------
        MediaError
            If the file does not decode to its end.
        TerminalError
            If a detector or the reader of texts fails.
        """

        def run_through(choice: Choice, read: Callable[[Picture], bool]) -> None:
            pending: deque[tuple[Batch, Future[Look]]] = deque()
            try:
                with closing(read_pictures(path, *self.size, threads=threads)) as decoding:  # may be left early
                    for batch in batches(choice(self._until_damage(decoding, check)), read):
                        pending.append((batch, pool.submit(look, *self._asked(), batch)))
                        self.wanted += batch.size
                        while len(pending) > threads:
                            self._gather(pending)
                while pending:
                    self._gather(pending)
            finally:
                for _, waiting in pending:
                    waiting.cancel()
            if self._damage is not None:
                raise self._damage

        moments = Moments()
        reads = self.observers.reading is not None
        run_through(self._first, lambda picture: reads and moments.due(picture.seconds))
        doubts = 0
        while self.long and len(self._doubts) > doubts:  # a frame that is looked at again may bring new ones
            doubts = len(self._doubts)
            run_through(self._near_doubts, lambda _: False)

    def see(self, picture: Picture) -> None:
        """Look at one picture that is no part of a video; text in it is read.

        Raises
        ------
        TerminalError
            If a detector or the reader of texts fails.
        """
        batch = Batch()
        batch.add(picture, read=self.observers.reading is not None)
        self.frames += 1
        self.wanted += 1
        self._take(batch, look(*self._asked(), batch))

    def _asked(self) -> tuple[list[Detector], frozenset[str], Reading | None]:
        detectors = [one for one in self.observers.detectors if one.name not in self.silent]
        return detectors, self.observers.optional, self.observers.reading

    def _first(self, pictures: Iterator[Picture]) -> Iterable[Picture]:
        every = self._counted(pictures)
        return sampled(every, self.policy.sampling) if self.long else every

    def _counted(self, pictures: Iterator[Picture]) -> Iterator[Picture]:
        """Every frame counts, also one that no detector sees."""
        for picture in pictures:
            self.blankness.add(picture.frame)
            self.frames += 1
            yield picture

    def _near_doubts(self, pictures: Iterator[Picture]) -> Iterator[Picture]:
        """The frames around what was doubtful that nobody has looked at."""
        until = self._doubts.until
        for picture in pictures:
            if picture.seconds > until:
                return
            if picture.number not in self._numbers and self._doubts.near(picture.seconds):
                yield picture

    def _until_damage(self, pictures: Iterator[Picture], check: Callable[[], None]) -> Iterator[Picture]:
        """The frames before a damaged place are evidence too, so the error waits until they have been looked at."""
        try:
            for picture in pictures:
                check()
                yield picture
        except MediaError as error:
            self._damage = error

    def _gather(self, pending: deque[tuple[Batch, Future[Look]]]) -> None:
        """Take what the oldest look gives, once it is there."""
        batch, future = pending.popleft()
        self._take(batch, future.result())

    def _take(self, batch: Batch, given: Look) -> None:
        for detector, of_frames in given.found.items():
            self.seen[detector] += batch.size
            for shown, findings in zip(batch.shown, of_frames, strict=True):
                for finding in findings:
                    self._weigh(detector, finding, shown)
        for detector, why in given.silent.items():
            self.silent.setdefault(detector, why)
        for hit in given.texts:
            self.worst[hit.detector] = max(self.worst.get(hit.detector, 0.0), hit.score)
            self.hits.append(replace(hit, box=self._in_master(hit.box)))
        self.examined += batch.size
        self.read += len(batch.read)
        self._numbers.update(number for shown in batch.shown for number, _ in shown)

    def _weigh(self, detector: str, finding: Finding, shown: Sequence[tuple[int, float]]) -> None:
        weighed = self.policy.weigh(detector, finding)
        if weighed is None:
            return
        self.worst[detector] = max(self.worst.get(detector, 0.0), finding.score)
        if self.long and self.policy.doubts(detector, finding):
            for _, seconds in shown:
                self._doubts.add(seconds)
        category, level = weighed
        if level is Decision.PASS:
            return
        box = self._in_master(finding.box)
        for frame, seconds in shown:
            self.hits.append(Hit(category, level, detector, finding.label, finding.score, frame, seconds, box))

    def _in_master(self, box: tuple[int, int, int, int] | None) -> tuple[int, int, int, int] | None:
        """A box in pixels of the master, out of one in pixels of what was looked at."""
        if box is None:
            return None
        scale_x, scale_y = self.probe.width / self.size[0], self.probe.height / self.size[1]
        left, top, width, height = box
        return round(left * scale_x), round(top * scale_y), round(width * scale_x), round(height * scale_y)
