"""What the exports of single shop systems become: each file here is made to the vendor's own description."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from reelmill.content import Brief, Skipped
from reelmill.errors import SourceError
from tasks.sources.base import Occasion, SourceContext
from tasks.sources.feeds.dialects import recognition
from tasks.sources.product_feed import ProductFeed

OCCASION = Occasion(dt.date(2026, 11, 22), ZoneInfo("Asia/Shanghai"))

META = """\
# Required | A unique ID for the item.,# Required | Its title.,# Required,# Required,# Required | Price,# Required,,,,,
id,title,description,availability,price,image[0].url,image[0].tag[0],image[1].url,quantity_to_sell_on_facebook,status,\
sale_price,sale_price_effective_date
m1,Cup,Blue cup,in stock,9.99 USD,https://s.example/1.jpg,front,https://s.example/2.jpg,75,active,\
8.00 USD,2026-11-01T00:00-0800/2026-11-30T00:00-0800
m2,Pot,Red pot,,5 USD,https://s.example/3.jpg,,,0,active,4.00 USD,2026-12-01/2026-12-24
m3,Tray,Old tray,available for order,5 USD,https://s.example/4.jpg,,,1,archived,,
m4,Jug,Jug,,5 USD,,,,,active,,
"""

SHOPIFY_COLUMNS = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,"
    "Option2 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,"
    "Variant Price,Variant Compare At Price,Image Src,Image Position,Status"
)
SHOPIFY = f"""{SHOPIFY_COLUMNS}
gaiwan,Gaiwan,"<p>Hand <b>thrown</b>,
 fired twice.</p>",Shanye,Home & Garden > Kitchen,Tea ware,"tea, cup",true,Colour,Celadon,Size,S,g-s,shopify,0,deny,\
128.00,150.00,https://cdn.example/1.jpg,1,active
gaiwan,,,,,,,,,Celadon,,L,g-l,shopify,3,deny,148.00,,https://cdn.example/2.jpg,2,
gaiwan,,,,,,,,,,,,,,,,,,https://cdn.example/3.jpg,3,
tin,Tin,,Shanye,,Tin,,true,Title,Default Title,,,t1,,,deny,20.00,,https://cdn.example/4.jpg,1,draft
tray,Tray,,Shanye,,Tray,,FALSE,Title,Default Title,,,t2,,,deny,20.00,,https://cdn.example/5.jpg,1,active
jar,Jar,,Shanye,,Jar,,TRUE,Title,Default Title,,,j1,shopify,-2,continue,20.00,10.00,https://cdn.example/6.jpg,1,active
"""

SHOPIFY_2025 = """\
Title,URL handle,Description,Vendor,Product category,Type,Published on online store,Status,SKU,Option1 name,\
Option1 value,Price,Compare-at price,Inventory tracker,Inventory quantity,Continue selling when out of stock,\
Product image URL,Image position
Gaiwan,gaiwan,<p>Thrown</p>,Shanye,Kitchen,Tea ware,TRUE,Active,g1,Material,Porcelain,99,120,shopify,0,DENY,\
https://cdn.example/1.jpg,1
"""

WOO = """\
ID,Type,SKU,Name,Published,"Is featured?","Visibility in catalog","Short description",Description,\
"Date sale price starts","Date sale price ends","In stock?",Stock,"Sale price","Regular price",Categories,Tags,Images,\
Parent,"Attribute 1 name","Attribute 1 value(s)"
11,simple,w-1,Mug,1,0,visible,Short,"Long\\nmug",2026-11-20,2026-11-30,1,5,"12,50","14,90","Kitchen > Mugs, Sale",,\
"https://w.example/1.jpg, https://w.example/a\\,b.jpg",,,
12,variable,w-2,Shirt,1,0,visible,A shirt,,,,1,,,,Clothing,,,,Color,"Blue, Green"
13,variation,w-2-b,Shirt - Blue,1,0,visible,,,,,1,3,,25,,,https://w.example/blue.jpg,w-2,Color,Blue
14,variation,w-2-g,Shirt - Green,1,0,visible,,,,,1,3,,26,,,https://w.example/green.jpg,id:12,Color,Green
15,simple,w-3,Draft,-1,0,visible,,,,,1,,,9,,,https://w.example/3.jpg,,,
16,simple,w-4,Hidden,1,0,hidden,,,,,1,,,9,,,https://w.example/4.jpg,,,
17,"simple, virtual",,Backlog,1,0,visible,,,,,backorder,,5,9,,,https://w.example/5.jpg,,,
18,variation,,Lost,1,0,visible,,,,,1,,,9,,,https://w.example/6.jpg,id:3,,
"""

STOREFRONT = {
    "products": [
        {
            "id": 632910392,
            "title": "Gaiwan",
            "handle": "gaiwan",
            "body_html": "<p>Hand <b>thrown</b></p>",
            "vendor": "Shanye",
            "product_type": "Tea ware",
            "variants": [
                {"id": 1, "option1": "S", "price": "128.00", "compare_at_price": "150.00", "available": False},
                {"id": 2, "option1": "L", "price": "148.00", "compare_at_price": "", "available": True},
            ],
            "images": [{"id": 5, "src": "https://cdn.example/1.jpg"}, {"id": 6, "src": "https://cdn.example/2.jpg"}],
            "options": [{"name": "Size", "position": 1, "values": ["S", "L"]}],
        },
        {"title": "No variants", "handle": "none"},
        {"title": "Bare", "handle": "bare", "variants": [], "images": []},
    ]
}


def read(folder: Path, name: str, content: str, **options: Any) -> tuple[dict[str, Brief], list[Skipped]]:
    (folder / name).write_text(content, encoding="utf-8")
    found = list(ProductFeed(type="product_feed", url=name, **options).briefs(SourceContext(OCCASION, folder)))
    return {one.key: one for one in found if isinstance(one, Brief)}, [one for one in found if isinstance(one, Skipped)]


def test_metas_catalogue_has_a_line_of_remarks_and_columns_with_an_index(tmp_path: Path) -> None:
    briefs, skipped = read(tmp_path, "meta.csv", META)
    assert briefs["m1"].images == ("https://s.example/1.jpg", "https://s.example/2.jpg")
    assert briefs["m1"].fields["price_amount"] == "9.99"
    assert (briefs["m1"].fields["sale_price_amount"], briefs["m1"].fields["sale_ends"]) == ("8.00", "2026-11-30")
    assert [briefs[key].fields["availability"] for key in briefs] == ["in_stock", "out_of_stock"]
    assert briefs["m2"].fields["sale_price"] == ""  # it is not December yet
    assert [(one.where, one.reason) for one in skipped] == [
        ("item 3 (line 5)", "'m3' is not shown: its status is archived"),
        ("item 4 (line 6)", "'m4' has no image"),
    ]


def test_a_line_of_remarks_may_stand_below_the_names_too(tmp_path: Path) -> None:
    table = "id,title,image_link,fb_product_category\n# Required,# Required,#,\n#1,Cup,https://s.example/1.jpg,Cups\n"
    briefs, skipped = read(tmp_path, "meta.csv", table)
    assert [brief.fields["id"] for brief in briefs.values()] == ["#1"]
    assert next(iter(briefs.values())).fields["product_type"] == "Cups"
    assert skipped == []


def test_shopifys_table_has_several_rows_for_a_product(tmp_path: Path) -> None:
    briefs, skipped = read(tmp_path, "products_export.csv", SHOPIFY, currency="CNY")
    assert list(briefs) == ["gaiwan", "jar"]
    cup = briefs["gaiwan"]
    assert cup.images == tuple(f"https://cdn.example/{number}.jpg" for number in (1, 2, 3))
    assert cup.fields["description"] == "Hand thrown , fired twice."
    # the small one is sold out, so the large one speaks
    assert (cup.fields["price"], cup.fields["price_currency"], cup.fields["size"]) == ("148.00", "CNY", "L")
    assert (cup.fields["availability"], cup.fields["color"], cup.fields["brand"]) == ("in_stock", "Celadon", "Shanye")
    assert cup.fields["sale_price"] == ""
    assert briefs["jar"].fields["availability"] == "in_stock"  # it is sold on though there is none
    assert briefs["jar"].fields["sale_price"] == ""  # what was asked before was less
    assert [(one.where, one.reason) for one in skipped] == [
        ("item 4 (line 6)", "'tin' is not shown: its status is draft"),
        ("item 5 (line 7)", "'tray' is not published"),
    ]


def test_shopifys_table_of_today_has_other_names(tmp_path: Path) -> None:
    briefs, skipped = read(tmp_path, "products.csv", SHOPIFY_2025, currency="USD")
    fields = briefs["gaiwan"].fields
    assert (fields["price_amount"], fields["sale_price_amount"], fields["material"]) == ("120", "99", "Porcelain")
    assert (fields["availability"], fields["google_product_category"]) == ("out_of_stock", "Kitchen")
    assert skipped == []


def test_a_storefronts_json_has_variants_and_images(tmp_path: Path) -> None:
    briefs, skipped = read(tmp_path, "products.json", json.dumps(STOREFRONT), currency="EUR")
    cup = briefs["gaiwan"]
    assert (cup.fields["id"], cup.fields["price"], cup.fields["size"]) == ("gaiwan", "148.00", "L")
    assert cup.images == ("https://cdn.example/1.jpg", "https://cdn.example/2.jpg")
    assert cup.fields["description"] == "Hand thrown"
    assert cup.fields["link"] == ""  # a file does not say where its shop is
    assert [(one.where, one.reason) for one in skipped] == [
        ("item 2", "it is no product of Shopify's: it has no `handle` or no `variants`"),
        ("item 3", "'bare' has no image"),
    ]


def test_woocommerces_variations_belong_to_their_product(tmp_path: Path) -> None:
    briefs, skipped = read(tmp_path, "wc-product-export.csv", WOO, currency="EUR")
    mug, shirt, backlog = (briefs[key] for key in ("11", "12", "17"))
    assert mug.images == ("https://w.example/1.jpg", "https://w.example/a,b.jpg")
    assert (mug.fields["price_amount"], mug.fields["sale_price_amount"]) == ("14.90", "12.50")
    assert (mug.fields["price_currency"], mug.fields["sale_ends"]) == ("EUR", "2026-11-30")
    assert (mug.fields["description"], mug.fields["product_type"]) == ("Long mug", "Kitchen > Mugs")
    assert (shirt.fields["price"], shirt.fields["color"]) == ("25", "Blue, Green")
    assert shirt.images == ("https://w.example/blue.jpg",)
    assert shirt.fields["description"] == "A shirt"
    assert backlog.fields["availability"] == "backorder"
    assert [(one.where, one.reason) for one in skipped] == [
        ("item 5 (line 6)", "'15' is not published"),
        ("item 6 (line 7)", "'16' is hidden in the catalogue"),
        ("item 8 (line 9)", "it is a variation of 'id:3', which is not the product before it"),
    ]


def test_a_column_that_the_definition_names_is_read_in_a_dialect_too(tmp_path: Path) -> None:
    briefs, _ = read(tmp_path, "woo.csv", WOO, columns={"SKU": "id"})
    assert list(briefs)[:2] == ["w-1", "w-2"]
    briefs, _ = read(tmp_path, "shopify.csv", SHOPIFY, columns={"Tags": "product_type"})
    assert briefs["gaiwan"].fields["product_type"] == "tea, cup"


def test_a_format_that_is_named_is_that_one(tmp_path: Path) -> None:
    assert list(read(tmp_path, "s.csv", SHOPIFY, format="shopify")[0]) == ["gaiwan", "jar"]
    assert list(read(tmp_path, "w.csv", WOO, format="woocommerce")[0]) == ["11", "12", "17"]
    assert list(read(tmp_path, "m.csv", META, format="meta")[0]) == ["m1", "m2"]
    plain = "id,title,image_link\na,Cup,https://s.example/1.jpg\n"
    assert list(read(tmp_path, "m.csv", plain, format="meta")[0]) == ["a"]
    # as plain JSON the first variant is nobody, and the id is the number
    briefs, _ = read(tmp_path, "p.json", json.dumps(STOREFRONT), format="json")
    assert list(briefs) == ["632910392"]
    with pytest.raises(SourceError, match="has not the columns of shopify"):
        read(tmp_path, "w.csv", WOO, format="shopify")
    with pytest.raises(SourceError, match="is JSON, and woocommerce is read as CSV"):
        read(tmp_path, "p.json", json.dumps(STOREFRONT), format="woocommerce")


@pytest.mark.parametrize(
    ("columns", "dialect"),
    [
        (SHOPIFY_COLUMNS.split(","), "shopify"),
        (["ID", "Type", "Name", "Published", "Regular price"], "woocommerce"),
        (["id", "title", "quantity_to_sell_on_facebook"], "meta"),
        (["id", "title", "image_link", "price"], None),
        (["handle", "title", "price"], None),
        ([], None),
    ],
)
def test_a_dialect_is_known_by_its_columns(columns: list[str], dialect: str | None) -> None:
    assert recognition.of_columns(columns) == dialect


FOREIGN = {
    "result": {
        "count": 2,
        "rows": [
            {
                "article": {"no": 7, "names": {"en": "Cup"}},
                "media": [{"big": "https://s.example/7.jpg"}, {"big": "https://s.example/8.jpg"}],
                "variants": [{"price": 12.50, "currency": "EUR"}],
                "id": "not this one",
            },
            {"article": {"no": 8}},
        ],
    }
}
FIELDS = {
    "id": "article.no",
    "title": "article.names.en",
    "image_link": "media.0.big",
    "price": "variants.0.price",
    "price_currency": "variants.0.currency",
}


def test_any_json_is_read_by_paths(tmp_path: Path) -> None:
    briefs, skipped = read(tmp_path, "x.json", json.dumps(FOREIGN), fields=FIELDS, items_at="result.rows")
    assert list(briefs) == ["7"]
    assert briefs["7"].images == ("https://s.example/7.jpg",)
    assert (briefs["7"].fields["price_amount"], briefs["7"].fields["price_currency"]) == ("12.5", "EUR")
    assert [(one.where, one.reason) for one in skipped] == [("item 2", "'8' has no title")]


@pytest.mark.parametrize("name", ["x.jsonl", "x.ndjson", "export"])
def test_json_lines_are_read_by_paths_and_known_by_their_shape(tmp_path: Path, name: str) -> None:
    lines = [json.dumps(item) for item in FOREIGN["result"]["rows"]]  # type: ignore[index]  # it is a list
    lines.insert(1, '{"broken": ' if name != "export" else '{"article": {}}')
    briefs, skipped = read(tmp_path, name, "\n".join(lines) + "\n\n", fields=FIELDS)
    assert list(briefs) == ["7"]
    assert [one.where for one in skipped] == ["item 2 (line 2)", "item 3 (line 3)"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"fields": {"titel": "a.b"}}, "did you mean 'title'"),
        ({"fields": {"title": "a"}, "format": "csv"}, "are for plain JSON"),
        ({"items_at": "a", "format": "shopify"}, "are for plain JSON"),
        ({"currency": "euro"}, "pattern"),
        ({"format": "excel"}, "format"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        ProductFeed(type="product_feed", url="feed", **options)


def test_paths_in_a_feed_that_is_no_json_are_an_error_that_says_what_to_use(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is CSV") as caught:
        read(tmp_path, "m.csv", META, fields=FIELDS)
    assert "columns" in caught.value.instruction


def test_of_a_group_only_the_first_may_be_wanted(tmp_path: Path) -> None:
    table = "id,title,image_link,item_group_id,size\n" + "".join(
        f"{key},Shirt,https://s.example/{key}.jpg,{group},{size}\n"
        for key, group, size in (("a", "g1", "S"), ("b", "g1", "M"), ("c", "", "S"), ("d", "", "M"), ("e", "g2", "S"))
    )
    assert list(read(tmp_path, "f.csv", table)[0]) == ["a", "b", "c", "d", "e"]
    briefs, skipped = read(tmp_path, "f.csv", table, groups="first")
    assert list(briefs) == ["a", "c", "d", "e"]
    assert [one.reason for one in skipped] == ["'b' is another one of the group 'g1'"]
