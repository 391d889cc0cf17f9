"""What may be so on a platform until it is lifted, beside the troubles of single requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.platform import Platform
from sandbox.request import Malformed

#: The longest time that a condition may name, in seconds.
MOST_SECONDS = 366 * 86_400

#: Those that are numbers of seconds, and those that are so or not; and what they say. Not every platform has each.
SECONDS = {
    "slow_lookup": "lists do not show a new post for so long",
    "processing": "the platform works on an upload for so long, or reviews it",
    "passed": "so much time passes at once",
}
SWITCHES = {
    "refuse_duplicates": "words that are public already are refused; at YouTube, a video",
    "expired": "the login is over",
}
ALL = SECONDS | SWITCHES


def names_of(platform: Platform) -> list[str]:
    """The conditions that a platform knows."""
    return [name for name in ALL if name in {"passed", "expired"} or hasattr(platform, name)]


def impose(platform: Platform, told: Mapping[str, Any]) -> dict[str, Any]:
    """Let things be so. Returns what holds then.

    Raises
    ------
    Malformed
        If it is none that the platform knows, or no such value. Nothing is changed.
    """
    known = names_of(platform)
    for name, value in told.items():
        if name not in known:
            raise Malformed(f"unknown: {name}; {platform.name} knows {', '.join(known)}")
        if name in SWITCHES and not isinstance(value, bool):
            raise Malformed(f"{name}: true or false")
        if name in SECONDS and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise Malformed(f"{name}: a number of seconds")
        if name in SECONDS and not 0 <= value <= MOST_SECONDS:
            raise Malformed(f"{name}: 0 to {MOST_SECONDS} seconds")
    with platform.lock:
        for name, value in told.items():
            _impose(platform, name, value)
    return held(platform)


def lift(platform: Platform) -> None:
    """All is as usual again. The time that passed has passed."""
    with platform.lock:
        for name, value in platform.usual.items():
            setattr(platform, name, value)
        platform.usual.clear()
        platform.readmit()


def held(platform: Platform) -> dict[str, Any]:
    """What is not as usual."""
    with platform.lock:
        found = {name: getattr(platform, name) for name, usual in platform.usual.items()}
        found = {name: value for name, value in found.items() if value != platform.usual[name]}
        return found | ({"expired": True} if platform.expired else {})


def _impose(platform: Platform, name: str, value: Any) -> None:
    if name == "passed":
        platform.clock.advance(value)
    elif name == "expired":
        platform.expire_tokens() if value else platform.readmit()
    else:
        platform.usual.setdefault(name, getattr(platform, name))
        setattr(platform, name, value)
