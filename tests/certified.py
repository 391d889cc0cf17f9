"""Certificates as tests need them: out of date, of another kind of key, for a time-stamping authority."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

AnyKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

#: Slow to make, and the same for all tests.
_ROOT_KEY = ec.generate_private_key(ec.SECP256R1())


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_pem(key: AnyKey, form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8) -> str:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def certificate(
    key: AnyKey,
    *,
    name: str = "Tea House",
    start: dt.timedelta = dt.timedelta(hours=-1),
    end: dt.timedelta = dt.timedelta(days=90),
    usage: ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
    authority: bool = False,
) -> x509.Certificate:
    """A certificate that `root` has issued; times are counted from now."""
    now = dt.datetime.now(dt.UTC)
    issuer = _name("Test authority")
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=authority, path_length=None), True),
        (
            x509.KeyUsage(not authority, False, False, False, False, authority, authority, False, False),
            True,
        ),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(_ROOT_KEY.public_key()), False),
    ]
    if not authority:
        stamps = usage == ExtendedKeyUsageOID.TIME_STAMPING
        extensions.append((x509.ExtendedKeyUsage([usage]), stamps))  # RFC 3161 wants it critical
    builder = (
        x509.CertificateBuilder()
        .subject_name(issuer if authority else _name(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + start)
        .not_valid_after(now + end)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(_ROOT_KEY, hashes.SHA256())


@cache
def root() -> x509.Certificate:
    return certificate(_ROOT_KEY, authority=True, start=dt.timedelta(days=-999), end=dt.timedelta(days=999))


def write(folder: Path, leaf: x509.Certificate, key: AnyKey) -> dict[str, str]:
    """Chain, key and root as files, and the paths as `brand.credentials` names them."""
    files = {"chain": pem(leaf) + pem(root()), "key": key_pem(key), "roots": pem(root())}
    for name, text in files.items():
        (folder / f"{name}.pem").write_text(text)
    return {name: str(folder / f"{name}.pem") for name in files}


def _name(organization: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organization} signer"),
        ]
    )
