"""How a simulated platform says no: a handler raises it, from any depth, and it becomes the answer."""

from __future__ import annotations

from sandbox.answer import Answer


class Refusal(Exception):
    """A platform's no, in its own words. Each platform has functions that make it, next to its list of errors."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status, answer.body)
        self.answer = answer
