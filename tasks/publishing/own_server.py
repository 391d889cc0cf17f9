"""What targets share that speak with a server of the user's own."""

from __future__ import annotations

import ipaddress

from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Reauthorise
from tasks.secret import Secret


def is_simulated(context: TargetContext, host: str) -> bool:
    """Whether something stands in for a server: a rehearsal leaves this machine never.

    A server on loopback is a real one also then: it gets the post as always, and is shown the secrets that the
    definition names for it.
    """
    return bool(context.sandbox) and not _on_this_machine(host)


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
