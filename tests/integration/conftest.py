"""What tests of targets are given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sandbox.server import sandbox
from tasks.publishing.base import Delivery
from tasks.publishing.context import TargetContext
from tests.platforms import PLATFORMS, simulated
from tests.posting import Elsewhen, Posted, delivery_of, make_target


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[TargetContext]:
    """What a target has at hand that is not in the sandbox: its tokens are read, and its login is renewed."""
    with closing(TargetContext(folder=tmp_path)) as made:
        yield made


@pytest.fixture
def platform(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The simulated platform that a module is about, which it names as its `KIND`. It works on nothing for a while."""
    with sandbox([PLATFORMS[request.module.KIND]]) as box:
        made: Any = box[request.module.KIND]
        if hasattr(made, "processing"):
            made.processing = 0.0
        yield made


@pytest.fixture
def context(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Elsewhen]:
    """What a target has at hand: in the sandbox, if the module is about a simulated platform."""
    address = ""
    if hasattr(request.module, "KIND"):
        platform = request.getfixturevalue("platform")
        address = platform.base.removesuffix(f"/{platform.name}")
    with closing(Elsewhen(folder=tmp_path, sandbox=address)) as made:
        yield made


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    """A video of few bytes, where it does not matter which."""
    return delivery_of(tmp_path, b"video")


@pytest.fixture
def post(platform: Any, context: Elsewhen, tmp_path: Path) -> Posted:
    """One with little bytes, and with no options but those that are needed."""
    place = simulated(platform, context.sandbox)
    return Posted(make_target(platform.name, **place.options), context, delivery_of(tmp_path, size=1000), place)
