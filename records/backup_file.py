"""The file of a backup: gzip over lines of JSON.

The first line says what it is, then comes a line for each row, and the last line counts the rows and has the hash of
all lines before it, so that a file that was cut or changed is refused.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from records.database import HEAD, now
from reelmill import __version__
from reelmill.content import Json
from reelmill.errors import StorageError, TerminalError, UseError

#: What the first line says.
KIND, FORMAT = "reelmill ledger", 1


@dataclass(frozen=True, slots=True)
class Backup:
    """What is in a file."""

    path: Path
    schema: str
    version: str  #: of the Reelmill that wrote it
    written_at: str
    rows: dict[str, int]  #: by table

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def write(raw: IO[bytes], rows: Iterable[tuple[str, Json]]) -> None:
    """Write a file: each row with the name of its table."""
    counts: Counter[str] = Counter()
    digest = hashlib.sha256()
    with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6) as packed:

        def line(value: Json) -> None:
            data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            digest.update(data)
            packed.write(data)

        line({"what": KIND, "format": FORMAT, "schema": HEAD, "version": __version__, "written_at": now().isoformat()})
        for table, row in rows:
            line({"table": table, "row": row})
            counts[table] += 1
        line({"end": dict(counts), "sha256": digest.hexdigest()})


def inspect(path: Path) -> Backup:
    """Read a file to its end and say what is in it.

    Raises
    ------
    TerminalError
        If it is no backup, or not whole.
    StorageError
        If it cannot be read.
    """
    with opened(path) as lines:
        head = next(lines)
        rows = Counter(str(line.get("table")) for line in lines)
    schema, version, written_at = (str(head.get(key, "unknown")) for key in ("schema", "version", "written_at"))
    return Backup(path, schema, version, written_at, dict(rows))


@contextmanager
def opened(path: Path) -> Iterator[Iterator[dict[str, Json]]]:
    """The first line of a file, and then its rows. Reading to the end proves that it is whole."""
    try:
        with gzip.open(path, "rb") as stream:
            yield _lines(stream, path)
    except gzip.BadGzipFile:
        raise TerminalError(f"{path} is no backup of a ledger", "give a file that `reelmill db backup` wrote") from None
    except (EOFError, zlib.error):
        raise damaged(path, "it ends too early, or was changed") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}", "correct its name or make it readable") from None


def _lines(stream: gzip.GzipFile, path: Path) -> Iterator[dict[str, Json]]:
    digest, counts = hashlib.sha256(), Counter[str]()
    first = stream.readline()
    head = _parsed(first, path)
    if head.get("what") != KIND:
        raise TerminalError(f"{path} is no backup of a ledger", "give a file that `reelmill db backup` wrote")
    if head.get("format") != FORMAT:
        raise UseError(f"{path} has format {head.get('format')}, which is not known here", "update Reelmill")
    digest.update(first)
    yield head
    for raw in stream:
        line = _parsed(raw, path)
        if "end" in line:
            if line["end"] != counts or line.get("sha256") != digest.hexdigest() or stream.read(1):
                raise damaged(path, "its rows are not those that were written")
            return
        digest.update(raw)
        counts[str(line.get("table"))] += 1
        yield line
    raise damaged(path, "it ends too early")


def _parsed(raw: bytes, path: Path) -> dict[str, Json]:
    try:
        line = json.loads(raw)
    except ValueError:
        line = None
    if not isinstance(line, dict):
        raise damaged(path, "a line of it is no JSON")
    return line


def damaged(path: Path, how: str) -> TerminalError:
    return TerminalError(f"{path} is damaged: {how}", "use another backup; nothing was changed")
