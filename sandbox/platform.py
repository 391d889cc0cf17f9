"""What every simulated platform has: moments, troubles, tokens, a clock, refusals, the count of its posts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from sandbox.answer import Answer
from sandbox.refusal import Refusal
from sandbox.request import Malformed, Request
from sandbox.route import Handler, Route
from sandbox.trouble import ALL, Clock, Limit, Trouble, Troubles
from sandbox.upload import Upload


@dataclass(frozen=True)
class PublicPost:
    """Something that the public has seen. It stays in `Platform.published` even when it is taken down."""

    id: str
    url: str
    account: str  #: whose it is, in the platform's words
    text: str  #: what stands beside it: title, caption, description
    sha256: str  #: of the video's bytes as they arrived
    bytes: int
    ai: bool | None  #: the platform's own AI flag; None where there is none
    at: float  #: by the platform's clock
    detail: Mapping[str, Any] = field(default_factory=dict)


class Platform:
    """One simulated platform: a subclass a file in `sandbox/platforms/`, its routes the documented endpoints.

    Handlers run in many threads: they take `self.lock` around what they read and change, and not while a body
    arrives. They raise `Refusal` for what the documentation refuses, in its words; what is no such request at all
    (`Malformed`) is refused by `unreadable`. Troubles are met before or after them, by the server.

    Parameters
    ----------
    base:
        Where it is served, without a slash at the end: `http://127.0.0.1:8100/tiktok`. Upload URLs that it hands out
        begin so.
    folder:
        Where uploads are kept.
    """

    name: ClassVar[str]  #: the target's type in a definition, and its prefix in URLs
    moments: ClassVar[tuple[str, ...]]  #: of its protocol, in the order in which a post meets them
    further_moments: ClassVar[tuple[str, ...]] = ()  #: those beside them that `moment` tells and no route names

    def __init__(self, base: str, folder: Path) -> None:
        self.base, self.folder = base, folder
        self.lock = threading.RLock()
        self.clock = Clock()
        self.troubles = Troubles()
        self._published: list[PublicPost] = []
        self.taken_down: set[str] = set()  #: ids of posts that the public sees no more
        self.calls: list[tuple[str, str]] = []  #: moment and path of each request
        self.strict = False  #: only `tokens` are let in; else any token is
        self.tokens: set[str] = {"sandbox-token"}
        self.expired: set[str] = set()  #: tokens that were good once
        self.usual: dict[str, Any] = {}  #: what `sandbox.conditions` changed, as it was before
        self.routes = Route.all_of(type(self))
        self._files_of_posts: dict[str, Path] = {}

    # For tests and for whoever rehearses.

    def trouble(self, at: str, **how: Any) -> None:
        """Let requests fail: see `Trouble`."""
        self.troubles.add(Trouble(at, **how))

    @property
    def published(self) -> list[PublicPost]:
        """Everything that ever became public: the truth."""
        with self.lock:
            self.settle()
            return list(self._published)

    @property
    def public(self) -> list[PublicPost]:
        """What the public sees now."""
        with self.lock:
            return [post for post in self.published if post.id not in self.taken_down]

    def expire_tokens(self) -> None:
        """Every token that is good now is so no more; `issue` makes a new one."""
        with self.lock:
            self.expired |= self.tokens
            self.tokens.clear()

    def readmit(self) -> None:
        """Tokens that `expire_tokens` ended are good again."""
        with self.lock:
            self.tokens |= self.expired
            self.expired.clear()

    def issue(self) -> str:
        """A new token."""
        with self.lock:
            token = f"token-{uuid4().hex}"
            self.tokens.add(token)
            return token

    def relax(self) -> None:
        """Lift what would keep a suite waiting that is not about it: limits on calls, caps, smallest sizes, pauses."""
        for value in vars(self).values():
            for limit in value.values() if isinstance(value, dict) else (value,):
                if isinstance(limit, Limit):
                    limit.count = ALL

    def all_moments(self) -> list[str]:
        """Everything that a trouble can be at."""
        return list(dict.fromkeys([*self.moments, *self.further_moments, *(one.moment for one in self.routes)]))

    # For platforms.

    def settle(self) -> None:
        """Let happen what the time has come for: the end of processing, a scheduled post.

        Called, with the lock held, before anybody looks at what became public. A platform whose posts become public
        without a request of their own overrides this, and calls it before it answers.
        """

    def knows(self, token: str) -> bool:
        """Whether a token lets in."""
        return bool(token) and token not in self.expired and (not self.strict or token in self.tokens)

    def limit(self, count: int, seconds: float) -> Limit:
        return Limit(count, seconds, self.clock)

    def new_upload(self, total: int | None = None) -> Upload:
        self.folder.mkdir(parents=True, exist_ok=True)
        return Upload(self.folder / f"{uuid4().hex}.mp4", total)

    def publish(
        self,
        identity: str,
        upload: Upload,
        *,
        account: str,
        text: str,
        ai: bool | None,
        url: str = "",
        detail: Mapping[str, Any] | None = None,
        at: float | None = None,
    ) -> PublicPost:
        """It is public from here on. Called once for each post that the public would see.

        Parameters
        ----------
        at:
            Since when, by the platform's clock, if that was before now.
        """
        post = PublicPost(
            identity,
            url or f"{self.base}/watch/{identity}",
            account,
            text,
            upload.sha256,
            upload.size,
            ai,
            self.clock.now() if at is None else at,
            detail or {},
        )
        self._files_of_posts[identity] = upload.path
        self._published.append(post)
        return post

    def media(self, identity: str) -> Path | None:
        """The file of a post."""
        with self.lock:
            self.settle()
            return self._files_of_posts.get(identity)

    def moment(self, moment: str, request: Request) -> str:
        """The moment of a request, where its route alone does not decide it; see also `sandbox.lookahead`."""
        return moment

    def unreadable(self, why: str) -> Refusal:
        """What the platform says to a parameter or a body that is not what it must be."""
        return Refusal(Answer(400, {"error": why}))

    def handle(self, moment: str, request: Request, handler: Handler) -> Answer:
        """What a handler answers, or why it refuses."""
        try:
            return handler(self, request)
        except Refusal as refusal:
            return refusal.answer
        except Malformed as error:
            return self.unreadable(str(error)).answer

    def answer(self, request: Request) -> tuple[str, Callable[[], Answer]] | None:
        """The moment of a request, and what answers it; None if there is no such endpoint."""
        for one in self.routes:
            found = one.pattern.fullmatch(request.path)
            if found is not None and one.method == request.method:
                request.match = found.groupdict()
                moment = self.moment(one.moment, request)
                return moment, partial(self.handle, moment, request, one.handler)
        return None
