"""What all parts of the door share: the ledger, the signer, and what is open at the moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from flows.events import emit
from flows.proofs import Proofs
from flows.signing import Signer
from records.ledger import Ledger
from records.tables import OutboxEvent
from reelmill.settings import Settings
from web.attempts import Attempts
from web.resuming import Resuming, Start
from web.triggers import Triggers


class Door:
    """One running door.

    Parameters
    ----------
    ledger:
        Stays open for as long as the door does.
    tell:
        Tells Prefect of an event that is in the outbox.
    resume:
        Starts to go on with a run that nobody else goes on with. None: as `reelmill resume` does.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        *,
        tell: Callable[[OutboxEvent], None] = emit,
        resume: Start | None = None,
    ) -> None:
        self.settings = settings
        self.ledger = ledger
        self.signer = Signer(settings)
        self.triggers = Triggers(ledger, settings)
        self.attempts = Attempts()
        self.proofs = Proofs(settings, ledger)
        self.resuming = Resuming(settings, resume)
        self.tell = tell
        self.streams = 0  #: how many callers follow a run at the moment; only the event loop counts
        self.closing = threading.Event()  #: set when the door is told to close: streams end


async def _opened(request: Request) -> Door:
    door = request.app.state.door
    assert isinstance(door, Door)
    return door


Opened = Annotated[Door, Depends(_opened)]
