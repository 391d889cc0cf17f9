"""The media of WordPress: a raw body with a name becomes an attachment that has a URL.

Source: WordPress REST API Handbook, "Reference: Media".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.answer import Answer
from sandbox.platform import Platform
from sandbox.refusal import Refusal
from sandbox.request import Malformed, Request
from sandbox.route import route
from sandbox.upload import Upload
from sandbox.wordpress.rest import (
    chosen,
    fields_of,
    gmt,
    listed,
    rendered,
    slug_of,
    slugs_of,
    unique_slug,
    user_of,
    wrong,
)

_KINDS = {"mp4": "video", "m4v": "video", "mov": "video", "webm": "video", "mp3": "audio", "vtt": "text"}
_KINDS |= {"jpg": "image", "jpeg": "image", "png": "image", "gif": "image", "webp": "image", "pdf": "application"}
_FILENAME = re.compile(r';.*?\bfilename=(?:"([^"]+)"|([^";\s]+))', re.IGNORECASE)
_TEXTS = ("title", "alt_text", "caption", "description")
_TOO_LARGE = "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body></body>\r\n</html>\r\n"


@dataclass
class Media:
    id: int
    slug: str
    file: str  #: year/month/name, below the folder of uploads
    mime: str
    upload: Upload
    at: float
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def is_video(self) -> bool:
        return self.mime.startswith("video/")


class WordPressMedia(Platform):
    """The half of WordPress that takes files. Posts and media have their numbers from one row."""

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.largest = 512 * 1024 * 1024  #: bytes of a file; it is the web server that refuses more
        self.may_upload = True  #: the user has the capability `upload_files`
        self.library: dict[int, Media] = {}  #: by id
        self._last = 0

    def unreadable(self, why: str) -> Refusal:
        return wrong(400, "rest_invalid_json", "Invalid JSON body passed.", json_error_code=4)

    def next_id(self) -> int:
        self._last += 1
        return self._last

    def taken_slugs(self) -> set[str]:
        """Those that a new attachment may not have."""
        return {media.slug for media in self.library.values()}

    @route("POST", "/wp-json/wp/v2/media", "media")
    def _upload(self, request: Request) -> Answer:
        if not user_of(self, request):
            raise wrong(401, "rest_cannot_create", "Sorry, you are not allowed to create posts as this user.")
        if not self.may_upload:
            raise wrong(400, "rest_cannot_create", "Sorry, you are not allowed to upload media on this site.")
        if (request.body.length or 0) > self.largest:
            raise Refusal(Answer(413, _TOO_LARGE))
        name, mime, upload, given = self._received(request)
        if upload.size > self.largest:
            raise Refusal(Answer(413, _TOO_LARGE))
        digest = request.headers.get("content-md5", "").strip()
        if digest and digest != _md5(upload.path):
            raise wrong(412, "rest_upload_hash_mismatch", "Content hash did not match expected.")
        stem, dot, extension = re.sub(r"[^\w.-]+", "-", name).rpartition(".")
        if not dot or extension.lower() not in _KINDS:
            message = "Sorry, you are not allowed to upload this file type."
            raise wrong(500, "rest_upload_sideload_error", message)
        with self.lock:
            now = self.clock.now()
            folder = gmt(now)[:7].replace("-", "/")
            files = {media.file.removesuffix(f".{extension}") for media in self.library.values()}
            file, number = f"{folder}/{stem}", 1
            while file in files:
                file, number = f"{folder}/{stem}-{number}", number + 1
            slug = unique_slug(slug_of(given.get("slug") or given.get("title") or stem), self.taken_slugs())
            mime = mime if mime.startswith(_KINDS[extension.lower()]) else f"{_KINDS[extension.lower()]}/{extension}"
            media = Media(self.next_id(), slug, f"{file}.{extension}", mime, upload, now, {"title": stem})
            media.texts |= {name: given[name] for name in _TEXTS if name in given}
            self.library[media.id] = media
            shown = self._shown_media(media)
        return Answer(201, shown, {"Location": f"{self.base}/wp-json/wp/v2/media/{media.id}"})

    def _received(self, request: Request) -> tuple[str, str, Upload, dict[str, str]]:
        """The name, type and bytes of a file, raw or in a form, and the fields beside it."""
        upload = self.new_upload()
        if request.content_type == "multipart/form-data":
            try:
                parts = request.parts()
                given = {part.name: part.text for part in parts if part.filename is None}
            except Malformed:
                parts, given = [], {}
            files = [part for part in parts if part.name == "file" and part.filename]
            if not files:
                raise wrong(400, "rest_upload_no_data", "No data supplied.")
            upload.append([files[0].content])
            return str(files[0].filename), files[0].content_type, upload, {**request.query, **given}
        if not upload.append(request.body.pieces()):
            raise wrong(400, "rest_upload_no_data", "No data supplied.")
        if not request.content_type:
            raise wrong(400, "rest_upload_no_content_type", "No Content-Type supplied.")
        disposition = request.headers.get("content-disposition", "")
        if not disposition:
            raise wrong(400, "rest_upload_no_content_disposition", "No Content-Disposition supplied.")
        found = _FILENAME.search(disposition)
        if found is None:
            message = (
                "Invalid Content-Disposition supplied. Content-Disposition needs to be formatted as "
                '`attachment; filename="image.png"` or similar.'
            )
            raise wrong(400, "rest_upload_invalid_disposition", message)
        return found[1] or found[2], request.content_type, upload, dict(request.query)

    @route("GET", "/wp-json/wp/v2/media", "look_up")
    def _list_media(self, request: Request) -> Answer:
        user_of(self, request)
        slugs, search = slugs_of(request), request.query.get("search", "").lower()
        with self.lock:
            found = [media for media in self.library.values() if not slugs or media.slug in slugs]
            shown = [self._shown_media(media) for media in reversed(found) if search in media.texts["title"].lower()]
        return listed(request, shown)

    @route("GET", "/wp-json/wp/v2/media/{id}", "look_up")
    def _read_media(self, request: Request) -> Answer:
        user_of(self, request)
        with self.lock:
            return Answer(200, chosen(request, self._shown_media(self._media_of(request))))

    @route("POST", "/wp-json/wp/v2/media/{id}", "media")
    @route("PUT", "/wp-json/wp/v2/media/{id}", "media")
    @route("PATCH", "/wp-json/wp/v2/media/{id}", "media")
    def _edit_media(self, request: Request) -> Answer:
        if not user_of(self, request):
            raise wrong(401, "rest_cannot_edit", "Sorry, you are not allowed to edit this post.")
        fields = fields_of(request)
        with self.lock:
            media = self._media_of(request)
            media.texts |= {name: rendered(fields[name]) for name in _TEXTS if name in fields}
            if fields.get("slug"):
                media.slug = unique_slug(slug_of(str(fields["slug"])), self.taken_slugs() - {media.slug})
            return Answer(200, self._shown_media(media))

    @route("DELETE", "/wp-json/wp/v2/media/{id}", "delete")
    def _delete_media(self, request: Request) -> Answer:
        if not user_of(self, request):
            raise wrong(401, "rest_cannot_delete", "Sorry, you are not allowed to delete this post.")
        with self.lock:
            media = self._media_of(request)
            if request.query.get("force", "").lower() not in {"true", "1"}:
                message = "The post does not support trashing. Set 'force=true' to delete."
                raise wrong(501, "rest_trash_not_supported", message)
            del self.library[media.id]
            return Answer(200, {"deleted": True, "previous": self._shown_media(media)})

    @route("GET", "/wp-content/uploads/{year}/{month}/{file}", "read_back")
    @route("HEAD", "/wp-content/uploads/{year}/{month}/{file}", "read_back")
    def _file(self, request: Request) -> Answer:
        with self.lock:
            wanted = request.path.removeprefix("/wp-content/uploads/")
            for media in self.library.values():
                if media.file == wanted:
                    return Answer(200, media.upload.path, {"Content-Type": media.mime})
        return Answer(404, "<!doctype html><title>Page not found</title>")

    def _media_of(self, request: Request) -> Media:
        given = request.match["id"]
        if not given.isdecimal() or int(given) not in self.library:
            raise wrong(404, "rest_post_invalid_id", "Invalid post ID.")
        return self.library[int(given)]

    def source_url(self, media: Media) -> str:
        return f"{self.base}/wp-content/uploads/{media.file}"

    def _shown_media(self, media: Media) -> Mapping[str, Any]:
        texts = {name: media.texts.get(name, "") for name in _TEXTS}
        return {
            "id": media.id,
            "date": gmt(media.at),
            "date_gmt": gmt(media.at),
            "slug": media.slug,
            "status": "inherit",
            "type": "attachment",
            "link": f"{self.base}/{media.slug}/",
            "author": 1,
            "alt_text": texts["alt_text"],
            **{name: {"rendered": texts[name]} for name in ("title", "caption", "description")},
            "media_type": "image" if media.mime.startswith("image/") else "file",
            "mime_type": media.mime,
            "media_details": {"filesize": media.upload.size},
            "source_url": self.source_url(media),
        }


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
