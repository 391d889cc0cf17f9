"""A detector that runs somewhere else and is asked by HTTP.

One request carries some frames, each as a JPEG, in a `multipart/form-data` body; each part is called `frames`:

    POST URL                     Authorization: Bearer TOKEN, if there is one
    200 {"version": "1.4", "model_sha256": "…",
         "frames": [[{"label": "weapon", "score": 0.91, "box": [x, y, width, height]}], []]}

`frames` has one list of findings for each frame that was sent, in their order. A box is in pixels of that frame, and
may be left out. `version` says what looked; `model_sha256` may be left out. Anything else is no answer.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Sequence

import cv2
import httpx
import numpy as np

from reelmill import __version__
from reelmill.answers import TRANSIENT, redacted, seconds_to_wait
from reelmill.errors import TerminalError
from reelmill.frames import Frame
from tasks.screening.detectors.base import Detector, Finding
from tasks.screening.remote import RemoteOptions

#: The long side of the frames that are sent, in pixels.
LONG_SIDE = 640
#: High, so that little is lost: what another detector was trained on is not known.
JPEG_QUALITY = 92
#: How often one batch is sent.
TRIES = 3
#: The pause before it is sent again, in seconds, longer by as much each time; a server may ask for another, up to the
#: longest.
PAUSE, LONGEST_PAUSE = 1.0, 5.0
#: Bytes of an answer, and findings of one frame.
LARGEST_ANSWER, MOST_FINDINGS = 1 << 20, 1000
#: Characters of a label or a version.
LONGEST_WORD = 128

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Remote(Detector):
    """One of them. That it does not answer is an error like any other detector's.

    Raises
    ------
    TerminalError
        If its token cannot be had here, or cannot be a header's value.
    """

    name = ""  # each has its own

    def __init__(self, options: RemoteOptions) -> None:
        super().__init__(threads=1)
        self.name = options.name  # type: ignore[misc]  # every instance is another detector
        self._options = options
        self._version, self._sha256 = "", ""
        headers = {"User-Agent": f"reelmill/{__version__}"}
        if options.token is not None:
            token = options.token.read()
            if not (token.isascii() and token.isprintable()):
                raise TerminalError(f"{options.token.name} has characters that no header can carry", "correct it")
            headers["Authorization"] = f"Bearer {token}"
        # No proxy and no login of the environment, and no way to lead frames and token somewhere else.
        self._http = httpx.Client(headers=headers, timeout=options.timeout, trust_env=False, follow_redirects=False)

    @property
    def version(self) -> str:
        """What the server last called itself; empty before its first answer."""
        return self._version

    @property
    def model_sha256(self) -> str:
        return self._sha256

    @property
    def identity(self) -> str:
        return self._options.identity

    @classmethod
    def missing(cls) -> str | None:
        return None

    def detect(self, frames: Sequence[Frame]) -> list[list[Finding]]:
        if not frames:
            return []
        sent = [_small(frame) for frame in frames]
        answer = self._ask([_jpeg(frame) for frame in sent])
        try:
            return self._read(answer, sent, frames)
        except (LookupError, TypeError, ValueError, RecursionError) as error:
            raise TerminalError(f"{self.name} gave an answer that is none: {error}", "look at its server") from error

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def _ask(self, pictures: Sequence[bytes]) -> bytes:
        """The body of a good answer, after a few tries."""
        for attempt in range(1, TRIES + 1):
            pause = PAUSE * attempt
            try:
                status, wait, body = self._once(pictures)
            except httpx.HTTPError as error:
                trouble = f"{self.name} does not answer: {type(error).__name__} at {redacted(self._options.url)}"
            else:
                if status == 200:
                    return body
                trouble = f"{self.name} answers {status}"
                if status not in TRANSIENT:
                    advice = self._advice if status in (401, 403) else "look at its server, and at its address"
                    raise TerminalError(trouble, advice)
                pause = wait if wait is not None else pause
            if attempt == TRIES or pause > LONGEST_PAUSE:
                break
            time.sleep(pause)
        raise TerminalError(trouble, "look at its server")

    def _once(self, pictures: Sequence[bytes]) -> tuple[int, float | None, bytes]:
        parts = [("frames", (f"{number}.jpg", picture, "image/jpeg")) for number, picture in enumerate(pictures)]
        until = time.monotonic() + self._options.timeout
        body = bytearray()
        with self._http.stream("POST", self._options.url, files=parts) as answer:
            for block in answer.iter_bytes():
                body += block
                if len(body) > LARGEST_ANSWER:
                    raise TerminalError(
                        f"{self.name} answers with more than {LARGEST_ANSWER} bytes", "look at its server"
                    )
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("the answer drips")
        return answer.status_code, seconds_to_wait(answer.headers.get("retry-after", "")), bytes(body)

    @property
    def _advice(self) -> str:
        return self._options.token.remedy if self._options.token else "give its `token`"

    def _read(self, body: bytes, sent: Sequence[Frame], frames: Sequence[Frame]) -> list[list[Finding]]:
        answer = json.loads(body)
        found = answer["frames"]
        if not isinstance(found, list) or len(found) != len(frames):
            raise ValueError(f"it does not speak of the {len(frames)} frames")
        version, weights = _word(answer["version"]), answer.get("model_sha256", "")
        if weights and not _SHA256.fullmatch(weights):
            raise ValueError("model_sha256 is none")
        findings = [
            [_finding(one, small, frame) for one in _few(of_frame)]
            for of_frame, small, frame in zip(found, sent, frames, strict=True)
        ]
        self._version, self._sha256 = version, weights
        return findings


def _small(frame: Frame) -> Frame:
    height, width = frame.shape[:2]
    scale = LONG_SIDE / max(height, width)
    if scale >= 1:
        return frame
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg(frame: Frame) -> bytes:
    bgr = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)  # what OpenCV writes as RGB
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


def _few(findings: object) -> list[object]:
    if not isinstance(findings, list) or len(findings) > MOST_FINDINGS:
        raise ValueError("a frame's findings are no list, or too many")
    return findings


def _finding(one: object, small: Frame, frame: Frame) -> Finding:
    """A finding in pixels of the frame, out of one in pixels of what was sent."""
    if not isinstance(one, dict):
        raise TypeError("a finding is no object")
    score, box = one["score"], one.get("box")
    if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score) or not 0 <= score <= 1:
        raise ValueError(f"the score {score!r} is not between 0 and 1")
    label = _word(one["label"])
    if box is None:
        return Finding(label, float(score))
    if not (isinstance(box, list) and len(box) == 4 and all(_is_number(side) for side in box)):
        raise ValueError("a box is not four numbers")
    (high, wide), (height, width) = small.shape[:2], frame.shape[:2]
    left, right = (min(max(round(at * width / wide), 0), width) for at in (box[0], box[0] + box[2]))
    top, bottom = (min(max(round(at * height / high), 0), height) for at in (box[1], box[1] + box[3]))
    return Finding(label, float(score), (left, top, max(0, right - left), max(0, bottom - top)))


def _is_number(side: object) -> bool:
    return isinstance(side, int | float) and not isinstance(side, bool) and math.isfinite(side)


def _word(word: object) -> str:
    if not isinstance(word, str) or not word or len(word) > LONGEST_WORD or not word.isprintable():
        raise ValueError("a label or the version is no short text")
    return word
