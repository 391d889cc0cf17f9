"""What is scheduled was screened long ago: its verdict must be of the policy that there is when its time comes."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import pytest

from flows.deciding import Desk
from flows.definition import loads
from flows.occasion import on_date
from flows.planning import plan_run
from flows.posting import context_for, order_for
from flows.sending import sender
from flows.video_plan import PostPlan, VideoPlan
from records.database import now
from records.ledger import Ledger
from records.states import PostState, VideoState
from records.tables import Post, Run, Video
from records.verdicts import RecordedVerdict
from reelmill.content import Decision, Examination, Rendition, Verdict
from reelmill.files import sha256_of
from reelmill.settings import Settings
from tasks.screening.options import POLICIES, ScreenOptions
from tasks.screening.policy import load
from tasks.screening.remote import RemoteOptions
from tasks.screening.renewal import holds
from tests.postbox import make_postbox, make_rendition

DEFINITION = """\
version: 1
brand: {name: 山野茶事}
targets: {a: {type: folder, path: a}}
pipelines:
  solar-terms:
    source: {type: list, items: [{prompt: a pine, name: clip}]}
    prompt: {subject: a, action: b, environment: c, style: d}
    generate: {engine: storyboard}
    caption: {title: "{{ brief.name }}"}
    screen: {policy: own.yaml}
    deliver: [tiktok]
    publish: [{to: a, spacing: 20m}]
"""
#: What OpenNSFW says of anything is above the first of these.
ANYTHING, NOTHING = 0.000001, 0.9
SHIPPED = (POLICIES / "default.yaml").read_text(encoding="utf-8")


def policy(review: float, block: float | None = None) -> str:
    rule = f"review: {review}, block: {'null' if block is None else block}"
    return SHIPPED.replace("review: 0.35, block: 0.80", rule).replace("optional: [nudenet]", "optional: []")


@dataclass
class Waiting:
    """A post that waited, and is due."""

    ledger: Ledger
    settings: Settings
    folder: Path
    post_id: UUID
    video_id: UUID

    @property
    def post(self) -> Post:
        return self.ledger.posts.get(self.post_id)

    @property
    def video(self) -> Video:
        return self.ledger.videos.get(self.video_id)

    @property
    def verdicts(self) -> list[RecordedVerdict]:
        return self.ledger.verdicts.of_master(self.post.master_sha256)

    def adopt(self, text: str) -> None:
        (self.folder / "own.yaml").write_text(text, encoding="utf-8")

    def send(self) -> list[str]:
        with self.ledger.database.begin() as session:
            session.get_one(Post, self.post_id).due_at = now()
        with sender(self.settings, self.ledger) as made:
            return made.send_due()


@pytest.fixture(scope="module")
def rendition(tmp_path_factory: pytest.TempPathFactory) -> Rendition:
    return make_rendition(tmp_path_factory.mktemp("rendition"))


@pytest.fixture
def waiting(settings: Settings, rendition: Rendition, tmp_path: Path) -> Iterator[Waiting]:
    box = make_postbox(settings, rendition)
    (tmp_path / "own.yaml").write_text(policy(0.35, 0.8), encoding="utf-8")
    definition = loads(DEFINITION, tmp_path / "pipelines.yaml")
    with Ledger(settings) as ledger:
        (made,) = plan_run(definition, "solar-terms", on_date(dt.UTC, "2026-11-22"), settings, seen={}).videos
        plan = replace(VideoPlan.from_json(made.plan), posts=(PostPlan("a", "tiktok", now()),))
        with ledger.database.begin() as session:
            video = session.get_one(Video, box.video_id)
            video.plan, video.master_sha256 = plan.to_json(), rendition.master_sha256
            run = session.get_one(Run, video.run_id)
            run.definition = definition.snapshot
        copied = Path(shutil.copyfile(rendition.path.parent / "master.mp4", tmp_path / "copy.mp4"))
        ledger.store.add(copied, sha256_of(copied), ".mp4")
        found, verdict = ledger.media.fetch_rendition(box.rendition_id), ledger.verdicts.latest(rendition.master_sha256)
        assert found is not None
        assert verdict is not None
        context = context_for(ledger, definition, settings)
        order = order_for(run, definition, context, video, plan, found, verdict, plan.posts[0])
        post = ledger.posts.plan(video.id, found, order.destination, verdict, due_at=now() + dt.timedelta(days=7))
        ledger.runs.close(run.id)
        yield Waiting(ledger, settings, tmp_path, post.id, video.id)


def test_a_post_goes_out_under_the_policy_of_now(waiting: Waiting) -> None:
    (before,) = waiting.verdicts
    waiting.adopt(policy(NOTHING))
    assert len(waiting.send()) == 1
    assert waiting.post.state is PostState.LIVE
    newest, *_ = waiting.verdicts
    assert newest.verdict.decision is Decision.PASS
    assert newest.verdict.policy_version != before.verdict.policy_version
    assert waiting.post.verdict_id == newest.id, "the foreign key names the verdict under which it went out"


def test_a_verdict_that_still_holds_is_not_asked_for_again(waiting: Waiting) -> None:
    waiting.adopt(SHIPPED)
    assert len(waiting.send()) == 1
    assert waiting.post.state is PostState.LIVE
    assert len(waiting.verdicts) == 1


def test_what_is_in_doubt_under_the_policy_of_now_waits_for_a_person_and_then_goes_out(waiting: Waiting) -> None:
    waiting.adopt(policy(ANYTHING))
    (told,) = waiting.send()
    assert "waits for a person" in told
    assert "opennsfw saw nsfw" in told
    assert (waiting.post.state, waiting.video.state) == (PostState.PLANNED, VideoState.IN_REVIEW)
    assert waiting.send() == []
    (waits,) = waiting.ledger.reviews.waiting()
    assert waits.frames is not None
    assert waits.frames.verdict.decision is Decision.REVIEW
    assert waiting.ledger.verdicts.thumbnails(waits.frames.id)
    Desk(waiting.settings, waiting.ledger, "mei").approve([waits.video.id])
    for state in (VideoState.FINISHED, VideoState.DONE):  # as its run brings it on
        waiting.ledger.videos.move(waits.video.id, state)
    assert len(waiting.send()) == 1
    assert waiting.post.state is PostState.LIVE
    newest, *_ = waiting.verdicts
    assert (waiting.post.verdict_id, newest.decided_by) == (newest.id, "mei")


def test_what_a_person_then_rejects_is_never_sent(waiting: Waiting) -> None:
    waiting.adopt(policy(ANYTHING))
    waiting.send()
    Desk(waiting.settings, waiting.ledger, "mei").reject([waiting.video.id], "no")
    assert (waiting.post.state, waiting.post.reason) == (PostState.FAILED, "rejected by mei: no")
    assert waiting.video.state is VideoState.REJECTED


def test_what_is_blocked_under_the_policy_of_now_is_rejected_with_the_reason(waiting: Waiting) -> None:
    waiting.adopt(policy(ANYTHING, 2 * ANYTHING))
    (told,) = waiting.send()
    assert "is not published" in told
    assert (waiting.post.state, waiting.video.state) == (PostState.FAILED, VideoState.REJECTED)
    assert "under the policy of now: sexual: opennsfw saw nsfw" in waiting.post.reason
    assert not (waiting.folder / "a").exists()


def test_where_it_cannot_be_screened_anew_it_waits(waiting: Waiting) -> None:
    rule = "  gore: {blood: {category: violence, review: 0.3, block: 0.8}}\n  nudenet:\n"
    text = policy(NOTHING).replace("  nudenet:\n", rule)
    waiting.adopt(text.replace("required: [opennsfw]", "required: [opennsfw, gore]"))
    assert waiting.send() == []
    assert (waiting.post.state, waiting.video.state) == (PostState.PLANNED, VideoState.DONE)
    assert waiting.post.due_at is not None
    assert waiting.post.due_at > now()
    assert "gore" in waiting.post.reason


EMPTY = Verdict("m" * 64, "default", "1", Decision.PASS)


def test_who_should_look_and_has_not_makes_a_verdict_void(tmp_path: Path) -> None:
    looked = Examination("opennsfw", "1.0", "e" * 64, 24, 0.1)
    gone = Examination("nudenet", "not installed", "", 0, 0.0)
    options, version = ScreenOptions(), load("default", tmp_path).identity([looked.identity])
    verdict = replace(EMPTY, policy_version=version, examinations=(looked, gone))
    assert holds(verdict, options, tmp_path, ())
    assert not holds(verdict, ScreenOptions(detectors=["nudenet"]), tmp_path, ())
    assert not holds(verdict, ScreenOptions(policy="strict"), tmp_path, ())
    assert not holds(replace(verdict, policy_version="2+7b112496d39b"), options, tmp_path, ())


def test_who_looked_from_elsewhere_is_known_by_its_address(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        SHIPPED.replace("  nudenet:\n", "  gore: {blood: {category: violence, review: 0.3, block: 0.8}}\n  nudenet:\n"),
        encoding="utf-8",
    )
    looked = Examination("opennsfw", "1.0", "e" * 64, 24, 0.1)
    gore = RemoteOptions(name="gore", url="https://screen.example/a")
    version = load("own.yaml", tmp_path).identity([looked.identity, gore.identity])
    asked = Examination("gore", "its own", "", 24, 0.1)
    verdict = replace(EMPTY, policy_version=version, examinations=(looked, asked))
    options = ScreenOptions(policy="own.yaml", remote=[gore])
    assert holds(verdict, options, tmp_path, ())
    other = RemoteOptions(name="gore", url="https://screen.example/b")
    assert not holds(verdict, options.model_copy(update={"remote": [other]}), tmp_path, ())
