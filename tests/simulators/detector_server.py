"""A detector's server on loopback: it takes frames as `tasks/screening/detectors/http.py` sends them, finds what its
eye finds, and can misbehave on purpose.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

import cv2
import numpy as np

from reelmill.frames import Frame
from tests.simulators.loopback import Handler, serving

Eye = Callable[[Frame], list[dict[str, Any]]]


def redness(frame: Frame) -> list[dict[str, Any]]:
    """Finds what is red, with the place of it. Red for blue, and it finds nothing."""
    red = (frame[..., 0] > 180) & (frame[..., 1] < 90) & (frame[..., 2] < 90)
    if red.mean() < 0.01:
        return []
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    box = [int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1]
    return [{"label": "blood", "score": 0.9, "box": box}]


@dataclass
class DetectorServer:
    """What it was sent, and how it answers."""

    url: str = ""
    eye: Eye = redness
    token: str = ""  #: what a request must bear; "": nothing
    version: str = "7"
    model_sha256: str = "ab" * 32
    sizes: list[tuple[int, int]] = field(default_factory=list)  #: width and height of each frame
    requests: int = 0

    # Trouble
    status: int = 0  #: answered instead
    headers: dict[str, str] = field(default_factory=dict)  #: beside that status
    body: bytes | None = None  #: answered instead of findings
    drop: bool = False  #: the connection is closed in the middle of the answer
    silent: float = 0.0  #: seconds until it answers
    after: int = 0  #: requests that go well before the trouble begins
    until: int = 1 << 30  #: requests after which it is over


@contextmanager
def a_detector_server() -> Iterator[DetectorServer]:
    detector = DetectorServer()
    with serving(_Handler, detector=detector) as url:
        detector.url = f"{url}/detect"
        yield detector


class _Handler(Handler):
    lock = threading.Lock()

    def do_POST(self) -> None:  # noqa: N802 (the base class looks for it)
        detector: DetectorServer = self.server.detector  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            detector.requests += 1
            trouble = detector.after < detector.requests <= detector.until
        if detector.token and self.headers.get("Authorization") != f"Bearer {detector.token}":
            self.answer(401, b"{}")
            return
        if trouble and detector.silent:
            time.sleep(detector.silent)
        if trouble and detector.status:
            self.answer(detector.status, b"", detector.headers)
            return
        frames = _frames(self.headers["Content-Type"], body)
        with self.lock:
            detector.sizes += [(frame.shape[1], frame.shape[0]) for frame in frames]
        answer = {
            "version": detector.version,
            "model_sha256": detector.model_sha256,
            "frames": [detector.eye(frame) for frame in frames],
        }
        content = json.dumps(answer).encode()
        if trouble and detector.body is not None:
            content = detector.body
        if trouble and detector.drop:
            self.break_off(content)
            return
        self.answer(200, content)


def _frames(content_type: str, body: bytes) -> list[Frame]:
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    pictures = []
    for part in message.get_payload():
        assert part.get_param("name", header="content-disposition") == "frames"
        assert part.get_content_type() == "image/jpeg"
        bgr = cv2.imdecode(np.frombuffer(part.get_payload(decode=True), np.uint8), cv2.IMREAD_COLOR)
        pictures.append(np.ascontiguousarray(bgr[..., ::-1]))
    return pictures
