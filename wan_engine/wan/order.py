"""What a fetch would bring: asked for before it begins, so that a person knows what is coming and whether it fits."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from reelmill.errors import FetchError, StorageError
from wan_engine.wan.hub import Hub, Listing, RemoteFile
from wan_engine.wan.manifest import size_of
from wan_engine.wan.memory import in_words
from wan_engine.wan.profiles import Profile

#: What makes a folder a model in diffusers' layout.
INDEX = "model_index.json"


@dataclass(frozen=True, slots=True)
class Order:
    """What a fetch would bring, and where to."""

    profile: Profile
    folder: Path
    listing: Listing

    @classmethod
    def place(cls, profile: Profile, folder: Path, hub: Hub, revision: str = "") -> Self:
        """Ask the hub what there is to fetch.

        Parameters
        ----------
        revision:
            A commit, a branch or a tag. "": the profile's own; if that is none, the newest.

        Raises
        ------
        FetchError, ServerUnavailable
            See `Hub.files_of`.
        """
        listing = hub.files_of(profile.repository, revision or profile.revision)
        if INDEX not in {file.path for file in listing.files}:
            raise FetchError(
                f"{profile.repository} at {listing.revision[:12]} is no model in diffusers' layout",
                "name another revision with --revision",
            )
        return cls(profile, folder, listing)

    @property
    def missing(self) -> int:
        """Bytes that have yet to come."""
        return self.listing.size - self.kept

    @property
    def kept(self) -> int:
        """Bytes that lie in the folder, of whole files and of begun ones."""
        return sum(_present(self.folder, file) for file in self.listing.files)

    def check_space(self) -> None:
        """Raise `StorageError` if the disk has no room for what is missing."""
        nearest = next(place for place in (self.folder, *self.folder.parents) if place.exists())
        free = shutil.disk_usage(nearest).free
        if self.missing > free:
            raise StorageError(
                f"{in_words(self.missing)} are to come, and {nearest} has room for {in_words(free)}",
                f"make room for {in_words(self.missing - free)} more, or name another disk with REELMILL_MODELS",
            )


def _present(folder: Path, file: RemoteFile) -> int:
    path = folder / file.path
    return file.size if size_of(path) == file.size else min(size_of(part_of(path, file)) or 0, file.size)


def part_of(path: Path, file: RemoteFile) -> Path:
    """Where a file is until it is whole. Named after its hash: one revision does not go on with another's."""
    return path.with_name(f"{path.name}.{(file.sha256 or file.blob)[:12]}.part")
