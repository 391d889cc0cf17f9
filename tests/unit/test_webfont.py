from __future__ import annotations

import base64
import io

from fontTools.ttLib import TTFont

from flows.webfont import embedded


def test_it_has_exactly_the_uncommon_characters_of_the_text() -> None:
    uri = embedded("小雪 · scenery – 抖音 ꙮ")
    head, _, body = uri.partition(",")
    assert head == "data:font/woff;base64"
    with TTFont(io.BytesIO(base64.b64decode(body))) as font:
        assert {chr(code) for code in font.getBestCmap()} == set("小雪抖音")
    assert len(uri) < 20_000


def test_a_text_that_any_machine_can_show_needs_none() -> None:
    assert embedded("lanterns – 5.0 s · €3") == ""
    assert embedded("") == ""


def test_it_is_the_same_for_the_same_text() -> None:
    assert embedded("雪小") == embedded("小雪小")
