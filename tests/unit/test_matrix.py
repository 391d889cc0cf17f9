"""The matrix of a pipeline: the combinations that GitHub Actions makes, under names that stay."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pydantic import ValidationError

from reelmill.content import Json
from tasks.prompts.matrix import MatrixOptions, agrees, variants


def matrix(**lists: Any) -> MatrixOptions:
    return MatrixOptions.model_validate_json(json.dumps(lists))


def cells(**lists: Any) -> list[dict[str, Json]]:
    return [dict(variant.values) for variant in variants(matrix(**lists))]


def ids(**lists: Any) -> list[str]:
    return [variant.id for variant in variants(matrix(**lists))]


def problems(**lists: Any) -> list[tuple[tuple[str | int, ...], str, str]]:
    with pytest.raises(ValidationError) as caught:
        matrix(**lists)
    (error,) = caught.value.errors()
    return [(told["loc"], told["reason"], told["suggestion"]) for told in error["ctx"]["problems"]]


def test_without_a_matrix_there_is_one_variant_without_a_name() -> None:
    (variant,) = variants(None)

    assert (variant.id, dict(variant.values)) == ("", {})


def test_every_combination_is_a_cell_and_the_first_list_varies_slowest() -> None:
    # the example of docs.github.com, "Running variations of jobs in a workflow"
    assert cells(version=[10, 12, 14], os=["ubuntu", "windows"]) == [
        {"version": 10, "os": "ubuntu"},
        {"version": 10, "os": "windows"},
        {"version": 12, "os": "ubuntu"},
        {"version": 12, "os": "windows"},
        {"version": 14, "os": "ubuntu"},
        {"version": 14, "os": "windows"},
    ]


def test_include_works_as_the_example_of_github_says() -> None:
    assert cells(
        fruit=["apple", "pear"],
        animal=["cat", "dog"],
        include=[
            {"color": "green"},
            {"color": "pink", "animal": "cat"},
            {"fruit": "apple", "shape": "circle"},
            {"fruit": "banana"},
            {"fruit": "banana", "animal": "cat"},
        ],
    ) == [
        {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
        {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
        {"fruit": "pear", "animal": "cat", "color": "pink"},
        {"fruit": "pear", "animal": "dog", "color": "green"},
        {"fruit": "banana"},
        {"fruit": "banana", "animal": "cat"},
    ]


def test_exclude_takes_every_cell_that_agrees_in_part() -> None:
    # GitHub's example: twelve combinations, one excluded in full and two by a part
    found = cells(
        os=["macos", "windows"],
        version=[12, 14, 16],
        environment=["staging", "production"],
        exclude=[{"os": "macos", "version": 12, "environment": "production"}, {"os": "windows", "version": 16}],
    )

    assert len(found) == 9
    assert {"os": "macos", "version": 12, "environment": "staging"} in found
    assert not [cell for cell in found if cell["os"] == "windows" and cell["version"] == 16]


def test_an_excluded_cell_can_be_put_back_by_include_under_the_name_it_would_have_had() -> None:
    lists: dict[str, Any] = {"a": ["x", "y"], "b": ["p", "q"]}
    whole = ids(**lists)

    back = variants(matrix(**lists, exclude=[{"a": "x"}], include=[{"b": "p", "a": "x"}]))

    assert [variant.id for variant in back] == ["y_p", "y_q", "x_p"]
    assert set(whole) > {variant.id for variant in back}
    assert list(back[-1].values) == ["a", "b"]


def test_include_alone_gives_its_entries_as_cells_that_are_not_merged() -> None:
    assert cells(include=[{"site": "staging"}, {"site": "staging", "zone": 2}]) == [
        {"site": "staging"},
        {"site": "staging", "zone": 2},
    ]


@pytest.mark.parametrize(
    ("wanted", "actual", "expected"),
    [
        ("Ink", "ink", True), ("ink", "inks", False), (12, "12", True), ("12", 12, True), (1, True, True), (None, 0,
        True),
        ("", 0, True), ("x", 0, False), ({"tone": "warm"}, {"tone": "warm", "id": "a"}, True), ({"tone": "warm"}, {},
        False),
        ({"tone": "warm"}, "warm", False), ([1], [1, 2], True), ([1, 3], [1, 2], False), (None, None, True), ("x", {},
        False),
    ],
)  # fmt: skip
def test_values_agree_as_githubs_comparison_has_it(wanted: Json, actual: Json, expected: bool) -> None:
    assert agrees(wanted, actual) is expected


def test_a_mapping_as_a_value_is_excluded_by_a_part_of_it() -> None:
    copies = [{"id": "a", "tone": "warm"}, {"id": "b", "tone": "dry"}]

    assert cells(copy=copies, exclude=[{"copy": {"tone": "dry"}}]) == [{"copy": copies[0]}]


def test_plain_values_become_readable_ids() -> None:
    assert ids(angle=["customs", "food"], style=["ink wash", "35mm film"], take=[1]) == [
        "customs_ink-wash_1",
        "customs_35mm-film_1",
        "food_ink-wash_1",
        "food_35mm-film_1",
    ]


def test_values_that_a_slug_cannot_tell_apart_have_different_ids() -> None:
    alike: list[Json] = [
        "ink wash", "Ink Wash", "ink-wash", "ink  wash", "水墨", "工笔", 1, "1", True, "true", None, 1.5,
        {"id": "ink wash"}, ["ink wash"], "", "x" * 60, "x" * 61,
    ]  # fmt: skip
    found = ids(style=alike)

    assert len(set(found)) == len(alike)
    assert found[0] == "ink-wash"
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name) for name in found)


def test_where_one_value_ends_and_the_next_begins_is_seen_in_the_id() -> None:
    assert len(set(ids(a=["x y", "x"], b=["z", "y z"]))) == 4


def test_adding_values_in_front_renames_no_cell_that_was_there() -> None:
    before = ids(style=["ink wash", "水墨"], angle=["food"])
    after = ids(style=["Ink Wash", "ink-wash", "ink wash", "paper cut", "水墨"], angle=["customs", "food"])

    assert set(before) <= set(after)


def test_keys_that_include_adds_to_a_cell_do_not_rename_it() -> None:
    assert ids(style=["ink wash"]) == ids(style=["ink wash"], include=[{"strength": 2}])


def test_ids_never_grow_longer_than_an_identifier_may_be() -> None:
    found = ids(**{f"key{n}": ["a long word here", "another long word"] for n in range(6)})

    assert max(map(len, found)) <= 64
    assert len(set(found)) == 64


def test_all_mistakes_in_the_keys_are_told_at_once_with_the_nearest_right_one() -> None:
    told = problems(Style=["a"], angle=["x", "y", "x"], exclude=[{"angel": "x"}], include=[{"my-key": 1}])

    assert told == [
        (("Style",), "`Style` cannot be named in a template", "style"),
        (("include", 0, "my-key"), "`my-key` cannot be named in a template", "my_key"),
        (("exclude", 0, "angel"), "`angel` is no list of this matrix", "angle"),
        (("angle", 2), "this value is in the list already", ""),
    ]


@pytest.mark.parametrize(
    ("lists", "words"),
    [
        ({}, "the matrix is empty"),
        ({"a": [1, 2], "exclude": [{"a": 1}, {"a": 2}]}, "every combination is excluded"),
        ({"a": list(range(257))}, "the matrix has 257 cells"),
        ({"a": list(range(100)), "b": list(range(100))}, "the lists have 10,000 combinations"),
        ({"include": [{"a": 1}, {"a": 1}]}, "two cells are the same: 1"),
    ],
)
def test_a_matrix_that_makes_no_sense_is_told(lists: dict[str, Any], words: str) -> None:
    assert words in [reason for _, reason, _ in problems(**lists)]


@pytest.mark.parametrize(
    "lists", [{"a": []}, {"a": "x"}, {"a": {"b": 1}}, {"a": [1], "include": [{}]}, {"include": [1]}]
)
def test_what_is_not_a_list_of_values_is_refused(lists: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        matrix(**lists)


def test_256_cells_are_allowed() -> None:
    assert len(cells(a=list(range(16)), b=list(range(16)))) == 256
