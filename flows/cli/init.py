"""`reelmill init`: a project to start from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import flows
from flows.cli.app import OK
from flows.cli.options import AsJson
from flows.cli.output import console, print_json
from reelmill.errors import StorageError, UseError

#: What a project starts with; the same files that the shipped demo uses.
PARTS = ("pipelines.yaml", "pipelines.schema.json", "assets")


def init(
    folder: Annotated[Path, Parameter(help="Where. Default: here.")] = Path(),
    /,
    *,
    as_json: AsJson = False,
) -> int:
    """Start a project: a definition with four pipelines, and the files that it needs. Overwrites nothing."""
    source = _starter()
    taken = [part for part in PARTS if (folder / part).exists()]
    if taken:
        raise UseError(f"{folder / taken[0]} is there already", "give another folder: `reelmill init FOLDER`")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            if (source / part).is_dir():
                shutil.copytree(source / part, folder / part)
            else:
                shutil.copyfile(source / part, folder / part)
    except OSError as error:
        reason = f"{folder} cannot be written: {error.strerror}"
        raise StorageError(reason, "give a folder that you may write") from error
    if as_json:
        print_json({"folder": str(folder.absolute()), "files": list(PARTS)})
        return OK
    console().print(
        f"wrote {', '.join(PARTS)} into {folder.absolute()}\n"
        "next: `reelmill check`, then `reelmill run solar-terms-daily --limit 3`",
    )
    return OK


def _starter() -> Path:
    """The files of the wheel, or those of the source tree that it is built from."""
    packages = Path(flows.__file__).parent
    return packages / "starter" if (packages / "starter").is_dir() else packages.parent
