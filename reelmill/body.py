"""The body of an answer: decompressed as it is read, and bounded both as it arrives and as what it becomes."""

from __future__ import annotations

import io

import httpcore
import httpx

from reelmill.answers import redacted
from reelmill.connections import Chunks
from reelmill.errors import FetchError
from reelmill.streams import BLOCK_BYTES, Capped, gunzipped


def body_of(response: httpcore.Response, url: httpx.URL, limit: int) -> io.BufferedReader:
    """The decompressed body, with a limit that holds for what arrives and for what it becomes."""
    shown = redacted(url)
    remedy = "use a smaller file"
    encoding = header(response, b"content-encoding").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise FetchError(f"{shown} comes in the encoding {encoding!r}, which nobody asked for", "let it send gzip")
    declared = header(response, b"content-length")
    if declared.isascii() and declared.isdigit() and int(declared[:18]) > limit:
        raise FetchError(f"{shown} has {int(declared[:18]):,} bytes, and at most {limit:,} are read", remedy)
    arriving = io.BufferedReader(Chunks(response, url), BLOCK_BYTES)
    return io.BufferedReader(
        Capped(
            gunzipped(arriving) if encoding.endswith("gzip") else arriving,
            limit,
            too_large=lambda: FetchError(f"{shown} is larger than {limit:,} bytes", remedy),
            broken=lambda words: FetchError(f"{shown} is damaged: {words}", "check the file at its server"),
        ),
        BLOCK_BYTES,
    )


def header(response: httpcore.Response, name: bytes) -> str:
    """The value of a header, by its name in lower case; "" if the answer has none."""
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")
