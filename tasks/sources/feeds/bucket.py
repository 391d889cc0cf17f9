"""A feed in a bucket that speaks Amazon's protocol: `s3://bucket/key`, with whatever login the environment has."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from reelmill.answers import TRANSIENT, seconds_to_wait
from reelmill.editions import Edition
from reelmill.errors import FetchError, StorageError, TransientError, UseError
from reelmill.fetching import NOT_MODIFIED, Saved
from reelmill.streams import BLOCK_BYTES

#: Seconds to wait for a connection and for the next bytes of an answer, and how often botocore tries a call.
CONNECT_TIMEOUT, READ_TIMEOUT, ATTEMPTS = 10, 60, 3

SCHEME = "s3://"


def save_newer(location: str, path: Path, known: Edition, max_bytes: int) -> Saved | None:
    """Save an object to `path` unless `known` is still its edition.

    Raises
    ------
    UseError
        If nothing that speaks the protocol is installed, or there is no login.
    FetchError
        If it is not there, too large, or the login may not read it.
    TransientError
        If the bucket does not answer now.
    StorageError
        If the file cannot be written.
    """
    if find_spec("boto3") is None:
        raise UseError(f"{location} needs boto3, which is not installed", "pip install 'reelmill[s3]'")
    from botocore import exceptions as wrong

    bucket, _, key = location.removeprefix(SCHEME).partition("/")
    try:
        return _save(location, path, _client().get_object(Bucket=bucket, Key=key, **_conditions(known)), max_bytes)
    except wrong.ClientError as error:
        if _status(error) == NOT_MODIFIED:
            return None
        raise _judged(location, error) from error
    except (wrong.NoCredentialsError, wrong.PartialCredentialsError, wrong.CredentialRetrievalError) as error:
        raise UseError(f"{location}: there is no login", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") from error
    except wrong.ParamValidationError as error:
        raise FetchError(f"{location} is no bucket and key", "use s3://BUCKET/KEY") from error
    except (wrong.BotoCoreError, ValueError) as error:
        if isinstance(error, wrong.HTTPClientError | wrong.ConnectionError):
            raise TransientError(
                f"{location} cannot be read now ({type(error).__name__})", "try again later"
            ) from error
        raise FetchError(
            f"{location} cannot be read: {error}", "check the AWS_ variables of the environment"
        ) from error


def _client() -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        response_checksum_validation="when_required",
    )
    return boto3.session.Session().client("s3", config=config)


def _conditions(known: Edition) -> dict[str, Any]:
    return {"IfNoneMatch": known.etag} if known.etag else {}


def _save(location: str, path: Path, answer: Any, max_bytes: int) -> Saved:
    too_large = FetchError(f"{location} is larger than {max_bytes:,} bytes", "use a smaller feed")
    if int(answer["ContentLength"]) > max_bytes:
        raise too_large
    digest, size = hashlib.sha256(), 0
    try:
        with answer["Body"] as body, path.open("wb") as file:
            while block := body.read(BLOCK_BYTES):
                size += len(block)
                if size > max_bytes:
                    raise too_large
                digest.update(block)
                file.write(block)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", "make room or another folder") from error
    return Saved(location, "", path, digest.hexdigest(), size, Edition.of(answer.get("ETag", ""), ""))


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _judged(location: str, error: Any) -> Exception:
    """The error that an answer means (S3 API reference, "Error responses")."""
    status, code = _status(error), str(error.response.get("Error", {}).get("Code", ""))
    if status in TRANSIENT or code in ("SlowDown", "RequestTimeout", "InternalError"):
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        wait = seconds_to_wait(headers.get("retry-after", ""))
        return TransientError(f"{location} answers {status} {code}".strip(), "try again later", retry_after=wait)
    if code in ("NoSuchKey", "NoSuchBucket") or status == 404:
        return FetchError(f"{location} is not there", "check the bucket and the key")
    if status in (401, 403):
        return FetchError(f"{location} may not be read ({code})", "the login needs the right to get this object")
    return FetchError(f"{location} answers {status} {code}".strip(), "check the address and the region of the bucket")
