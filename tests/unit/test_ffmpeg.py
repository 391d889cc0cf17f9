"""How a run of ffmpeg that ends badly is told."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from reelmill import ffmpeg
from reelmill.errors import StorageError, TerminalError, TransientError
from tests.operated import children_of, eventually

ENDLESS = ("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25", "-f", "null", "-")


def test_a_process_that_is_killed_is_tried_again_and_one_that_fails_is_not() -> None:
    """The kernel kills what asks for too much memory; nothing is wrong with the video then."""

    others = set(children_of(os.getpid()))  # what other tests share: a Prefect server, Postgres

    def kill_it() -> None:
        (child, *_) = eventually(lambda: set(children_of(os.getpid())) - others, "ffmpeg")
        os.kill(child, signal.SIGKILL)

    killer = threading.Thread(target=kill_it)
    killer.start()
    with pytest.raises(TransientError, match="SIGKILL"):
        ffmpeg.run(ENDLESS, timeout=60)
    killer.join()
    with pytest.raises(TerminalError, match="no_such_filter"):
        ffmpeg.run(("-f", "lavfi", "-i", "no_such_filter", "-f", "null", "-"), timeout=30)


def test_the_program_is_found_without_starting_it() -> None:
    """A start that fails once, on a busy machine, must not be remembered as "there is no ffmpeg"."""
    script = """
import sys
from reelmill import ffmpeg
started = []
sys.addaudithook(lambda event, arguments: started.append(arguments) if event == "subprocess.Popen" else None)
print(ffmpeg.binary(), started, "imageio_ffmpeg" in sys.modules)
"""
    alone = {name: value for name, value in os.environ.items() if name != "REELMILL_FFMPEG"}
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=alone)
    path, *rest = said.stdout.split()
    assert os.access(path, os.X_OK)
    assert rest == ["[]", "False"]


def test_a_full_disk_is_told_as_such() -> None:
    assert isinstance(ffmpeg.failure("av_interleaved_write_frame(): No space left on device", 1), StorageError)
