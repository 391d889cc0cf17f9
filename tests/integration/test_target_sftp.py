"""A folder on an SSH server as a target: pinned keys, parts that are continued, and a sidecar that comes last."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from reelmill.content import Json
from tasks.publishing.base import Delivery
from tasks.publishing.context import TargetContext
from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused, Restart, Retry
from tasks.publishing.targets.sftp.target import Sftp
from tasks.publishing.targets.sftp.transfer import BLOCK
from tests.posting import SPOKEN, Memory, delivery_of, sent
from tests.simulators.ssh_server import PASSWORD, USER, SshServer, an_ssh_server

STEM = "drop/solar-terms-daily/2026-11-22/01-xiaoxue"
#: Three blocks, the last one short.
LARGE = random.Random(7).randbytes(2 * BLOCK + 12_345)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshServer]:
    monkeypatch.setenv("THE_PASSWORD", PASSWORD)
    with an_ssh_server(tmp_path / "served") as running:
        yield running


@pytest.fixture
def large(tmp_path: Path) -> Delivery:
    return delivery_of(tmp_path, LARGE)


def target_of(server: SshServer, **options: Json) -> Sftp:
    known = {"type": "sftp", "host": "127.0.0.1", "port": server.port, "user": USER, "path": "/drop"}
    login = {"host_key": server.fingerprint, "password": {"env": "THE_PASSWORD"}}
    return Sftp.model_validate({**known, **login, **options})


def parts(server: SshServer) -> list[str]:
    return [name for name in server.files() if name.endswith(".part")]


def test_a_post_is_three_files_of_which_the_sidecar_gets_its_name_last(
    server: SshServer, context: TargetContext, delivery: Delivery
) -> None:
    published = sent(target_of(server), delivery, context)

    files = server.files()
    assert set(files) == {f"{STEM}.mp4", f"{STEM}.jpg", f"{STEM}.json"}
    assert files[f"{STEM}.mp4"] == b"video"
    told = json.loads(files[f"{STEM}.json"])
    assert (told["video"]["file"], told["disclosure"]) == ("01-xiaoxue.mp4", "内容由AI生成")
    assert [call for call in server.calls if call.startswith("rename")][-1] == "rename 01-xiaoxue.json"
    assert server.calls.count("fsync") == 3
    assert published.url == f"sftp://127.0.0.1:{server.port}/{STEM}.mp4"


def test_nothing_has_its_name_before_finalize(server: SshServer, context: TargetContext, delivery: Delivery) -> None:
    target = target_of(server)

    target.prepare(delivery, context)
    target.upload(delivery, context, Memory().handle())

    assert len(parts(server)) == len(server.files()) == 3
    assert target.look_up(delivery, context, Memory().handle()) is None


def test_it_is_looked_up_by_anybody_and_read_back_whole(
    server: SshServer, context: TargetContext, delivery: Delivery
) -> None:
    target = target_of(server)
    published = sent(target, delivery, context)

    assert target.look_up(delivery, context, Memory().handle()) == published
    seen = target.read_back(delivery, context, published)
    assert (seen.public, seen.whole, seen.detail["sha256"]) == (True, True, delivery.rendition.sha256)


def test_bytes_that_changed_are_noticed_by_hash_and_not_by_size(
    server: SshServer, context: TargetContext, delivery: Delivery
) -> None:
    published = sent(target_of(server), delivery, context)
    (server.folder / f"{STEM}.mp4").write_bytes(b"vid30")

    assert target_of(server).read_back(delivery, context, published).whole is False
    assert target_of(server, verify_by="size").read_back(delivery, context, published).whole is True


def test_of_what_was_taken_away_nothing_is_said(server: SshServer, context: TargetContext, delivery: Delivery) -> None:
    target = target_of(server)
    published = sent(target, delivery, context)
    for name in server.files():
        (server.folder / name).unlink()

    seen = target.read_back(delivery, context, published)
    assert (seen.public, seen.whole, seen.detail) == (None, None, {"taken": True})


def test_a_place_that_may_only_be_written(server: SshServer, context: TargetContext, delivery: Delivery) -> None:
    target = target_of(server, verify_by="size")
    server.may_read = False

    target.prepare(delivery, context)
    handle = Memory().handle()
    target.upload(delivery, context, handle)
    target.finalize(delivery, context, handle)

    assert server.files()[f"{STEM}.mp4"] == b"video"


def test_doing_it_twice_is_doing_it_once(server: SshServer, context: TargetContext, delivery: Delivery) -> None:
    target, memory = target_of(server), Memory()
    one = sent(target, delivery, context, memory.handle())
    written = server.written

    assert target.finalize(delivery, context, memory.handle()) == one
    assert server.written == written
    assert sent(target, delivery, context) == one
    assert len(server.files()) == 3


@pytest.mark.parametrize("after", [1, BLOCK - 1, BLOCK + 1, 2 * BLOCK + 1, len(LARGE) - 1])
@pytest.mark.parametrize("hole", [False, True])
def test_an_upload_that_was_cut_goes_on_where_it_was(
    server: SshServer, context: TargetContext, large: Delivery, after: int, hole: bool
) -> None:
    target, memory = target_of(server), Memory()
    server.drop_after, server.hole = after, hole
    target.prepare(large, context)
    with pytest.raises(Retry):
        target.upload(large, context, memory.handle())
    assert not memory.known.get("uploaded")

    target.upload(large, context, memory.handle())
    target.finalize(large, context, memory.handle())

    assert server.files()[f"{STEM}.mp4"] == LARGE
    assert server.written < len(LARGE) + 2 * BLOCK + 10_000, "what had arrived is not sent again, but for a block"


def test_a_part_is_never_continued_with_other_bytes(
    server: SshServer, context: TargetContext, large: Delivery, tmp_path: Path
) -> None:
    target, memory = target_of(server), Memory()
    server.drop_after = BLOCK + 1
    target.prepare(large, context)
    with pytest.raises(Retry):
        target.upload(large, context, memory.handle())
    other = replace(delivery_of(tmp_path, LARGE[::-1]), post_id=large.post_id)

    target.upload(other, context, memory.handle())
    target.finalize(other, context, memory.handle())

    assert server.files()[f"{STEM}.mp4"] == LARGE[::-1]


def test_a_continued_part_that_is_damaged_is_sent_anew(
    server: SshServer, context: TargetContext, large: Delivery
) -> None:
    target, memory = target_of(server), Memory()
    server.drop_after = 2 * BLOCK + 1
    target.prepare(large, context)
    with pytest.raises(Retry):
        target.upload(large, context, memory.handle())
    part = server.folder / parts(server)[0]
    damaged = part.read_bytes()
    part.write_bytes(bytes([damaged[0] ^ 1]) + damaged[1:])

    with pytest.raises(Restart, match="not what was sent"):
        target.upload(large, context, memory.handle())
    assert parts(server) == []
    target.upload(large, context, memory.handle())
    target.finalize(large, context, memory.handle())

    assert server.files()[f"{STEM}.mp4"] == LARGE


def test_a_part_that_is_too_long_is_sent_anew(server: SshServer, context: TargetContext, delivery: Delivery) -> None:
    target, handle = target_of(server), Memory().handle()
    target.prepare(delivery, context)
    target.upload(delivery, context, handle)
    part = next(server.folder / name for name in parts(server) if ".mp4." in name)
    part.write_bytes(b"much longer than that")
    handle.forget()

    target.upload(delivery, context, handle)

    assert part.read_bytes() == b"video"


def test_a_server_that_loses_bytes_is_noticed(server: SshServer, context: TargetContext, delivery: Delivery) -> None:
    target = target_of(server)
    server.sizes = False
    target.prepare(delivery, context)

    with pytest.raises(Restart, match="4 bytes of 5"):
        target.upload(delivery, context, Memory().handle())


@pytest.mark.parametrize("lost", [".jpg", ".mp4", ".json"])
def test_an_answer_that_did_not_come_is_looked_up(
    server: SshServer, context: TargetContext, delivery: Delivery, lost: str
) -> None:
    target, memory = target_of(server), Memory()
    target.prepare(delivery, context)
    target.upload(delivery, context, memory.handle())
    server.lose_rename_of = lost
    with pytest.raises(Ambiguous):
        target.finalize(delivery, context, memory.handle())

    found = target.look_up(delivery, context, memory.handle())
    assert (found is not None) == (lost == ".json"), "it is a post once its sidecar is there"
    assert target.finalize(delivery, context, memory.handle()).platform_id == f"/{STEM}.json"
    assert set(server.files()) == {f"{STEM}.mp4", f"{STEM}.jpg", f"{STEM}.json"}


@pytest.mark.parametrize("lost", [".srt", ".ass", ".mp4"])
def test_subtitles_that_are_in_place_already_are_gone_on_from(
    server: SshServer, context: TargetContext, tmp_path: Path, lost: str
) -> None:
    target, memory, delivery = target_of(server), Memory(), delivery_of(tmp_path, record=SPOKEN)
    target.prepare(delivery, context)
    target.upload(delivery, context, memory.handle())
    server.lose_rename_of = lost
    with pytest.raises(Ambiguous):
        target.finalize(delivery, context, memory.handle())
    assert target.look_up(delivery, context, memory.handle()) is None

    published = target.finalize(delivery, context, memory.handle())

    assert set(server.files()) == {f"{STEM}.{kind}" for kind in ("mp4", "jpg", "srt", "vtt", "ass", "json")}
    target.unpublish(context, published)
    assert server.files() == {}


def test_a_server_without_extensions(server: SshServer, context: TargetContext, tmp_path: Path) -> None:
    server.posix_rename = server.fsync = False
    target = target_of(server)
    sent(target, delivery_of(tmp_path, b"first"), context)

    sent(target, replace(delivery_of(tmp_path, b"second"), post_id=uuid4()), context)

    assert server.files()[f"{STEM}.mp4"] == b"second"
    assert len(server.files()) == 3


def test_an_earlier_edition_is_none_any_more_before_its_video_is_another_one(
    server: SshServer, context: TargetContext, tmp_path: Path
) -> None:
    target = target_of(server)
    first = sent(target, delivery_of(tmp_path, b"first"), context)
    second = replace(delivery_of(tmp_path, b"second"), post_id=uuid4())
    server.calls.clear()

    sent(target, second, context)

    changed = [call for call in server.calls if call != "fsync"]
    assert changed[0] == "remove 01-xiaoxue.json"
    assert json.loads(server.files()[f"{STEM}.json"])["post"] == str(second.post_id)
    target.unpublish(context, first)
    assert len(server.files()) == 3, "what took its place stays"


def test_a_post_is_taken_down_and_again(server: SshServer, context: TargetContext, delivery: Delivery) -> None:
    target = target_of(server)
    published = sent(target, delivery, context)
    server.calls.clear()

    target.unpublish(context, published)

    assert server.files() == {}
    assert server.calls[0] == "remove 01-xiaoxue.json", "it is no post any more before its files go"
    target.unpublish(context, published)
    assert target.look_up(delivery, context, Memory().handle()) is None


def test_a_part_that_somebody_removed_is_sent_anew(
    server: SshServer, context: TargetContext, delivery: Delivery
) -> None:
    target, handle = target_of(server), Memory().handle()
    target.prepare(delivery, context)
    target.upload(delivery, context, handle)
    for name in parts(server):
        (server.folder / name).unlink()

    with pytest.raises(Restart, match="not there any more"):
        target.finalize(delivery, context, handle)
    handle.forget()
    sent(target, delivery, context, handle)

    assert server.files()[f"{STEM}.mp4"] == b"video"


def test_an_unknown_key_is_refused_and_named(server: SshServer, context: TargetContext, delivery: Delivery) -> None:
    other = "SHA256:" + "A" * 43
    for pin in ("unknown", other):
        with pytest.raises(Refused) as caught:
            target_of(server, host_key=pin).prepare(delivery, context)
        assert server.fingerprint in caught.value.reason
        assert f"host_key: {server.fingerprint}" in caught.value.instruction
    assert server.logins == 0, "no password is sent to a server that is not known"


def test_a_key_may_be_pinned_as_a_line(
    tmp_path: Path, context: TargetContext, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_PASSWORD", PASSWORD)
    with an_ssh_server(tmp_path / "served", "ssh-ed25519", "ssh-rsa") as server:
        for number in range(2):
            target_of(server, host_key=server.key_line(number)).prepare(delivery, context)
        with pytest.raises(Refused, match=re.escape(server.fingerprint)):
            target_of(server, host_key=server.keys[1].get_fingerprint()).prepare(delivery, context)


def test_a_server_without_a_key_of_the_pinned_kind_shows_what_it_has(
    server: SshServer, context: TargetContext, delivery: Delivery, tmp_path: Path
) -> None:
    with an_ssh_server(tmp_path / "other", "ecdsa-sha2-nistp256") as other:
        line = other.key_line()
    with pytest.raises(Refused, match=re.escape(server.fingerprint)):
        target_of(server, host_key=line).prepare(delivery, context)


@pytest.mark.parametrize("pin", ["", "SHA256:short", "MD5:00:11"])
def test_a_key_must_be_pinned(server: SshServer, pin: str) -> None:
    with pytest.raises(ValueError, match="host_key"):
        target_of(server, host_key=pin)


@pytest.mark.parametrize("form", ["pkcs8-pem", "openssh"])
def test_a_private_key_lets_in(
    server: SshServer, context: TargetContext, delivery: Delivery, tmp_path: Path, form: str
) -> None:
    server.client_key.write_private_key(str(tmp_path / "plain"))
    server.client_key.write_private_key(str(tmp_path / "locked"), form, "open sesame")
    (tmp_path / "words").write_text("open sesame")
    plain, locked, words = (_file(tmp_path, name) for name in ("plain", "locked", "words"))

    target_of(server, password=None, key=plain).prepare(delivery, context)
    target_of(server, password=None, key=locked, passphrase=words).prepare(delivery, context)
    for options in ({"key": locked}, {"key": words}, {"key": locked, "passphrase": plain}):
        with pytest.raises(Reauthorise, match="cannot be read"):
            target_of(server, password=None, **options).prepare(delivery, context)


def _file(folder: Path, name: str) -> Json:
    return {"file": str(folder / name)}


def test_a_wrong_login_pauses_the_target(
    server: SshServer, context: TargetContext, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_PASSWORD", "another one")
    with pytest.raises(Reauthorise, match="not let in") as caught:
        target_of(server).prepare(delivery, context)
    assert "another one" not in str(caught.value)
    monkeypatch.delenv("THE_PASSWORD")
    with pytest.raises(Reauthorise, match="THE_PASSWORD"):
        target_of(server).prepare(delivery, context)


def test_a_login_without_rights_pauses_the_target(
    server: SshServer, context: TargetContext, delivery: Delivery
) -> None:
    server.may_write = False
    with pytest.raises(Reauthorise, match="may not") as caught:
        target_of(server).prepare(delivery, context)
    assert "right" in caught.value.instruction


def test_a_full_disk_is_tried_again_later(server: SshServer, context: TargetContext, delivery: Delivery) -> None:
    target = target_of(server)
    target.prepare(delivery, context)
    server.full = True
    with pytest.raises(Retry, match="no space left"):
        target.upload(delivery, context, Memory().handle())


def test_a_server_that_is_away_is_tried_again_later(
    context: TargetContext, delivery: Delivery, server: SshServer
) -> None:
    with pytest.raises(Retry):
        target_of(server, port=9).prepare(delivery, context)


def test_a_login_is_an_option_that_is_needed(server: SshServer) -> None:
    with pytest.raises(ValueError, match="there is no login"):
        target_of(server, password=None)


@pytest.mark.parametrize(("path", "goal"), [(".", ""), ("/", ""), ("a/b c/", "a/b c/"), ("/x", "x/")])
def test_the_folder_may_be_anywhere(
    server: SshServer, context: TargetContext, delivery: Delivery, path: str, goal: str
) -> None:
    published = sent(target_of(server, path=path), delivery, context)

    assert f"{goal}{STEM.removeprefix('drop/')}.mp4" in server.files()
    assert published.url.endswith(f"/{goal.replace(' ', '%20')}{STEM.removeprefix('drop/')}.mp4")
    assert "//" not in published.url.removeprefix("sftp://")


def test_people_may_see_it_elsewhere(server: SshServer, context: TargetContext, delivery: Delivery) -> None:
    published = sent(target_of(server, public_url="https://media.example/tea/"), delivery, context)

    assert published.url == f"https://media.example/tea/{STEM.removeprefix('drop/')}.mp4"


def test_a_rehearsal_reaches_a_server_on_this_machine_and_no_other(
    server: SshServer, delivery: Delivery, tmp_path: Path
) -> None:
    with closing(TargetContext(tmp_path, sandbox="http://127.0.0.1:1")) as rehearsal:
        sent(target_of(server), delivery, rehearsal)
        assert target_of(server).account_key(rehearsal) == f"sandbox:{USER}@127.0.0.1:{server.port}//drop"
        elsewhere = target_of(server, host="files.example", path="/drop/../tea")
        elsewhere.probe(rehearsal)
        published = sent(elsewhere, delivery, rehearsal)
        place = tmp_path / "files.example.sandbox" / USER / "drop" / "tea" / delivery.folder / delivery.name
        assert published.url == (place / f"{delivery.name}.mp4").as_uri()
        assert elsewhere.look_up(delivery, rehearsal, Memory().handle()) == published
        assert elsewhere.read_back(delivery, rehearsal, published).whole
        elsewhere.unpublish(rehearsal, published)
        assert not place.exists()
    assert len(server.files()) == 3
