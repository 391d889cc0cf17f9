"""`reelmill preview`: small pictures of finished videos, to be shown where a video cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json
from flows.cli.videos import videos
from reelmill.errors import StorageError, UseError


def preview(
    *files: Annotated[Path, Parameter(help="Finished videos, or folders of them.")],
    out: Annotated[Path | None, Parameter(help="A folder for the pictures. Default: beside each video.")] = None,
    gif: Annotated[bool, Parameter(negative="", help="A GIF instead of a WebP: larger, and shown everywhere.")] = False,
    as_json: AsJson = False,
) -> int:
    """Make a moving preview and a contact sheet of finished videos. Both show the AI label, as the videos do."""
    from tasks.finishing.preview import Kind, contact_sheet, moving

    kind: Kind = "gif" if gif else "webp"
    found = list(dict.fromkeys(videos(files)))
    if not found:
        raise UseError("there is no video to make a preview of", "give videos or folders: `reelmill preview outbox`")
    made: list[Path] = []
    for path in found:
        folder = out if out is not None else path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder} cannot be made: {error.strerror}", "give another place with --out") from error
        made.append(moving(path, folder / f"{path.stem}.preview.{kind}", kind))
        made.append(contact_sheet(path, folder / f"{path.stem}.sheet.jpg"))
    if as_json:
        print_json([str(path) for path in made])
    else:
        for path in made:
            console().print(str(path))
    return OK
