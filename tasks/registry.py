"""Finds sources, engines, detectors and targets: the ones that ship, and those of installed plug-ins.

A plug-in announces a class under the entry-point group of its kind (`reelmill.sources`, `reelmill.engines`,
`reelmill.detectors`, `reelmill.targets`); the entry point's name is what YAML says.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Literal

from reelmill.errors import UseError

Kind = Literal["sources", "engines", "detectors", "targets"]

#: What ships: name → `module:Class`. Written out, so that nothing is imported before it is asked for.
BUILT_IN: dict[str, dict[str, str]] = {
    "sources": {
        "solar_terms": "tasks.sources.solar_terms:SolarTerms",
        "product_feed": "tasks.sources.product_feed:ProductFeed",
        "event": "tasks.sources.event:Event",
        "list": "tasks.sources.listing:Listing",
        "calendar": "tasks.sources.calendar:Calendar",
        "festivals": "tasks.sources.festivals:Festivals",
        "holidays": "tasks.sources.holidays:Holidays",
        "ics": "tasks.sources.ics:Ics",
        "news": "tasks.sources.news:News",
        "spreadsheet": "tasks.sources.spreadsheet:Spreadsheet",
        "sql": "tasks.sources.sql:Sql",
    },
    "engines": {
        "storyboard": "wan_engine.storyboard.engine:StoryboardEngine",
        "wan": "wan_engine.wan.engine:WanEngine",
        "video_api": "wan_engine.video_api.engine:VideoApiEngine",
    },
    "detectors": {
        "opennsfw": "tasks.screening.detectors.opennsfw:OpenNsfw",
        "nudenet": "tasks.screening.detectors.nudenet:NudeNet",
    },
    "targets": {
        "folder": "tasks.publishing.targets.folder:Folder",
        "s3": "tasks.publishing.targets.s3.target:S3",
        "sftp": "tasks.publishing.targets.sftp.target:Sftp",
        "webhook": "tasks.publishing.targets.webhook:Webhook",
        "handoff": "tasks.publishing.targets.handoff.target:Handoff",
        "youtube": "tasks.publishing.targets.youtube.target:YouTube",
        "tiktok": "tasks.publishing.targets.tiktok.target:TikTok",
        "instagram": "tasks.publishing.targets.instagram:Instagram",
        "facebook": "tasks.publishing.targets.facebook.target:Facebook",
        "x": "tasks.publishing.targets.x.target:X",
        "linkedin": "tasks.publishing.targets.linkedin.target:LinkedIn",
        "pinterest": "tasks.publishing.targets.pinterest:Pinterest",
        "telegram": "tasks.publishing.targets.telegram:Telegram",
        "discord": "tasks.publishing.targets.discord:Discord",
        "wordpress": "tasks.publishing.targets.wordpress:WordPress",
        "douyin": "tasks.publishing.targets.douyin:Douyin",
        "bilibili": "tasks.publishing.targets.bilibili.target:Bilibili",
        "kuaishou": "tasks.publishing.targets.kuaishou:Kuaishou",
    },
}


@cache
def names(kind: Kind) -> tuple[str, ...]:
    """Every name of a kind, built-in first, in a stable order."""
    plugged = sorted({point.name for point in entry_points(group=f"reelmill.{kind}")} - set(BUILT_IN[kind]))
    return (*BUILT_IN[kind], *plugged)


@cache
def find(kind: Kind, name: str) -> type[Any]:
    """The class behind a name.

    Raises
    ------
    UseError
        If nothing has that name, with the nearest spelling, or if a plug-in cannot be imported.
    """
    if name in BUILT_IN[kind]:
        module, _, attribute = BUILT_IN[kind][name].partition(":")
        return getattr(import_module(module), attribute)  # type: ignore[no-any-return]
    for point in entry_points(group=f"reelmill.{kind}", name=name):
        try:
            return point.load()  # type: ignore[no-any-return]
        except Exception as error:  # a plug-in is foreign code: whatever it raises, the user needs to know which one
            raise UseError(
                f"the plug-in {point.value!r} for {kind[:-1]} {name!r} cannot be loaded: {error}",
                "update or remove the package that provides it",
            ) from error
    near = suggest(name, names(kind))
    raise UseError(
        f"there is no {kind[:-1]} {name!r}" + (f"; did you mean {near!r}?" if near else ""),
        f"use one of: {', '.join(names(kind))}",
    )


def suggest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is spelled most like this one, if any is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return near[0] if near else None
