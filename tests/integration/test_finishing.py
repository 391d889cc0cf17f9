"""A master goes through the whole stage, and the proof is taken from the files that come out."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from reelmill.content import Rendition
from reelmill.errors import FinishingError, Interrupted, StorageError
from reelmill.ffmpeg import binary, probe, run
from reelmill.frames import Frame, read_frames
from tasks.finishing import labelling, mp4, profiles
from tasks.finishing.brand import Brand
from tasks.finishing.job import FinishJob, recipe
from tasks.finishing.labels import aigc, c2pa, credentials, xmp
from tasks.finishing.labels.c2pa import Provenance
from tasks.finishing.labels.source_type import ALGORITHMIC, TRAINED
from tasks.finishing.layer import BT709
from tasks.finishing.options import CredentialOptions
from tasks.finishing.stage import finish
from tasks.finishing.verify import verify
from tasks.finishing.words import Words
from tests import certified
from tests.damage import GONE, MUTATIONS, alter
from tests.simulators.time_stamps import time_stamps
from wan_engine.base import CancelToken

pytestmark = pytest.mark.slow  # some thirty encodings at full size

PRODUCER = "00" + "11" + "91330106MA2CFLDG4R" + "1" + "0001"
CHECKS = ["sha256", "media", "sound", "label", "aigc", "xmp", "mark", "c2pa", "cover"]
LOGO_RED = (200, 30, 40)
VERSE = Words("小雪", ("花雪随风不厌看，更多还肯失林峦。",), "唐 · 戴叔伦《小雪》")


#: Those of the four platforms that are finished at once in most tests.
NAMES = ("douyin", "tiktok", "instagram_reels", "youtube_shorts")


def make_master(path: Path, *, size: str = "704x1280", frames: int = 73, fps: int = 24, colors: str = "") -> Path:
    """A slowly turning gradient in BT.709, as an engine would write it."""
    tones = colors or "c0=0x24423a:c1=0x8fa79a:c2=0x51707c"
    run(
        [
            "-y", "-f", "lavfi", "-i", f"gradients=s={size}:r={fps}:{tones}:nb_colors=3:speed=0.01:seed=5",
            "-vf", f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{BT709}",
            "-frames:v", str(frames), "-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", path,
        ],
        timeout=120,
    )  # fmt: skip
    return path


def job_for(master: Path, *names: str, words: Words = VERSE, brand: Brand | None = None) -> FinishJob:
    seen = probe(master)
    return FinishJob(
        words=words,
        brand=brand or Brand("山野茶事", "#2f6f4f"),
        profiles=names or NAMES,
        produce_id="video-1",
        preview=True,
        width=seen.width,
        height=seen.height,
        frames=mp4.read(master).video.samples,
        fps=round(seen.fps),
        agent="storyboard@1",
        home=master.parent / "home",
    )


def frame_of(path: Path, number: int) -> Frame:
    for index, frame in enumerate(read_frames(path, 1080, 1920)):
        if index == number:
            return frame
    raise AssertionError(f"{path} has no frame {number}")


def failed(rendition: Rendition) -> set[str]:
    return {check.name for check in verify(rendition) if not check.ok}


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_master(tmp_path_factory.mktemp("master") / "master.mp4")


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_master(tmp_path_factory.mktemp("short") / "short.mp4", frames=29)


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Brand:
    logo = tmp_path_factory.mktemp("brand") / "logo.png"
    Image.new("RGBA", (64, 64), (*LOGO_RED, 255)).save(logo)
    return Brand("山野茶事", "#2f6f4f", logo=logo, ai_producer=PRODUCER)


@pytest.fixture(scope="module")
def renditions(master: Path, brand: Brand, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rendition]:
    folder = tmp_path_factory.mktemp("renditions")
    made = finish(master, "a" * 64, job_for(master, brand=brand), folder)
    return {rendition.profile: rendition for rendition in made}


@pytest.fixture(scope="module")
def single(short: Path, brand: Brand, tmp_path_factory: pytest.TempPathFactory) -> Rendition:
    folder = tmp_path_factory.mktemp("single")
    return finish(short, "b" * 64, job_for(short, "tiktok", brand=brand), folder)[0]


def test_one_pass_gives_one_rendition_for_each_platform(renditions: dict[str, Rendition]) -> None:
    assert tuple(renditions) == NAMES
    for name, rendition in renditions.items():
        assert rendition.master_sha256 == "a" * 64
        assert rendition.preview
        assert (rendition.width, rendition.height, rendition.frames, rendition.fps) == (1080, 1920, 73, 24)
        assert rendition.size_bytes == rendition.path.stat().st_size < profiles.find(name).max_bytes.value
        assert rendition.cover.stat().st_size < profiles.find(name).cover.max_bytes


def test_platforms_of_other_sizes_are_finished_beside_each_other(short: Path, brand: Brand, tmp_path: Path) -> None:
    sizes = {"x": (720, 1280), "discord": (720, 1280), "telegram": (1080, 1920), "master": (704, 1280)}
    made = finish(short, "c" * 64, job_for(short, *sizes, brand=brand), tmp_path)
    assert {one.profile: (one.width, one.height) for one in made} == sizes
    for rendition in made:
        assert all(check.ok for check in verify(rendition)), rendition.profile


@pytest.mark.parametrize(("codec", "name"), [("hevc", "hevc (Main)"), ("av1", "av1 (libdav1d) (Main)")])
def test_a_master_may_have_another_codec(short: Path, brand: Brand, tmp_path: Path, codec: str, name: str) -> None:
    job = job_for(short, "master", brand=brand)
    job = replace(job, catalogue=profiles.shipped().changed("master", "master", {"codec": codec, "crf": 30}))
    (made,) = finish(short, "c" * 64, job, tmp_path)
    said = subprocess.run(
        [binary(), "-hide_banner", "-i", str(made.path)], capture_output=True, text=True, check=False, timeout=30
    ).stderr
    assert f"Video: {name}" in said
    assert "bt709, progressive" in said or "bt709)" in said
    assert all(check.ok for check in verify(made))


def test_nothing_but_renditions_and_covers_stays_in_the_folder(renditions: dict[str, Rendition]) -> None:
    folder = renditions["douyin"].path.parent

    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"{name}.{suffix}" for name in renditions for suffix in ("mp4", "jpg")
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_promise_is_proven_on_the_finished_file(renditions: dict[str, Rendition], name: str) -> None:
    checks = verify(renditions[name])

    assert [check.name for check in checks] == CHECKS
    assert all(check.ok for check in checks), checks


@pytest.mark.parametrize("name", NAMES)
def test_the_container_is_what_platforms_ask_for(renditions: dict[str, Rendition], name: str) -> None:
    path = renditions[name].path
    movie = mp4.read(path)
    said = subprocess.run(
        [binary(), "-hide_banner", "-i", str(path)], capture_output=True, text=True, check=False, timeout=30
    ).stderr

    assert movie.streamable
    assert not any(track.edits for track in movie.tracks)
    assert [key for key, _ in movie.metadata] == ["AIGC"]
    assert "yuv420p(tv, bt709, progressive)" in said
    assert "h264 (High)" in said
    assert "48000 Hz, stereo" in said
    assert "start: 0.000000" in said


def key_frames(path: Path) -> int:
    done = subprocess.run(
        [binary(), "-v", "error", "-skip_frame", "nokey", "-i", str(path), "-an", "-vf", "scale=16:16,format=gray",
         "-fps_mode", "passthrough", "-f", "rawvideo", "-"],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    return len(done.stdout) // 256


def test_youtube_gets_a_key_frame_each_half_second_and_the_others_each_two(renditions: dict[str, Rendition]) -> None:
    assert key_frames(renditions["youtube_shorts"].path) == 7
    assert key_frames(renditions["tiktok"].path) == 2


def test_the_logo_keeps_its_colour_through_every_conversion(renditions: dict[str, Rendition]) -> None:
    frame = frame_of(renditions["tiktok"].path, 60).astype(int)

    distance = np.abs(frame - np.array(LOGO_RED)).max(axis=2)

    # BT.601 in place of BT.709 would shift this red by 20 levels and more.
    assert (distance < 10).sum() > 1200


def test_the_words_come_in_after_the_label_which_is_there_from_the_first_frame(single: Rendition) -> None:
    first, last = frame_of(single.path, 0).astype(int), frame_of(single.path, 28).astype(int)
    words = np.s_[900:1440, 60:830]

    assert (first[words].min(axis=2) > 235).sum() == 0
    assert (last[words].min(axis=2) > 235).sum() > 5000
    label = single.labels["visible"]
    crop = first[label["y"] : label["y"] + label["height"], label["x"] : label["x"] + label["width"]]
    assert (crop.min(axis=2) > 235).sum() > 5000


def test_the_cover_is_a_frame_of_the_video_with_all_words(renditions: dict[str, Rendition]) -> None:
    rendition = renditions["instagram_reels"]
    frame = frame_of(rendition.path, rendition.record["cover_frame"]).astype(int)
    cover = np.asarray(Image.open(rendition.cover).convert("RGB")).astype(int)

    assert np.abs(cover - frame).mean() < 4


def test_the_recipe_of_a_rendition_was_known_before(short: Path, brand: Brand, single: Rendition) -> None:
    assert single.recipe == recipe(job_for(short, "tiktok", brand=brand), "tiktok")


def stream_hash(path: Path) -> str:
    """Of the packets of a file, whatever stands around them."""
    done = subprocess.run(
        [binary(), "-v", "error", "-i", str(path), "-map", "0", "-c", "copy", "-f", "streamhash", "-"],
        capture_output=True, check=True, text=True, timeout=60,
    )  # fmt: skip
    return done.stdout


def test_the_same_order_gives_the_same_pictures_and_sound(
    short: Path, brand: Brand, single: Rendition, tmp_path: Path
) -> None:
    again = finish(short, "b" * 64, job_for(short, "tiktok", brand=brand), tmp_path)[0]

    assert stream_hash(again.path) == stream_hash(single.path)
    assert again.cover_sha256 == single.cover_sha256
    assert again.labels == single.labels
    assert again.sha256 != single.sha256  # a signature is never the same twice


def test_a_rendition_is_the_same_whether_it_is_made_alone_or_with_others(
    short: Path, brand: Brand, single: Rendition, tmp_path: Path
) -> None:
    together = finish(short, "b" * 64, job_for(short, "douyin", "tiktok", brand=brand), tmp_path)[1]

    assert together.id == single.id
    assert np.abs(frame_of(together.path, 28).astype(int) - frame_of(single.path, 28).astype(int)).mean() < 1


def test_each_label_is_kept_in_the_records_with_what_proves_it(single: Rendition, short: Path) -> None:
    signer = credentials.find_self_made(short.parent / "home")
    assert signer is not None
    labels = single.labels

    assert list(labels) == ["visible", "aigc", "xmp", "mark", "c2pa"]
    assert labels["xmp"] == {"source_type": ALGORITHMIC}  # the master was drawn by a program
    assert labels["mark"] == {"payload": "74b12a62", "amplitude": 1, "width": 1080, "height": 1920}
    assert labels["c2pa"] == {
        "state": "Valid",
        "trusted": False,
        "self_made": True,
        "signer": credentials.ANONYMOUS,
        "serial": str(signer.leaf.serial_number),
        "fingerprint": signer.fingerprint,
        "valid_until": signer.valid_until.isoformat(),
        "time": None,
        "source_type": ALGORITHMIC,
        "actions": ["c2pa.created", "c2pa.edited", "c2pa.watermarked.unbound", "c2pa.transcoded"],
    }
    json.dumps(labels)


def test_a_signature_that_nobody_vouches_for_is_told_as_such(single: Rendition) -> None:
    (told,) = [check.evidence for check in verify(single) if check.name == "c2pa"]

    assert told == f"signed by {credentials.ANONYMOUS}, by a certificate that public readers do not know"


def test_what_a_model_drew_is_signed_by_the_users_own_certificate_with_a_time_stamp(
    short: Path, brand: Brand, tmp_path: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    files = certified.write(tmp_path, certified.certificate(key), key)
    with time_stamps(tmp_path) as address:
        named = {**files, "key": {"file": files["key"]}, "tsa_url": address}
        own = replace(brand, credentials=CredentialOptions.model_validate(named))
        job = replace(job_for(short, "tiktok", brand=own), preview=False, agent="wan22-ti2v-5b@abc", home=tmp_path)
        rendition = finish(short, "b" * 64, job, tmp_path)[0]

    assert xmp.read(rendition.path) == TRAINED
    signed = rendition.labels["c2pa"]
    assert (signed["signer"], signed["trusted"], signed["self_made"]) == ("Tea House", True, False)
    assert signed["time"] is not None
    assert failed(rendition) == set()
    assert not (tmp_path / credentials.FOLDER).exists()


@pytest.mark.parametrize(
    ("stamped", "rooted", "told"),
    [
        (True, True, "signed by Tea House, by a certificate known to the roots"),
        (True, False, "is of an authority that `brand.credentials.roots` does not know: finish the video again"),
        (False, True, "it has no time-stamp that says it was valid before: finish the video again"),
    ],
)
def test_a_certificate_that_has_expired_since_counts_with_a_known_time_stamp_and_is_told_without(
    single: Rendition, tmp_path: Path, stamped: bool, rooted: bool, told: str
) -> None:
    # A finished video is signed by a certificate that lives for some seconds, and published after that.
    key = ec.generate_private_key(ec.SECP256R1())
    files = certified.write(tmp_path, certified.certificate(key, end=dt.timedelta(seconds=5)), key)
    named = {name: path for name, path in files.items() if rooted or name != "roots"}
    target, labels = tmp_path / "signed.mp4", single.labels
    story = Provenance("v", ALGORITHMIC, "storyboard@1", ("AI label",), marked=True, aigc=labels["aigc"])
    with time_stamps(tmp_path) as address:
        options = {**named, "key": {"file": files["key"]}, "tsa_url": address if stamped else None}
        own = credentials.load(CredentialOptions.model_validate(options))
        c2pa.sign(single.path, target, story, own)
        reading = c2pa.read(target, own.roots)
    assert reading is not None
    labels = {**labels, "c2pa": labelling.evidence(reading, own)}
    rendition = replace(single, path=target, sha256=hashlib.sha256(target.read_bytes()).hexdigest(), labels=labels)
    while dt.datetime.now(dt.UTC) <= own.valid_until + dt.timedelta(seconds=1):
        time.sleep(0.1)

    assert failed(rendition) == (set() if stamped and rooted else {"c2pa"})
    (check,) = [check for check in verify(rendition) if check.name == "c2pa"]
    assert told in check.evidence
    assert ("roots" in rendition.labels["c2pa"]) is (stamped and rooted)


def test_without_a_producer_no_code_is_invented(short: Path, tmp_path: Path) -> None:
    rendition = finish(short, "b" * 64, job_for(short, "douyin"), tmp_path)[0]

    assert rendition.labels["aigc"] is None
    assert rendition.labels["reason"] == "brand.ai_producer is not set"
    assert aigc.read(rendition.path) is None
    assert failed(rendition) == set()


@pytest.mark.parametrize(
    ("size", "fps", "policy", "delivered"),
    [
        ("1280x704", 24, "blur", 24),
        ("512x512", 24, "blur", 24),
        ("704x1280", 16, "crop", 32),
        ("720x1280", 25, "crop", 25),
    ],
)
def test_any_shape_and_rate_becomes_what_the_platform_takes(
    tmp_path: Path, size: str, fps: int, policy: str, delivered: int
) -> None:
    source = make_master(tmp_path / "source.mp4", size=size, fps=fps, frames=fps + 1)

    rendition = finish(source, "c" * 64, job_for(source, "tiktok"), tmp_path)[0]

    assert rendition.record["reframe"]["policy"] == policy
    assert (rendition.fps, rendition.frames) == (delivered, (fps + 1) * delivered // fps)
    assert failed(rendition) == set()


def test_a_larger_bilingual_label_and_a_wordless_brandless_picture_are_proven_too(short: Path, tmp_path: Path) -> None:
    brand = Brand("", "#000000", label_height=0.06, bilingual=True)

    rendition = finish(short, "b" * 64, job_for(short, "tiktok", words=Words(), brand=brand), tmp_path)[0]

    assert rendition.labels["visible"]["lines"] == ["AI GENERATED", "AI生成"]
    assert failed(rendition) == set()


def test_dark_words_are_set_on_a_bright_picture(tmp_path: Path) -> None:
    bright = make_master(tmp_path / "bright.mp4", frames=29, colors="c0=0xf4f1ea:c1=0xe4e2dc:c2=0xffffff")

    rendition = finish(bright, "d" * 64, job_for(bright, "tiktok"), tmp_path)[0]

    last = frame_of(rendition.path, 28)[900:1440, 60:830]
    assert (last.max(axis=2) < 60).sum() > 4000


def plain_cover(rendition: Rendition) -> None:
    Image.new("RGB", (1080, 1920), "gray").save(rendition.cover)


@pytest.fixture
def copied(single: Rendition, tmp_path: Path) -> Rendition:
    """A rendition that may be spoilt; its records say what its bytes are, unless the test says otherwise."""
    video, cover = shutil.copy(single.path, tmp_path / "a.mp4"), shutil.copy(single.cover, tmp_path / "a.jpg")
    return replace(single, path=Path(video), cover=Path(cover))


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_whatever_is_taken_from_a_rendition_is_noticed(copied: Rendition, mutation: str) -> None:
    spoil, noticed = MUTATIONS[mutation]

    spoil(copied)

    found = failed(copied)
    assert noticed <= found
    assert found <= noticed | {"sha256"}
    assert ("sha256" in found) is (mutation != "nothing")


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8, 0.9999])
def test_a_single_changed_bit_is_noticed_twice(copied: Rendition, place: float) -> None:
    alter(copied, place)

    assert {"sha256", "c2pa"} <= failed(copied)


def test_a_cover_without_a_label_is_noticed_even_if_its_hash_is_right(copied: Rendition) -> None:
    plain_cover(copied)

    assert failed(copied) == {"cover"}
    digest = hashlib.sha256(copied.cover.read_bytes()).hexdigest()
    assert failed(replace(copied, cover_sha256=digest)) == {"cover"}


@pytest.mark.parametrize("rule", [{"max_bytes": 20_000}, {"longest_side": 320}])
def test_a_cover_is_as_small_as_the_profile_says_and_its_label_is_read_all_the_same(
    short: Path, brand: Brand, tmp_path: Path, rule: dict[str, int]
) -> None:
    catalogue = profiles.shipped().changed("telegram", "telegram", {"cover": rule})
    (made,) = finish(short, "b" * 64, replace(job_for(short, "telegram", brand=brand), catalogue=catalogue), tmp_path)
    assert failed(made) == set()
    assert made.cover.stat().st_size <= rule.get("max_bytes", 10**7)
    with Image.open(made.cover) as picture:
        assert max(picture.size) <= rule.get("longest_side", 1920)
    for tighter in ({"max_bytes": 1000}, {"longest_side": 300}):
        assert failed(replace(made, record={**made.record, "cover": tighter})) == {"cover"}
    assert failed(replace(made, record={key: made.record[key] for key in made.record if key != "cover"})) == set()


def test_a_promise_that_the_records_have_lost_is_not_kept(copied: Rendition) -> None:
    assert failed(replace(copied, labels={})) == {*GONE, "cover"}


def test_a_label_that_was_promised_too_small_does_not_pass(copied: Rendition) -> None:
    visible = {**copied.labels["visible"], "ink_height": 50}

    assert failed(replace(copied, labels={**copied.labels, "visible": visible})) == {"label"}


def test_metadata_of_another_video_does_not_pass(copied: Rendition) -> None:
    other = aigc.compose(PRODUCER, "video-2")

    # The manifest tells of it too.
    assert failed(replace(copied, labels={**copied.labels, "aigc": other})) == {"aigc", "c2pa"}


@pytest.mark.parametrize(
    ("layer", "key", "value"),
    [
        ("xmp", "source_type", TRAINED),
        ("mark", "payload", "8b4ed59d"),
        ("mark", "width", 720),
        ("c2pa", "fingerprint", "0" * 64),
        ("c2pa", "source_type", TRAINED),
        ("c2pa", "actions", ["c2pa.created"]),
        ("c2pa", "time", "2026-11-29T12:00:00+00:00"),
    ],
)
def test_a_label_other_than_the_promised_one_does_not_pass(
    copied: Rendition, layer: str, key: str, value: object
) -> None:
    promised = {**copied.labels, layer: {**copied.labels[layer], key: value}}

    assert failed(replace(copied, labels=promised)) == {layer}


@pytest.mark.parametrize("layer", ["xmp", "c2pa"])
def test_a_layer_that_the_records_have_lost_is_not_kept(copied: Rendition, layer: str) -> None:
    promised = {name: value for name, value in copied.labels.items() if name != layer}

    assert failed(replace(copied, labels=promised)) == {layer}


# What goes wrong on the way.


def test_a_missing_glyph_stops_everything_before_a_file_is_written(short: Path, tmp_path: Path) -> None:
    with pytest.raises(FinishingError, match=r"U\+0F47"):
        finish(short, "b" * 64, job_for(short, "tiktok", words=Words("好茶ཇ")), tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no video at all", b"\x00\x00\x00\x18ftypmp42"])
def test_a_master_that_is_no_video_is_a_finishing_error_and_leaves_nothing(
    short: Path, tmp_path: Path, content: bytes
) -> None:
    job = job_for(short, "tiktok")
    (tmp_path / "bad.mp4").write_bytes(content)

    with pytest.raises(FinishingError, match=r"bad\.mp4"):
        finish(tmp_path / "bad.mp4", "e" * 64, job, tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["bad.mp4"]


def test_a_master_that_is_shorter_than_the_ledger_says_is_refused_with_both_figures(
    short: Path, tmp_path: Path
) -> None:
    job = replace(job_for(short, "tiktok"), frames=49)

    with pytest.raises(FinishingError, match=r"29 frames instead of .* 49"):
        finish(short, "b" * 64, job, tmp_path)


def test_a_platform_that_takes_no_such_length_is_named_before_rendering(short: Path, tmp_path: Path) -> None:
    with pytest.raises(FinishingError, match="Instagram Reels takes videos of 3 to 900 s"):
        finish(short, "b" * 64, job_for(short, "tiktok", "instagram_reels"), tmp_path)


def test_a_certificate_out_of_its_time_stops_everything_before_a_file_is_written(short: Path, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = certified.certificate(key, start=dt.timedelta(days=-9), end=dt.timedelta(days=-1))
    (tmp_path / "keys").mkdir()
    (tmp_path / "out").mkdir()
    files = certified.write(tmp_path / "keys", leaf, key)
    expired = CredentialOptions.model_validate({**files, "key": {"file": files["key"]}})
    brand = Brand("茶", "#2f6f4f", credentials=expired)

    with pytest.raises(FinishingError, match="expired on"):
        finish(short, "b" * 64, job_for(short, "tiktok", brand=brand), tmp_path / "out")

    assert list((tmp_path / "out").iterdir()) == []


def test_a_cancel_ends_it_at_once_and_leaves_nothing(master: Path, tmp_path: Path) -> None:
    cancel = CancelToken()
    timer = threading.Timer(0.4, cancel.cancel)
    timer.start()

    with pytest.raises(Interrupted):
        finish(master, "a" * 64, job_for(master), tmp_path, cancel=cancel)

    timer.join()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], capture_output=True, check=False, timeout=30
    )
    if mounted.returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True, timeout=30)


def test_a_full_disk_is_a_storage_error_that_may_be_tried_again(master: Path, tiny_disk: Path) -> None:
    with pytest.raises(StorageError, match=r"full|written"):
        finish(master, "a" * 64, job_for(master, "tiktok", "douyin"), tiny_disk)

    assert list(tiny_disk.iterdir()) == []


def test_odd_names_of_files_and_folders_do_no_harm(short: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a 'b'; [c],d=e:f\\g 茶"
    folder.mkdir()
    source = folder / "m %d 'x';[y].mp4"
    shutil.copy(short, source)

    rendition = finish(source, "b" * 64, job_for(short, "tiktok"), folder)[0]

    assert failed(rendition) == set()
