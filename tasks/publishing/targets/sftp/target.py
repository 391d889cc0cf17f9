"""A folder on an SSH server: files appear whole, the sidecar last."""

from __future__ import annotations

import hashlib
import shutil
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeVar
from urllib.parse import quote

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from reelmill.subtitles import KINDS
from tasks.publishing import sidecar
from tasks.publishing.base import Delivery, Published, ReadBack, Safety, Target
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle
from tasks.publishing.outcome import Refused
from tasks.publishing.own_server import is_simulated, revealed
from tasks.publishing.targets.folder import Folder
from tasks.secret import Secret

if TYPE_CHECKING:
    import asyncssh

    from tasks.publishing.targets.sftp.session import Host, Work
    from tasks.publishing.targets.sftp.transfer import File

T = TypeVar("T")

#: Characters of a hash in the name of a part.
SHORT = 12


class Sftp(Target):
    """A folder on an SSH server, for a program to take posts from.

    Video, cover, subtitles and sidecar are sent as `NAME.….part` and renamed, the sidecar last: whoever takes posts
    waits for `.json`. Doing it twice is doing it once, as long as they lie there. A post that somebody took away before
    we have noted that it arrived is sent again.

    In the sandbox, posts go into a folder `HOST.sandbox` beside the definition, unless the server is on this machine.
    """

    safety = Safety.NATURAL
    discloses = "the sidecar says it"
    unpublishes = True

    type: Literal["sftp"]
    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:%-]{1,253}$")]
    """The name or the address of the server."""

    port: Annotated[int, Field(ge=1, le=65535)] = 22
    """Its port."""

    user: Annotated[str, StringConstraints(pattern=r"^[^\s:/]{1,100}$")]
    """Who logs in."""

    host_key: Annotated[
        str, StringConstraints(pattern=r"^(unknown|SHA256:[A-Za-z0-9+/]{43}=?|[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( .*)?)$")
    ]
    """The server's own key: its fingerprint (`SHA256:…`), or the key as `ssh-keyscan` prints it without the host.
    No server with another key is spoken to. `unknown` refuses them all, and says what key the server has."""

    key: Secret | None = None
    """A private key, as a file of OpenSSH or in PEM."""

    passphrase: Secret | None = None
    """What the private key is encrypted with."""

    password: Secret | None = None
    """A password, instead of a key."""

    path: Annotated[str, StringConstraints(min_length=1, max_length=1000)] = "."
    """The folder on the server. Empty: where the login leads to. Made if it is not there."""

    public_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$")] | None = None
    """What people see of the folder: `https://media.example/tea`. A post's path in the folder is appended to it."""

    verify_by: Literal["hash", "size"] = "hash"
    """How a post is read back: whole, to hash it, or only its size. A login that may not read needs `size`."""

    @model_validator(mode="after")
    def _some_login(self) -> Self:
        if self.key is None and self.password is None:
            reason = "there is no login"
            raise PydanticCustomError("login", "{reason}", {"reason": reason, "allowed": "`key` or `password`"})
        return self

    def account_key(self, context: TargetContext) -> str:
        place = f"{self.user}@{self.host}:{self.port}/{self.path}"
        return ("sandbox:" if context.sandbox else "") + place

    def probe(self, context: TargetContext) -> None:
        if (stand_in := self._stand_in(context)) is not None:
            stand_in.probe(context)
            return
        transfer = _transfer()

        async def work(files: asyncssh.SFTPClient) -> str | None:
            found: str | None = await transfer.obstacle(files, self.path)
            return found

        found = self._run(f"looking at {self.path}", work)
        if found is not None:
            raise Refused(f"{self.host}: {found} is no folder", "correct `path`")

    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        if (stand_in := self._stand_in(context)) is not None:
            stand_in.prepare(delivery, context)
            return
        folder = self._stem(delivery).rpartition("/")[0]

        async def work(files: asyncssh.SFTPClient) -> None:
            await files.makedirs(folder or ".", exist_ok=True)

        self._run(f"making {folder or self.path}", work)

    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        if (stand_in := self._stand_in(context)) is not None:
            stand_in.upload(delivery, context, handle)
            return
        sha256 = delivery.rendition.sha256
        if handle.get("uploaded") == sha256:
            return
        transfer = _transfer()
        video, cover, told = self._files(delivery)

        async def work(files: asyncssh.SFTPClient) -> None:
            await transfer.send(files, video, sha256 if self.verify_by == "hash" else "")
            for file in (cover, *self._subtitles(delivery), told):
                await transfer.send(files, file)

        handle.remember(part=video.part)
        self._run(f"sending {delivery.name}", work, long=True)
        handle.remember(uploaded=sha256)

    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        if (stand_in := self._stand_in(context)) is not None:
            return stand_in.finalize(delivery, context, handle)
        transfer = _transfer()
        video, cover, told = self._files(delivery)
        post, stem, spoken = str(delivery.post_id), self._stem(delivery), self._subtitles(delivery)
        # Players take them for those of the video that they lie beside: an earlier edition's go with it.
        stale = {f"{stem}.{kind}" for kind in KINDS} - {file.path for file in spoken}

        async def work(files: asyncssh.SFTPClient) -> None:
            if await transfer.size_of(files, told.part) is None:
                there = sidecar.read(await transfer.read(files, told.path))
                if there.get("post") == post:
                    return  # an earlier call did it
            await transfer.put_in_place(files, (cover, *spoken, video), told, stale)

        self._run(f"putting {delivery.name} in place", work, irreversible=True)
        return self._published(delivery)

    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        if (stand_in := self._stand_in(context)) is not None:
            return stand_in.look_up(delivery, context, handle)
        transfer = _transfer()
        video, _, told = self._files(delivery)

        async def work(files: asyncssh.SFTPClient) -> bool:
            there = sidecar.read(await transfer.read(files, told.path))
            ours = there.get("post") == str(delivery.post_id)
            return ours and await transfer.size_of(files, video.path) == video.size

        return self._published(delivery) if self._run(f"looking for {delivery.name}", work) else None

    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        """Whether the sidecar is there, and the video as it was sent. Nothing is said of what was taken away."""
        if (stand_in := self._stand_in(context)) is not None:
            return stand_in.read_back(delivery, context, published)
        transfer = _transfer()
        video, _, told = self._files(delivery)

        async def work(files: asyncssh.SFTPClient) -> ReadBack:
            there = sidecar.read(await transfer.read(files, told.path))
            size = await transfer.size_of(files, video.path)
            if not there and size is None:
                return ReadBack(detail={"taken": True})
            public = there.get("post") == str(delivery.post_id)
            if size != video.size or self.verify_by == "size":
                return ReadBack(public=public, whole=size == video.size, detail={"bytes": size})
            found = await transfer.digest(files, video.path)
            whole = None if found is None else found == delivery.rendition.sha256
            return ReadBack(public=public, whole=whole, detail={"bytes": size, "sha256": found})

        return self._run(f"reading {delivery.name} back", work, long=True)

    def unpublish(self, context: TargetContext, published: Published) -> None:
        """Remove the sidecar, then the files. What a later edition has put in their place stays."""
        if self._stand_in(context) is not None:
            shutil.rmtree(published.detail["folder"], ignore_errors=True)
            return
        transfer = _transfer()
        path = published.platform_id

        async def work(files: asyncssh.SFTPClient) -> None:
            there = sidecar.read(await transfer.read(files, path))
            if there.get("post", published.detail["post"]) == published.detail["post"]:
                await transfer.remove(files, path, *published.detail["files"])

        self._run(f"removing {path}", work)

    def _stand_in(self, context: TargetContext) -> Folder | None:
        """Where posts go in a rehearsal: the sandbox has no SSH server."""
        if not is_simulated(context, self.host):
            return None
        steps = [step for step in self.path.split("/") if step not in {"", ".", ".."}]
        return Folder(type="folder", path="/".join([f"{self.host}.sandbox", self.user, *steps]))

    def _run(self, doing: str, work: Work[T], *, irreversible: bool = False, long: bool = False) -> T:
        from tasks.publishing.targets.sftp import session

        limit = None if long else session.CALL_TIMEOUT
        return session.run(self._host(), doing, work, irreversible=irreversible, limit=limit)

    def _host(self) -> Host:
        from tasks.publishing.targets.sftp.session import Host

        key, passphrase, password = (
            revealed(secret) if secret is not None else None for secret in (self.key, self.passphrase, self.password)
        )
        return Host(self.host, self.port, self.user, self.host_key, key, passphrase, password)

    @property
    def _root(self) -> str:
        return "" if self.path == "." else f"{self.path.rstrip('/')}/"

    def _stem(self, delivery: Delivery) -> str:
        """The path of a post without its suffix."""
        steps = [step for step in (delivery.folder, delivery.name) if step]
        if any(step in {"", ".", ".."} for step in "/".join(steps).split("/")):
            raise Refused(f"{'/'.join(steps)} leaves the folder {self.path}", "")
        return self._root + "/".join(steps)

    def _files(self, delivery: Delivery) -> tuple[File, File, File]:
        """Video, cover and sidecar."""
        from tasks.publishing.targets.sftp.transfer import File

        stem, rendition = self._stem(delivery), delivery.rendition
        text = sidecar.written(delivery, video=f"{delivery.name}.mp4", cover=f"{delivery.name}.jpg").encode()
        tag = rendition.sha256[:SHORT]
        cover = rendition.cover.stat().st_size
        return (
            File(f"{stem}.mp4", rendition.path, rendition.size_bytes, tag),
            File(f"{stem}.jpg", rendition.cover, cover, rendition.cover_sha256[:SHORT]),
            File(f"{stem}.json", text, len(text), tag),
        )

    def _subtitles(self, delivery: Delivery) -> list[File]:
        """One of each kind that there is."""
        from tasks.publishing.targets.sftp.transfer import File

        stem, found = self._stem(delivery), sidecar.subtitles(delivery)
        return [
            File(f"{stem}.{kind}", text, len(text), hashlib.sha256(text).hexdigest()[:SHORT])
            for kind, text in found.items()
        ]

    def _published(self, delivery: Delivery) -> Published:
        stem, spoken = self._stem(delivery), sidecar.subtitles(delivery)
        host = f"[{self.host}]" if ":" in self.host else self.host
        base = f"sftp://{host}" + ("" if self.port == 22 else f":{self.port}") + f"/{quote(self._root.lstrip('/'))}"
        return Published(
            url=f"{(self.public_url or base).rstrip('/')}/{quote(stem.removeprefix(self._root))}.mp4",
            platform_id=f"{stem}.json",
            detail={"post": str(delivery.post_id), "files": [f"{stem}.{kind}" for kind in ("mp4", "jpg", *spoken)]},
        )


def _transfer() -> ModuleType:
    """What needs asyncssh, which an extra brings."""
    try:
        from tasks.publishing.targets.sftp import transfer
    except ImportError:
        raise Refused("asyncssh is not installed", "pip install 'reelmill[sftp]'") from None
    return transfer
