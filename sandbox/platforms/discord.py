"""Discord: a webhook that is executed with a file, and a message that only its id finds again."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sandbox.answer import Answer
from sandbox.parts import stored
from sandbox.platform import Platform
from sandbox.refusal import Refusal
from sandbox.request import Malformed, Part, Request
from sandbox.route import Handler, route
from sandbox.trouble import Limit
from sandbox.upload import Upload

_CONTENT, _USERNAME, _FILES, _EMBEDS = 2000, 80, 10, 10  # at most: characters of texts; files and embeds of a message
_EPOCH = 1_420_070_400_000  # milliseconds: the first of 2015, at which snowflakes begin
_T = TypeVar("_T", bound=Handler)


@dataclass
class _Message:
    id: str
    webhook: str
    channel: str
    at: float
    fields: dict[str, Any]
    attachments: list[dict[str, Any]] = field(default_factory=list)
    edited: float | None = None


def _webhook(method: str, rest: str, moment: str) -> Callable[[_T], _T]:
    """A resource of a webhook, with the version of the API in its path or without."""

    def mark(handler: _T) -> _T:
        for api in ("/api", "/api/{version}"):
            handler = route(method, f"{api}/webhooks/{{id}}/{{token}}{rest}", moment)(handler)
        return handler

    return mark


class Discord(Platform):
    """Discord's webhooks: `publish` executes one, with the files in the same request.

    With `wait=true` the answer is the message; without, it is a 204, and a message that was not saved is no error.
    Messages cannot be listed; whoever has the id of one may read, edit and delete it.
    Source: Discord's developer documentation, "Webhook Resource", "Uploading Files", "Rate Limits", "Opcodes and
    Status Codes".
    """

    name = "discord"
    moments = ("publish",)

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.largest = 10 * 1024 * 1024  #: bytes of a file; guilds with boosts have more
        self.channel = "1100000000000000001"  #: of every webhook
        self.threads: set[str] | None = None  #: ids of the channel's threads; None: every number is one
        self.forum = False  #: the channel has messages in threads only
        self.unsaved = False  #: the next message that nobody waits for is lost, without an error
        self.deleted: set[str] = set()  #: ids of webhooks that are no more
        self.rate = self.limit(5, 2)  #: executions of one webhook; the number is in headers and not in the documents
        self.global_rate = self.limit(50, 1)  #: requests
        self._messages: dict[str, _Message] = {}
        self._uploads: dict[str, Upload] = {}  #: by the ids of attachments
        self._serial = 0

    def unreadable(self, why: str) -> Refusal:
        return _error(400, 50109, "The request body contains invalid JSON.")

    @_webhook("POST", "", "publish")
    def _execute(self, request: Request) -> Answer:
        webhook = self._admit(request)
        headers = self._take(self.rate, webhook)
        fields, files = self._given(request)
        waits = request.query.get("wait", "").lower() in {"true", "1"}
        with self.lock:
            channel = self._place(request, fields)
            if self.unsaved and not waits:
                self.unsaved = False
                return Answer(204, None, headers)
            message = _Message(self._snowflake(), webhook, channel, self.clock.now(), fields)
            self._messages[message.id] = message
            uploads = self._attach(message, files)
            video = next((one for one in message.attachments if one["content_type"].startswith("video/")), None)
            upload = self._uploads[video["id"]] if video else next(iter(uploads), None) or self.new_upload()
            detail = {"channel_id": channel, "attachments": [one["filename"] for one in message.attachments]}
            text = str(fields.get("content") or "")
            self.publish(message.id, upload, account=webhook, text=text, ai=None, detail=detail)
            return Answer(200, self._shown(message), headers) if waits else Answer(204, None, headers)

    @_webhook("GET", "/messages/{message}", "read_back")
    def _read(self, request: Request) -> Answer:
        with self.lock:
            return Answer(200, self._shown(self._message(request)))

    @_webhook("PATCH", "/messages/{message}", "edit")
    def _edit(self, request: Request) -> Answer:
        with self.lock:
            message = self._message(request)
        fields, files = self._given(request, edits=True)
        with self.lock:
            if "attachments" in fields:
                kept = {str(one.get("id")) for one in fields["attachments"]}
                message.attachments = [one for one in message.attachments if one["id"] in kept]
            self._attach(message, files)
            message.fields, message.edited = {**message.fields, **fields}, self.clock.now()
            return Answer(200, self._shown(message))

    @_webhook("DELETE", "/messages/{message}", "delete")
    def _delete(self, request: Request) -> Answer:
        with self.lock:
            message = self._message(request)
            del self._messages[message.id]
            self.taken_down.add(message.id)
        return Answer(204)

    @_webhook("GET", "", "webhook")
    def _get_webhook(self, request: Request) -> Answer:
        identity = self._admit(request)
        told = {"id": identity, "type": 1, "name": "Sandbox", "avatar": None, "channel_id": self.channel}
        token = request.match["token"]
        url = f"{self.base}/api/webhooks/{identity}/{token}"
        more = {"guild_id": "1100000000000000000", "application_id": None, "token": token, "url": url}
        return Answer(200, {**told, **more})

    @_webhook("DELETE", "", "webhook")
    def _delete_webhook(self, request: Request) -> Answer:
        with self.lock:
            self.deleted.add(self._admit(request))
        return Answer(204)

    @route("GET", "/attachments/{channel}/{id}/{file}", "read_back")
    def _download(self, request: Request) -> Answer:
        upload = self._uploads.get(request.match["id"])
        if upload is None:
            return Answer(404, "This content is no longer available.")
        return Answer(200, upload.path, {"Content-Type": "video/mp4"})

    def _admit(self, request: Request) -> str:
        """The webhook that is meant."""
        self._take(self.global_rate, "", everywhere=True)
        identity = request.match["id"]
        if not identity.isdecimal():
            raise _form("webhook_id", "NUMBER_TYPE_COERCE", f'Value "{identity}" is not snowflake.')
        if identity in self.deleted:
            raise _error(404, 10015, "Unknown Webhook")
        if not self.knows(request.match["token"]):
            raise _error(401, 50027, "Invalid Webhook Token")
        return identity

    def _take(self, limit: Limit, who: str, *, everywhere: bool = False) -> dict[str, str]:
        wait = limit.take(who)
        after = wait or limit.seconds
        headers = {
            "X-RateLimit-Limit": str(limit.count),
            "X-RateLimit-Remaining": str(limit.count - limit.used(who)),
            "X-RateLimit-Reset": f"{self.clock.now() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": f"{zlib.crc32(who.encode()):08x}",
        }
        if wait:
            body = {"message": "You are being rate limited.", "retry_after": round(wait, 3), "global": everywhere}
            headers |= {"Retry-After": str(math.ceil(wait)), "X-RateLimit-Scope": "global" if everywhere else "user"}
            raise Refusal(Answer(429, body, headers | ({"X-RateLimit-Global": "true"} if everywhere else {})))
        return headers

    def _given(self, request: Request, *, edits: bool = False) -> tuple[dict[str, Any], list[Part]]:
        """The fields of a message and its files."""
        too_large = _error(413, 40005, "Request entity too large")
        if (request.body.length or 0) > _FILES * self.largest + 1024 * 1024:  # the fields have their bytes too
            raise too_large
        fields, files = _parsed(request)
        if any(len(part.content) > self.largest for part in files):
            raise too_large
        for fault in _faults(fields, files, edits=edits):
            raise fault
        return fields, files

    def _place(self, request: Request, fields: Mapping[str, Any]) -> str:
        """The channel, or a thread of it."""
        thread, name = request.query.get("thread_id"), fields.get("thread_name")
        if thread and name:
            raise _error(400, 220002, "Webhooks can only have a thread_name or a thread_id, not both")
        if thread and (not thread.isdecimal() or (self.threads is not None and thread not in self.threads)):
            raise _error(404, 10003, "Unknown Channel")
        if self.forum and not thread and not name:
            message = "Webhooks posted to forum channels must have a thread_name or thread_id"
            raise _error(400, 220001, message)
        if name and not self.forum:
            raise _error(400, 220003, "Webhooks can only create threads in forum channels")
        return thread or (self._snowflake() if name else self.channel)

    def _attach(self, message: _Message, files: list[Part]) -> list[Upload]:
        uploads = []
        for part in files:
            identity, upload = self._snowflake(), stored(self, part.content)
            self._uploads[identity] = upload
            filename = re.sub(r"[^\w.-]+", "_", part.filename or "file")
            url = f"{self.base}/attachments/{message.channel}/{identity}/{filename}"
            told = {"id": identity, "filename": filename, "size": upload.size, "content_type": part.content_type}
            message.attachments.append({**told, "url": url, "proxy_url": url})
            uploads.append(upload)
        return uploads

    def _message(self, request: Request) -> _Message:
        webhook = self._admit(request)
        message = self._messages.get(request.match["message"])
        place = request.query.get("thread_id", self.channel)
        if message is None or (message.webhook, message.channel) != (webhook, place):
            raise _error(404, 10008, "Unknown Message")
        return message

    def _snowflake(self) -> str:
        """Discord's documentation, "Reference: Snowflakes"."""
        self._serial += 1
        return str(int(self.clock.now() * 1000) - _EPOCH << 22 | self._serial & 0xFFF)

    def _shown(self, message: _Message) -> dict[str, Any]:
        name = message.fields.get("username", "Sandbox")
        return {
            "id": message.id,
            "type": 0,
            "content": message.fields.get("content") or "",
            "channel_id": message.channel,
            "author": {"id": message.webhook, "username": name, "avatar": None, "bot": True},
            "attachments": message.attachments,
            "embeds": message.fields.get("embeds") or [],
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "pinned": False,
            "tts": bool(message.fields.get("tts")),
            "timestamp": _iso(message.at),
            "edited_timestamp": None if message.edited is None else _iso(message.edited),
            "flags": int(message.fields.get("flags") or 0),
            "components": [],
            "webhook_id": message.webhook,
        }


def _error(status: int, code: int, message: str) -> Refusal:
    return Refusal(Answer(status, {"message": message, "code": code}))


def _form(name: str, code: str, message: str) -> Refusal:
    errors = {name: {"_errors": [{"code": code, "message": message}]}}
    return Refusal(Answer(400, {"message": "Invalid Form Body", "code": 50035, "errors": errors}))


def _parsed(request: Request) -> tuple[dict[str, Any], list[Part]]:
    if request.content_type != "multipart/form-data":
        return request.json_object(), []
    parts = request.parts()
    files = [part for part in parts if part.filename is not None and part.name != "payload_json"]
    fields: dict[str, Any] = {part.name: part.text for part in parts if part not in files}
    try:
        payload = json.loads(fields.pop("payload_json", "{}"))
    except ValueError as error:
        raise Malformed(f"payload_json: {error}") from error
    if not isinstance(payload, dict):
        raise Malformed("payload_json is no object")
    return {**fields, **payload}, files


def _faults(fields: Mapping[str, Any], files: list[Part], *, edits: bool) -> Iterator[Refusal]:
    """What is wrong with a message."""
    content, name, embeds = (fields.get(key) for key in ("content", "username", "embeds"))
    for key, value, longest in (("content", content, _CONTENT), ("username", name, _USERNAME)):
        if value is not None and not isinstance(value, str):
            yield _form(key, "STRING_TYPE_CONVERT", f"Could not interpret {value!r} as string.")
        elif len(value or "") > longest:
            yield _form(key, "BASE_TYPE_MAX_LENGTH", f"Must be {longest} or fewer in length.")
    for word in ("clyde", "discord"):
        if word in (name or "").lower():
            yield _form("username", "USERNAME_INVALID_CONTAINS", f'Username cannot contain "{word}"')
    if embeds is not None and (not isinstance(embeds, list) or len(embeds) > _EMBEDS):
        yield _form("embeds", "BASE_TYPE_MAX_LENGTH", f"Must be {_EMBEDS} or fewer in length.")
    attachments = fields.get("attachments", [])
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        yield _form("attachments", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    if len(files) > _FILES:
        yield _form("files", "BASE_TYPE_MAX_LENGTH", f"Must be {_FILES} or fewer in length.")
    there = files or embeds or fields.get("poll") or fields.get("components") or str(content or "").strip()
    if not there and not edits:
        yield _error(400, 50006, "Cannot send an empty message")


def _iso(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).isoformat()
