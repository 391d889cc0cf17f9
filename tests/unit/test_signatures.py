"""Signatures of webhooks and of links: published vectors, secrets of every form, and what is refused."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hmac
import stat
import threading
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from flows.signing import KEY_BYTES, LONGEST_NAME, Signer, base_url, safe_name
from reelmill.errors import StorageError, UseError
from reelmill.settings import Settings
from web.attempts import MOST_OF_ALL, MOST_OF_ONE, Attempts
from web.signatures import LONGEST_ID, TOLERANCE, BadSignature, Message, check_form, keys, sign, verify

#: The example that the Standard Webhooks specification publishes.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
NOW = 1614265330
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(NOW),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def test_the_published_example_is_computed_and_taken() -> None:
    assert sign(SECRET, HEADERS["webhook-id"], NOW, BODY) == HEADERS["webhook-signature"]
    message = verify("standard", SECRET, HEADERS, BODY, NOW)
    assert message == Message("standard:msg_p5jXN8AQM9LWM0D4loKWxJek", "msg_p5jXN8AQM9LWM0D4loKWxJek")


@pytest.mark.parametrize(
    ("changed", "body", "now"),
    [
        ({}, b'{"test": 2432232315}', NOW),
        ({"webhook-id": "msg_another"}, BODY, NOW),
        ({"webhook-id": ""}, BODY, NOW),
        ({"webhook-id": "x" * (LONGEST_ID + 1)}, BODY, NOW),
        ({"webhook-id": "msg\n1"}, BODY, NOW),
        ({"webhook-timestamp": str(NOW + 1)}, BODY, NOW),
        ({"webhook-timestamp": ""}, BODY, NOW),
        ({"webhook-timestamp": "١٦١٤٢٦٥٣٣٠"}, BODY, NOW),
        ({"webhook-timestamp": f"{NOW}.0"}, BODY, NOW),
        ({"webhook-timestamp": "9" * 5000}, BODY, NOW),
        ({"webhook-signature": ""}, BODY, NOW),
        ({"webhook-signature": "v1,"}, BODY, NOW),
        ({"webhook-signature": HEADERS["webhook-signature"].removeprefix("v1,")}, BODY, NOW),
        ({"webhook-signature": HEADERS["webhook-signature"].replace("v1,", "v1a,")}, BODY, NOW),
        ({"webhook-signature": HEADERS["webhook-signature"].lower()}, BODY, NOW),
        ({"webhook-signature": "v1,é"}, BODY, NOW),
        ({"webhook-signature": "v1," + "A" * 1_000_000}, BODY, NOW),
        ({}, BODY, NOW + TOLERANCE + 1),
        ({}, BODY, NOW - TOLERANCE - 1),
    ],
)
def test_anything_changed_is_refused(changed: dict[str, str], body: bytes, now: int) -> None:
    with pytest.raises(BadSignature):
        verify("standard", SECRET, HEADERS | changed, body, now)


@pytest.mark.parametrize("missing", list(HEADERS))
def test_each_header_is_needed(missing: str) -> None:
    with pytest.raises(BadSignature):
        verify("standard", SECRET, {name: value for name, value in HEADERS.items() if name != missing}, BODY, NOW)


def test_five_minutes_are_taken_in_both_directions() -> None:
    for now in (NOW + TOLERANCE, NOW - TOLERANCE):
        assert verify("standard", SECRET, HEADERS, BODY, now).delivery == HEADERS["webhook-id"]


def test_one_right_signature_among_wrong_ones_is_enough_and_floods_are_not_read() -> None:
    right = HEADERS["webhook-signature"]
    wrong = sign("another", HEADERS["webhook-id"], NOW, BODY)
    assert verify("standard", SECRET, HEADERS | {"webhook-signature": f"{wrong} v2,x {right}"}, BODY, NOW)
    with pytest.raises(BadSignature):
        verify("standard", SECRET, HEADERS | {"webhook-signature": f"{wrong} " * 5000 + right}, BODY, NOW)


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode(), b"0123456789abcdef01234567"),
        (base64.b64encode(b"0123456789abcdef01234567").decode(), b"0123456789abcdef01234567"),
        ("a plain secret, as people choose it", b"a plain secret, as people choose it"),
        ("abcd", b"abcd"),
        ("whsec_not base64", b"whsec_not base64"),
        ("密钥", "密钥".encode()),
    ],
)
def test_a_secret_may_be_base64_or_plain(secret: str, key: bytes) -> None:
    assert key in keys(secret)
    digest = hmac.digest(key, f"m.{NOW}.".encode() + BODY, "sha256")
    headers = {
        "webhook-id": "m",
        "webhook-timestamp": str(NOW),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
    assert verify("standard", secret, headers, BODY, NOW)
    assert verify("standard", secret, headers | {"webhook-signature": sign(secret, "m", NOW, BODY)}, BODY, NOW)


def test_a_shop_signs_its_body_and_the_body_is_the_message() -> None:
    digest = base64.b64encode(hmac.digest(b"hush", BODY, "sha256")).decode()
    shopify = {"x-shopify-hmac-sha256": digest, "x-shopify-webhook-id": "one", "x-shopify-event-id": "two"}
    message = verify("shopify", "hush", shopify, BODY, NOW)
    assert message.delivery == "one"
    assert verify("shopify", "hush", {**shopify, "x-shopify-webhook-id": "other"}, BODY, NOW).id == message.id
    del shopify["x-shopify-webhook-id"]
    assert verify("shopify", "hush", shopify, BODY, NOW).delivery == "two"
    woo = {"x-wc-webhook-signature": digest, "x-wc-webhook-delivery-id": "three"}
    assert verify("woocommerce", "hush", woo, BODY, NOW).delivery == "three"
    with pytest.raises(BadSignature):
        verify("woocommerce", "hush", shopify, BODY, NOW)  # the header of the other shop
    with pytest.raises(BadSignature):
        verify("shopify", "hush", shopify, BODY + b" ", NOW)
    with pytest.raises(BadSignature):
        verify("shopify", "hash", shopify, BODY, NOW)


@bounded(max_examples=200, deadline=None, derandomize=True)
@given(
    st.dictionaries(
        st.sampled_from([*HEADERS, "x-shopify-hmac-sha256", "x-wc-webhook-signature"]), st.text(max_size=40)
    ),
    st.binary(max_size=40),
    st.sampled_from(["standard", "shopify", "woocommerce"]),
)
def test_whatever_the_headers_say_strangers_are_told_so(headers: dict[str, str], body: bytes, preset: str) -> None:
    with pytest.raises(BadSignature):
        verify(preset, SECRET, headers, body, NOW)  # type: ignore[arg-type]  # sampled from what it may be
    with contextlib.suppress(BadSignature):  # no other error
        check_form(headers, NOW)


# --- links ------------------------------------------------------------------------------------------------------------


def parts(link: str) -> tuple[str, int, str]:
    path, _, query = link.partition("?")
    values = dict(part.split("=", 1) for part in query.split("&"))
    return path, int(values["expires"]), values["signature"]


def test_a_link_opens_what_it_was_made_for_while_it_lasts(settings: Settings) -> None:
    signer = Signer(settings)
    path, expires, signature = parts(signer.link("/watch/1", dt.timedelta(minutes=1)))
    assert signer.check(path, expires, signature)
    assert not signer.check("/watch/2", expires, signature)
    assert not signer.check(path, expires + 1, signature)
    assert not signer.check(path, expires, signature, name="x")
    assert not signer.check(path, expires, signature[:-1])
    assert not signer.check(path, expires, "é")
    assert not signer.check(*parts(signer.link("/watch/1", dt.timedelta(seconds=-1))))
    assert not signer.matches(signature, "session", path, "", str(expires))  # nor is it good for anything else


def test_links_of_a_week_are_the_same_for_an_hour_so_that_browsers_keep_what_they_have(settings: Settings) -> None:
    signer = Signer(settings)
    _, expires, _ = parts(signer.link("/files/x"))
    assert expires % 3600 == 0


@pytest.mark.parametrize(
    ("changes", "base"),
    [
        ({}, "http://127.0.0.1:4300"),
        ({"web_port": 4301, "web_host": "localhost"}, "http://localhost:4301"),
        ({"web_host": "::1"}, "http://[::1]:4300"),
        ({"web_host": "10.0.0.7"}, "http://127.0.0.1:4300"),
        ({"web_url": "https://door.example/mill/", "web_host": "10.0.0.7"}, "https://door.example/mill"),
    ],
)
def test_the_address_in_links_is_the_public_one(changes: dict[str, str | int], base: str) -> None:
    assert base_url(Settings(**changes)) == base


def test_the_key_is_made_once_and_nobody_else_may_read_it(settings: Settings) -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.append(Signer(settings).sign("test", "x"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    key = settings.folder / "signing.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_bytes()) == KEY_BYTES
    assert [path.name for path in settings.folder.iterdir()] == ["signing.key"]
    key.write_bytes(b"short")
    with pytest.raises(UseError, match="is no key"):
        Signer(settings)


def test_machines_that_share_a_key_know_each_others_links(tmp_path: Path) -> None:
    one, two = (Settings(home=tmp_path / name, signing_key="correct horse battery") for name in ("one", "two"))
    link = parts(Signer(one).link(f"/watch/{uuid4()}"))
    assert Signer(two).check(*link)
    assert not Signer(Settings(home=tmp_path / "three")).check(*link)
    assert not (tmp_path / "one").exists()  # a key that is set is written nowhere
    with pytest.raises(UseError, match="fewer than"):
        Signer(Settings(home=tmp_path, signing_key="short"))


def test_a_home_that_cannot_be_written_is_told_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError) as caught:
        Signer(Settings(home=tmp_path / "file" / "home"))
    assert "REELMILL_SIGNING_KEY" in caught.value.instruction


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("小雪 · ink wash", "小雪 · ink wash.mp4"),
        ("../../etc/passwd", "etc passwd.mp4"),
        ('a"b\r\nSet-Cookie: x', "a b Set-Cookie x.mp4"),
        ("...", "video.mp4"),
        ("x" * 300, "x" * LONGEST_NAME + ".mp4"),
    ],
)
def test_a_name_for_a_file_is_harmless(title: str, name: str) -> None:
    assert safe_name(title, ".mp4") == name


# --- attempts ---------------------------------------------------------------------------------------------------------


def test_one_place_has_a_few_attempts_and_everybody_together_not_many_more() -> None:
    attempts = Attempts()
    assert [attempts.wait("203.0.113.7") for _ in range(MOST_OF_ONE)] == [0.0] * MOST_OF_ONE
    assert 0 < attempts.wait("203.0.113.7") <= 60
    assert attempts.wait("203.0.113.8") == 0
    assert [attempts.wait(f"2001:db8::{number:x}") for number in range(MOST_OF_ONE)] == [0.0] * MOST_OF_ONE
    assert attempts.wait("2001:db8::ffff") > 0  # whoever has one address of IPv6 has the whole network
    for number in range(MOST_OF_ALL):
        attempts.wait(f"198.51.100.{number}")
    assert attempts.wait("192.0.2.1") > 0
