"""The systemd units are what systemd understands, run real commands, and stop their workers gently."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import cyclopts
import pytest

from flows.cli.app import build
from flows.cli.up import DRAIN

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "ops" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
#: `systemd-analyze security` calls up to 2.0 "OK"; a unit that gives protection away goes above.
MOST_EXPOSED = 2.0
#: Reelmill's commands in the units; the Prefect server's is Prefect's.
PROGRAM = "/opt/reelmill/bin/reelmill"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd")


class _Unit:
    """A unit file; a key may be repeated, and the last value counts."""

    def __init__(self, path: Path) -> None:
        self.lines: dict[str, list[str]] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                self.lines.setdefault(key, []).append(value)

    def last(self, key: str) -> str:
        return self.lines[key][-1]


def test_the_units_for_one_machine_and_for_several_are_there() -> None:
    assert {unit.name for unit in UNITS} == {
        "reelmill.service",
        "reelmill-server.service",
        "reelmill-worker@.service",
        "reelmill-web.service",
        "reelmill-reconcile.service",
    }


@needs_systemd
@pytest.mark.parametrize("instance", ["", "default", "gpu"])
def test_systemd_has_nothing_to_say_against_them(instance: str, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for source in FOLDER.rglob("*"):
        if source.suffix in {".service", ".conf"} and source.is_file():
            goal = tmp_path / source.relative_to(FOLDER)
            goal.parent.mkdir(exist_ok=True)
            # systemd looks whether programs are there, and nothing is installed where the test runs
            goal.write_text(re.sub(r"/opt/reelmill/bin/\w+", str(program), source.read_text(encoding="utf-8")))
    if instance:
        shutil.copy(tmp_path / "reelmill-worker@.service", tmp_path / f"reelmill-worker@{instance}.service")
        checked = [f"reelmill-worker@{instance}.service"]
    else:
        checked = [unit.name for unit in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(f"./{name}" for name in checked)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "reelmill" in line or str(tmp_path) in line]
    assert not ours
    assert done.returncode == 0, done.stderr


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_keeps_its_protection(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", f"./{unit.name}"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= MOST_EXPOSED


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_that_there_is(unit: Path) -> None:
    command = _Unit(unit).last("ExecStart")
    if command.startswith(PROGRAM):
        words = [word for word in shlex.split(command)[1:] if word != "$WORKER_OPTIONS"]
        parse([word.replace("%i", "gpu") for word in words])
    else:
        assert "exec /opt/reelmill/bin/prefect server start" in command


@pytest.mark.parametrize("pool", ["gpu", "default"])
def test_the_options_of_a_drop_in_are_options_of_the_worker(pool: str) -> None:
    (drop_in,) = (FOLDER / f"reelmill-worker@{pool}.service.d").glob("*.conf")
    (options,) = re.findall(r'^Environment="WORKER_OPTIONS=(.*)"$', drop_in.read_text(encoding="utf-8"), re.MULTILINE)
    parse(["worker", pool, *options.split()])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_only_the_main_process_is_told_to_stop(unit: Path) -> None:
    """Flow processes that got the signal themselves would die in the middle of a clip."""
    said = _Unit(unit)
    assert said.last("KillMode") == "mixed"
    assert said.last("KillSignal") == "SIGTERM"


def test_a_worker_has_longer_to_stop_than_its_runs() -> None:
    said = _Unit(FOLDER / "reelmill-worker@.service")
    drain = re.search(r"--drain-seconds (\d+)", said.last("ExecStart"))
    assert drain is not None
    assert int(said.last("TimeoutStopSec")) >= int(drain[1]) + 15
    assert int(_Unit(FOLDER / "reelmill.service").last("TimeoutStopSec")) >= DRAIN + 45


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_an_outage_does_not_end_a_unit_and_a_mistake_does(unit: Path) -> None:
    said = _Unit(unit)
    assert said.last("Restart") == "always"
    assert "2" in said.last("RestartPreventExitStatus").split()
    (minutes,) = re.findall(r"^(\d+)min$", said.last("StartLimitIntervalSec"))
    seconds = int(said.last("RestartSec")) * int(said.last("StartLimitBurst"))
    assert seconds >= int(minutes) * 60, "systemd would give up in the middle of an outage"


def test_the_gpu_gets_its_devices_and_none_of_the_accounts() -> None:
    text = (FOLDER / "reelmill-worker@gpu.service.d" / "gpu.conf").read_text(encoding="utf-8")
    assert "PrivateDevices=no" in text
    assert "DeviceAllow=char-nvidia* rw" in text
    assert re.findall(r"^EnvironmentFile=(.*)$", text, re.MULTILINE) == ["", "/etc/reelmill/reelmill.env"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, 2),
        ({"PREFECT_SERVER_API_AUTH_STRING": "user:password"}, 2),
        ({"PREFECT_SERVER_API_AUTH_STRING": "user:password", "PREFECT_SERVER_ENCRYPTION_KEY": "key"}, 0),
    ],
)
def test_the_server_does_not_start_without_a_password_and_says_so(given: dict[str, str], code: int) -> None:
    shell, option, script = shlex.split(_Unit(FOLDER / "reelmill-server.service").last("ExecStart"))
    script = script.replace("$$", "$").replace("/opt/reelmill/bin/prefect", "echo")
    done = subprocess.run(
        [shell, option, script], env={"PATH": os.environ["PATH"], **given}, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    if code:
        assert "PREFECT_SERVER_API_AUTH_STRING" in done.stderr
    else:
        assert done.stdout == "server start\n"


@pytest.mark.parametrize("example", ["reelmill.env.example", "server.env.example"])
def test_an_example_of_settings_holds_no_secret(example: str) -> None:
    for line in (FOLDER / example).read_text(encoding="utf-8").splitlines():
        name, equals, value = line.lstrip("#").partition("=")
        if equals and re.fullmatch(r"\w*(AUTH_STRING|KEY|KEY_ID)", name):
            assert value in {"", "reelmill:PASSWORD"}, line


def parse(arguments: list[str]) -> None:
    """Have the command line read these words, without running the command."""
    try:
        build().parse_args(arguments, exit_on_error=False, print_error=False)
    except cyclopts.CycloptsError as error:
        pytest.fail(f"reelmill {shlex.join(arguments)}: {error}")
