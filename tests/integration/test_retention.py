"""Who keeps a file, who lets it go, and that nothing is lost on the way: on both databases and both kinds of store."""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text, update

from flows.keeping import BATCH, FEW, Tidied, tidy
from flows.operation_options import KeepOptions
from flows.space import check_space, forecast
from records.database import now
from records.ledger import Ledger
from records.media import Media
from records.retention import Retention
from records.runs import Opening
from records.states import PostState, RunState, VideoState
from records.store import Content, Store
from records.store.remote import RemoteStore
from records.tables import ClipRow, RenditionRow, Run, ShotRow, Video
from records.videos import PlannedVideo
from reelmill.content import Clip, Decision, Examination, Master, Rendition, Shot, Verdict
from reelmill.errors import LeaseHeld, StorageError, TransientError
from reelmill.files import sha256_of
from reelmill.settings import Settings
from tests.posting import to
from tests.simulators.bucket import Bucket, a_bucket, an_object_store

DAY = dt.timedelta(days=1)
KEEP = KeepOptions(clips="30d", renditions="30d")
NOTHING = KeepOptions()


@pytest.fixture(scope="module")
def object_store() -> Iterator[str]:
    with an_object_store() as url:
        yield url


@pytest.fixture
def bucket(object_store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with a_bucket(object_store) as bucket:
        for name, value in bucket.environment.items():
            monkeypatch.setenv(name, value)
        yield bucket


@dataclass
class House:
    """A ledger with a store, and videos in every state of life."""

    ledger: Ledger
    folder: Path
    bucket: Bucket | None = None
    made: int = 0

    @property
    def store(self) -> Store:
        return self.ledger.store

    def file(self, content: bytes, suffix: str) -> str:
        """Content in the store; its hash."""
        path = self.folder / "made"
        path.write_bytes(content)
        sha256 = sha256_of(path)
        self.store.add(path, sha256, suffix)
        return sha256

    def shot(self, prompt: str) -> Shot:
        return Shot("storyboard", "storyboard@1", prompt, "", 256, 256, 5, 24, 1, 1.0, 7)

    def clip(self, shot: Shot, content: bytes) -> Clip:
        sha256 = self.file(content, ".mp4")
        clip = Clip(shot.id, self.store.path(sha256, ".mp4"), sha256, 256, 256, 5, 24, preview=True)
        self.ledger.media.record_clip(clip)
        return clip

    def rendition(self, clip: Clip, name: str = "", cover: bytes = b"", profile: str = "tiktok") -> Rendition:
        video = self.file(f"rendition {name} of {clip.sha256}".encode(), ".mp4")
        picture = self.file(cover or f"cover {name} of {clip.sha256}".encode(), ".jpg")
        made = Rendition(
            clip.sha256, profile, (name or "r").ljust(64, "0")[:64], self.store.path(video, ".mp4"), video,
            self.store.path(picture, ".jpg"), picture, 1080, 1920, 5, 24, 100, {}, preview=True,
        )  # fmt: skip
        self.ledger.media.record_rendition(made)
        return made

    def video(
        self,
        state: VideoState = VideoState.DONE,
        run_state: RunState = RunState.DONE,
        post_state: PostState | None = None,
        *,
        days: float = 100,
        shot: Shot | None = None,
        content: bytes = b"",
    ) -> tuple[UUID, Clip, Rendition]:
        """A video that came to this state so many days ago, with a clip, a rendition, and perhaps a post."""
        self.made += 1
        media, name = self.ledger.media, f"video {self.made}"
        date = dt.date(2026, 1, 1)
        run = self.ledger.runs.open(Opening("terms", name, date, "UTC", None, {}, "h" * 64, "/somewhere"))
        self.ledger.videos.plan(run.id, [PlannedVideo(name, "", name, name, {"a": 1})], unchanged=0, remake=False)
        (video,) = self.ledger.videos.of_run(run.id)
        shot = shot or self.shot(name)
        media.request(video.id, [shot])
        clip = media.clip(shot.id) or self.clip(shot, content or name.encode())
        rendition = self.rendition(clip, name)
        media.link(video.id, [rendition])
        if post_state is not None:
            self.post(video.id, rendition, post_state)
        at = now() - dt.timedelta(days=days)
        with self.ledger.database.begin() as session:
            session.execute(
                update(Video).where(Video.id == video.id)
                .values(state=state, master_sha256=clip.sha256, updated_at=at)
            )  # fmt: skip
            session.execute(update(Run).where(Run.id == run.id).values(state=run_state))
        return video.id, clip, rendition

    def post(self, video_id: UUID, rendition: Rendition, state: PostState) -> None:
        looked = (Examination("d", "1.0", "e" * 64, 5, 0.1),)
        passed = Verdict(rendition.master_sha256, "default", "1", Decision.PASS, (), (), looked, 5, 5, 0.1)
        verdict = self.ledger.verdicts.record(passed)
        post = self.ledger.posts.plan(video_id, rendition, to("outbox", rendition), verdict)
        ways = {
            PostState.UPLOADING: [PostState.UPLOADING],
            PostState.FAILED: [PostState.FAILED],
            PostState.ARMED: [PostState.UPLOADING, PostState.ARMED],
            PostState.LIVE: [PostState.UPLOADING, PostState.ARMED, PostState.LIVE],
            PostState.UNKNOWN: [PostState.UPLOADING, PostState.ARMED, PostState.UNKNOWN],
        }
        for step in ways.get(state, []):
            self.ledger.posts.move(post.id, step)

    def kept(self, clip: Clip, rendition: Rendition) -> tuple[bool, bool]:
        """Whether they are still there; what the ledger says and what the store has is one."""
        media = self.ledger.media
        said = (media.fetch_clip(clip.shot_id) is not None, media.fetch_rendition(rendition.id) is not None)
        contents = (Content(clip.sha256, ".mp4"), Content(rendition.sha256, ".mp4"))
        assert said == tuple(self.store.look(content) is not None for content in contents)
        return said

    def age(self, content: Content, by: dt.timedelta) -> None:
        """Let a file be older than it is."""
        if self.bucket is not None:
            self.bucket.age(f"videos/{content.name}", by)
            return
        path = self.store.path(content.sha256, content.suffix)
        os.utime(path, (time.time() - by.total_seconds(),) * 2)


@pytest.fixture
def house(ledger: Ledger, tmp_path: Path) -> House:
    """On both databases."""
    return House(ledger, tmp_path)


@pytest.fixture(params=["folder", "bucket"])
def any_house(request: pytest.FixtureRequest, house: House) -> House:
    """On both databases and both kinds of store."""
    if request.param == "bucket":
        house.bucket = request.getfixturevalue("bucket")
        assert house.bucket is not None
        house.ledger.store = RemoteStore(house.bucket.url, house.folder / "cache", 10**9)
        house.ledger.media = Media(house.ledger.database, house.ledger.store)
    return house


V, R, P = VideoState, RunState, PostState


@pytest.mark.parametrize(
    ("video", "run", "post", "days", "kept"),
    [
        # what is not at its end is resumed one day
        (V.PLANNED, R.INTERRUPTED, None, 100, True),
        (V.GENERATED, R.INTERRUPTED, None, 100, True),
        (V.SCREENED, R.FAILED, None, 100, True),
        (V.FINISHED, R.FAILED, None, 100, True),
        # a person is going to look at it
        (V.IN_REVIEW, R.IN_REVIEW, None, 100, True),
        # a process is at work
        (V.DONE, R.RUNNING, P.LIVE, 100, True),
        # nothing more happens to it
        (V.DONE, R.DONE, None, 100, False),
        (V.DONE, R.DONE, P.LIVE, 100, False),
        (V.DONE, R.FAILED, P.LIVE, 100, False),
        (V.DONE, R.IN_REVIEW, P.LIVE, 100, False),
        (V.DONE, R.INTERRUPTED, P.LIVE, 100, False),
        (V.REJECTED, R.DONE, None, 100, False),
        (V.SKIPPED, R.DONE, None, 100, False),
        # it is not old enough
        (V.DONE, R.DONE, P.LIVE, 29, True),
        (V.REJECTED, R.DONE, None, 29, True),
        # the post is not settled
        (V.DONE, R.DONE, P.PLANNED, 100, True),
        (V.DONE, R.DONE, P.UPLOADING, 100, True),
        (V.DONE, R.DONE, P.ARMED, 100, True),
        (V.FAILED, R.FAILED, P.UNKNOWN, 100, True),
        # failed, and nothing of it is public
        (V.FAILED, R.FAILED, None, 100, False),
        (V.FAILED, R.FAILED, P.FAILED, 100, False),
        # failed, but a part is public: made again it would be posted again
        (V.FAILED, R.FAILED, P.LIVE, 100, True),
    ],
)
def test_what_is_old_goes_unless_somebody_needs_it(
    house: House, video: VideoState, run: RunState, post: PostState | None, days: int, kept: bool
) -> None:
    _, clip, rendition = house.video(video, run, post, days=days)
    tidied = tidy(house.ledger, KEEP)
    assert house.kept(clip, rendition) == (kept, kept)
    assert (tidied.clips, tidied.renditions) == ((0, 0) if kept else (1, 1))


@pytest.mark.parametrize(("days", "kept"), [(6, True), (8, False)])
def test_what_failed_lately_is_kept_even_from_a_full_disk(house: House, days: int, kept: bool) -> None:
    _, clip, rendition = house.video(V.FAILED, R.FAILED, days=days)
    tidy(house.ledger, KeepOptions(clips="1h", renditions="1h"))
    assert house.kept(clip, rendition) == (kept, kept)


def test_what_was_given_up_is_as_never_made_and_comes_back_when_it_is_made_again(any_house: House) -> None:
    house = any_house
    video_id, clip, rendition = house.video()
    expected = Tidied(1, 1, 0, len(b"video 1") + sum(path.stat().st_size for path in (rendition.path, rendition.cover)))
    # what it would do, it does
    assert tidy(house.ledger, KEEP, dry_run=True) == expected
    assert house.kept(clip, rendition) == (True, True)
    assert tidy(house.ledger, KEEP) == expected
    # nothing is left of it but its rows
    assert list(house.store.files()) == []
    assert not list(house.store.root.rglob("*.mp4"))
    media = house.ledger.media
    assert (media.clip(clip.shot_id), media.rendition(rendition.id)) == (None, None)
    account = house.ledger.accounts.of_video(video_id)
    assert (account.clips, account.renditions) == ((), ())
    assert account.video.state is VideoState.DONE
    # a second time there is nothing to do
    assert tidy(house.ledger, KEEP) == Tidied()
    # made again, it is there again
    again = house.clip(house.shot("video 1"), b"video 1")
    assert media.clip(again.shot_id) == again
    assert house.rendition(again, "video 1") == media.rendition(rendition.id)


def test_only_what_the_definition_names_is_given_up(house: House) -> None:
    _, clip, rendition = house.video()
    tidy(house.ledger, NOTHING)
    assert house.kept(clip, rendition) == (True, True)
    tidy(house.ledger, KeepOptions(clips="30d"))
    assert house.kept(clip, rendition) == (False, True)
    tidy(house.ledger, KeepOptions(renditions="30d"))
    assert house.kept(clip, rendition) == (False, False)


def test_a_file_is_as_old_as_the_end_of_the_last_video_that_uses_it(house: House) -> None:
    shot = house.shot("shared")
    _, clip, old = house.video(days=100, shot=shot)
    later, _, new = house.video(days=10, shot=shot)
    tidy(house.ledger, KEEP)
    assert house.kept(clip, old) == (True, False)
    assert house.kept(clip, new) == (True, True)
    with house.ledger.database.begin() as session:
        session.execute(update(Video).where(Video.id == later).values(updated_at=now() - 40 * DAY))
    tidy(house.ledger, KEEP)
    assert house.kept(clip, new) == (False, False)


def test_content_that_several_rows_name_goes_with_the_last_of_them(house: House) -> None:
    """Two shots may become the very same bytes."""
    _, one, rendition = house.video(days=100, content=b"all black")
    needed, other, _ = house.video(V.IN_REVIEW, R.IN_REVIEW, days=100, content=b"all black")
    assert one.shot_id != other.shot_id
    assert one.sha256 == other.sha256
    tidy(house.ledger, KeepOptions(clips="30d"))
    assert house.kept(one, rendition) == house.kept(other, rendition) == (True, True)
    with house.ledger.database.begin() as session:
        session.execute(update(Video).where(Video.id == needed).values(state=V.REJECTED))
    assert tidy(house.ledger, KeepOptions(clips="30d")).clips == 2
    assert house.kept(one, rendition) == house.kept(other, rendition) == (False, True)


def test_a_cover_that_two_renditions_share_goes_with_the_last_of_them(house: House) -> None:
    _, clip, _ = house.video()
    cover = b"the same cover"
    one = house.rendition(clip, "one", cover)
    other = house.rendition(clip, "other", cover, profile="douyin")
    retention = Retention(house.ledger.database, house.store)
    _, files = retention.mark(RenditionRow, [one.sha256], now())
    retention.remove(files)
    assert not one.path.exists()
    assert other.path.exists()
    assert other.cover.exists()
    _, files = retention.mark(RenditionRow, [other.sha256], now())
    retention.remove(files)
    assert not other.cover.exists()


def test_a_rendition_that_is_not_linked_yet_is_kept_for_its_master(house: House) -> None:
    """A process died between recording it and linking it."""
    video_id, clip, rendition = house.video(V.SCREENED, R.INTERRUPTED)
    house.ledger.media.link(video_id, [])
    tidy(house.ledger, KeepOptions(renditions="1h"))
    assert house.kept(clip, rendition) == (True, True)


def test_a_clip_of_an_open_chunk_is_kept(house: House) -> None:
    video_id, clip, rendition = house.video()
    run_id = house.ledger.videos.get(video_id).run_id
    house.ledger.chunks.add(run_id, "storyboard", "bulk", [([clip.shot_id], 1.0)])
    tidy(house.ledger, KEEP)
    assert house.kept(clip, rendition) == (True, False)
    house.ledger.chunks.close_run(run_id)
    tidy(house.ledger, KEEP)
    assert house.kept(clip, rendition) == (False, False)


def test_what_comes_to_be_needed_in_between_is_not_marked(house: House) -> None:
    video_id, clip, rendition = house.video()
    retention = Retention(house.ledger.database, house.store)
    (candidate,) = retention.candidates(ClipRow, now())
    house.ledger.videos.restart([house.ledger.videos.get(video_id)], "made again")
    assert retention.mark(ClipRow, [candidate.sha256], now()) == (0, set())
    assert house.kept(clip, rendition) == (True, True)


# The disk.


def _limit(size: int) -> KeepOptions:
    """A definition cannot ask for so little."""

    class Little(KeepOptions):
        @property
        def disk_bytes(self) -> int:
            return size

    return Little()


def test_the_oldest_go_until_the_rest_fits_and_no_more(any_house: House) -> None:
    house = any_house
    videos = [house.video(days=days, content=bytes([days]) * 1000) for days in (5, 30, 20, 10)]
    needed = house.video(V.IN_REVIEW, R.IN_REVIEW, days=90, content=b"n" * 1000)
    total = sum(stored.bytes for stored in house.store.files())
    assert tidy(house.ledger, _limit(total)) == Tidied()
    limit = _limit(total - 1100)
    would = tidy(house.ledger, limit, dry_run=True)
    assert tidy(house.ledger, limit) == would
    # of 30 days both, of 20 days what was needed still
    kept = [house.kept(clip, rendition) for _, clip, rendition in videos]
    assert kept[1] == (False, False)
    assert [kept[0], kept[3]] == [(True, True), (True, True)]
    assert kept[2].count(True) == 4 - would.clips - would.renditions
    assert house.kept(*needed[1:]) == (True, True)
    assert sum(stored.bytes for stored in house.store.files()) <= total - 1100
    # and if all must go, what is needed stays
    tidy(house.ledger, _limit(1))
    assert [house.kept(clip, rendition) for _, clip, rendition in videos] == [(False, False)] * 4
    assert house.kept(*needed[1:]) == (True, True)


def test_more_than_a_batch_goes_in_one_tidying_page_by_page(house: House) -> None:
    count = BATCH + 10
    for number in range(count):
        shot = house.shot(f"shot {number}")
        with house.ledger.database.begin() as session:
            session.add(ShotRow(id=shot.id, request={}, created_at=now()))
        house.clip(shot, f"clip {number}".encode())
    with house.ledger.database.begin() as session:
        session.execute(update(ClipRow).values(created_at=now() - 40 * DAY))  # all of the same age
    small = Retention(house.ledger.database, house.store, page=7)
    found = [candidate.sha256 for candidate in small.candidates(ClipRow, now())]
    assert len(found) == len(set(found)) == count
    assert tidy(house.ledger, KEEP).clips == count
    assert list(house.store.files()) == []


# What was left behind.


def _tidy_and_die(house: House, settings: Settings) -> None:
    program = (
        "import sys; from flows.keeping import tidy; from flows.operation_options import KeepOptions\n"
        "from records.ledger import Ledger; from reelmill.settings import Settings\n"
        "with Ledger(Settings()) as ledger: tidy(ledger, KeepOptions(clips='30d', renditions='30d'))"
    )
    environment = {
        **os.environ,
        "REELMILL_FAILPOINT": "keep.marked",
        "REELMILL_HOME": str(settings.home),
        "REELMILL_DATABASE_URL": settings.database_url,
    }
    died = subprocess.run([sys.executable, "-c", program], env=environment, check=False, capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stderr


def test_a_master_is_kept_as_long_as_a_video_needs_it_and_goes_with_its_clips(house: House) -> None:
    made: list[Master] = []
    for number, (state, days) in enumerate([(VideoState.DONE, 100), (VideoState.GENERATED, 100), (VideoState.DONE, 1)]):
        video_id, *_ = house.video(state, days=days)
        edit = f"{number}".rjust(64, "e")
        sha256 = house.file(f"master {number}".encode(), ".mp4")
        path = house.store.path(sha256, ".mp4")
        made.append(Master(path, sha256, 256, 256, 9, 24, preview=True, edit_id=edit))
        house.ledger.media.record_master(made[-1])
        with house.ledger.database.begin() as session:
            session.execute(update(Video).where(Video.id == video_id).values(edit_id=edit))

    tidied = tidy(house.ledger, KEEP)

    assert (tidied.clips, tidied.renditions) == (2, 1), "a clip and a master of the first video, and its rendition"
    assert [house.ledger.media.fetch_master(one.edit_id or "") for one in made] == [None, *made[1:]]
    house.file(b"master 0", ".mp4")
    house.ledger.media.record_master(made[0])
    assert house.ledger.media.fetch_master(made[0].edit_id or "") == made[0]


def test_killed_between_the_mark_and_the_removal_the_file_is_swept_later(house: House, any_settings: Settings) -> None:
    _, clip, rendition = house.video()
    _tidy_and_die(house, any_settings)
    # the ledger has given it up, the file is still there
    assert house.ledger.media.clip(clip.shot_id) is None
    assert clip.path.exists()
    assert house.ledger.media.rendition(rendition.id) == rendition
    # the next tidying does the rest, and takes the file once it is a day old
    assert tidy(house.ledger, KEEP).renditions == 1
    assert clip.path.exists()
    house.age(Content(clip.sha256, ".mp4"), 2 * DAY)
    assert tidy(house.ledger, KEEP) == Tidied(orphans=1, bytes=len(b"video 1"))
    assert not clip.path.exists()


def test_killed_between_the_two_and_made_again_it_is_kept(house: House, any_settings: Settings) -> None:
    video_id, clip, rendition = house.video()
    _tidy_and_die(house, any_settings)
    house.age(Content(clip.sha256, ".mp4"), 2 * DAY)
    house.ledger.videos.restart([house.ledger.videos.get(video_id)], "made again")
    house.clip(house.shot("video 1"), b"video 1")
    tidy(house.ledger, KEEP)
    assert house.kept(clip, rendition)[0]


def test_files_that_nobody_names_are_swept_after_a_day(any_house: House) -> None:
    house = any_house
    _, clip, rendition = house.video(days=1)
    old, new = (Content(house.file(name, ".mp4"), ".mp4") for name in (b"old", b"new"))
    image, stray = (Content(house.file(name, ".png"), ".png") for name in (b"a photo", b"a stray photo"))
    shot = replace(house.shot("with a photo"), image=image.sha256)
    house.ledger.media.request(house.video(days=1)[0], [shot])
    for content in (old, image, stray, *(Content(one, ".mp4") for one in (clip.sha256, rendition.sha256))):
        house.age(content, 2 * DAY)
    expected = Tidied(orphans=2, bytes=len(b"old") + len(b"a stray photo"))
    assert tidy(house.ledger, NOTHING, dry_run=True) == expected
    assert house.store.look(old) is not None
    assert tidy(house.ledger, NOTHING) == expected
    assert house.store.look(old) is None
    assert house.store.look(stray) is None
    assert house.store.look(new) is not None
    assert house.store.look(image) is not None
    assert house.kept(clip, rendition) == (True, True)


def test_a_store_that_is_mostly_somebody_elses_is_left_alone(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Two ledgers over one store, or a ledger that was begun anew."""
    strangers = [Content(house.file(b"%d" % number, ".mp4"), ".mp4") for number in range(FEW + 1)]
    for content in strangers:
        house.age(content, 2 * DAY)
    with caplog.at_level(logging.WARNING, "reelmill.keeping"):
        assert tidy(house.ledger, NOTHING) == Tidied()
    assert "a store belongs to one ledger" in caplog.text
    assert all(house.store.look(content) for content in strangers)


def test_stale_scratch_is_swept_and_what_is_at_work_stays(house: House) -> None:
    scratch = house.folder / "scratch"
    for name in ("stale", "at work"):
        (scratch / name / "deep").mkdir(parents=True)
        (scratch / name / "deep" / "half.mp4").write_bytes(b"half")
    (scratch / "stray.mp4").write_bytes(b"stray")
    for path in (*scratch.rglob("*"), scratch):
        if "work" not in path.name or path.name == "at work":
            os.utime(path, (0, 0))
    half = scratch / "at work" / "deep" / "half.mp4"
    os.utime(half)
    assert tidy(house.ledger, NOTHING, scratch=scratch, dry_run=True).orphans == 2
    assert tidy(house.ledger, NOTHING, scratch=scratch) == Tidied(orphans=2, bytes=9)
    assert half.exists()
    assert [path.name for path in scratch.iterdir()] == ["at work"]


# Two at a time.


def test_one_process_tidies_at_a_time(house: House) -> None:
    with house.ledger.leases.hold("keeping", "the tidying of the store"):
        with pytest.raises(LeaseHeld, match="tidying of the store"):
            tidy(house.ledger, KEEP)
        assert tidy(house.ledger, KEEP, dry_run=True) == Tidied()


def test_a_file_that_is_taken_away_while_it_is_recorded_is_noticed(any_house: House) -> None:
    """It was there when it was added, and gone when it was named: the row must not be written."""
    house = any_house
    _, clip, rendition = house.video()
    tidy(house.ledger, KEEP)
    with pytest.raises(TransientError, match="removed to make room while it was being recorded"):
        house.ledger.media.record_clip(clip)
    with pytest.raises(TransientError, match="made again"):
        house.ledger.media.record_rendition(rendition)
    assert house.ledger.media.clip(clip.shot_id) is None


def test_who_asks_while_it_is_being_given_up_waits_for_the_answer(postgres_settings: Settings, tmp_path: Path) -> None:
    """On SQLite whoever needs a file has waited already, when he wrote so."""
    with Ledger(postgres_settings) as ledger:
        house = House(ledger, tmp_path)
        _, clip, _ = house.video()
        answers: list[Clip | None] = []
        asking = threading.Thread(target=lambda: answers.append(ledger.media.fetch_clip(clip.shot_id)))
        with ledger.database.begin() as session:
            row = session.get_one(ClipRow, clip.shot_id, with_for_update=True)
            asking.start()
            _wait_until(lambda: _waiting(ledger) == 1)
            row.removed_at = now()
        asking.join(30)
        assert answers == [None]


def _waiting(ledger: Ledger) -> int:
    with ledger.database.read() as session:
        query = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        return int(session.scalar(text(query)) or 0)


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_tidying_and_making_at_the_same_time_lose_nothing(house: House) -> None:
    """A clip that is given up and made again, over and over: whatever the ledger says is there, is there."""
    _, clip, _ = house.video()
    content, shot = Content(clip.sha256, ".mp4"), house.shot("video 1")
    other = House(house.ledger, house.folder / "other")
    other.folder.mkdir()
    made, ended = threading.Event(), threading.Event()

    def make() -> None:
        while not ended.is_set():
            try:
                other.clip(shot, b"video 1")
            except TransientError:
                continue  # told, as it should be
            made.set()

    maker = threading.Thread(target=make)
    maker.start()
    retention = Retention(house.ledger.database, house.store)
    lost = 0
    for _ in range(100):
        assert made.wait(30)
        made.clear()
        _, files = retention.mark(ClipRow, [clip.sha256], now() + DAY)
        retention.remove(files)
        with house.ledger.database.begin() as session:  # under the lock nobody is between the two
            row = session.get_one(ClipRow, clip.shot_id, with_for_update=True)
            lost += row.removed_at is None and house.store.look(content) is None
    ended.set()
    maker.join(60)
    assert lost == 0


# Room for a run.


def test_a_run_that_does_not_fit_is_refused_with_the_numbers(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    check_space(settings, 1_000_000)
    with pytest.raises(
        StorageError, match=r"needs about 1000000\.0 GB, and 500 MB are kept free; .* GB are free on"
    ) as e:
        check_space(settings, 10**15)
    assert "REELMILL_HOME" in e.value.instruction
    assert str(tmp_path) in e.value.reason


def test_a_remote_store_needs_no_more_room_here_than_its_copies_may_take(bucket: Bucket, tmp_path: Path) -> None:
    little = Settings(home=tmp_path, store_url=bucket.url, store_cache="1MB")
    check_space(little, 10**15)
    with pytest.raises(StorageError, match="needs about"):
        check_space(Settings(home=tmp_path, store_url=bucket.url, store_cache="900000TB"), 10**15)


def test_the_forecast_goes_by_what_the_pipeline_made_before(house: House) -> None:
    house.video(content=b"x" * 50_000)
    assert forecast(house.ledger, "terms", 10, ["tiktok"]) == round(10 * (50_000 + 100 + 400_000) * 1.2)
    assert forecast(house.ledger, "terms", 0, ["tiktok"]) == 0
    # a platform that it has not been made for
    several = forecast(house.ledger, "terms", 10, ["tiktok"], clips=3, assembled=True)
    assert several == round(10 * (50_000 * 3 * 2 + 100 + 400_000) * 1.2)
    more = forecast(house.ledger, "terms", 10, ["tiktok", "douyin"], seconds=4)
    assert more == round(10 * (50_000 + 100 + 400_000 + 1_250_000 * 4 + 400_000) * 1.2)
    # sizes are remembered when files are given up
    tidy(house.ledger, KeepOptions(renditions="30d"))
    assert forecast(house.ledger, "terms", 10, ["tiktok"]) == round(10 * (50_000 + 100 + 400_000) * 1.2)


def test_the_forecast_of_a_new_pipeline_goes_by_its_length(house: House) -> None:
    house.video()
    new = forecast(house.ledger, "another", 100, ["tiktok", "douyin"], seconds=5)
    assert new == round(100 * (2_500_000 * 5 + 2 * (1_250_000 * 5 + 400_000)) * 1.2)
