"""The tables of the ledger. `migrations/` builds the same ones; a test proves it."""

from records.tables.base import Base, Instant
from records.tables.media import ClipRow, RenditionRow, ShotRow, VerdictRow, VideoRendition, VideoShot
from records.tables.notices import Notice
from records.tables.operations import Chunk, ChunkShot, Deployment, OutboxEvent, StageWork, Token
from records.tables.posts import Post, PostMetrics, Slot, Standing
from records.tables.runs import Lease, Run, SeenBrief, Transition, Video

__all__ = [
    "Base",
    "Chunk",
    "ChunkShot",
    "ClipRow",
    "Deployment",
    "Instant",
    "Lease",
    "Notice",
    "OutboxEvent",
    "Post",
    "PostMetrics",
    "RenditionRow",
    "Run",
    "SeenBrief",
    "ShotRow",
    "Slot",
    "StageWork",
    "Standing",
    "Token",
    "Transition",
    "VerdictRow",
    "Video",
    "VideoRendition",
    "VideoShot",
]
