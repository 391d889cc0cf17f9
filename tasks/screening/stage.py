"""Screening: a master in, a verdict out. A pass needs proof; whatever goes wrong is a block that says why."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import file_digest
from pathlib import Path

from reelmill.content import Decision, Verdict
from reelmill.errors import Interrupted, MediaError, TerminalError, TransientError
from reelmill.ffmpeg import probe
from tasks.screening import stills
from tasks.screening.detectors.base import Detector
from tasks.screening.inspection import Inspection, Observers
from tasks.screening.judgement import judge
from tasks.screening.options import ScreenOptions
from tasks.screening.panel import Panel, told
from tasks.screening.policy import Policy, load
from tasks.screening.reading import Reader, TextScreen
from wan_engine.base import CancelToken

#: Without a promised number of frames, decoding may find this many, or this share, more or less than the container's
#: duration says: rounding, and a last frame that lasts longer.
COUNT_TOLERANCE_FRAMES = 2
COUNT_TOLERANCE_SHARE = 0.02


class Screener:
    """Examines masters under one policy. Loads the detectors once; several threads may call `screen` at the same time.

    Parameters
    ----------
    options:
        The pipeline's `screen:`.
    threads:
        Cores used at the same time, for all masters together. 0: one per core, at most 4.
    base:
        The folder that the path of a user's own policy is relative to. None: the working directory.
    platforms:
        Where the masters go: what the policy says for these platforms counts as well.
    catalogue:
        Finds the class of a detector by its name. None: the registry.
    texts:
        Says what is wrong with a text that is read inside the picture. Without it, a pipeline that asks for `ocr` is
        blocked.
    reader:
        Reads those texts. None: RapidOCR, once `ocr` asks for it.

    Raises
    ------
    UseError
        If the policy cannot be read, or says nothing of a detector that the options name.
    """

    def __init__(
        self,
        options: ScreenOptions,
        *,
        threads: int = 0,
        base: Path | None = None,
        platforms: Collection[str] = (),
        catalogue: Callable[[str], type[Detector]] | None = None,
        texts: TextScreen | None = None,
        reader: Reader | None = None,
    ) -> None:
        self._policy = load(options.policy, base or Path()).tightened(platforms)
        self._panel = Panel(self._policy, options.detectors, catalogue, remote=options.remote)
        if options.ocr:
            self._panel.add_reading(texts, reader)
        self.threads = threads or min(4, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="screening")

    @property
    def policy(self) -> str:
        """The policy's name."""
        return self._policy.name

    @property
    def policy_version(self) -> str:
        """The policy's version, and a short hash of its content and of the detectors that look, with their versions."""
        return self._policy.identity(self._panel.identities)

    def screen(
        self, path: Path, sha256: str, *, expected_frames: int | None = None, cancel: CancelToken | None = None
    ) -> Verdict:
        """Decode every frame of a master, look at all of them, or at a sample of a long one, and decide.

        Parameters
        ----------
        sha256:
            What the file's bytes should hash to: a verdict is bound to exact bytes.
        expected_frames:
            How many frames it was made with. None: the container's duration is asked, and trusted within 2 %.

        Returns
        -------
        Verdict
            `pass` only if every detector looked at every frame that the policy's sampling chose, of a short master at
            all of them, and no score reached a threshold. A file that is
            missing, damaged, another than promised or no video is a block, and so is a detector that is missing or
            fails. Mostly black, mostly frozen, or a single frame is a review, and so is one that an optional detector
            elsewhere was not there for.

        Raises
        ------
        Interrupted
            If `cancel` fired.
        TransientError
            If the decoder was killed, say: that is nobody's verdict on the file. It raises nothing else.
        """
        started = time.monotonic()
        faults = list(self._panel.faults)
        inspection: Inspection | None = None
        try:
            if not faults:
                _require_bytes(path, sha256)
                inspection = Inspection(self._policy, probe(path), self._observers)
                check = cancel.check if cancel else _never
                inspection.run(path, self._pool, threads=self.threads, check=check)
                _require_count(inspection, expected_frames)
        except (Interrupted, TransientError):
            raise  # no verdict at all: it is looked at again
        except Exception as error:  # noqa: BLE001 – doubt is never a pass: whatever it is, it blocks, and it is told
            faults.append(told(error))
        blank = inspection.blankness.reasons() if inspection else ()
        return self._verdict(self._policy, sha256, inspection, faults, blank, time.monotonic() - started)

    def look(self, path: Path, sha256: str) -> Verdict:
        """Look at a picture, such as the photo of an end card, and decide: by the same detectors, the same thresholds.

        Returns
        -------
        Verdict
            `pass` only if every detector has looked and no score reached a threshold. What is no picture, and whatever
            fails, is a block. It raises nothing.
        """
        started = time.monotonic()
        faults, policy = list(self._panel.faults), stills.alone(self._policy)
        inspection: Inspection | None = None
        try:
            if not faults:
                _require_bytes(path, sha256)
                inspection = stills.inspect(path, policy, self._observers)
        except Exception as error:  # noqa: BLE001 – as with masters
            faults.append(told(error))
        return self._verdict(policy, sha256, inspection, faults, (), time.monotonic() - started)

    @property
    def _observers(self) -> Observers:
        return Observers(self._panel.detectors, self._panel.optional, self._panel.reading)

    def _verdict(
        self,
        policy: Policy,
        sha256: str,
        inspection: Inspection | None,
        faults: list[str],
        blank: Sequence[str],
        seconds: float,
    ) -> Verdict:
        judgement = judge(policy, inspection.hits if inspection else (), inspection.worst if inspection else {})
        doubts = [*self._panel.doubts, *(inspection.silent.values() if inspection else ()), *blank]
        decision, evidence = judgement.decision, judgement.evidence
        if faults:
            # A verdict with evidence counts as final. Doubts in one half of a file must not keep the whole from being
            # examined once the fault is mended; the reasons still tell them.
            evidence = evidence if decision is Decision.BLOCK else ()
            decision = Decision.BLOCK
        elif doubts and decision is Decision.PASS:
            decision = Decision.REVIEW
        return Verdict(
            master_sha256=sha256,
            policy=self.policy,
            policy_version=self.policy_version,
            decision=decision,
            reasons=(*faults, *judgement.reasons, *doubts),
            hits=evidence,
            examinations=self._panel.examinations(inspection),
            frames=inspection.frames if inspection else 0,
            examined=inspection.examined if inspection else 0,
            seconds_taken=seconds,
        )

    def close(self) -> None:
        """End the threads and the connections. Nothing can be screened afterwards."""
        self._pool.shutdown()
        self._panel.close()


def _require_bytes(path: Path, sha256: str) -> None:
    if not path.is_file() or path.stat().st_size == 0:
        raise MediaError(f"{path.name} is missing or empty", "make the clip again")
    with path.open("rb") as file:
        found = file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise MediaError(f"{path.name} is not the file that was named: its sha256 is {found[:12]}…", "")


def _require_count(inspection: Inspection, expected: int | None) -> None:
    found, promised = inspection.frames, inspection.probe.frames
    if found == 0:
        raise MediaError("no frame could be decoded", "")
    if inspection.examined != inspection.wanted or (inspection.examined != found and not inspection.long):
        raise TerminalError(f"only {inspection.examined} of {inspection.wanted} frames were examined", "")
    if expected is not None and found != expected:
        raise MediaError(f"{found} frames were decoded, {expected} were expected", "")
    if expected is None and abs(found - promised) > max(COUNT_TOLERANCE_FRAMES, COUNT_TOLERANCE_SHARE * promised):
        raise MediaError(f"{found} frames were decoded, the file's duration speaks of {promised}", "")


def _never() -> None:
    """Nobody asked for a way to stop it."""
