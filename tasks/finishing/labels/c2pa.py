"""The label that is signed: a C2PA manifest, which says how a video came to be and binds it to its very bytes.

It comes last. Whatever changes the file afterwards, be it one bit, makes it invalid, and a copy by ffmpeg loses it.
Signing and reading happen offline; only a time-stamp, where a time-stamping authority is named, takes the network.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reelmill import __version__
from reelmill.content import Json
from reelmill.errors import FinishingError, MediaError, StorageError, TransientError
from tasks.finishing.labels import manifest_store
from tasks.finishing.labels.credentials import Credentials

if TYPE_CHECKING:
    from c2pa import Context

#: What a reader says of a file whose signer's root it does not know. Everything else about the file is proven.
UNTRUSTED = "signingCredential.untrusted"
#: And of one whose certificate has expired, unless a time-stamp that it trusts says that it was valid then.
EXPIRED = "signingCredential.expired"
#: The states of a manifest in which everything that it binds is as it was (C2PA, "Validation states").
WHOLE = frozenset({"Valid", "Trusted"})

CREATED, EDITED, TRANSCODED = "c2pa.created", "c2pa.edited", "c2pa.transcoded"
#: A watermark that is not registered as a soft binding: it leads to the producer's own records, not to a manifest.
WATERMARKED = "c2pa.watermarked.unbound"
ACTIONS = "c2pa.actions"
#: An assertion of our own with what stands in the file's AIGC metadata.
AIGC = "cn.tc260.aigc"


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a video came to be, as its manifest tells it."""

    title: str
    source_type: str  #: IPTC's word for what kind of thing it is
    agent: str  #: what drew it, as `name` or `name@version`; "" if that is not known
    drawn: tuple[str, ...]  #: what was drawn into the picture afterwards
    marked: bool  #: the invisible mark is in
    aigc: Mapping[str, str] | None = None

    @property
    def actions(self) -> tuple[str, ...]:
        """What was done, in order."""
        return (CREATED, EDITED, *((WATERMARKED,) if self.marked else ()), TRANSCODED)

    def manifest(self, when: dt.datetime) -> dict[str, Json]:
        """The definition of the manifest. All of it is asserted by who signs (`created`), not gathered elsewhere."""
        name, _, version = self.agent.partition("@")
        agent = {"name": name or "not known", **({"version": version} if version else {})}
        more: dict[str, dict[str, Json]] = {
            CREATED: {"digitalSourceType": self.source_type, "softwareAgent": agent},
            EDITED: {"description": f"drawn into the picture: {', '.join(self.drawn)}"},
        }
        moment = when.strftime("%Y-%m-%dT%H:%M:%SZ")
        actions = [{"action": action, "when": moment, **more.get(action, {})} for action in self.actions]
        assertions: list[Json] = [{"label": ACTIONS, "created": True, "data": {"actions": actions}}]
        if self.aigc is not None:
            assertions.append({"label": AIGC, "created": True, "data": dict(self.aigc)})
        return {
            "claim_generator_info": [{"name": "Reelmill", "version": __version__}],
            "title": self.title,
            "assertions": assertions,
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader says of a signed file."""

    state: str  #: `Invalid`, `Valid` or `Trusted`
    failures: tuple[str, ...]  #: C2PA's codes of what is not as it should be
    actions: tuple[str, ...]
    source_type: str | None  #: of the first action, which says how the file came into being
    aigc: Mapping[str, Json] | None
    signer: str  #: the organisation in the certificate
    serial: str  #: of the certificate
    fingerprint: str  #: sha256 (hex) of the certificate
    time: str | None  #: of the time-stamp, ISO 8601

    @property
    def whole(self) -> bool:
        """Nothing was changed since it was signed; whether anybody vouches for the signer is another question."""
        return self.state in WHOLE and not set(self.failures) - {UNTRUSTED}

    @property
    def expired(self) -> bool:
        """All is as it was signed, but the certificate has expired since, and no known authority says when it was."""
        return EXPIRED in self.failures and not set(self.failures) - {UNTRUSTED, EXPIRED}

    @property
    def trusted(self) -> bool:
        return self.state == "Trusted" and not self.failures


def sign(source: Path, target: Path, provenance: Provenance, credentials: Credentials) -> None:
    """Write a signed copy of an MP4 file.

    Parameters
    ----------
    target:
        Another path than the source. Nothing is left there if signing fails.

    Raises
    ------
    FinishingError
        If the source cannot be signed, or the certificate does not do for it.
    StorageError
        If there is no room for the copy.
    TransientError
        If the time-stamping authority gives no time-stamp.
    """
    from c2pa import C2paError

    if target.resolve() == source.resolve() or (target.exists() and target.samefile(source)):
        raise FinishingError(f"{source.name} cannot be signed onto itself: the file would be lost", "name another path")
    now = dt.datetime.now(dt.UTC)
    credentials.check(now)
    manifest = provenance.manifest(now)
    try:
        _sign(source, target, manifest, credentials, credentials.tsa_url)
    except C2paError as error:
        target.unlink(missing_ok=True)
        if shutil.disk_usage(target.parent).free < source.stat().st_size:
            raise StorageError(
                f"{target.parent} has no room for {target.name}", "free some space, then resume the run"
            ) from error
        if credentials.tsa_url and _signs(source, target, manifest, credentials):
            raise TransientError(
                f"{credentials.tsa_url} gives no time-stamp: {error}",
                "look at `brand.credentials.tsa_url`; it is tried again when the run is resumed",
            ) from error
        raise FinishingError(
            f"{source.name} could not be signed: {error}", "look at `brand.credentials`, or at `reelmill labels show`"
        ) from error


def _signs(source: Path, target: Path, manifest: Mapping[str, Json], credentials: Credentials) -> bool:
    """Whether it works without a time-stamp: then it was the authority that failed, whatever the error says."""
    from c2pa import C2paError

    try:
        _sign(source, target, manifest, credentials, None)
    except C2paError:
        return False
    finally:
        target.unlink(missing_ok=True)
    return True


def _sign(
    source: Path, target: Path, manifest: Mapping[str, Json], credentials: Credentials, tsa_url: str | None
) -> None:
    import c2pa

    signer = c2pa.C2paSignerInfo(
        c2pa.C2paSigningAlg[credentials.algorithm],
        credentials.chain.encode(),
        credentials.key.encode(),
        tsa_url.encode() if tsa_url else None,
    )
    with (
        _context(credentials.roots) as context,
        c2pa.Signer.from_info(signer) as signing,
        c2pa.Builder(manifest, context) as builder,
    ):
        builder.sign_file(str(source), str(target), signing)


def read(path: Path, roots: str | None = None) -> Reading | None:
    """What a reader that trusts these roots (PEM) says of a file; None if it has no manifest.

    Raises
    ------
    MediaError
        If the file or its manifest cannot be read.
    """
    import c2pa

    try:
        with _context(roots) as context:
            reader = c2pa.Reader.try_create(str(path), context=context)
            if reader is None:
                return None
            with reader:
                store = json.loads(reader.json())
    except c2pa.C2paError as error:
        raise MediaError(f"the manifest of {path.name} cannot be read: {error}", "") from error
    try:
        return _reading(store, manifest_store.leaf(path))
    except (LookupError, TypeError, AttributeError) as error:
        raise MediaError(f"the manifest of {path.name} is not made as C2PA wants it: {error}", "") from error


def _reading(store: Mapping[str, Json], leaf: bytes) -> Reading:
    manifest = store["manifests"][store["active_manifest"]]
    assertions = [(one["label"].removesuffix(".v2"), one["data"]) for one in manifest["assertions"]]
    actions = [action for label, data in assertions if label == ACTIONS for action in data["actions"]]
    results = store.get("validation_results", {}).get("activeManifest", {})
    signature = manifest.get("signature_info", {})
    return Reading(
        state=store["validation_state"],
        failures=tuple(one["code"] for one in results.get("failure", [])),
        actions=tuple(action["action"] for action in actions),
        source_type=actions[0].get("digitalSourceType") if actions else None,
        aigc=next((data for label, data in assertions if label == AIGC), None),
        signer=signature.get("issuer") or signature.get("common_name") or "",
        serial=str(signature.get("cert_serial_number", "")),
        fingerprint=hashlib.sha256(leaf).hexdigest(),
        time=signature.get("time"),
    )


def _context(roots: str | None) -> Context:
    """Settings of one call, never of the process: nothing is fetched, and only these roots are trusted."""
    from c2pa import Context

    settings: dict[str, Json] = {
        "version": 1,
        "verify": {"verify_after_sign": True, "ocsp_fetch": False, "remote_manifest_fetch": False},
        "core": {"allowed_network_hosts": []},
        "builder": {"thumbnail": {"enabled": False}},
    }
    if roots:
        settings["trust"] = {"user_anchors": roots}
    return Context.from_dict(settings)
