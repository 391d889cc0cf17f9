"""What a call to a platform may come to: the eight outcomes, once, for all targets.

    OK            the call returns
    Retry         not now: the line, a busy server, a rate limit; with the seconds to wait, if they were named
    Resync        the platform has other bytes than we thought: ask it, and go on from there
    Restart       what was handed over is gone (an expired session or container): begin again from nothing
    Wait          it is being processed: ask again later
    Defer         a limit of the day is reached: not before `until`
    Reauthorise   the login is not good any more: only a person can renew it; the target pauses, and no other one
    Refused       never, as it is
    Ambiguous     the irreversible call was sent and its answer did not come: look it up, never repeat it;
                  of a look-up: the platform cannot tell, and a person decides

`Restart` is the strong form of `Resync`. A target raises these and nothing else; `stage` knows what each means.
"""

from __future__ import annotations

import datetime as dt

from reelmill.errors import PublishingError, TransientError, UnknownOutcome


class Retry(TransientError):
    """Not now. May be tried again at once, or after `retry_after` seconds."""


class Resync(TransientError):
    """The platform's bytes and ours do not meet. The upload asks how far it is, and goes on."""


class Restart(TransientError):
    """What the handle names is gone. The upload begins again with an empty handle; nothing of it is public."""


class Wait(TransientError):
    """The platform works on it. Asked again after `retry_after` seconds."""


class Defer(TransientError):
    """A limit of the account is reached.

    Parameters
    ----------
    until:
        When there is room again, in UTC.
    """

    def __init__(self, reason: str, instruction: str = "", *, until: dt.datetime) -> None:
        super().__init__(reason, instruction)
        self.until = until


class Reauthorise(TransientError):
    """The platform does not take the login any more."""


class MayNotAsk(Reauthorise):
    """The login may not ask this question. It may be good for posting all the same."""


class Refused(PublishingError):
    """The platform will never take this post as it is."""


class Ambiguous(UnknownOutcome):
    """The call that makes the post public was sent, and nobody knows what became of it."""
