"""A photo that is drawn after screening, on the end card: looked at like a frame, and judged with its master.

It comes from somebody's feed, and no detector would ever see it otherwise. Its verdict and the master's are one, so
that neither is published without the other, and a person decides about both.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from reelmill.content import PHOTO, Decision, Verdict
from reelmill.ffmpeg import Probe
from reelmill.frames import Frame
from tasks.screening.decoding import Picture
from tasks.screening.inspection import Inspection, Observers
from tasks.screening.policy import Isolated, Policy
from wan_engine.storyboard.product.photo import read_photo

#: What reasons call it.
CALLED = "the photo of the end card"
_SEVERITY = (Decision.PASS, Decision.REVIEW, Decision.BLOCK)


def bound(version: str, photo_sha256: str | None) -> str:
    """What a verdict is bound to, for a master that is shown with a photo: another photo asks for another verdict."""
    return version if photo_sha256 is None else f"{version}.{photo_sha256[:12]}"


def alone(policy: Policy) -> Policy:
    """The policy for one picture: that it stands alone excuses nothing."""
    return policy.model_copy(update={"isolated": Isolated(score_below=0, seconds=1)})


def inspect(path: Path, policy: Policy, observers: Observers) -> Inspection:
    """Have everybody look at a picture.

    Raises
    ------
    MediaError
        If it is none.
    TerminalError
        If a detector or the reader of texts fails.
    """
    frame = flat(path)
    height, width = frame.shape[:2]
    inspection = Inspection(policy, Probe("", width, height, 1.0, 0.0, audio=False), observers)
    seen = np.asarray(cv2.resize(frame, inspection.size, interpolation=cv2.INTER_AREA), np.uint8)
    inspection.see(Picture(0, 0.0, key=True, frame=seen))
    return inspection


def flat(path: Path) -> Frame:
    """A photo as it may be drawn: on white, where it is transparent."""
    photo = read_photo(path)
    alpha = 1.0 if photo.alpha is None else photo.alpha[..., np.newaxis]
    return np.round(np.clip(photo.rgb * alpha + (1.0 - alpha), 0, 1) * 255).astype(np.uint8)


def together(master: Verdict, photo: Verdict, photo_sha256: str, seconds: float) -> Verdict:
    """One verdict for both: the worse of the two, with the evidence of both.

    Parameters
    ----------
    seconds:
        Where the photo is shown, in the master's time.
    """
    master = replace(master, policy_version=bound(master.policy_version, photo_sha256))
    if master.fault:
        return master
    told = tuple(f"{CALLED}: {reason}" for reason in photo.reasons)
    if photo.fault:  # and so is the whole, unless the master is blocked for what is seen in it
        hits = master.hits if master.decision is Decision.BLOCK else ()
        return replace(master, decision=Decision.BLOCK, hits=hits, reasons=(*told, *master.reasons))
    return replace(
        master,
        decision=max(master.decision, photo.decision, key=_SEVERITY.index),
        reasons=(*master.reasons, *told),
        hits=(*master.hits, *(replace(hit, frame=PHOTO, seconds=seconds) for hit in photo.hits)),
    )
