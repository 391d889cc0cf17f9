"""Strict YAML: what is read, where it stands, and what is told of everything else."""

from __future__ import annotations

import pytest

from flows.syntax import Place
from flows.yaml import LARGEST_FILE, Tree, read


def told(text: str) -> list[tuple[int, int, str]]:
    return [(c.place.line, c.place.column, c.reason) for c in read(text.encode()).complaints]


def test_a_file_becomes_plain_data_with_the_place_of_each_key_and_value() -> None:
    tree = read("a: 1\nb:\n  - x\n  - {c: 雪, d: 'y'}\n".encode())

    assert tree.data == {"a": 1, "b": ["x", {"c": "雪", "d": "y"}]}
    assert tree.complaints == ()
    assert tree.keys[("b",)] == Place(2, 1)
    assert tree.values[("b", 0)] == Place(3, 5)
    assert tree.place(("b", 1, "d"), key=True) == Place(4, 12)
    assert tree.place(("b", 1, "d")) == Place(4, 15)


def test_the_place_of_what_is_not_there_is_that_of_its_nearest_parent() -> None:
    tree = read(b"a:\n  b: 1\n")

    assert tree.place(("a", "missing", 3)) == Place(2, 3)
    assert tree.place(("nothing",)) == Place(1, 1)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("null", None), ("~", None), ("", None), ("true", True), ("False", False), ("yes", "yes"), ("on", "on"),
        ("no", "no"),
        ("12", 12), ("-7", -7), ("012", 12), ("0x1F", 31), ("0o17", 15), ("1.5", 1.5), ("1e3", 1000.0), (".5", 0.5),
        ("12:30", "12:30"), ("2026-01-01", "2026-01-01"), ("1_000", "1_000"), ("'12'", "12"), ('"true"', "true"),
        ("704x1280", "704x1280"), ("0 6 * * *", "0 6 * * *"), ("|\n  two\n  lines", "two\nlines"),
        (">\n  one\n  line", "one line"),
    ],
)  # fmt: skip
def test_scalars_mean_what_the_core_schema_of_yaml_1_2_says(written: str, meant: object) -> None:
    data = read(f"key: {written}".encode()).data

    assert data == {"key": meant}
    assert type(data["key"]) is type(meant)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: 1\nb: 2\na: 3", 3, 1, "the key `a` is written twice; the first one is in line 1"),
        ("a: &x 1", 1, 4, "the anchor `&x` is not read"),
        ("a: 1\nb: *x", 2, 4, "the alias `*x` is not read"),
        ("a: !!python/name:os 1", 1, 4, "the tag `tag:yaml.org,2002:python/name:os` is not read"),
        ("<<: {a: 1}", 1, 1, "the merge key `<<` is not read"),
        ("? [a]\n: b", 1, 3, "a key is a list, a mapping or an alias"),
        (": b", 1, 1, "a key is missing before the colon"),
        ("&x a: b", 1, 1, "a key has a tag or an anchor"),
        ("a: .inf", 1, 4, "`.inf` is not a finite number"),
        ("a: 1e999", 1, 4, "`1e999` is not a finite number"),
        ("a: 1234567890123456789012", 1, 4, "the number is too large"),
        ('a: "\\ud800"', 1, 4, "the text holds half a character"),
        ('"\\ud800": a', 1, 1, "a key holds half a character"),
        ("a: {{ b.c }}", 1, 4, "a template must stand in quotes"),
        ("a: {{ b.c }} and more", 1, 4, "a template must stand in quotes"),
        ("a: [{{ b.c }}]", 1, 5, "a template must stand in quotes"),
        ("%YAML 1.1\n---\na: 1", 2, 1, "a `%` directive is not read"),
        ("%TAG ! tag:x,2026:\n---\na: 1", 2, 1, "a `%` directive is not read"),
        ("a: 1\n---\nb: 2", 3, 1, "a second document begins above this line"),
        ("a:\n\tb: 1", 2, 1, "a tab is used for indentation"),
        ("a: 1\n  b: 2", 2, 3, "this line is indented below line 1, which has a value already"),
        ("a:\n  b: 1\n c: 2", 3, 2, "this line's indentation fits no line above it"),
        ("a:\n  - x\n - y", 3, 2, "this list entry is indented unlike its neighbours"),
        ("a: 1\n- b", 2, 1, "a list entry stands where a key is expected"),
        ("a: [1, 2", 1, 4, "this `[` is never closed, or a comma is missing in it"),
        ("a: {b: 1", 1, 4, "this `{` is never closed, or a comma is missing in it"),
        ("a: ]", 1, 4, "a value is missing before `]`"),
        ("a: 'x", 1, 4, "this quote is never closed"),
        ('a: "\\q"', 1, 6, "`\\q` is not an escape in double quotes"),
        ("a: 'it's'", 1, 8, "text follows a closing quote"),
        ("a: b: c", 1, 5, "a second colon stands in this value"),
        ("a:1\nb: 2", 1, 2, "a space is missing after the colon"),
        ("a {b: c, d: e}", 1, 11, "a colon cannot stand here"),
        ("a: 1\nb {c: d, e: f}", 2, 1, "`b {c: d, e` is not a key"),
        ("a: | text\nb: 1", 1, 6, "text follows `|` or `>` in its line"),
        ("{a: 1} b", 1, 8, "the file goes on after its end"),
        ("word\nb: 1", 1, 1, "`word` has no colon"),
        ("a: |\n x\nb", 3, 1, "`b` has no colon, and is no part of the value above"),
        ("a: @x", 1, 4, "a value cannot begin with '@'"),
        ("a: * * *", 1, 4, "a value cannot begin with '*'"),
        ("a: - x", 1, 4, "a list cannot begin behind a key"),
        ("a: ? x", 1, 4, "`? ` cannot begin a value"),
        ("a: \x07", 1, 4, "the invisible character U+0007 stands here"),
        ("", 1, 1, "the file is empty"),
        ("\n  \n", 1, 1, "the file is empty"),
    ],
)
def test_each_mistake_is_told_in_human_words_with_its_position(text: str, line: int, column: int, words: str) -> None:
    assert (line, column, words) in told(text)


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("cron: * * * * *", '"* * * * *"'),
        ("subject: {{ brief.name }} in snow # why", '"{{ brief.name }} in snow"'),
        ("tags: [a, @b, c]", '"@b"'),
        ("title: Tea: the book", '"Tea: the book"'),
        ('title: @a "b"', "'@a \"b\"'"),
    ],
)
def test_a_value_that_lacks_quotes_is_suggested_with_them(text: str, suggestion: str) -> None:
    assert [complaint.suggestion for complaint in read(text.encode()).complaints] == [suggestion]


def test_all_mistakes_inside_values_are_told_at_once_and_the_rest_is_read() -> None:
    tree = read(b"a: @x\nb: {{ t }} u\nc: 'open\nd: *e\nf: 1\nf: 2\n".replace(b"c: 'open\n", b'c: "\\q"\n'))

    assert [complaint.place.line for complaint in tree.complaints] == [1, 2, 3, 4, 6]
    assert tree.data == {"a": None, "b": None, "c": None, "d": None, "f": 1}
    assert tree.broken == {("a",), ("b",), ("c",), ("d",)}
    assert tree.is_broken(("a", "below"))
    assert not tree.is_broken(("f",))


def test_every_tab_is_told() -> None:
    assert [place for *place, _ in told("a:\n\tb: 1\n\tc: 2\n  \td: 3\n")] == [[2, 1], [3, 1], [4, 3]]


def test_a_quote_that_is_never_closed_is_told_where_it_opens() -> None:
    assert (1, 4, "this quote is never closed") in told('a: "x\nb: "y"\nc: 1')


def test_bytes_that_are_not_utf_8_are_told_with_their_position() -> None:
    (complaint,) = read("a: 1\nb: 茶 ".encode() + b"\xff").complaints

    assert (complaint.place, complaint.reason) == (Place(2, 6), "the byte 0xff is not UTF-8")


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read(b"\xef\xbb\xbfa: 1").data == {"a": 1}


def test_windows_line_ends_are_counted_once() -> None:
    assert told("a: 1\r\nb: @x\r\n")[0][:2] == (2, 4)


def test_a_file_that_is_too_large_is_not_read() -> None:
    (complaint,) = read(b"a" * (LARGEST_FILE + 1)).complaints

    assert complaint.reason == "the file has more than 1,000,000 bytes"


@pytest.mark.parametrize(
    "text", ["[" * 900_000, "{a: " * 200_000, "- " * 400_000, "".join(" " * n + "a:\n" for n in range(1000))]
)
def test_deep_nesting_ends_at_once_and_not_in_a_recursion_error(text: str) -> None:
    tree = read(text.encode())

    assert [complaint.reason for complaint in tree.complaints] == ["this is nested too deeply"]
    assert tree.is_broken(())


def test_the_bomb_of_nested_aliases_expands_to_nothing() -> None:
    bomb = "a: &a [lol, lol]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    tree: Tree = read(bomb.encode())

    assert tree.data["i"] == [None, None, None]
    assert sum("alias" in complaint.reason for complaint in tree.complaints) == 24
