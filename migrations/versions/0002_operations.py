"""Operations: deployments, the outbox, chunks for the GPU pool, what stages took, tokens, files that were given up."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "deployments",
        sa.Column("pipeline", sa.String(length=64), nullable=False),
        sa.Column("definition", DOCUMENT, nullable=False),
        sa.Column("definition_hash", sa.String(length=64), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("deployed_at", INSTANT, nullable=False),
        sa.Column("considered_until", INSTANT, nullable=False),
        sa.Column("dates_until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("pipeline", name=op.f("pk_deployments")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("pipeline", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("payload", DOCUMENT, nullable=False),
        sa.Column("sender", sa.String(length=64), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("emitted_at", INSTANT, nullable=True),
        sa.Column("emitted", sa.Integer(), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("run_id", name=op.f("uq_outbox_run_id")),
    )
    op.create_index(op.f("ix_outbox_pipeline_received_at"), "outbox", ["pipeline", "received_at"])
    op.create_index(op.f("ix_outbox_taken_at"), "outbox", ["taken_at"])
    op.create_table(
        "chunks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("engine", sa.String(length=64), nullable=False),
        sa.Column("queue", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("flow_run_id", sa.String(length=36), nullable=True),
        sa.Column("forecast", sa.Double(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("begun_at", INSTANT, nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_chunks_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chunks")),
    )
    op.create_index(op.f("ix_chunks_run_id"), "chunks", ["run_id"])
    op.create_table(
        "chunk_shots",
        sa.Column("chunk_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("shot_id", sa.String(length=64), nullable=False),
        sa.Column("failure", DOCUMENT, nullable=True),
        sa.Column("failed_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["chunk_id"], ["chunks.id"], name=op.f("fk_chunk_shots_chunk_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["shot_id"], ["shots.id"], name=op.f("fk_chunk_shots_shot_id")),
        sa.PrimaryKeyConstraint("chunk_id", "position", name=op.f("pk_chunk_shots")),
    )
    op.create_index(op.f("ix_chunk_shots_shot_id"), "chunk_shots", ["shot_id"])
    op.create_table(
        "stage_work",
        sa.Column("id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("video_id", sa.Uuid(), nullable=True),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=False),
        sa.Column("host", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_stage_work_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_work")),
    )
    op.create_index(op.f("ix_stage_work_run_id"), "stage_work", ["run_id"])
    op.create_index(op.f("ix_stage_work_ended_at"), "stage_work", ["ended_at"])
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("scopes", DOCUMENT, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("name", name=op.f("uq_tokens_name")),
    )
    op.add_column("clips", sa.Column("removed_at", INSTANT, nullable=True))
    op.add_column("renditions", sa.Column("removed_at", INSTANT, nullable=True))
    op.create_index(op.f("ix_renditions_sha256"), "renditions", ["sha256"])
    op.create_index(op.f("ix_renditions_cover_sha256"), "renditions", ["cover_sha256"])
    op.create_index(op.f("ix_chunks_closed_at"), "chunks", ["closed_at"])
    op.create_index(op.f("ix_clips_created_at"), "clips", ["created_at"])
    op.create_index(op.f("ix_runs_state"), "runs", ["state"])
    op.drop_index(op.f("ix_posts_state"), "posts")
    op.create_index(op.f("ix_posts_updated_at"), "posts", ["updated_at"])
    op.create_index(op.f("ix_posts_state_target"), "posts", ["state", "target"])


def downgrade() -> None:
    op.drop_index(op.f("ix_posts_state_target"), "posts")
    op.drop_index(op.f("ix_posts_updated_at"), "posts")
    op.create_index(op.f("ix_posts_state"), "posts", ["state"])
    op.drop_index(op.f("ix_runs_state"), "runs")
    op.drop_index(op.f("ix_clips_created_at"), "clips")
    op.drop_index(op.f("ix_renditions_cover_sha256"), "renditions")
    op.drop_index(op.f("ix_renditions_sha256"), "renditions")
    op.drop_column("renditions", "removed_at")
    op.drop_column("clips", "removed_at")
    op.drop_table("tokens")
    op.drop_table("stage_work")
    op.drop_table("chunk_shots")
    op.drop_table("chunks")
    op.drop_table("outbox")
    op.drop_table("deployments")
