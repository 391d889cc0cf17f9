"""A bucket that speaks Amazon's protocol: the calls that a target makes, and what goes wrong with them as outcomes."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reelmill.answers import TRANSIENT, seconds_to_wait
from tasks.publishing.outcome import Ambiguous, Reauthorise, Refused, Retry

#: Seconds to wait for a connection and for the next bytes of an answer, and how often botocore tries a call.
CONNECT_TIMEOUT, READ_TIMEOUT, ATTEMPTS = 10, 60, 3
#: Bytes of a sidecar that are read at most.
LONGEST_TEXT = 1 << 20

#: What is wrong with the login or its rights, which only a person can mend (S3 API reference, "Error responses").
_LOGIN = frozenset({
    "AccessDenied", "AccountProblem", "AllAccessDisabled", "ExpiredToken", "InvalidAccessKeyId", "InvalidToken",
    "SignatureDoesNotMatch", "TokenRefreshRequired",
})  # fmt: skip
#: What is over in a while though its status is none of those that pass.
_BUSY = frozenset({"SlowDown", "RequestTimeout", "OperationAborted", "ConditionalRequestConflict", "InternalError"})


@dataclass(frozen=True, slots=True)
class Content:
    """What is to be an object: a file of ours, or a few bytes."""

    key: str
    body: Path | bytes
    size: int
    sha256: str  #: hex
    kind: str  #: its MIME type
    post: str  #: the id of the post that it belongs to

    @property
    def marks(self) -> dict[str, str]:
        """What is kept beside the object, to know it again by."""
        return {"sha256": self.sha256, "post": self.post}


@dataclass(frozen=True, slots=True)
class Held:
    """What the bucket says of an object."""

    size: int
    etag: str
    marks: Mapping[str, str]
    checksum: str  #: base64 of its sha256, or of the sha256 of those of its parts; "" where the server keeps none


class Exists(Exception):
    """The condition of a conditional write does not hold."""


class Unconditional(Exception):
    """The server does not know conditional writes."""


class Bucket:
    """Speaks with one bucket. Threads may share it.

    Parameters
    ----------
    key, secret:
        None: whatever the environment has, as every client of botocore finds it.
    """

    def __init__(
        self, name: str, *, endpoint: str | None, region: str | None, key: str | None, secret: str | None
    ) -> None:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        self.name = name
        config = Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            # Checksums are sent where we name one: servers that are not Amazon's stumble over those that botocore adds.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        try:
            self.client: Any = boto3.session.Session().client(
                "s3",
                endpoint_url=endpoint,
                region_name=region,
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                config=config,
            )
        except (BotoCoreError, ValueError) as error:
            raise Refused(f"the bucket {name} cannot be spoken to: {error}", "correct the target's options") from error

    @property
    def endpoint(self) -> str:
        """The address that it is at, which may come from the environment."""
        return str(self.client.meta.endpoint_url)

    def close(self) -> None:
        self.client.close()

    def check(self) -> None:
        """See that it is there and lets us in.

        Raises
        ------
        Refused, Reauthorise, Retry
        """
        with self.told("looking at it"):
            from botocore.exceptions import ClientError

            try:
                self.client.head_bucket(Bucket=self.name)
            except ClientError as error:
                if said(error)[0] != 404:
                    raise
                raise self._missing() from error

    def look(self, key: str) -> Held | None:
        """What it says of an object; None if there is none."""
        with self.told(f"looking at {key}"):
            from botocore.exceptions import ClientError

            try:
                found = self.client.head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED")
            except ClientError as error:
                if said(error)[0] == 404:
                    return None
                raise
        checksum = re.sub(r"-\d+$", "", found.get("ChecksumSHA256", ""))  # Amazon appends the number of parts
        return Held(int(found["ContentLength"]), found["ETag"], found.get("Metadata", {}), checksum)

    def get(self, key: str) -> bytes:
        """The bytes of a small object; none if there is none."""
        with self.told(f"reading {key}"):
            from botocore.exceptions import ClientError

            try:
                body = self.client.get_object(Bucket=self.name, Key=key)["Body"]
            except ClientError as error:
                if said(error)[0] == 404:
                    return b""
                raise
            with body:
                return bytes(body.read(LONGEST_TEXT))

    def put(self, content: Content, *, condition: Mapping[str, str] | None = None, irreversible: bool = False) -> None:
        """Send an object in one piece.

        Parameters
        ----------
        condition:
            `IfNoneMatch` or `IfMatch`, as botocore takes them.

        Raises
        ------
        Exists
            If the condition does not hold.
        Unconditional
            If the server does not know conditions.
        """
        body = content.body if isinstance(content.body, bytes) else content.body.read_bytes()
        with self.told(f"sending {content.key}", irreversible=irreversible):
            from botocore.exceptions import ClientError

            try:
                self.client.put_object(
                    Bucket=self.name,
                    Key=content.key,
                    Body=body,
                    ContentType=content.kind,
                    Metadata=content.marks,
                    ChecksumSHA256=digest(body),
                    **(condition or {}),
                )
            except ClientError as error:
                status, code, _ = said(error)
                if condition and status == 412:
                    raise Exists from error
                if condition and (status == 501 or code == "NotImplemented"):
                    raise Unconditional from error
                raise

    def _missing(self) -> Refused:
        return Refused(f"there is no bucket {self.name}", "make it, or correct `bucket` and `endpoint_url`")

    def delete(self, *keys: str) -> None:
        """Remove objects, one after the other. One that is not there is removed already."""
        for key in keys:
            with self.told(f"removing {key}"):
                self.client.delete_object(Bucket=self.name, Key=key)

    @contextmanager
    def told(self, doing: str, *, irreversible: bool = False) -> Iterator[None]:
        """What botocore raises in the block, as outcomes."""
        from botocore import exceptions as wrong

        doing = f"the bucket {self.name}, {doing}"
        try:
            yield
        except wrong.ClientError as error:
            if said(error)[1] == "NoSuchBucket":
                raise self._missing() from error
            raise judged(doing, error, irreversible=irreversible) from error
        except (wrong.NoCredentialsError, wrong.PartialCredentialsError, wrong.CredentialRetrievalError) as error:
            raise Reauthorise(
                f"{doing}: there is no login", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `key` and `secret`"
            ) from error
        except (wrong.EndpointConnectionError, wrong.ConnectTimeoutError, wrong.ProxyConnectionError) as error:
            raise Retry(f"{doing}: it cannot be reached ({type(error).__name__})", "check the network") from error
        except wrong.ParamValidationError as error:
            raise Refused(f"{doing}: {error}", "correct the target's options") from error
        except wrong.BotoCoreError as error:
            if irreversible:
                raise Ambiguous(f"{doing}: the answer did not come ({type(error).__name__})") from error
            raise Retry(f"{doing}: the line broke ({type(error).__name__})", "try again later") from error


def said(error: Any) -> tuple[int, str, str]:
    """The status, the code and the words of an answer."""
    answer = error.response
    told = answer.get("Error", {})
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return int(status), str(told.get("Code", "")), str(told.get("Message", ""))


def judged(doing: str, error: Any, *, irreversible: bool) -> Exception:
    """The outcome that an answer means (S3 API reference, "Error responses")."""
    status, code, words = said(error)
    text = f"{doing}: {status} {code} {words}".strip()
    if code == "RequestTimeTooSkewed":
        return Retry(text, "set the clock of this machine")
    if code in _LOGIN or status in {401, 403}:
        return Reauthorise(text, "the login needs the rights to list the bucket and to get, put and delete objects")
    if status in {301, 307} or code in {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}:
        return Refused(text, "set `region` to the one that the bucket is in")
    if irreversible and status >= 500 and status != 503:  # 503 says that it did not begin: SlowDown
        return Ambiguous(text)
    if status in TRANSIENT or code in _BUSY:
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        return Retry(text, "try again later", retry_after=seconds_to_wait(headers.get("retry-after", "")))
    return Refused(text, "change what the server names, then resume the run")


def digest(data: bytes) -> str:
    """The sha256 of bytes as the protocol writes it."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()
