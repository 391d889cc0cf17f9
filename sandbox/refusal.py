"""How a simulated platform says no from deep inside a handler."""

from __future__ import annotations

from sandbox.platform import Answer


class Refusal(Exception):
    """What is answered instead: the platform catches it in its `answer`."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status, answer.body)
        self.answer = answer
