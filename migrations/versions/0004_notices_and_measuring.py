"""Notices: what people are told of once, after its run had ended; and when each post is measured next."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("posts") as posts:
        posts.add_column(sa.Column("measure_at", INSTANT, nullable=True))
        posts.create_index(op.f("ix_posts_platform_measure_at"), ["platform", "measure_at"])
    op.execute("update posts set measure_at = live_at where state = 'live'")
    op.create_table(
        "notices",
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("batch", sa.Uuid(), nullable=False),
        sa.Column("pipeline", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("told_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_told_at"), "notices", ["told_at"])


def downgrade() -> None:
    op.drop_table("notices")
    # In place: a batch would make the table anew, and dropping the old one takes along what refers to its rows.
    op.drop_index(op.f("ix_posts_platform_measure_at"), "posts")
    op.drop_column("posts", "measure_at")
