"""A certificate chain of one's own: a root and one leaf, as C2PA wants a signer's to be.

C2PA asks of a leaf (C2PA Technical Specification, "Trust model", X.509 certificates): version 3, no CA, key usage
digitalSignature, an extended key usage such as emailProtection, an authority key identifier. A chain like this makes
every change of a file visible. It does not say to a public reader who signed: nobody vouches for its root.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: Without a time-stamp a signature counts only as long as its certificate, so ours lives long.
LIFETIME = dt.timedelta(days=3652)
#: It is valid from a little before it is made: clocks of machines differ.
CLOCK_TOLERANCE = dt.timedelta(minutes=5)
#: Longest name of an organisation in a certificate (RFC 5280, upper bound of organizationName).
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Chain:
    """PEM texts."""

    chain: str  #: the leaf first, then the root
    key: str = field(repr=False)  #: of the leaf, PKCS #8
    root: str


def self_made(organization: str, now: dt.datetime, lifetime: dt.timedelta = LIFETIME) -> Chain:
    """Make a root and a leaf for ES256. The root's key is forgotten: nothing else can be signed with it.

    Parameters
    ----------
    organization:
        Who signs, as readers show it.
    now:
        With a time zone.
    """
    organization = organization[:LONGEST_NAME]
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = _name(organization, "Root of a self-made chain")
    root = (
        _builder(root_name, root_name, root_key.public_key(), now, lifetime)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        _builder(_name(organization, "Video signer"), root_name, leaf_key.public_key(), now, lifetime)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return Chain(
        chain=_pem(leaf) + _pem(root),
        key=leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        root=_pem(root),
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: dt.datetime, lifetime: dt.timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_TOLERANCE)
        .not_valid_after(now + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(organization: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
