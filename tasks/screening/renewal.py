"""Whether a verdict still holds: given under a policy as it is now, by whoever it says has looked.

Nothing is loaded for it. A machine that only sends posts may have no detectors.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from reelmill.content import Verdict
from tasks.screening.options import OCR, ScreenOptions
from tasks.screening.panel import ABSENT
from tasks.screening.policy import load
from tasks.screening.stills import bound


def holds(
    verdict: Verdict, options: ScreenOptions, folder: Path, platforms: Collection[str], photo: str | None = None
) -> bool:
    """Whether a verdict is of the policy that these options name, as that is now.

    Another version of a detector is no reason to doubt what an older one has seen; one that should look and has not is.

    Parameters
    ----------
    folder:
        What the path of a policy of your own is relative to.
    platforms:
        Where the master goes: what the policy says for these platforms counts as well.
    photo:
        The sha256 of the photo of its end card.

    Raises
    ------
    UseError
        If the policy cannot be read.
    """
    policy = load(options.policy, folder).tightened(platforms)
    elsewhere = {one.name: one.identity for one in options.remote}
    looked = {one.detector: one.identity for one in verdict.examinations if one.version != ABSENT}
    identities = {**{name: name for name in elsewhere}, **looked}
    identities |= {name: identity for name, identity in elsewhere.items() if name in looked}
    wanted = {*policy.required, *options.detectors, *elsewhere, *((OCR,) if options.ocr else ())}
    return (
        verdict.policy == policy.name
        and wanted <= identities.keys()
        and verdict.policy_version == bound(policy.identity(list(identities.values())), photo)
    )
