"""What a pipeline says of an experiment: the keys of `experiment:`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from flows.publish_options import Window
from tasks.options import Options

Measure = Literal["likes", "watched"]
#: The ages at which platforms are asked (`records.post_metrics.AGES`).
Age = Literal["1h", "6h", "1d", "3d", "7d", "30d"]


class ExperimentOptions(Options):
    """Shares the values of one list of the matrix out evenly, so that they can be compared."""

    of: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    """The list of the matrix whose values are compared: `copy`."""

    over: Literal["accounts", "times"]
    """What they are shared out over: the accounts of each entry of `publish`, or the times of day in `times`."""

    times: Annotated[tuple[Window, ...], Field(strict=False, max_length=12)] = ()
    """The times of day of `over: times`, two or more: `["07:00-09:00", "18:00-22:00"]`."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Another seed, another order."""

    measure: Measure = "likes"
    """What a value is to be better at: `likes` of its views, or how much of the video is `watched`."""

    after: Age = "1d"
    """The age at which each post is measured, so that old ones and young ones are compared alike."""

    allocate: Literal["even", "thompson"] = "even"
    """`thompson` draws values with the chance that they are the best so far. Needs a `sample` in the matrix."""

    @model_validator(mode="after")
    def _has_its_times(self) -> Self:
        if self.over == "times" and len(set(self.times)) < 2:
            raise _wrong("there is nothing to compare", '`times: ["07:00-09:00", "18:00-22:00"]`, two or more')
        if len(set(self.times)) < len(self.times):
            raise _wrong("a time of day stands in `times` twice", "each once")
        if self.over == "accounts" and self.times:
            raise _wrong("`times` are shared out over only by `over: times`", "`over: times`, or no `times`")
        return self


def _wrong(reason: str, allowed: str) -> PydanticCustomError:
    return PydanticCustomError("experiment", "{reason}", {"reason": reason, "allowed": allowed})
