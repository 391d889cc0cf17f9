"""Opening a feed: from the web or from the disk, decompressed, of limited size, and of a format that is known."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from reelmill.answers import redacted
from reelmill.errors import SourceError
from reelmill.fetching import sniff
from reelmill.streams import BLOCK_BYTES, Capped, gunzipped
from tasks.sources.base import SourceContext

Format = Literal["xml", "csv", "tsv", "json", "jsonl", "yaml"]

#: The largest feed, in bytes after decompression. Rows stream, so this bounds time and disk, not memory.
MAX_FEED_BYTES = 1024**3

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
        if kind.startswith("image/") or (b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))):
            raise SourceError(f"{self.name} is {kind or 'a binary file'}, not a feed", "use XML, CSV, TSV or JSON")
        if kind == "text/xml" or start.startswith(b"<") or "<" in _utf16(head)[:1]:
            return "xml"
        if self.suffix in (".jsonl", ".ndjson", ".yaml", ".yml"):
            return _SUFFIXES[self.suffix]
        if start[:1] in (b"{", b"["):
            return "json"
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
def opened(location: str, context: SourceContext, *, max_bytes: int = MAX_FEED_BYTES) -> Iterator[Feed]:
    """Open a feed at a URL or a path relative to the definition file.

    A feed from the web is downloaded before it is read: whoever takes the items may take hours, and no server waits.

    Raises
    ------
    SourceError
        If a file is missing or too large.
    FetchError, TransientError
        If a URL cannot be read.
    """
    with ExitStack() as stack:
        if "://" in location:
            download = Path(stack.enter_context(TemporaryDirectory(prefix="reelmill-feed-"))) / "feed"
            context.fetcher.save(location, download, max_bytes=max_bytes)
            name, path, folder = redacted(location), download, None
            suffixes = Path(location.partition("?")[0].partition("#")[0]).suffixes
        else:
            path = context.folder / location
            name, folder, suffixes = location, path.parent, path.suffixes
        try:
            file = stack.enter_context(path.open("rb"))
        except OSError as error:
            raise SourceError(
                f"{name} cannot be opened: {error.strerror}", f"paths are relative to {context.folder}"
            ) from error
        except ValueError as error:
            raise SourceError(f"{name!r} is not a path", "use a file's path or an https:// URL") from error
        limited = Capped(
            gunzipped(file),
            max_bytes,
            too_large=lambda: SourceError(f"{name} is larger than {max_bytes:,} bytes", "use a smaller feed"),
            broken=lambda words: SourceError(f"{name} is damaged: {words}", "compress it again"),
        )
        body = stack.enter_context(io.BufferedReader(limited, BLOCK_BYTES))
        yield Feed(name, body, folder, next((s.lower() for s in reversed(suffixes) if s.lower() != ".gz"), ""))


def _utf16(head: bytes) -> str:
    if not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ""
    return head[: len(head) // 2 * 2].decode("utf-16", "replace").lstrip()


def _shown(line: str) -> str:
    return "".join(character for character in line[:40] if character.isprintable())
