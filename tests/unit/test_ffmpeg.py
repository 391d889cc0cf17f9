"""How a run of ffmpeg that ends badly is told."""

import os
import signal
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


def test_a_full_disk_is_told_as_such() -> None:
    assert isinstance(ffmpeg.failure("av_interleaved_write_frame(): No space left on device", 1), StorageError)
