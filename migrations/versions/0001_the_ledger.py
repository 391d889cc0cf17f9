"""The ledger: runs, videos, shots, clips, verdicts, renditions, posts, transitions, leases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "renditions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("master_sha256", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("recipe", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("cover_sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("fps", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("labels", DOCUMENT, nullable=False),
        sa.Column("preview", sa.Boolean(), nullable=False),
        sa.Column("record", DOCUMENT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renditions")),
        sa.UniqueConstraint("id", "master_sha256", name=op.f("uq_renditions_id_master_sha256")),
    )
    op.create_index(op.f("ix_renditions_master_sha256_profile"), "renditions", ["master_sha256", "profile"])

    op.create_table(
        "runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pipeline", sa.String(length=64), nullable=False),
        sa.Column("occasion", sa.String(length=200), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("event", DOCUMENT, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("definition", DOCUMENT, nullable=False),
        sa.Column("definition_hash", sa.String(length=64), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("options", DOCUMENT, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("flow_run_id", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("pipeline", "occasion", name=op.f("uq_runs_pipeline_occasion")),
    )
    op.create_index(op.f("ix_runs_opened_at"), "runs", ["opened_at"])

    op.create_table(
        "shots",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("request", DOCUMENT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shots")),
    )
    op.create_table(
        "transitions",
        sa.Column("id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(length=8), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.String(length=16), nullable=True),
        sa.Column("after", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transitions")),
    )
    op.create_index(op.f("ix_transitions_at"), "transitions", ["at"])
    op.create_index(op.f("ix_transitions_subject_id"), "transitions", ["subject_id"])

    op.create_table(
        "verdicts",
        sa.Column("id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("master_sha256", sa.String(length=64), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("fault", sa.Boolean(), nullable=False),
        sa.Column("reasons", DOCUMENT, nullable=False),
        sa.Column("hits", DOCUMENT, nullable=False),
        sa.Column("examinations", DOCUMENT, nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("examined", sa.Integer(), nullable=False),
        sa.Column("seconds_taken", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
        sa.UniqueConstraint("id", "decision", "master_sha256", name=op.f("uq_verdicts_id_decision_master_sha256")),
    )
    op.create_index(
        op.f("ix_verdicts_master_sha256_policy_policy_version"),
        "verdicts",
        ["master_sha256", "policy", "policy_version"],
    )

    op.create_table(
        "clips",
        sa.Column("shot_id", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("fps", sa.Integer(), nullable=False),
        sa.Column("preview", sa.Boolean(), nullable=False),
        sa.Column("record", DOCUMENT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shot_id"], ["shots.id"], name=op.f("fk_clips_shot_id")),
        sa.PrimaryKeyConstraint("shot_id", name=op.f("pk_clips")),
    )
    op.create_index(op.f("ix_clips_sha256"), "clips", ["sha256"])

    op.create_table(
        "seen_briefs",
        sa.Column("pipeline", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_seen_briefs_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pipeline", "key", name=op.f("pk_seen_briefs")),
    )
    op.create_table(
        "videos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("brief_key", sa.String(length=200), nullable=False),
        sa.Column("variant_id", sa.String(length=200), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("plan", DOCUMENT, nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("master_sha256", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_videos_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_videos")),
        sa.UniqueConstraint("run_id", "brief_key", "variant_id", name=op.f("uq_videos_run_id_brief_key_variant_id")),
    )
    op.create_index(op.f("ix_videos_run_id_position"), "videos", ["run_id", "position"])
    op.create_index(op.f("ix_videos_state"), "videos", ["state"])

    op.create_table(
        "posts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("rendition_id", sa.String(length=64), nullable=False),
        sa.Column("master_sha256", sa.String(length=64), nullable=False),
        sa.Column("verdict_id", COUNTER, nullable=False),
        sa.Column("verdict_decision", sa.String(length=16), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("handle", DOCUMENT, nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("platform_id", sa.Text(), nullable=True),
        sa.Column("detail", DOCUMENT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("verdict_decision = 'pass'", name=op.f("ck_posts_passed")),
        sa.ForeignKeyConstraint(
            ["rendition_id", "master_sha256"],
            ["renditions.id", "renditions.master_sha256"],
            name=op.f("fk_posts_rendition_id_master_sha256"),
        ),
        sa.ForeignKeyConstraint(
            ["verdict_id", "verdict_decision", "master_sha256"],
            ["verdicts.id", "verdicts.decision", "verdicts.master_sha256"],
            name=op.f("fk_posts_verdict_id_verdict_decision_master_sha256"),
        ),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name=op.f("fk_posts_video_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        sa.UniqueConstraint("rendition_id", "target", name=op.f("uq_posts_rendition_id_target")),
    )
    op.create_index(op.f("ix_posts_state"), "posts", ["state"])
    op.create_index(op.f("ix_posts_video_id"), "posts", ["video_id"])

    op.create_table(
        "video_renditions",
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("rendition_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["rendition_id"], ["renditions.id"], name=op.f("fk_video_renditions_rendition_id")),
        sa.ForeignKeyConstraint(
            ["video_id"], ["videos.id"], name=op.f("fk_video_renditions_video_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("video_id", "profile", name=op.f("pk_video_renditions")),
    )
    op.create_index(op.f("ix_video_renditions_rendition_id"), "video_renditions", ["rendition_id"])

    op.create_table(
        "video_shots",
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("shot_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["shot_id"], ["shots.id"], name=op.f("fk_video_shots_shot_id")),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name=op.f("fk_video_shots_video_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("video_id", "position", name=op.f("pk_video_shots")),
    )
    op.create_index(op.f("ix_video_shots_shot_id"), "video_shots", ["shot_id"])


def downgrade() -> None:
    op.drop_table("video_shots")
    op.drop_table("video_renditions")
    op.drop_table("posts")
    op.drop_table("videos")
    op.drop_table("seen_briefs")
    op.drop_table("clips")
    op.drop_table("verdicts")
    op.drop_table("transitions")
    op.drop_table("shots")
    op.drop_table("runs")
    op.drop_table("renditions")
    op.drop_table("leases")
