"""The certificate inside a signed MP4 file: C2PA's reader tells its serial number, and only its bytes identify it.

The manifest store is a `uuid` box that holds JUMBF superboxes (ISO/IEC 19566-5); each manifest has one that is called
`c2pa.signature`, with a COSE_Sign1 structure in CBOR (RFC 9052, RFC 8949) whose header `x5chain` (RFC 9360) has the
certificates, the leaf first. Nothing is verified here: that is what the reader in `c2pa` does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from reelmill.content import Json
from reelmill.errors import MediaError
from tasks.finishing import mp4

BOX = UUID("d8fec3d6-1b0e-483c-9297-5828877ec481")  #: C2PA Technical Specification, "Embedding manifests into BMFF"
SIGNATURE = "c2pa.signature"
#: The header's number in COSE, and its name in files of before C2PA 2.0.
X5CHAIN = (33, "x5chain")
#: Version and flags, the purpose `manifest` with its end, and an offset: what stands before the JUMBF boxes.
BEFORE = b"\0\0\0\0manifest\0" + bytes(8)
#: Values within values; nothing of C2PA's is deeper.
DEEPEST = 16


def leaf(path: Path) -> bytes:
    """The certificate (DER) that a file's only manifest is signed with.

    Raises
    ------
    MediaError
        If there is none, or more than one manifest, or the structure is broken.
    """
    stores = mp4.user_boxes(path, BOX)
    if len(stores) != 1 or not stores[0].startswith(BEFORE):
        raise MediaError(f"{path.name} has {len(stores)} manifest stores that can be read; one is wanted", "")
    try:
        signatures = list(_signatures(stores[0][len(BEFORE) :], DEEPEST))
        if len(signatures) != 1:
            raise MediaError(f"{path.name} has {len(signatures)} manifests; one is wanted", "")
        return _leaf(signatures[0])
    except (struct.error, IndexError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise MediaError(f"the manifest store of {path.name} is broken: {error}", "") from error


def _leaf(signature: bytes) -> bytes:
    protected, unprotected, *_ = _Cbor(signature).value()
    headers = {**unprotected, **(_Cbor(protected).value() if protected else {})}
    chains = [headers[name] for name in X5CHAIN if name in headers]
    if len(chains) != 1:
        raise ValueError(f"{len(chains)} chains")
    first = chains[0] if isinstance(chains[0], bytes) else chains[0][0]
    if not isinstance(first, bytes):
        raise TypeError("the chain holds something else than certificates")
    return first


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        if size < 8 or position + size > len(data):
            raise ValueError(f"a box {kind!r} is cut")
        yield kind, data[position + 8 : position + size]
        position += size


def _signatures(data: bytes, depth: int) -> Iterator[bytes]:
    """The CBOR of every superbox that is called a signature."""
    if depth == 0:
        raise ValueError("boxes within boxes")
    for kind, content in _boxes(data):
        if kind != b"jumb":
            continue
        inner = list(_boxes(content))
        # A description: 16 bytes of type, one of toggles, and the label up to a zero.
        described = inner[0][1][17:].split(b"\0")[0].decode() if inner and inner[0][0] == b"jumd" else ""
        if described == SIGNATURE:
            yield next(value for name, value in inner if name == b"cbor")
        else:
            yield from _signatures(content, depth - 1)


class _Cbor:
    """As much of CBOR as COSE needs: numbers, strings, arrays, maps, tags."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0

    def value(self, depth: int = DEEPEST) -> Json:
        if depth == 0:
            raise ValueError("values within values")
        first = self._take(1)[0]
        major, number = first >> 5, self._number(first & 31)
        found: Json = None  # true, false, nil and floats decide nothing here
        match major:
            case 0:
                found = number
            case 1:
                found = -1 - number
            case 2:
                found = self._take(number)
            case 3:
                found = self._take(number).decode()
            case 4:
                found = [self.value(depth - 1) for _ in range(number)]
            case 5:
                found = {self.value(depth - 1): self.value(depth - 1) for _ in range(number)}
            case 6:
                found = self.value(depth - 1)  # what is tagged, without its tag
        return found

    def _number(self, low: int) -> int:
        if low < 24:
            return low
        if low > 27:
            raise ValueError("a length that is not said")
        return int.from_bytes(self._take(1 << (low - 24)))

    def _take(self, count: int) -> bytes:
        found = self.data[self.position : self.position + count]
        if len(found) != count:
            raise ValueError("it ends too early")
        self.position += count
        return found
