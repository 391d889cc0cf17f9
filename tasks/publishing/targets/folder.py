"""A folder on this machine: each post is a small folder of its own that appears whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from reelmill.errors import PublishingError
from reelmill.files import flush, sha256_of
from tasks.publishing import sidecar
from tasks.publishing.base import Delivery, Published, ReadBack, Safety, Target
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.own_folder import check_writable, unwritable


class Folder(Target):
    """Rendition, cover, subtitles and a JSON sidecar with the words, the labels and the hashes, for a person or a
    program to take.

    All of them are written to a hidden folder beside their place, flushed, and put in place by one rename. Doing it
    twice is doing it once, so a crash at any point is harmless.
    """

    safety = Safety.NATURAL
    local = True
    discloses = "the sidecar says it"

    type: Literal["folder"]
    path: str
    """Where posts go, relative to the definition file. Made if it is not there."""

    def probe(self, context: TargetContext) -> None:
        check_writable(self._root(context))

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        place = self._place(delivery, context)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(error, place.parent) from error

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        staged = self._staged(delivery, context)
        if not handle:
            handle.remember(staged=staged.name)
        try:
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir(parents=True)
            for source, suffix in ((delivery.rendition.path, ".mp4"), (delivery.rendition.cover, ".jpg")):
                copy = staged / f"{delivery.name}{suffix}"
                shutil.copyfile(source, copy)
                flush(copy)
            told = sidecar.written(delivery, video=f"{delivery.name}.mp4", cover=f"{delivery.name}.jpg").encode()
            for suffix, content in {**sidecar.subtitles(delivery), "json": told}.items():
                beside = staged / f"{delivery.name}.{suffix}"
                beside.write_bytes(content)
                flush(beside)
            flush(staged)
        except OSError as error:
            shutil.rmtree(staged, ignore_errors=True)
            raise unwritable(error, staged) from error

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        place, staged = self._place(delivery, context), self._staged(delivery, context)
        if not staged.exists() and (done := self.look_up(delivery, context, handle)) is not None:
            return done  # an earlier call did it
        replaced = staged.with_suffix(".replaced")
        try:
            if place.exists():  # an earlier edition of the same video
                shutil.rmtree(replaced, ignore_errors=True)
                place.rename(replaced)
            staged.rename(place)
            flush(place.parent)
        except OSError as error:
            raise unwritable(error, place) from error
        shutil.rmtree(replaced, ignore_errors=True)
        return self._published(delivery, place)

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        place = self._place(delivery, context)
        try:
            told = sidecar.read((place / f"{delivery.name}.json").read_bytes())
            whole = sha256_of(place / f"{delivery.name}.mp4") == delivery.rendition.sha256
        except OSError:
            return None
        return self._published(delivery, place) if whole and told.get("post") == str(delivery.post_id) else None

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        """The hash of the video as it lies in the folder, and whether it is the one that was verified."""
        found = sha256_of(self._place(delivery, context) / f"{delivery.name}.mp4")
        return ReadBack(public=True, whole=found == delivery.rendition.sha256, detail={"sha256": found})

    def account_key(self, context: TargetContext) -> str:
        return str(self._root(context))

    def _root(self, context: TargetContext) -> Path:
        return (context.folder / Path(self.path).expanduser()).resolve()

    def _place(self, delivery: Delivery, context: TargetContext) -> Path:
        root = self._root(context)
        place = (root / delivery.folder / delivery.name).resolve()
        if not place.is_relative_to(root) or place == root:
            raise PublishingError(f"{delivery.folder}/{delivery.name} leaves the folder {root}", "")
        return place

    def _staged(self, delivery: Delivery, context: TargetContext) -> Path:
        return self._place(delivery, context).with_name(f".{delivery.post_id}.part")

    def _published(self, delivery: Delivery, place: Path) -> Published:
        video = place / f"{delivery.name}.mp4"
        return Published(url=video.as_uri(), platform_id=str(delivery.post_id), detail={"folder": str(place)})
