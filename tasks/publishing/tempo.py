"""How long the stage waits in place, and when it puts a post off for somebody to take up later."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tempo:
    """All in seconds. What is waited for in place keeps a thread; what is put off keeps a row."""

    in_place: float = 20.0  #: the most that one visit waits for a platform, all its pauses together
    first_pause: float = 1.0  #: before the second try of what did not work; the next ones are twice as long
    tries: int = 4  #: of what does not work, in one visit
    processing: float = 5.0  #: between two looks at a platform that works and names no time
    first_delay: float = 60.0  #: until a post is taken up again that did not work; the next ones are twice as long
    longest_delay: float = 3600.0
    most_attempts: int = 40  #: visits that did not work before a post has failed: about a day and a half
    reauthorise: float = 600.0  #: an account whose login is not good is tried again so much later
    other: float = 60.0  #: that a visit waits for another process which is at the same post
    overtaken: float = 150.0  #: a call that was sent by a process which may still live has come to its end by then

    def pause(self, attempt: int, asked: float | None) -> float:
        """Before the next try in this visit, if `attempt` were made already."""
        return asked if asked is not None else self.first_pause * 2.0 ** (attempt - 1)

    def delay(self, attempts: int, asked: float | None) -> float:
        """Until the next visit, if `attempts` did not work already."""
        return max(asked or 0.0, min(self.first_delay * 2.0 ** min(attempts, 16), self.longest_delay))
