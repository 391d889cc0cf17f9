"""Lists: inline, tables, JSON lines and YAML, with their bad lines."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from reelmill.content import Brief, Skipped
from reelmill.errors import SourceError
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.listing import Listing


def read(folder: Path, **options: Any) -> list[Brief | Skipped]:
    occasion = Occasion(dt.date(2026, 11, 22), ZoneInfo("UTC"))
    return list(Listing(type="list", **options).briefs(SourceContext(occasion, folder)))


def good(found: list[Brief | Skipped]) -> list[Brief]:
    return [one for one in found if isinstance(one, Brief)]


def bad(found: list[Brief | Skipped]) -> dict[str, str]:
    return {one.where: one.reason for one in found if isinstance(one, Skipped)}


def test_texts_in_the_definition_are_prompts(tmp_path: Path) -> None:
    found = good(read(tmp_path, items=["a red fox in the snow", "a blue heron"]))
    assert [dict(brief.fields) for brief in found] == [{"prompt": "a red fox in the snow"}, {"prompt": "a blue heron"}]
    assert [brief.title for brief in found] == ["a red fox in the snow", "a blue heron"]
    assert len({brief.key for brief in found}) == 2
    # a key is of the content: another order changes nothing
    again = good(read(tmp_path, items=["a blue heron", "a red fox in the snow"]))
    assert {brief.key for brief in again} == {brief.key for brief in found}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.csv", "id,prompt,seed\nfox,a fox,7\nheron,a heron,8\n"),
        ("list.csv", "id;prompt;seed\nfox;a fox;7\nheron;a heron;8\n"),
        ("list.tsv", "id\tprompt\tseed\nfox\ta fox\t7\nheron\ta heron\t8\n"),
        (
            "list.jsonl",
            '\ufeff{"id":"fox","prompt":"a fox","seed":"7"}\n\n{"id":"heron","prompt":"a heron","seed":"8"}\n',
        ),
        ("list.json", '[{"id":"fox","prompt":"a fox","seed":"7"},{"id":"heron","prompt":"a heron","seed":"8"}]'),
        (
            "list.json",
            '{"items":[{"id":"fox","prompt":"a fox","seed":"7"},{"id":"heron","prompt":"a heron","seed":"8"}]}',
        ),
        ("list.yaml", "- {id: fox, prompt: a fox, seed: '7'}\n- id: heron\n  prompt: a heron\n  seed: '8'\n"),
    ],
)
def test_each_format_gives_the_same_items(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = read(tmp_path, path=name)
    assert bad(found) == {}
    assert [brief.key for brief in good(found)] == ["fox", "heron"]
    assert [dict(brief.fields) for brief in good(found)] == [
        {"id": "fox", "prompt": "a fox", "seed": "7"},
        {"id": "heron", "prompt": "a heron", "seed": "8"},
    ]


def test_numbers_truth_and_dates_keep_their_kind_as_json_knows_it(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("- {id: 1, on: true, day: 2026-11-22, n: 1.5, none: null}\n", encoding="utf-8")
    [brief] = good(read(tmp_path, path="list.yaml"))
    assert dict(brief.fields) == {"id": 1, "on": True, "day": "2026-11-22", "n": 1.5, "none": None}
    assert brief.key == "1"


def test_bad_lines_are_passed_over_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "list.jsonl").write_bytes(
        b'{"id": "a"}\n{"id": "b"\n["x"]\n\n{"id": "a"}\n"a prompt"\n{"id": NaN}\n\xff\xfe\n{}\n'
        + b"[" * 99_999
        + b"\n"
    )
    found = read(tmp_path, path="list.jsonl")
    assert [brief.title for brief in good(found)] == ["a", "a prompt"]
    reasons = bad(found)
    assert list(reasons) == ["line 2", "line 3", "line 5", "line 7", "line 8", "line 9", "line 10"]
    assert "not JSON" in reasons["line 2"]
    assert "neither a text nor a mapping" in reasons["line 3"]
    assert "was there before" in reasons["line 5"]
    assert "NaN" in reasons["line 7"]
    assert reasons["line 8"] == "it is not UTF-8"
    assert reasons["line 9"] == "it is empty"

    (tmp_path / "list.yaml").write_text("- a fox\n# a comment\n- [1]\n-\n- {k: v}\n", encoding="utf-8")
    found = read(tmp_path, path="list.yaml")
    assert list(bad(found)) == ["line 3", "line 4"]
    assert len(good(found)) == 2


def test_options_name_the_columns(tmp_path: Path) -> None:
    (tmp_path / "cup.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "list.csv").write_text(
        "SKU,Name,Photo\nT/1,Cup,cup.jpg\nT/2,Pot,https://s.example/pot.jpg\n,None,\nT/4,,\nT/5,Out,../x.jpg\n"
        "T/6,Ftp,ftp://s.example/x\n",
        encoding="utf-8",
    )
    found = read(tmp_path, path="list.csv", key_from="SKU", title_from="Name", image_from="Photo")
    assert [brief.title for brief in good(found)] == ["Cup", "Pot"]
    assert [brief.images for brief in good(found)] == [
        (str(tmp_path.resolve() / "cup.jpg"),),
        ("https://s.example/pot.jpg",),
    ]
    assert good(found)[0].key.startswith("t-1-")
    reasons = list(bad(found).values())
    assert reasons[:2] == ["it has no 'SKU'", "it has no 'Name'"]
    assert "is not in the folder" in reasons[2]
    assert "only http and https" in reasons[3]


def test_an_image_in_the_definition_may_lie_anywhere_but_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cup.jpg").write_bytes(b"\xff\xd8\xff")
    home = tmp_path / "home"
    home.mkdir()
    items = [{"id": "a", "image": "../photos/cup.jpg"}, {"id": "b", "image": "gone.jpg"}, {"id": "c"}]
    found = read(home, items=items, image_from="image")
    assert [brief.images for brief in good(found)] == [(str(tmp_path.resolve() / "photos" / "cup.jpg"),), ()]
    assert bad(found) == {"item 2": "its image 'gone.jpg' is not there"}


def test_fields_are_what_all_items_in_the_definition_share(tmp_path: Path) -> None:
    both = Listing(type="list", items=[{"prompt": "a", "mood": "calm"}, {"prompt": "b"}, "c"])
    assert both.fields() == frozenset({"prompt"})
    assert Listing(type="list", path="list.csv").fields() is None


@pytest.mark.parametrize("options", [{}, {"path": "a", "items": ["b"]}, {"items": []}, {"path": ""}, {"items": [7]}])
def test_exactly_one_origin_with_something_in_it(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Listing(type="list", **options)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("list.yaml", b"a: &x [1]\n", "anchors and aliases|not a list"),
        ("list.yaml", b"- &x [1]\n- *x\n", "line 1: anchors and aliases"),
        ("list.yaml", b"- {a: 1, a: 2}\n", "line 1"),
        ("list.yaml", b"- !!python/object/apply:os.system ['true']\n", "line 1"),
        ("list.yaml", b"- [a\n", "line 2"),
        ("list.yaml", b"- a\n\t- b\n", "line 2"),
        ("list.yaml", b"- " * 50 + b"a", "nested deeper"),
        ("list.yaml", b"just words\n", "is not a list"),
        ("list.yaml", b"a: 1\n", "is not a list"),
        ("list.yaml", b"- \xff\xff\n", "is not utf-8"),
        ("list.json", b'{"a": 1}', "is not a list"),
        ("list.json", b"[1,", "not JSON"),
        ("list.xml", b"<rss/>", "XML, not a list"),
        ("list.csv", b"", "is empty"),
        ("list.html", b"<html>", "HTML page"),
    ],
)
def test_a_file_that_is_no_list_is_a_source_error(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=reason) as caught:
        read(tmp_path, path=name)
    assert caught.value.instruction


def test_a_missing_file_names_the_folder_that_paths_start_from(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=f"relative to {tmp_path}"):
        read(tmp_path, path="gone.csv")
