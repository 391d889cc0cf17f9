"""Where each target can be tried: the server that it meets, its options, and the truth about what the public sees.

A new target adds itself below; the contract suite and the crash suite then hold for it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from reelmill.content import Json
from sandbox.platform import Platform
from sandbox.platforms import all_platforms
from sandbox.server import sandbox
from tests.simulators.bucket import REGION, a_bucket, an_object_store
from tests.simulators.ssh_server import PASSWORD, USER, an_ssh_server
from tests.simulators.webhook_receiver import SECRET, a_receiver

PLATFORMS = {kind.name: kind for kind in all_platforms()}

#: The keys of targets that speak with a simulated platform, beside `type`.
ACCOUNTS: Mapping[str, Mapping[str, Json]] = {
    "youtube": {},
    "tiktok": {},
    "instagram": {"ig_user": "17841400000000001"},
    "facebook": {"page": "104000000000001"},
    "x": {},
    "linkedin": {"author": "urn:li:organization:42"},
    "pinterest": {"board": "549755885175"},
    "telegram": {"chat": "@tea_channel"},
    "discord": {"webhook": {"env": "DISCORD_WEBHOOK"}},
    "wordpress": {"url": "https://tea.example", "user": "editor"},
    "douyin": {"open_id": "me"},
    "bilibili": {},
    "kuaishou": {"app_id": "sandbox-app"},
}

#: A token that a test can find again.
TOKEN = "canary-7f3a9c51e2"
#: What a person pastes.
LINK = "https://www.xiaohongshu.com/explore/1"


@dataclass
class Place:
    """A target's options with what it meets there."""

    options: Mapping[str, Json]
    shown: Callable[[], Sequence[str]]  #: the sha256 of every video that became public so far
    sandbox: str = ""  #: the address of simulated platforms
    platform: Platform | None = None
    environment: Mapping[str, str] = field(default_factory=dict)  #: where the options find their secrets
    real: Mapping[str, Json] = field(default_factory=dict)  #: options that reach a simulated platform as the real one
    wait: Callable[[], None] = lambda: None  #: what others have to do for a post meanwhile: time, or a person
    #: Lets something go wrong. Says whether the answer to the call that makes a post public may be lost.
    trouble: Callable[[random.Random], bool] = lambda _dice: False


class Places:
    """Makes places. What takes long to start is started once."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack, self._store = stack, ""

    @contextmanager
    def place(self, kind: str, folder: Path) -> Iterator[Place]:
        """A new place for targets of this kind, whose definition lies in `folder`."""
        make: Any = _simulated if kind in PLATFORMS else getattr(self, f"_{kind}", None)
        assert make is not None, f"say here where targets of the type {kind!r} can be tried"
        with ExitStack() as here:
            yield make(kind, folder, here)

    def _folder(self, _kind: str, folder: Path, _here: ExitStack) -> Place:
        return Place({"path": "outbox"}, lambda: _beside_sidecars(_files_in(folder / "outbox")))

    def _handoff(self, _kind: str, folder: Path, _here: ExitStack) -> Place:
        packages = folder / "packages"

        def publish() -> None:
            for told in packages.glob("**/README.txt"):
                if not _is_hidden(told.relative_to(packages)):
                    (told.parent / "published.txt").write_text(LINK)

        return Place({"path": "packages"}, lambda: _beside_sidecars(_files_in(packages)), wait=publish)

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

        return Place(options, lambda: _beside_sidecars(bucket.objects()), environment=known, trouble=trouble)

    def _sftp(self, _kind: str, folder: Path, here: ExitStack) -> Place:
        server = here.enter_context(an_ssh_server(folder / "served"))
        options: dict[str, Json] = {"host": "127.0.0.1", "port": server.port, "user": USER, "path": "/drop"}
        login: dict[str, Json] = {"host_key": server.fingerprint, "password": {"env": "SFTP_PASSWORD"}}

        def trouble(dice: random.Random) -> bool:
            server.drop_after = dice.randint(1, 60_000)
            return True

        shown = lambda: _beside_sidecars(server.files())  # noqa: E731
        return Place({**options, **login}, shown, environment={"SFTP_PASSWORD": PASSWORD}, trouble=trouble)

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

        return Place(options, shown, environment={"WEBHOOK_SECRET": SECRET}, trouble=trouble)


@contextmanager
def places() -> Iterator[Places]:
    """Places for the time of the block."""
    with ExitStack() as stack:
        yield Places(stack)


def _simulated(kind: str, _folder: Path, here: ExitStack) -> Place:
    box = here.enter_context(sandbox([PLATFORMS[kind]]))
    platform = box[kind]
    platform.relax()
    if kind == "linkedin":
        platform.organization = True  # type: ignore[attr-defined]
    return Place(
        ACCOUNTS[kind],
        lambda: [post.sha256 for post in platform.published],
        sandbox=box.url,
        platform=platform,
        environment={"PLATFORM_TOKEN": TOKEN, "PLATFORM_SECRET": getattr(platform, "client_secret", TOKEN)},
        real=_real(platform),
        wait=lambda: platform.clock.advance(5),
        trouble=lambda dice: _trouble(platform, dice),
    )


def _real(platform: Platform) -> Mapping[str, Json]:
    """Options that know the platform by its address, and its login by a secret."""
    if platform.name == "discord":  # the address is the login, and no other host is believed
        return {}
    known = {**ACCOUNTS[platform.name], "url": platform.base, "token": {"env": "PLATFORM_TOKEN"}}
    if platform.name == "bilibili":
        known |= {"client_id": platform.client_id, "client_secret": {"env": "PLATFORM_SECRET"}}  # type: ignore[attr-defined]
    return known


def _trouble(platform: Platform, dice: random.Random) -> bool:
    platform.troubles.clear()
    hidden = False
    for _ in range(dice.randint(1, 2)):
        moment = dice.choice(platform.moments)
        kind = dice.choice(["drop", "late", "busy", "limited", "cut"])
        how: dict[str, Any] = {
            "drop": {"handled": True, "drop": True},
            "late": {"handled": True, "status": 500},
            "busy": {"status": 503},
            "limited": {"status": 429, "headers": {"Retry-After": "1"}},
            "cut": {"cut": dice.randint(1, 50_000)},
        }[kind]
        hidden |= moment == "publish" and kind != "limited"
        platform.trouble(moment, **how)
    return hidden


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
