"""How the REST API of WordPress lets in, refuses and lists.

Source: WordPress REST API Handbook, "Authentication: Application Passwords", "Pagination", "Global Parameters".
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
import unicodedata
from collections.abc import Container, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from sandbox.answer import Answer
from sandbox.platform import Platform
from sandbox.refusal import Refusal
from sandbox.request import Request


def wrong(status: int, code: str, message: str, **data: Any) -> Refusal:
    """A `WP_Error` as the API answers it."""
    return Refusal(Answer(status, {"code": code, "message": message, "data": {"status": status, **data}}))


def invalid(name: str, message: str) -> Refusal:
    return wrong(400, "rest_invalid_param", f"Invalid parameter(s): {name}", params={name: message}, details={})


def user_of(platform: Platform, request: Request) -> str:
    """Who asks, by an application password; empty if nobody in particular.

    WordPress shows an application password in groups of four and takes it with and without the spaces.
    """
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        name, _, password = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    forms = {password, re.sub(r"\s", "", password)}
    if not name:
        message = "Unknown username. Check again or try your email address."
        raise wrong(401, "invalid_username", message)
    if forms & platform.expired or not any(platform.knows(form) for form in forms):
        raise wrong(401, "incorrect_password", "The provided password is an invalid application password.")
    return name


def fields_of(request: Request) -> dict[str, Any]:
    """Parameters of the body, JSON or a form, and of the query."""
    return request.fields()


def listed(request: Request, items: Sequence[Mapping[str, Any]]) -> Answer:
    """One page, and how many there are in headers."""
    counts = {}
    for name, default, most in (("per_page", 10, 100), ("page", 1, 10**6)):
        given = request.query.get(name, str(default))
        if not given.isdecimal() or not 1 <= int(given) <= most:
            raise invalid(name, f"{name} must be between 1 (inclusive) and {most} (inclusive)")
        counts[name] = int(given)
    pages = -(-len(items) // counts["per_page"])
    if counts["page"] > max(1, pages):
        message = "The page number requested is larger than the number of pages available."
        raise wrong(400, "rest_post_invalid_page_number", message)
    start = (counts["page"] - 1) * counts["per_page"]
    page = [chosen(request, item) for item in items[start : start + counts["per_page"]]]
    return Answer(200, page, {"X-WP-Total": str(len(items)), "X-WP-TotalPages": str(pages)})


def chosen(request: Request, item: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an object that `_fields` names."""
    wanted = {name.partition(".")[0].strip() for name in request.query.get("_fields", "").split(",")} - {""}
    return {name: value for name, value in item.items() if not wanted or name in wanted}


def slug_of(title: str) -> str:
    """WordPress's `sanitize_title`: accents go, what is not ASCII is quoted as in a URL, in small letters."""
    letters = [one for one in unicodedata.normalize("NFKD", title) if not unicodedata.combining(one)]
    small = unicodedata.normalize("NFC", "".join(letters)).lower()
    quoted = "".join(quote(one).lower() if ord(one) > 127 else one for one in small)
    kept = re.sub(r"[^%a-z0-9 _-]", "", re.sub(r"[./\s]", "-", quoted))
    return re.sub(r"[ -]+", "-", kept).strip("-")


def unique_slug(slug: str, taken: Container[str]) -> str:
    """WordPress's `wp_unique_post_slug`: what is taken gets a number from 2 on."""
    number, found = 2, slug
    while found in taken:
        found, number = f"{slug}-{number}", number + 1
    return found


def rendered(value: Any) -> str:
    """A text that may be given as it is or as `{"raw": …}`."""
    return str(value.get("raw", "") if isinstance(value, dict) else value or "")


def gmt(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")


def moment_of(name: str, given: Any) -> float:
    """The time of a date as the API takes it: RFC 3339, without a zone in UTC."""
    try:
        found = dt.datetime.fromisoformat(str(given))
    except ValueError:
        raise invalid(name, "Invalid date.") from None
    return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).timestamp()


def slugs_of(request: Request) -> set[str]:
    """Those that a list is asked for, as `slug=a,b` or `slug[]=a`: WordPress splits them at commas and spaces."""
    given = f"{request.query.get('slug', '')},{request.query.get('slug[]', '')}"
    return {slug_of(slug) for slug in re.split(r"[\s,]+", given) if slug}


def terms_of(name: str, given: Any) -> list[int]:
    """The ids of categories or tags, as a list or with commas."""
    terms = given if isinstance(given, list) else [one for one in str(given).split(",") if one]
    if not all(re.fullmatch(r"\d+", str(term)) for term in terms):
        raise invalid(name, f"{name}[0] is not of type integer.")
    return [int(term) for term in terms]
