"""What a source said of each brief, so that a change is noticed; and how far a source was read."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("seen_briefs", sa.Column("facts", DOCUMENT, nullable=False, server_default="{}"))
    op.create_table(
        "cursors",
        sa.Column("pipeline", sa.String(length=64), nullable=False),
        sa.Column("value", DOCUMENT, nullable=False),
        sa.Column("moved_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("pipeline", name=op.f("pk_cursors")),
    )


def downgrade() -> None:
    op.drop_table("cursors")
    op.drop_column("seen_briefs", "facts")
