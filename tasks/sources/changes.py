"""A source whose items come back from day to day: which changes are worth a video, and what becomes of the gone.

The ledger knows what was seen of each item. What a change is, is decided by the fields that the templates use, and by
what the source watches besides: a price, or whether there is any left.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from reelmill.content import Brief, Json
from tasks.sources.base import Source

Kind = Literal["created", "price_drop", "back_in_stock", "changed"]

_BASELINE = re.compile(r"all|skip|newest ([1-9][0-9]{0,4})")


def _baseline(text: str) -> str:
    if not _BASELINE.fullmatch(text):
        raise ValueError(f"{text!r} is not a baseline; use `all`, `skip`, or `newest 20`")
    return text


class Changing(Source):
    """What all such sources take."""

    changes_only: bool = False
    """Make videos only of what is new or changed since the pipeline last made one of it."""

    on: Annotated[tuple[Kind, ...], Field(strict=False, min_length=1)] = ("created", "changed")
    """With `changes_only`: what a video is made of. `changed` means the fields that your templates use."""

    baseline: Annotated[str, AfterValidator(_baseline)] = "all"
    """With `changes_only`: what the first run makes of what is there already. `all`, `skip`, or `newest 20`."""

    gone: Literal["keep", "unpublish", "unpublish all"] = "keep"
    """With `changes_only`: what becomes of the posts of an item that the source does not have any more. With
    `unpublish`, nothing is taken down when more than a tenth of all items are gone at once; `unpublish all` does it.
    """

    @model_validator(mode="after")
    def _together(self) -> Self:
        alone = {"on", "baseline", "gone"} & self.model_fields_set
        if alone and not self.changes_only:
            raise ValueError(f"`{sorted(alone)[0]}` says what to do with changes; it needs `changes_only: true`")
        return self

    @property
    def newest(self) -> int | None:
        """How many items the first run takes. None: all."""
        found = _BASELINE.fullmatch(self.baseline)
        assert found is not None, "the options were checked"
        return int(found[1]) if found[1] else 0 if self.baseline == "skip" else None

    @property
    def reads_all(self) -> bool:
        """Whether an item that does not come is gone, or was perhaps left out."""
        return True

    def facts(self, brief: Brief) -> Mapping[str, Json]:
        """What is watched of an item beside the fields that templates use: `price`, `currency`, `availability`."""
        return {}

    def age(self, brief: Brief) -> str:
        """When an item was made, as ISO text that sorts; "" if the source does not say. The newest is the last."""
        return ""


def kinds(before: Mapping[str, Json], after: Mapping[str, Json]) -> frozenset[Kind]:
    """What has happened between two readings of an item's facts."""
    found = set[Kind]()
    cheaper = _amount(after), _amount(before)
    same = after.get("currency") == before.get("currency")
    if same and cheaper[0] is not None and cheaper[1] is not None and cheaper[0] < cheaper[1]:
        found.add("price_drop")
    if after.get("availability") == "in_stock" and before.get("availability") not in (None, "", "in_stock"):
        found.add("back_in_stock")
    return frozenset(found)


def _amount(facts: Mapping[str, Json]) -> Decimal | None:
    try:
        return Decimal(str(facts.get("price", "")))
    except InvalidOperation:
        return None
