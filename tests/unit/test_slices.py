"""Slices of a file: whole or in parts, as a stream or as a file of a multipart body."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest

from tasks.publishing.slices import Slice, cut


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    made.write_bytes(bytes(range(100)))
    return made


def test_slices_together_are_the_file(path: Path) -> None:
    parts = cut(path, 30)
    assert [part.size for part in parts] == [30, 30, 30, 10]
    assert b"".join(part.read() for part in parts) == path.read_bytes()


def test_a_slice_as_a_file_begins_and_ends_where_the_slice_does(path: Path) -> None:
    with Slice(path, 20, 30).open() as stream:
        assert stream.seek(0, os.SEEK_END) == 30
        assert stream.seek(-10, os.SEEK_CUR) == 20
        assert stream.read(100) == bytes(range(40, 50))
        assert stream.read(100) == b""
        stream.seek(0)
        assert (stream.tell(), stream.read()) == (0, bytes(range(20, 50)))


def test_a_slice_is_a_file_of_a_multipart_body_twice(path: Path) -> None:
    """A call that is made again with another token sends the same bytes again."""
    with Slice(path, 20, 30).open() as stream:
        bodies = []
        for _ in range(2):
            request = httpx.Request("POST", "http://x", files={"video": ("part.mp4", stream)})
            assert int(request.headers["content-length"]) == len(request.read())
            bodies.append(request.content)
    assert all(bytes(range(20, 50)) in body for body in bodies)
