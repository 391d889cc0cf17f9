"""Which changes of a source are worth a video."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from flows.changes import SHOWN, Changes, Worth
from flows.definition import loads
from flows.marks import Shown, picture, shown_by, used_fields
from records.seen import Seen
from reelmill.content import Brief, Json, Skipped, fingerprint
from tasks.sources.base import SourceContext
from tasks.sources.changes import Changing, kinds


class Shelf(Changing):
    """Items with a price, and with an age if they have one."""

    type: Literal["shelf"] = "shelf"

    def facts(self, brief: Brief) -> Mapping[str, Json]:
        return {name: brief.fields.get(name, "") for name in ("price", "currency", "availability")}

    def age(self, brief: Brief) -> str:
        return str(brief.fields.get("made", ""))

    def briefs(self, context: SourceContext) -> Iterator[Brief | Skipped]:
        raise NotImplementedError


def cup(key: str = "cup", **fields: Json) -> Brief:
    return Brief(key, key, {"price": "10.00", "currency": "EUR", "availability": "in_stock"} | fields)


COLOR = Shown(frozenset({"color"}), images=True)


def seen_of(shelf: Shelf, *briefs: Brief, shown: Shown = COLOR) -> dict[str, Seen]:
    return {brief.key: Seen(shown.mark(brief), {**shelf.facts(brief), SHOWN: shown.to_json()}) for brief in briefs}


def shelf(**options: Any) -> Shelf:
    return Shelf(changes_only=True, **options)


def read(changes: Changes, *briefs: Brief) -> list[tuple[str, str | None]]:
    return [(one.brief.key, one.kind) for one in changes.sift(briefs) if isinstance(one, Worth)]


EVERYTHING = ("created", "price_drop", "back_in_stock", "changed")


@pytest.mark.parametrize(
    ("now_is", "kind"),
    [
        (cup(), None),
        (cup(stock=4), None),
        (cup(price="9.99"), "price_drop"),
        (cup(price="9.99", currency="USD"), None),
        (cup(price="10.01"), None),
        (cup(price="call us"), None),
        (cup(availability="out_of_stock"), None),
        (cup(color="red"), "changed"),
        (cup("mug"), "created"),
    ],
)
def test_each_change_has_its_kind(now_is: Brief, kind: str | None) -> None:
    source = shelf(on=EVERYTHING)
    changes = Changes(source, seen_of(source, cup()), COLOR)
    assert read(changes, now_is) == ([(now_is.key, kind)] if kind else [])
    assert changes.unchanged == (kind is None)


def test_what_was_sold_out_and_is_there_again_is_back() -> None:
    source = shelf(on=EVERYTHING)
    for before in ("out_of_stock", "preorder"):
        changes = Changes(source, seen_of(source, cup(availability=before)), COLOR)
        assert read(changes, cup()) == [("cup", "back_in_stock")]
    assert kinds({}, {"availability": "in_stock"}) == frozenset(), "nobody knows what it was"


def test_the_kind_that_is_named_first_says_why() -> None:
    for on, kind in ((("price_drop", "changed"), "price_drop"), (("changed", "price_drop"), "changed")):
        source = shelf(on=on)
        assert read(Changes(source, seen_of(source, cup()), COLOR), cup(price="8", color="red")) == [("cup", kind)]


def test_what_is_not_asked_for_is_known_from_then_on_and_what_is_made_only_once_it_is_done() -> None:
    source = shelf(on=("price_drop",))
    dearer, new, cheaper = cup(price="12"), cup("new"), cup("cheap", price="5")
    changes = Changes(source, seen_of(source, cup(), cup("cheap")), COLOR)
    assert read(changes, dearer, new, cheaper) == [("cheap", "price_drop")]
    assert changes.noted == seen_of(source, dearer, new)
    after = Changes(source, seen_of(source, dearer), COLOR)
    assert read(after, cup(price="11")) == [("cup", "price_drop")], "it was 12 when it was seen last"


@pytest.mark.parametrize(
    ("baseline", "made"),
    [("all", ["a", "b", "c"]), ("skip", []), ("newest 2", ["a", "c"]), ("newest 9", ["a", "b", "c"])],
)
def test_the_first_reading_of_a_shop_that_is_there_already(baseline: str, made: list[str]) -> None:
    source = shelf(baseline=baseline)
    items = [cup("a", made="2026-03-01"), cup("b", made="2026-01-01"), cup("c", made="2026-02-01")]
    changes = Changes(source, {}, COLOR)
    assert [key for key, _ in read(changes, *items)] == made
    assert sorted({"a", "b", "c"} - set(made)) == sorted(changes.noted)
    assert read(Changes(source, changes.noted, COLOR), *items) == [(key, "created") for key in made]


def test_without_ages_the_first_that_are_named_are_the_newest() -> None:
    changes = Changes(shelf(baseline="newest 2"), {}, COLOR)
    assert [key for key, _ in read(changes, cup("a"), cup("b"), cup("c"))] == ["a", "b"]


def test_a_mark_of_everything_from_before_is_still_the_same_item() -> None:
    source = shelf()
    assert read(Changes(source, {"cup": Seen(cup().fingerprint)}, COLOR), cup()) == []


def test_what_does_not_come_is_gone_if_all_was_read_and_somebody_asks() -> None:
    items = [cup(f"cup{number}") for number in range(40)]
    for gone, left, expected in (("keep", 38, ()), ("unpublish", 38, ("cup38", "cup39"))):
        source = shelf(gone=gone)
        changes = Changes(source, seen_of(source, *items), COLOR)
        read(changes, *items[:left])
        assert (changes.gone, changes.doubtful) == (expected, False)
    source = shelf(gone="unpublish")
    for skipped, expected in (
        (Skipped("line 9", "no photo", "cup39"), ("cup38",)),
        (Skipped("line 9", "no id", ""), ("cup38", "cup39")),
        (Skipped("line 9", "no XML"), ()),
    ):
        changes = Changes(source, seen_of(source, *items), COLOR)
        list(changes.sift([*items[:38], skipped]))
        assert changes.gone == expected, "what cannot be used today is there all the same"
    halfway = Changes(source, seen_of(source, *items), COLOR)
    next(halfway.sift([*items[:20], cup("new")]))
    assert halfway.gone == (), "nobody has looked at the rest"


def test_half_a_shop_that_is_gone_at_once_is_a_broken_feed_unless_somebody_says_otherwise() -> None:
    items = [cup(f"cup{number}") for number in range(40)]
    for gone, doubtful in (("unpublish", True), ("unpublish all", False)):
        source = shelf(gone=gone)
        changes = Changes(source, seen_of(source, *items), COLOR)
        read(changes, *items[:20])
        assert (len(changes.gone), changes.doubtful) == (20, doubtful)


def test_a_source_that_makes_a_video_of_everything_asks_nothing() -> None:
    source = Shelf()
    assert read(Changes(source, seen_of(source, cup()), COLOR), cup()) == [("cup", None)]


@pytest.mark.parametrize("options", [{"on": ["created"]}, {"baseline": "skip"}, {"gone": "unpublish"}])
def test_what_to_do_with_changes_needs_that_they_are_looked_for(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="changes_only: true"):
        Shelf(**options)


@pytest.mark.parametrize("baseline", ["newest", "newest 0", "newest -1", "some", "newest 2 "])
def test_a_baseline_that_is_none_is_refused(baseline: str) -> None:
    with pytest.raises(ValidationError, match="not a baseline"):
        shelf(baseline=baseline)


PIPELINE = """\
version: 1
brand: {{name: x}}
pipelines:
  shop:
    source: {{type: event}}
    matrix: {{field: [subject]}}
    prompt: {{subject: "{{{{ brief.subject }}}}", action: a, environment: "{{{{ {used} }}}}", style: s}}
    generate: {{engine: storyboard, image: {image}}}
    caption: {{title: "{{{{ brief.shown | default('x') }}}}", text: "{{% if brief.asked %}}y{{% endif %}}"}}
    deliver: [tiktok]
"""


def pipeline(folder: Path, used: str = "brief.place", image: str = "auto") -> Any:
    text = PIPELINE.format(used=used, image=image)
    return loads(text, folder / "pipelines.yaml").pipeline("shop")


def test_only_what_templates_use_is_in_the_mark(tmp_path: Path) -> None:
    assert used_fields(pipeline(tmp_path)) == {"subject", "place", "shown", "asked"}
    found = shown_by(pipeline(tmp_path)).mark
    brief = Brief("k", "t", {"subject": "s", "place": "p", "stock": 3}, ("https://a.example/1.jpg",))
    assert found(brief) == found(replace(brief, fields={**brief.fields, "stock": 2}))
    assert found(brief) != found(replace(brief, fields={**brief.fields, "place": "q"}))
    assert found(brief) != found(replace(brief, title="u"))
    assert found(brief) != found(replace(brief, images=()))
    drawn = shown_by(pipeline(tmp_path, image="none")).mark
    assert drawn(brief) == drawn(replace(brief, images=()))


def test_a_template_that_takes_the_whole_brief_uses_all_of_it(tmp_path: Path) -> None:
    whole = pipeline(tmp_path, used="brief[variant.field]")
    assert used_fields(whole) is None
    brief = Brief("k", "t", {"subject": "s", "stock": 3})
    shown = shown_by(whole)
    assert shown.mark(brief) != shown.mark(replace(brief, fields={**brief.fields, "stock": 2}))


MUG = cup("mug", color="red", size="L", brand="Shanye")
SIZE = Shown(frozenset({"color", "size"}), images=True)


@pytest.mark.parametrize(
    ("then", "now", "fields"),
    [
        (COLOR, SIZE, "size"),
        (SIZE, COLOR, "size"),
        (COLOR, Shown(frozenset({"size"}), images=False), "color, images, size"),
        (COLOR, Shown(None, images=True), "all of them"),
    ],
)
def test_other_templates_are_no_change_of_the_items(then: Shown, now: Shown, fields: str) -> None:
    source = shelf(on=EVERYTHING)
    changes = Changes(source, seen_of(source, MUG, shown=then), now)
    assert read(changes, MUG) == []
    [note] = changes.notes
    assert note.startswith(f"the templates use other fields than before ({fields}): that is no change of 1 item, ")
    assert changes.noted == seen_of(source, MUG, shown=now), "from now on it is compared by what is shown now"
    assert Changes(source, changes.noted, now).notes == []


def test_what_was_shown_before_still_decides_when_the_templates_are_others() -> None:
    source = shelf()
    seen = seen_of(source, MUG, cup("pot", color="blue"))
    red = replace(MUG, fields={**MUG.fields, "color": "green"})
    large = cup("pot", color="blue", size="XL")
    assert read(Changes(source, seen, SIZE), red, large) == [("mug", "changed")]
    after = Changes(source, {**seen, **seen_of(source, large, shown=SIZE)}, SIZE)
    assert read(after, replace(large, fields={**large.fields, "size": "S"})) == [("pot", "changed")]


@pytest.mark.parametrize(
    ("link", "same"),
    [
        ("https://s.example/a.jpg?v=123", "https://s.example/a.jpg"),
        ("https://s.example/a.jpg?width=800&view=side&_=9", "https://s.example/a.jpg?view=side"),
        ("https://s.example/a.jpg?V=1&id=7&Height=3", "https://s.example/a.jpg?id=7"),
        ("https://s.example/image?id=7&variant=3", "https://s.example/image?id=7&variant=3"),
        ("https://s.example/a.jpg?", "https://s.example/a.jpg"),
        ("/photos/a.jpg?v=1", "/photos/a.jpg?v=1"),
    ],
)
def test_another_edition_of_an_image_is_the_same_image(link: str, same: str) -> None:
    assert picture(link) == same
    source = shelf()
    before, now_is = replace(MUG, images=(link,)), replace(MUG, images=(same,))
    assert read(Changes(source, seen_of(source, before), COLOR), now_is) == []
    listed = replace(now_is, fields={**now_is.fields, "images": [same]})
    before = replace(before, fields={**before.fields, "images": [link]})
    whole = Shown(None, images=False)
    assert read(Changes(source, seen_of(source, before, shown=whole), whole), listed) == []
    other = replace(MUG, images=(same.replace("a.jpg", "b.jpg").replace("id=7", "id=8"),))
    assert read(Changes(source, seen_of(source, before), COLOR), other) == [("mug", "changed")]


def test_a_mark_of_before_with_the_whole_address_is_still_the_same_item() -> None:
    source = shelf()
    brief = replace(MUG, images=("https://s.example/a.jpg?v=1",))
    plain = fingerprint({"title": "mug", "fields": {"color": "red"}, "images": list(brief.images)})
    changes = Changes(source, {"mug": Seen(plain, source.facts(brief))}, COLOR)
    assert read(changes, brief) == []
    assert changes.noted == seen_of(source, brief), "and is known with what its mark is of"
    assert changes.notes == []
