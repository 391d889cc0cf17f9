"""An object store: as much of Amazon's protocol as a target speaks. Every bucket is there, and empty at first."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from sandbox.answer import Answer
from sandbox.parts import received
from sandbox.payload import file_answer
from sandbox.platform import Platform
from sandbox.refusal import Refusal
from sandbox.request import Request
from sandbox.route import route
from sandbox.upload import Upload

_OBJECT = "/buckets/{bucket}/{*key}"
#: Bytes of a part that is not the last one, at least (Amazon S3 User Guide, "Multipart upload limits").
_LEAST_PART = 5 * 1024 * 1024
_PART = re.compile(r"<Part>(.*?)</Part>", re.DOTALL)
_NUMBER, _ETAG = re.compile(r"<PartNumber>(\d+)</PartNumber>"), re.compile(r"<ETag>(?:\"|&quot;)?(\w+)")


@dataclass(frozen=True, slots=True)
class _Object:
    upload: Upload
    etag: str
    checksum: str  #: base64 of its sha256; of one in parts, of those of the parts, and their number
    kind: str
    marks: Mapping[str, str]  #: `x-amz-meta-…`
    post: str = ""  #: the id of the post that it makes public


@dataclass(slots=True)
class _Pending:
    """An upload in parts that is not complete."""

    key: tuple[str, str]
    kind: str
    marks: Mapping[str, str]
    parts: dict[int, Upload] = field(default_factory=dict)


class S3(Platform):
    """Objects in buckets, in one piece or in parts, with conditions and checksums. Signatures are not verified.

    A JSON that names a video beside it makes a post of it (`publish`): what a program that reads the bucket waits for.
    Source: Amazon S3 API Reference.
    """

    name = "s3"
    moments = ("head", "put", "init", "chunk", "complete", "publish")
    further_moments = ("parts",)

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self._objects: dict[tuple[str, str], _Object] = {}
        self._pending: dict[str, _Pending] = {}

    def unreadable(self, why: str) -> Refusal:
        return _error(400, "InvalidRequest", why)

    def moment(self, moment: str, request: Request) -> str:
        if moment == "put":
            if "partNumber" in request.query:
                return "chunk"
            return "publish" if request.match["key"].endswith(".json") else "put"
        if moment == "get":
            return "parts" if "uploadId" in request.query else "get"
        if moment == "init":
            return "complete" if "uploadId" in request.query else "init"
        return moment

    @route("HEAD", "/buckets/{bucket}", "bucket")
    def _head_bucket(self, request: Request) -> Answer:
        self._admit(request)
        return Answer(200)

    @route("HEAD", _OBJECT, "head")
    def _head(self, request: Request) -> Answer:
        self._admit(request)
        found = self._found(request)
        headers = {"Content-Type": found.kind, "ETag": found.etag, "x-amz-checksum-sha256": found.checksum}
        return Answer(200, found.upload.path, {**headers, **found.marks})

    @route("GET", _OBJECT, "get")
    def _get(self, request: Request) -> Answer:
        self._admit(request)
        if "uploadId" in request.query:
            return self._list_parts(request)
        found = self._found(request)
        answer = file_answer(request, found.upload.path, found.kind)
        return Answer(answer.status, answer.body, {**answer.headers, "ETag": found.etag, **found.marks})

    @route("PUT", _OBJECT, "put")
    def _put(self, request: Request) -> Answer:
        self._admit(request)
        upload = received(self, request)
        sha256 = base64.b64encode(bytes.fromhex(upload.sha256)).decode()
        if request.headers.get("x-amz-checksum-sha256", sha256) != sha256:
            upload.path.unlink()
            raise _error(400, "BadDigest", "The checksum you specified did not match what we received.")
        etag = f'"{_md5(upload)}"'
        with self.lock:
            if "partNumber" in request.query:
                self._waiting(request).parts[request.integer("partNumber")] = upload
            else:
                self._meet_condition(request)
                self._keep(_key(request), _Object(upload, etag, sha256, *_told(request)))
        return Answer(200, None, {"ETag": etag, "x-amz-checksum-sha256": sha256})

    @route("POST", _OBJECT, "init")
    def _begin_or_complete(self, request: Request) -> Answer:
        self._admit(request)
        bucket, key = _key(request)
        if "uploadId" in request.query:
            etag = self._complete(request)
            return _xml("CompleteMultipartUploadResult", f"<Bucket>{bucket}</Bucket><ETag>{escape(etag)}</ETag>")
        identity = uuid4().hex
        with self.lock:
            self._pending[identity] = _Pending((bucket, key), *_told(request))
        return _xml("InitiateMultipartUploadResult", f"<UploadId>{identity}</UploadId>")

    @route("DELETE", _OBJECT, "delete")
    def _delete(self, request: Request) -> Answer:
        self._admit(request)
        with self.lock:
            self._forget(_key(request))
        return Answer(204)

    def _admit(self, request: Request) -> None:
        """Whoever shows a key; which one decides whether it is still good."""
        shown = re.search(r"Credential=([^/]+)/", request.headers.get("authorization", ""))
        if shown is None:
            raise _error(403, "AccessDenied", "Access Denied")
        if not self.knows(shown[1]):
            raise _error(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")

    def _found(self, request: Request) -> _Object:
        with self.lock:
            if (found := self._objects.get(_key(request))) is None:
                raise _error(404, "NoSuchKey", "The specified key does not exist.")
            return found

    def _waiting(self, request: Request) -> _Pending:
        found = self._pending.get(request.query["uploadId"])
        if found is None or found.key != _key(request):
            raise _error(404, "NoSuchUpload", "The specified upload does not exist.")
        return found

    def _meet_condition(self, request: Request) -> None:
        found = self._objects.get(_key(request))
        wanted = request.headers.get("if-match")
        taken = found is not None and request.headers.get("if-none-match") == "*"
        if taken or (wanted is not None and (found is None or found.etag != wanted)):
            raise _error(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")

    def _list_parts(self, request: Request) -> Answer:
        with self.lock:
            parts = sorted(self._waiting(request).parts.items())
        told = (
            f"<Part><PartNumber>{number}</PartNumber><ETag>&quot;{_md5(one)}&quot;</ETag><Size>{one.size}</Size></Part>"
            for number, one in parts
        )
        return _xml("ListPartsResult", f"<IsTruncated>false</IsTruncated>{''.join(told)}")

    def _complete(self, request: Request) -> str:
        asked = []
        for part in _PART.findall(request.body.read().decode("utf-8", "replace")):
            number, named = _NUMBER.search(part), _ETAG.search(part)
            if number is None or named is None:
                raise _error(400, "MalformedXML", "The XML you provided was not well-formed")
            asked.append((int(number[1]), named[1]))
        with self.lock:
            pending = self._waiting(request)
            parts = [(pending.parts.get(number), md5) for number, md5 in asked]
            found = [part for part, md5 in parts if part is not None and _md5(part) == md5]
            if not asked or len(found) < len(asked):
                raise _error(400, "InvalidPart", "One or more of the specified parts could not be found.")
            if any(part.size < _LEAST_PART for part in found[:-1]):
                raise _error(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
            whole = self.new_upload()
            marks = hashlib.md5(b"".join(bytes.fromhex(md5) for _, md5 in asked))  # noqa: S324 (what an ETag is)
            whole.concat(part.path for part in found)
            digests = hashlib.sha256(b"".join(bytes.fromhex(part.sha256) for part in found)).digest()
            checksum = f"{base64.b64encode(digests).decode()}-{len(found)}"
            etag = f'"{marks.hexdigest()}-{len(found)}"'
            self._keep(pending.key, _Object(whole, etag, checksum, pending.kind, pending.marks))
            for part in pending.parts.values():
                part.path.unlink()
            del self._pending[request.query["uploadId"]]
        return etag

    def _keep(self, key: tuple[str, str], made: _Object) -> None:
        """An object is there; a JSON that names a video beside it makes that public."""
        told = _sidecar(made.upload) if key[1].endswith(".json") else {}
        video = self._objects.get((key[0], _beside(key[1], told["video"]["file"]))) if told else None
        post = told["post"] if video is not None else ""
        earlier = self._objects.get(key)
        before = earlier.post if earlier is not None else ""
        self._objects[key] = replace(made, post=post)
        if before and before != post:
            self.taken_down.add(before)
        if video is not None and before != post:
            words = "\n".join(str(told.get(name) or "") for name in ("title", "caption", "disclosure"))
            self.publish(post, video.upload, account=key[0], text=words, ai=None, detail={"key": key[1]})

    def _forget(self, key: tuple[str, str]) -> None:
        found = self._objects.pop(key, None)
        if found is not None and found.post:
            self.taken_down.add(found.post)


def _key(request: Request) -> tuple[str, str]:
    return request.match["bucket"], request.match["key"]


def _told(request: Request) -> tuple[str, Mapping[str, str]]:
    """The type of what comes, and what is to be kept beside it."""
    marks = {name: value for name, value in request.headers.items() if name.startswith("x-amz-meta-")}
    return request.headers.get("content-type", "binary/octet-stream"), marks


def _beside(key: str, name: str) -> str:
    folder, slash, _ = key.rpartition("/")
    return f"{folder}{slash}{name}"


def _sidecar(upload: Upload) -> dict[str, Any]:
    """What it says; {} if it is none."""
    try:
        told = json.loads(upload.path.read_bytes())
        return told if isinstance(told["post"], str) and isinstance(told["video"]["file"], str) else {}
    except (ValueError, KeyError, TypeError):
        return {}


def _md5(upload: Upload) -> str:
    with upload.path.open("rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest()


def _xml(name: str, content: str, status: int = 200) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?><{name}>{content}</{name}>'
    return Answer(status, text, {"Content-Type": "application/xml"})


def _error(status: int, code: str, message: str) -> Refusal:
    return Refusal(_xml("Error", f"<Code>{code}</Code><Message>{escape(message)}</Message>", status))
