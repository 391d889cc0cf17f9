"""Where a run's videos were posted, with links."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from os.path import commonpath
from pathlib import PurePosixPath

from flows.dashboard.markdown import address, code, escaped, table
from flows.dashboard.standing import Standing
from records.states import PostState
from records.tables import Post

#: Posts that are listed one by one. More are counted.
MOST = 500
#: Posts by how much they want a person.
ORDER = (
    PostState.UNKNOWN,
    PostState.FAILED,
    PostState.ARMED,
    PostState.UPLOADING,
    PostState.PLANNED,
    PostState.LIVE,
    PostState.WITHDRAWN,
)


def posts_table(standings: Sequence[Standing], show: str) -> str:
    """The posts by target in a sentence each, then one by one as Markdown.

    Parameters
    ----------
    show:
        The command that shows those that are too many for a page.
    """
    posts = sorted(
        ((one, post) for one in standings for post in one.posts), key=lambda pair: ORDER.index(pair[1].state)
    )
    if not posts:
        return "Nothing was posted."
    folders = {target: _folder(found) for target, found in _by_target(standings).items()}
    rows = [
        (
            escaped(one.video.title, 80),
            escaped(post.profile),
            escaped(post.target),
            post.state.value if post.state is PostState.LIVE else f"**{post.state.value}**",
            _where(post, folders[post.target]),
        )
        for one, post in posts[:MOST]
    ]
    parts = [posts_by_target(standings), table(("video", "platform", "target", "state", "where, or why not"), rows)]
    if more := len(posts) - len(rows):
        parts.append(f"… and {more} more: {code(show)}")
    return "\n\n".join(parts)


def posts_by_target(standings: Sequence[Standing]) -> str:
    """One line a target: what became of its posts, and the folder if they are files; "" if nothing was posted."""
    return "\n".join(_sum(target, found, _folder(found)) for target, found in _by_target(standings).items())


def _by_target(standings: Sequence[Standing]) -> dict[str, list[Post]]:
    found: dict[str, list[Post]] = defaultdict(list)
    for one in standings:
        for post in one.posts:
            found[post.target].append(post)
    return found


def _sum(target: str, posts: Sequence[Post], folder: str) -> str:
    states = Counter(post.state.value for post in sorted(posts, key=lambda post: ORDER.index(post.state)))
    counts = ", ".join(f"{count} {word}" for word, count in states.items())
    return f"- **{escaped(target)}**: {counts}" + (f" in {address(folder + '/')}" if folder else "")


def _folder(posts: Sequence[Post]) -> str:
    """The folder that all posts which are files have in common; "" if there is none."""
    places = [str(PurePosixPath(post.url).parent) for post in posts if post.url and _is_file(post.url)]
    return f"file://{commonpath(places).removeprefix('file:')}" if places else ""


def _where(post: Post, folder: str) -> str:
    if not post.url:
        return "" if post.state is PostState.LIVE else escaped(post.reason)
    if not folder or not _is_file(post.url):
        return address(post.url)
    path = PurePosixPath(post.url.removeprefix(folder).lstrip("/"))
    # A post of the folder target is a folder of its own, named like the files in it.
    return address(f"{path.parent}/" if path.stem == path.parent.name else str(path))


def _is_file(url: str) -> bool:
    return url.startswith("file:")
