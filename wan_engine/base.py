"""The engine interface: shots in, clips out, progress and cancel on the way.

Every engine passes `tests/contract/test_engines.py`.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, Self

from reelmill.content import Clip, Shot
from reelmill.errors import Interrupted, ReelmillError


class CancelToken:
    """Says to everything that shares it that the work shall stop. Safe between threads."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raise `Interrupted` if the work shall stop."""
        if self.cancelled:
            raise Interrupted("the work was stopped")


class Progress(Protocol):
    """Is told how far a shot is. Called from any thread, several times a second; must return quickly."""

    def __call__(self, shot_id: str, done: int, total: int) -> None:
        """`done` of `total` steps; never goes back, and reaches `total` only when the clip is whole."""


def no_progress(shot_id: str, done: int, total: int) -> None:
    """A `Progress` that nobody listens to."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A shot that did not become a clip. The shots after it still may."""

    shot_id: str
    error: ReelmillError


def one_by_one(shots: Iterable[Shot], film: Callable[[Shot], Clip], token: CancelToken) -> Iterator[Clip | Failure]:
    """Each shot's outcome, for an engine that makes one after the other.

    Raises
    ------
    Interrupted
        If the token fired.
    """
    for shot in shots:
        token.check()
        outcome: Clip | Failure
        try:
            outcome = film(shot)
        except Interrupted:
            raise
        except ReelmillError as error:
            outcome = Failure(shot.id, error)
        yield outcome


class Engine(ABC):
    """Turns shots into clips.

    One object serves one caller at a time; models stay loaded between calls until `close`. A shot that fails gives a
    `Failure` and the next one is tried; only a cancel ends the iteration early, by raising `Interrupted`, after which
    the engine is as good as new.
    """

    name: ClassVar[str]  #: what `generate: {engine: …}` says
    preview: ClassVar[bool] = False  #: its clips are a preview, not the product

    @classmethod
    def drawing(cls, model: str = "") -> Self:  # noqa: ARG003 (an engine of one model)
        """The engine that draws with a model: named as a definition does, or as a shot does, with its revision.

        An engine that has one model is that one, whatever is asked: a preview stands in for every model.

        Parameters
        ----------
        model:
            "": the one of this machine's settings.

        Raises
        ------
        UseError
            If this engine knows no such model.
        """
        return cls()

    @property
    @abstractmethod
    def model(self) -> str:
        """Name and revision of what draws, e.g. `storyboard@1`: part of a shot's identity, it changes with pixels."""

    @property
    def recommended_steps(self) -> int:
        """Where the definition names none."""
        return 1

    @property
    def recommended_guidance(self) -> float:
        """Where the definition names none."""
        return 1.0

    @property
    def device(self) -> str:
        """What it draws on here, as its driver calls it: a clip that another drew took another time. Loads nothing.

        "" if that is not known, or is not here.
        """
        return ""

    def unavailable(self) -> str | None:  # noqa: B027 (most engines run anywhere)
        """Why this machine cannot run it, or None. Cheap: loads nothing."""

    @abstractmethod
    def check(self, shot: Shot) -> None:
        """Validate a shot before anything is loaded.

        Raises
        ------
        EngineError
            If the size, the frame count or anything else is not legal here; the instruction names the nearest legal.
        """

    @abstractmethod
    def generate(
        self,
        shots: Sequence[Shot],
        folder: Path,
        *,
        images: dict[str, Path],
        progress: Progress = no_progress,
        cancel: CancelToken | None = None,
    ) -> Iterator[Clip | Failure]:
        """Make the shots, in whatever order suits the engine, and yield each outcome as soon as it is there.

        Parameters
        ----------
        folder:
            Where clips are written. A clip's file is whole and closed when it is yielded.
        images:
            Local paths of the reference images, by the sha256 that `Shot.image` names.

        Raises
        ------
        Interrupted
            If `cancel` fired. Nothing half-made stays in the folder.
        """

    def close(self) -> None:  # noqa: B027 (most engines hold nothing)
        """Give back whatever is loaded. The engine can be used again; it loads anew."""
