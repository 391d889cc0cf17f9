"""What the pages of the review desk show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse

from flows.deciding import deadline_of
from flows.video_plan import prompts_of
from records.media import VIDEO
from records.reviews import Waiting
from records.tables import ReviewDecision, Token
from records.tokens import Scope, allows
from reelmill.content import Json, Thumbnail
from tasks.finishing import profiles
from web import pages, session
from web.door import Door
from web.evidence import address, concerns_minors, moments, photo_that_waits, pictures, quotes
from web.phrases import LANGUAGES, NAMES, PHRASES, Language, ago, category, language_of
from web.reasons import reasons

#: Videos on a page of the queue, and decisions below it.
ROWS, LAST = 20, 20
#: What each action is called once it is done.
DONE: Mapping[str, str] = {"approve": "approved", "reject": "rejected", "regenerate": "regenerated"}


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody looks at the desk."""

    door: Door
    caller: Token
    kept: str  #: the session in their browser; "" for a program
    language: Language
    asked: bool  #: they have asked for that language, and links keep it
    pipeline: str = ""  #: the only one that they look at
    told: Sequence[str] = field(default_factory=tuple)  #: what they are told first of all
    wrong: Sequence[str] = field(default_factory=tuple)  #: what did not work

    def say(self, key: str, **values: object) -> str:
        return PHRASES[self.language][key].format(**values)

    def link(self, path: str, **query: object) -> str:
        """A page of the desk, in the same language and for the same pipeline."""
        kept = {"pipeline": self.pipeline, "lang": self.language if self.asked else "", **query}
        text = urlencode({name: value for name, value in kept.items() if value})
        return f"{self.door.signer.prefix}{path}{'?' if text else ''}{text}"


def language(request: Request, wanted: str | None) -> Language:
    return language_of(wanted, request.headers.get("accept-language", ""))


def queue(visit: Visit, status: HTTPStatus = HTTPStatus.OK, *, offset: int = 0) -> HTMLResponse:
    """The queue, and what was decided last."""
    reviews = visit.door.ledger.reviews
    counts = reviews.by_pipeline()
    count = counts.get(visit.pipeline, 0) if visit.pipeline else sum(counts.values())
    rows = reviews.waiting(pipeline=visit.pipeline, limit=ROWS, offset=offset)
    deadlines: dict[UUID, dt.timedelta | None] = {}
    firsts = visit.door.ledger.verdicts.first_thumbnails([one.frames.id for one in rows if one.frames is not None])
    return _render(
        visit,
        "review.html",
        status,
        here="/review",
        rows=[{**_row(visit, one, deadlines), **_glimpse(one, firsts)} for one in rows],
        count=count,
        counts=counts,
        earlier=visit.link("/review", offset=max(offset - ROWS, 0)) if offset else "",
        later=visit.link("/review", offset=offset + ROWS) if offset + ROWS < count else "",
        last=_decisions(visit, reviews.decisions(limit=LAST)),
    )


def item(
    visit: Visit, waits: Waiting, status: HTTPStatus = HTTPStatus.OK, *, typed: Mapping[str, str] | None = None
) -> HTMLResponse:
    """One video that waits.

    Parameters
    ----------
    typed:
        What somebody has just written into the form and could not be taken.
    """
    door, video = visit.door, waits.video
    order = door.ledger.reviews.queue(pipeline=visit.pipeline)
    if video.id not in order:
        order = door.ledger.reviews.queue()
    place = order.index(video.id) if video.id in order else 0
    account = door.ledger.accounts.of_video(video.id)
    words, post = video.plan.get("words") or {}, video.plan.get("post") or {}
    has_master = video.master_sha256 is not None and waits.texts is None
    return _render(
        visit,
        "review_item.html",
        status,
        here=f"/review/{video.id}",
        **_row(visit, waits, {}),
        place=place + 1,
        count=len(order),
        previous=visit.link(f"/review/{order[place - 1]}") if place else "",
        following=visit.link(f"/review/{order[place + 1]}") if place + 1 < len(order) else "",
        has_master=has_master,
        is_there=has_master and (door.ledger.store.remote or door.ledger.store.has(video.master_sha256 or "", VIDEO)),
        size=(video.plan.get("width", 9), video.plan.get("height", 16)),
        moments=moments(waits),
        pictures=pictures(door.ledger.verdicts.thumbnails(waits.frames.id)) if waits.frames is not None else {},
        proofs=_proofs(visit, waits) if has_master else [],
        photo=f"{door.signer.prefix}/review/{video.id}/photo" if _photo(door, waits) else "",
        quotes=quotes(waits),
        texts={
            "title": words.get("title") or post.get("title", ""),
            "lines": "\n".join(words.get("lines", ())),
            "caption": post.get("caption", ""),
            "hashtags": " ".join(f"#{tag}" for tag in post.get("hashtags", ())),
            "note": "",
            **(typed or {}),
        },
        prompt="\n".join(prompts_of(video.plan)),
        renditions=[_rendition(door, video.title, one) for one in account.shown] if account is not None else [],
        history=_decisions(visit, door.ledger.reviews.decisions(video_id=video.id)),
        watch=pages.here(door, door.signer.watch_url(video.id)),
        run=pages.here(door, door.signer.run_url(waits.run.id)),
    )


def _proofs(visit: Visit, waits: Waiting) -> list[dict[str, str]]:
    """What each rendition is going to look like: drawn when the page asks for the picture."""
    door, video = visit.door, waits.video
    catalogue = profiles.shipped()
    return [
        {
            "platform": catalogue.title(name),
            "picture": f"{door.signer.prefix}/review/{video.id}/proof/{quote(name)}",
        }
        for name in video.plan.get("profiles", ())
    ]


def _photo(door: Door, waits: Waiting) -> bool:
    """Whether its end card shows a photo, which is decided about with it."""
    return waits.frames is not None and waits.texts is None and photo_that_waits(door, waits) is not None


def _render(visit: Visit, template: str, status: HTTPStatus, *, here: str, **seen: Any) -> HTMLResponse:
    door = visit.door
    return pages.render(
        door,
        template,
        status,
        scripted=True,
        language=visit.language,
        t=visit.say,
        category=lambda name: category(name, visit.language),
        link=visit.link,
        pipeline=visit.pipeline,
        asked=visit.language if visit.asked else "",
        others=[(NAMES[other], visit.link(here, lang=other), other) for other in LANGUAGES if other != visit.language],
        caller=visit.caller.name,
        decides=allows(visit.caller, Scope.REVIEW),
        by_cookie=bool(visit.kept),
        form=session.desk_form(door, visit.kept),
        told=visit.told,
        wrong=visit.wrong,
        **seen,
    )


def _row(visit: Visit, one: Waiting, deadlines: dict[UUID, dt.timedelta | None]) -> dict[str, Any]:
    video, run = one.video, one.run
    if run.id not in deadlines:
        deadlines[run.id] = deadline_of(visit.door.settings, run)
    limit = deadlines[run.id]
    hits = one.texts.hits if one.texts is not None else one.frames.verdict.hits if one.frames is not None else ()
    seen = moments(one)
    return {
        "id": video.id,
        "title": video.title,
        "run_name": f"{run.pipeline} {run.date}",
        "about": one.about,
        "since": ago(one.since, visit.language),
        "deadline": f"{(one.since + limit).astimezone(ZoneInfo(run.zone)):%Y-%m-%d %H:%M}" if limit else "",
        "reasons": reasons(one, visit.language),
        "categories": sorted({category(hit.category, visit.language) for hit in hits}),
        "page": visit.link(f"/review/{video.id}"),
        "master": f"{visit.door.signer.prefix}/review/{video.id}/master",
        "first_second": seen[0].seconds if seen else 0.1,
        "minors": concerns_minors(one),
    }


def _glimpse(one: Waiting, firsts: Mapping[int, Thumbnail]) -> dict[str, Any]:
    """What a row of the queue shows of a video. Nobody should meet with what was found before they have opened it."""
    if one.frames is None or one.texts is not None:
        return {"blurred": "", "harmless": False}
    first = None if concerns_minors(one) else firsts.get(one.frames.id)
    return {"blurred": address(first) if first else "", "harmless": not one.frames.verdict.hits}


def _decisions(visit: Visit, made: Sequence[ReviewDecision]) -> list[dict[str, Any]]:
    titles = visit.door.ledger.reviews.titles([one.video_id for one in made])
    return [
        {
            "action": DONE.get(one.action, one.action),
            "title": titles.get(one.video_id, ""),
            "watch": pages.here(visit.door, visit.door.signer.watch_url(one.video_id)),
            "who": one.who,
            "note": one.note,
            "when": ago(one.decided_at, visit.language),
            "at": one.decided_at,
            "change": _change(one.detail),
        }
        for one in made
    ]


def _change(detail: Mapping[str, Json]) -> list[tuple[str, str, str]]:
    """What was changed in the words: field, before, after."""
    before, after = detail.get("before"), detail.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []

    def plain(value: Json) -> str:
        return " / ".join(map(str, value)) if isinstance(value, list) else str(value)

    return [
        (name, plain(before.get(name, "")), plain(after[name])) for name in after if before.get(name) != after[name]
    ]


def _rendition(door: Door, title: str, one: Any) -> dict[str, Any]:
    name = f"{title} {one.profile}"
    return {
        "platform": profiles.shipped().title(one.profile),
        "video": pages.here(door, door.signer.file_url(one.sha256, one.path.suffix, name)),
        "cover": pages.here(door, door.signer.file_url(one.cover_sha256, one.cover.suffix, name)),
        "width": one.width,
        "height": one.height,
    }
