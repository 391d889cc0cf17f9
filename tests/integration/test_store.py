"""The store, in a folder and in a bucket: the same promises; and what a bucket adds, from copies to bad answers."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from records.ledger import Ledger
from records.store import Content, Store, open_store
from records.store.remote import RemoteStore
from reelmill.content import Clip
from reelmill.errors import ReelmillError, ServerUnavailable, StorageError, TerminalError, UseError
from reelmill.files import sha256_of
from reelmill.settings import Settings
from tests.simulators.bucket import Bucket, a_bucket, an_object_store

BYTES = b"a clip of snow that falls on a roof"
GB = 10**9


@pytest.fixture(scope="module")
def object_store() -> Iterator[str]:
    with an_object_store() as url:
        yield url


@pytest.fixture
def bucket(object_store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with a_bucket(object_store) as bucket:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in bucket.environment.items():
            monkeypatch.setenv(name, value)
        yield bucket


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """The same test on both kinds."""
    url = request.getfixturevalue("bucket").url if request.param == "bucket" else ""
    opened = open_store(Settings(home=tmp_path / "home", store_url=url))
    assert opened.remote is (request.param == "bucket")
    yield opened
    opened.close()


def a_file(folder: Path, content: bytes = BYTES, name: str = "clip") -> tuple[Path, str]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path, sha256_of(path)


def elsewhere(
    bucket: Bucket, tmp_path: Path, name: str = "elsewhere", *, cache: int = GB, patience: float = 0
) -> RemoteStore:
    """The same bucket as another machine sees it."""
    return RemoteStore(bucket.url, tmp_path / name, cache, patience=patience)


def parts_in(store: Store) -> list[Path]:
    return [path for path in store.root.rglob("*") if path.name.endswith(".part")]


# What every store promises.


def test_what_was_added_is_had_and_is_the_same(store: Store, tmp_path: Path) -> None:
    source, sha256 = a_file(tmp_path)
    assert not store.has(sha256, ".mp4")
    assert store.look(Content(sha256, ".mp4")) is None
    kept = store.add(source, sha256, ".mp4")
    assert not source.exists()
    assert kept == store.path(sha256, ".mp4") == store.get(sha256, ".mp4")
    assert kept.read_bytes() == BYTES
    assert store.has(sha256, ".mp4")
    assert not store.has(sha256, ".jpg")
    found = store.look(Content(sha256, ".mp4"))
    assert found is not None
    assert found.bytes == len(BYTES)
    assert abs(found.added_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)
    assert not parts_in(store)


def test_the_same_content_is_there_once_however_often_it_is_added(store: Store, tmp_path: Path) -> None:
    for _ in range(3):
        source, sha256 = a_file(tmp_path)
        store.add(source, sha256, ".mp4")
        assert not source.exists()
    assert [stored.content for stored in store.files()] == [Content(sha256, ".mp4")]


def test_many_may_add_the_same_content_at_the_same_time(store: Store, tmp_path: Path) -> None:
    sources = [a_file(tmp_path / str(number), BYTES * 1000)[0] for number in range(8)]
    sha256 = sha256_of(sources[0])
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda source: store.add(source, sha256, ".mp4"), sources))
    assert set(kept) == {store.path(sha256, ".mp4")}
    assert kept[0].read_bytes() == BYTES * 1000
    assert len(list(store.files())) == 1
    assert not parts_in(store)


def test_what_was_never_there_is_told_with_the_way_out(store: Store) -> None:
    with pytest.raises(TerminalError, match="gone from the store") as caught:
        store.get("0" * 64, ".mp4")
    assert "resume the run" in caught.value.instruction


def test_what_was_removed_is_gone_and_can_be_removed_again(store: Store, tmp_path: Path) -> None:
    source, sha256 = a_file(tmp_path)
    kept = store.add(source, sha256, ".mp4")
    for _ in range(2):
        store.remove(Content(sha256, ".mp4"))
    assert not kept.exists()
    assert not store.has(sha256, ".mp4")
    assert list(store.files()) == []


def test_a_file_that_is_none_of_ours_is_not_listed(store: Store, tmp_path: Path) -> None:
    source, sha256 = a_file(tmp_path)
    kept = store.add(source, sha256, ".mp4")
    a_file(kept.parent, name="notes.txt")
    a_file(kept.parent, name="z" * 64 + ".mp4")
    assert [stored.content.sha256 for stored in store.files()] == [sha256]


def test_half_written_files_are_swept_once_nobody_writes_them_any_more(store: Store, tmp_path: Path) -> None:
    source, sha256 = a_file(tmp_path)
    folder = store.add(source, sha256, ".mp4").parent
    old, _ = a_file(folder, name=".1.part")
    new, _ = a_file(folder, name=".2.part")
    os.utime(old, (0, 0))
    assert store.sweep(dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)) == len(BYTES)
    assert not old.exists()
    assert new.exists()
    assert store.path(sha256, ".mp4").exists()


def test_adding_what_is_there_makes_it_new(store: Store, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """So that a sweep of what nobody names does not take it just before it is named."""
    source, sha256 = a_file(tmp_path)
    content = Content(sha256, ".mp4")
    kept = store.add(source, sha256, ".mp4")
    if store.remote:
        request.getfixturevalue("bucket").age(f"videos/{content.name}", dt.timedelta(days=3))
    else:
        os.utime(kept, (0, 0))
    aged = store.look(content)
    assert aged is not None
    assert aged.added_at < dt.datetime.now(dt.UTC) - dt.timedelta(days=2)
    store.add(a_file(tmp_path)[0], sha256, ".mp4")
    found = store.look(content)
    assert found is not None
    assert found.added_at > aged.added_at + dt.timedelta(days=2)


def test_a_folder_that_cannot_be_written_keeps_the_source(tmp_path: Path) -> None:
    root = tmp_path / "store"
    root.mkdir()
    source, sha256 = a_file(tmp_path)
    (root / sha256[:2]).write_text("in the way of a folder")
    with pytest.raises(StorageError, match="cannot be written") as caught:
        Store(str(root)).add(source, sha256, ".mp4")
    assert "resume the run" in caught.value.instruction
    assert source.read_bytes() == BYTES


# What a bucket adds.


def test_content_is_in_the_bucket_under_its_hash(bucket: Bucket, tmp_path: Path) -> None:
    source, sha256 = a_file(tmp_path)
    elsewhere(bucket, tmp_path).add(source, sha256, ".mp4")
    assert bucket.objects() == {f"videos/{sha256[:2]}/{sha256}.mp4": BYTES}


def test_a_store_that_is_let_go_in_a_running_loop_leaves_its_connections_alone(bucket: Bucket, tmp_path: Path) -> None:
    """The collector runs where it likes; what it does is then an error in the log, which fails this test."""

    async def forget() -> None:
        store = elsewhere(bucket, tmp_path)
        await asyncio.to_thread(store.look, Content("0" * 64, ".mp4"))
        del store
        gc.collect()
        await asyncio.sleep(0.1)

    asyncio.run(forget())
    gc.collect()


def test_another_machine_fetches_it_once(bucket: Bucket, tmp_path: Path) -> None:
    source, sha256 = a_file(tmp_path)
    elsewhere(bucket, tmp_path, "one").add(source, sha256, ".mp4")
    other = elsewhere(bucket, tmp_path, "other")
    assert not other.path(sha256, ".mp4").exists()
    assert other.has(sha256, ".mp4")
    assert other.get(sha256, ".mp4").read_bytes() == BYTES
    asked = bucket.asked()
    assert other.get(sha256, ".mp4").read_bytes() == BYTES
    assert other.has(sha256, ".mp4")
    assert bucket.asked() == asked
    assert not parts_in(other)


def test_what_was_seen_there_is_not_asked_for_again(bucket: Bucket, tmp_path: Path) -> None:
    source, sha256 = a_file(tmp_path)
    elsewhere(bucket, tmp_path, "one").add(source, sha256, ".mp4")
    other = elsewhere(bucket, tmp_path, "other")
    assert other.has(sha256, ".mp4")
    asked = bucket.asked()
    assert other.has(sha256, ".mp4")
    assert bucket.asked() == asked


def test_a_copy_here_is_no_reason_not_to_send_what_the_bucket_lost(bucket: Bucket, tmp_path: Path) -> None:
    store = elsewhere(bucket, tmp_path)
    source, sha256 = a_file(tmp_path)
    store.add(source, sha256, ".mp4")
    bucket.delete(f"videos/{sha256[:2]}/{sha256}.mp4")
    store.add(a_file(tmp_path)[0], sha256, ".mp4")
    assert list(bucket.objects().values()) == [BYTES]


def test_an_object_that_was_cut_is_sent_again(bucket: Bucket, tmp_path: Path) -> None:
    source, sha256 = a_file(tmp_path)
    bucket.put(f"videos/{sha256[:2]}/{sha256}.mp4", BYTES[:-1])
    elsewhere(bucket, tmp_path).add(source, sha256, ".mp4")
    assert list(bucket.objects().values()) == [BYTES]


def test_a_large_file_goes_in_parts_and_comes_back_whole(bucket: Bucket, tmp_path: Path) -> None:
    source, sha256 = a_file(tmp_path, os.urandom(40 * 2**20))
    elsewhere(bucket, tmp_path, "one").add(source, sha256, ".mp4")
    assert bucket.asked("POST") == 2  # begun and completed
    assert bucket.asked("PUT") == 5
    other = elsewhere(bucket, tmp_path, "other")
    assert sha256_of(other.get(sha256, ".mp4")) == sha256


_GROWTH = """
import resource, sys
from pathlib import Path
from records.store.remote import RemoteStore
from reelmill.files import sha256_of

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

url, folder = sys.argv[1], Path(sys.argv[2])
def a_file(name, megabytes):
    path = folder / name
    with path.open("wb") as file:
        for number in range(megabytes):
            file.write(number.to_bytes(4, "big") * (1 << 18))
    return path
small = a_file("small", 1)
RemoteStore(url, folder / "one", 10**9).add(small, sha256_of(small), ".mp4")
before = peak()
large = a_file("large", 200)
sha256 = sha256_of(large)
RemoteStore(url, folder / "one", 10**9).add(large, sha256, ".mp4")
RemoteStore(url, folder / "other", 10**9).get(sha256, ".mp4")
print(peak() - before)
"""


@pytest.mark.slow
def test_memory_does_not_depend_on_the_size_of_a_file(bucket: Bucket, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _GROWTH, bucket.url, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 150  # MB, for 200 MB sent and fetched


def test_a_damaged_object_is_never_taken_for_the_content(bucket: Bucket, tmp_path: Path) -> None:
    source, sha256 = a_file(tmp_path)
    elsewhere(bucket, tmp_path, "one").add(source, sha256, ".mp4")
    bucket.put(f"videos/{sha256[:2]}/{sha256}.mp4", BYTES.swapcase())
    other = elsewhere(bucket, tmp_path, "other")
    with pytest.raises(TerminalError, match="is damaged") as caught:
        other.get(sha256, ".mp4")
    assert "resume the run" in caught.value.instruction
    assert not other.path(sha256, ".mp4").exists()
    assert not parts_in(other)


@pytest.mark.parametrize("how", [{"short_by": 9}, {"flip": True}, {"status": 503}])
def test_a_bad_transfer_leaves_nothing_and_the_next_one_is_good(
    bucket: Bucket, tmp_path: Path, how: dict[str, object]
) -> None:
    source, sha256 = a_file(tmp_path)
    elsewhere(bucket, tmp_path, "one").add(source, sha256, ".mp4")
    other = elsewhere(bucket, tmp_path, "other")
    bucket.fail("GET", **how)
    with pytest.raises((ServerUnavailable, TerminalError)):
        other.get(sha256, ".mp4")
    assert not other.path(sha256, ".mp4").exists()
    assert not parts_in(other)
    bucket.mend()
    assert other.get(sha256, ".mp4").read_bytes() == BYTES


def test_a_short_answer_is_worth_another_try(bucket: Bucket, tmp_path: Path) -> None:
    source, sha256 = a_file(tmp_path)
    elsewhere(bucket, tmp_path, "one").add(source, sha256, ".mp4")
    bucket.fail("GET", short_by=9)
    with pytest.raises(ServerUnavailable, match=bucket.url):
        elsewhere(bucket, tmp_path, "other").get(sha256, ".mp4")


def test_a_server_that_is_busy_for_a_moment_is_asked_again(bucket: Bucket, tmp_path: Path) -> None:
    source, sha256 = a_file(tmp_path)
    bucket.fail("PUT", status=503, times=1)
    elsewhere(bucket, tmp_path).add(source, sha256, ".mp4")
    assert list(bucket.objects().values()) == [BYTES]


def test_a_server_that_is_away_for_a_while_is_waited_for(bucket: Bucket, tmp_path: Path) -> None:
    """What is sent may have taken a GPU minutes."""
    source, sha256 = a_file(tmp_path)
    bucket.fail(status=503, times=4)  # more than the client tries by itself
    elsewhere(bucket, tmp_path, patience=60).add(source, sha256, ".mp4")
    assert list(bucket.objects().values()) == [BYTES]


def test_a_server_that_stays_busy_is_told_and_the_source_is_kept(bucket: Bucket, tmp_path: Path) -> None:
    source, sha256 = a_file(tmp_path)
    bucket.fail("PUT", status=503)
    store = elsewhere(bucket, tmp_path)
    with pytest.raises(ServerUnavailable, match="does not answer well") as caught:
        store.add(source, sha256, ".mp4")
    assert "resume the run" in caught.value.instruction
    assert source.read_bytes() == BYTES
    assert not store.path(sha256, ".mp4").exists()


@pytest.mark.parametrize("method", ["PUT", "HEAD", "GET", "DELETE"])
def test_a_store_that_does_not_let_us_in_is_told(bucket: Bucket, tmp_path: Path, method: str) -> None:
    source, sha256 = a_file(tmp_path)
    there, sha_of_there = a_file(tmp_path, b"there already", "there")
    elsewhere(bucket, tmp_path, "one").add(there, sha_of_there, ".mp4")
    bucket.fail(method, status=403)
    other = elsewhere(bucket, tmp_path, "other")
    doing: dict[str, Callable[[], object]] = {
        "GET": lambda: other.get(sha_of_there, ".mp4"),
        "DELETE": lambda: other.remove(Content(sha_of_there, ".mp4")),
    }
    with pytest.raises(StorageError, match="does not let us in") as caught:
        doing.get(method, lambda: other.add(source, sha256, ".mp4"))()
    assert "AWS_ACCESS_KEY_ID" in caught.value.instruction
    assert source.exists()


@pytest.mark.parametrize("doing", ["add", "get", "has", "files"])
def test_a_bucket_that_is_not_there_is_told(bucket: Bucket, tmp_path: Path, doing: str) -> None:
    store = RemoteStore("s3://no-such-bucket/videos", tmp_path / "cache", GB)
    source, sha256 = a_file(tmp_path)
    ways: dict[str, Callable[[], object]] = {
        "add": lambda: store.add(source, sha256, ".mp4"),
        "get": lambda: store.get(sha256, ".mp4"),
        "has": lambda: store.has(sha256, ".mp4"),
        "files": lambda: list(store.files()),
    }
    with pytest.raises(StorageError, match="there is no bucket 'no-such-bucket'") as caught:
        ways[doing]()
    assert "REELMILL_STORE_URL" in caught.value.instruction


def test_a_server_that_is_away_is_told(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    source, sha256 = a_file(tmp_path)
    with pytest.raises(ServerUnavailable, match=bucket.url):
        elsewhere(bucket, tmp_path).add(source, sha256, ".mp4")
    assert source.exists()


def test_missing_credentials_are_told(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))  # where others may be kept
    source, sha256 = a_file(tmp_path)
    with pytest.raises(StorageError, match="credentials") as caught:
        elsewhere(bucket, tmp_path).add(source, sha256, ".mp4")
    assert "AWS_PROFILE" in caught.value.instruction


def test_an_extra_that_is_not_installed_is_told(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['s3fs'] = None\n"
        "from records.store import open_store; from reelmill.settings import Settings\n"
        "from reelmill.errors import UseError\n"
        "try: open_store(Settings(home=sys.argv[1], store_url='s3://bucket'))\n"
        "except UseError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "pip install 'reelmill[s3]'" in done.stdout


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"store_url": "nonsense://bucket"}, "of no kind that is known here"),
        ({"store_url": "s3://bucket", "store_cache": "much"}, "REELMILL_STORE_CACHE is 'much'"),
    ],
)
def test_wrong_settings_are_told_before_anything_happens(tmp_path: Path, settings: dict[str, str], told: str) -> None:
    with pytest.raises(UseError, match=told):
        open_store(Settings(home=tmp_path, **settings))


# The copies.


def test_the_copies_that_were_used_least_recently_make_room(bucket: Bucket, tmp_path: Path) -> None:
    store = elsewhere(bucket, tmp_path, cache=25)
    kept = []
    for number in range(4):
        source, sha256 = a_file(tmp_path, b"%d" % number * 10)
        kept.append(store.add(source, sha256, ".mp4"))
    hours = 3600
    for path, ago in zip(kept, (9, 8, 7, 6), strict=True):
        os.utime(path, (time.time() - ago * hours,) * 2)
    store.get(kept[0].stem, ".mp4")  # the oldest is asked for
    assert store.cache.trim() == 20
    assert [path.exists() for path in kept] == [True, False, False, True]
    # what made room is still in the store
    assert store.get(kept[1].stem, ".mp4").read_bytes() == b"1" * 10
    assert len(bucket.objects()) == 4


def test_a_copy_that_was_asked_for_lately_stays_even_beyond_the_limit(bucket: Bucket, tmp_path: Path) -> None:
    store = elsewhere(bucket, tmp_path, cache=1)
    source, sha256 = a_file(tmp_path)
    kept = store.add(source, sha256, ".mp4")
    assert store.cache.trim() == 0
    assert kept.exists()


def test_adding_and_getting_keep_the_copies_within_the_limit(bucket: Bucket, tmp_path: Path) -> None:
    source, sha256 = a_file(tmp_path)
    old = elsewhere(bucket, tmp_path).add(source, sha256, ".mp4")
    os.utime(old, (0, 0))
    source, sha256 = a_file(tmp_path, b"another")
    elsewhere(bucket, tmp_path, cache=10).add(source, sha256, ".mp4")
    assert not old.exists()


# The ledger over a bucket.


def a_clip(ledger: Ledger, tmp_path: Path) -> Clip:
    from tests.integration.test_ledger import SHOT, planned, run_with

    run = run_with(ledger, planned("one"))
    (video,) = ledger.videos.of_run(run.id)
    ledger.media.request(video.id, [SHOT])
    source, sha256 = a_file(tmp_path)
    clip = Clip(SHOT.id, ledger.store.add(source, sha256, ".mp4"), sha256, 256, 256, 5, 24, preview=True)
    ledger.media.record_clip(clip)
    return clip


def on_a_bucket(bucket: Bucket, tmp_path: Path, machine: str) -> Ledger:
    """A ledger that machines share, each with copies of its own."""
    from records.media import Media

    ledger = Ledger(Settings(home=tmp_path / "shared"))
    ledger.store = elsewhere(bucket, tmp_path, machine)
    ledger.media = Media(ledger.database, ledger.store)
    return ledger


def test_a_listing_asks_nothing_over_the_network(bucket: Bucket, tmp_path: Path) -> None:
    with on_a_bucket(bucket, tmp_path, "one") as one:
        clip = a_clip(one, tmp_path)
    with on_a_bucket(bucket, tmp_path, "other") as other:
        asked = bucket.asked()
        found = other.media.clip(clip.shot_id)
        assert found is not None
        assert found.path == other.store.path(clip.sha256, ".mp4")
        assert bucket.asked() == asked


def test_a_stage_gets_the_clip_that_another_machine_made(bucket: Bucket, tmp_path: Path) -> None:
    with on_a_bucket(bucket, tmp_path, "one") as one:
        clip = a_clip(one, tmp_path)
    with on_a_bucket(bucket, tmp_path, "other") as other:
        found = other.media.fetch_clip(clip.shot_id)
        assert found is not None
        assert found.path.read_bytes() == BYTES
        assert found.path != clip.path


def test_a_clip_that_the_bucket_lost_is_made_again(bucket: Bucket, tmp_path: Path) -> None:
    with on_a_bucket(bucket, tmp_path, "one") as one:
        clip = a_clip(one, tmp_path)
    bucket.delete(f"videos/{clip.sha256[:2]}/{clip.sha256}.mp4")
    with on_a_bucket(bucket, tmp_path, "other") as other:
        assert other.media.fetch_clip(clip.shot_id) is None


def test_a_stage_that_cannot_reach_the_bucket_does_not_make_it_again(bucket: Bucket, tmp_path: Path) -> None:
    with on_a_bucket(bucket, tmp_path, "one") as one:
        clip = a_clip(one, tmp_path)
    bucket.fail(status=503)
    with on_a_bucket(bucket, tmp_path, "other") as other, pytest.raises(ServerUnavailable):
        other.media.fetch_clip(clip.shot_id)


def test_no_error_of_a_bucket_is_a_strangers(bucket: Bucket, tmp_path: Path) -> None:
    """Whatever it answers, it is one of our types."""
    source, sha256 = a_file(tmp_path)
    for status in (301, 400, 404, 409, 412, 501):
        bucket.mend()
        bucket.fail("PUT", status=status)
        with pytest.raises(ReelmillError):
            elsewhere(bucket, tmp_path, f"cache-{status}").add(source, sha256, ".mp4")
    assert source.exists()
