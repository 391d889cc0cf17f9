"""Drawing proofs of a master: one for each platform, by one ffmpeg process that ends with the last frame it needs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from reelmill.errors import FinishingError, TerminalError
from reelmill.ffmpeg import run
from tasks.finishing import graph, proof
from tasks.finishing.job import FinishJob
from tasks.finishing.preparing import followed, prepare, toned, write

#: Seconds that ffmpeg may take before it is stopped.
PATIENCE = 120.0


def prove(master: Path, job: FinishJob, folder: Path) -> dict[str, Path]:
    """Draw a proof for every platform of the job.

    Parameters
    ----------
    folder:
        An existing folder where the pictures are left.

    Returns
    -------
    dict[str, Path]
        JPEGs by the names of the profiles.

    Raises
    ------
    FinishingError
        If the words cannot be set, a platform does not take a video like this, or the master cannot be read.
    """
    job.check()
    with tempfile.TemporaryDirectory(prefix="proof-", dir=folder) as scratch:
        workplace = Path(scratch)
        outputs = followed(master, [prepare(job, name) for name in job.profiles], job)
        outputs = toned(master, job.seconds, workplace, outputs)
        write(workplace, outputs, job)
        try:
            run(graph.proofs(master.resolve(), outputs, fps=job.fps), timeout=PATIENCE, cwd=workplace)
        except TerminalError as error:
            raise FinishingError(f"{master.name} could not be drawn: {error.reason}", error.instruction) from error
        return {
            output.name: (workplace / proof.file(output)).replace(folder / proof.file(output)) for output in outputs
        }
