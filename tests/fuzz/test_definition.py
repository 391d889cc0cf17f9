"""Whatever a definition file or a template holds, the answer is a definition, a text, or an error of ours."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.definition import load, loads
from flows.yaml import read
from reelmill.errors import DefinitionError, TemplateError
from tasks.prompts.compose import clean
from tasks.prompts.lint import lint
from tasks.prompts.template import LONGEST_OUTPUT, Template
from tests.unit.test_definition import GOOD

FILE = Path("pipelines.yaml")
FEW = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

#: What makes YAML and templates difficult.
PIECES = [
    "\t", "  ", "\n", ": ", "- ", "[", "]", "{", "}", "{{", "}}", "{%", "%}", "'", '"', "\\", "&a ", "*a", "!!set ",
    "<<: ", "? ", "# ",
    "|", ">", "---\n", "...\n", "%YAML 1.1\n", "null", "true", ".nan", "0x", "1e999", "9" * 30, "\u2028", "\x85",
    "\ufeff", "é", "茶", "😀",
    "type", "source", "on:", "brief.scene", "variant.", "| upper", " is defined", "~", "==", "(", ")", "**",
    "__class__",
]  # fmt: skip
NOISE = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A good file with a few pieces cut out, doubled or put in."""
    text = GOOD
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        cut = draw(st.integers(0, 12))
        text = text[:at] + draw(NOISE) + text[at + cut :]
    return text


WORDS = [
    "{{ brief.x }}", "douyin", "outbox", "5s", "704x1280", "UTC", "0 6 * * *", "solar_terms", "list",
]  # fmt: skip
KEYS = [
    "type", "to", "subject", "style", "include", "exclude", "seconds", "size", "title", "lines", "event", "cron",
    "items", "require", "a",
]  # fmt: skip
NUMBERS = st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)
SECTIONS = [
    "schedule",
    "on",
    "timezone",
    "source",
    "matrix",
    "prompt",
    "generate",
    "screen",
    "caption",
    "deliver",
    "publish",
]


def answers(text: str) -> None:
    try:
        loads(text, FILE)
    except DefinitionError as error:
        explained(error)


def explained(error: DefinitionError) -> None:
    """An error that says where and why."""
    assert error.problems
    assert str(error)
    for problem in error.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.reason


@MANY
@given(mutated())
def test_a_mutated_file_is_read_or_explained(text: str) -> None:
    answers(text)


@FEW
@given(NOISE | st.text(max_size=200))
def test_any_text_is_read_or_explained(text: str) -> None:
    answers(text)


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_are_explained(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("definition") / "pipelines.yaml"
    file.write_bytes(content)

    with pytest.raises(DefinitionError):
        load(file)


@MANY
@given(st.dictionaries(st.sampled_from(SECTIONS), VALUES, max_size=4), VALUES)
def test_any_values_in_any_section_are_read_or_explained(sections: dict[str, object], top: object) -> None:
    keys: dict[str, object] = {
        "source": {"type": "solar_terms"}, "deliver": ["douyin"],
        "prompt": {"subject": "a", "action": "b", "environment": "c", "style": "d"},
    }  # fmt: skip
    answers(json.dumps({"version": 1, "brand": {"name": "x"}, "pipelines": {"p": {**keys, **sections}}}))
    answers(json.dumps({"version": 1, "brand": top, "targets": top, "pipelines": {"p": top}}))


@MANY
@given(NOISE | st.text(max_size=60).map(lambda text: "{{ " + text + " }}") | st.text(max_size=100))
def test_any_template_is_rendered_or_refused(source: str) -> None:
    try:
        made = Template(source).render(brief={"scene": "ridge", "n": 2, "tags": ["a"]}, variant={"x": None}, brand={})
    except TemplateError as error:
        made = error.reason + error.instruction
    assert len(made) <= LONGEST_OUTPUT


OPERANDS = [
    "brief.scene", "brief.n", "brief.tags", "brief", "variant.x", "'a'", "3", "2.5", "none", "brief.zzz", "[1, 2]",
]  # fmt: skip
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "and"]
FILTERED = [
    "upper", "join(',')", "round(2)", "round(-9)", "default('x')", "replace('a', 'b')", "truncate(2)", "first", "last",
    "length", "int", "float", "abs", "trim", "title",
]  # fmt: skip


def composed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(OPERATORS), inner),
        st.builds("({} | {})".format, inner, st.sampled_from(FILTERED)),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("{}[:{}]".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("{}.a".format, inner),
    )


EXPRESSIONS = st.recursive(st.sampled_from(OPERANDS), composed, max_leaves=12)


@MANY
@given(EXPRESSIONS)
def test_any_expression_is_rendered_or_refused(expression: str) -> None:
    brief = {"scene": "x" * 3000, "n": 2, "tags": ["a"]}
    with contextlib.suppress(TemplateError):
        made = Template("{{ " + expression + " }}").render(brief=brief, variant={"x": None})
        assert len(made) <= LONGEST_OUTPUT


@FEW
@given(NOISE | st.text(max_size=200))
def test_lint_and_cleaning_take_any_text(text: str) -> None:
    for remark in lint(text):
        assert remark.found
    assert "\n" not in clean(text)


@FEW
@given(NOISE)
def test_strict_yaml_never_raises_and_its_data_is_plain(text: str) -> None:
    tree = read(text.encode("utf-8", "surrogatepass"))

    json.dumps(tree.data, allow_nan=False).encode()
    assert tree.complaints or not tree.broken
