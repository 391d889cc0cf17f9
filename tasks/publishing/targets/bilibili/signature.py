"""How a call to Bilibili's open platform is signed.

Source: openhome.bilibili.com, 签名: HMAC-SHA256 over the `x-bili-` headers, sorted by name, as lines of `name:value`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping


def signed(key: str, secret: str, content: bytes, *, version: str, nonce: str, moment: int) -> Mapping[str, str]:
    """The headers that sign a call.

    Parameters
    ----------
    content:
        Its JSON, byte for byte; b"" where there is none. The bytes of files are not part of it.
    nonce:
        Never used before.
    moment:
        In seconds since 1970.
    """
    headers = {
        "x-bili-accesskeyid": key,
        "x-bili-content-md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "x-bili-signature-method": "HMAC-SHA256",
        "x-bili-signature-nonce": nonce,
        "x-bili-signature-version": version,
        "x-bili-timestamp": str(moment),
    }
    text = "\n".join(f"{name}:{headers[name]}" for name in sorted(headers))
    return {**headers, "Authorization": hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}
