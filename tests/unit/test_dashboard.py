"""The parts of the dashboard that need no server: foreign text stays text, names are bounded, thumbnails are small."""

from __future__ import annotations

import base64
import io
import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from PIL import Image

from flows.dashboard import flow_run_name, tags
from flows.dashboard.calling import attempt
from flows.dashboard.closing import command
from flows.dashboard.markdown import address, block, code, escaped, harmless, link, picture_link, plain, table
from flows.dashboard.naming import LONGEST_NAME, common_subject
from flows.dashboard.progress import key
from flows.dashboard.thumbnails import GRADES, thumbnail
from flows.dashboard.timing import headline, timing
from flows.definition import loads
from records.tables import Run
from records.work import StageSum
from reelmill.errors import ServerUnavailable

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = [
    "a|b\nc", "[x](javascript:alert(1))", "![x](https://evil.example/p.png)", "<script>alert(1)</script>", "`code`",
    "**bold** _em_ ~~gone~~ __init__", "# heading", "1. list", "12) list", "- item", "> quote", "+ more", "---", "===",
    "&lt;b&gt; &#60;", "\\|", "\\", "a\\", "[a]: https://evil.example", "<https://evil.example>", "冬至 · ink wash",
    "《山野》*茶*", "\u202egnp.exe", "a\u2028b\x00c", "", "``", "|", "snake_case_name", "_", "5 * 3 * 2",
]  # fmt: skip

FEW = settings(max_examples=100, deadline=None, derandomize=True)
MANY = settings(max_examples=1500, deadline=None, derandomize=True)
#: Everything that Markdown has a use for, and a few letters.
SIGNS = [*"`*_[]()<>|~&#!\\-+=:.1 aé茶\n\"'{};", "amp;", "<b>", "**", "](", "://"]
NOISE = st.lists(st.sampled_from(SIGNS), max_size=16)


def leaves(markdown: str) -> list[Token]:
    return [child for token in PARSER.parse(markdown) for child in token.children or ()]


def shown(markdown: str) -> str:
    """What a person reads; anything but text would be missing from it, or fail."""
    found = leaves(markdown)
    assert {token.type for token in found} <= {"text", "text_special"}, [token.type for token in found]
    return "".join(token.content for token in found)


def check_escaping(text: str) -> None:
    wanted, made = plain(text), escaped(text)
    assert shown(made) == wanted
    assert {token.type for token in PARSER.parse(made)} <= {"paragraph_open", "inline", "paragraph_close"}
    cells = table(("", ""), [(made, "end")])
    inline = [token for token in PARSER.parse(cells) if token.type == "inline"]
    assert len(inline) == 4, cells  # two headings, two cells: no bar has made a third one
    assert shown(cells) == f"{wanted}end"
    assert shown_in_bold(made) == wanted


def shown_in_bold(markdown: str) -> str:
    found = leaves(f"- **{markdown}** – end") if markdown else []
    return "".join(token.content for token in found).removesuffix(" – end")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_shows_as_it_is_wherever_it_stands(text: str) -> None:
    check_escaping(text)


@MANY
@given(NOISE.map("".join) | st.text())
def test_any_text_shows_as_it_is_wherever_it_stands(text: str) -> None:
    check_escaping(text)


def test_addresses_in_a_text_do_not_become_links() -> None:
    assert escaped("see https://x.example, www.x.example or a@x.example") == (
        r"see https\://x.example, www\.x.example or a\@x.example"
    )


@FEW
@given(NOISE.map("".join))
@example("a`b``c")
@example("`")
def test_code_shows_any_text(text: str) -> None:
    if wanted := plain(text):
        (token,) = leaves(f"x {code(text)} y")[1:-1]
        assert (token.type, token.content) == ("code_inline", wanted)


def test_a_command_in_a_block_is_one_line_whatever_is_in_it() -> None:
    (fence,) = PARSER.parse(block("reelmill resume 'a```b\n```c'"))
    assert (fence.type, fence.content) == ("fence", "reelmill resume 'a```b ```c'\n")


@pytest.mark.parametrize("text", [one for one in HOSTILE if plain(one)])
def test_a_link_goes_where_it_shall_and_shows_what_it_shall(text: str) -> None:
    opening, *inner, closing = leaves(link(escaped(text), "https://door.example/watch/1?a=(1)|<x> &lt;"))
    assert (opening.type, closing.type) == ("link_open", "link_close")
    assert opening.attrs["href"] == "https://door.example/watch/1?a=%281%29%7C%3Cx%3E%20&lt%3B"
    assert "".join(token.content for token in inner) == plain(text)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "", "data:text/html,x"])
def test_only_addresses_of_the_web_become_links(url: str) -> None:
    assert link("words", url) == "words"
    assert "href" not in picture_link("data:image/png;base64,AA", "x", url)
    if url:
        assert [token.type for token in leaves(address(url))] == ["code_inline"]


def test_the_address_of_a_file_is_readable_and_stays_in_its_cell() -> None:
    cells = table(("", ""), [(address("file:///a/%E5%86%AC%E8%87%B3%7Cx.mp4"), "end")])
    assert [token.content for token in leaves(cells) if token.content] == ["file:///a/冬至%7Cx.mp4", "end"]


def test_the_words_of_a_picture_cannot_leave_their_attribute() -> None:
    made = picture_link("data:image/png;base64,AA", '"><script>|x', "https://door.example/?a=1&b=2")
    assert 'alt="&quot;&gt;&lt;script&gt;&#124;x"' in made
    assert 'href="https://door.example/?a=1&amp;b=2"' in made
    assert "|" not in made


def test_a_cell_that_one_ui_reads_as_markdown_is_parted_by_invisible_signs() -> None:
    assert "](" not in harmless("[x](javascript:1)")
    assert "<b" not in harmless("<b>")
    assert harmless("[x](y) <b>").replace("\u2060", "") == "[x](y) <b>"


@pytest.mark.parametrize(
    ("titles", "name"),
    [
        (["冬至 · ink wash", "冬至 · clay"], "terms 2026-12-21 冬至"),
        (["冬至"], "terms 2026-12-21 冬至"),
        (["a", "b", "c", "b", "d", "e"], "terms 2026-12-21 a + 4"),
        ([], "terms 2026-12-21"),
        (["line\nbreak · x"], "terms 2026-12-21 line break"),
    ],
)
def test_a_flow_run_is_named_after_what_it_is_about(titles: list[str], name: str) -> None:
    assert flow_run_name("terms", "2026-12-21", titles) == name


@FEW
@given(st.text(max_size=64), st.text(max_size=200), st.lists(st.text(max_size=300), max_size=4))
def test_a_name_is_bounded_and_on_one_line(pipeline: str, occasion: str, titles: list[str]) -> None:
    name = flow_run_name(plain(pipeline), occasion, titles)
    assert len(name) <= LONGEST_NAME
    assert "\n" not in name


def test_a_long_title_leaves_room_for_how_many_more_there_are() -> None:
    name = flow_run_name("p" * 64, "event:" + "e" * 160, ["t" * 300, "u"])
    assert name.endswith(" + 1")
    assert len(name) <= LONGEST_NAME


def test_the_common_subject_needs_at_least_two_titles_and_a_joint() -> None:
    assert common_subject(["冬至 · a", "冬至 · b"]) == "冬至"
    assert common_subject(["冬至 · a"]) == common_subject(["冬至", "冬至"]) == common_subject(["a · x", "b · x"]) == ""


PIPELINE = """\
version: 1
brand: {name: x}
pipelines:
  by-day:
    schedule: {cron: "0 6 * * *", timezone: UTC}
    tags: [tea, reelmill]
    source: {type: list, items: [{prompt: a}]}
    prompt: {subject: a, action: b, environment: c, style: ink wash}
    deliver: [douyin]
  by-hand:
    source: {type: list, items: [{prompt: a}]}
    prompt: {subject: a, action: b, environment: c, style: ink wash}
    deliver: [douyin]
"""


@pytest.mark.parametrize(
    ("pipeline", "event", "wanted"),
    [
        ("by-day", None, ["reelmill", "by-day", "scheduled", "tea"]),
        ("by-day", {"id": "1"}, ["reelmill", "by-day", "event", "tea"]),
        ("by-hand", None, ["reelmill", "by-hand"]),
    ],
)
def test_tags_say_whose_run_it_is_and_what_starts_it(
    pipeline: str, event: dict[str, Any] | None, wanted: list[str]
) -> None:
    definition = loads(PIPELINE, Path("pipelines.yaml"))
    assert tags(definition.pipeline(pipeline), Run(pipeline=pipeline, event=event)) == wanted


@pytest.mark.parametrize("pipeline", ["solar-terms-daily", "a_b", "9_lives--x"])
def test_a_key_is_one_that_prefect_takes(pipeline: str) -> None:
    assert set(key("contact-sheet", pipeline)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_command_is_quoted_for_a_shell() -> None:
    assert command("resume", Run(pipeline="shop", occasion="event:a b'$(x)")) == (
        """reelmill resume 'shop@event:a b'"'"'$(x)'"""
    )


def picture_of(uri: str) -> Image.Image:
    kind, _, content = uri.partition(";base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(content)))
    assert kind == f"data:image/{str(picture.format).lower()}"
    return picture


@pytest.mark.parametrize("size", [(1080, 1920), (1080, 1080), (1920, 1080)])
@pytest.mark.parametrize("grade", GRADES)
def test_a_thumbnail_keeps_its_shape_and_its_place(tmp_path: Path, size: tuple[int, int], grade: Any) -> None:
    Image.effect_noise(size, 80).convert("RGB").save(tmp_path / "cover.jpg", quality=92)
    small = picture_of(thumbnail(tmp_path / "cover.jpg", grade))
    assert small.width == grade.width
    assert abs(small.width / small.height - size[0] / size[1]) < 0.03


@pytest.mark.parametrize("content", [None, b"", b"no picture", b"\xff\xd8\xff\xe0 cut off"])
def test_a_cover_that_is_gone_or_broken_is_a_grey_tile(tmp_path: Path, content: bytes | None) -> None:
    cover = tmp_path / "cover.jpg"
    if content is not None:
        cover.write_bytes(content)
    tile = thumbnail(cover, GRADES[0])
    assert tile == thumbnail(None, GRADES[0])
    assert len(tile) < 1000
    red, green, blue = picture_of(tile).convert("RGB").getpixel((5, 5))  # type: ignore[misc]
    assert red == green == blue


def test_timing_sets_forecast_against_actual_and_adds_the_stages_up() -> None:
    sums = [StageSum("publish", 2, 1.0), StageSum("generate", 4, 48.0), StageSum("translate", 1, 1.0)]
    told = timing(sums, 90.0, 60.0, attempts=2)
    assert "took 1 min 30 s, forecast 1 min: 50% longer" in told
    assert "| generate | 4 | 48 s | 12 s | 96% |" in told
    assert told.index("generate") < told.index("publish") < told.index("translate")
    assert "over all 2 attempts" in told


@pytest.mark.parametrize(
    ("seconds", "forecast", "words"),
    [(60, None, "nothing was forecast"), (60, 0.0, "nothing was forecast"), (57, 60.0, "as expected"),
     (30, 60.0, "50% shorter")],
)  # fmt: skip
def test_a_forecast_is_judged_in_words(seconds: float, forecast: float | None, words: str) -> None:
    assert words in headline(seconds, forecast)


def answer(status: int) -> httpx.HTTPStatusError:
    request = httpx.Request("POST", "http://127.0.0.1/api")
    return httpx.HTTPStatusError(f"{status}", request=request, response=httpx.Response(status, request=request))


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("refused"), httpx.ReadTimeout(""), answer(503), answer(401), ServerUnavailable("away", "wait")],
)
def test_an_api_that_does_not_answer_is_a_warning(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    def call() -> None:
        raise error

    assert attempt("the end", call) is None
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("reelmill.dashboard", logging.WARNING)
    assert "the dashboard does not show the end: " in record.getMessage()


@pytest.mark.parametrize("error", [answer(422), TypeError("ours"), KeyError("ours")])
def test_an_error_of_ours_is_not_hidden(error: Exception) -> None:
    def call() -> None:
        raise error

    with pytest.raises(type(error)):
        attempt("the end", call)
