"""What people decide about videos that wait for them, and verdicts on texts."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "text_verdicts",
        sa.Column("id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("texts_sha256", sa.String(length=64), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("fault", sa.Boolean(), nullable=False),
        sa.Column("reasons", DOCUMENT, nullable=False),
        sa.Column("hits", DOCUMENT, nullable=False),
        sa.Column("guard", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_verdicts")),
    )
    op.create_index(
        op.f("ix_text_verdicts_texts_sha256_policy_policy_version"),
        "text_verdicts",
        ["texts_sha256", "policy", "policy_version"],
    )
    op.create_table(
        "review_decisions",
        sa.Column("id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("verdict_id", COUNTER, nullable=True),
        sa.Column("detail", DOCUMENT, nullable=False),
        sa.Column("waited_since", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["video_id"], ["videos.id"], name=op.f("fk_review_decisions_video_id_videos"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_decisions")),
    )
    op.create_index(op.f("ix_review_decisions_video_id"), "review_decisions", ["video_id"])
    op.create_index(op.f("ix_review_decisions_decided_at"), "review_decisions", ["decided_at"])
    with op.batch_alter_table("videos") as videos:
        videos.add_column(sa.Column("texts_sha256", sa.String(length=64), nullable=True))
    with op.batch_alter_table("verdicts") as verdicts:
        verdicts.add_column(sa.Column("decided_by", sa.String(length=64), nullable=False, server_default=""))


def downgrade() -> None:
    # In place: a batch would make the tables anew, and dropping the old ones takes along what refers to their rows.
    op.drop_column("verdicts", "decided_by")
    op.drop_column("videos", "texts_sha256")
    op.drop_table("review_decisions")
    op.drop_table("text_verdicts")
