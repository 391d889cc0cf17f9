"""Simulated platforms as places where their targets can be tried."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from reelmill.content import Json
from sandbox.platform import Platform
from sandbox.platforms import all_platforms
from tests.place import Place

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


def simulated(platform: Platform, address: str) -> Place:
    """The place of a simulated platform that is served there, with the others or alone."""
    return Place(
        ACCOUNTS[platform.name],
        lambda: [post.sha256 for post in platform.published],
        sandbox=address,
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
