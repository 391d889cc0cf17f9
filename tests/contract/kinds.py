"""Which targets a test of the contract is about."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tasks.publishing.base import Safety
from tasks.registry import find, names
from tests.platforms import ACCOUNTS, PLATFORMS
from tests.posting import make_target

KINDS = names("targets")
SIMULATED = [kind for kind in KINDS if kind in PLATFORMS]


def of(kinds: Iterable[str]) -> pytest.MarkDecorator:
    """Try it with each of these targets: see the fixture `trying`."""
    return pytest.mark.parametrize("trying", list(kinds), indirect=True)


def kept_by(*safeties: Safety, among: Iterable[str] = KINDS) -> list[str]:
    """The targets that are kept from posting twice like that, where `tests.places` tries them."""
    return [kind for kind in among if _safety(kind) in safeties]


def _safety(kind: str) -> Safety:
    """Of some, their options decide it."""
    made = make_target(kind, **ACCOUNTS[kind]) if kind in ACCOUNTS else find("targets", kind)
    found: Safety = made.safety
    return found


#: Those that can be asked what became of a call.
ANSWERING = kept_by(Safety.IDEMPOTENCY_KEY, Safety.NATURAL, Safety.LOOK_UP)
