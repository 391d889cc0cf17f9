"""What `reelmill review` shows of a video: why it waits, with the evidence, and who has decided what."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from flows.cli.output import state, table
from records.reviews import Waiting
from records.tables import ReviewDecision
from reelmill.content import PHOTO, Hit, Json
from reelmill.text_verdict import TextHit

#: Letters of an id that are shown; enough to name a video by.
SHORT = 8


def as_plain(one: Waiting) -> dict[str, Json]:
    """A video that waits, or has waited, for programs."""
    frames, texts = _hits(one), one.texts.hits if one.texts is not None else ()
    said = one.texts or (one.frames.verdict if one.frames is not None else None)
    return {
        "id": str(one.video.id),
        "run": f"{one.run.pipeline}@{one.run.occasion}",
        "title": one.video.title,
        "state": one.video.state.value,
        "about": one.about,
        "since": one.since.isoformat(),
        "reasons": list(one.reasons),
        "categories": sorted({hit.category for hit in frames} | {hit.category for hit in texts}),
        "master": one.video.master_sha256,
        "policy": said.policy if said is not None else None,
        "policy_version": said.policy_version if said is not None else None,
        "evidence": [_hit(hit) for hit in frames],
        "texts": [_text(hit) for hit in texts],
    }


def decision_as_plain(made: ReviewDecision, title: str = "") -> dict[str, Json]:
    """What somebody has decided, for programs."""
    return {
        "video": str(made.video_id),
        "title": title,
        "action": made.action,
        "who": made.who,
        "at": made.decided_at.isoformat(),
        "waited_since": made.waited_since.isoformat(),
        "about": made.about,
        "note": made.note,
        "change": made.detail,
    }


def show_evidence(out: Console, one: Waiting, made: Sequence[ReviewDecision]) -> None:
    """The whole of it, for people."""
    out.print(Text.assemble((one.video.title, "bold"), f" · {one.video.id} · {one.run.pipeline}@{one.run.occasion}"))
    out.print(Text.assemble(state(one.video.state.value), f" since {one.since.astimezone():%Y-%m-%d %H:%M}"))
    for reason in one.reasons:
        out.print(f"  {reason}")
    if frames := _hits(one):
        rows = [
            (
                hit.category, state(hit.level.value), hit.detector, hit.label, f"{hit.score:.3f}",
                *(("photo", "") if hit.frame == PHOTO else (str(hit.frame), f"{hit.seconds:.2f} s")),
                " ".join(map(str, hit.box)) if hit.box is not None else "",
            )
            for hit in frames
        ]  # fmt: skip
        columns = {
            "category": "left", "level": "left", "detector": "left", "label": "left", "score": "right",
            "frame": "right", "at": "right", "box (x y w h)": "left",
        }  # fmt: skip
        out.print(table(columns, rows))
    if one.texts is not None and one.texts.hits:
        texts = [
            (hit.category, state(hit.level.value), hit.field, hit.term, hit.excerpt or "the whole")
            for hit in one.texts.hits
        ]
        columns = {"category": "left", "level": "left", "field": "left", "term": "left", "text": "!left"}
        out.print(table(columns, texts))
    if made:
        show_decisions(out, made, {})


def show_decisions(out: Console, made: Sequence[ReviewDecision], titles: dict[str, str]) -> None:
    """Who decided what and when, the newest first; with the videos, if their titles are given."""
    rows = []
    for one in made:
        video = (str(one.video_id)[:SHORT], titles.get(str(one.video_id), "")) if titles else ()
        rows.append((*video, f"{one.decided_at.astimezone():%Y-%m-%d %H:%M}", one.who, one.action, one.note))
    columns = {"id": "left", "video": "!left"} if titles else {}
    out.print(table({**columns, "decided": "left", "who": "left", "what": "left", "note": "!left"}, rows))


def _hits(one: Waiting) -> tuple[Hit, ...]:
    """What was seen. Where its texts are in question, nobody has looked yet."""
    return one.frames.verdict.hits if one.texts is None and one.frames is not None else ()


def _hit(hit: Hit) -> dict[str, Json]:
    return {
        "category": hit.category,
        "level": hit.level.value,
        "detector": hit.detector,
        "label": hit.label,
        "score": hit.score,
        "frame": None if hit.frame == PHOTO else hit.frame,
        "seconds": hit.seconds,
        "box": list(hit.box) if hit.box is not None else None,
        "in": "photo" if hit.frame == PHOTO else "master",
    }


def _text(hit: TextHit) -> dict[str, Json]:
    return {
        "category": hit.category,
        "level": hit.level.value,
        "field": hit.field,
        "term": hit.term,
        "excerpt": hit.excerpt,
        "start": hit.start,
        "end": hit.end,
    }
