"""A bucket that takes a file by a signed form.

Source: Amazon S3 API Reference, "POST Object": the fields of the form stand before the file, and what stands behind it
is ignored; errors are XML.
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.answer import Answer
from sandbox.refusal import Refusal
from sandbox.request import Malformed, Request


def bucket_refusal(status: int, code: str, message: str) -> Refusal:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Refusal(Answer(status, body, {"Content-Type": "application/xml"}))


def posted(request: Request, largest: int) -> tuple[Mapping[str, str], bytes]:
    """The fields of a form and its file, which has at most `largest` bytes."""
    too_large = bucket_refusal(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
    if "authorization" in request.headers:
        raise bucket_refusal(400, "InvalidArgument", "Only one auth mechanism allowed")
    if (request.body.length or 0) > largest + 1024 * 1024:  # the fields have their bytes too
        raise too_large
    try:
        parts = request.parts()
        at = next((at for at, part in enumerate(parts) if part.name == "file"), len(parts))
        fields = {part.name: part.text for part in parts[:at]}
    except Malformed:
        message = "Bucket POST must be of the enclosure-type multipart/form-data"
        raise bucket_refusal(412, "PreconditionFailed", message) from None
    if at == len(parts):
        raise bucket_refusal(400, "InvalidArgument", "POST requires exactly one file upload per request.")
    if "key" not in fields:
        message = "Bucket POST must contain a field named 'key'. If it is specified, check the order of the fields."
        raise bucket_refusal(400, "InvalidArgument", message)
    if len(parts[at].content) > largest:
        raise too_large
    return fields, parts[at].content
