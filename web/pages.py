"""Pages for people: rendered here, in one piece. Nothing in them comes from anywhere else.

They have no script, but for those of the review desk, which have a small one and work without it.
"""

from __future__ import annotations

import datetime as dt
import secrets
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from flows.markup import with_code
from flows.webfont import FIRST_UNCOMMON, embedded
from records.database import now
from reelmill import __version__
from web.door import Door
from web.problems import Refusal


@lru_cache(maxsize=64)
def _font(characters: str) -> str:
    return embedded(characters)


def _moment(moment: dt.datetime | None) -> str:
    """When something happened, as people say it."""
    if moment is None:
        return ""
    seconds = (now() - moment).total_seconds()
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        count = int(seconds // size)
        if count >= 1:
            if word == "day" and count >= 30:
                return f"{moment:%Y-%m-%d}"
            return f"{count} {word}{'s' if count > 1 else ''} ago"
    return "just now"


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("web"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["code"] = with_code
    made.filters["moment"] = _moment
    made.filters["words"] = lambda state: str(state).replace("_", " ")
    return made


_TEMPLATES = _environment()


def here(door: Door, url: str) -> str:
    """An address of ours as a link that works under whatever name the page was called by."""
    return door.signer.prefix + url.removeprefix(door.signer.base)


def render(
    door: Door, template: str, status: HTTPStatus = HTTPStatus.OK, *, scripted: bool = False, **seen: Any
) -> HTMLResponse:
    """A page. Styles are let through by a nonce of this very answer, and nothing else is.

    Parameters
    ----------
    scripted:
        Its script is let through as well.
    """
    nonce = secrets.token_urlsafe(16)
    seen = {
        "version": __version__,
        "base": door.signer.prefix,
        "here": lambda url: here(door, url),
        "nonce": nonce,
        "refresh": 0,
        "language": "en",
        **seen,
    }
    page = _TEMPLATES.get_template(template)
    # Only the finished page tells which characters it shows, so it is rendered once to find out.
    uncommon = "".join(sorted({letter for letter in page.render(**seen, font="") if letter >= FIRST_UNCOMMON}))
    html = page.render(**seen, font=_font(uncommon))
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; font-src data:; img-src 'self' data:; media-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    if scripted:
        policy += f"; script-src 'nonce-{nonce}'; connect-src 'self'"
    return HTMLResponse(html, status, headers={"Content-Security-Policy": policy})


def message(door: Door, status: HTTPStatus, title: str, text: str) -> HTMLResponse:
    """A page that only says something."""
    return render(door, "message.html", status, title=title, text=text)


def refuse(door: Door, refused: Refusal, path: str, *, linked: bool, lang: str | None = None) -> Response:
    """What a person is shown who may not read a page: mostly the way to log in, in the language that they asked for."""
    if linked:
        return message(
            door, refused.status, "This link does not work any more", "Ask for a new one, or log in with a token."
        )
    if refused.status is HTTPStatus.FORBIDDEN:
        return message(door, refused.status, "This token may not read", f"{refused.instruction}.")
    asked = f"&lang={lang}" if lang else ""
    return RedirectResponse(f"{door.signer.prefix}/login?next={quote(path, safe='')}{asked}", HTTPStatus.SEE_OTHER)
