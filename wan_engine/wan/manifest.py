"""What a model's folder says about itself: where its files are from, and their hashes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from reelmill.errors import FetchError
from reelmill.files import write_whole
from wan_engine.wan.profiles import Profile
from wan_engine.wan.weights import MANIFEST, PARTS

#: What is read at a time, in bytes.
BLOCK = 8 << 20
#: What is loaded as it is. No pickles and no code: reading those runs what somebody else wrote. A name has no dots but
#: these: one more is another precision of the same weights (`model.fp16.safetensors`), which nobody loads here.
_OF_A_PART = re.compile(
    rf"(?:{'|'.join((*PARTS, 'scheduler'))})/"
    r"[A-Za-z0-9][\w-]*\.(?:safetensors|safetensors\.index\.json|json|model|txt|md)"
)
_AT_THE_TOP = re.compile(r"model_index\.json|(?:README|LICEN[CS]E)(?:\.md|\.txt)?")


def wanted(path: str) -> bool:
    """Whether a file of a repository is one that is loaded here, or says what may be done with those.

    >>> [wanted(one) for one in ("vae/config.json", "vae/model.bin", "../x.json", "transformer/code.py")]
    [True, False, False, False]
    """
    return bool(_OF_A_PART.fullmatch(path) or _AT_THE_TOP.fullmatch(path))


@dataclass(frozen=True, slots=True)
class Entry:
    """One file."""

    size: int  #: in bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A model as it was fetched and verified."""

    repository: str
    revision: str  #: the full commit
    files: Mapping[str, Entry]  #: by path in the folder
    licence: str
    fetched_at: str  #: ISO 8601, UTC

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The manifest of a folder; None if there is none that can be read."""
        try:
            found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            files = {path: Entry(int(one["size"]), str(one["sha256"])) for path, one in found["files"].items()}
            texts = (str(found[key]) for key in ("repository", "revision", "licence", "fetched_at"))
            repository, revision, licence, fetched_at = texts
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        # Its files are removed when they are damaged: a manifest that names others is nobody's.
        return cls(repository, revision, files, licence, fetched_at) if all(map(wanted, files)) else None

    def write(self, folder: Path) -> None:
        """Write it into the folder, whole or not at all."""
        write_whole(folder / MANIFEST, json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files.values())

    def absent(self, folder: Path) -> list[str]:
        """The files that are not there, or not as long as they should be. Reads none of them."""
        return [path for path, entry in self.files.items() if size_of(folder / path) != entry.size]

    def damaged(self, folder: Path, told: Callable[[int], None]) -> list[str]:
        """The files that are not what they were. Reads all of them, and tells how many bytes it has read."""
        absent = set(self.absent(folder))
        return [
            path
            for path, entry in self.files.items()
            if path in absent or Digest.of(folder / path, told).sha256 != entry.sha256
        ]


@dataclass(frozen=True, slots=True)
class Digest:
    """Hashes of a file's bytes, in hex."""

    sha256: str
    blob: str  #: git's: a sha1 over `blob`, the length and the bytes

    @classmethod
    def of(cls, path: Path, told: Callable[[int], None]) -> Self:
        """Read a file; tells after each block how many bytes it had."""
        plain, blob = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
        with path.open("rb") as stream:
            while block := stream.read(BLOCK):
                plain.update(block)
                blob.update(block)
                told(len(block))
        return cls(plain.hexdigest(), blob.hexdigest())


def size_of(path: Path) -> int | None:
    """Bytes of a file; None if there is none."""
    return path.stat().st_size if path.is_file() else None


def present(profile: Profile, folder: Path, revision: str = "") -> Manifest | None:
    """The manifest of a folder, if all the files of it are there and it is of this revision.

    Parameters
    ----------
    revision:
        The full commit. "": the profile's own, or any if that has none.
    """
    manifest = Manifest.read(folder)
    wanted = revision or profile.revision or (manifest.revision if manifest else "")
    if manifest is None or manifest.revision != wanted or manifest.absent(folder):
        return None
    return manifest


def verify(profile: Profile, folder: Path, manifest: Manifest, told: Callable[[int], None] = lambda _: None) -> None:
    """Read every file of a model again, and compare it with what was fetched.

    Raises
    ------
    FetchError
        If some are not what they were. They are removed, and the manifest with them.
    """
    damaged = manifest.damaged(folder, told)
    if not damaged:
        return
    for path in (*damaged, MANIFEST):
        (folder / path).unlink(missing_ok=True)
    raise FetchError(
        f"{', '.join(damaged)} in {folder} {'is' if len(damaged) == 1 else 'are'} not what was fetched, "
        f"and {'was' if len(damaged) == 1 else 'were'} removed",
        f"fetch again with `reelmill engine fetch {profile.name}`; the rest is kept",
    )
