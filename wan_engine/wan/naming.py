"""What draws, in one word: a model, exactly which one, the adapters on it, and whether it may leave work out.

    wan22-ti2v-5b@b8fff7315c76+ink-wash@1a2b3c4d5e6f*0.8~fast

It is part of a shot's identity, because each part of it changes pixels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from reelmill.errors import UseError

#: Names of models and of adapters' files.
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_WORD = re.compile(rf"(?P<model>{NAME})?(?:@(?P<revision>\w+))?(?P<adapters>(?:\+[^+~]+)*)(?P<fast>~fast)?")
_ADAPTER = re.compile(rf"(?P<name>{NAME})(?:@(?P<revision>\w+))?(?:\*(?P<weight>-?\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA on a model."""

    name: str  #: of its file, without the suffix
    weight: float = 1.0
    revision: str = ""  #: a hash of the file; "" while nobody looked

    def __str__(self) -> str:
        return f"{self.name}{f'@{self.revision}' if self.revision else ''}*{round(self.weight, 3):g}"


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model with what is put on it."""

    model: str = ""  #: "": the one of this machine's settings
    revision: str = ""  #: "": whichever is here
    adapters: tuple[Adapter, ...] = ()
    fast: bool = False

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        adapters = "".join(f"+{one}" for one in self.adapters)
        return f"{self.model}{revision}{adapters}{'~fast' if self.fast else ''}"

    @classmethod
    def parse(cls, word: str) -> Self:
        """From what `str` gives.

        >>> ModelName.parse("wan22-ti2v-5b+ink*0.8~fast").adapters
        (Adapter(name='ink', weight=0.8, revision=''),)

        Raises
        ------
        UseError
            If the word says something else.
        """
        found = _WORD.fullmatch(word)
        adapters = [_ADAPTER.fullmatch(part) for part in (found["adapters"] or "").split("+")[1:]] if found else []
        if found is None or None in adapters:
            raise UseError(f"{word!r} names no model", "write it as name, name@revision or name+lora*0.8")
        return cls(
            found["model"] or "",
            found["revision"] or "",
            tuple(Adapter(one["name"], float(one["weight"] or 1), one["revision"] or "") for one in adapters if one),
            found["fast"] is not None,
        )
