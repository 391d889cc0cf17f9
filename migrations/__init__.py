"""The history of the ledger's schema, for Alembic. `records.schema` runs it."""
