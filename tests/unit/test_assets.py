"""The pictures, feeds and definition that ship: what they promise, and that they can be made again."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from defusedxml import ElementTree

from flows.definition import load
from tasks.prompts.matrix import variants

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "assets"
PRODUCTS = ASSETS / "products"
GOOGLE = "{http://base.google.com/ns/1.0}"

PHOTOGRAPHS = sorted(PRODUCTS.glob("*.jpg"))
#: The upright one.
UPRIGHT = "tea-tin"


def _picture(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture is not None, path
    return picture


def _feed() -> list[dict[str, str]]:
    items = ElementTree.parse(PRODUCTS / "feed.xml").getroot().findall("channel/item")
    return [{child.tag.removeprefix(GOOGLE): child.text or "" for child in item} for item in items]


def test_there_are_at_least_six_photographs() -> None:
    assert len(PHOTOGRAPHS) >= 6


@pytest.mark.parametrize("path", PHOTOGRAPHS, ids=lambda path: path.stem)
def test_a_photograph_is_a_light_jpeg_of_the_promised_size(path: Path) -> None:
    # given a photograph
    height, width, channels = _picture(path).shape
    # then its size, its channels and its weight are those that a shop asks for
    assert (width, height, channels) == ((900, 1200, 3) if path.stem == UPRIGHT else (1200, 1200, 3))
    assert path.stat().st_size < 120_000


@pytest.mark.parametrize("path", PHOTOGRAPHS, ids=lambda path: path.stem)
def test_a_product_stands_free_on_white_paper(path: Path) -> None:
    # given the outermost pixels of a photograph
    picture = _picture(path)
    border = np.concatenate([picture[:8].reshape(-1, 3), picture[-8:].reshape(-1, 3),
                             picture[:, :8].reshape(-1, 3), picture[:, -8:].reshape(-1, 3)])  # fmt: skip
    # then they are white, and a good part of the picture is not
    assert border.min() >= 245
    assert 0.15 < (picture.min(axis=2) < 225).mean() < 0.75


def test_photographs_differ_from_each_other() -> None:
    small = [cv2.resize(_picture(path), (32, 32), interpolation=cv2.INTER_AREA).astype(float) for path in PHOTOGRAPHS]
    for number, one in enumerate(small):
        assert all(np.abs(one - other).mean() > 4 for other in small[:number])


def test_the_cup_is_cut_out_with_a_soft_rim() -> None:
    # given the picture with alpha
    alpha = _picture(PRODUCTS / "celadon-cup.png")[..., 3]
    # then nothing is at its edge, the cup is whole, and the rim between them is not a staircase
    assert max(alpha[0].max(), alpha[-1].max(), alpha[:, 0].max(), alpha[:, -1].max()) == 0
    assert 0.15 < (alpha == 255).mean() < 0.6
    assert ((alpha > 0) & (alpha < 255)).sum() > 2000


@pytest.mark.parametrize(("name", "dark"), [("logo.png", True), ("logo-light.png", False)])
def test_a_logo_is_one_colour_on_nothing(name: str, dark: bool) -> None:
    picture = _picture(ASSETS / name)
    assert picture.shape == (512, 512, 4)
    assert len(np.unique(picture[..., :3].reshape(-1, 3), axis=0)) == 1
    assert (picture[0, 0, :3].mean() < 128) == dark
    assert picture[0, 0, 3] == 0
    assert 0.1 < (picture[..., 3] == 255).mean() < 0.6


def test_the_logos_are_what_their_tool_draws(tmp_path: Path) -> None:
    # when the tool draws them again
    subprocess.run([sys.executable, ROOT / "tools" / "draw_logo.py", "--folder", tmp_path], check=True, timeout=60)
    # then nothing has changed
    for name in ("logo.png", "logo-light.png"):
        assert np.array_equal(_picture(tmp_path / name), _picture(ASSETS / name))


def test_the_studio_takes_the_same_picture_with_one_process_and_with_two(tmp_path: Path) -> None:
    # when a proof of the tin is taken twice
    for processes in ("1", "2"):
        options = ["--samples", "2", "--width", "60", "--processes", processes, "--folder", str(tmp_path / processes)]
        command = [sys.executable, str(ROOT / "tools" / "draw_products.py"), UPRIGHT, *options]
        subprocess.run(command, check=True, timeout=120)
    # then both are equal, and look like the photograph that ships
    one, two = (_picture(tmp_path / processes / f"{UPRIGHT}.jpg") for processes in ("1", "2"))
    assert np.array_equal(one, two)
    shipped = cv2.resize(_picture(PRODUCTS / f"{UPRIGHT}.jpg"), (60, 80), interpolation=cv2.INTER_AREA)
    assert np.abs(one.astype(float) - shipped).mean() < 8


def test_the_feed_has_six_good_items_one_without_an_image_and_one_without_an_id() -> None:
    items = _feed()
    assert len(items) == 8
    assert sum("image_link" not in item for item in items) == 1
    assert sum("id" not in item for item in items) == 1
    good = [item for item in items if "id" in item and "image_link" in item]
    assert len(good) == len({item["id"] for item in good}) == 6
    for item in good:
        assert {"title", "description", "link", "price", "availability", "color", "material"} <= item.keys()
        assert item["price"].endswith(" CNY")
        assert (PRODUCTS / item["image_link"]).is_file()


def test_the_other_feeds_hold_the_same_products() -> None:
    # given the XML feed by id
    known = {item["id"]: item for item in _feed() if "id" in item}
    # when the CSV and the JSON feed are read
    with (PRODUCTS / "feed.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows += json.loads((PRODUCTS / "feed.json").read_text(encoding="utf-8"))["products"]
    # then each of their products says the same there
    assert len(rows) == 5
    for row in rows:
        assert row == {name: known[row["id"]][name] for name in row}


def test_the_shipped_pipelines_are_valid_and_named_as_documented() -> None:
    definition = load(ROOT / "pipelines.yaml")
    assert list(definition.pipelines) == [
        "solar-terms-daily", "product-animation", "sentence-animation", "ad-copy-test",
    ]  # fmt: skip
    for name, pipeline in definition.pipelines.items():
        assert pipeline.deliver == ("douyin", "tiktok", "instagram_reels", "youtube_shorts")
        assert pipeline.target_names == (("shelf-a", "shelf-b") if name == "ad-copy-test" else ("outbox",))
        assert all(definition.targets[target].local for target in pipeline.target_names), "no account is needed"


def test_a_solar_term_has_twenty_variants_and_the_copy_test_seven() -> None:
    definition = load(ROOT / "pipelines.yaml")
    assert len(variants(definition.pipeline("solar-terms-daily").matrix)) == 20
    copies = variants(definition.pipeline("ad-copy-test").matrix)
    assert len(copies) == 7
    assert all({"line", "motion", "place"} <= variant.values.keys() for variant in copies)


def test_the_example_event_has_the_sentence_that_its_pipeline_requires() -> None:
    event = json.loads((ASSETS / "events" / "sentence.json").read_text(encoding="utf-8"))
    source = load(ROOT / "pipelines.yaml").pipeline("sentence-animation").source
    assert event["id"]
    assert all(event[name] for name in source.model_dump()["require"])
