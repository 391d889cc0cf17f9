"""The tables of the ledger. `migrations/` builds the same ones; a test proves it."""

from records.tables.base import Base, Instant
from records.tables.media import (
    ClipRow,
    MasterRow,
    RenditionRow,
    ShotRow,
    ThumbnailRow,
    VerdictRow,
    VideoRendition,
    VideoShot,
)
from records.tables.notices import Notice
from records.tables.operations import Chunk, ChunkShot, Deployment, OutboxEvent, StageWork, Token
from records.tables.posts import Post, PostMetrics, Slot, Standing
from records.tables.reviews import ReviewDecision, TextVerdictRow
from records.tables.runs import Cursor, Lease, Run, SeenBrief, Spending, Transition, Video

__all__ = [
    "Base",
    "Chunk",
    "ChunkShot",
    "ClipRow",
    "Cursor",
    "Deployment",
    "Instant",
    "Lease",
    "MasterRow",
    "Notice",
    "OutboxEvent",
    "Post",
    "PostMetrics",
    "RenditionRow",
    "ReviewDecision",
    "Run",
    "SeenBrief",
    "ShotRow",
    "Slot",
    "Spending",
    "StageWork",
    "Standing",
    "TextVerdictRow",
    "ThumbnailRow",
    "Token",
    "Transition",
    "VerdictRow",
    "Video",
    "VideoRendition",
    "VideoShot",
]
