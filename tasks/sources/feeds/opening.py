"""Opening a feed: from the web, a bucket, the disk or the standard input, decompressed, and of limited size."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal
from urllib.parse import urlsplit

from reelmill.answers import redacted
from reelmill.errors import SourceError, UseError
from reelmill.login import Login
from reelmill.sniffing import sniff
from reelmill.streams import BLOCK_BYTES, Capped, gunzipped
from tasks.sources.base import SourceContext
from tasks.sources.feeds import encoding as encodings
from tasks.sources.feeds.downloading import downloaded

Format = Literal["xml", "csv", "tsv", "json", "jsonl", "yaml"]

#: The largest feed, in bytes after decompression. Rows stream, so this bounds time and disk, not memory.
MAX_FEED_BYTES = 1024**3

#: The location of what is piped into the command.
STDIN = "-"

_HEAD_BYTES = 4096
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".xml": "xml",
}


@dataclass(frozen=True, slots=True)
class Feed:
    """An open feed."""

    name: str  #: for messages: a redacted URL or a path
    body: io.BufferedReader[Any]
    folder: Path | None  #: of a local feed: images that it names lie in here. None: it came from the web.
    suffix: str  #: of its name, without .gz, lower case
    origin: str | None = None  #: of a feed from the web: scheme and host
    notes: list[str] = field(default_factory=list)  #: what is to be told of it, besides its items

    def format(self) -> Format:
        """What the feed is, by its first bytes and then by its name.

        Raises
        ------
        SourceError
            If it is empty, an HTML page, a picture or anything else that is no feed.
        """
        head = self.body.peek(_HEAD_BYTES)[:_HEAD_BYTES]
        kind = sniff(head)
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if not start:
            raise SourceError(f"{self.name} is empty", "check the address, or ask for a new export of the feed")
        if kind == "text/html":
            raise SourceError(
                f"{self.name} is an HTML page, not a feed", "use the address of the feed itself; a login page looks so"
            )
        if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            raise SourceError(f"{self.name} is UTF-32", "save it as UTF-8")
        if kind.startswith("image/") or (b"\0" in head and not encodings.marked(head)):
            raise SourceError(f"{self.name} is {kind or 'a binary file'}, not a feed", "use XML, CSV, TSV or JSON")
        if kind == "text/xml" or start.startswith(b"<") or _utf16(head)[:1] == "<":
            return "xml"
        if self.suffix in (".jsonl", ".ndjson", ".yaml", ".yml"):
            return _SUFFIXES[self.suffix]
        if (_utf16(head) or start.decode("latin-1"))[:1] in ("{", "["):
            return "jsonl" if _is_json_lines(_utf16(head).encode("utf-8", "replace") or head) else "json"
        if self.suffix in (".json", ".xml"):
            raise SourceError(
                f"{self.name} does not look like {self.suffix[1:].upper()}", "check the file, or set `format`"
            )
        line = (_utf16(head) or head.decode("latin-1")).partition("\n")[0]
        if self.suffix == ".tsv" or "\t" in line:
            return "tsv"
        if self.suffix == ".csv" or "," in line or ";" in line:
            return "csv"
        raise SourceError(
            f"{self.name} is neither XML, CSV, TSV nor JSON: it begins with {_shown(line)!r}",
            "check the address, or set `format`",
        )


@contextmanager
def opened(
    location: str,
    context: SourceContext,
    *,
    max_bytes: int = MAX_FEED_BYTES,
    login: Login | None = None,
    login_name: str = "",
) -> Iterator[Feed]:
    """Open a feed at a URL, in a bucket (`s3://bucket/key`), at a path relative to the definition file, or `-`.

    A feed from elsewhere is downloaded before it is read: whoever takes the items may take hours, and no server waits.

    Raises
    ------
    SourceError
        If a file is missing or too large.
    FetchError, TransientError
        If a URL cannot be read.
    UseError
        If a bucket cannot be spoken to, or nothing comes in.
    """
    with ExitStack() as stack:
        folder: Path | None = None
        name = redacted(location) if "://" in location else location
        suffixes = Path(location.partition("?")[0].partition("#")[0]).suffixes
        if "://" in location:
            file = stack.enter_context(downloaded(location, context, max_bytes, login, login_name))
        elif location == STDIN:
            name, file = "the standard input", _stdin()
        else:
            path = context.folder / location
            folder, suffixes = path.parent, path.suffixes
            file = stack.enter_context(_file(name, path, context.folder))
        limited = Capped(
            gunzipped(file),
            max_bytes,
            too_large=lambda: SourceError(f"{name} is larger than {max_bytes:,} bytes", "use a smaller feed"),
            broken=lambda words: SourceError(f"{name} is damaged: {words}", "compress it again"),
        )
        body = stack.enter_context(io.BufferedReader(limited, BLOCK_BYTES))
        suffix = next((s.lower() for s in reversed(suffixes) if s.lower() != ".gz"), "")
        yield Feed(name, body, folder, suffix, _origin(location), context.notes)


def _file(name: str, path: Path, home: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise SourceError(f"{name} cannot be opened: {error.strerror}", f"paths are relative to {home}") from error
    except ValueError as error:
        raise SourceError(f"{name!r} is not a path", "use a file's path or an https:// URL") from error


def _stdin() -> BinaryIO:
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        raise UseError(
            "nothing comes in at the standard input", "pipe a feed into the command: `… | reelmill run NAME`"
        )
    # A descriptor of its own: closing it leaves the process its standard input.
    return open(os.dup(sys.stdin.fileno()), "rb")  # noqa: PTH123  # its caller closes it; it is no path


def _origin(location: str) -> str | None:
    parts = urlsplit(location) if location.startswith(("http://", "https://")) else None
    return f"{parts.scheme}://{parts.netloc}" if parts else None


def _is_json_lines(head: bytes) -> bool:
    """Whether an object is complete with its line, and something follows."""
    line, _, rest = head.removeprefix(codecs.BOM_UTF8).lstrip().partition(b"\n")
    if not line.startswith(b"{") or not rest.strip():
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _utf16(head: bytes) -> str:
    named = encodings.marked(head) or ""
    return head[: len(head) // 2 * 2].decode(named, "replace").lstrip() if named.startswith("utf-16") else ""


def _shown(line: str) -> str:
    return "".join(character for character in line[:40] if character.isprintable())
