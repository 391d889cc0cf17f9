"""`reelmill labels`: a certificate is made on purpose, shown honestly, and never overwritten by chance."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from flows.cli.app import FAILED, MISUSED, OK, call
from tests import certified

DEFINITION = """\
version: 1
brand: {name: 茶, credentials: {chain: chain.pem, key: {file: key.pem}, roots: roots.pem}}
pipelines:
  daily:
    source: {type: solar_terms, timezone: Asia/Shanghai}
    prompt: {subject: x, action: x, environment: x, style: x}
    deliver: [tiktok]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REELMILL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = OK) -> Any:
    assert call(["labels", *arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_certificate_is_made_and_then_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "show") == {"place": str(folder / "home" / "credentials"), "made": False}

    made = told(capsys, "init", "--organization", "山野茶事")
    shown = told(capsys, "show")

    assert (made["signer"], made["self_made"]) == ("山野茶事", True)
    assert shown == {**made, "problem": ""}


def test_it_is_honest_about_what_it_made(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["init"], ["show"]):
        assert call(["labels", *arguments]) == OK
        assert "no public reader trusts it" in capsys.readouterr().out


def test_one_that_is_there_is_kept_unless_a_new_one_is_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = told(capsys, "init")

    assert call(["labels", "init"]) == MISUSED
    assert "--renew" in capsys.readouterr().err
    assert told(capsys, "show")["fingerprint"] == first["fingerprint"]

    assert told(capsys, "init", "--renew")["fingerprint"] != first["fingerprint"]


@pytest.mark.parametrize("name", ["x" * 65, "line\nbreak"])
def test_a_name_that_does_not_fit_is_wrong_use(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert call(["labels", "init", "--organization", name]) == MISUSED
    assert not (folder / "home").exists()


def test_the_certificate_of_a_definition_is_shown_in_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certified.write(folder, certified.certificate(key), key)
    (folder / "pipelines.yaml").write_text(DEFINITION, encoding="utf-8")

    shown = told(capsys, "show")

    assert (shown["signer"], shown["self_made"], shown["problem"]) == ("Tea House", False, "")
    assert shown["place"] == str(folder / "chain.pem")


def test_one_that_has_expired_is_a_failure(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = certified.certificate(key, start=dt.timedelta(days=-9), end=dt.timedelta(days=-1))
    certified.write(folder, leaf, key)
    (folder / "pipelines.yaml").write_text(DEFINITION, encoding="utf-8")

    assert "expired on" in told(capsys, "show", code=FAILED)["problem"]
