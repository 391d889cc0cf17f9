"""Alembic's entry: `records.schema` hands over a connection that is already in a transaction."""

from alembic import context

from records.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter a table in place
    compare_type=True,
    transaction_per_migration=False,
)
context.run_migrations()
