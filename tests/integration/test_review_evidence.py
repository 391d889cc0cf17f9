"""What `reelmill review show` says of a video: the evidence, and who has decided what."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console

from flows.cli.review_evidence import as_plain, decision_as_plain, show_decisions, show_evidence
from records.ledger import Ledger
from records.states import VideoState
from reelmill.content import PHOTO
from reelmill.settings import Settings
from tests.held import HITS, hold, hold_texts


def console() -> Console:
    return Console(file=StringIO(), highlight=False, markup=False, soft_wrap=True, width=200)


def said(out: Console) -> str:
    assert isinstance(out.file, StringIO)
    return out.file.getvalue()


def test_each_moment_is_told_with_its_place_and_what_was_decided_stays_visible(
    settings: Settings, tmp_path: Path
) -> None:
    with Ledger(settings) as ledger:
        (video,) = hold(ledger, tmp_path, "小雪")
        plain = as_plain(ledger.reviews.look(video.id))
        assert plain["evidence"][1] == {
            "category": "faces", "level": "pass", "detector": "nudenet", "label": "FACE_FEMALE", "score": 0.7,
            "frame": 6, "seconds": 0.5, "box": [40, 60, 100, 120], "in": "master",
        }  # fmt: skip
        assert (plain["policy"], plain["state"], plain["texts"]) == ("default", "in_review", [])
        ledger.reviews.decide(video.id, "reject", "anna", "too bare")
        one, made = ledger.reviews.look(video.id), ledger.reviews.decisions(video_id=video.id)
        assert one.video.state is VideoState.REJECTED
        show_evidence(out := console(), one, made)
        for word in ("rejected", "FACE_FEMALE", "0.412", "1.25 s", "40 60 100 120", "anna", "too bare"):
            assert word in said(out), word
        told = decision_as_plain(made[0], "小雪")
        assert (told["action"], told["who"], told["title"]) == ("reject", "anna", "小雪")
        show_decisions(listed := console(), made, {str(video.id): "小雪"})
        assert all(word in said(listed) for word in ("小雪", "anna", "reject", str(video.id)[:8]))
        assert ledger.reviews.decisions(pipeline="quick") != []
        assert ledger.reviews.decisions(pipeline="another") == []


def test_words_and_photos_are_evidence_too(settings: Settings, tmp_path: Path) -> None:
    with Ledger(settings) as ledger:
        video, verdict = hold_texts(ledger, tmp_path, "小雪", "来赌*博吧")
        (text, *_) = as_plain(ledger.reviews.look(video.id))["texts"]
        assert (text["category"], text["field"], text["excerpt"]) == ("gambling", "caption", "赌*博")
        assert verdict.hits
        show_evidence(out := console(), ledger.reviews.look(video.id), [])
        assert "赌*博" in said(out)
        (other,) = hold(ledger, tmp_path, "大雪", hits=(replace(HITS[0], frame=PHOTO),), thumbnails=())
        (hit,) = as_plain(ledger.reviews.look(other.id))["evidence"]
        assert (hit["in"], hit["frame"]) == ("photo", None)
