"""Finds a video among the newest uploads of a channel, when its session is not known any more.

By the uploads playlist, which costs one unit a page; `search.list` has a small quota of its own and shows videos late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tasks.publishing.client import Reply
from tasks.publishing.outcome import Reauthorise, Retry
from tasks.publishing.targets.youtube.errors import LOG_IN
from tasks.publishing.targets.youtube.resource import Resource, items, part

#: Pages of 50 uploads that are searched: two days of them, at the 100 a day that a project may make.
PAGES = 4
#: Seconds until a file name that is not told yet is asked for again.
LATER = 30.0

Get = Callable[..., Reply]
"""A GET of the API: `doing`, the path, and the query as keyword arguments."""


def channel(get: Get, parts: str) -> Resource:
    """The channel of the login.

    Raises
    ------
    Reauthorise
        If it has none.
    """
    reply = get("asking YouTube for the channel", "/youtube/v3/channels", part=parts, mine="true")
    if not reply.get("items"):
        raise Reauthorise("the login at Google has no YouTube channel", LOG_IN)
    return items(reply)[0]


def find(get: Get, name: str, title: str) -> str | None:
    """The id of the upload whose file was called `name`.

    Raises
    ------
    Retry
        If YouTube does not tell the file names yet of an upload with that `title`.
    """
    undecided = False
    for video in _newest(get):
        called = part(video, "fileDetails").get("fileName")
        if called == name and video.get("id"):
            return str(video["id"])
        alike = called is None and part(video, "snippet").get("title") == title
        undecided |= alike and part(video, "status").get("uploadStatus") == "uploaded"
    if undecided:
        raise Retry("YouTube still processes an upload that may be this one", "ask again later", retry_after=LATER)
    return None


def _newest(get: Get) -> Iterator[Resource]:
    playlist = part(channel(get, "contentDetails"), "contentDetails", "relatedPlaylists").get("uploads", "")
    page: dict[str, str] = {}
    for _ in range(PAGES):
        listed = get(
            "listing the uploads at YouTube",
            "/youtube/v3/playlistItems",
            accept=(404,),  # a channel without a video has no such list
            part="contentDetails",
            playlistId=playlist,
            maxResults=50,
            **page,
        )
        if listed.status == 404:
            return
        ids = [str(part(item, "contentDetails").get("videoId", "")) for item in items(listed)]
        if not ids:
            return
        yield from items(
            get(
                "reading the uploads at YouTube",
                "/youtube/v3/videos",
                part="snippet,status,fileDetails",
                id=",".join(ids),
                maxResults=50,
            )
        )
        page = {"pageToken": str(listed.get("nextPageToken", default=""))}
        if not page["pageToken"]:
            return
