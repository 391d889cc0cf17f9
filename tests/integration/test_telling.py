"""People hear once of what came about after a run had ended, on both databases and through a real Prefect server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from flows.definition import load
from flows.reconciling import reconcile
from flows.telling import tell
from records.deployments import Deploying
from records.ledger import Ledger
from records.states import PostState
from records.tables import Notice, Post
from reelmill.content import Rendition
from reelmill.errors import PublishingError
from reelmill.settings import Settings
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Ambiguous, Defer, Reauthorise, Refused
from tasks.publishing.stage import publish
from tests.integration.test_notify import Ear
from tests.line import Project
from tests.operated import Operated, eventually, prefect_client
from tests.postbox import Postbox, make_postbox, make_rendition
from tests.simulators.scripted_target import SCRIPTS, Script, ScriptedTarget, SilentTarget

PIPELINE = "solar-terms"


@pytest.fixture(scope="module")
def rendition(tmp_path_factory: pytest.TempPathFactory) -> Rendition:
    return make_rendition(tmp_path_factory.mktemp("rendition"))


@dataclass
class Messages:
    """Stands in for Prefect's client: takes each message once, as its server does."""

    deployed: bool = True
    breaks: bool = False  #: right after the message was taken
    taken: dict[str, dict[str, str]] = field(default_factory=dict)

    def read_deployment_by_name(self, name: str) -> Any:
        from prefect.exceptions import ObjectNotFound

        if not self.deployed:
            raise ObjectNotFound(RuntimeError(name))
        return self

    @property
    def id(self) -> UUID:
        return uuid4()

    def create_flow_run_from_deployment(
        self, _deployment: UUID, *, parameters: dict[str, str], idempotency_key: str
    ) -> None:
        self.taken.setdefault(idempotency_key, parameters)
        if self.breaks:
            raise ConnectionError("the process dies here")

    @property
    def bodies(self) -> list[str]:
        return [one["body"] for one in self.taken.values()]


@dataclass
class Desk:
    """One post to one scripted account, of a run that is closed."""

    ledger: Ledger
    box: Postbox
    context: TargetContext
    target: ScriptedTarget
    script: Script
    settings: Settings
    messages: Messages

    def publish(self, *, edition: str = "") -> Post:
        order = self.box.order(self.ledger, self.target, self.context, name="main")
        where = replace(order.destination, edition=edition)
        order = replace(order, destination=where, delivery=replace(order.delivery, post_id=where.post_id))
        return publish(self.ledger, order, self.context)

    def fail(self, reason: str = "the duration is wrong", *, edition: str = "") -> None:
        self.script.say("check", Refused(reason, "make it shorter"))
        with suppress(PublishingError):
            self.publish(edition=edition)

    def tell(self) -> list[str]:
        return list(tell(self.settings, self.ledger, self.messages))  # type: ignore[arg-type]

    def let_time_pass(self) -> None:
        with self.ledger.database.begin() as session:
            session.execute(text("update posts set due_at = null"))
            session.execute(text("update standings set paused_until = null"))


def deploy(ledger: Ledger, pipeline: str = PIPELINE) -> None:
    ledger.deployments.put(Deploying(pipeline, {"file": "x", "text": ""}, "h" * 64, "/x", None))


@pytest.fixture
def desk(any_settings: Settings, rendition: Rendition, tmp_path: Path) -> Iterator[Desk]:
    box = make_postbox(any_settings, rendition)
    account = uuid4().hex
    with Ledger(any_settings) as ledger:
        deploy(ledger)
        ledger.runs.close(ledger.videos.get(box.video_id).run_id)
        target = ScriptedTarget(account=account)
        context = TargetContext(tmp_path, pace=0.002)
        yield Desk(ledger, box, context, target, SCRIPTS[account], any_settings, Messages())
    SCRIPTS.pop(account)


def test_nothing_is_told_where_all_is_well(desk: Desk) -> None:
    assert desk.publish().state is PostState.LIVE
    assert desk.tell() == []
    assert desk.messages.taken == {}


def test_a_post_that_fails_late_is_told_once_with_the_reason_and_the_next_command(desk: Desk) -> None:
    desk.fail()
    assert desk.tell() == [f"told people: 1 post of {PIPELINE} needs a person"]
    assert desk.tell() == []
    ((message),) = desk.messages.taken.values()
    assert (message["pipeline"], message["title"]) == (PIPELINE, f"1 post of {PIPELINE} needs a person")
    for words in (
        "小雪 (tiktok) was not posted to main: the duration is wrong – make it shorter",
        "reelmill posts main --state failed",
        f"reelmill resume {PIPELINE}@2026-11-22",
    ):
        assert words in message["body"]


def test_a_post_that_fails_again_is_told_again(desk: Desk) -> None:
    desk.fail()
    desk.tell()
    desk.fail("and now it is too long")
    desk.tell()
    assert ["too long" in body for body in desk.messages.bodies] == [False, True]


def test_a_post_that_nobody_can_look_up_is_told_with_both_answers(desk: Desk) -> None:
    silent = replace(desk, target=SilentTarget(account=desk.target.account))
    desk.script.say("finalized", Ambiguous("the connection broke"))
    post = silent.publish()
    assert post.state is PostState.UNKNOWN
    desk.tell()
    desk.tell()
    (body,) = desk.messages.bodies
    short = str(post.id)[:8]
    assert "may be public on main, or not: the connection broke" in body
    assert f"reelmill reconcile {short} --live URL, or reelmill reconcile {short} --not-posted" in body


def test_what_came_about_while_the_run_went_on_is_told_by_its_end(desk: Desk) -> None:
    run_id = desk.ledger.videos.get(desk.box.video_id).run_id
    desk.ledger.runs.resume(run_id)
    desk.fail()
    assert desk.tell() == [], "the run goes on"
    desk.ledger.runs.close(run_id)
    assert desk.tell() == []


def test_several_posts_are_one_message_and_a_long_reason_is_cut(desk: Desk) -> None:
    for number in range(32):
        desk.fail("x" * 5000 if not number else "no", edition=str(number))
    assert desk.tell() == [f"told people: 32 posts of {PIPELINE} need a person"]
    (body,) = desk.messages.bodies
    assert body.count("was not posted") == 30
    assert "… and 2 more: reelmill posts" in body
    assert len(body) < 10_000
    assert desk.tell() == []


def test_a_paused_account_is_told_once_and_not_for_each_post(desk: Desk) -> None:
    desk.script.say("upload", Reauthorise("the token was revoked", "log in again"))
    desk.publish()
    desk.publish(edition="second")
    desk.publish(edition="third")
    assert desk.tell() == [f"told people: 1 account of {PIPELINE} needs a person"]
    (body,) = desk.messages.bodies
    assert "main is paused, and 3 posts wait for it: the token was revoked – log in again" in body
    assert "reelmill targets main" in body
    desk.let_time_pass()
    desk.script.say("prepare", Reauthorise("the token was revoked", "log in again"))
    desk.publish()
    assert desk.tell() == [], "it is the same pause still"


def test_a_pause_that_ended_and_comes_back_is_told_again(desk: Desk) -> None:
    desk.script.say("upload", Reauthorise("revoked", "log in"))
    desk.publish()
    desk.tell()
    desk.let_time_pass()
    assert desk.publish().state is PostState.LIVE
    standing = desk.ledger.standings.get("scripted", desk.target.account)
    assert standing is not None
    assert (standing.paused_until, standing.needs_person) == (None, False)
    desk.script.say("upload", Reauthorise("revoked again", "log in"))
    desk.publish(edition="second")
    desk.tell()
    assert ["revoked again" in body for body in desk.messages.bodies] == [False, True]


def test_a_pause_that_a_person_ends_is_told_again_when_it_comes_back(desk: Desk) -> None:
    for _ in range(2):
        desk.script.say("upload", Reauthorise("revoked", "log in"))
        desk.publish()
        desk.tell()
        assert desk.ledger.standings.clear("scripted", desk.target.account)
        desk.let_time_pass()
    assert len(desk.messages.taken) == 2


def test_a_limit_of_the_day_that_a_post_met_stays_when_another_one_goes_out(desk: Desk) -> None:
    until = dt.datetime.now(dt.UTC) + dt.timedelta(hours=5)
    desk.ledger.standings.pause("scripted", desk.target.account, "main", until, "15 today", needs_person=False)
    desk.ledger.standings.prove("scripted", desk.target.account)
    standing = desk.ledger.standings.get("scripted", desk.target.account)
    assert standing is not None
    assert standing.paused_until == until


def test_a_limit_of_the_day_is_nothing_to_tell_of(desk: Desk) -> None:
    desk.script.say("prepare", Defer("15 posts today", until=dt.datetime.now(dt.UTC) + dt.timedelta(hours=5)))
    desk.publish()
    assert desk.tell() == []


def test_a_process_that_dies_after_the_message_was_taken_sends_no_second_one(desk: Desk) -> None:
    desk.fail()
    desk.messages.breaks = True
    with pytest.raises(ConnectionError):
        desk.tell()
    desk.messages.breaks = False
    desk.fail("another one", edition="second")
    desk.tell()
    assert [body.count("was not posted") for body in desk.messages.bodies] == [1, 1]
    assert desk.tell() == []
    assert desk.ledger.notices.untold() == []


def test_what_is_not_deployed_is_told_at_the_terminal_only(desk: Desk) -> None:
    desk.messages.deployed = False
    desk.fail()
    assert desk.tell() == []
    desk.messages.deployed = True
    desk.ledger.deployments.remove(PIPELINE)
    assert desk.tell() == []
    deploy(desk.ledger)
    assert len(desk.tell()) == 1


def test_old_failures_are_no_news(desk: Desk) -> None:
    desk.fail()
    with desk.ledger.database.begin() as session:
        for post in session.query(Post):
            post.updated_at = dt.datetime.now(dt.UTC) - dt.timedelta(days=8)
    assert desk.tell() == []
    with desk.ledger.database.read() as session:
        assert session.query(Notice).count() == 0


@pytest.fixture
def ear() -> Iterator[Ear]:
    made = Ear()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.slow
def test_whoever_is_named_hears_of_a_post_through_prefect(project: Project, ear: Ear, rendition: Rendition) -> None:
    operated = Operated(project.folder, project.environment)
    path = operated.define()
    path.write_text(path.read_text().replace("pipelines:", "notify: {to: [{env: EAR}]}\npipelines:", 1))
    assert load(path).notify.to
    operated.deploy()
    box, account = make_postbox(operated.settings, rendition), uuid4().hex
    with operated.ledger() as ledger, prefect_client(operated) as client:
        run_id = ledger.videos.get(box.video_id).run_id
        with ledger.database.begin() as session:
            session.execute(text("update runs set pipeline = :name"), {"name": operated.pipeline})
        ledger.runs.close(run_id)
        target, context = ScriptedTarget(account=account), TargetContext(project.folder, pace=0.002)
        SCRIPTS[account].say("check", Refused("the duration is wrong", "make it shorter"))
        with suppress(PublishingError):
            publish(ledger, box.order(ledger, target, context, name="main"), context)
        told = [line for _ in range(2) for line in reconcile(operated.settings, ledger, client)]
        assert told.count(f"told people: 1 post of {operated.pipeline} needs a person") == 1
    SCRIPTS.pop(account)
    with operated.worker("default", EAR=ear.url):
        eventually(lambda: [one for one in ear.heard if operated.pipeline in one["title"]], "the message")
    (heard,) = [one for one in ear.heard if operated.pipeline in one["title"]]
    assert heard["title"] == f"Reelmill: 1 post of {operated.pipeline} needs a person"
    assert "the duration is wrong" in heard["message"]
    assert f"reelmill resume {operated.pipeline}@2026-11-22" in heard["message"]
