"""Who sent a webhook: the signature of Standard Webhooks, and those of shops.

A replay must not start anything twice. A Standard Webhooks signature covers the message's id and its time. A shop signs
nothing but the body – whoever has seen one delivery can send it again under another id – so there the body itself is
the identity of the message.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Preset = Literal["standard", "shopify", "woocommerce"]

#: How far a message's time may be from ours, in seconds.
TOLERANCE = 300
#: Signatures that are looked at: a sender that changes its secret sends one with each.
MOST_SIGNATURES = 16
LONGEST_ID = 256

#: Where a shop puts its signature: base64 of the body's HMAC-SHA256.
SHOP_SIGNATURES = {"shopify": "x-shopify-hmac-sha256", "woocommerce": "x-wc-webhook-signature"}
#: What a shop calls the delivery, for the log.
SHOP_IDS = {
    "shopify": ("x-shopify-webhook-id", "x-shopify-event-id"),
    "woocommerce": ("x-wc-webhook-delivery-id",),
}
STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")


@dataclass(frozen=True, slots=True)
class Message:
    """A message whose sender is known."""

    id: str  #: the same for the same message, and signed
    delivery: str  #: what the sender calls it


class BadSignature(Exception):
    """The sender is not who it must be. The message says why, and nothing of any pipeline."""


def verify(preset: Preset, secret: str, headers: Mapping[str, str], body: bytes, now: float) -> Message:
    """The message, if its signature is right.

    Parameters
    ----------
    headers:
        By lower-case name.
    now:
        Seconds since 1970.

    Raises
    ------
    BadSignature
    """
    if preset == "standard":
        return _standard(secret, headers, body, now)
    given = _decoded(headers.get(SHOP_SIGNATURES[preset], ""))
    if given is None or not hmac.compare_digest(given, hmac.digest(secret.encode(), body, "sha256")):
        raise BadSignature("the signature or the token is wrong")
    delivery = next((headers[name] for name in SHOP_IDS[preset] if name in headers), "")
    return Message(f"{preset}:{hashlib.sha256(body).hexdigest()}", delivery[:LONGEST_ID])


def check_form(headers: Mapping[str, str], now: float) -> None:
    """What can be said of a message's headers without knowing any secret, so the same for every pipeline.

    Raises
    ------
    BadSignature
    """
    if any(name in headers for name in STANDARD):
        _check_standard(headers, now)
    elif not any(name in headers for name in SHOP_SIGNATURES.values()):
        raise BadSignature("there is neither a signature nor a token")


def sign(secret: str, identity: str, timestamp: int, body: bytes) -> str:
    """The Standard Webhooks signature of a message, as a sender makes it."""
    digest = hmac.digest(keys(secret)[0], f"{identity}.{timestamp}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def keys(secret: str) -> tuple[bytes, ...]:
    """What a secret may mean: `whsec_…` is base64 of the key; another text is the key itself, or base64 of it."""
    if secret.startswith("whsec_"):
        decoded = _decoded(secret.removeprefix("whsec_"))
        return (decoded,) if decoded else (secret.encode(),)
    decoded = _decoded(secret)
    return (secret.encode(), decoded) if decoded else (secret.encode(),)


def _standard(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> Message:
    identity, timestamp, signatures = _check_standard(headers, now)
    signed = f"{identity}.{timestamp}.".encode() + body
    wanted = [hmac.digest(key, signed, "sha256") for key in keys(secret)]
    right = False
    for signature in signatures:
        version, _, encoded = signature.partition(",")
        given = _decoded(encoded) if version == "v1" else None
        right |= given is not None and any(hmac.compare_digest(given, one) for one in wanted)
    if not right:
        raise BadSignature("the signature or the token is wrong")
    return Message(f"standard:{identity}", identity)


def _check_standard(headers: Mapping[str, str], now: float) -> tuple[str, str, list[str]]:
    identity, timestamp, signatures = (headers.get(name, "") for name in STANDARD)
    if not re.fullmatch(r"[!-~]+", identity) or len(identity) > LONGEST_ID:
        raise BadSignature("webhook-id is missing or not an id")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise BadSignature("webhook-timestamp is missing or not in seconds since 1970")
    if abs(now - int(timestamp)) > TOLERANCE:
        raise BadSignature(f"webhook-timestamp is more than {TOLERANCE // 60} minutes from now")
    return identity, timestamp, signatures.split()[:MOST_SIGNATURES]


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True) or None
    except (binascii.Error, ValueError):
        return None
