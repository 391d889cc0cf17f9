"""Where each target can be tried: the server that it meets, its options, and the truth about what the public sees.

A new target adds itself below; the contract suite and the crash suite then hold for it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from reelmill.content import Json
from sandbox.server import Sandbox, sandbox
from tests.place import Place
from tests.platforms import PLATFORMS, TOKEN, simulated
from tests.simulators.bucket import REGION, a_bucket, an_object_store
from tests.simulators.ssh_server import PASSWORD, USER, an_ssh_server
from tests.simulators.webhook_receiver import SECRET, a_receiver

#: What a person pastes.
LINK = "https://www.xiaohongshu.com/explore/1"


class Places:
    """Makes places. What takes long to start is started once.

    Parameters
    ----------
    box:
        Where all simulated platforms are served, one of a kind at a time. None: each place has a server of its own.
    """

    def __init__(self, stack: ExitStack, box: Sandbox | None = None) -> None:
        self._stack, self._store, self._box = stack, "", box

    @contextmanager
    def place(self, kind: str, folder: Path) -> Iterator[Place]:
        """A new place for targets of this kind, whose definition lies in `folder`."""
        make: Any = self._simulated if kind in PLATFORMS else getattr(self, f"_{kind}", None)
        assert make is not None, f"say here where targets of the type {kind!r} can be tried"
        with ExitStack() as here:
            yield make(kind, folder, here)

    def _folder(self, _kind: str, folder: Path, _here: ExitStack) -> Place:
        found = lambda: _files_in(folder / "outbox")  # noqa: E731
        return Place({"path": "outbox"}, lambda: _beside_sidecars(found()), subtitled=lambda: _subtitles(found()))

    def _handoff(self, _kind: str, folder: Path, _here: ExitStack) -> Place:
        packages = folder / "packages"

        def publish() -> None:
            for told in packages.glob("**/README.txt"):
                if not _is_hidden(told.relative_to(packages)):
                    (told.parent / "published.txt").write_text(LINK)

        found = lambda: _files_in(packages)  # noqa: E731
        shown, subtitled = lambda: _beside_sidecars(found()), lambda: _subtitles(found())
        return Place({"path": "packages"}, shown, wait=publish, subtitled=subtitled)

    def _s3(self, _kind: str, _folder: Path, here: ExitStack) -> Place:
        self._store = self._store or self._stack.enter_context(an_object_store())
        bucket = here.enter_context(a_bucket(self._store))
        options = {"bucket": bucket.name, "prefix": "reels", "endpoint_url": bucket.endpoint, "region": REGION}
        known = {name: value for name, value in bucket.environment.items() if name != "AWS_ENDPOINT_URL"}
        known["AWS_SECRET_ACCESS_KEY"] = TOKEN

        def trouble(dice: random.Random) -> bool:
            bucket.mend()
            bucket.fail(dice.choice(["PUT", "HEAD", "GET"]), times=2, **dice.choice([{"lost": True}, {"status": 503}]))
            return True

        shown, subtitled = lambda: _beside_sidecars(bucket.objects()), lambda: _subtitles(bucket.objects(), alone=False)
        return Place(options, shown, environment=known, trouble=trouble, subtitled=subtitled)

    def _sftp(self, _kind: str, folder: Path, here: ExitStack) -> Place:
        server = here.enter_context(an_ssh_server(folder / "served"))
        options: dict[str, Json] = {"host": "127.0.0.1", "port": server.port, "user": USER, "path": "/drop"}
        login: dict[str, Json] = {"host_key": server.fingerprint, "password": {"env": "SFTP_PASSWORD"}}

        def trouble(dice: random.Random) -> bool:
            server.drop_after = dice.randint(1, 60_000)
            return True

        shown, subtitled = lambda: _beside_sidecars(server.files()), lambda: _subtitles(server.files())
        known = {"SFTP_PASSWORD": PASSWORD}
        return Place({**options, **login}, shown, environment=known, trouble=trouble, subtitled=subtitled)

    def _webhook(self, _kind: str, _folder: Path, here: ExitStack) -> Place:
        receiver = here.enter_context(a_receiver())
        options: dict[str, Json] = {"url": receiver.url, "secret": {"env": "WEBHOOK_SECRET"}}

        def shown() -> Sequence[str]:
            taken: Any = list(receiver.taken.values())
            return [message["data"]["video"]["sha256"] for message in taken]

        def trouble(dice: random.Random) -> bool:
            receiver.times = 1
            receiver.status, receiver.late, receiver.drop = dice.choice(
                [(503, 0, False), (0, 500, False), (0, 0, True)]
            )
            return True

        def subtitled() -> Sequence[Mapping[str, bytes]]:
            taken: Any = list(receiver.taken.values())
            told = [message["data"]["subtitles"] for message in taken]
            assert all(
                sha256(one["text"].encode()).hexdigest() == one["sha256"] for kinds in told for one in kinds.values()
            )
            return [{kind: one["text"].encode() for kind, one in kinds.items()} for kinds in told]

        known = {"WEBHOOK_SECRET": SECRET}
        return Place(options, shown, environment=known, trouble=trouble, subtitled=subtitled)

    def _simulated(self, kind: str, folder: Path, here: ExitStack) -> Place:
        box = self._box or here.enter_context(sandbox([]))
        platform = box.platforms[kind] = PLATFORMS[kind](f"{box.url}/{kind}", folder / "of the platform")
        platform.relax()
        if kind == "linkedin":
            platform.organization = True  # type: ignore[attr-defined]
        return simulated(platform, box.url)


@contextmanager
def places(*, one_server: bool = False) -> Iterator[Places]:
    """Places for the time of the block.

    Parameters
    ----------
    one_server:
        Where no process is killed whose last request might come to the next place.
    """
    with ExitStack() as stack:
        yield Places(stack, stack.enter_context(sandbox([])) if one_server else None)


def _files_in(folder: Path) -> dict[str, bytes]:
    """Everything in a folder by its path, but for what is hidden: that is still in the making."""
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {str(name): path.read_bytes() for name, path in found.items() if not _is_hidden(name)}


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _beside_sidecars(files: Mapping[str, bytes]) -> list[str]:
    """The hash of the video of each post: a sidecar is what makes it one."""
    posts = {name: json.loads(content) for name, content in files.items() if name.endswith(".json")}
    return [sha256(files[str(Path(name).with_name(told["video"]["file"]))]).hexdigest() for name, told in posts.items()]


def _subtitles(files: Mapping[str, bytes], *, alone: bool = True) -> list[Mapping[str, bytes]]:
    """The subtitles of each post: what its sidecar names. `alone`: no others lie there."""
    posts = {name: json.loads(content)["subtitles"] for name, content in files.items() if name.endswith(".json")}
    found, named = [], set()
    for name, told in posts.items():
        paths = {kind: str(Path(name).with_name(one["file"])) for kind, one in told.items()}
        assert all(path.endswith(f".{kind}") for kind, path in paths.items())
        assert all(sha256(files[paths[kind]]).hexdigest() == one["sha256"] for kind, one in told.items())
        named |= set(paths.values())
        found.append({kind: files[path] for kind, path in paths.items()})
    assert not alone or named == {name for name in files if name.endswith((".srt", ".vtt", ".ass"))}
    return found
