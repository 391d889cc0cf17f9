"""What differs among platforms where the contract of targets is the same: data, and what each of it is for.

A new target adds itself to each table that is about something it has: it is tried with the tests that read the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reelmill.content import Json
from sandbox.graph.errors import error_body
from tasks.publishing.targets.x.media import SEGMENT
from tasks.publishing.targets.youtube.session import GRAIN

MIB, HOUR, DAY = 1024 * 1024, 3600.0, 24 * 3600.0

_SOON, _SOON_SECONDS = "2100-01-01T00:00:00+0000", 4_102_444_800
_MORE_OF_META: Json = {
    "data": [{"id": "1", "caption": "another", "timestamp": _SOON, "updated_time": _SOON}],
    "paging": {"cursors": {"after": "more"}, "next": "https://graph.facebook.com/more"},
}


@dataclass(frozen=True)
class Parts:
    """An upload in several requests, with as few bytes as the protocol takes."""

    size: int  #: bytes of the video
    count: int = 1  #: requests that carry a file
    carries: str = "chunk"  #: and their moment
    options: Mapping[str, Json] = field(default_factory=dict)  #: of the target
    sizes: Mapping[str, int] = field(default_factory=dict)  #: that its class has, and a smaller one instead
    knobs: Mapping[str, Any] = field(default_factory=dict)  #: of the platform
    asks: bool = True  #: it can be asked what has arrived, so nothing is sent again that did
    secret: bool = False  #: what an upload is begun with is not kept, so it is begun anew until the bytes are there
    left_for: float = 0.0  #: seconds after which one that was begun is gone. 0: it never is, or tests of its own say


#: Those that have uploads.
PARTS: Mapping[str, Parts] = {
    "youtube": Parts(3 * GRAIN + 7, 4, options={"chunk_size": GRAIN}, left_for=DAY),
    # The last of three chunks publishes.
    "tiktok": Parts(15 * MIB + 7, 2, options={"chunk_size": 5 * MIB}),
    "instagram": Parts(1_024_000, left_for=DAY + 1),
    "facebook": Parts(1_024_000, left_for=DAY + 1),
    "x": Parts(2 * SEGMENT + 7, 3, asks=False),
    "linkedin": Parts(200_000, 4, knobs={"part_bytes": 64_000}, asks=False, left_for=25 * HOUR),
    "pinterest": Parts(200_000, carries="upload", secret=True),
    "wordpress": Parts(200_000, 2, carries="media"),
    "douyin": Parts(1250, 4, sizes={"in_one_up_to": 1000, "part_bytes": 300}, asks=False, left_for=3 * HOUR),
    "bilibili": Parts(1000, 4, sizes={"part_bytes": 300}, asks=False, left_for=2 * DAY),
    "kuaishou": Parts(1000, 4, sizes={"in_one_up_to": 500, "fragment_bytes": 300}, left_for=25 * HOUR),
}

#: Answers to the call that publishes which say yes, and name no post.
SILENT: Mapping[str, Mapping[str, Any]] = {
    "instagram": {"status": 200, "body": {}},
    "facebook": {"status": 200, "body": {}},
    "x": {"status": 201, "body": {}},
    "linkedin": {"status": 201},
    "pinterest": {"status": 201, "body": "<html>"},
    "telegram": {"status": 200, "body": "<html>a portal of the hotel</html>"},
    "discord": {"status": 204},
    "wordpress": {"status": 200, "body": "<html>a page of a cache</html>"},
    "douyin": {"status": 200, "body": {"data": {"error_code": 0}}},
    "bilibili": {"status": 200, "body": {"code": 0, "data": {}}},
    "kuaishou": {"status": 200, "body": {"result": 1}},
}

#: What those say of an upload that is gone which have no word of their own for it.
GONE: Mapping[str, Mapping[str, Json]] = {
    "douyin": {"data": {"error_code": 2100005}},
    "bilibili": {"code": -400},
    "kuaishou": {"result": 100210001},
}

#: What those say that can be asked for one upload, and have forgotten it: their list is left to tell.
FORGOTTEN: Mapping[str, Mapping[str, Any]] = {
    "instagram": {"status": 400, "body": error_body(100, "Unsupported get request", subcode=33)},
    "facebook": {"status": 400, "body": error_body(100, "Unsupported get request", subcode=33)},
    "douyin": {"status": 200, "body": {"data": {"error_code": 0, "list": []}}},
}

#: What those say to a good login that may not ask what became of a post which have a word of their own for it.
FORBIDDEN: Mapping[str, Mapping[str, Any]] = {
    "instagram": {"status": 400, "body": error_body(10, "(#10) Application does not have permission")},
    "facebook": {"status": 400, "body": error_body(200, "(#200) Permissions error")},
    "tiktok": {"status": 401, "body": {"error": {"code": "scope_not_authorized", "message": "no scope"}}},
    "douyin": {"status": 200, "body": {"data": {"error_code": 28001018, "description": "no scope"}}},
}

#: A page of the list of posts after which there are others, of those that have such a list: its moment, and what it
#: says. Its post is of a time that has not come.
ENDLESS: Mapping[str, tuple[str, Json]] = {
    "instagram": ("list", _MORE_OF_META),
    "facebook": ("list", _MORE_OF_META),
    "x": ("list", {"data": [{"id": "1", "text": "another", "created_at": _SOON}], "meta": {"next_token": "more"}}),
    "linkedin": ("look_up", {"elements": [{"id": "urn:li:share:1", "createdAt": _SOON_SECONDS * 1000}]}),
    "pinterest": ("look_up", {"items": [{"id": "1", "alt_text": "another"}], "bookmark": "more"}),
    "douyin": (
        "list",
        {
            "data": {
                "error_code": 0,
                "list": [{"video_id": "1", "create_time": _SOON_SECONDS}],
                "cursor": 7,
                "has_more": True,
            }
        },
    ),
    "bilibili": ("list", {"code": 0, "data": {"list": [{"title": "another", "ctime": _SOON_SECONDS}]}}),
    "kuaishou": ("list", {"result": 1, "video_list": [{"caption": "another", "create_time": _SOON_SECONDS}]}),
}

#: Those that remember when they began to post, for as long as nobody knows what came of it.
ARMED = ("instagram", "facebook", "x", "linkedin", "pinterest", "douyin", "bilibili", "kuaishou")

#: Whose second attempt to post looks first what became of the one before.
LOOKS_FIRST = ("instagram", "facebook", "x", "wordpress")

#: What a person is told to do about a login that is over: words of it.
REMEDIES: Mapping[str, str] = {
    "youtube": "youtube.force-ssl",
    "tiktok": "video.publish",
    "instagram": "developers.facebook.com",
    "facebook": "developers.facebook.com",
    "x": "offline.access",
    "linkedin": "log in to LinkedIn again",
    "pinterest": "log in to Pinterest again",
    "telegram": "@BotFather",
    "discord": "make a webhook",
    "wordpress": "application password",
    "douyin": "open.douyin.com",
    "bilibili": "bilibili.com",
    "kuaishou": "kuaishou.com",
}

#: Those whose login is a document that is renewed, and what an answer to a refresh token that is over says.
RENEWED: Mapping[str, str | None] = {
    "youtube": "invalid_grant",
    "tiktok": "invalid_grant",
    "x": None,
    "linkedin": None,
    "pinterest": None,
    "douyin": "10010",
    "bilibili": None,
    "kuaishou": None,
}

#: What the account of a simulated platform may be called.
NAMED: Mapping[str, tuple[str, ...]] = {
    "youtube": ("UCsandbox_______________", "Sandbox"),
    "tiktok": ("sandbox", "@sandbox", "Sandbox"),
    "instagram": ("17841400000000001", "sandbox"),
    "facebook": ("104000000000001", "Sandbox"),
    "x": ("2244994945", "sandbox"),
    "linkedin": ("sandbox-member", "Sandbox Member"),
    "pinterest": ("sandbox",),
    "telegram": ("sandbox_bot",),
    "wordpress": ("1", "editor"),
    "douyin": ("me", "沙盒"),
    "bilibili": ("sandbox-account", "沙盒"),
    "kuaishou": ("沙盒",),
}

#: The fields of `Metrics` that are told.
TOLD: Mapping[str, frozenset[str]] = {
    "youtube": frozenset({"views", "likes", "comments", "watch_seconds"}),
    "tiktok": frozenset({"views", "likes", "comments", "shares"}),
    "instagram": frozenset({"views", "likes", "comments", "shares", "watch_seconds"}),
    "facebook": frozenset({"views", "likes", "comments", "shares", "watch_seconds"}),
    "x": frozenset({"views", "likes", "comments", "shares"}),
    "linkedin": frozenset({"likes", "comments", "shares"}),
    "pinterest": frozenset({"views", "likes", "comments", "shares", "watch_seconds"}),
    "douyin": frozenset({"views", "likes", "comments", "shares"}),
    "bilibili": frozenset({"views", "likes", "comments", "shares"}),
    "kuaishou": frozenset({"views", "likes", "comments"}),
}

#: Those that bring the subtitles of a video along.
SUBTITLED = ("folder", "handoff", "s3", "sftp", "webhook")

#: Answers to who begins an upload that name a host which is not the platform's, and that host.
ELSEWHERE: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "youtube": ("elsewhere.example", {"status": 200, "headers": {"Location": "https://elsewhere.example/upload"}}),
    "tiktok": (
        "elsewhere.example",
        {
            "status": 200,
            "body": {
                "data": {"publish_id": "1", "upload_url": "https://elsewhere.example/?upload_token=hush"},
                "error": {"code": "ok"},
            },
        },
    ),
    "instagram": (
        "rupload.facebook.com.evil.example",
        {"status": 200, "body": {"id": "1", "uri": "https://rupload.facebook.com.evil.example/hush"}},
    ),
    "facebook": (
        "169.254.169.254",
        {"status": 200, "body": {"video_id": "1", "upload_url": "http://169.254.169.254/hush"}},
    ),
    "pinterest": (
        "elsewhere.example",
        {
            "status": 201,
            "body": {
                "media_id": "1",
                "upload_url": "https://elsewhere.example/hush",
                "upload_parameters": {"key": "k"},
            },
        },
    ),
}

#: Those that work on a video before it can be posted: why they may refuse it, and what is told then.
WORKED_ON: Mapping[str, tuple[str, str]] = {
    "youtube": ("codec", "codec"),
    "instagram": ("2207026", "2207026"),
    "linkedin": ("the codec is unknown", "the codec is unknown"),
    "pinterest": ("yes", "cannot process"),
}

#: What they do not take, as fields of a rendition, and words of what is told. A video of `delivery_of` has 24 fps.
NOT_TAKEN: Mapping[str, tuple[tuple[Mapping[str, int], str | None], ...]] = {
    "youtube": (({"frames": 13 * 3600 * 24}, None),),
    "tiktok": (
        ({"frames": 301 * 24}, None),
        ({"size_bytes": 4_000_000_001}, None),
        ({"fps": 20}, None),
        ({"fps": 61}, None),
        ({"width": 320, "height": 568}, None),
        ({"height": 4200}, None),
    ),
    "instagram": (
        ({"size_bytes": 300_000_001}, "300000000"),
        ({"frames": 24}, "3 s"),
        ({"fps": 12, "frames": 120}, "23 to 60"),
    ),
    "facebook": (
        ({"size_bytes": 1_000_000_001}, "1000000000"),
        ({"frames": 24 * 91}, "90 s"),
        ({"fps": 23, "frames": 230}, "24 to 60"),
    ),
    "x": (
        ({"size_bytes": 512_000_001}, "512000000"),
        ({"frames": 24 * 141}, "140 s"),
        ({"fps": 120, "frames": 1200}, "1 to 60"),
    ),
    "linkedin": (
        ({"size_bytes": 1000}, "LinkedIn takes"),
        ({"frames": 24}, "LinkedIn takes"),
        ({"frames": 24 * 1801}, "LinkedIn takes"),
    ),
    "pinterest": (({"frames": 24 * 3}, "Pinterest takes"), ({"frames": 24 * 901}, "Pinterest takes")),
    "douyin": (
        ({"size_bytes": 5_000_000_000}, "4 GB"),
        ({"frames": 24 * 901}, "15 minutes"),
        ({"width": 540, "height": 960}, "720p"),
    ),
    "bilibili": (
        ({"size_bytes": 5_000_000_000}, "4 GB"),
        ({"frames": 24 * 18_000}, "5 hours"),
        ({"height": 5000}, "4096"),
        ({"fps": 144}, "120"),
    ),
}
