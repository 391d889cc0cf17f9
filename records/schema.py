"""Builds and upgrades the ledger's schema with Alembic, from the migrations that ship with Reelmill."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

import migrations
from records.database import Database

#: Any number will do, as long as every Reelmill uses the same: one process migrates, the others wait.
_MIGRATION_LOCK = 7_266_531


def upgrade(database: Database) -> None:
    """Bring the schema to the newest version, in one transaction. Safe when several processes start at once."""
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text(f"select pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        configuration = _configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")


def versions() -> list[str]:
    """Every schema version, oldest first."""
    script = ScriptDirectory.from_config(_configuration())
    return [revision.revision for revision in reversed(list(script.walk_revisions()))]


def knows(revision: str) -> bool:
    return revision in versions()


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    return configuration
