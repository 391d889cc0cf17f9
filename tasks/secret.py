"""A secret as a definition names it: where it is, never what it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Protocol, Self

from pydantic import ConfigDict, PrivateAttr, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from reelmill.errors import UseError
from reelmill.files import write_secret
from reelmill.logs import conceal
from tasks.options import Options

#: Longest secret that is read from a file or a block, in bytes.
LONGEST = 64 * 1024


class Vault(Protocol):
    """Where blocks are kept. Whoever knows it says so with `keep_blocks_in`: a stage knows nothing of Prefect."""

    def read(self, block: str) -> str | None:
        """The value of a block, or None if there is none of that name.

        Raises
        ------
        ServerUnavailable
            If whoever keeps it does not answer.
        """

    def write(self, block: str, value: str) -> bool:
        """Give a block another value. False if it cannot be."""


_vaults: list[Vault] = []


def keep_blocks_in(vault: Vault) -> None:
    """Say where `{block: NAME}` is found, for this process."""
    _vaults[:] = [vault]


#: Where relative paths begin in what is being read; None: where this process was started.
_beside: ContextVar[Path | None] = ContextVar("_beside", default=None)


def _reader_folder() -> Path | None:
    return _beside.get()


@contextmanager
def files_beside(folder: Path) -> Iterator[None]:
    """Secrets that are read from a definition in this block have their files beside it."""
    token = _beside.set(folder)
    try:
        yield
    finally:
        _beside.reset(token)


class Secret(Options):
    """Where a secret is. Exactly one of `env`, `file` and `block`."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["env"]}, {"required": ["file"]}, {"required": ["block"]}]}
    )

    env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")] | None = None
    """The name of an environment variable."""

    file: Annotated[str, StringConstraints(min_length=1, max_length=4096)] | None = None
    """The path of a file that holds it, such as a mounted secret. It begins at the definition, or with / or ~."""

    block: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,127}$")] | None = None
    """The name of a Prefect block of type Secret."""

    _folder: Path | None = PrivateAttr(default_factory=_reader_folder)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        places = [name for name in ("env", "file", "block") if getattr(self, name) is not None]
        if len(places) != 1:
            reason = " and ".join(places) + " are both there" if places else "it says no place"
            raise PydanticCustomError("secret", "{reason}", {"reason": reason, "allowed": "one of env, file and block"})
        return self

    @property
    def _path(self) -> Path:
        path = Path(os.path.expanduser(str(self.file)))  # noqa: PTH111 (Path.expanduser raises where there is no such user)
        return path if self._folder is None else self._folder / path

    @property
    def name(self) -> str:
        """What people call it; never its value."""
        if self.block is not None:
            return f"the block {self.block}"
        return f"${self.env}" if self.env is not None else str(self._path)

    @property
    def remedy(self) -> str:
        """What to do where it is not set."""
        if self.block is not None:
            return f"make a block of the type Secret that is called {self.block} in Prefect's dashboard, under Blocks"
        return f"set {self.name} where this runs"

    def find(self) -> str | None:
        """Its value, or None if it is not set here. Whatever it is called, no log shows it from here on."""
        value = self._value()
        if value is not None:
            conceal(value)
        return value

    def _value(self) -> str | None:
        if self.env is not None:
            return os.environ.get(self.env) or None
        if self.block is not None:
            found = _vaults[0].read(self.block) if _vaults else None
            return (found or "").strip() or None
        try:
            with self._path.open(encoding="utf-8") as stream:
                return stream.read(LONGEST).strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def read(self) -> str:
        """Its value.

        Raises
        ------
        UseError
            If it is not set in this process.
        ServerUnavailable
            If it is in a block, and the server that keeps it does not answer.
        """
        value = self.find()
        if value is None:
            raise UseError(f"the secret {self.name} is not set", self.remedy)
        return value

    def write(self, value: str) -> bool:
        """Put another value there, whole or not at all. False where that cannot be: a variable, a read-only mount."""
        conceal(value)
        if self.env is not None:
            return False
        if self.block is not None:
            return bool(_vaults) and _vaults[0].write(self.block, value)
        try:
            write_secret(self._path, value)
        except OSError:
            return False
        return True
