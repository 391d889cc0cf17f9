"""Templates: what they can do, what they cannot, and what is said when a name is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.content import Brief, Variant
from reelmill.errors import TemplateError
from tasks.prompts.examine import examine
from tasks.prompts.template import LONGEST_OUTPUT, Template, scope

DATA: dict[str, dict[str, Any]] = {
    "brief": {
        "scene": "a pine ridge", "price": 12.5, "count": 3, "nothing": None, "tags": ["tea", "green"],
        "items": ["x"], "keys": "not a method", "angles": {"food": "dumplings", "poem": "a verse"},
    },
    "variant": {"angle": "food", "copy": {"hook": "Warm hands"}, "style": "ink wash"},
    "brand": {"name": "山野茶事"},
}  # fmt: skip


def render(source: str) -> str:
    return Template(source).render(**DATA)


def refusal(source: str) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        render(source)
    return caught.value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("plain text, no braces", "plain text, no braces"),
        ("{{ brief.scene }} in {{ variant.style }}", "a pine ridge in ink wash"),
        ("{{ brief['scene'] }}", "a pine ridge"),
        ("{{ brief.angles[variant.angle] }}", "dumplings"),
        ("{{ variant.copy.hook }}", "Warm hands"),
        ("{{ brief.items | join }} {{ brief.keys }}", "x not a method"),
        ("{{ brief.nothing }}", ""),
        ("{{ brief.tags | join(', ') }}", "tea, green"),
        ("{{ brief.tags[0] | upper }}", "TEA"),
        ("{{ brief.scene[:6] }}", "a pine"),
        ("{{ brief.scene | replace('pine', 'snowy') | title }}", "A Snowy Ridge"),
        ("{{ brief.scene | truncate(6) }}", "a..."),
        ("{{ brief.price * 2 }} {{ (brief.price / 2) | round(1) }} {{ 7 % brief.count }} {{ 7 // 2 }}", "25.0 6.2 1 3"),
        ("{{ brief.missing | default('none') }}", "none"),
        ("{% if brief.price > 10 %}dear{% else %}cheap{% endif %}", "dear"),
        ("{{ 'dear' if brief.price > 10 else 'cheap' }}", "dear"),
        ("{% if brief.missing is defined %}{{ brief.missing }}{% else %}gone{% endif %}", "gone"),
        ("{{ brief.scene ~ ', ' ~ brand.name }}", "a pine ridge, 山野茶事"),
        ("{# a remark #}x", "x"),
        ("{% raw %}{{ not a template }}{% endraw %}", "{{ not a template }}"),
    ],
)
def test_what_templates_can_do(source: str, expected: str) -> None:
    assert render(source) == expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xy"), inner, max_size=2),
    max_leaves=5,
)


@given(fields=st.dictionaries(st.sampled_from("xyz"), VALUES))
@pytest.mark.parametrize("source", ["a {{ brief.x }}", "{{ brief.x.y }}, {{ brief['z'] }}!", "{{ brief }}"])
def test_what_only_inserts_says_the_same_as_jinja(source: str, fields: dict[str, Any]) -> None:
    def said(of: str) -> str:
        try:
            return Template(of).render(brief=fields, variant={})
        except TemplateError as error:
            return error.reason.partition(" in the template ")[0].replace(repr(of), repr(source))

    assert said(source) == said(f"{source}{{% if brand.x is defined %}}{{% endif %}}")


def test_the_names_that_a_template_uses_are_known_before_there_is_data() -> None:
    template = Template(
        "{{ brief.scene }} {{ brief.angles[variant.angle] }} {{ variant['copy'].hook | upper }}"
        "{{ brief.price | default(1) }}"
        "{% if brand.name is defined %}{{ brand.name }}{% endif %}"
    )

    assert template.fields() == {"brief.scene", "brief.angles", "variant.angle", "variant.copy.hook"}
    assert template.optional_fields() == {"brief.price", "brand.name"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ brief.scenee }}", "there is no `brief.scenee`; did you mean `brief.scene`?"),
        ("{{ variant.copy.hoko }}", "there is no `variant.copy.hoko`; did you mean `variant.copy.hook`?"),
        ("{{ brief.scene.length }}", "`length` is asked of one value, which has no fields"),
        ("{{ brief.tags.first }}", "`first` is asked of a list, which has no fields"),
        ("{{ brief.tags[9] }}", "there is no entry 9"),
        ("{% if brief.zzz %}{% endif %}", "there is no `brief.zzz`"),
        ("{{ brief.scenee | upper }}", "did you mean `brief.scene`?"),
        ("{{ brief.scenee * 2 }}", "did you mean `brief.scene`?"),
        ("{{ brief[brief.scenee] }}", "did you mean `brief.scene`?"),
        ("{{ brief.scenee | join }}", "did you mean `brief.scene`?"),
        ("{{ brief.scenee | round }}", "did you mean `brief.scene`?"),
    ],
)
def test_a_field_that_is_missing_is_told_with_the_nearest_one(source: str, reason: str) -> None:
    error = refusal(source)

    assert reason in error.reason
    assert error.instruction


@pytest.mark.parametrize(
    ("source", "reason", "instruction"),
    [
        ("{{ scene }}", "a template knows no `scene`", "`brief.scene`"),
        ("{{ matrix.style }}", "a template knows no `matrix`", "`variant`"),
        ("{{ breif.scene }}", "a template knows no `breif`", "`brief`"),
        ("{{ brief.scene", "the template has a `{{` without a `}}`", "`}}`"),
        ("{% if brief.scene", "the template has a `{%` without a `%}`", "`%}`"),
        ("{% endif %}", "the template cannot be read: encountered unknown tag 'endif'", "looks like"),
        ("{{ brief. }}", "the template cannot be read", "looks like"),
        ("{brief.scene}", "`{brief.scene}` has single braces", "{{ brief.scene }}"),
        ("{{ brief.scene | uper }}", "there is no filter `uper`", "`upper`"),
        ("{{ brief.scene is defind }}", "there is no test `defind`", "`defined`"),
        ("{{ brief.scene.upper() }}", "the template calls something", "filter"),
        ("{% for tag in brief.tags %}{{ tag }}{% endfor %}", "the template loops", "join"),
        ("{% set x = 1 %}", "the template sets a name", "where it is needed"),
        ("{{ {'a': 1} }}", "the template makes a mapping", "matrix"),
        ("{{ 2 ** 64 }}", "the template raises to a power", "number"),
        ("{% include 'secrets' %}", "the template uses `include`", "filters only"),
        ("{% import 'os' as os %}", "the template uses `import`", "filters only"),
        ("{% macro m() %}{% endmacro %}", "the template uses `macro`", "filters only"),
        ("{% filter upper %}x{% endfilter %}", "the template uses `filterblock`", "filters only"),
        ("{{ brief.angles }}", "`brief.angles` is a group of values", "food, poem"),
        ("{{ brief.tags }}", "a list cannot be inserted as it is", "join"),
        ("{{ 'ab' * 9 }}", "`*` reckons with numbers only", "~"),
        ("{{ brief.scene * 9 }}", "`*` reckons with numbers only", "~"),
        ("{{ '%s' % brief.scene }}", "`%` reckons with numbers only", "~"),
        ("{{ brief.price | join }}", "`join` takes a list", "without it"),
        ("{{ brief.scene | round }}", "`round` takes a number", "places"),
        ("{{ 1 / 0 }}", "does not fit its data: division by zero", "fields"),
        ("{{ brief.price + 'x' }}", "does not fit its data", "fields"),
        ("x" * 4001, "a template has 4,001 characters", "4,000"),
    ],
)
def test_what_templates_cannot_do_is_told_with_what_to_do_instead(source: str, reason: str, instruction: str) -> None:
    error = refusal(source)

    assert reason in error.reason
    assert instruction in error.instruction


@pytest.mark.parametrize(
    "source",
    [
        "{{ brief.__class__.__mro__ }}", "{{ ''.__class__ }}", "{{ brief.scene.__class__ }}",
        "{{ brief['__class__'] }}",
        "{{ brief.angles.__init__ }}", "{{ self }}", "{{ self._TemplateReference__context }}", "{{ range(10) }}",
        "{{ lipsum() }}", "{{ cycler }}", "{{ namespace }}", "{{ brief | attr('__class__') }}",
        "{{ brief.scene | center(99999) }}",
        "{{ brief.scene | format }}", "{{ brief.scene | indent(9999) }}", "{{ brief.scene | wordwrap(1) }}",
        "{{ brief.tags | map('upper') }}",
        "{{ brief | xmlattr }}", "{{ brief | tojson }}", "{{ brief | pprint }}", "{{ brief.scene | urlize }}",
        "{% autoescape true %}x{% endautoescape %}", "{% block x %}{% endblock %}", "{% extends 'x' %}",
        "{% with x = 1 %}{% endwith %}",
        "{% call x() %}{% endcall %}", "{{ brief.tags.append('x') }}", "{% do x %}", "{{ loop }}", "{{ caller }}",
    ],
)  # fmt: skip
def test_the_ways_out_of_a_sandbox_are_closed(source: str) -> None:
    refusal(source)


@pytest.mark.timeout(60)  # some of these would need days without the limits
@pytest.mark.parametrize(
    "source",
    [
        "{{ 5 | round(-999999999) }}",
        "{{ 999999999999 * 999999999999 * 999999999999 }}",
        "{{ " + "9" * 3900 + " * 2 }}",
        "{{ (brief.long ~ brief.long) | join(brief.long) }}",
        "{{ brief.long | replace('x', brief.long) }}",
        "{{ brief.list | join(brief.long) }}",
        "{{ " + " ~ ".join(["brief.long"] * 300) + " }}",
        "{{ brief.long }}" * 200,
        "{{ " + "(" * 1500 + "1" + ")" * 1500 + " }}",
        "{{ " + "- " * 1900 + "1 }}",
        "{{ " + "not " * 900 + "1 }}",
        "{{ brief" + ".a" * 1900 + " }}",
        "{% if 1 %}" * 190 + "{% endif %}" * 190,
        "{{ 1" + " + 1" * 900 + " }}",
        "{{ [" + "[" * 500 + "]" * 500 + "] }}",
    ],
)
def test_what_would_eat_time_or_memory_ends_in_an_error_at_once(source: str) -> None:
    data = {"long": "x" * 100_000, "list": ["x"] * 10_000}

    with pytest.raises(TemplateError):
        Template(source).render(brief=data, variant={})


def test_a_text_may_grow_to_the_limit_and_no_further() -> None:
    template = Template("{{ brief.text }}{{ brief.text }}")

    assert len(template.render(brief={"text": "x" * (LONGEST_OUTPUT // 2)}, variant={})) == LONGEST_OUTPUT
    with pytest.raises(TemplateError, match="more than 4,000 characters"):
        template.render(brief={"text": "x" * (LONGEST_OUTPUT // 2 + 1)}, variant={})


def test_data_is_never_a_template() -> None:
    inserted = Template("{{ brief.title }}").render(
        brief={"title": "{{ 7 * 7 }} {% if %} {{ brand.name }}"}, variant={}
    )

    assert inserted == "{{ 7 * 7 }} {% if %} {{ brand.name }}"


def test_nothing_is_escaped_since_a_prompt_is_not_html() -> None:
    assert Template("{{ brief.t }}").render(brief={"t": "<Tea & 茶>"}, variant={}) == "<Tea & 茶>"


def test_everything_that_is_wrong_in_one_template_is_found_at_once() -> None:
    examination = examine("{{ scene }} {{ brief.x | uper }} {{ brief.y() }} {{ brief.z }}")

    assert {error.reason for error in examination.errors} == {
        "the template calls something, which is not allowed",
        "a template knows no `scene`",
        "there is no filter `uper`",
    }
    assert {"brief.x", "brief.z"} <= examination.required


def test_a_brief_shows_its_key_and_title_beside_its_fields() -> None:
    seen = scope(Brief("sku-1", "Celadon cup", {"title": "青瓷杯"}), Variant("a", {"style": "clay"}), {"name": "B"})

    assert Template("{{ brief.key }} {{ brief.title }} {{ variant.style }} {{ brand.name }}").render(**seen) == (
        "sku-1 青瓷杯 clay B"
    )
