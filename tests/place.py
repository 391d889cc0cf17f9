"""Where a target can be tried: what it meets there, and the truth about what the public sees."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reelmill.content import Json
from sandbox.platform import Platform


@dataclass
class Place:
    """A target's options with what it meets there."""

    options: Mapping[str, Json]
    shown: Callable[[], Sequence[str]]  #: the sha256 of every video that became public so far
    #: The subtitles beside each of them, as files by their suffix. None: it takes no files with subtitles.
    subtitled: Callable[[], Sequence[Mapping[str, bytes]]] | None = None
    sandbox: str = ""  #: the address of simulated platforms
    platform: Platform | None = None
    environment: Mapping[str, str] = field(default_factory=dict)  #: where the options find their secrets
    real: Mapping[str, Json] = field(default_factory=dict)  #: options that reach a simulated platform as the real one
    wait: Callable[[], None] = lambda: None  #: what others have to do for a post meanwhile: time, or a person
    #: Lets something go wrong. Says whether the answer to the call that makes a post public may be lost.
    trouble: Callable[[random.Random], bool] = lambda _dice: False
