"""Templates: Jinja in a sandbox that is smaller than Jinja's own.

A template comes from the definition file and is rendered once; what it inserts is data and is never read as a template.
It sees `brief.…`, `variant.…` and `brand.…`, and it can choose (`if`), format (a dozen filters) and reckon with
numbers. It cannot call anything, loop, or name a thing and use it again, so that what it costs grows with its own
length only. Everything else is refused when the definition is read, and not at three in the morning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from jinja2.environment import Template as Compiled
from jinja2.exceptions import TemplateSyntaxError, UndefinedError

from reelmill.content import Brief, Json, Variant
from reelmill.errors import TemplateError
from tasks.prompts.examine import examine
from tasks.prompts.insertion import Piece, filled, pieces_of
from tasks.prompts.sandbox import Fields, sandbox

#: Longest text that a template may make, in characters.
LONGEST_OUTPUT = 4000


@dataclass(frozen=True, slots=True)
class _Read:
    """A template that was read and checked."""

    compiled: Compiled
    pieces: tuple[Piece, ...] | None  #: None: it does more than to insert
    required: frozenset[str]
    optional: frozenset[str]


class Template:
    """One template, read and checked.

    Parameters
    ----------
    source:
        The text from the definition file, at most 4,000 characters.

    Raises
    ------
    TemplateError
        If it is not Jinja, or asks for something that the sandbox refuses.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._read = _read(source)

    def fields(self) -> frozenset[str]:
        """Every dotted name that must be there: `brief.scene`, `variant.copy.hook`."""
        return self._read.required

    def optional_fields(self) -> frozenset[str]:
        """The dotted names that may be missing: the template asks (`default`, `is defined`) before it uses them."""
        return self._read.optional

    def render(
        self, *, brief: Mapping[str, Json], variant: Mapping[str, Json], brand: Mapping[str, Json] | None = None
    ) -> str:
        """Insert the data.

        Raises
        ------
        TemplateError
            If a field is missing (with the nearest one that is there), cannot be shown, or if the text grows too long.
        """
        data = {"brief": brief, "variant": variant, "brand": brand or {}}
        pieces: list[str] = []
        length = 0
        try:
            if self._read.pieces is not None:
                text = filled(self._read.pieces, data)
                if text is not None and len(text) <= LONGEST_OUTPUT:
                    return text
            for piece in self._read.compiled.generate({name: Fields(name, fields) for name, fields in data.items()}):
                length += len(piece)
                if length > LONGEST_OUTPUT:
                    raise TemplateError(
                        f"the template {self._short} makes more than {LONGEST_OUTPUT:,} characters",
                        "shorten what it inserts with `| truncate(200)`",
                    )
                pieces.append(piece)
        except UndefinedError as error:
            raise TemplateError(
                f"{error.message} in the template {self._short}", "correct the name in the definition"
            ) from None
        # Wrong arithmetic, a number with 5,000 digits, a filter's own objections: data and template do not fit.
        except (TypeError, ValueError, ArithmeticError, AssertionError, LookupError, RecursionError) as error:
            raise TemplateError(
                f"the template {self._short} does not fit its data: {error}", "check what its fields hold"
            ) from None
        return "".join(pieces)

    @property
    def _short(self) -> str:
        text = " ".join(self.source.split())
        return repr(text if len(text) <= 60 else f"{text[:57]}...")


def scope(brief: Brief, variant: Variant, brand: Mapping[str, Json]) -> dict[str, Mapping[str, Json]]:
    """What templates see of a video, as the arguments of `Template.render`.

    `brief.key` and `brief.title` are always there; a field of the same name goes first.
    """
    return {
        "brief": {"key": brief.key, "title": brief.title, **brief.fields},
        "variant": variant.values,
        "brand": brand,
    }


@lru_cache(maxsize=512)
def _read(source: str) -> _Read:
    examination = examine(source)
    if examination.errors:
        first = examination.errors[0]
        raise TemplateError(first.reason, first.instruction)
    assert examination.tree is not None
    environment = sandbox()
    try:
        compiled = Compiled.from_code(environment, environment.compile(examination.tree), {})
    except (TemplateSyntaxError, RecursionError, SyntaxError, MemoryError, ValueError, OverflowError) as error:
        raise TemplateError(f"the template cannot be used: {error}", "make it simpler") from None
    return _Read(compiled, pieces_of(examination.tree), examination.required, examination.optional)
