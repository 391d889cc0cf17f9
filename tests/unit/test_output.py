"""What commands print as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.cli.output import print_json


def test_json_is_indented_and_keeps_its_letters(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"title": "小雪", "nothing": [], "at": Path("a/b")})
    assert capsys.readouterr().out == '{\n  "title": "小雪",\n  "nothing": [],\n  "at": "a/b"\n}\n'


def test_a_name_that_is_not_utf_8_is_shown_all_the_same(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    import sys

    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] (as a command does when it begins)
    print_json({"page": "pages/\udcff.html"})
    assert json.loads(capsysbinary.readouterr().out) == {"page": "pages/\udcff.html"}
