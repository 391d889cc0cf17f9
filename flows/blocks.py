"""Secrets in Prefect's own blocks of the kind Secret, which a definition names as `{block: NAME}`.

Every secret comes from a definition, so reading one (`flows.definition`) says that blocks are kept here: no command,
worker or flow process has to think of it. Prefect takes a second to import, and its server longer to start: both happen
when the first block is asked for, and not before.

Prefect keeps a block's value encrypted, shows it masked in its dashboard, and gives it to whoever may use its API.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from reelmill.content import Json
from reelmill.errors import ReelmillError, ServerUnavailable
from reelmill.settings import Settings
from tasks.secret import keep_blocks_in

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import BlockDocument

#: How long a new value is tried to be written: the login that it replaces may be void already. Seconds.
PATIENCE = 30.0
#: Seconds between two attempts.
PAUSE = 1.0
#: What Prefect calls the kind of its blocks `prefect.blocks.system.Secret`.
KIND = "secret"

log = logging.getLogger("reelmill.blocks")


class SecretBlocks:
    """The blocks of the Prefect API that this process works with, or of the local one, which is started if need be.

    Parameters
    ----------
    patience:
        How long a write is tried, in seconds.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._url: str | None = None

    def read(self, block: str) -> str | None:
        """The value of a block: a text as it is, anything else as JSON. None if there is no block of that name.

        Raises
        ------
        ServerUnavailable
            If the Prefect API does not answer, or does not let us in.
        """
        with self._client(block) as client:
            found = _find(client, block)
        value = found.data.get("value") if found is not None else None
        return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def write(self, block: str, value: str) -> bool:
        """Give a block another value; one that was JSON stays JSON. False if it cannot be, also not a little later."""
        until = time.monotonic() + self._patience
        while True:
            try:
                with self._client(block) as client:
                    return _replace(client, block, value)
            except ReelmillError as error:
                if time.monotonic() >= until:
                    log.warning("the block %s cannot be written: %s", block, error)
                    return False
            time.sleep(PAUSE)

    @contextmanager
    def _client(self, block: str) -> Iterator[SyncPrefectClient]:
        """A client of the API. What it raises may show values, so nothing of that is told."""
        url = self._connected()
        import httpx
        from prefect.client.orchestration import get_client
        from prefect.exceptions import PrefectException
        from prefect.settings import PREFECT_API_URL, temporary_settings
        from pydantic import ValidationError

        try:
            # Whoever imported Prefect before the API was found has it without one.
            with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
                yield client
        except httpx.HTTPStatusError as error:
            raise _refused(url, block, error.response.status_code) from None
        except (httpx.HTTPError, PrefectException, ValidationError, OSError) as error:
            with self._lock:
                self._url = None  # it is looked for again
            raise ServerUnavailable(
                f"the Prefect API {url} does not give the block {block}: {type(error).__name__}",
                "start it, or see with `reelmill doctor` what is wrong with it; what waits for the secret goes on then",
            ) from None

    def _connected(self) -> str:
        from flows import server

        with self._lock:
            if self._url is None:
                self._url = server.connect(Settings())
            return self._url


def _refused(url: str, block: str, status: int) -> ServerUnavailable:
    if status in {401, 403}:
        return ServerUnavailable(
            f"the Prefect API {url} does not let us read the block {block} ({status})",
            "set PREFECT_API_AUTH_STRING here to what its server has as PREFECT_SERVER_API_AUTH_STRING",
        )
    return ServerUnavailable(f"the Prefect API {url} answers {status} for the block {block}", "read its server's log")


def _find(client: SyncPrefectClient, block: str) -> BlockDocument | None:
    from prefect.exceptions import ObjectNotFound

    try:
        return client.read_block_document_by_name(block, KIND, include_secrets=True)
    except ObjectNotFound:
        return None


def _replace(client: SyncPrefectClient, block: str, value: str) -> bool:
    from prefect.client.schemas.actions import BlockDocumentUpdate
    from prefect.exceptions import ObjectNotFound

    found = _find(client, block)
    if found is None:
        return False
    new = {"value": value if isinstance(found.data.get("value"), str) else _parsed(value)}
    try:
        client.update_block_document(found.id, BlockDocumentUpdate(data=new, merge_existing_data=False))
    except ObjectNotFound:  # it was deleted in between
        return False
    return True


def _parsed(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return text


_BLOCKS: Final = SecretBlocks()


def use_blocks() -> None:
    """Have secrets of this process that are in blocks read from there."""
    keep_blocks_in(_BLOCKS)
