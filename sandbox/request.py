"""A request as a simulated platform sees it, and its body, which is read in pieces and may be cut short."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import IO, Any
from urllib.parse import parse_qsl

#: Bytes that are read in one go.
PIECE = 64 * 1024


class Cut(Exception):
    """The connection ends here, without an answer."""


class Malformed(Exception):
    """The body is not what its content type says."""


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a multipart body."""

    name: str
    filename: str | None
    content_type: str
    content: bytes

    @property
    def text(self) -> str:
        return _text(self.content)


@dataclass
class Body:
    """The bytes of a request, as they arrive.

    Parameters
    ----------
    length:
        What the client announced; None for a chunked transfer.
    cut_after:
        The connection breaks after so many bytes: what was read until then did arrive.
    """

    stream: IO[bytes]
    length: int | None
    cut_after: int | None = None
    taken: int = field(default=0, init=False)  #: bytes that arrived
    ended: bool = field(default=False, init=False)  #: the last chunk came
    _chunk: int = field(default=0, init=False)

    def pieces(self) -> Iterator[bytes]:
        """Everything that is left.

        Raises
        ------
        Cut
            If the client goes away, or `cut_after` bytes came.
        """
        while piece := self._next():
            if self.cut_after is not None and self.taken + len(piece) >= self.cut_after:
                piece = piece[: self.cut_after - self.taken]
                self.taken += len(piece)
                if piece:
                    yield piece
                raise Cut
            self.taken += len(piece)
            yield piece

    def _next(self) -> bytes:
        if self.ended:
            return b""
        if self.length is None:
            return self._next_of_chunk()
        left = self.length - self.taken
        if left <= 0:
            return b""
        piece = self.stream.read1(min(left, PIECE)) if hasattr(self.stream, "read1") else self.stream.read(left)
        if not piece:
            raise Cut
        return piece

    def _next_of_chunk(self) -> bytes:
        """Transfer coding `chunked` (RFC 9112, section 7.1)."""
        if not self._chunk:
            size = self.stream.readline().split(b";")[0].strip()
            if not size:
                raise Cut
            try:
                self._chunk = int(size, 16)
            except ValueError as error:
                raise Malformed(f"no size of a chunk: {size!r}") from error
            if not self._chunk:
                while self.stream.readline().strip():
                    pass
                self.ended = True
                return b""
        piece = self.stream.read(min(self._chunk, PIECE))
        if not piece:
            raise Cut
        self._chunk -= len(piece)
        if not self._chunk:
            self.stream.readline()
        return piece

    def read(self) -> bytes:
        """All of it at once."""
        return b"".join(self.pieces())


@dataclass
class Request:
    """One request to a platform.

    Parameters
    ----------
    path:
        Below the platform's own prefix: `/v2/post/publish/video/init/`.
    query:
        Of a name that is there twice, the last value.
    headers:
        By names in small letters.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Body
    match: Mapping[str, str] = field(default_factory=dict)  #: what the route's `{names}` stand for

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def bearer(self) -> str:
        """The token of `Authorization: Bearer …`, or of Meta's `Authorization: OAuth …`."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() in {"bearer", "oauth"} else ""

    def json(self) -> Any:
        """The body as JSON; an empty body is an empty object."""
        try:
            return json.loads(self.body.read() or b"{}")
        except ValueError as error:
            raise Malformed(f"no JSON: {error}") from error

    def json_object(self) -> dict[str, Any]:
        """The body, which must be a JSON object."""
        body = self.json()
        if not isinstance(body, dict):
            raise Malformed("no JSON object")
        return body

    def form(self) -> dict[str, str]:
        """The fields of an urlencoded or multipart body, without its files."""
        if self.content_type == "multipart/form-data":
            return {part.name: part.text for part in self.parts() if part.filename is None}
        return dict(parse_qsl(_text(self.body.read()), keep_blank_values=True))

    def fields(self) -> dict[str, Any]:
        """Query and body together, as APIs take them that do not care where a parameter stands."""
        if self.content_type == "application/json":
            return {**self.query, **self.json_object()}
        return {**self.query, **self.form()}

    def integer(self, name: str, default: int | None = None) -> int:
        """A parameter of the query that must be a whole number, zero or more; without a default it must be there."""
        if name not in self.query and default is not None:
            return default
        if not self.query.get(name, "").isdecimal():
            raise Malformed(f"{name} must be a whole number, not {self.query.get(name)!r}")
        return int(self.query[name])

    def file_part(self, name: str) -> Part:
        """A file of a multipart body, which must not be empty."""
        for part in self.parts():
            if part.name == name and part.content:
                return part
        raise Malformed(f"no multipart field {name}")

    def parts(self) -> list[Part]:
        """A multipart body (RFC 7578), whole in memory."""
        content_type = self.headers.get("content-type", "")
        if not content_type.lower().startswith("multipart/") or "boundary=" not in content_type:
            raise Malformed("no multipart body")
        head = b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n"
        message = BytesParser(policy=HTTP).parsebytes(head + self.body.read())
        return [
            Part(
                str(one.get_param("name", header="content-disposition") or ""),
                one.get_filename(),
                one.get_content_type(),
                one.get_payload(decode=True) or b"",  # type: ignore[arg-type]  # bytes, when it is decoded
            )
            for one in message.iter_parts()
        ]


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"no UTF-8: {error}") from error


_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass(frozen=True, slots=True)
class ContentRange:
    """`Content-Range: bytes FIRST-LAST/TOTAL`, or `bytes */TOTAL`, which asks (RFC 9110, section 14.4)."""

    first: int | None
    last: int | None
    total: int | None

    @classmethod
    def of(cls, header: str) -> ContentRange | None:
        """None if it is none."""
        found = _RANGE.fullmatch(header.strip())
        if found is None:
            return None
        first, last, total = found.groups()
        return cls(int(first) if first else None, int(last) if last else None, None if total == "*" else int(total))

    @property
    def size(self) -> int:
        return 0 if self.first is None or self.last is None else self.last - self.first + 1
