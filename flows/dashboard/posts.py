"""Where a run's videos were posted, with links."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from os.path import commonpath
from pathlib import PurePosixPath

from flows.dashboard.markdown import address, code, escaped, table
from flows.dashboard.standing import Standing
from flows.post_status import Kind, Status, counts
from records.tables import Post

#: Posts that are listed one by one. More are counted.
MOST = 500
#: How posts stand, those first that want a person.
ORDER = tuple(Kind)
#: A post that is not known to be live may still have an address at which to look.
SHOWN_SOMEWHERE = (Kind.UNKNOWN, Kind.AT_PLATFORM)


def posts_table(standings: Sequence[Standing], show: str) -> str:
    """The posts by target in a sentence each, then one by one as Markdown.

    Parameters
    ----------
    show:
        The command that shows those that are too many for a page.
    """
    posts = sorted(
        ((one, post) for one in standings for post in one.posts),
        key=lambda pair: ORDER.index(pair[0].statuses[pair[1].id].kind),
    )
    if not posts:
        return "Nothing was posted."
    folders = {target: _folder(found) for target, found in _by_target(standings).items()}
    rows = [
        (
            escaped(one.video.title, 80),
            escaped(post.profile),
            escaped(post.target),
            _words(one.statuses[post.id]),
            _where(post, one.statuses[post.id], folders[post.target]),
        )
        for one, post in posts[:MOST]
    ]
    parts = [
        posts_by_target(standings),
        table(("video", "platform", "target", "how it stands", "where, or why not"), rows),
    ]
    if more := len(posts) - len(rows):
        parts.append(f"… and {more} more: {code(show)}")
    return "\n\n".join(parts)


def posts_by_target(standings: Sequence[Standing]) -> str:
    """One line a target: what became of its posts, and the folder if they are files; "" if nothing was posted."""
    status = {post_id: status for one in standings for post_id, status in one.statuses.items()}
    return "\n".join(
        _sum(target, [status[post.id] for post in found], _folder(found))
        for target, found in _by_target(standings).items()
    )


def _by_target(standings: Sequence[Standing]) -> dict[str, list[Post]]:
    found: dict[str, list[Post]] = defaultdict(list)
    for one in standings:
        for post in one.posts:
            found[post.target].append(post)
    return found


def _sum(target: str, found: Sequence[Status], folder: str) -> str:
    return f"- **{escaped(target)}**: {counts(found)}" + (f" in {address(folder + '/')}" if folder else "")


def _words(status: Status) -> str:
    return escaped(status.words) if status.words == "live" else f"**{escaped(status.words)}**"


def _folder(posts: Sequence[Post]) -> str:
    """The folder that all posts which are files have in common; "" if there is none."""
    places = [str(PurePosixPath(post.url).parent) for post in posts if post.url and _is_file(post.url)]
    return f"file://{commonpath(places).removeprefix('file:')}" if places else ""


def _where(post: Post, status: Status, folder: str) -> str:
    if status.kind is not Kind.LIVE or not post.url:
        parts = [address(post.url)] if post.url and status.kind in SHOWN_SOMEWHERE else []
        parts += [escaped(status.why)] if status.why else []
        parts += [code(status.command)] if status.command else []
        return ": ".join(parts)
    if not folder or not _is_file(post.url):
        return address(post.url)
    path = PurePosixPath(post.url.removeprefix(folder).lstrip("/"))
    # A post of the folder target is a folder of its own, named like the files in it.
    return address(f"{path.parent}/" if path.stem == path.parent.name else str(path))


def _is_file(url: str) -> bool:
    return url.startswith("file:")
