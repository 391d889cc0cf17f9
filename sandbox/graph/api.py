"""What Meta's platforms share: versioned paths, parameters anywhere, tokens, pages of edges, rupload.

Sources: Graph API, "Overview" and "Paginated Results"; Instagram Platform, "Resumable Uploads".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import httpx

from sandbox.answer import Answer
from sandbox.graph.errors import error_body, refusal, rupload_refusal
from sandbox.graph.fields import unix_time
from sandbox.platform import Platform, PublicPost
from sandbox.refusal import Refusal
from sandbox.request import Request
from sandbox.trouble import Limit
from sandbox.upload import Upload

_VERSION = re.compile(r"/v\d+\.\d+(?=/)")


class Graph(Platform):
    """A platform behind the Graph API. Any version `/vNN.N/` is served; without one there is no endpoint.

    A query, a form, a multipart body and JSON are the same to it, and so are `access_token` and `Authorization`.
    """

    uploads: ClassVar[str]  #: first segment of its upload URLs on rupload.facebook.com

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base, folder)
        self.version = "v26.0"  #: in the upload URLs that are handed out; empty: none
        self.processing = 0.2  #: seconds of `clock` from the last byte (or the finish) to a video that can be seen
        self.slow_lookup = 0.0  #: seconds of `clock` for which lists do not yet show a new post
        self.reject_processing: str | None = None  #: the next upload fails in processing, for this reason
        self.auth_status = 400  #: with error 190; Meta has answered both 400 and 401
        self.rate: Limit | None = None  #: calls of a token before error 4, such as `platform.limit(200, 3600)`
        self.most_bytes = 0  #: of a file; 0: any number

    def answer(self, request: Request) -> tuple[str, Callable[[], Answer]] | None:
        version = _VERSION.match(request.path)
        if version is not None:
            request = replace(request, path=request.path[version.end() :])
        elif not request.path.startswith(f"/{self.uploads}/"):
            return None
        found = super().answer(request)
        if found is None:
            return "unknown", lambda: Answer(400, error_body(2500, f"Unknown path components: {request.path}"))
        return found

    def unreadable(self, why: str) -> Refusal:
        return refusal(100, f"(#100) {why}")

    def fields(self, request: Request) -> dict[str, str]:
        """All parameters as text, without the token, which must be good."""
        fields = {name: _text(value) for name, value in request.fields().items()}
        self.let_in(fields.pop("access_token", "") or request.bearer)
        return fields

    def let_in(self, token: str) -> None:
        if not token:
            raise refusal(104, "(#104) An access token is required to request this resource.", status=self.auth_status)
        if not self.knows(token):
            ended = token in self.expired
            why = "Error validating access token: Session has expired" if ended else "Invalid OAuth access token"
            raise refusal(190, why, subcode=463 if ended else 0, status=self.auth_status)
        if self.rate is not None and self.rate.take(token):
            body = error_body(4, "(#4) Application request limit reached", transient=True)
            usage = json.dumps({"call_count": 100, "total_cputime": 25, "total_time": 25})
            raise Refusal(Answer(403, body, {"X-App-Usage": usage}))

    def receive(self, request: Request, upload: Upload) -> None:
        """The bytes of a resumable upload, from `offset` to the end of the file; afterwards they are all there."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "OAuth" or not self.knows(token.strip()):
            raise rupload_refusal("NotAuthorizedError", "Authorization: OAuth <access token> is needed", status=401)
        if url := request.headers.get("file_url"):
            if not fetch(url, upload):
                raise rupload_refusal("ProcessingFailedError", "Request processing failed")
            return
        offset, total = (request.headers.get(name, "") for name in ("offset", "file_size"))
        if not offset.isdecimal() or not total.isdecimal() or not int(total):
            raise rupload_refusal("InvalidHeaderError", "The headers offset and file_size must be numbers")
        if self.most_bytes and int(total) > self.most_bytes:
            raise rupload_refusal("ProcessingFailedError", "Request processing failed")
        with self.lock:
            if int(offset) != upload.size:
                raise rupload_refusal("OffsetInvalidError", "Request starting offset is invalid")
            if upload.total not in {None, int(total)}:
                raise rupload_refusal("PartialRequestError", "Partial request (did not match length of file)")
            upload.total = int(total)
        if int(offset) + (request.body.length or 0) <= upload.total:
            upload.append(request.body.pieces(), at=int(offset))
        if not upload.whole:
            upload.truncate(upload.size if upload.size < upload.total else int(offset))
            raise rupload_refusal("PartialRequestError", "Partial request (did not match length of file)")

    def page(self, request: Request, fields: Mapping[str, str], rows: Sequence[str], told: Callable[[str], Any]) -> Any:
        """One page of an edge: `limit`, `after` and `before` are ids here, newest first."""
        limit = int(fields["limit"]) if fields.get("limit", "").isdecimal() else 25
        rows = list(rows)
        if fields.get("after") in rows:
            rows = rows[rows.index(fields["after"]) + 1 :]
        elif fields.get("before") in rows:
            rows = rows[: rows.index(fields["before"])][-limit:]
        shown = rows[:limit]
        body: dict[str, Any] = {"data": [told(one) for one in shown]}
        if shown:
            body["paging"] = {"cursors": {"before": shown[0], "after": shown[-1]}}
        if len(rows) > len(shown) > 0:
            query = urlencode({**request.query, "after": shown[-1]})
            body["paging"]["next"] = f"{self.base}/{self.version or 'v26.0'}{request.path}?{query}"
        return body

    def within(self, fields: Mapping[str, str], posts: Iterable[PublicPost]) -> list[PublicPost]:
        """Posts that a list shows between `since` and `until`, newest first."""
        since, until = (unix_time(fields[name]) if name in fields else None for name in ("since", "until"))
        last = self.clock.now() - self.slow_lookup
        return [
            post
            for post in reversed(list(posts))
            if post.id not in self.taken_down
            and post.at <= last
            and (since is None or int(post.at) >= since)
            and (until is None or int(post.at) <= until)
        ]


def fetch(url: str, upload: Upload) -> bool:
    """The platform takes a file from where it lies. False: it could not."""
    try:
        with httpx.stream("GET", url, timeout=10.0, follow_redirects=True) as source:
            source.raise_for_status()
            upload.truncate(0)
            upload.append(source.iter_bytes())
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
    upload.total = upload.size
    return upload.size > 0


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
