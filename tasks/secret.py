"""A secret as a definition names it: where it is, never what it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Self

from pydantic import ConfigDict, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from reelmill.errors import UseError
from reelmill.logs import conceal
from tasks.options import Options

#: Longest secret that is read from a file, in bytes.
LONGEST = 64 * 1024


class Secret(Options):
    """Where a secret is. Exactly one of `env` and `file`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["env"]}, {"required": ["file"]}]})

    env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")] | None = None
    """The name of an environment variable."""

    file: Annotated[str, StringConstraints(min_length=1, max_length=4096)] | None = None
    """The path of a file that holds it, such as a mounted secret."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.env is None) == (self.file is None):
            reason = "it says no place" if self.env is None else "env and file are both there"
            raise PydanticCustomError("secret", "{reason}", {"reason": reason, "allowed": "one of env and file"})
        return self

    @property
    def name(self) -> str:
        """What people call it; never its value."""
        return f"${self.env}" if self.env is not None else str(self.file)

    def find(self) -> str | None:
        """Its value, or None if it is not set here. Whatever it is called, no log shows it from here on."""
        value = self._value()
        if value is not None:
            conceal(value)
        return value

    def _value(self) -> str | None:
        if self.env is not None:
            return os.environ.get(self.env) or None
        try:
            with Path(str(self.file)).expanduser().open(encoding="utf-8") as stream:
                return stream.read(LONGEST).strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def read(self) -> str:
        """Its value.

        Raises
        ------
        UseError
            If it is not set in this process.
        """
        value = self.find()
        if value is None:
            raise UseError(f"the secret {self.name} is not set", f"set {self.name} where this runs")
        return value
