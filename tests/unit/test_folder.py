"""The folder target: whole or not at all, once, and never outside its folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from reelmill.errors import PublishingError
from reelmill.files import sha256_of
from tasks.publishing.context import TargetContext
from tasks.publishing.targets.folder import Folder
from tests.posting import Memory, delivery_of, sent

TARGET = Folder.model_validate({"type": "folder", "path": "outbox"})


def test_a_post_is_a_video_a_cover_and_a_sidecar_that_agree(tmp_path: Path) -> None:
    delivery = delivery_of(tmp_path)
    sent(TARGET, delivery, TargetContext(tmp_path))
    place = tmp_path / "outbox/solar-terms-daily/2026-11-22/01-xiaoxue"
    assert sorted(path.suffix for path in place.iterdir()) == [".jpg", ".json", ".mp4"]
    sidecar = json.loads((place / "01-xiaoxue.json").read_text(encoding="utf-8"))
    assert sidecar["video"]["sha256"] == sha256_of(place / sidecar["video"]["file"])
    assert sidecar["cover"]["sha256"] == sha256_of(place / sidecar["cover"]["file"])
    assert (sidecar["platform"], sidecar["title"], sidecar["hashtags"]) == ("douyin", "小雪", ["小雪", "节气"])
    assert sidecar["labels"] == {"visible": {"text": "AI生成"}}
    assert sidecar["pipeline"] == "solar-terms-daily"


def test_nothing_half_made_is_left_behind(tmp_path: Path) -> None:
    delivery = delivery_of(tmp_path)
    TARGET.upload(delivery, TargetContext(tmp_path), Memory().handle())
    day = tmp_path / "outbox/solar-terms-daily/2026-11-22"
    assert [path.name[0] for path in day.iterdir()] == ["."]
    TARGET.finalize(delivery, TargetContext(tmp_path), Memory().handle())
    assert [path.name for path in day.iterdir()] == ["01-xiaoxue"]


def test_a_new_edition_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    sent(TARGET, delivery_of(tmp_path), TargetContext(tmp_path))
    sent(TARGET, delivery_of(tmp_path, content=b"second edition"), TargetContext(tmp_path))
    place = tmp_path / "outbox/solar-terms-daily/2026-11-22"
    assert [path.name for path in place.iterdir()] == ["01-xiaoxue"]
    assert (place / "01-xiaoxue/01-xiaoxue.mp4").read_bytes() == b"second edition"


def test_a_file_that_was_changed_is_not_taken_for_the_post(tmp_path: Path) -> None:
    delivery = delivery_of(tmp_path)
    sent(TARGET, delivery, TargetContext(tmp_path))
    video = tmp_path / "outbox/solar-terms-daily/2026-11-22/01-xiaoxue/01-xiaoxue.mp4"
    video.write_bytes(b"tampered")
    assert TARGET.look_up(delivery, TargetContext(tmp_path), Memory().handle()) is None


@pytest.mark.parametrize("name", ["../escape", "../../escape", "/etc/escape", "."])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    delivery = replace(delivery_of(tmp_path), folder="", name=name)
    with pytest.raises(PublishingError, match="leaves the folder"):
        TARGET.prepare(delivery, TargetContext(tmp_path))
