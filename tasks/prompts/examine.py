"""What can be said of a template before there is data: what it names, and everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError

from reelmill.errors import TemplateError
from tasks.prompts.insertion import way
from tasks.prompts.options import LONGEST_TEMPLATE
from tasks.prompts.sandbox import FILTERS, TESTS, sandbox
from tasks.registry import suggest

#: Nesting of expressions and of `if`, far beyond what anybody can read.
DEEPEST = 30
#: Parts of one template: a prompt that needs more is a program.
MOST_NODES = 400

#: What a template can name.
ROOTS = ("brief", "variant", "brand")
#: What people write who know other systems.
_HABITS = {"matrix": "variant"} | dict.fromkeys(("item", "product", "event", "source", "row"), "brief")

_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem,
    nodes.Slice, nodes.Filter, nodes.Test, nodes.Keyword, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.CondExpr, nodes.If, nodes.Concat, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod,
    nodes.Neg, nodes.Pos, nodes.List, nodes.Tuple,
)  # fmt: skip
#: What to write instead of what is refused.
_INSTEAD: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.Call: ("calls something", "use a filter, such as `brief.name | upper`"),
    nodes.For: ("loops", "use the filter `join`, such as `brief.tags | join(', ')`"),
    nodes.Assign: ("sets a name", "write the expression where it is needed"),
    nodes.Pow: ("raises to a power", "write the number"),
    nodes.Dict: ("makes a mapping", "put it into the matrix, and name its keys here"),
}
_TOO_LARGE = "the template is too large or nested too deeply"
_ONE_BRACE = re.compile(r"(?<!\{)\{\s*((?:brief|variant|brand)\.[\w.]+)\s*\}(?!\})")


@dataclass(frozen=True, slots=True)
class Examination:
    """What can be said of a template without data."""

    errors: tuple[TemplateError, ...]  #: everything that the sandbox refuses, in the order of the text
    required: frozenset[str]  #: dotted names that must be there
    optional: frozenset[str]  #: dotted names that the template asks about before it uses them
    tree: nodes.Template | None  #: None if it cannot be parsed


def examine(source: str) -> Examination:
    """Read a template and collect everything that is wrong with it. Raises nothing."""
    if len(source) > LONGEST_TEMPLATE:
        return _refused(
            TemplateError(f"a template has {len(source):,} characters", f"use at most {LONGEST_TEMPLATE:,}")
        )
    try:
        tree = sandbox().parse(source)
    except TemplateSyntaxError as error:
        return _refused(_unreadable(error.message or "", source))
    except (RecursionError, ValueError, OverflowError):
        return _refused(
            TemplateError("the template is nested too deeply or holds too long a number", "make it simpler")
        )
    errors = tuple(_errors(tree))
    if any(error.reason == _TOO_LARGE for error in errors):
        return _refused(errors[-1])
    guarded = {name for node in tree.find_all((nodes.Filter, nodes.Test)) for name in _guarded(node)}
    used = {name for name in _names(tree) if name.split(".")[0] in ROOTS}
    return Examination(errors, frozenset(used - guarded), frozenset(used & guarded), tree)


def _refused(error: TemplateError) -> Examination:
    return Examination((error,), frozenset(), frozenset(), None)


def _unreadable(message: str, source: str) -> TemplateError:
    """What Jinja could not parse, by its likely cause."""
    for opening, closing in (("{{", "}}"), ("{%", "%}"), ("{#", "#}")):
        if source.count(opening) > source.count(closing):
            return TemplateError(f"the template has a `{opening}` without a `{closing}`", f"close it with `{closing}`")
    message = message.rstrip(".")
    return TemplateError(
        f"the template cannot be read: {message[:1].lower()}{message[1:]}",
        "an insertion looks like `{{ brief.name }}`, a choice like `{% if brief.price %}…{% endif %}`",
    )


def _errors(tree: nodes.Template) -> Iterator[TemplateError]:
    """Everything that is not on the list, however it is written."""
    level: list[nodes.Node] = [tree]
    count = 0
    for _ in range(DEEPEST):
        count += len(level)
        for node in level:
            error = _node_error(node)
            if error:
                yield error
        level = [child for node in level if isinstance(node, _ALLOWED) for child in node.iter_child_nodes()]
        if not level:
            break
    if level or count > MOST_NODES:
        yield TemplateError(_TOO_LARGE, "make it simpler")


def _node_error(node: nodes.Node) -> TemplateError | None:
    if not isinstance(node, _ALLOWED):
        kinds = (instead for kind, instead in _INSTEAD.items() if isinstance(node, kind))
        what, instruction = next(kinds, (f"uses `{type(node).__name__.lower()}`", "use `if`, names and filters only"))
        return TemplateError(f"the template {what}, which is not allowed", instruction)
    if isinstance(node, nodes.TemplateData):
        brace = _ONE_BRACE.search(node.data)
        return TemplateError(f"`{brace[0]}` has single braces", f"write `{{{{ {brace[1]} }}}}`") if brace else None
    if isinstance(node, nodes.Name | nodes.Filter | nodes.Test):
        return _name_error(node)
    if isinstance(node, nodes.Getattr):
        return _field_error(node)
    return _operand_error(node)


def _name_error(node: nodes.Name | nodes.Filter | nodes.Test) -> TemplateError | None:
    """A name, a filter or a test that does not exist, with the nearest one that does."""
    if isinstance(node, nodes.Name):
        if node.name in ROOTS:
            return None
        near = _HABITS.get(node.name) or suggest(node.name, ROOTS) or f"brief.{node.name}"
        instruction = f"did you mean `{near}`? It sees brief, variant and brand"
        return TemplateError(f"a template knows no `{node.name}`", instruction)
    kind, known = ("filter", FILTERS) if isinstance(node, nodes.Filter) else ("test", TESTS)
    if node.name in known:
        return None
    near = suggest(node.name, known) or ""
    guess = f"did you mean `{near}`? " if near else ""
    return TemplateError(f"there is no {kind} `{node.name}`", f"{guess}Use one of: {', '.join(sorted(known))}")


def _field_error(node: nodes.Getattr) -> TemplateError | None:
    """A field that no data can have."""
    if node.attr.startswith("_"):
        return TemplateError(f"`{node.attr}` begins with an underscore; such names are not read", "name a field")
    if isinstance(node.node, nodes.Const):
        return TemplateError(f"`{node.attr}` is asked of {node.node.value!r}, which has no fields", "name a field")
    return None


def _operand_error(node: nodes.Node) -> TemplateError | None:
    """An operation on something written out that it cannot be applied to."""
    binary = nodes.Mul | nodes.Div | nodes.FloorDiv | nodes.Mod
    if isinstance(node, binary) and any(_is_text(side) for side in (node.left, node.right)):
        return TemplateError(f"`{node.operator}` reckons with numbers only", "join texts with `~`")
    if isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Const) and not _is_text(node.node):
        return TemplateError(f"`{node.node.value}` has no entries", "name a text or a list before the brackets")
    return None


def _is_text(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, str)


def _guarded(node: nodes.Node) -> Iterator[str]:
    """The name that a `default` filter or a `defined` test asks about."""
    if (
        isinstance(node, nodes.Filter | nodes.Test)
        and node.name in {"default", "d", "defined", "undefined"}
        and node.node
    ):
        name = _dotted(node.node)
        if name is not None:
            yield name


def _names(node: nodes.Node) -> Iterator[str]:
    name = _dotted(node)
    if name is not None:
        yield name
        return
    for child in node.iter_child_nodes():
        yield from _names(child)


def _dotted(node: nodes.Node) -> str | None:
    """`brief.angles.food` for a chain of names; None for anything else."""
    names = way(node)
    return None if names is None else ".".join(names)
