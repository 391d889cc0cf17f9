"""Simulated platforms as places where their targets can be tried."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
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

#: Seconds in which lists do not show a new post: less than after which any target, at this suite's pace, believes them.
SLOW = 0.05
#: Moments at which bytes of a video come: what the platform has of them is not always what was thought.
UPLOADING = frozenset({"upload", "chunk", "media"})


@dataclass(frozen=True)
class Saying:
    """How a platform says with HTTP 200 that something is wrong and may be right again."""

    body: Mapping[str, Json]
    silent: frozenset[str] = frozenset()  #: moments whose answers say nothing


NOTHING = Saying({})
SAYING: Mapping[str, Saying] = {
    "tiktok": Saying({"data": {}, "error": {"code": "internal_error"}}, frozenset({"chunk", "publish"})),
    "douyin": Saying({"data": {"error_code": 2100004, "description": "系统繁忙"}, "extra": {"error_code": 2100004}}),
    "bilibili": Saying({"code": -500, "message": "服务器错误"}),
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
        environment={
            "PLATFORM_TOKEN": TOKEN,
            "PLATFORM_SECRET": getattr(platform, "client_secret", TOKEN),
            "DISCORD_WEBHOOK": f"https://discord.com/api/webhooks/1/{TOKEN}",
        },
        real=_real(platform),
        wait=lambda: _wait(platform),
        trouble=lambda dice: _trouble(platform, dice),
    )


def _wait(platform: Platform) -> None:
    """Time passes, and a person renews a login that is over."""
    platform.clock.advance(5)
    if not platform.strict:
        platform.readmit()


def _real(platform: Platform) -> Mapping[str, Json]:
    """Options that know the platform by its address, and its login by a secret."""
    if platform.name == "discord":  # the address is the login, and no other host is believed
        return {"type": "served_discord", **ACCOUNTS["discord"], "served": platform.base}
    known = {**ACCOUNTS[platform.name], "url": platform.base, "token": {"env": "PLATFORM_TOKEN"}}
    if platform.name == "bilibili":
        known |= {"client_id": platform.client_id, "client_secret": {"env": "PLATFORM_SECRET"}}  # type: ignore[attr-defined]
    return known


def _trouble(platform: Platform, dice: random.Random) -> bool:
    platform.troubles.clear()
    hidden = False
    for _ in range(dice.randint(1, 2)):
        moment = dice.choice(platform.moments)
        kind = dice.choice(_kinds(platform))
        if kind == "slow":
            platform.slow_lookup = SLOW  # type: ignore[attr-defined]
            continue
        if kind == "offset":
            moment = dice.choice([one for one in platform.moments if one in UPLOADING])
            if hasattr(platform, "keeps_cut_chunks"):
                platform.keeps_cut_chunks = True
        if kind == "said":
            moment = dice.choice([one for one in platform.moments if one not in SAYING[platform.name].silent])
        how: dict[str, Any] = {
            "drop": {"handled": True, "drop": True},
            "late": {"handled": True, "status": 500},
            "busy": {"status": 503},
            "limited": {"status": 429, "headers": {"Retry-After": "1"}},
            "cut": {"cut": dice.randint(1, 50_000)},
            "expired": {"expires": True},
            "offset": dice.choice([{"cut": dice.randint(1, 50_000)}, {"handled": True, "drop": True}]),
            "said": {"handled": dice.random() < 0.5, "status": 200, "body": SAYING.get(platform.name, NOTHING).body},
        }[kind]
        hidden |= moment == "publish" and kind not in {"limited", "expired"}
        platform.trouble(moment, **how)
    return hidden


def _kinds(platform: Platform) -> list[str]:
    """What may go wrong there."""
    kinds = ["drop", "late", "busy", "limited", "cut", "expired"]
    kinds += ["slow"] if hasattr(platform, "slow_lookup") else []
    kinds += ["offset"] if UPLOADING & set(platform.moments) else []
    return kinds + (["said"] if platform.name in SAYING else [])
