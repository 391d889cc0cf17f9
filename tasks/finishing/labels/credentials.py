"""What a video is signed with: a certificate chain and its key, the user's own or self-made.

The user's own are named in `brand.credentials`. Without them there is a self-made chain in the home folder, made when
it is first needed: `Valid` for every reader, but trusted by none that is public, and that is how it is told.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import shutil
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from reelmill.errors import FinishingError, StorageError, UseError
from reelmill.files import write_secret
from tasks.finishing.labels import certificates
from tasks.finishing.options import CredentialOptions

#: The folder of the self-made chain in the home folder, and what lies in it.
FOLDER, CHAIN, KEY, ROOT = "credentials", "chain.pem", "key.pem", "root.pem"

#: What a self-made certificate says of who signs, unless a name is given.
ANONYMOUS = "Self-made by Reelmill"

#: The signature algorithms of C2PA, by the key's curve.
CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
RSA_LEAST = 2048  #: bits


@dataclass(frozen=True)
class Credentials:
    """A chain and its key, read and looked through."""

    chain: str  #: PEM, the leaf first
    key: str = field(repr=False)  #: PEM, PKCS #8
    algorithm: str  #: C2PA's name of the signature algorithm
    tsa_url: str | None = None  #: a time-stamping authority (RFC 3161)
    roots: str | None = None  #: PEM of the roots that are trusted here
    self_made: bool = False

    @cached_property
    def leaf(self) -> x509.Certificate:
        """The certificate that signs."""
        return x509.load_pem_x509_certificate(self.chain.encode())

    @property
    def fingerprint(self) -> str:
        """The sha256 (hex) of the leaf."""
        return self.leaf.fingerprint(hashes.SHA256()).hex()

    @property
    def signer(self) -> str:
        """Who signs, as the certificate has it: the organisation, else the common name."""
        for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
            for attribute in self.leaf.subject.get_attributes_for_oid(kind):
                return str(attribute.value)
        return self.leaf.subject.rfc4514_string()

    @property
    def valid_until(self) -> dt.datetime:
        return self.leaf.not_valid_after_utc

    def check(self, now: dt.datetime) -> None:
        """Raise `FinishingError` unless the certificate is valid at this moment."""
        remedy = (
            "`reelmill labels init --renew` makes a new one" if self.self_made else "renew `brand.credentials.chain`"
        )
        check_times(self.leaf, now, remedy)


def check_times(leaf: x509.Certificate, now: dt.datetime, remedy: str) -> None:
    """Raise `FinishingError` unless a certificate is valid at this moment."""
    name = leaf.subject.rfc4514_string()
    if now > leaf.not_valid_after_utc:
        raise FinishingError(f"the certificate {name} expired on {leaf.not_valid_after_utc:%Y-%m-%d}", remedy)
    if now < leaf.not_valid_before_utc:
        raise FinishingError(
            f"the certificate {name} is valid from {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} on",
            f"set this machine's clock, or {remedy}",
        )


def load(options: CredentialOptions) -> Credentials:
    """The credentials that a definition names; its paths are absolute by then.

    Raises
    ------
    FinishingError
        If a file cannot be read, is not what it should be, or key and certificate do not belong together.
    ServerUnavailable
        If the key is in a block, and the server that keeps it does not answer.
    """
    chain = read_chain(Path(options.chain))
    try:
        key = options.key.read()
    except UseError as error:
        raise FinishingError(f"`brand.credentials.key`: {error.reason}", error.instruction) from error
    roots = _text(Path(options.roots), "roots") if options.roots else None
    if roots is not None:
        _certificates(roots, Path(options.roots or ""), "roots")
    return _fit(chain, key, tsa_url=options.tsa_url, roots=roots)


def read_chain(path: Path) -> str:
    """A certificate chain from a PEM file, its order looked through.

    Raises
    ------
    FinishingError
        If it is none.
    """
    text = _text(path, "chain")
    found = _certificates(text, path, "chain")
    advice = "write the certificate that signs first, then the ones that issued it, each after the one it issued"
    for one, issuer in pairwise(found):
        if one.issuer != issuer.subject:
            raise FinishingError(f"{path.name}: {one.subject.rfc4514_string()} is not followed by its issuer", advice)
    with contextlib.suppress(x509.ExtensionNotFound):
        if found[0].extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            raise FinishingError(f"{path.name} begins with the certificate of an authority", advice)
    return text


def obtain(options: CredentialOptions | None, home: Path) -> Credentials:
    """What videos are signed with: what the definition names, else the self-made chain of this home folder.

    Raises
    ------
    FinishingError, ServerUnavailable
        As `load` does, and if the certificate is not valid now.
    StorageError
        If a self-made chain cannot be written.
    """
    found = load(options) if options is not None else find_self_made(home) or make_self_made(home)
    found.check(dt.datetime.now(dt.UTC))
    return found


def identity(options: CredentialOptions | None) -> list[str | None]:
    """What tells signers apart before anything is signed. Self-made chains are all the same: each machine has its own,
    and none is better than another.
    """
    if options is None:
        return ["self-made"]
    leaf = x509.load_pem_x509_certificate(read_chain(Path(options.chain)).encode())
    return [leaf.fingerprint(hashes.SHA256()).hex(), options.tsa_url]


def find_self_made(home: Path) -> Credentials | None:
    """The self-made chain of a home folder, or None if there is none.

    Raises
    ------
    FinishingError
        If it is damaged.
    """
    folder = home / FOLDER
    if not folder.exists():
        return None
    remedy = "`reelmill labels init --renew` makes a new one"
    try:
        # Its root is not among the roots that are trusted: it would make its own promise look kept.
        return _fit(_text(folder / CHAIN, "chain"), _text(folder / KEY, "key"), self_made=True)
    except FinishingError as error:
        raise FinishingError(f"the self-made credentials in {folder} are damaged: {error.reason}", remedy) from error


def make_self_made(home: Path, organization: str = ANONYMOUS, *, renew: bool = False) -> Credentials:
    """Make the self-made chain of a home folder, or take the one that another process made in the meantime.

    Parameters
    ----------
    organization:
        Who signs, as readers will show it.
    renew:
        Put the new one in the place of the one that is there. What was signed before stays signed by the old one.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    made = certificates.self_made(organization, dt.datetime.now(dt.UTC))
    folder = home / FOLDER
    try:
        home.mkdir(parents=True, exist_ok=True)
        # The folder appears whole or not at all: a rename is atomic, and fails where one is there.
        with tempfile.TemporaryDirectory(prefix=f".{FOLDER}-", dir=home) as scratch:
            new, old = Path(scratch) / "new", Path(scratch) / "old"
            new.mkdir()
            (new / CHAIN).write_text(made.chain, encoding="utf-8")
            (new / ROOT).write_text(made.root, encoding="utf-8")
            write_secret(new / KEY, made.key)
            if renew:
                with contextlib.suppress(FileNotFoundError):
                    folder.rename(old)
            try:
                new.rename(folder)
            except OSError as error:
                if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                    raise
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be written: {error.strerror}", "set REELMILL_HOME to a folder that can be written"
        ) from error
    found = find_self_made(home)
    assert found is not None
    return found


def _fit(
    chain: str, key: str, *, tsa_url: str | None = None, roots: str | None = None, self_made: bool = False
) -> Credentials:
    """Credentials of a chain and the key that belongs to its leaf."""
    advice = "name the key of the first certificate of `brand.credentials.chain`, in PEM and without a password"
    try:
        private = serialization.load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: it has a password
        raise FinishingError(f"the key cannot be read: {type(error).__name__}", advice) from error
    match private:
        case ec.EllipticCurvePrivateKey() if private.curve.name in CURVES:
            algorithm = CURVES[private.curve.name]
        case rsa.RSAPrivateKey() if private.key_size >= RSA_LEAST:
            algorithm = "PS256"
        case ed25519.Ed25519PrivateKey():
            algorithm = "ED25519"
        case _:
            raise FinishingError(
                f"C2PA signs with no key of this kind ({type(private).__name__})",
                f"use a key on {', '.join(CURVES)} or Ed25519, or an RSA key of at least {RSA_LEAST} bits",
            )
    same = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    leaf = _certificates(chain, Path(CHAIN), "chain")[0]
    if leaf.public_key().public_bytes(*same) != private.public_key().public_bytes(*same):
        raise FinishingError(f"the key does not fit the certificate {leaf.subject.rfc4514_string()}", advice)
    text = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return Credentials(chain, text, algorithm, tsa_url, roots, self_made)


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise FinishingError(f"{path} cannot be read: {reason}", f"correct `brand.credentials.{name}`") from error


def _certificates(text: str, path: Path, name: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise FinishingError(
            f"{path.name} holds no certificates in PEM", f"correct `brand.credentials.{name}`"
        ) from error
