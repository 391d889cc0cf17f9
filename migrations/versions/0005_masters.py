"""Masters that are more than one clip."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "masters",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("fps", sa.Integer(), nullable=False),
        sa.Column("preview", sa.Boolean(), nullable=False),
        sa.Column("record", DOCUMENT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_masters")),
    )
    op.create_index(op.f("ix_masters_sha256"), "masters", ["sha256"])
    op.create_index(op.f("ix_masters_created_at"), "masters", ["created_at"])
    with op.batch_alter_table("videos") as videos:
        videos.add_column(sa.Column("edit_id", sa.String(length=64), nullable=True))
        videos.create_index(op.f("ix_videos_edit_id"), ["edit_id"])


def downgrade() -> None:
    # In place: a batch would make the table anew, and dropping the old one takes along what refers to its rows.
    op.drop_index(op.f("ix_videos_edit_id"), "videos")
    op.drop_column("videos", "edit_id")
    op.drop_table("masters")
