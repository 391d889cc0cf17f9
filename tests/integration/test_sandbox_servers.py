"""What stands in for servers of one's own: a receiver of webhooks and an object store, alone and with their targets."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest
import standardwebhooks
from botocore.exceptions import ClientError

from sandbox.server import Sandbox, sandbox
from sandbox.servers import all_servers
from tasks.publishing.base import Delivery
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Ambiguous, Reauthorise
from tasks.publishing.targets.s3 import parts
from tests.posting import SPOKEN, Memory, delivery_of, make_target, sent

VIDEO = bytes(range(256)) * 1000
KEY = "whsec_c2FuZGJveC10b2tlbg=="


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with sandbox(all_servers()) as running:
        yield running


@pytest.fixture
def rehearsal(box: Sandbox, tmp_path: Path) -> Iterator[TargetContext]:
    with closing(TargetContext(tmp_path, sandbox=box.url)) as made:
        yield made


# A receiver of webhooks.


def tell(box: Sandbox, identity: str = "post-1", *, key: str = KEY, at: dt.datetime | None = None) -> httpx.Response:
    video = {"sha256": "ab" * 32, "bytes": 7}
    body = json.dumps({"type": "post.published", "data": {"title": "小雪", "video": video}})
    at = at or dt.datetime.now(dt.UTC)
    headers = {
        "webhook-id": identity,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": standardwebhooks.Webhook(key).sign(identity, at, body),
    }
    kind = {"Content-Type": "application/json"}
    return httpx.post(f"{box.url}/webhook/hooks/shop.example", content=body, headers={**headers, **kind})


def test_a_message_is_taken_once_and_shown(box: Sandbox) -> None:
    assert tell(box).json() == tell(box).json() == {"url": f"{box.url}/webhook/watch/post-1"}
    (post,) = box["webhook"].published
    assert (post.account, post.sha256, post.bytes) == ("shop.example", "ab" * 32, 7)
    page = httpx.get(post.url).text
    assert "小雪" in page
    assert "<video" not in page, "the message says where it is, and nobody sent it here"


def test_a_message_that_is_signed_with_another_key_or_long_ago_is_refused(box: Sandbox) -> None:
    assert tell(box, key="whsec_c29tZWJvZHkgZWxzZQ==").status_code == 401
    assert tell(box, at=dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)).status_code == 401
    assert httpx.post(f"{box.url}/webhook/hooks/shop.example", json={"data": {}}).status_code == 401
    assert box["webhook"].published == []


@pytest.mark.parametrize("attach", [False, True])
def test_a_webhook_is_rehearsed(box: Sandbox, rehearsal: TargetContext, delivery: Delivery, *, attach: bool) -> None:
    url, secret = "https://shop.example/hooks?token=t", {"env": "NOT_SET_HERE"}
    target = make_target("webhook", url=url, secret=secret, attach=attach)
    target.probe(rehearsal)
    assert box["webhook"].calls == []
    box["webhook"].trouble("publish", handled=True, drop=True)
    with pytest.raises(Ambiguous):
        sent(target, delivery, rehearsal)
    published = sent(target, delivery, rehearsal)
    (post,) = box["webhook"].published
    assert (post.id, post.sha256) == (str(delivery.post_id), delivery.rendition.sha256)
    assert published.url == post.url
    assert (box["webhook"].media(post.id) is not None) is attach
    assert delivery.disclosure in post.text


# An object store.


def client(box: Sandbox) -> Any:
    where = {"endpoint_url": f"{box.url}/s3/buckets", "region_name": "us-east-1"}
    return boto3.client("s3", **where, aws_access_key_id="sandbox-token", aws_secret_access_key="s")


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_an_object_is_put_under_conditions_and_read_and_deleted(box: Sandbox) -> None:
    store: Any = client(box)
    store.head_bucket(Bucket="tea")
    etag = store.put_object(Bucket="tea", Key="a/b.txt", Body=b"one", Metadata={"mark": "m"})["ETag"]
    with pytest.raises(ClientError) as error:
        store.put_object(Bucket="tea", Key="a/b.txt", Body=b"two", IfNoneMatch="*")
    assert code(error) == "PreconditionFailed"
    store.put_object(Bucket="tea", Key="a/b.txt", Body=b"two", IfMatch=etag)
    with pytest.raises(ClientError):
        store.put_object(Bucket="tea", Key="a/b.txt", Body=b"three", IfMatch=etag)
    assert store.get_object(Bucket="tea", Key="a/b.txt")["Body"].read() == b"two"
    held = store.head_object(Bucket="tea", Key="a/b.txt", ChecksumMode="ENABLED")
    assert (held["ContentLength"], bytes.fromhex(hashlib.sha256(b"two").hexdigest())) == (
        3, base64.b64decode(held["ChecksumSHA256"]),
    )  # fmt: skip
    for _ in range(2):
        store.delete_object(Bucket="tea", Key="a/b.txt")
    with pytest.raises(ClientError) as error:
        store.get_object(Bucket="tea", Key="a/b.txt")
    assert code(error) == "NoSuchKey"


def test_parts_are_joined_as_they_are_named(box: Sandbox) -> None:
    store: Any = client(box)
    where = {"Bucket": "tea", "Key": "large.mp4"}
    upload = {**where, "UploadId": store.create_multipart_upload(**where)["UploadId"]}
    first, last = bytes(5 * 2**20), b"the end"
    etags = [store.upload_part(**upload, PartNumber=at, Body=part)["ETag"] for at, part in ((1, first), (2, last))]
    assert [one["Size"] for one in store.list_parts(**upload)["Parts"]] == [len(first), len(last)]
    named = [{"PartNumber": 1, "ETag": etags[1]}, {"PartNumber": 2, "ETag": etags[1]}]
    with pytest.raises(ClientError) as error:
        store.complete_multipart_upload(**upload, MultipartUpload={"Parts": named})
    assert code(error) == "InvalidPart"
    named = [{"PartNumber": at, "ETag": etag} for at, etag in enumerate(etags, 1)]
    assert store.complete_multipart_upload(**upload, MultipartUpload={"Parts": named})["ETag"].endswith('-2"')
    assert store.get_object(**where)["Body"].read() == first + last
    with pytest.raises(ClientError) as error:
        store.list_parts(**upload)
    assert code(error) == "NoSuchUpload"


def bucket_of(**options: Any) -> Any:
    secrets = {"key": {"env": "NOT_SET_HERE"}, "secret": {"env": "NOT_SET_HERE"}}
    return make_target("s3", bucket="tea", prefix="reels", endpoint_url="https://s3.example", **secrets, **options)


def test_a_bucket_is_rehearsed(box: Sandbox, rehearsal: TargetContext, delivery: Delivery) -> None:
    target = bucket_of(public_url="https://cdn.example")
    target.probe(rehearsal)
    delivery = replace(delivery, rendition=replace(delivery.rendition, record=SPOKEN))
    box["s3"].trouble("publish", handled=True, drop=True, times=3)  # botocore tries as often
    with pytest.raises(Ambiguous):
        sent(target, delivery, rehearsal)
    published = target.look_up(delivery, rehearsal, Memory().handle())
    assert published == sent(target, delivery, rehearsal)
    (post,) = box["s3"].published
    assert (post.account, post.sha256, post.url) == ("tea", delivery.rendition.sha256, published.url)
    seen = target.read_back(delivery, rehearsal, published)
    assert (seen.public, seen.whole) == (True, True)
    assert httpx.get(f"{box.url}/s3/media/{post.id}.mp4").content == b"video"
    target.unpublish(rehearsal, published)
    assert box["s3"].public == []


def test_a_large_video_goes_in_parts_and_a_later_edition_takes_its_place(
    box: Sandbox, rehearsal: TargetContext, tmp_path: Path
) -> None:
    large = delivery_of(tmp_path, bytes(2 * parts.PART) + b"the end")
    sent(bucket_of(), large, rehearsal)
    assert [moment for moment, _ in box["s3"].calls].count("chunk") == 3
    later = replace(delivery_of(tmp_path, b"later"), post_id=uuid4(), name=large.name)
    sent(bucket_of(), later, rehearsal)
    assert [post.id for post in box["s3"].public] == [str(later.post_id)]
    assert len(box["s3"].published) == 2


def test_keys_that_are_no_longer_good(box: Sandbox, rehearsal: TargetContext, delivery: Delivery) -> None:
    box["s3"].expire_tokens()
    with pytest.raises(Reauthorise):
        bucket_of().probe(rehearsal)
    box["webhook"].expire_tokens()
    with pytest.raises(Reauthorise, match="does not take the signature"):
        sent(make_target("webhook", url="https://shop.example", secret={"env": "X"}), delivery, rehearsal)
