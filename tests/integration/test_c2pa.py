"""Real MP4 files are signed by the real library, and what is done to them afterwards is seen."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.errors import FinishingError, MediaError, TransientError
from reelmill.ffmpeg import SAFE_INPUT, run
from tasks.finishing import mp4
from tasks.finishing.labels import aigc, c2pa, credentials, manifest_store, xmp
from tasks.finishing.labels.c2pa import Provenance
from tasks.finishing.labels.credentials import Credentials
from tasks.finishing.labels.source_type import TRAINED
from tasks.finishing.options import CredentialOptions
from tests import certified
from tests.simulators.time_stamps import time_stamps

PRODUCER = "00" + "11" + "91330106MA2CFLDG4R" + "1" + "0001"
METADATA = aigc.compose(PRODUCER, "video-1")
STORY = Provenance("video-1", TRAINED, "wan22-ti2v-5b@abc", ("words", "the AI label"), True, METADATA)
ACTIONS = ("c2pa.created", "c2pa.edited", "c2pa.watermarked.unbound", "c2pa.transcoded")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plain") / "plain.mp4"
    run(
        ["-y", "-f", "lavfi", "-i", "testsrc2=s=128x96:r=24:d=1", "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo",
         "-t", "1", "-map_metadata", "-1", *aigc.arguments(METADATA), "-movflags", "+faststart+use_metadata_tags",
         path],
        timeout=60,
    )  # fmt: skip
    xmp.append(path, TRAINED)
    return path


@pytest.fixture(scope="module")
def self_made(tmp_path_factory: pytest.TempPathFactory) -> Credentials:
    return credentials.obtain(None, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def whole(plain: Path, self_made: Credentials, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("whole") / "signed.mp4"
    c2pa.sign(plain, target, STORY, self_made)
    return target


@pytest.fixture
def signed(whole: Path, tmp_path: Path) -> Path:
    """A signed file that may be spoilt."""
    return Path(shutil.copy(whole, tmp_path / "signed.mp4"))


def owned(folder: Path, key: certified.AnyKey | None = None, **more: dt.timedelta) -> Credentials:
    """Credentials of the tests' own authority."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    files = certified.write(folder, certified.certificate(key, **more), key)
    return credentials.load(CredentialOptions.model_validate({**files, "key": {"file": files["key"]}}))


def test_a_signed_file_says_how_it_came_to_be(whole: Path, self_made: Credentials) -> None:
    reading = c2pa.read(whole)

    assert reading is not None
    assert reading.actions == ACTIONS
    assert reading.source_type == TRAINED
    assert reading.aigc == METADATA
    assert (reading.signer, reading.time) == (credentials.ANONYMOUS, None)
    assert reading.serial == str(self_made.leaf.serial_number)
    assert reading.fingerprint == self_made.fingerprint


def test_a_self_made_chain_is_valid_and_trusted_by_nobody_who_was_not_told(whole: Path, self_made: Credentials) -> None:
    reading, told = c2pa.read(whole), c2pa.read(whole, self_made.chain.partition("-----END CERTIFICATE-----\n")[2])

    assert reading is not None
    assert told is not None
    assert (reading.state, reading.failures) == ("Valid", (c2pa.UNTRUSTED,))
    assert reading.whole
    assert not reading.trusted
    assert (told.state, told.failures, told.trusted) == ("Trusted", (), True)


def test_the_picture_the_metadata_and_the_xmp_stay_as_they_were(plain: Path, whole: Path) -> None:
    assert mp4.read(whole) == mp4.read(plain)
    assert xmp.read(whole) == TRAINED
    assert aigc.read(whole) == METADATA


def test_a_file_is_never_signed_onto_itself(plain: Path, self_made: Credentials, tmp_path: Path) -> None:
    copy = Path(shutil.copy(plain, tmp_path / "copy.mp4"))
    before = copy.read_bytes()
    (tmp_path / "link.mp4").hardlink_to(copy)

    for target in (copy, tmp_path / "x" / ".." / "copy.mp4", tmp_path / "link.mp4"):
        with pytest.raises(FinishingError, match="onto itself"):
            c2pa.sign(copy, target, STORY, self_made)

    assert copy.read_bytes() == before


def test_a_file_without_a_manifest_says_so(plain: Path) -> None:
    assert c2pa.read(plain) is None


@pytest.mark.parametrize("content", [b"", b"no video", b"\0\0\0\x18ftypmp42"])
def test_what_is_no_video_is_a_typed_error(self_made: Credentials, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.mp4").write_bytes(content)

    with pytest.raises(FinishingError, match=r"bad\.mp4"):
        c2pa.sign(tmp_path / "bad.mp4", tmp_path / "target.mp4", STORY, self_made)
    with suppress(MediaError):
        assert c2pa.read(tmp_path / "bad.mp4") is None
    assert not (tmp_path / "target.mp4").exists()


def at(path: Path, needle: bytes, offset: int = 0) -> None:
    """Change one bit of a file, at the last place where it holds these bytes."""
    data = bytearray(path.read_bytes())
    data[data.rindex(needle) + offset] ^= 1
    path.write_bytes(data)


def copied(path: Path, *arguments: str) -> None:
    run(["-y", *SAFE_INPUT, "-i", path, *arguments, path.with_name("made.mp4")], timeout=60)
    path.with_name("made.mp4").replace(path)


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


CHANGES: dict[str, Callable[[Path], None]] = {
    "one bit of the picture": lambda path: at(path, b"mdat", 400),
    "one letter of the AIGC metadata": lambda path: at(path, PRODUCER.encode(), 5),
    "one letter of the XMP": lambda path: at(path, b"trainedAlgorithmicMedia", 3),
    "one bit of the signature": lambda path: at(path, b"c2pa.signature", 700),
    "an action": lambda path: at(path, b"c2pa.edited", 6),
    "more XMP": lambda path: append(path, path.read_bytes()[-500:]),
    "a cut": lambda path: path.write_bytes(path.read_bytes()[:-600]) and None,
    "a copy of the streams": lambda path: copied(path, "-c", "copy"),
    "another encoding": lambda path: copied(path, "-c:v", "libx264"),
    "another size": lambda path: copied(path, "-vf", "crop=64:64"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_afterwards_is_seen(signed: Path, change: str) -> None:
    CHANGES[change](signed)

    try:
        reading = c2pa.read(signed)
    except MediaError:
        return
    assert reading is None or not reading.whole


def test_a_file_that_somebody_else_signed_has_another_fingerprint(
    plain: Path, tmp_path: Path, self_made: Credentials
) -> None:
    other = credentials.make_self_made(tmp_path)

    c2pa.sign(plain, tmp_path / "other.mp4", STORY, other)

    reading = c2pa.read(tmp_path / "other.mp4")
    assert reading is not None
    assert reading.whole
    assert reading.signer == credentials.ANONYMOUS
    assert reading.fingerprint == other.fingerprint != self_made.fingerprint


def test_signing_twice_leaves_one_manifest(plain: Path, tmp_path: Path, self_made: Credentials) -> None:
    c2pa.sign(plain, tmp_path / "once.mp4", replace(STORY, marked=False, aigc=None), self_made)
    c2pa.sign(tmp_path / "once.mp4", tmp_path / "twice.mp4", STORY, self_made)

    reading = c2pa.read(tmp_path / "twice.mp4")
    assert reading is not None
    assert reading.whole
    assert reading.actions == ACTIONS


KEYS: dict[str, Callable[[], certified.AnyKey]] = {
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("kind", KEYS)
def test_the_users_own_certificate_is_trusted_where_its_root_is(plain: Path, tmp_path: Path, kind: str) -> None:
    own = owned(tmp_path, KEYS[kind]())

    c2pa.sign(plain, tmp_path / "signed.mp4", replace(STORY, marked=False, aigc=None), own)

    reading = c2pa.read(tmp_path / "signed.mp4", own.roots)
    assert reading is not None
    assert (reading.state, reading.failures, reading.signer) == ("Trusted", (), "Tea House")
    assert reading.fingerprint == own.fingerprint
    assert reading.actions == ("c2pa.created", "c2pa.edited", "c2pa.transcoded")
    assert reading.aigc is None


def test_a_certificate_that_is_meant_for_something_else_is_refused(plain: Path, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = certified.certificate(key, usage=ExtendedKeyUsageOID.SERVER_AUTH)
    files = certified.write(tmp_path, leaf, key)
    wrong = credentials.load(CredentialOptions.model_validate({**files, "key": {"file": files["key"]}}))

    with pytest.raises(FinishingError, match="could not be signed"):
        c2pa.sign(plain, tmp_path / "signed.mp4", STORY, wrong)

    assert not (tmp_path / "signed.mp4").exists()


@pytest.mark.parametrize(("start", "end"), [(-30, -1), (1, 30)])
def test_a_certificate_out_of_its_time_signs_nothing(plain: Path, tmp_path: Path, start: int, end: int) -> None:
    late = owned(tmp_path, start=dt.timedelta(days=start), end=dt.timedelta(days=end))

    with pytest.raises(FinishingError, match=r"expired on|is valid from"):
        c2pa.sign(plain, tmp_path / "signed.mp4", STORY, late)


def test_a_key_that_does_not_fit_signs_nothing(plain: Path, tmp_path: Path) -> None:
    own = owned(tmp_path)
    other = certified.key_pem(ec.generate_private_key(ec.SECP256R1()))

    with pytest.raises(FinishingError, match="could not be signed"):
        c2pa.sign(plain, tmp_path / "signed.mp4", STORY, replace(own, key=other))

    assert not (tmp_path / "signed.mp4").exists()


def test_many_threads_sign_at_the_same_time(plain: Path, tmp_path: Path, self_made: Credentials) -> None:
    targets = [tmp_path / f"{number}.mp4" for number in range(8)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda target: c2pa.sign(plain, target, STORY, self_made), targets))
        readings = list(pool.map(c2pa.read, targets))

    assert all(reading is not None and reading.whole for reading in readings)


# Time-stamps.


def test_a_time_stamp_says_when_and_outlives_the_certificate(plain: Path, tmp_path: Path) -> None:
    # The certificate expires while the test looks on: what is not stamped is worth nothing from then on.
    own = owned(tmp_path, end=dt.timedelta(seconds=4))
    plainly, stamped = tmp_path / "plainly.mp4", tmp_path / "stamped.mp4"

    with time_stamps(tmp_path) as address:
        c2pa.sign(plain, stamped, STORY, replace(own, tsa_url=address))
    c2pa.sign(plain, plainly, STORY, own)
    first = c2pa.read(stamped, own.roots)
    while dt.datetime.now(dt.UTC) <= own.valid_until + dt.timedelta(seconds=1):
        time.sleep(0.1)

    for reading in (first, c2pa.read(stamped, own.roots)):
        assert reading is not None
        assert (reading.state, reading.failures) == ("Trusted", ())
        assert reading.time is not None
        assert abs(dt.datetime.fromisoformat(reading.time) - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)
    expired = c2pa.read(plainly, own.roots)
    assert expired is not None
    assert (expired.state, expired.whole) == ("Invalid", False)
    assert "signingCredential.expired" in expired.failures


def test_a_stamp_of_an_unknown_authority_leaves_the_file_whole(plain: Path, tmp_path: Path) -> None:
    own = owned(tmp_path)

    with time_stamps(tmp_path) as address:
        c2pa.sign(plain, tmp_path / "signed.mp4", STORY, replace(own, tsa_url=address))

    reading = c2pa.read(tmp_path / "signed.mp4")
    assert reading is not None
    assert reading.whole
    assert reading.time is not None


class Refusing(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_error(503)

    def log_message(self, *_: object) -> None:
        pass


def test_an_authority_that_does_not_answer_is_tried_again_later(plain: Path, tmp_path: Path) -> None:
    own = owned(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/"

    with pytest.raises(TransientError, match=f"{address} gives no time-stamp"):
        c2pa.sign(plain, tmp_path / "signed.mp4", STORY, replace(own, tsa_url=address))
    server.shutdown()
    thread.join()
    server.server_close()
    with pytest.raises(TransientError, match=f"{address} gives no time-stamp"):
        c2pa.sign(plain, tmp_path / "signed.mp4", STORY, replace(own, tsa_url=address))

    assert not (tmp_path / "signed.mp4").exists()


# Damaged files.


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_never_worse_than_a_media_error(
    data: st.DataObject, whole: Path, self_made: Credentials, tmp_path_factory: pytest.TempPathFactory
) -> None:
    damaged = tmp_path_factory.getbasetemp() / "damaged-c2pa.mp4"
    content = bytearray(whole.read_bytes())
    start = content.index(manifest_store.BOX.bytes)
    for _ in range(data.draw(st.integers(1, 4))):
        last = data.draw(st.sampled_from([start + 4000, len(content) - 1]))
        content[data.draw(st.integers(start, min(last, len(content) - 1)))] ^= data.draw(st.integers(1, 255))
    damaged.write_bytes(content)

    with suppress(MediaError):
        manifest_store.leaf(damaged)
    with suppress(MediaError):
        reading = c2pa.read(damaged)
        if reading is not None and reading.whole:
            # The signature leaves a few bytes of padding open. What it says stands.
            assert (reading.actions, reading.source_type, reading.aigc) == (ACTIONS, TRAINED, METADATA)
            assert reading.fingerprint == self_made.fingerprint
