"""A package for a person: what no program may post is laid out with everything that publishing it by hand needs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from reelmill.files import flush, sha256_of
from tasks.publishing import sidecar
from tasks.publishing.base import Delivery, Published, ReadBack, Safety, Target
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Refused, Restart, Wait
from tasks.publishing.own_folder import check_writable, unwritable
from tasks.publishing.targets.handoff import package
from tasks.publishing.targets.handoff.guide import ANSWER, GUIDES, Guide, Platform

#: Seconds between two looks whether the person has published it.
PATIENCE = 3600.0


class Handoff(Target):
    """Folders for a person to publish: video, cover, subtitles, title, text, facts, and a checklist in the platform's
    language.

    A post waits until its folder has a `published.txt` with the link in it, or until `reelmill reconcile POST --live
    URL` says where it is. A later edition takes the place of one that waits; one that was published is kept beside it.

    In the sandbox, packages go to a folder of their own beside `path`, and say that they are a rehearsal.
    """

    safety = Safety.NATURAL
    decides_within = None
    discloses = "the checklist has the platform's AI declaration, and the text has a line"

    type: Literal["handoff"]
    path: Annotated[str, StringConstraints(min_length=1)]
    """Where packages go, relative to the definition file. Made if it is not there."""

    for_: Platform = Field("other", alias="for")
    """The platform that the person publishes on: its limits are kept, and its words are used."""

    account: Annotated[str, StringConstraints(max_length=200)] = ""
    """The account that the person publishes with, for the checklist."""

    zip: bool = True
    """Put a zip of the package into it, to be sent to a phone."""

    @property
    def guide(self) -> Guide:
        return GUIDES[self.for_]

    @property
    def best_profiles(self) -> tuple[str, ...]:
        return self.guide.profiles

    def account_key(self, context: TargetContext) -> str:
        return ("sandbox:" if context.sandbox else "") + f"{self.for_}/{self.account or self._root(context)}"

    def probe(self, context: TargetContext) -> None:
        check_writable(self._root(context))

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        guide, rendition = self.guide, delivery.rendition
        if guide.most_bytes is not None and rendition.size_bytes > guide.most_bytes:
            raise Refused(f"{guide.name} takes at most {guide.most_bytes} bytes: {rendition.size_bytes}", "shorten it")
        seconds = rendition.frames / rendition.fps
        if guide.most_seconds is not None and seconds > guide.most_seconds:
            raise Refused(f"{guide.name} takes at most {guide.most_seconds} s: {seconds:.0f}", "shorten it")
        place = self._place(delivery, context)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(error, place.parent) from error

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        staged, guide, name = self._staged(delivery, context), self.guide, delivery.name
        if "staged" not in handle:
            handle.remember(staged=staged.name)
        title = guide.title(delivery)
        told = guide.checklist(delivery, title, account=self.account, rehearsal=bool(context.sandbox))
        texts = {
            "title.txt": title + "\n",
            "caption.txt": guide.caption(delivery) + "\n",
            "README.txt": told,
            package.METADATA: sidecar.written(delivery, video=f"{name}.mp4", cover=f"{name}.jpg"),
            **{f"{name}.{kind}": document.decode() for kind, document in sidecar.subtitles(delivery).items()},
        }
        copies = {f"{name}.mp4": delivery.rendition.path, f"{name}.jpg": delivery.rendition.cover}
        try:
            package.write(staged, copies, texts, f"{name}.zip" if self.zip else "")
        except OSError as error:
            shutil.rmtree(staged, ignore_errors=True)
            raise unwritable(error, staged) from error

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        place, staged = self._place(delivery, context), self._staged(delivery, context)
        there = package.post_of(place)
        if there == str(delivery.post_id) and (not staged.exists() or package.address_in(place)):
            return self._waiting(delivery, place)  # an earlier call did it
        if not staged.exists():
            raise Restart(f"the package {staged.name} is not there any more")
        handle.remember(placed=True)
        try:
            if place.exists():
                self._make_way(place, there)
            staged.rename(place)
            flush(place.parent)
        except OSError as error:
            raise unwritable(error, place) from error
        return self._waiting(delivery, place)

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        place, post = self._place(delivery, context), str(delivery.post_id)
        for folder in (place, _aside(place, post)):
            if package.post_of(folder) == post:
                return self._answered(delivery, folder)
        if not handle.get("placed") or self._staged(delivery, context).exists():
            return None
        if package.post_of(place) is not None:
            raise Refused("a later edition took its place before it was published", "publish the later one")
        raise Wait(
            f"the package {place.name} is not there any more",
            f"if it was published: reelmill reconcile {post} --live URL",
            retry_after=PATIENCE,
        )

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        """What the person says of it, and whether the video is still the one that was verified."""
        place, post = self._place(delivery, context), str(delivery.post_id)
        folder = next((one for one in (place, _aside(place, post)) if package.post_of(one) == post), None)
        if folder is None:
            return ReadBack()
        address = package.address_in(folder)
        try:
            found = sha256_of(folder / f"{delivery.name}.mp4")
        except OSError:
            return ReadBack(public=True if address else None)
        detail = {"sha256": found, **({"url": address} if address else {})}
        return ReadBack(public=True if address else None, whole=found == delivery.rendition.sha256, detail=detail)

    def _answered(self, delivery: Delivery, folder: Path) -> Published:
        address = package.address_in(folder)
        if address is None:
            where = f" on {self.guide.name}" if self.guide.name else ""
            raise Wait(
                f"a person has to publish {folder.name}{where}",
                f"follow its README.txt, and put the link into its {ANSWER}",
                retry_after=PATIENCE,
            )
        return Published(address, str(delivery.post_id), {"folder": str(folder)})

    def _waiting(self, delivery: Delivery, place: Path) -> Published:
        return Published(place.as_uri(), str(delivery.post_id), {"folder": str(place)}, settled=False)

    def _make_way(self, place: Path, there: str | None) -> None:
        """For a later edition: what was published is kept, what was not is no more."""
        if there is not None and package.address_in(place) is not None:
            place.rename(_aside(place, there))
            return
        replaced = place.with_name(f".{place.name}.replaced")
        shutil.rmtree(replaced, ignore_errors=True)
        place.rename(replaced)
        shutil.rmtree(replaced, ignore_errors=True)

    def _root(self, context: TargetContext) -> Path:
        root = (context.folder / Path(self.path).expanduser()).resolve()
        return root.with_name(f"{root.name}.sandbox") if context.sandbox else root

    def _place(self, delivery: Delivery, context: TargetContext) -> Path:
        root = self._root(context)
        place = (root / delivery.folder / delivery.name).resolve()
        if not place.is_relative_to(root) or place == root:
            raise Refused(f"{delivery.folder}/{delivery.name} leaves the folder {root}", "")
        return place

    def _staged(self, delivery: Delivery, context: TargetContext) -> Path:
        return self._place(delivery, context).with_name(f".{delivery.post_id}.part")


def _aside(place: Path, post: str) -> Path:
    """Where a published package is kept after a later edition took its place."""
    return place.with_name(f"{place.name}.{post[:8]}")
