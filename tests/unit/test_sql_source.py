"""Rows of a database: SQLite and a real Postgres, only read, for so long, and from where a run ended."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from sqlalchemy import create_engine, make_url, text

from flows.definition import loads
from flows.occasion import on_date
from flows.planning import plan_run
from reelmill.content import Brief, Json, Skipped
from reelmill.errors import DefinitionError, ServerUnavailable, SourceError, UseError
from reelmill.settings import Settings
from tasks.secret import Secret
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.sql import Sql
from tests.line import DEFINITION

TODAY = on_date(ZoneInfo("Asia/Shanghai"), "2026-11-22")
OCCASION = Occasion(dt.date(2026, 11, 22), ZoneInfo("Asia/Shanghai"))

TABLE = """
create table posts (id integer primary key, title text, photo text, price numeric(8, 2), made {moment}, day date);
insert into posts values
  (1, 'White tea', 'https://shop.example/1.jpg', 128.50, '2026-11-20 08:00:00{zone}', '2026-11-20'),
  (2, 'Oolong', null, 88, '2026-11-21 08:00:00{zone}', '2026-11-21'),
  (3, '小雪', null, null, '2026-11-22 08:00:00{zone}', '2026-11-22');
"""
ALL = "select id, title, photo from posts"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.executescript(TABLE.format(moment="text", zone=""))
    connection.close()
    return tmp_path


@pytest.fixture
def postgres(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    url = make_url(postgres_url).set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("drop table if exists posts"))
        for statement in TABLE.format(moment="timestamptz", zone="+00").split(";"):
            if statement.strip():
                connection.execute(text(statement.replace(":00", r"\:00")))
    monkeypatch.setenv("SHOP_DATABASE", url.render_as_string(hide_password=False))
    yield "SHOP_DATABASE"
    engine.dispose()


def read(folder: Path, query: str, *, cursor_at: Json = None, **options: Any) -> list[Brief | Skipped]:
    options = {"url": "sqlite:///shop.db", **options}
    source = Sql(type="sql", query=query, **options)
    return list(source.briefs(SourceContext(OCCASION, folder, cursor=cursor_at)))


def good(found: list[Brief | Skipped]) -> list[Brief]:
    return [one for one in found if isinstance(one, Brief)]


def bad(found: list[Brief | Skipped]) -> dict[str, str]:
    return {one.where: one.reason for one in found if isinstance(one, Skipped)}


def test_each_row_is_a_brief(folder: Path) -> None:
    found = read(folder, f"{ALL} order by id;", image_from="photo", title_from="title")
    assert [(brief.key, brief.title, brief.cursor) for brief in good(found)] == [
        ("1", "White tea", None), ("2", "Oolong", None), ("3", "小雪", None),
    ]  # fmt: skip
    assert good(found)[0].images == ("https://shop.example/1.jpg",)
    assert dict(good(found)[1].fields) == {"id": 2, "title": "Oolong", "photo": None}


@pytest.mark.parametrize("column", ["id", "made"])
def test_the_next_reading_goes_on_behind_the_last_row_that_was_taken(folder: Path, column: str) -> None:
    query = "select * from posts"
    first = good(read(folder, query, cursor=column, max_items=2))
    assert [brief.key for brief in first] == ["1", "2"]
    assert first[-1].cursor == {"id": 2, "made": "2026-11-21 08:00:00"}[column]
    second = good(read(folder, query, cursor=column, cursor_at=first[-1].cursor))
    assert [brief.key for brief in second] == ["3"]
    assert read(folder, query, cursor=column, cursor_at=second[-1].cursor) == []


def test_bad_rows_do_not_end_all_progress(folder: Path) -> None:
    with sqlite3.connect(folder / "shop.db") as writer:
        writer.execute("update posts set title = null where id < 3")
    writer.close()
    found = read(folder, "select * from posts", cursor="id", max_items=1, title_from="title")
    assert [(brief.key, brief.cursor) for brief in good(found)] == [("3", 3)]
    assert bad(found) == {"row 1": "it has no 'title'", "row 2": "it has no 'title'"}


def test_a_pipeline_reads_on_where_its_last_run_ended(folder: Path) -> None:
    source = '{type: sql, url: "sqlite:///shop.db", query: "select id, title from posts", cursor: id, max_items: 2}'
    text = DEFINITION.format(source=source, subject="{{ brief.title }}", title="{{ brief.title }}", more="")
    definition = loads(text, folder / "pipelines.yaml")
    cursor: Json = None
    made: list[list[str]] = []
    for _ in range(3):
        plan = plan_run(definition, "quick", TODAY, Settings(home=folder / "home"), seen={}, cursor=cursor)
        made.append([video.brief_key for video in plan.to_make])
        cursor = plan.reading.cursor
    assert made == [["1", "2"], ["3"], []]
    assert cursor == 3


def test_a_query_may_compare_with_the_cursor_itself(folder: Path) -> None:
    query = f"{ALL} where :cursor is null or id > :cursor order by id -- the newest last"
    assert [brief.key for brief in good(read(folder, query, cursor="id"))] == ["1", "2", "3"]
    assert [brief.cursor for brief in good(read(folder, query, cursor="id", cursor_at=1))] == [2, 3]
    with pytest.raises(SourceError, match="order by id"):
        read(folder, f"{ALL} where :cursor is null or id > :cursor order by id desc", cursor="id")


def test_the_date_of_the_run_is_a_parameter(folder: Path) -> None:
    assert [brief.key for brief in good(read(folder, "select id, title from posts where day = :date"))] == ["3"]
    assert read(folder, r"select id, title from posts where title = '\:date'") == []


def test_rows_that_cannot_be_used_are_passed_over(folder: Path) -> None:
    rows = "(1, 'a', x'00ff', 1), (2, null, null, 2), (2, 'c', null, 3), (2, 'd', null, 4), (5, 'e', null, null)"
    query = f"with t(id, name, data, n) as (values {rows}) select * from t"  # noqa: S608 (the test's own)
    found = read(folder, query, title_from="name", cursor="n")
    assert [brief.fields["name"] for brief in good(found)] == ["c"]
    reasons = sorted(bad(found).values())
    assert reasons == [
        "it has no 'name'",
        "its column 'data' cannot be used: a value of the kind bytes cannot be used; leave it out of the query",
        "its cursor 'n' is empty",
        "the key '2' was there before",
    ]


SLOW = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as id from n"
MANY = "with recursive n(i) as (select 1 union all select i + 1 from n limit 100001) select i as id from n"


@pytest.mark.parametrize(
    ("query", "options", "reason"),
    [
        pytest.param("select * from pots", {}, "no such table: pots", id="no table"),
        pytest.param("selekt 1", {}, "syntax error", id="syntax"),
        pytest.param("select 1 as id; drop table posts", {}, "one statement", id="two statements"),
        pytest.param("delete from posts", {}, "does more than read", id="delete"),
        pytest.param("update posts set title = 'x' returning id, title", {}, "does more than read", id="update"),
        pytest.param("drop table posts", {}, "does more than read", id="drop"),
        pytest.param("attach 'other.db' as other", {}, "does more than read", id="attach"),
        pytest.param("pragma query_only = off", {}, "does more than read", id="pragma"),
        pytest.param("vacuum into 'copy.db'", {}, "", id="vacuum"),
        pytest.param("select load_extension('x')", {}, "", id="extension"),
        pytest.param(SLOW, {"timeout": 0.2}, "took more than 0.2 s", id="slow"),
        pytest.param("select 1 as id, 2 as id", {}, "two columns 'id'", id="a column twice"),
        pytest.param(ALL, {"cursor": "idd"}, "no such column", id="no cursor"),
        pytest.param(f"{ALL} where id > :cursor", {"cursor": "made"}, "no column 'made'", id="cursor not asked for"),
        pytest.param(ALL, {"title_from": "titel"}, "did you mean 'title'", id="no title"),
        pytest.param("select cast(x'ff' as text) as id", {}, "UTF-8", id="characters"),
        pytest.param(ALL, {"url": "sqlite:///gone.db"}, "there is no file 'gone.db'", id="no file"),
        pytest.param(ALL, {"url": "sqlite://"}, "there is no file", id="memory"),
        pytest.param(ALL, {"url": "sqlite:///shop.txt"}, "not a database", id="no database"),
        pytest.param(MANY, {}, "more than 100,000 rows", id="too many"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_source_error_and_nothing_is_written(
    folder: Path, query: str, options: dict[str, Any], reason: str
) -> None:
    (folder / "shop.txt").write_text("no database at all " * 99)
    before = (folder / "shop.db").read_bytes()
    with pytest.raises(SourceError) as caught:
        read(folder, query, **options)
    assert reason in caught.value.reason
    assert caught.value.instruction
    assert (folder / "shop.db").read_bytes() == before
    assert {path.name for path in folder.iterdir()} == {"shop.db", "shop.txt"}


@pytest.mark.parametrize("kept", [[1], {"a": 1}, True])
def test_a_cursor_of_another_kind_is_refused(folder: Path, kept: Json) -> None:
    with pytest.raises(SourceError, match="no cursor"):
        read(folder, ALL, cursor="id", cursor_at=kept)


def test_a_database_that_is_being_written_may_be_read_later(folder: Path) -> None:
    with sqlite3.connect(folder / "shop.db", isolation_level=None) as writer:
        writer.execute("begin exclusive")
        with pytest.raises(ServerUnavailable, match="not ready"):
            read(folder, ALL, timeout=0.2)
    writer.close()


@pytest.mark.parametrize(
    "options",
    [
        {"url": "sqlite:///a.db"}, {"query": "select 1"}, {"url": "mysql://h/d", "query": "select 1"},
        {"url": "postgresql://me:secret@h/d", "query": "select 1"}, {"url": "a.db", "query": "select 1"},
        {"url": "postgresql://h/d?password=x", "query": "select 1"}, {"url": "sqlite:///a.db", "query": " ; "},
        {"url": "sqlite:///a.db", "query": "select :name"}, {"url": "sqlite:///a.db", "query": "select :cursor"},
        {"url": "sqlite:///a.db", "query": "select 1", "timeout": 0}, {"url": {"env": "1"}, "query": "select 1"},
    ],
)  # fmt: skip
def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Sql.model_validate({"type": "sql", **options})
    assert "secret" not in str([error["msg"] for error in caught.value.errors()])


def test_a_password_in_the_definition_is_refused_and_not_shown(folder: Path) -> None:
    source = '{type: sql, url: "postgresql://me:hush@h/d", query: select 1}'
    with pytest.raises(DefinitionError, match="a password has no place in this file") as caught:
        loads(DEFINITION.format(source=source, subject="x", title="x", more=""), folder / "pipelines.yaml")
    assert "hush" not in str(caught.value)


def test_a_secret_that_is_not_set_or_no_url_is_told_by_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UseError, match=r"\$NO_DATABASE"):
        read(folder, ALL, url=Secret(env="NO_DATABASE"))
    for value in ("hush hush", "mysql://me:hush@h/d", "postgresql://me:hush@127.0.0.1:1/d"):
        monkeypatch.setenv("HUSHED", value)
        with pytest.raises((SourceError, ServerUnavailable), match=r"\$HUSHED") as caught:
            read(folder, ALL, url=Secret(env="HUSHED"))
        assert "hush" not in str(caught.value).replace("$HUSHED", "")


def test_postgres_values_are_json_and_the_cursor_is_understood_again(tmp_path: Path, postgres: str) -> None:
    url = Secret(env=postgres)
    query = """select *, '7b0f0e0a-0000-4000-8000-000000000000'::uuid as code, interval '90 s' as length,
               array[1.50, 2] as sizes, '{"a": [1]}'::jsonb as more, day = :date as today from posts"""
    first = good(read(tmp_path, query, url=url, cursor="made", max_items=1))
    assert dict(first[0].fields) == {
        "id": 1, "title": "White tea", "photo": "https://shop.example/1.jpg", "price": "128.50",
        "made": first[0].cursor, "day": "2026-11-20", "code": "7b0f0e0a-0000-4000-8000-000000000000", "length": 90.0,
        "sizes": ["1.50", "2"], "more": {"a": [1]}, "today": False,
    }  # fmt: skip
    rest = good(read(tmp_path, query, url=url, cursor="made", cursor_at=first[0].cursor))
    assert [brief.key for brief in rest] == ["2", "3"]
    for column, at in (("id", 2), ("day", "2026-11-21"), ("price", "88.00")):
        found = read(tmp_path, query, url=url, cursor=column, cursor_at=at)
        assert [brief.key for brief in good(found)] == (["1"] if column == "price" else ["3"])
    assert bad(read(tmp_path, query, url=url, cursor="price")) == {"row 3": "its cursor 'price' is empty"}
    own = "select id, title, made from posts where :cursor is null or made > :cursor order by made"
    assert len(good(read(tmp_path, own, url=url, cursor="made"))) == 3
    assert len(good(read(tmp_path, own, url=url, cursor="made", cursor_at="2026-11-21T08:00:00+00:00"))) == 1


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("delete from posts returning id", ""),
        ("with gone as (delete from posts returning id) select id from gone", ""),
        ("select set_config('transaction_read_only', 'off', false) as id", ""),
        ("select id from posts; delete from posts", ""),
        ("select pg_sleep(60), 1 as id", "took more than 0.5 s"),
        ("select lo_create(4711) as id", "does more than read"),
        ("select id from pots", 'relation "pots" does not exist'),
        ("select 1 / 0 as id", "division by zero"),
    ],
)
def test_postgres_is_only_read_and_only_for_so_long(tmp_path: Path, postgres: str, query: str, reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, query, url=Secret(env=postgres), timeout=0.5)
    assert reason in caught.value.reason
    assert len(good(read(tmp_path, ALL, url=Secret(env=postgres)))) == 3


def test_a_database_that_is_not_there_is_told_for_good(tmp_path: Path, postgres: str, postgres_url: str) -> None:
    import os

    other = make_url(os.environ[postgres]).set(database="no_such_database")
    os.environ[postgres] = other.render_as_string(hide_password=False)
    with pytest.raises(SourceError, match="does not exist"):
        read(tmp_path, ALL, url=Secret(env=postgres))


def test_the_database_is_let_go_before_the_rows_are_taken(folder: Path) -> None:
    source = Sql(type="sql", url="sqlite:///shop.db", query="select id, title from posts order by id")
    stream = source.briefs(replace(SourceContext(OCCASION, folder)))
    assert isinstance(next(stream), Brief)
    with sqlite3.connect(folder / "shop.db", timeout=0) as writer:
        writer.execute("delete from posts")
    writer.close()
    assert len(list(stream)) == 2
