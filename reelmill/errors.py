"""The one exception tree of Reelmill.

Every error that a user may meet says a *reason* (what is wrong, with the value) and an *instruction* (what to do
about it). Its type tells the flows what to do: terminal errors end the video, transient ones are tried again, and an
unknown outcome is never repeated, because the thing may already have happened.

    ReelmillError
    ├── UseError                   the command or the definition is wrong; nothing was started; exit code 2
    │   └── DefinitionError        pipelines.yaml, with every problem and its position
    ├── TerminalError              trying again would fail again
    │   ├── SourceError            a feed, calendar, list or event that cannot be read at all
    │   ├── TemplateError          a template that names a missing field or does something forbidden
    │   ├── FetchError             a URL that is refused or answers for good with an error
    │   ├── MediaError             a file that is not the picture or video it should be
    │   ├── EngineError            a shot that the engine cannot make
    │   ├── FinishingError         a master that cannot be finished for a profile (a missing glyph, say)
    │   └── PublishingError        a target that refuses a rendition for good
    ├── TransientError             trying again may work: a full queue, a 503, a lock
    │   ├── StorageError           the disk is full or the folder is read-only
    │   ├── LeaseHeld              another process works on it
    │   └── ServerUnavailable      the Prefect API, the database, the store or the video server does not answer
    ├── UnknownOutcome             it may have happened; look it up or let a person decide, never repeat it
    └── Interrupted                a person or a signal stopped the work; everything finished is kept
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


class ReelmillError(Exception):
    """Base of all errors that Reelmill raises on purpose.

    Parameters
    ----------
    reason:
        What is wrong, in one sentence, with the offending value.
    instruction:
        What the reader can do about it, in one sentence or one command.
    """

    def __init__(self, reason: str, instruction: str = "") -> None:
        super().__init__(reason, instruction)
        self.reason = reason
        self.instruction = instruction

    def __str__(self) -> str:
        return f"{self.reason} – {self.instruction}" if self.instruction else self.reason


class UseError(ReelmillError):
    """The command line or the definition is wrong. Nothing was started."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in the definition file, where it stands, and what would be right."""

    file: str  #: as the user named it
    line: int  #: from 1
    column: int  #: from 1, in characters
    path: str  #: `pipelines.daily.generate.size`, "" for the file as a whole
    value: str  #: the offending value or key as it was written, shortened; "" if something is missing
    reason: str  #: what is wrong, in words that need no look at the code
    allowed: str = ""  #: what may stand there
    suggestion: str = ""  #: the nearest thing that is right

    def to_json(self) -> dict[str, str | int]:
        """For programs: `reelmill check --json`."""
        return asdict(self)

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: "
        value = f"`{self.value}`: " if self.value else ""
        what = (f"{self.path}: " if self.path else "") + value + self.reason
        near = f"; did you mean `{self.suggestion}`?" if self.suggestion else ""
        allowed = f" (allowed: {self.allowed})" if self.allowed else ""
        return f"{where}{what}{near}{allowed}"


class DefinitionError(UseError):
    """The definition file is wrong. Holds every problem that was found, in the order of the file.

    Parameters
    ----------
    problems:
        At least one.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(
            f"{problems[0].file} has {count}", "correct the places that are named and run `reelmill check`"
        )
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[type[DefinitionError], tuple[tuple[Problem, ...]]]:
        return DefinitionError, (self.problems,)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class TerminalError(ReelmillError):
    """Trying again would fail again."""


class SourceError(TerminalError):
    """A source cannot be read at all. A single bad item is a `Skipped`, never this."""


class TemplateError(TerminalError):
    """A template names a missing field or does something that the sandbox forbids."""


class FetchError(TerminalError):
    """A URL is refused by the guard, or its server answers for good with an error."""


class MediaError(TerminalError):
    """A file is not the picture or the video that it should be."""


class EngineError(TerminalError):
    """An engine cannot make this shot."""


class FinishingError(TerminalError):
    """A master cannot be finished for a profile."""


class PublishingError(TerminalError):
    """A target refuses a rendition for good."""


class TransientError(ReelmillError):
    """Trying again may work.

    Parameters
    ----------
    retry_after:
        Seconds to wait before the next attempt, if the other side named them.
    """

    def __init__(self, reason: str, instruction: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(reason, instruction)
        self.retry_after = retry_after


class StorageError(TransientError):
    """The disk is full, or the folder cannot be written. Works again once there is room."""


class LeaseHeld(TransientError):
    """Another process holds the lease on this piece of work."""


class ServerUnavailable(TransientError):
    """The Prefect API, the database, the store or the video server does not answer."""


class UnknownOutcome(ReelmillError):
    """A call was sent and its answer never came: it may have happened. Never repeated blindly."""


class Interrupted(ReelmillError):
    """The work was stopped on purpose. Everything that was finished is kept."""
