"""A post to try, at a place of its own, with each target that a test names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.publishing.context import TargetContext
from tests.places import Places, places
from tests.posting import Posted, delivery_of, make_target


@pytest.fixture(scope="session")
def town() -> Iterator[Places]:
    with places(one_server=True) as made:
        yield made


@pytest.fixture(scope="session")
def at_hand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TargetContext]:
    """What targets of simulated platforms share: a client, which takes longer to make than most tests."""
    with closing(TargetContext(tmp_path_factory.mktemp("at-hand"), pace=0.01)) as made:
        yield made


@pytest.fixture
def trying(
    request: pytest.FixtureRequest,
    town: Places,
    at_hand: TargetContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Posted]:
    kind = request.param
    with town.place(kind, tmp_path) as place, closing(TargetContext(tmp_path, pace=0.01)) as own:
        for name, value in place.environment.items():
            monkeypatch.setenv(name, value)
        context = replace(at_hand, folder=tmp_path, sandbox=place.sandbox) if place.sandbox else own
        yield Posted(make_target(kind, **place.options), context, delivery_of(tmp_path), place)
