"""What runs in the other Python, the one that has MoviePy: `python -I effect_program.py ORDER`.

It imports nothing of ours. The order is JSON. The pictures go to standard output, as raw RGB, one after the other;
what the effect prints goes to standard error, whose last line says as JSON what went wrong, if anything did.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import traceback
from typing import Any, BinaryIO, NoReturn

#: It ends with this when the last line of standard error says why.
TOLD = 3


def main() -> None:
    order = json.loads(sys.argv[1])
    pictures = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the effect prints must not be taken for pictures
    try:
        import numpy as np
        from moviepy import VideoFileClip
    except ImportError as error:
        fail(f"MoviePy is not there: {error}")
    function = load(order)
    source = VideoFileClip(order["source"], audio=False)
    try:
        made = function(source, **order["options"])
        check(made, order)
        write(made, order, pictures, np)
    except Exception as error:  # noqa: BLE001 – whatever somebody's code raises is told, with its line
        fail(f"{type(error).__name__}: {error}{line_of(error, order)}")
    pictures.close()


def load(order: dict[str, Any]) -> Any:
    """The function of the effect, from the very bytes that the master is named after."""
    try:
        with open(order["code"], "rb") as file:  # noqa: PTH123 (nothing is imported that need not be)
            code = file.read()
    except OSError as error:
        fail(f"the file cannot be read: {error.strerror}")
    if hashlib.sha256(code).hexdigest() != order["sha256"]:
        fail("the file was changed while its master was being made")
    names: dict[str, Any] = {"__name__": "effect", "__file__": order["code"]}
    try:
        exec(compile(code, order["code"], "exec"), names)  # noqa: S102 (to run it is what it was named for)
    except Exception as error:  # noqa: BLE001 – as above
        fail(f"{type(error).__name__}: {error}{line_of(error, order)}")
    function = names.get(order["function"])
    if not callable(function):
        fail(f"there is no function {order['function']!r} in it")
    return function


def check(made: Any, order: dict[str, Any]) -> None:
    """An effect changes what is seen, and neither its size nor its length."""
    if not callable(getattr(made, "get_frame", None)):
        raise TypeError(f"it returned a {type(made).__name__}, and not a clip")
    wide, high = made.size
    if (wide, high) != (order["width"], order["height"]):
        raise ValueError(f"it made the picture {wide}x{high}; it stays {order['width']}x{order['height']}")
    seconds = order["frames"] / order["fps"]
    if made.duration is not None and abs(made.duration - seconds) > 1.5 / order["fps"]:
        raise ValueError(f"it made the video {made.duration:.2f} s long; it stays {seconds:.2f} s")


def write(made: Any, order: dict[str, Any], pictures: BinaryIO, np: Any) -> None:
    for number in range(order["frames"]):
        picture = np.asarray(made.get_frame(number / order["fps"]))
        if picture.shape != (order["height"], order["width"], 3):
            raise ValueError(f"frame {number} has the shape {picture.shape}")
        pictures.write(np.clip(picture, 0, 255).astype(np.uint8).tobytes())


def line_of(error: BaseException, order: dict[str, Any]) -> str:
    """Where in the effect's own file it happened."""
    if isinstance(error, SyntaxError) and error.filename == order["code"]:
        return f" (line {error.lineno})"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == order["code"]]
    return f" (line {lines[-1]})" if lines else ""


def fail(problem: str) -> NoReturn:
    sys.stderr.write("\n" + json.dumps({"problem": problem}) + "\n")
    sys.stderr.flush()
    os._exit(TOLD)  # at once: an effect may have left threads behind


if __name__ == "__main__":
    main()
