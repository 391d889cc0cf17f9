"""What targets share that speak with a server of the user's own, which no sandbox simulates."""

from __future__ import annotations

import ipaddress

from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Reauthorise, Refused
from tasks.secret import Secret


def check_rehearsal(context: TargetContext, what: str, host: str) -> None:
    """A rehearsal leaves this machine never: in the sandbox, only a server on loopback is spoken to.

    Such a server is a real one: it gets the post as always, and is shown the secrets that the definition names for it.

    Raises
    ------
    Refused
        If it is another machine's.
    """
    if context.sandbox and not _on_this_machine(host):
        raise Refused(
            f"the sandbox has no {what}, and {host} is not this machine",
            f"rehearse with {what} on 127.0.0.1, or leave this target out of the rehearsal",
        )


def revealed(secret: Secret) -> str:
    """The value of a secret.

    Raises
    ------
    Reauthorise
        If it is not set in this process.
    """
    value = secret.find()
    if value is None:
        raise Reauthorise(f"the secret {secret.name} is not set", secret.remedy)
    return value


def _on_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
