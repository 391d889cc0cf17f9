"""Where a spreadsheet can be read: a link to Google Sheets, as people copy it, leads to a page and not to the data."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

#: `…/spreadsheets/d/ID/…`, also with the number of the signed-in account: `…/spreadsheets/u/0/d/ID/…`.
_SHEET = re.compile(r"/spreadsheets(?:/u/[0-9]+)?/d/(?P<id>[A-Za-z0-9_-]{20,})(?:/[^/]*)?/?")
#: What "File, Share, Publish to web" gives.
_PUBLISHED = re.compile(r"/spreadsheets(?:/u/[0-9]+)?/d/e/(?P<id>[A-Za-z0-9_-]{20,})/pub(?:html)?/?")


def is_google(location: str) -> bool:
    """Whether it is on Google Sheets."""
    return urlsplit(location).netloc.lower() == "docs.google.com"


def exported(location: str, *, whole: bool = False) -> str:
    """The address of the data behind a location; another location than Google's comes back as it is.

    https://developers.google.com/workspace/drive/api/guides/ref-export-formats names the formats.

    >>> exported("https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOpQrStUv/edit?gid=7#gid=7")
    'https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOpQrStUv/export?format=csv&gid=7'

    Parameters
    ----------
    whole:
        All sheets, as XLSX. Otherwise the one that the link's `gid` names, or else the first, as CSV.

    Raises
    ------
    ValueError
        If it is on Google Sheets and no link to a spreadsheet.
    """
    if not is_google(location):
        return location
    parts = urlsplit(location)
    if match := _PUBLISHED.fullmatch(parts.path):
        home, wanted = f"https://docs.google.com/spreadsheets/d/e/{match['id']}/pub", "output"
    elif match := _SHEET.fullmatch(parts.path):
        home, wanted = f"https://docs.google.com/spreadsheets/d/{match['id']}/export", "format"
    else:
        raise ValueError(
            "this is no link to a Google spreadsheet; copy it from the browser: https://docs.google.com/spreadsheets/d/…"
        )
    if whole:
        return f"{home}?{wanted}=xlsx"
    gid = next((found[0] for text in (parts.fragment, parts.query) if (found := parse_qs(text).get("gid"))), "")
    return f"{home}?{wanted}=csv" + (f"&gid={gid}" if gid.isascii() and gid.isdigit() else "")
