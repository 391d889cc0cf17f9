"""A large object, sent in parts. Which are there is asked from the server, so that a new process goes on with them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Restart
from tasks.publishing.slices import Slice, cut
from tasks.publishing.targets.s3.bucket import Bucket, Content, digest, said

#: An object of more bytes is sent in parts of so many. Amazon takes parts of 5 MiB to 5 GiB, the last one any.
PART = 8 * 2**20
#: The most parts that an object may have (Amazon S3 User Guide, "Multipart upload limits").
MOST_PARTS = 10_000

_MIB = 2**20


def part_size(total: int) -> int:
    """How long the parts of an object are, in bytes. The same for the same object, whoever asks."""
    least = -(-total // MOST_PARTS)
    return max(PART, -(-least // _MIB) * _MIB)


def checksum(content: Content) -> str:
    """What a server that keeps checksums says of the object: for one in parts, the sha256 of those of its parts."""
    if isinstance(content.body, bytes):
        return digest(content.body)
    if content.size <= PART:
        return base64.b64encode(bytes.fromhex(content.sha256)).decode()
    whole = hashlib.sha256()
    for part in cut(content.body, part_size(content.size)):
        one = hashlib.sha256()
        for piece in part:
            one.update(piece)
        whole.update(one.digest())
    return base64.b64encode(whole.digest()).decode()


def send(bucket: Bucket, content: Content, handle: Handle) -> None:
    """Send an object in parts, from where the handle is.

    Raises
    ------
    Restart
        If the server knows nothing of the upload any more.
    """
    assert not isinstance(content.body, bytes)
    slices = cut(content.body, part_size(content.size))
    if handle.get("key") != content.key:
        handle.remember(key=content.key, upload_id=_begin(bucket, content), etags={})
        there: dict[int, str] = {}
    else:
        there = _sent(bucket, content, handle["upload_id"], slices)
    ready = []
    for number, part in enumerate(slices, 1):
        body = part.read()
        if number not in there:
            there[number] = _send_part(bucket, content, handle["upload_id"], number, body)
            handle.remember(etags={str(known): etag for known, etag in sorted(there.items())})
        ready.append({"PartNumber": number, "ETag": there[number], "ChecksumSHA256": digest(body)})
    with bucket.told(f"completing {content.key}"), _known(content):
        # botocore sees an error that comes with status 200, and raises it.
        bucket.client.complete_multipart_upload(
            Bucket=bucket.name, Key=content.key, UploadId=handle["upload_id"], MultipartUpload={"Parts": ready}
        )


def _begin(bucket: Bucket, content: Content) -> str:
    with bucket.told(f"beginning {content.key}"):
        answer = bucket.client.create_multipart_upload(
            Bucket=bucket.name,
            Key=content.key,
            ContentType=content.kind,
            Metadata=content.marks,
            ChecksumAlgorithm="SHA256",
        )
    return str(answer["UploadId"])


def _sent(bucket: Bucket, content: Content, upload_id: str, slices: list[Slice]) -> dict[int, str]:
    """The ETags of the parts that the server has whole, by their numbers."""
    found: dict[int, str] = {}
    with bucket.told(f"asking for the parts of {content.key}"), _known(content):
        pages = bucket.client.get_paginator("list_parts")
        for page in pages.paginate(Bucket=bucket.name, Key=content.key, UploadId=upload_id):
            for part in page.get("Parts", ()):
                number = int(part["PartNumber"])
                if number <= len(slices) and part["Size"] == slices[number - 1].size:
                    found[number] = part["ETag"]
    return found


def _send_part(bucket: Bucket, content: Content, upload_id: str, number: int, body: bytes) -> str:
    with bucket.told(f"sending part {number} of {content.key}"), _known(content):
        answer = bucket.client.upload_part(
            Bucket=bucket.name,
            Key=content.key,
            UploadId=upload_id,
            PartNumber=number,
            Body=body,
            ChecksumSHA256=digest(body),
        )
    return str(answer["ETag"])


@contextmanager
def _known(content: Content) -> Iterator[None]:
    """An upload that is gone, or that does not have the parts that it should, begins anew."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        code = said(error)[1]
        if code in {"NoSuchUpload", "InvalidPart", "InvalidPartOrder"}:
            raise Restart(f"the upload of {content.key} is gone: {code}") from error
        raise
