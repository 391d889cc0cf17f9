"""The only door to the ledger."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from records.accounts import Accounts
from records.budgets import Budgets
from records.chunks import Chunks
from records.clip_times import ClipTimes
from records.database import HEAD, Database
from records.deployments import Deployments
from records.leases import Leases
from records.media import Media
from records.notices import Notices
from records.outbox import Outbox
from records.outcomes import Outcomes
from records.post_lists import PostLists
from records.post_metrics import Measurements
from records.posts import Posts
from records.reviews import Reviews
from records.runs import Runs
from records.seen import SeenBriefs
from records.slots import Slots
from records.standings import Standings
from records.store import open_store
from records.text_verdicts import TextVerdicts
from records.tokens import Tokens
from records.verdicts import Verdicts
from records.videos import Videos
from records.work import Work
from reelmill.errors import UseError
from reelmill.settings import Settings


class Ledger:
    """Everything that is remembered, by noun.

    Opening an empty database builds the schema; one of another version is refused with the command that helps.

    Parameters
    ----------
    patience:
        Seconds for which a transaction waits for a database that is away before it begins.

    Raises
    ------
    UseError
        If the schema is older or newer than this Reelmill.
    StorageError, ServerUnavailable
        If the database cannot be written or does not answer.
    """

    def __init__(self, settings: Settings, *, patience: float = 0.0) -> None:
        self.database = Database(settings.ledger_url, patience=patience)
        self.store = open_store(settings)
        try:
            self._settle_schema()
        except BaseException:
            self.database.close()
            raise
        self.runs = Runs(self.database)
        self.videos = Videos(self.database)
        self.seen = SeenBriefs(self.database)
        self.media = Media(self.database, self.store)
        self.verdicts = Verdicts(self.database)
        self.text_verdicts = TextVerdicts(self.database)
        self.reviews = Reviews(self.database)
        self.posts = Posts(self.database)
        self.post_lists = PostLists(self.database)
        self.slots = Slots(self.database)
        self.standings = Standings(self.database)
        self.notices = Notices(self.database)
        self.measurements = Measurements(self.database)
        self.outcomes = Outcomes(self.database)
        self.leases = Leases(self.database)
        self.deployments = Deployments(self.database)
        self.outbox = Outbox(self.database)
        self.chunks = Chunks(self.database)
        self.clip_times = ClipTimes(self.database)
        self.work = Work(self.database)
        self.budgets = Budgets(self.database)
        self.tokens = Tokens(self.database)
        self.accounts = Accounts(self.database, self.media)

    def _settle_schema(self) -> None:
        found = self.database.revision()
        if found == HEAD:
            return
        from records.schema import knows, upgrade  # Alembic takes half a second to import

        if found is None:
            upgrade(self.database)
        elif knows(found):
            raise UseError(
                f"the ledger {self.database.name} has schema {found}, this Reelmill needs {HEAD}",
                "run `reelmill db upgrade`",
            )
        else:
            raise UseError(
                f"the ledger {self.database.name} has schema {found}, which this Reelmill does not know",
                "update Reelmill: a newer one has written there",
            )

    def moment(self) -> AbstractContextManager[None]:
        """Have everything that the block reads be of one moment: a count, say, agrees with what is counted."""
        return self.database.moment()

    def close(self) -> None:
        try:
            self.work.write()
        finally:
            self.store.close()
            self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
