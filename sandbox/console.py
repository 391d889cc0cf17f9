"""What no platform has: the sandbox's own pages and data, and the troubles that whoever rehearses sets.

==================================  ================================================================
``GET /``                           what became public, for a person
``GET /published.json``             the same as data: posts by platform
``GET /<platform>/watch/<id>``      one post, for a person
``GET /<platform>/media/<id>.mp4``  its video
``POST /<platform>/_trouble``       a `Trouble` as JSON: the next requests of its moment fail so; or conditions (see
                                    `sandbox.conditions`), which hold until they are lifted
``DELETE /<platform>/_trouble``     no trouble is left, and all is as usual
==================================  ================================================================

For example, the post goes out and its answer is lost:
``curl $REELMILL_SANDBOX/tiktok/_trouble --json '{"at": "publish", "handled": true, "drop": true}'``
The login ends: ``curl $REELMILL_SANDBOX/tiktok/_trouble --json '{"expired": true}'``
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sandbox import conditions
from sandbox.answer import Answer
from sandbox.pages import index_page, watch_page
from sandbox.payload import file_answer
from sandbox.platform import Platform
from sandbox.request import Malformed, Request
from sandbox.trouble import Trouble

_TROUBLE = TypeAdapter(Trouble)
#: Seconds that a trouble may hold a request up.
MOST_SECONDS = 600


def of_all(platforms: Mapping[str, Platform], request: Request) -> Answer:
    """Answers what belongs to no platform."""
    if request.path == "/":
        return Answer(200, index_page(list(platforms.values())))
    if request.path == "/published.json":
        return Answer(200, {one.name: [asdict(post) for post in one.published] for one in platforms.values()})
    known = ", ".join(platforms)
    return Answer(404, {"error": f"the sandbox has no platform at {request.path}; it has {known}"})


def of_one(platform: Platform, request: Request) -> Answer:
    """Answers what stands below a platform and is none of its endpoints."""
    kind, _, identity = request.path.strip("/").partition("/")
    if kind == "_trouble":
        return _trouble(platform, request)
    posts = [post for post in platform.published if post.id == identity.removesuffix(".mp4")]
    path = platform.media(posts[0].id) if posts else None
    if kind == "media" and path is not None:
        return file_answer(request, path, "video/mp4")
    if kind == "watch" and posts:
        return Answer(200, watch_page(platform, posts[0]))
    return Answer(404, {"error": f"the sandbox's {platform.name} has no {request.method} {request.path}"})


def _trouble(platform: Platform, request: Request) -> Answer:
    if request.method == "DELETE":
        platform.troubles.clear()
        conditions.lift(platform)
        return Answer(204)
    if request.method != "POST":
        return Answer(405, {"error": "POST sets a trouble, DELETE clears them"}, {"Allow": "POST, DELETE"})
    if request.content_type != "application/json":  # which no form of a foreign page can send
        return Answer(415, {"error": "Content-Type: application/json is needed"})
    try:
        told = request.json_object()
        if told and not told.keys() - conditions.ALL.keys():
            return Answer(201, conditions.impose(platform, told))
        trouble = _trouble_of(told, platform.all_moments())
    except Malformed as error:
        return Answer(400, {"error": str(error)})
    platform.troubles.add(trouble)
    return Answer(201, asdict(trouble))


def _trouble_of(told: Mapping[str, Any], moments: list[str]) -> Trouble:
    known = [field.name for field in fields(Trouble)]
    if unknown := told.keys() - set(known):
        beside = f"or, without them, {', '.join(conditions.ALL)}"
        raise Malformed(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}; {beside}")
    try:
        trouble = _TROUBLE.validate_python(told)
    except ValidationError as error:
        first = error.errors()[0]
        raise Malformed(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    if trouble.at not in {*moments, "*"}:
        raise Malformed(f"at: {trouble.at!r} is no moment; there are {', '.join(moments)} and *")
    if trouble.status and not 200 <= trouble.status <= 599:
        raise Malformed("status: 200 to 599")
    if not 0 <= trouble.seconds <= MOST_SECONDS or trouble.after < 0 or (trouble.cut or 0) < 0:
        raise Malformed(f"seconds: 0 to {MOST_SECONDS}; after and cut: 0 or more")
    return trouble
