"""What a file is by its first bytes: what a server says of it proves nothing."""

from __future__ import annotations

#: What `sniff` may say of a picture that the stages can decode.
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})

_MAGIC = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"))

#: How much of a body `sniff` looks at, in bytes.
SNIFFED_BYTES = 512


def sniff(head: bytes) -> str:
    """What a file is by its first bytes: a media type, or "" if they do not tell."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    return "text/xml" if text.startswith((b"<?xml", b"<rss", b"<feed")) else ""
