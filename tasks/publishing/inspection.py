"""Whether a file may go out: it is the one that was finished and verified, and no preview where none is wanted."""

from __future__ import annotations

from pathlib import Path

from reelmill.content import Rendition
from reelmill.errors import PublishingError
from tasks.finishing.verify import verify
from tasks.publishing.base import Target


class Inspection:
    """Looks at the file of a post just before it goes out. One for each visit of a post.

    A visit that asks a platform again and again does not decode an unchanged file each time.
    """

    def __init__(self) -> None:
        self._seen: tuple[int, ...] = ()  #: the marks of the file that was found good

    def check(self, rendition: Rendition, target: Target, name: str, *, rehearsal: bool) -> None:
        """Return if it may go out. A rehearsal takes previews: nobody sees them.

        Raises
        ------
        PublishingError
            Else.
        """
        if rendition.preview and not (target.takes_previews or rehearsal):
            raise PublishingError(
                f"{name} does not take previews, and this clip was made by the storyboard engine",
                "run it with an engine that makes the real thing, or set `accept_previews: true` on the target",
            )
        marks = _marks_of(rendition.path)
        if marks and marks == self._seen:
            return
        failed = [check for check in verify(rendition) if not check.ok]
        if failed:
            what = "; ".join(f"{check.name}: {check.evidence}" for check in failed)
            raise PublishingError(
                f"{rendition.path.name} is not the file that was finished: {what}",
                "remove it from the store and resume the run, which makes it again",
            )
        self._seen = marks


def _marks_of(path: Path) -> tuple[int, ...]:
    """What changes with a file: its inode, its size, its times. () if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
