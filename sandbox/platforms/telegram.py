"""Telegram: one request that carries the video and shows it, and no way to ask afterwards."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sandbox.answer import Answer
from sandbox.parts import stored
from sandbox.platform import Platform
from sandbox.refusal import Refusal
from sandbox.request import Part, Request
from sandbox.route import Handler, route
from sandbox.telegram.entities import plain
from sandbox.upload import Upload

_CAPTION = 1024  # characters at most, after the entities were parsed
_THUMBNAIL = 200_000  # bytes at most
_DOWNLOAD = 20 * 1024 * 1024  # bytes at most of a file that `getFile` gives
_DELETABLE = 48 * 3600  # seconds
_METHODS = ("sendVideo", "deleteMessage", "getMe", "getChat", "getChatMemberCount", "getFile")
_T = TypeVar("_T", bound=Handler)


@dataclass
class _File:
    """A video that the bot sent once and may send again by its id."""

    id: str
    upload: Upload
    name: str
    kind: str

    def told(self) -> dict[str, Any]:
        unique = self.upload.sha256[:16]
        return {"file_id": self.id, "file_unique_id": unique, "file_size": self.upload.size}


def _method(name: str, moment: str) -> Callable[[_T], _T]:
    """A method of the API, which takes GET and POST alike."""

    def mark(handler: _T) -> _T:
        path = f"/bot{{token}}/{name}"
        return route("GET", path, moment)(route("POST", path, moment)(handler))

    return mark


class Telegram(Platform):
    """The Telegram Bot API: `publish` is `sendVideo`, which carries the video; there is nothing before or after it.

    A bot cannot read the messages of a chat: whether one that got no answer was sent is not to be found out. Each
    delivered message counts as public, in a private chat too.
    Source: Telegram Bot API, "Making requests", "sendVideo", "Formatting options"; "Bots FAQ" for the limits.
    """

    name = "telegram"
    moments = ("publish",)

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.largest = 50 * 1024 * 1024  #: bytes of a video; a Bot API server of one's own takes 2,000 MB
        self.chats: set[str] | None = None  #: `@name` or number of those that there are; None: each
        self.kicked: set[str] = set()  #: chats that threw the bot out
        self.silent: set[str] = set()  #: chats in which the bot may not write
        self.migrated: dict[str, int] = {}  #: the numbers of the supergroups that groups have become
        self.of_bot = self.limit(30, 1)  #: messages of one bot
        self.of_group = self.limit(20, 60)  #: messages in one group or channel
        self._sent: list[_File] = []
        self._messages: dict[int, tuple[str, float]] = {}  #: chat and time
        self._last = 0

    def answer(self, request: Request) -> tuple[str, Callable[[], Answer]] | None:
        """Methods are case-insensitive."""
        head, _, method = request.path.rpartition("/")
        spelled = next((name for name in _METHODS if name.lower() == method.lower()), method)
        request.path = f"{head}/{spelled}"
        found = super().answer(request)
        if found is None and request.path.startswith("/bot"):
            return "unknown", lambda: _error(404, "Not Found").answer
        return found

    def unreadable(self, why: str) -> Refusal:
        known = "object expected as JSON" if "JSON" in why else "strings must be encoded in UTF-8"
        return _error(400, f"Bad Request: {known}")

    @_method("sendVideo", "publish")
    def _send_video(self, request: Request) -> Answer:
        token = self._admit(request)
        if (request.body.length or 0) > self.largest + 1024 * 1024:  # the fields have their bytes too
            raise _error(413, "Request Entity Too Large")
        fields, files = _given(request)
        with self.lock:
            chat = self._chat(fields)
            caption = _caption(fields)
            video = self._video(fields, files)
            self._take(token, chat)
            self._last += 1
            now = self.clock.now()
            self._messages[self._last] = _name(chat), now
            shown = {name: _whole(fields, name) for name in ("duration", "width", "height")}
            message: dict[str, Any] = {"message_id": self._last, "chat": chat, "date": int(now)}
            message |= {"sender_chat": chat} if chat["type"] == "channel" else {"from": self._me(token)}
            message["video"] = {**shown, "file_name": video.name, "mime_type": video.kind, **video.told()}
            thumbnail = _thumbnail(fields, files)
            if thumbnail is not None:
                message["video"]["thumbnail"] = {"file_id": f"{video.id}-thumbnail", "file_size": len(thumbnail)}
            if caption:
                message["caption"] = caption
            detail = {**shown, "file_id": video.id, "thumbnail": thumbnail is not None}
            detail |= {name: _true(fields.get(name)) for name in ("supports_streaming", "disable_notification")}
            self.publish(str(self._last), video.upload, account=_name(chat), text=caption, ai=None, detail=detail)
        return _ok(message)

    def _video(self, fields: Mapping[str, str], files: Mapping[str, Part]) -> _File:
        given = fields.get("video", "")
        part = files.get(given.removeprefix("attach://") if given.startswith("attach://") else "video")
        if part is None and not given:
            raise _error(400, "Bad Request: there is no video in the request")
        if part is None:
            known = [file for file in self._sent if file.id == given]
            if not known:
                raise _error(400, "Bad Request: wrong remote file identifier specified or its URL cannot be fetched")
            return known[0]
        if not part.content:
            raise _error(400, "Bad Request: file must be non-empty")
        if len(part.content) > self.largest:
            raise _error(413, "Request Entity Too Large")
        upload = stored(self, part.content)
        identity = f"BAACAgIAAxkD{zlib.crc32(upload.sha256.encode()):08x}{len(self._sent)}"
        self._sent.append(_File(identity, upload, part.filename or "video.mp4", part.content_type))
        return self._sent[-1]

    def _take(self, token: str, chat: Mapping[str, Any]) -> None:
        wait = self.of_group.take(_name(chat)) if chat["type"] != "private" else 0.0
        wait = wait or self.of_bot.take(token)
        if wait:
            seconds = math.ceil(wait)
            raise _error(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})

    @_method("deleteMessage", "delete")
    def _delete(self, request: Request) -> Answer:
        self._admit(request)
        fields, _ = _given(request)
        with self.lock:
            chat, identity = self._chat(fields), _whole(fields, "message_id")
            where, at = self._messages.get(identity, ("", 0.0))
            if where != _name(chat):
                raise _error(400, "Bad Request: message to delete not found")
            if self.clock.now() - at >= _DELETABLE:
                raise _error(400, "Bad Request: message can't be deleted for everyone")
            del self._messages[identity]
            self.taken_down.add(str(identity))
        return _ok(True)

    @_method("getMe", "user")
    def _get_me(self, request: Request) -> Answer:
        return _ok(self._me(self._admit(request)))

    @_method("getChat", "chat")
    def _get_chat(self, request: Request) -> Answer:
        self._admit(request)
        return _ok(self._chat(_given(request)[0]))

    @_method("getChatMemberCount", "metrics")
    def _count(self, request: Request) -> Answer:
        """The one figure that a bot is told."""
        self._admit(request)
        chat = self._chat(_given(request)[0])
        with self.lock:
            since = min((at for where, at in self._messages.values() if where == _name(chat)), default=self.clock.now())
        return _ok(100 + int((self.clock.now() - since) / 60))

    @_method("getFile", "read_back")
    def _get_file(self, request: Request) -> Answer:
        self._admit(request)
        wanted = _given(request)[0].get("file_id", "")
        with self.lock:
            for at, file in enumerate(self._sent):
                if file.id == wanted and file.upload.size > _DOWNLOAD:
                    raise _error(400, "Bad Request: file is too big")
                if file.id == wanted:
                    return _ok({**file.told(), "file_path": f"videos/file_{at}.mp4"})
        raise _error(400, "Bad Request: wrong file_id or the file is temporarily unavailable")

    @route("GET", "/file/bot{token}/videos/file_{at}.mp4", "read_back")
    def _download(self, request: Request) -> Answer:
        self._admit(request)
        at = request.match["at"]
        if not at.isdecimal() or int(at) >= len(self._sent):
            raise _error(404, "Not Found")
        return Answer(200, self._sent[int(at)].upload.path)

    def _admit(self, request: Request) -> str:
        if not self.knows(request.match["token"]):
            raise _error(401, "Unauthorized")
        return request.match["token"]

    def _me(self, token: str) -> dict[str, Any]:
        number = token.partition(":")[0]
        identity = int(number) if number.isdecimal() else zlib.crc32(token.encode())
        return {"id": identity, "is_bot": True, "first_name": "Sandbox", "username": "sandbox_bot"}

    def _chat(self, fields: Mapping[str, str]) -> dict[str, Any]:
        given = fields.get("chat_id", "").strip()
        if not given:
            raise _error(400, "Bad Request: chat_id is empty")
        if given in self.migrated:
            message = "Bad Request: group chat was upgraded to a supergroup chat"
            raise _error(400, message, {"migrate_to_chat_id": self.migrated[given]})
        found = re.fullmatch(r"@(\w+)|-?\d+", given)
        if found is None or (self.chats is not None and given not in self.chats):
            raise _error(400, "Bad Request: chat not found")
        if given in self.kicked:
            raise _error(403, "Forbidden: bot was kicked from the channel chat")
        if given in self.silent:
            raise _error(400, "Bad Request: need administrator rights in the channel chat")
        if found[1]:
            identity = -1_000_000_000_000 - zlib.crc32(found[1].encode())
            return {"id": identity, "type": "channel", "title": found[1], "username": found[1]}
        if int(given) > 0:
            return {"id": int(given), "type": "private", "first_name": "Somebody"}
        kind = "channel" if int(given) <= -1_000_000_000_000 else "group"
        return {"id": int(given), "type": kind, "title": f"Chat {given}"}


def _ok(result: Any) -> Answer:
    return Answer(200, {"ok": True, "result": result})


def _error(status: int, description: str, parameters: Mapping[str, Any] | None = None) -> Refusal:
    body = {"ok": False, "error_code": status, "description": description}
    return Refusal(Answer(status, body | ({"parameters": parameters} if parameters else {})))


def _given(request: Request) -> tuple[dict[str, str], dict[str, Part]]:
    """Fields and files: in the query, a form, JSON, or a multipart body."""
    files: dict[str, Part] = {}
    if request.content_type == "multipart/form-data":
        parts = request.parts()
        files = {part.name: part for part in parts if part.filename is not None}
        return {**request.query, **{part.name: part.text for part in parts if part.filename is None}}, files
    if request.content_type == "application/json":
        body = request.json_object()
        texts = {name: one if isinstance(one, str) else json.dumps(one) for name, one in body.items()}
        return {**request.query, **texts}, files
    return {**request.query, **request.form()}, files


def _caption(fields: Mapping[str, str]) -> str:
    mode, caption = fields.get("parse_mode", ""), fields.get("caption", "")
    if mode.lower() not in {"", "html", "markdown", "markdownv2"}:
        raise _error(400, "Bad Request: unsupported parse_mode")
    try:
        caption = plain(caption, mode).strip()
    except ValueError as error:
        raise _error(400, f"Bad Request: can't parse entities: {error}") from None
    if len(caption) > _CAPTION:
        raise _error(400, "Bad Request: message caption is too long")
    return caption


def _thumbnail(fields: Mapping[str, str], files: Mapping[str, Part]) -> bytes | None:
    """One that is no small JPEG is not used, and that is no error."""
    part = files.get(fields.get("thumbnail", "").removeprefix("attach://") or "thumbnail")
    usable = part is not None and part.content.startswith(b"\xff\xd8") and len(part.content) < _THUMBNAIL
    return part.content if usable and part is not None else None


def _whole(fields: Mapping[str, str], name: str) -> int:
    given = fields.get(name, "")
    return int(given) if re.fullmatch(r"-?\d+", given) else 0


def _true(given: str | None) -> bool:
    return (given or "").lower() in {"true", "1", "yes"}


def _name(chat: Mapping[str, Any]) -> str:
    """As the bot's owner writes it."""
    return f"@{chat['username']}" if "username" in chat else str(chat["id"])
