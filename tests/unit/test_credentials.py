"""What a video is signed with: made here once, or read from the user's files and looked through."""

from __future__ import annotations

import datetime as dt
import stat
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from reelmill.errors import FinishingError, StorageError
from tasks.finishing.brand import Brand
from tasks.finishing.labels import certificates, credentials
from tasks.finishing.options import BrandOptions, CredentialOptions
from tests import certified

NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)


def options(files: dict[str, str], **more: str) -> CredentialOptions:
    named = {"chain": files["chain"], "key": {"file": files["key"]}, "roots": files["roots"], **more}
    return CredentialOptions.model_validate(named)


def test_a_self_made_chain_is_what_c2pa_asks_of_a_signer() -> None:
    made = certificates.self_made("山野茶事", NOW)
    leaf, root = x509.load_pem_x509_certificates(made.chain.encode())

    leaf.verify_directly_issued_by(root)
    assert certified.pem(root) == made.root
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.key_cert_sign
    assert list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.EMAIL_PROTECTION
    ]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert leaf.not_valid_before_utc < NOW
    assert (leaf.not_valid_after_utc - NOW).days > 3650
    assert made.key not in repr(made)


def test_without_credentials_a_chain_is_made_once_and_kept(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"

    first = credentials.obtain(None, home)
    again = credentials.obtain(None, home)

    assert first == again
    assert first.self_made
    assert first.roots is None
    assert first.signer == credentials.ANONYMOUS
    assert first.algorithm == "ES256"
    folder = home / credentials.FOLDER
    assert sorted(path.name for path in folder.iterdir()) == ["chain.pem", "key.pem", "root.pem"]
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == [credentials.FOLDER]
    assert first.key not in repr(first)


def fingerprint_in(home: Path) -> str:
    return credentials.obtain(None, home).fingerprint


def test_processes_that_begin_together_use_the_same_chain(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        found = set(pool.map(fingerprint_in, [tmp_path] * 8))

    assert len(found) == 1
    assert [path.name for path in tmp_path.iterdir()] == [credentials.FOLDER]


def test_a_second_chain_takes_the_place_of_the_first_only_when_it_is_asked_to(tmp_path: Path) -> None:
    first = credentials.make_self_made(tmp_path, "Tea House")

    assert credentials.make_self_made(tmp_path, "Other").fingerprint == first.fingerprint
    second = credentials.make_self_made(tmp_path, "Other", renew=True)

    assert (first.signer, second.signer) == ("Tea House", "Other")
    assert credentials.obtain(None, tmp_path) == second
    assert [path.name for path in tmp_path.iterdir()] == [credentials.FOLDER]


def test_a_home_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError, match="REELMILL_HOME"):
        credentials.obtain(None, tmp_path / "file")


@pytest.mark.parametrize("name", ["chain.pem", "key.pem"])
def test_a_damaged_chain_is_told_with_the_command_that_mends_it(tmp_path: Path, name: str) -> None:
    credentials.obtain(None, tmp_path)
    (tmp_path / credentials.FOLDER / name).write_text("nothing")

    with pytest.raises(FinishingError, match="--renew"):
        credentials.obtain(None, tmp_path)


KEYS: dict[str, Callable[[], certified.AnyKey]] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
    "ED25519": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("algorithm", KEYS)
def test_the_algorithm_is_that_of_the_users_key(tmp_path: Path, algorithm: str) -> None:
    key = KEYS[algorithm]()

    found = credentials.load(options(certified.write(tmp_path, certified.certificate(key), key), tsa_url="http://t"))

    assert found.algorithm == algorithm
    assert (found.signer, found.tsa_url, found.self_made) == ("Tea House", "http://t", False)
    assert found.roots == certified.pem(certified.root())
    assert len(found.fingerprint) == 64


def test_an_older_form_of_key_is_taken_too(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    files = certified.write(tmp_path, certified.certificate(key), key)
    older = certified.key_pem(key, serialization.PrivateFormat.TraditionalOpenSSL)
    Path(files["key"]).write_text(older)

    assert "BEGIN EC PRIVATE KEY" in older
    assert credentials.load(options(files)).key == certified.key_pem(key)


def test_the_files_of_a_definition_lie_beside_it(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    files = certified.write(tmp_path, certified.certificate(key), key)
    named = {"chain": "chain.pem", "key": {"file": files["key"]}, "roots": "roots.pem"}

    brand = Brand.of(BrandOptions.model_validate({"name": "茶", "credentials": named}), tmp_path)

    assert brand.credentials == options(files)


def spoil(tmp_path: Path, what: str) -> CredentialOptions:
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    leaf, root = certified.certificate(key), certified.root()
    files = certified.write(tmp_path, leaf, key)
    chain, secret = Path(files["chain"]), Path(files["key"])
    match what:
        case "another key":
            secret.write_text(certified.key_pem(other))
        case "a weak curve":
            weak = ec.generate_private_key(ec.SECP256K1())
            chain.write_text(certified.pem(certified.certificate(weak)))
            secret.write_text(certified.key_pem(weak))
        case "a password":
            form = serialization.BestAvailableEncryption(b"x")
            secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, form))
        case "no key":
            secret.unlink()
        case "no PEM key":
            secret.write_text("key")
        case "no chain":
            chain.unlink()
        case "no PEM":
            chain.write_text("chain")
        case "no text":
            chain.write_bytes(b"\xff\xfe\x00")
        case "the wrong order":
            chain.write_text(certified.pem(root) + certified.pem(leaf))
        case "a leaf that is an authority":
            chain.write_text(certified.pem(certified.certificate(key, authority=True)))
        case "no roots":
            Path(files["roots"]).unlink()
        case "roots that are none":
            Path(files["roots"]).write_text("roots")
    return options(files)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("another key", "does not fit"),
        ("a weak curve", "no key of this kind"),
        ("a password", "without a password"),
        ("no key", r"credentials\.key.*is not set"),
        ("no PEM key", "cannot be read"),
        ("no chain", r"chain\.pem cannot be read: No such file"),
        ("no PEM", "no certificates in PEM"),
        ("no text", "it is no text"),
        ("the wrong order", "not followed by its issuer"),
        ("a leaf that is an authority", "certificate of an authority"),
        ("no roots", r"roots\.pem cannot be read"),
        ("roots that are none", "no certificates in PEM"),
    ],
)
def test_whatever_is_wrong_with_the_users_files_is_said(tmp_path: Path, what: str, said: str) -> None:
    with pytest.raises(FinishingError, match=said) as caught:
        credentials.load(spoil(tmp_path, what))

    assert caught.value.instruction


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [(-30, -1, "expired on"), (1, 30, "is valid from")],
)
def test_a_certificate_out_of_its_time_signs_nothing(tmp_path: Path, start: int, end: int, said: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = certified.certificate(key, start=dt.timedelta(days=start), end=dt.timedelta(days=end))

    with pytest.raises(FinishingError, match=said):
        credentials.obtain(options(certified.write(tmp_path, leaf, key)), tmp_path)
