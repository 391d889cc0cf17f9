"""Where a secret in a file is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.definition import loads
from tasks.publishing.targets.sftp.target import Sftp
from tasks.secret import Secret

DEFINITION = """\
version: 1
brand: {{name: tea}}
targets:
  box:
    {{type: sftp, host: files.example.com, path: /in, user: tea, host_key: "ssh-ed25519 A", password: {{file: {file}}}}}
pipelines:
  tea:
    source: {{type: list, items: [{{prompt: a pine ridge}}]}}
    prompt: {{subject: "{{{{ brief.prompt }}}}", action: snow falls, environment: a quiet valley, style: ink wash}}
    deliver: [douyin]
    publish: [box]
"""


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Not where the definition lies."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return folder


@pytest.mark.parametrize(
    ("written", "file"), [("key", "project/key"), ("~/key", "home/key"), ("{root}/mounted/key", "mounted/key")]
)
def test_a_file_is_looked_for_beside_the_definition(elsewhere: Path, tmp_path: Path, written: str, file: str) -> None:
    path = tmp_path / file
    path.parent.mkdir()
    text = DEFINITION.format(file=written.format(root=tmp_path))
    box = loads(text, tmp_path / "project" / "pipelines.yaml").targets["box"]
    assert isinstance(box, Sftp)
    assert box.password is not None
    assert box.password.find() is None
    assert box.password.write("first")
    assert path.read_text().strip() == "first"
    assert box.password.read() == "first"
    assert box.password.name == str(path), "a person is told where to put it"


def test_without_a_definition_it_is_looked_for_where_the_process_is(elsewhere: Path) -> None:
    (elsewhere / "key").write_text("here\n")
    assert Secret(file="key").read() == "here"


def test_a_home_that_does_not_exist_is_a_secret_that_is_not_set(elsewhere: Path) -> None:
    assert Secret(file="~nobody-of-that-name/key").find() is None
