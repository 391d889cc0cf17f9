"""The labels that follow the encoding, in the only order that keeps them: AIGC at the muxer, then XMP, then C2PA.

After the signature nothing touches the bytes any more. Each label is read back from the file before it counts as there.
"""

from __future__ import annotations

from pathlib import Path

from reelmill.content import Json
from reelmill.errors import FinishingError, MediaError
from tasks.finishing.job import FinishJob
from tasks.finishing.labels import aigc, c2pa, xmp
from tasks.finishing.labels.c2pa import Provenance, Reading
from tasks.finishing.labels.credentials import Credentials
from tasks.finishing.output import Output


def label(made: Path, target: Path, output: Output, job: FinishJob, signer: Credentials) -> dict[str, Json]:
    """Label and sign a file that was just encoded.

    Parameters
    ----------
    made:
        The encoded file. It is used up.
    target:
        Where the signed file comes to be.

    Returns
    -------
    dict[str, Json]
        Each label and what proves it, for the ledger.

    Raises
    ------
    FinishingError, StorageError
        If a label cannot be written, or is not there afterwards.
    TransientError
        If a time-stamping authority is named and gives no time-stamp.
    """
    story = provenance(output, job)
    try:
        xmp.append(made, job.source_type)
        c2pa.sign(made, target, story, signer)
        made.unlink()
        reading, said, metadata = c2pa.read(target, signer.roots), xmp.read(target), aigc.read(target)
    except MediaError as error:
        raise FinishingError(f"{made.name} could not be labelled: {error.reason}", "finish the master again") from error
    kept = reading is not None and reading.whole and reading.fingerprint == signer.fingerprint
    if reading is None or not kept or said != job.source_type or metadata != output.metadata:
        raise FinishingError(
            f"{target.name} does not have the labels that it was given: {reading}", "look at `reelmill labels show`"
        )
    labels: dict[str, Json] = {
        "visible": output.label.evidence(),
        "aigc": None if output.metadata is None else dict(output.metadata),
        "xmp": {"source_type": said},
        "mark": output.mark.evidence(),
        "c2pa": evidence(reading, signer),
    }
    return {**labels, "reason": aigc.NOT_SET} if output.metadata is None else labels


def provenance(output: Output, job: FinishJob) -> Provenance:
    """How a rendition came to be, for its manifest."""
    return Provenance(
        title=f"{job.produce_id}-{output.name}.mp4",
        source_type=job.source_type,
        agent=job.agent,
        drawn=("captions and brand", "AI label") if output.has_words else ("AI label",),
        marked=True,
        aigc=output.metadata,
    )


def evidence(reading: Reading, signer: Credentials) -> dict[str, Json]:
    """What the ledger keeps of a signature. `trusted` is by the roots that the definition names, and by no others.

    Of a signature that has a time-stamp, these roots are kept as well: once the certificate has expired, it counts only
    for a reader that knows who stamped it.
    """
    known: dict[str, Json] = {"roots": signer.roots} if reading.time and signer.roots else {}
    return {
        "state": reading.state,
        "trusted": reading.trusted,
        "self_made": signer.self_made,
        "signer": reading.signer,
        "serial": reading.serial,
        "fingerprint": reading.fingerprint,
        "valid_until": signer.valid_until.isoformat(),
        "time": reading.time,
        "source_type": reading.source_type,
        "actions": list(reading.actions),
        **known,
    }
