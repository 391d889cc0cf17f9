"""A bucket as a target, against moto's server behind a proxy that fails: what is public, whole, and there once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from reelmill.content import Json, PostText
from tasks.publishing.base import Delivery, Safety
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused, Restart, Retry
from tasks.publishing.targets.s3 import parts
from tasks.publishing.targets.s3.target import S3
from tests.posting import SPOKEN, Died, Memory, delivery_of, sent
from tests.simulators.bucket import REGION, Bucket, a_bucket, an_object_store

STEM = "reels/solar-terms-daily/2026-11-22/01-xiaoxue"
#: Three parts, the last one short.
LARGE = bytes(range(256)) * (2 * parts.PART // 256) + b"the end"


@pytest.fixture(scope="session")
def object_store() -> Iterator[str]:
    with an_object_store() as url:
        yield url


@pytest.fixture
def bucket(object_store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with a_bucket(object_store) as bucket:
        for name, value in bucket.environment.items():
            if name != "AWS_ENDPOINT_URL":
                monkeypatch.setenv(name, value)
        yield bucket


def target_of(bucket: Bucket, /, **options: Json) -> S3:
    known = {"type": "s3", "bucket": bucket.name, "prefix": "reels", "endpoint_url": bucket.endpoint}
    return S3.model_validate({**known, "region": REGION, **options})


def puts(bucket: Bucket) -> list[str]:
    return [request.path.partition("/reels/")[2] for request in bucket.requests if request.method == "PUT"]


def test_a_post_is_three_objects_of_which_the_sidecar_comes_last(
    bucket: Bucket, context: TargetContext, delivery: Delivery
) -> None:
    target = target_of(bucket)

    published = sent(target, delivery, context)

    rendition = delivery.rendition
    video, cover = f"{STEM}.{rendition.sha256[:16]}.mp4", f"{STEM}.{rendition.cover_sha256[:16]}.jpg"
    objects = bucket.objects()
    assert set(objects) == {video, cover, f"{STEM}.json"}
    assert objects[video] == b"video"
    assert puts(bucket)[-1].endswith("01-xiaoxue.json")
    told = json.loads(objects[f"{STEM}.json"])
    assert told["video"]["file"] == video.rpartition("/")[2]
    assert told["video"]["sha256"] == rendition.sha256
    assert told["labels"] == dict(rendition.labels)
    assert told["disclosure"] == "内容由AI生成"
    assert published.url == f"s3://{bucket.name}/{video}"
    kind = bucket.client.head_object(Bucket=bucket.name, Key=video)
    assert (kind["ContentType"], kind["Metadata"]["sha256"]) == ("video/mp4", rendition.sha256)
    assert target.safety is Safety.NATURAL


def test_it_is_looked_up_by_anybody_and_read_back_whole(
    bucket: Bucket, context: TargetContext, delivery: Delivery
) -> None:
    target = target_of(bucket)
    published = sent(target, delivery, context)

    assert target.look_up(delivery, context, Memory().handle()) == published
    seen = target.read_back(delivery, context, published)
    assert (seen.public, seen.whole) == (True, True)
    assert seen.detail["sha256"] == delivery.rendition.sha256


def test_a_video_that_was_changed_in_the_bucket_is_not_whole(
    bucket: Bucket, context: TargetContext, delivery: Delivery
) -> None:
    target = target_of(bucket)
    published = sent(target, delivery, context)
    bucket.put(published.detail["files"][0], b"other")

    assert target.read_back(delivery, context, published).whole is False
    assert target.look_up(delivery, context, Memory().handle()) is None


def test_doing_it_twice_is_doing_it_once(bucket: Bucket, context: TargetContext, delivery: Delivery) -> None:
    target = target_of(bucket)
    one = sent(target, delivery, context)
    before = bucket.objects()
    count = len(puts(bucket))

    two = sent(target, delivery, context)

    assert (one, before) == (two, bucket.objects())
    assert len(puts(bucket)) == count + 1, "only the sidecar is tried again, and 412 says that it is there"


def test_an_earlier_edition_keeps_its_files_until_the_sidecar_changes_hands(
    bucket: Bucket, context: TargetContext, tmp_path: Path
) -> None:
    target = target_of(bucket)
    first = sent(target, delivery_of(tmp_path, b"first"), context)
    second = replace(delivery_of(tmp_path, b"second"), post_id=uuid4())
    handle = Memory().handle()

    target.upload(second, context, handle)
    assert bucket.objects()[first.detail["files"][0]] == b"first"
    target.finalize(second, context, handle)

    objects = bucket.objects()
    assert json.loads(objects[f"{STEM}.json"])["post"] == str(second.post_id)
    assert objects[first.detail["files"][0]] == b"first"


def test_an_earlier_edition_that_is_taken_down_leaves_what_the_later_one_names(
    bucket: Bucket, context: TargetContext, tmp_path: Path
) -> None:
    target = target_of(bucket)
    first = sent(target, delivery_of(tmp_path, b"first"), context)
    second = replace(delivery_of(tmp_path, b"second"), post_id=uuid4())
    later = sent(target, second, context)

    target.unpublish(context, first)

    assert set(bucket.objects()) == {later.platform_id, *later.detail["files"]}


def test_a_post_is_taken_down_and_again(bucket: Bucket, context: TargetContext, delivery: Delivery) -> None:
    target = target_of(bucket)
    published = sent(target, delivery, context)
    gone = len(bucket.requests)

    target.unpublish(context, published)

    assert bucket.objects() == {}
    deleted = [request.path for request in bucket.requests[gone:] if request.method == "DELETE"]
    assert deleted[0].endswith(".json"), "it is no post any more before its files go"
    target.unpublish(context, published)
    assert target.look_up(delivery, context, Memory().handle()) is None
    assert target.read_back(delivery, context, published).public is False


def test_what_is_spoken_lies_under_its_hash_and_is_taken_down_with_its_post(
    bucket: Bucket, context: TargetContext, tmp_path: Path
) -> None:
    target = target_of(bucket)

    published = sent(target, delivery_of(tmp_path, b"first", record=SPOKEN), context)

    kinds = {"srt": "application/x-subrip", "vtt": "text/vtt", "ass": "text/x-ssa"}
    told = json.loads(bucket.objects()[published.platform_id])["subtitles"]
    for kind, media_type in kinds.items():
        key = f"{STEM}.{told[kind]['sha256'][:16]}.{kind}"
        assert key == f"{STEM.rpartition('/')[0]}/{told[kind]['file']}"
        assert bucket.objects()[key].decode() == SPOKEN["subtitles"][kind]
        assert bucket.client.head_object(Bucket=bucket.name, Key=key)["ContentType"] == media_type
    assert puts(bucket)[-1].endswith("01-xiaoxue.json")
    target.unpublish(context, published)
    assert bucket.objects() == {}


def test_subtitles_that_a_later_edition_names_too_stay(bucket: Bucket, context: TargetContext, tmp_path: Path) -> None:
    target = target_of(bucket)
    first = sent(target, delivery_of(tmp_path, b"first", record=SPOKEN), context)
    second = replace(delivery_of(tmp_path, b"second", record=SPOKEN), post_id=uuid4())
    later = sent(target, second, context)
    assert len(set(first.detail["files"]) & set(later.detail["files"])) == 4, "cover and subtitles"

    target.unpublish(context, first)

    assert set(bucket.objects()) == {later.platform_id, *later.detail["files"]}


def test_keys_may_be_made_of_the_content(bucket: Bucket, context: TargetContext, delivery: Delivery) -> None:
    target = target_of(bucket, name_by="content", public_url="https://cdn.example/tea")

    published = sent(target, delivery, context)

    sha256 = delivery.rendition.sha256
    assert published.platform_id == f"reels/{sha256[:2]}/{sha256}.json"
    assert published.url == f"https://cdn.example/tea/reels/{sha256[:2]}/{sha256}.mp4"
    assert target.look_up(delivery, context, Memory().handle()) == published


def test_a_large_video_goes_in_parts(bucket: Bucket, context: TargetContext, tmp_path: Path) -> None:
    target, delivery = target_of(bucket), delivery_of(tmp_path, LARGE)

    published = sent(target, delivery, context)

    assert bucket.objects()[published.detail["files"][0]] == LARGE
    assert sum("partNumber" in path for path in puts(bucket)) == 3
    seen = target.read_back(delivery, context, published)
    assert seen.whole is True
    assert seen.detail["checksum"] == parts.checksum(target._contents(delivery)[0])


def test_a_large_video_goes_on_after_each_death(bucket: Bucket, context: TargetContext, tmp_path: Path) -> None:
    target, delivery, memory = target_of(bucket), delivery_of(tmp_path, LARGE), Memory()

    for _ in range(4):  # the upload's id, and three parts
        with pytest.raises(Died):
            target.upload(delivery, context, memory.handle(dies_after=1))
    target.upload(delivery, context, memory.handle())

    assert sum("partNumber" in path for path in puts(bucket)) == 3, "no part is sent twice"
    assert bucket.asked("POST") == 2, "one begins, one completes"
    published = target.finalize(delivery, context, memory.handle())
    assert bucket.objects()[published.detail["files"][0]] == LARGE


def test_a_part_that_was_taken_and_not_remembered_is_found(
    bucket: Bucket, context: TargetContext, tmp_path: Path
) -> None:
    target, delivery, memory = target_of(bucket), delivery_of(tmp_path, LARGE), Memory()
    with pytest.raises(Died):
        target.upload(delivery, context, memory.handle(dies_after=2))
    memory.commits.append({**memory.known, "etags": {}})

    target.upload(delivery, context, memory.handle())

    assert sum("partNumber" in path for path in puts(bucket)) == 3


def test_an_upload_that_the_server_forgot_begins_anew(bucket: Bucket, context: TargetContext, tmp_path: Path) -> None:
    target, delivery, memory = target_of(bucket), delivery_of(tmp_path, LARGE), Memory()
    with pytest.raises(Died):
        target.upload(delivery, context, memory.handle(dies_after=2))
    key, upload_id = memory.known["key"], memory.known["upload_id"]
    bucket.client.abort_multipart_upload(Bucket=bucket.name, Key=key, UploadId=upload_id)

    with pytest.raises(Restart):
        target.upload(delivery, context, memory.handle())
    handle = memory.handle()
    handle.forget()
    published = sent(target, delivery, context, handle)

    assert bucket.objects()[published.detail["files"][0]] == LARGE


def test_a_completion_whose_answer_was_lost_is_not_repeated(
    bucket: Bucket, context: TargetContext, tmp_path: Path
) -> None:
    target, delivery, memory = target_of(bucket), delivery_of(tmp_path, LARGE), Memory()
    with pytest.raises(Died):
        target.upload(delivery, context, memory.handle(dies_after=4))
    bucket.fail("POST", lost=True)
    with pytest.raises((Retry, Restart)):
        target.upload(delivery, context, memory.handle())
    bucket.mend()

    target.upload(delivery, context, memory.handle())

    assert sum("partNumber" in path for path in puts(bucket)) == 3
    assert target.finalize(delivery, context, memory.handle()).detail["post"] == str(delivery.post_id)


def test_another_rendition_of_the_same_post_does_not_go_on_with_the_parts_of_the_first(
    bucket: Bucket, context: TargetContext, tmp_path: Path
) -> None:
    target, memory = target_of(bucket), Memory()
    first = delivery_of(tmp_path, LARGE)
    with pytest.raises(Died):
        target.upload(first, context, memory.handle(dies_after=2))
    second = replace(delivery_of(tmp_path, LARGE[::-1]), post_id=first.post_id)

    published = sent(target, second, context, memory.handle())

    assert bucket.objects()[published.detail["files"][0]] == LARGE[::-1]


def test_an_uploaded_file_that_is_gone_is_noticed_before_it_is_announced(
    bucket: Bucket, context: TargetContext, delivery: Delivery
) -> None:
    target, handle = target_of(bucket), Memory().handle()
    target.upload(delivery, context, handle)
    bucket.delete(handle["uploaded"][0])

    with pytest.raises(Restart, match="not in the bucket"):
        target.check(delivery, context, handle)


def test_an_answer_that_was_lost_once_is_found_by_the_condition(
    bucket: Bucket, context: TargetContext, delivery: Delivery
) -> None:
    target, handle = target_of(bucket), Memory().handle()
    target.upload(delivery, context, handle)
    bucket.fail("PUT", lost=True, times=1)

    published = target.finalize(delivery, context, handle)

    assert target.look_up(delivery, context, Memory().handle()) == published


def test_an_answer_that_does_not_come_is_ambiguous_and_looked_up(
    bucket: Bucket, context: TargetContext, delivery: Delivery
) -> None:
    target, handle = target_of(bucket), Memory().handle()
    target.upload(delivery, context, handle)
    bucket.fail("PUT", lost=True)
    with pytest.raises(Ambiguous):
        target.finalize(delivery, context, handle)
    bucket.mend()

    assert target.look_up(delivery, context, handle) is not None


def test_a_server_without_conditions_gets_the_sidecar_without_one(
    bucket: Bucket, context: TargetContext, delivery: Delivery
) -> None:
    target, handle = target_of(bucket), Memory().handle()
    target.upload(delivery, context, handle)
    words = b"<Error><Code>NotImplemented</Code><Message>no conditions</Message></Error>"
    bucket.fail("PUT", status=501, body=words, times=1)

    target.finalize(delivery, context, handle)

    assert f"{STEM}.json" in bucket.objects()


@pytest.mark.parametrize(
    ("status", "code", "outcome", "words"),
    [
        (403, "AccessDenied", Reauthorise, "rights"),
        (403, "InvalidAccessKeyId", Reauthorise, "InvalidAccessKeyId"),
        (403, "RequestTimeTooSkewed", Retry, "clock"),
        (400, "ExpiredToken", Reauthorise, "ExpiredToken"),
        (404, "NoSuchBucket", Refused, "there is no bucket"),
        (400, "AuthorizationHeaderMalformed", Refused, "region"),
        (400, "EntityTooLarge", Refused, "EntityTooLarge"),
        (503, "SlowDown", Retry, "SlowDown"),
        (409, "ConditionalRequestConflict", Retry, "Conflict"),
        (500, "InternalError", Ambiguous, "InternalError"),
    ],
)
def test_what_a_server_says_of_the_sidecar(
    bucket: Bucket, context: TargetContext, delivery: Delivery, status: int, code: str, outcome: type, words: str
) -> None:
    target, handle = target_of(bucket), Memory().handle()
    target.upload(delivery, context, handle)
    bucket.fail("PUT", status=status, body=f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())

    with pytest.raises(outcome, match=words):
        target.finalize(delivery, context, handle)


def test_an_upload_that_fails_may_be_tried_again(bucket: Bucket, context: TargetContext, delivery: Delivery) -> None:
    target, handle = target_of(bucket), Memory().handle()
    bucket.fail("PUT", status=500)
    with pytest.raises(Retry):
        target.upload(delivery, context, handle)
    bucket.mend()

    assert sent(target, delivery, context, handle).platform_id == f"{STEM}.json"


def test_a_bucket_that_is_not_there_is_refused_before_anything_is_sent(
    bucket: Bucket, context: TargetContext, delivery: Delivery
) -> None:
    with pytest.raises(Refused, match="there is no bucket nowhere"):
        target_of(bucket, bucket="nowhere").prepare(delivery, context)


def test_a_server_that_is_away_is_tried_again_later(context: TargetContext, delivery: Delivery, bucket: Bucket) -> None:
    with pytest.raises(Retry, match="cannot be reached"):
        target_of(bucket, endpoint_url="http://127.0.0.1:9").prepare(delivery, context)


def test_a_login_may_be_named_and_is_missed_if_it_is_not_set(
    bucket: Bucket, context: TargetContext, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = target_of(bucket, key={"env": "THE_KEY"}, secret={"env": "THE_SECRET"})
    with pytest.raises(Reauthorise, match="THE_KEY"):
        target.prepare(delivery, context)
    monkeypatch.setenv("THE_KEY", "key")
    monkeypatch.setenv("THE_SECRET", "secret-of-the-bucket")

    assert sent(target, delivery, context).platform_id == f"{STEM}.json"


def test_no_login_at_all_is_a_matter_of_the_login(
    bucket: Bucket, context: TargetContext, delivery: Delivery, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))

    with pytest.raises(Reauthorise, match="there is no login"):
        target_of(bucket).prepare(delivery, context)


def test_a_key_without_its_secret_is_no_option(bucket: Bucket) -> None:
    with pytest.raises(ValueError, match="belong together"):
        target_of(bucket, key={"env": "THE_KEY"})


def test_the_place_is_its_account(bucket: Bucket, context: TargetContext) -> None:
    assert target_of(bucket).account_key(context) == f"{bucket.endpoint}/{bucket.name}/reels"
    assert target_of(bucket, prefix="").account_key(context) == f"{bucket.endpoint}/{bucket.name}"


def test_a_rehearsal_reaches_a_server_on_this_machine_and_no_other(
    bucket: Bucket, delivery: Delivery, tmp_path: Path
) -> None:
    with closing(TargetContext(tmp_path, sandbox="http://127.0.0.1:1")) as rehearsal:
        assert sent(target_of(bucket), delivery, rehearsal).platform_id == f"{STEM}.json"
        asked = bucket.asked()
        for elsewhere in ("https://s3.example", None):
            with pytest.raises(Retry, match="looking at it"):
                target_of(bucket, endpoint_url=elsewhere).prepare(delivery, rehearsal)
        assert bucket.asked() == asked


def test_words_of_any_kind_fit_into_a_sidecar(bucket: Bucket, context: TargetContext, delivery: Delivery) -> None:
    target = target_of(bucket)
    text = PostText("茶 🍵", "line\nline \u2028 \x00", ("茶",))

    published = sent(target, replace(delivery, text=text, name="01-茶 & co"), context)

    told = json.loads(bucket.objects()[published.platform_id])
    assert told["caption"] == text.caption
    assert " " not in published.url


def test_parts_are_as_few_as_the_protocol_takes() -> None:
    assert parts.part_size(9 * 2**20) == 8 * 2**20
    assert parts.part_size(5 * 2**40) * parts.MOST_PARTS >= 5 * 2**40
