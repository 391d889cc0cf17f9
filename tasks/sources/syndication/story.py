"""What an entry of a feed means as a story: its words, who wrote it, when, and a picture with its credit."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from reelmill.content import Brief, Json, fingerprint
from reelmill.errors import FetchError
from reelmill.urls import parse as parse_url
from tasks.sources import plain
from tasks.sources.syndication import moment
from tasks.sources.syndication.document import Entry, Part

MAX_TITLE, MAX_SUMMARY, MAX_NAME, MAX_CATEGORIES = 300, 2000, 200, 20  #: characters, and a number
_HASH_LENGTH = 16

#: Where a picture may stand, the best first.
_PICTURES = (
    "media:content", "media:group/media:content", "enclosure", "link", "media:thumbnail",
    "media:group/media:thumbnail", "itunes:image",
)  # fmt: skip
_CREDITS = ("media:credit", "media:content/media:credit", "media:group/media:credit")
_SUFFIX = re.compile(r"\.(?:jpe?g|png|webp)", re.IGNORECASE)
#: RSS wants `mail@site.example (Their Name)`.
_MAILED = re.compile(r"\S+@\S+\s*\((?P<name>[^()]{1,200})\)")


@dataclass(frozen=True, slots=True)
class Story:
    """An entry that can be used."""

    where: str
    identities: frozenset[str]  #: what it may be known by: its id and its link
    published: dt.datetime | None
    brief: Brief


def story(entry: Entry, *, site: str, base: str, zone: ZoneInfo) -> Story:
    """The story of an entry.

    Parameters
    ----------
    site:
        The feed's own title.
    base:
        The feed's address, which relative links begin at; "" for a file.
    zone:
        Of the dates that are shown.

    Raises
    ------
    ValueError
        If it has no title, with the reason.
    """
    title = _words(entry, "title", "media:title", limit=MAX_TITLE)
    if not title:
        raise ValueError("it has no title")
    link = _link(entry, base)
    published = next(
        (found for part in entry.every("pubdate", "published", "dc:date", "dc:created", "updated", "issued", "modified")
         if (found := moment.parse(part.text))),
        None,
    )  # fmt: skip
    local = published.astimezone(zone) if published else None
    given = plain.text(entry.first("guid", "id") or entry.identity, 1000)
    image = _image(entry, base)
    origin = _origin(entry) or site or (urlsplit(link).hostname or "")
    day = local.date().isoformat() if local else ""
    fields: dict[str, Json] = {
        "id": given or link,
        "title": title,
        "summary": _summary(entry),
        "link": link,
        "author": _author(entry),
        "site": origin,
        "published": local.isoformat(timespec="seconds") if local else "",
        "date": day,
        "attribution": ", ".join(filter(None, (origin, day))),
        "categories": _categories(entry),
        "image": image,
        "image_credit": _words(entry, *_CREDITS, limit=MAX_NAME),
    }
    key = plain.key(given or link or fingerprint([title, fields["published"]])[:_HASH_LENGTH])
    identities = frozenset(filter(None, (given, link))) or frozenset({key})
    return Story(entry.where, identities, published, Brief(key, title, fields, (image,) if image else ()))


def _words(entry: Entry, *names: str, limit: int) -> str:
    return next((words for part in entry.every(*names) if (words := _plain(part, limit))), "")


def _origin(entry: Entry) -> str:
    """Where a story was taken over from: Atom has the other feed's elements there, RSS its name."""
    inner = any(part.name.startswith("source/") for part in entry.parts)
    return _words(entry, "source/title" if inner else "source", limit=MAX_NAME)


def _plain(part: Part, limit: int) -> str:
    # Atom says what a text is; RSS means HTML, and says nothing.
    if part.attributes.get("type", "") in ("text", "text/plain", "xhtml", "application/xhtml+xml"):
        return plain.text(part.text, limit)
    return plain.text_of_html(part.text, limit)


def _summary(entry: Entry) -> str:
    return _words(
        entry, "description", "summary", "content:encoded", "content", "itunes:summary", "media:description",
        "media:group/media:description", "dc:description", limit=MAX_SUMMARY,
    )  # fmt: skip


def _author(entry: Entry) -> str:
    if creators := entry.every("dc:creator", "author/name"):
        names = dict.fromkeys(filter(None, (_plain(part, MAX_NAME) for part in creators)))
        return plain.text(", ".join(names), MAX_NAME)
    text = entry.first("author", "itunes:author")
    mailed = _MAILED.fullmatch(text)
    name = plain.text_of_html(mailed["name"] if mailed else text, MAX_NAME)
    return "" if "@" in name else name  # an address is for answers, and not for a video


def _categories(entry: Entry) -> list[Json]:
    found = (part.attributes.get("label") or part.attributes.get("term") or part.text
             for part in entry.every("category", "dc:subject"))  # fmt: skip
    return list(dict.fromkeys(filter(None, (plain.text_of_html(text, MAX_NAME) for text in found))))[:MAX_CATEGORIES]


def _link(entry: Entry, base: str) -> str:
    return next(filter(None, (_address(text, base) for text in _links(entry))), "")


def _links(entry: Entry) -> Iterator[str]:
    for part in entry.every("link"):
        if part.attributes.get("rel", "alternate") == "alternate":
            yield part.attributes.get("href") or part.text
    for part in entry.every("guid"):
        if part.attributes.get("isPermaLink", "true") != "false" and "://" in part.text:
            yield part.text
    if "://" in entry.identity:
        yield entry.identity


def _image(entry: Entry, base: str) -> str:
    for part in entry.every(*_PICTURES):
        if _is_picture(part) and (
            found := _address(part.attributes.get("url") or part.attributes.get("href", ""), base)
        ):
            return found
    return ""


def _is_picture(part: Part) -> bool:
    name = part.name.rpartition("/")[2]
    if name in ("media:thumbnail", "itunes:image"):
        return True
    if name == "link" and part.attributes.get("rel") != "enclosure":
        return False
    kind, medium = part.attributes.get("type", "").lower(), part.attributes.get("medium", "").lower()
    if kind or medium:
        return kind.startswith("image/") or medium == "image"
    address = part.attributes.get("url") or part.attributes.get("href", "")
    return _SUFFIX.search(urlsplit(address).path if address.isascii() else address) is not None


def _address(text: str, base: str) -> str:
    """An http(s) address, or "" if it is none."""
    try:
        return str(parse_url(urljoin(base, text.strip()))) if text.strip() else ""
    except (FetchError, ValueError):
        return ""
