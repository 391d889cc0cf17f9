"""Publishing: whose account a post is for and when it is due, slots, the standing of accounts, what people did."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    # Until now the only target was a folder, and a post was one of a rendition and a target's name.
    with op.batch_alter_table("posts") as posts:
        posts.add_column(sa.Column("platform", sa.String(length=32), nullable=False, server_default="folder"))
        posts.add_column(sa.Column("account", sa.String(length=255), nullable=False, server_default=""))
        posts.add_column(sa.Column("content", sa.String(length=64), nullable=False, server_default=""))
        posts.add_column(sa.Column("edition", sa.String(length=64), nullable=False, server_default=""))
        posts.add_column(sa.Column("due_at", INSTANT, nullable=True))
        posts.add_column(sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
        posts.add_column(sa.Column("armed_at", INSTANT, nullable=True))
        posts.add_column(sa.Column("armed_by", sa.Text(), nullable=False, server_default=""))
        posts.add_column(sa.Column("accepted_at", INSTANT, nullable=True))
        posts.add_column(sa.Column("live_at", INSTANT, nullable=True))
        posts.add_column(sa.Column("seen_at", INSTANT, nullable=True))
    op.execute("update posts set account = target, content = rendition_id")
    op.execute("update posts set live_at = updated_at, seen_at = updated_at where state = 'live'")
    with op.batch_alter_table("posts") as posts:
        for name in ("platform", "account", "content", "edition", "attempts", "armed_by"):
            posts.alter_column(name, server_default=None)
        posts.drop_constraint(op.f("uq_posts_rendition_id_target"), type_="unique")
        posts.create_unique_constraint(
            op.f("uq_posts_content_account_platform_edition"), ["content", "account", "platform", "edition"]
        )
        posts.create_index(op.f("ix_posts_due_at"), ["due_at"])
        posts.create_index(op.f("ix_posts_platform_account_live_at"), ["platform", "account", "live_at"])
        posts.create_index(op.f("ix_posts_rendition_id"), ["rendition_id"])
    op.create_table(
        "slots",
        sa.Column("id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name=op.f("fk_slots_video_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slots")),
        sa.UniqueConstraint("video_id", "target", "profile", name=op.f("uq_slots_video_id_target_profile")),
    )
    op.create_index(op.f("ix_slots_platform_account_at"), "slots", ["platform", "account", "at"])
    op.create_table(
        "standings",
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("paused_until", INSTANT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("needs_person", sa.Boolean(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("quota_total", sa.Integer(), nullable=True),
        sa.Column("quota_used", sa.Integer(), nullable=True),
        sa.Column("looked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("platform", "account", name=op.f("pk_standings")),
    )
    op.create_table(
        "post_metrics",
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("views", sa.BigInteger(), nullable=True),
        sa.Column("likes", sa.BigInteger(), nullable=True),
        sa.Column("comments", sa.BigInteger(), nullable=True),
        sa.Column("shares", sa.BigInteger(), nullable=True),
        sa.Column("watch_seconds", sa.Double(), nullable=True),
        sa.Column("detail", DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_metrics_post_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", "at", name=op.f("pk_post_metrics")),
    )


def downgrade() -> None:
    op.drop_table("post_metrics")
    op.drop_table("standings")
    op.drop_table("slots")
    with op.batch_alter_table("posts") as posts:
        posts.drop_index(op.f("ix_posts_rendition_id"))
        posts.drop_index(op.f("ix_posts_platform_account_live_at"))
        posts.drop_index(op.f("ix_posts_due_at"))
        posts.drop_constraint(op.f("uq_posts_content_account_platform_edition"), type_="unique")
        posts.create_unique_constraint(op.f("uq_posts_rendition_id_target"), ["rendition_id", "target"])
        for name in (
            "seen_at", "live_at", "accepted_at", "armed_by", "armed_at", "attempts", "due_at", "edition", "content",
            "account", "platform",
        ):  # fmt: skip
            posts.drop_column(name)
