"""One platform a file, and all of them by the names that definitions call them. `sandbox.platform` is their base."""

from __future__ import annotations

from importlib import import_module

from sandbox.platform import Platform

#: Module and class. A platform is imported when it is asked for.
PLATFORMS: dict[str, str] = {
    "youtube": "sandbox.platforms.youtube:YouTube",
    "tiktok": "sandbox.platforms.tiktok:TikTok",
    "instagram": "sandbox.platforms.instagram:Instagram",
    "facebook": "sandbox.platforms.facebook:Facebook",
    "x": "sandbox.platforms.x:X",
    "linkedin": "sandbox.platforms.linkedin:LinkedIn",
    "pinterest": "sandbox.platforms.pinterest:Pinterest",
    "telegram": "sandbox.platforms.telegram:Telegram",
    "discord": "sandbox.platforms.discord:Discord",
    "wordpress": "sandbox.platforms.wordpress:WordPress",
    "douyin": "sandbox.platforms.douyin:Douyin",
    "bilibili": "sandbox.platforms.bilibili:Bilibili",
    "kuaishou": "sandbox.platforms.kuaishou:Kuaishou",
}


def find(name: str) -> type[Platform]:
    """The class of a platform."""
    module, _, kind = PLATFORMS[name].partition(":")
    found: type[Platform] = getattr(import_module(module), kind)
    return found


def all_platforms() -> list[type[Platform]]:
    """For `sandbox(all_platforms())`."""
    return [find(name) for name in PLATFORMS]
