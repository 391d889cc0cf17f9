"""Templates that insert fields and do nothing else. Most are like that, and need no Jinja to be rendered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jinja2 import nodes

from reelmill.content import Json

Piece = str | tuple[str, ...]
"""A text as it stands, or the names that lead to a field: `("brief", "title")`."""


def pieces_of(tree: nodes.Template) -> tuple[Piece, ...] | None:
    """What a template puts one after the other; None if it does more than that."""
    pieces: list[Piece] = []
    for output in tree.body:
        if not isinstance(output, nodes.Output):
            return None
        for node in output.nodes:
            piece = node.data if isinstance(node, nodes.TemplateData) else way(node)
            if piece is None:
                return None
            pieces.append(piece)
    return tuple(pieces)


def filled(pieces: Sequence[Piece], data: Mapping[str, Mapping[str, Json]]) -> str | None:
    """The text with its fields; None if one is missing or is not one value, so that Jinja is asked what is wrong."""
    texts: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            texts.append(piece)
            continue
        value: Json = data
        for name in piece:
            if not isinstance(value, Mapping) or name not in value:
                return None
            value = value[name]
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, int | float):
            texts.append(str(value))
        elif value is not None:
            return None
    return "".join(texts)


def way(node: nodes.Node) -> tuple[str, ...] | None:
    """The names of a chain such as `brief.angles.food`; None for anything else."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        owner, name = way(node.node), node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        owner, name = way(node.node), node.arg.value
    else:
        return None
    return None if owner is None else (*owner, name)
