"""The screener of a pipeline: whoever looks at its masters, and reads what is written in them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from flows.texts import of_pictures
from tasks.screening.options import ScreenOptions
from tasks.screening.reading import Reader
from tasks.screening.stage import Screener


def screener_of(
    options: ScreenOptions,
    folder: Path,
    platforms: Collection[str],
    *,
    threads: int = 0,
    reader: Reader | None = None,
) -> Screener:
    """The one way to a screener: where pictures are read, it knows what texts may say.

    Parameters
    ----------
    folder:
        What the path of a policy is relative to.
    platforms:
        Where the masters go.
    threads:
        Cores used at the same time. 0: one per core, at most 4.
    reader:
        Who reads pictures. None: RapidOCR, if `options` ask for it.

    Raises
    ------
    UseError
        If the policy cannot be read, or says nothing of a detector that the options name.
    """
    texts = of_pictures(options, folder, platforms) if options.ocr else None
    return Screener(options, threads=threads, base=folder, platforms=platforms, texts=texts, reader=reader)
