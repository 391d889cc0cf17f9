"""The Hugging Face hub: which files a model has there, and their bytes. Its library is used here and nowhere else.

`HF_ENDPOINT`, `HF_TOKEN`, proxies and `HF_HUB_OFFLINE` are honoured, because the library's own session is used.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from reelmill import __version__
from reelmill.errors import FetchError, ServerUnavailable, UseError
from wan_engine.wan.manifest import wanted

#: Seconds of silence after which a request is given up.
SILENCE = 20.0
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a model on the hub."""

    path: str  #: in the repository, with `/`
    size: int  #: in bytes
    sha256: str | None  #: of its bytes; None: a small file, which only git has hashed
    blob: str  #: git's name of it: a sha1 over a header and, for a large one, over the pointer that git keeps


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of one revision that are worth having."""

    repository: str
    revision: str  #: the full commit
    files: tuple[RemoteFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Bytes:
    """A file under way."""

    start: int  #: where the first piece belongs: 0 if the server sends everything again
    pieces: Iterator[bytes]


class Hub:
    """The hub.

    Parameters
    ----------
    endpoint:
        Its address. None: what `HF_ENDPOINT` says, else huggingface.co.

    Raises
    ------
    UseError
        If its library is not installed.
    """

    def __init__(self, endpoint: str | None = None) -> None:
        if find_spec("huggingface_hub") is None:
            raise UseError("huggingface_hub is not installed", "install it with: pip install 'reelmill[wan]'")
        # Read when the library is imported: it would tell the hub about this machine with each request.
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        from huggingface_hub import HfApi

        # Asked here as well: the library asks only once, when it is imported.
        address = (endpoint or os.environ.get("HF_ENDPOINT") or "").rstrip("/")
        self._api = HfApi(endpoint=address or None, library_name="reelmill", library_version=__version__)

    def files_of(self, repository: str, revision: str = "") -> Listing:
        """The files of a revision, with their sizes and hashes.

        Parameters
        ----------
        revision:
            A commit, a branch or a tag. "": the newest commit.

        Raises
        ------
        FetchError
            If there is no such repository or revision, or it is not for everybody.
        ServerUnavailable
            If the hub does not answer.
        """
        with _explained(repository, revision):
            try:
                found = self._api.model_info(
                    repository, revision=revision or None, files_metadata=True, timeout=SILENCE
                )
            except (ValueError, KeyError, TypeError, AttributeError):  # a page for people, say, of a proxy that asks
                raise _stranger(repository) from None
        commit = found.sha or ""
        if not _COMMIT.fullmatch(commit):
            raise _stranger(repository)
        files = [
            RemoteFile(one.rfilename, one.size or 0, one.lfs.sha256 if one.lfs else None, one.blob_id or "")
            for one in found.siblings or []
            if wanted(one.rfilename)
        ]
        return Listing(repository, commit, tuple(files))

    @contextmanager
    def open(self, listing: Listing, file: RemoteFile, start: int) -> Iterator[Bytes]:
        """A file from some byte on.

        `hf_hub_download` is not asked: it keeps nothing of a file that it did not get to the end of, and one file of
        these models has ten gigabytes.

        Raises
        ------
        FetchError
            If it is refused, or is not there.
        ServerUnavailable
            If the hub does not answer, or stops in the middle: what came so far is good.
        """
        from huggingface_hub import get_session, hf_hub_url
        from huggingface_hub.utils import (  # type: ignore[attr-defined]  # exported lazily
            build_hf_headers,
            hf_raise_for_status,
        )

        url = hf_hub_url(listing.repository, file.path, revision=listing.revision, endpoint=self._api.endpoint)
        headers = build_hf_headers(library_name="reelmill", library_version=__version__)
        headers["Accept-Encoding"] = "identity"  # ranges count bytes as they are
        if start:
            headers["Range"] = f"bytes={start}-"
        with (
            _explained(listing.repository, listing.revision, file.path),
            get_session().stream("GET", url, headers=headers, timeout=SILENCE) as answer,
        ):
            hf_raise_for_status(answer)
            yield Bytes(start if answer.status_code == 206 else 0, answer.iter_raw())


@contextmanager
def _explained(repository: str, revision: str, path: str = "") -> Iterator[None]:
    """Turn the library's errors into ours. Errors of the caller's own work pass."""
    from huggingface_hub import errors

    # Whatever HTTP client this release is built on: its errors have this base.
    wire: Any = errors.HTTPError  # type: ignore[attr-defined]
    what = f"{repository}/{path}" if path else repository
    try:
        yield
    except errors.OfflineModeIsEnabled:
        raise UseError("HF_HUB_OFFLINE forbids to ask the hub", "unset it, or copy the model's folder here") from None
    except errors.RevisionNotFoundError:
        raise FetchError(
            f"there is no revision {revision!r} of {repository}", "name a commit, a branch or a tag with --revision"
        ) from None
    except errors.HfHubHTTPError as error:
        raise _refusal(what, repository, error.response.status_code, error) from None
    except wire as error:
        raise ServerUnavailable(
            f"the hub does not answer for {what}: {str(error) or type(error).__name__}",
            "look at the network, at HF_ENDPOINT and at HTTPS_PROXY, and give the same command again",
        ) from None


def _refusal(what: str, repository: str, status: int, error: Exception) -> FetchError | ServerUnavailable:
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError) or status == 403:
        return FetchError(
            f"{what} is not for everybody (HTTP {status})",
            f"accept its terms at https://huggingface.co/{repository}, and set HF_TOKEN to a token of that account",
        )
    if status == 401:
        return FetchError(
            f"{what} is not there, or this machine may not see it (HTTP 401)",
            "set HF_TOKEN to a token that may; if it is set, it is wrong or expired",
        )
    if status == 404:
        return FetchError(f"{what} is not there (HTTP 404)", "look at the name, and at HF_ENDPOINT")
    if status == 429 or status >= 500:
        return ServerUnavailable(f"the hub answers {status} for {what}", "give the same command again in some minutes")
    return FetchError(f"the hub refuses {what} (HTTP {status})", "look at HF_ENDPOINT: is that a hub?")


def _stranger(repository: str) -> FetchError:
    return FetchError(
        f"what answers for {repository} is no hub", "look at HF_ENDPOINT, and whether a proxy wants a login"
    )
