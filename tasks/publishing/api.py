"""What targets share that speak with a platform's API: its address, its login, and calls that renew the login once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar, Self

from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from reelmill.account_name import plain_name
from tasks.publishing.account import Identity
from tasks.publishing.base import Target
from tasks.publishing.client import Client, Judge, Reply
from tasks.publishing.context import SANDBOX_TOKEN, TargetContext
from tasks.publishing.login import Login
from tasks.publishing.outcome import MayNotAsk, Reauthorise, Refused, Retry
from tasks.secret import Secret


class ApiTarget(Target):
    """A target behind a platform's API.

    A subclass names its `hosts`, puts a token into headers with `authorised`, and says with `judge` what the
    platform's own error words mean.
    """

    #: The platform's addresses by a name of ours, all of which `url` and the sandbox replace.
    hosts: ClassVar[Mapping[str, str]]
    #: Hosts that upload addresses may lead to which the platform hands out.
    upload_hosts: ClassVar[tuple[str, ...]] = ()

    token: Secret | None = None
    """An access token that is used as it is."""

    login: Secret | None = None
    """A login that is renewed: a JSON document with client_id, client_secret and refresh_token, in a file or block."""

    account: Annotated[str, StringConstraints(max_length=200)] = ""
    """The account as the platform names it. If it is given, nothing is posted with the login of another one."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+[^\s?#/]$")] | None = None
    """Another address of the platform, such as a proxy. It stands for every host of the API: that of uploads and that
    of logins too."""

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        if self.token is not None and self.login is not None:
            reason = "token and login are both there"
            raise PydanticCustomError("login", "{reason}", {"reason": reason, "allowed": "one of token and login"})
        return self

    def account_key(self, context: TargetContext) -> str:
        """The account, however it is written, or the place of its secret if no account is named."""
        secret = self.login or self.token
        name = plain_name(self.account) if self.account else secret.name if secret else ""
        return ("sandbox:" if context.sandbox else "") + name

    @property
    def named(self) -> bool:
        return bool(self.account)

    def base(self, context: TargetContext, host: str = "api") -> str:
        """An address of the platform, without a slash at the end."""
        if context.sandbox:
            return f"{context.sandbox}/{self.platform}"
        return self.url if self.url is not None else self.hosts[host]

    def shown_at(self, context: TargetContext, identity: str, address: str) -> str:
        """Where people see a post: on the platform, or where the sandbox shows what became public there."""
        return context.shown_at(self.platform, identity, address)

    def client(self, context: TargetContext) -> Client:
        """The client that knows where home is, if that is not the platform's own address."""
        return context.client(self.base(context) if context.sandbox or self.url else "")

    def authorised(self, token: str) -> Mapping[str, str]:
        """The headers that show a token."""
        return {"Authorization": f"Bearer {token}"}

    def judge(self, reply: Reply) -> None:
        """Raise the outcome that the platform's own words mean. Return if they mean none: then the status speaks."""

    def is_forbidden(self, reply: Reply) -> bool:
        """Whether an answer to a question says that the login may not ask it."""
        return reply.status == 403

    def renew(self, context: TargetContext, login: Login) -> Login:
        """Ask the platform for a new access token.

        Raises
        ------
        Reauthorise
            If the login is not good any more.
        """
        raise Reauthorise(f"a login of {self.type} cannot be renewed", "use `token`")

    def require_account(self, context: TargetContext, found: Identity | None = None) -> None:
        """See that the login belongs to `account`, if that is given. The sandbox knows no real accounts.

        Parameters
        ----------
        found:
            Whose it is, if that was asked already.

        Raises
        ------
        Reauthorise
            If it is another one's.
        Retry
        """
        if not self.account or context.sandbox:
            return
        found = found or self.identify(context)
        if found is not None and not found.is_called(self.account):
            names = f"{found.name} ({found.id})" if found.name not in {"", found.id} else found.id
            raise Reauthorise(
                f"the login of {self.type} belongs to {names}, and not to {self.account}",
                "log in with the account that `account` names, or correct `account`",
            )

    def call(
        self,
        context: TargetContext,
        doing: str,
        method: str,
        path: str,
        *,
        host: str = "api",
        shown: Callable[[str], Mapping[str, Any]] | None = None,
        question: bool = False,
        **how: Any,
    ) -> Reply:
        """A call with the token of the account, made again with another token if that one is refused.

        Parameters
        ----------
        path:
            Below the address of `host`, or a whole URL that `Client.check_address` has seen.
        shown:
            Where the token stands in the request, if not in the headers of `authorised`: keyword arguments of
            `Client.call`.
        question:
            It asks what became of a post, or whose a login is. That the platform refuses the question says nothing of
            the post, so it is never `Refused`: `MayNotAsk` if the login may not ask, else `Retry`.
        how:
            As `Client.call` takes it.
        """
        if question:
            how["judge"] = _judged_as_question(how.get("judge", self.judge), self.is_forbidden)
            with _of_the_question():
                return self.call(context, doing, method, path, host=host, shown=shown, **how)
        url = path if path.startswith(("http://", "https://")) else self.base(context, host) + path
        client = self.client(context)
        how.setdefault("judge", self.judge)

        def attempt(token: str) -> Reply:
            if shown is not None:
                more = dict(shown(token))
                merged = {**how, **{key: {**(how.get(key) or {}), **value} for key, value in more.items()}}
                return client.call(doing, method, url, **merged)
            headers = {**self.authorised(token), **(how.get("headers") or {})}
            return client.call(doing, method, url, **{**how, "headers": headers})

        if context.sandbox:  # a rehearsal must not show a real token, and never renew a real login
            return attempt(SANDBOX_TOKEN)
        tokens = context.tokens(
            self.token,
            self.login,
            lambda login: self.renew(context, login),
            f"{self.platform}:{self.account_key(context)}",
        )
        token = tokens.token()
        try:
            return attempt(token)
        except Reauthorise:
            another = tokens.another(token)
            if another is None:
                raise
            return attempt(another)

    def ask(self, context: TargetContext, doing: str, path: str, *, method: str = "GET", **how: Any) -> Reply:
        """A question about a post or an account: `call` with `question=True`."""
        return self.call(context, doing, method, path, question=True, **how)


@contextmanager
def _of_the_question() -> Iterator[None]:
    try:
        yield
    except Refused as error:
        raise Retry(error.reason, error.instruction) from error


def _judged_as_question(judge: Judge, is_forbidden: Callable[[Reply], bool]) -> Judge:
    """A login that may not ask is a matter for a person."""

    def judged(reply: Reply) -> None:
        try:
            judge(reply)
        except (Refused, Reauthorise) as error:
            if not is_forbidden(reply):
                raise
            raise MayNotAsk(error.reason, error.instruction) from error
        if is_forbidden(reply):
            said = f"{reply.doing}: {reply.status} {reply.quote}".strip()
            raise MayNotAsk(said, "give the login the permission to read what the account posted")

    return judged
