"""The contract of a target: how a rendition gets to an account, of which exactly one call makes it public.

    prepare → upload → check → finalize → look_up → read_back

`prepare`, `upload` and `check` may be repeated at will and show nothing to the public. `finalize` is the one
irreversible call: the stage commits `armed` before it, and what came of it before anything else is done. If the
answer does not come, or the process dies, `look_up` says what is true; a target that cannot look up leaves the post
`unknown`, and a person decides.

Every call raises the outcomes of `tasks.publishing.outcome`, and nothing else that is not a bug.
Every target passes `tests/contract/test_target*.py` and `tests/crash/test_publishing.py`.
"""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from reelmill.content import Json, PostText, Rendition
from tasks.options import Options
from tasks.publishing.account import Clockwork, Identity, Limits, Quota
from tasks.publishing.context import TargetContext
from tasks.publishing.handle import Handle


class Safety(StrEnum):
    """How a target can be kept from posting twice."""

    IDEMPOTENCY_KEY = "idempotency_key"  #: the platform refuses a second call with the same key
    NATURAL = "natural"  #: doing it twice is the same as doing it once
    LOOK_UP = "look_up"  #: the platform can be asked whether it happened
    NONE = "none"  #: neither: after a crash a person decides


@dataclass(frozen=True, slots=True)
class Room:
    """How long words may be where the definition says so, and not the target itself. None: as the target knows it."""

    title: int | None = None
    caption: int | None = None
    hashtags: int | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything a target needs to make one post."""

    post_id: UUID
    rendition: Rendition
    text: PostText
    folder: str  #: where it belongs, as a relative path: `solar-terms-daily/2026-11-22`
    name: str  #: a file name without suffix, unique within the folder
    about: Mapping[str, Json]  #: pipeline, date, video, variant, labels, verdict: for sidecars and disclosure
    disclosure: str = ""  #: the words that say that it is made by AI, in the language of the platform's profile
    public_at: dt.datetime | None = None  #: when it shall be public, where the platform keeps time itself
    room: Room = Room()  #: for the words


@dataclass(frozen=True, slots=True)
class Published:
    """What a target says of a post that it has taken.

    `settled` is False while the platform still works on it or reviews it: then it is asked again by `look_up`.
    """

    url: str
    platform_id: str
    detail: Mapping[str, Json] = field(default_factory=dict)
    settled: bool = True


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a target shows of a post. None: it does not say."""

    public: bool | None = None
    labelled: bool | None = None  #: its own AI flag is set
    whole: bool | None = None  #: the bytes are those that were verified
    detail: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Metrics:
    """What people did with a post so far. None: the platform does not say."""

    views: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    watch_seconds: float | None = None  #: all of them together
    detail: Mapping[str, Json] = field(default_factory=dict)


class Target(Options):
    """One entry of `targets:`. The class is its options model: its fields are its YAML keys.

    A subclass says its `safety`, and what else of these is not the default.
    """

    safety: ClassVar[Safety]
    local: ClassVar[bool] = False  #: a folder on this machine: previews are welcome
    profiles: ClassVar[tuple[str, ...]] = ()  #: the renditions that it takes, best first; (): all that are delivered
    limits: ClassVar[Limits] = Limits()
    clockwork: ClassVar[Clockwork | None] = None  #: it publishes at `Delivery.public_at` by itself
    certain_after: ClassVar[dt.timedelta] = dt.timedelta(0)  #: from when on a look-up that finds nothing is believed
    decides_within: ClassVar[dt.timedelta | None] = dt.timedelta(days=3)
    """A post that it has taken and not settled by then is left to a person. None: a person is at it anyway."""
    flags_ai: ClassVar[bool] = False  #: it has an AI flag of its own, and we set it
    discloses: ClassVar[str] = ""  #: what is done where there is no such flag, for people
    tells_metrics: ClassVar[bool] = False
    unpublishes: ClassVar[bool] = False

    type: str
    accept_previews: bool = False
    """Take clips that were made without the model. A local folder always does."""

    @property
    def takes_previews(self) -> bool:
        return self.local or self.accept_previews

    @property
    def best_profiles(self) -> tuple[str, ...]:
        """The renditions that this one takes, best first, where its options say more than its class."""
        return self.profiles

    @property
    def platform(self) -> str:
        """What it publishes to, with `account` the place where the same content is posted once."""
        return self.type

    @abstractmethod
    def account_key(self, context: TargetContext) -> str:
        """The account or place, so that two targets that mean the same one are found out. Never a secret."""

    @property
    def named(self) -> bool:
        """Whether people write the name of the account: then case and a leading @ do not count."""
        return False

    def keeps(self, at: dt.datetime) -> bool:
        """Whether it makes a post public at this time by itself, if it is handed over now."""
        return self.clockwork is not None and self.clockwork.takes(at)

    def probe(self, context: TargetContext) -> None:
        """See that it is there and lets us in, where `identify` does not: a folder, a server. Cheap, and reads only.

        Raises
        ------
        Reauthorise, Refused, Retry, StorageError
        """
        return

    def identify(self, context: TargetContext) -> Identity | None:
        """Ask whose the login is. Reads only. None where nobody can be asked.

        Raises
        ------
        Reauthorise, Retry
        """
        return None

    def quota(self, context: TargetContext) -> Quota | None:
        """Ask what may still be posted today. Reads only. None where the platform does not say."""
        return None

    @abstractmethod
    def prepare(self, delivery: Delivery, context: TargetContext) -> None:
        """Check everything that can be checked without sending a byte of the video.

        Raises
        ------
        Refused, Retry, Defer, Reauthorise
        """

    @abstractmethod
    def upload(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        """Bring the bytes there without making anything public. Continues from `handle`; returns at once if all are.

        Raises
        ------
        Refused, Retry, Resync, Restart, Defer, Reauthorise
        """

    def check(self, delivery: Delivery, context: TargetContext, handle: Handle) -> None:
        """Return when the platform is ready for `finalize`. Reads only.

        Raises
        ------
        Wait
            If it still works on what was uploaded.
        Refused, Restart, Retry, Reauthorise
        """
        return

    @abstractmethod
    def finalize(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published:
        """Make the post public: the one irreversible call.

        Raises
        ------
        Ambiguous
            If the call was sent and no answer says what became of it.
        Refused, Retry, Wait, Defer, Restart, Reauthorise
            If it certainly did not happen.
        """

    @abstractmethod
    def look_up(self, delivery: Delivery, context: TargetContext, handle: Handle) -> Published | None:
        """Whether the post was taken. Reads only. Asked after a crash, an ambiguous answer, or one not yet settled.

        What is recognised by its words alone may be a sibling: `handle.is_of_another` says which ones are.

        Returns
        -------
        Published | None
            None if the platform does not show it. Believed once `certain_after` has passed.

        Raises
        ------
        Refused
            If the platform took it and refused it for good afterwards.
        Restart
            If the platform lost it for certain; it may be sent again.
        Ambiguous
            If the platform was asked and cannot tell: what is not among the newest posts may be out all the same. A
            person decides.
        Wait, Retry, Reauthorise
            If it cannot be said now.
        """

    @abstractmethod
    def read_back(self, delivery: Delivery, context: TargetContext, published: Published) -> ReadBack:
        """What the target shows of a live post: public, labelled, whole. Reads only."""

    def unpublish(self, context: TargetContext, published: Published) -> None:
        """Take a post down, where `unpublishes`. Doing it twice is doing it once.

        Raises
        ------
        Refused, Retry, Reauthorise
        """
        raise NotImplementedError

    def metrics(self, context: TargetContext, published: Published) -> Metrics:
        """What people did with a post so far, where `tells_metrics`. Reads only."""
        raise NotImplementedError
