"""How things stand with the targets of a definition: whether they can be posted to, what is left, what is free next."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from flows.cli.check import check
from flows.cli.targets import targets
from flows.definition import Definition, loads
from flows.health import Health, health_of
from flows.posting import context_for
from records.database import now
from records.ledger import Ledger
from records.states import PostState
from records.tables import Post
from reelmill.content import Destination
from reelmill.settings import Settings
from tasks.publishing.calendar import DAY
from tasks.publishing.midnight import next_midnight
from tests.integration.test_ledger import planned, rendition, run_with, verdict
from tests.simulators.bucket import a_bucket, an_object_store
from tests.simulators.ssh_server import PASSWORD, USER, an_ssh_server
from tests.simulators.webhook_receiver import SECRET, a_receiver

HOUR = dt.timedelta(hours=1)
HEAD = "version: 1\nbrand: {name: 山野茶事}\ntargets:\n"
PIPELINE = """\
    timezone: UTC
    source: {type: list, items: [{id: a, title: A}]}
    prompt: {subject: a, action: b, environment: c, style: d}
    generate: {engine: auto, seconds: 5, size: 704x1280}
    deliver: [tiktok, youtube_shorts]
"""


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture(autouse=True)
def _tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_A_TEST", "a")


def definition(folder: Path, target: str, *publish: str) -> Definition:
    """One target `main`, and a pipeline for each way to publish to it."""
    pipelines = "".join(
        f"  p{number}:\n{PIPELINE}    publish: [{entry}]\n" for number, entry in enumerate(publish or ["main"], 1)
    )
    return loads(f"{HEAD}  main: {target}\npipelines:\n{pipelines}", folder / "pipelines.yaml")


def health(settings: Settings, made: Definition, *, offline: bool = False) -> Health:
    with Ledger(settings) as ledger:
        context = context_for(ledger, made, settings)
        try:
            return health_of(ledger, made, context, "main", offline=offline)
        finally:
            context.close()


def away(nobody: str) -> str:
    return f'{{type: tiktok, token: {{env: TOKEN_OF_A_TEST}}, url: "{nobody}/tiktok"}}'


# Whether it can be posted to.


def test_a_platform_that_cannot_be_reached_is_not_well(settings: Settings, tmp_path: Path, nobody: str) -> None:
    found = health(settings, definition(tmp_path, away(nobody)))
    told = found.as_json()
    assert (told["well"], told["health"], told["next_command"]) == (False, "not reachable", "reelmill targets main")
    assert "it cannot be reached" in str(told["reason"])
    with Ledger(settings) as ledger:
        assert ledger.standings.all() == [], "a line that is down holds no post back, nor lets one go"


def test_a_line_that_is_down_ends_no_pause(settings: Settings, tmp_path: Path, nobody: str) -> None:
    made, until = definition(tmp_path, away(nobody)), now() + DAY / 2
    target = made.targets["main"]
    with Ledger(settings) as ledger:
        key = target.platform, target.account_key(context_for(ledger, made, settings))
        ledger.standings.pause(*key, "main", until, "15 posts a day", needs_person=False)
    found = health(settings, made)
    assert (found.state, found.free) == ("not reachable", until)
    assert health(settings, made, offline=True).state == "paused"


def test_a_login_that_is_over_counts_for_more_than_the_line(settings: Settings, tmp_path: Path, nobody: str) -> None:
    made = definition(tmp_path, away(nobody))
    target = made.targets["main"]
    with Ledger(settings) as ledger:
        key = target.platform, target.account_key(context_for(ledger, made, settings))
        ledger.standings.pause(*key, "main", now() + DAY, "401 – log in again", needs_person=True)
    told = health(settings, made).as_json()
    assert (told["well"], told["health"], told["reason"]) == (False, "login", "401 – log in again")


def test_the_command_says_which_target_is_not_reachable(
    tmp_path: Path, nobody: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = definition(tmp_path, away(nobody))
    made.path.write_text(made.text, encoding="utf-8")
    monkeypatch.setenv("REELMILL_HOME", str(tmp_path / "home"))
    assert targets(file=made.path) == 1
    told = capsys.readouterr().out
    assert "not reachable" in told
    assert "main: " in told
    assert "it cannot be reached" in told
    assert "then `reelmill targets main`" in told
    assert targets(file=made.path, as_json=True) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert row["well"] is False
    assert targets(file=made.path, offline=True) == 0, "nobody was asked"


@pytest.mark.parametrize("width", ["60", "100"])
def test_a_name_is_never_folded(
    tmp_path: Path, width: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name, account = "the-long-name-of-an-account-of-the-teahouse", "the name of an account that is not short either"
    made = definition(tmp_path, f"{{type: tiktok, account: {account}, token: {{env: TOKEN_OF_A_TEST}}}}")
    made.path.write_text(made.text.replace("main", name), encoding="utf-8")
    monkeypatch.setenv("REELMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", width)
    assert targets(file=made.path, offline=True) == 0
    assert name in capsys.readouterr().out


def test_targets_that_share_a_login_are_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    login = "{type: youtube, login: {file: one.json}}"
    made = definition(tmp_path, f"{login}\n  other: {login}\n  third: {{type: youtube, login: {{file: two.json}}}}")
    made.path.write_text(made.text, encoding="utf-8")
    assert check(file=made.path) == 0
    told = capsys.readouterr().out
    assert "warning targets main and other share the login" in told
    assert "third" not in told
    assert check(file=made.path, as_json=True) == 0
    (warning,) = json.loads(capsys.readouterr().out)["warnings"]
    assert "one.json" in warning
    made.path.write_text(definition(tmp_path, login).text, encoding="utf-8")
    assert check(file=made.path) == 0
    assert "warning" not in capsys.readouterr().out


# What is left, and what is free next.


def publish_at(settings: Settings, made: Definition, folder: Path, *times: dt.datetime) -> None:
    """Posts of `main` that went out then."""
    target = made.targets["main"]
    with Ledger(settings) as ledger:
        account = target.account_key(context_for(ledger, made, settings))
        run = run_with(ledger, *(planned(str(number)) for number, _ in enumerate(times)))
        for number, (video, at) in enumerate(zip(ledger.videos.of_run(run.id), times, strict=True)):
            one = rendition(ledger, folder, f"{number:x}" * 64)
            ledger.media.record_rendition(one)
            recorded = ledger.verdicts.record(verdict(f"{number:x}" * 64))
            post = ledger.posts.plan(video.id, one, Destination("main", target.platform, account, one.id), recorded)
            with ledger.database.begin() as session:
                session.execute(update(Post).where(Post.id == post.id).values(state=PostState.LIVE, live_at=at))


def test_what_is_left_is_counted_from_the_platforms_midnight(settings: Settings, tmp_path: Path) -> None:
    """As the plan counts it: what went out before midnight is of no account, though it is not 24 hours ago."""
    made = definition(tmp_path, "{type: youtube, token: {env: TOKEN_OF_A_TEST}}")
    midnight = next_midnight("America/Los_Angeles", now()) - DAY  # an hour off on two days of a year, either way today
    publish_at(settings, made, tmp_path, midnight - 3 * HOUR, min(midnight + HOUR, now()))
    told = health(settings, made, offline=True).as_json()
    assert (told["quota_left"], told["quota_total"]) == (99, 100)


def test_what_is_left_in_any_24_hours(settings: Settings, tmp_path: Path) -> None:
    made = definition(tmp_path, "{type: tiktok, token: {env: TOKEN_OF_A_TEST}}")
    publish_at(settings, made, tmp_path, now() - 30 * HOUR, now() - 23 * HOUR, now() - HOUR)
    told = health(settings, made, offline=True).as_json()
    assert (told["quota_left"], told["quota_total"]) == (13, 15)


def test_what_nobody_limits_has_no_number(settings: Settings, tmp_path: Path) -> None:
    told = health(settings, definition(tmp_path, "{type: folder, path: outbox}"), offline=True).as_json()
    assert (told["quota_left"], told["quota_total"]) == (None, None)


def window(begin: dt.datetime) -> str:
    return f"{begin:%H:%M}-{begin + HOUR:%H:%M}"


def test_the_next_free_time_is_that_of_the_pipeline_that_has_the_earliest(settings: Settings, tmp_path: Path) -> None:
    begins = (now() + 3 * HOUR).replace(second=0, microsecond=0)
    late = f'{{to: main, between: "{window(begins + 3 * HOUR)}"}}'
    soon = f'{{to: main, between: "{window(begins)}"}}'
    made = definition(tmp_path, "{type: folder, path: outbox}", late, soon, late)
    told = health(settings, made, offline=True).as_json()
    assert (told["next_free"], told["next_free_for"]) == (begins.isoformat(), "p2")
    assert told["pipelines"] == ["p1", "p2", "p3"]


def test_the_next_free_time_keeps_to_what_went_out(settings: Settings, tmp_path: Path) -> None:
    made = definition(tmp_path, "{type: folder, path: outbox}", "{to: main, spacing: 2h}", "{to: main, spacing: 90m}")
    before = now() - HOUR
    publish_at(settings, made, tmp_path, before)
    found = health(settings, made, offline=True)
    assert (found.free, found.free_for) == (before + 1.5 * HOUR, "p2")


# Places of one's own, which have no account to ask.


def test_a_folder_that_something_stands_in_the_way_of_is_not_well(settings: Settings, tmp_path: Path) -> None:
    for options in ("{type: folder, path: outbox/tea}", "{type: handoff, path: outbox/tea}"):
        made = definition(tmp_path, options)
        assert health(settings, made).state == "ok", "it is made when it is needed"
        assert not (tmp_path / "outbox").exists()
        (tmp_path / "outbox").write_text("no folder")
        found = health(settings, made)
        assert (found.state, "is no folder" in found.words) == ("not reachable", True)
        (tmp_path / "outbox").unlink()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_not_well(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "outbox").mkdir(mode=0o500)
    assert health(settings, definition(tmp_path, "{type: folder, path: outbox/tea}")).state == "not reachable"


def test_a_webhook_needs_its_secret_and_a_host_and_gets_nothing(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_receiver() as receiver:
        made = definition(tmp_path, f'{{type: webhook, url: "{receiver.url}", secret: {{env: SECRET_OF_A_TEST}}}}')
        found = health(settings, made)
        assert (found.state, "SECRET_OF_A_TEST is not set" in found.words) == ("login", True)
        monkeypatch.setenv("SECRET_OF_A_TEST", "no base64!")
        assert health(settings, made).state == "login"
        monkeypatch.setenv("SECRET_OF_A_TEST", SECRET)
        assert health(settings, made).state == "ok"
        assert receiver.deliveries == []
    lost = '{type: webhook, url: "https://nowhere.invalid/hooks", secret: {env: SECRET_OF_A_TEST}}'
    found = health(settings, definition(tmp_path, lost))
    assert (found.state, found.words) == (
        "not reachable", "nowhere.invalid cannot be looked up – check the network, or correct `url`",
    )  # fmt: skip


def test_a_bucket_is_looked_at(
    settings: Settings, tmp_path: Path, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with an_object_store() as store, a_bucket(store) as bucket:
        for name, value in bucket.environment.items():
            monkeypatch.setenv(name, value)
        assert health(settings, definition(tmp_path, f"{{type: s3, bucket: {bucket.name}}}")).state == "ok"
        assert bucket.asked("HEAD") == bucket.asked() == 1
        missing = health(settings, definition(tmp_path, "{type: s3, bucket: nobodys}"))
        assert (missing.state, missing.words.startswith("there is no bucket nobodys")) == ("refused", True)
        bucket.fail("HEAD", status=403)
        assert health(settings, definition(tmp_path, f"{{type: s3, bucket: {bucket.name}}}")).state == "login"
    monkeypatch.setenv("AWS_ENDPOINT_URL", nobody)
    assert health(settings, definition(tmp_path, "{type: s3, bucket: tea}")).state == "not reachable"


def test_a_folder_on_an_ssh_server_is_looked_at(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSWORD_OF_A_TEST", PASSWORD)
    with an_ssh_server(tmp_path / "served") as server:
        login = f"type: sftp, host: 127.0.0.1, port: {server.port}, user: {USER}, password: {{env: PASSWORD_OF_A_TEST}}"
        right = f'{login}, host_key: "{server.fingerprint}"'
        assert health(settings, definition(tmp_path, f"{{{right}, path: /drop/tea}}")).state == "ok"
        assert list((tmp_path / "served").iterdir()) == [], "the folder is made with the first post"
        (tmp_path / "served" / "drop").write_text("no folder")
        found = health(settings, definition(tmp_path, f"{{{right}, path: /drop/tea}}"))
        assert (found.state, found.words) == ("refused", "127.0.0.1: /drop is no folder – correct `path`")
        found = health(settings, definition(tmp_path, f"{{{login}, host_key: unknown}}"))
        assert (found.state, server.fingerprint in found.words) == ("refused", True)
        monkeypatch.setenv("PASSWORD_OF_A_TEST", "wrong")
        assert health(settings, definition(tmp_path, f"{{{right}}}")).state == "login"
        monkeypatch.setenv("PASSWORD_OF_A_TEST", PASSWORD)
    assert health(settings, definition(tmp_path, f"{{{right}}}")).state == "login", "as it was: nobody could be asked"
