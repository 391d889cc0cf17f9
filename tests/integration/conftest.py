"""What tests of targets are given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tasks.publishing.context import TargetContext


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[TargetContext]:
    """What a target has at hand that is not in the sandbox: its tokens are read, and its login is renewed."""
    with closing(TargetContext(folder=tmp_path)) as made:
        yield made
