from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from tasks.finishing import encoding, graph, profiles
from tasks.finishing.brand import Brand
from tasks.finishing.job import FinishJob, recipe
from tasks.finishing.stage import prepare
from tasks.finishing.words import Words

JOB = FinishJob(
    words=Words("小雪", ("花雪随风不厌看，更多还肯失林峦。",), "唐 · 戴叔伦"),
    brand=Brand("山野茶事", "#2f6f4f"),
    profiles=profiles.names(),
    produce_id="video-1",
    preview=False,
    width=704,
    height=1280,
    frames=121,
    fps=24,
)


def test_all_platforms_share_one_decoding_and_one_scaling() -> None:
    outputs = [prepare(JOB, name) for name in JOB.profiles]

    drawn = graph.graph(outputs, fps=24)

    assert drawn.count("scale=1080:1964") == 1
    assert drawn.count("[0:v]") == 1
    assert drawn.count("ass=f=") == 4


def test_the_label_is_the_last_thing_drawn_on_every_output() -> None:
    outputs = [prepare(JOB, name) for name in JOB.profiles]

    chains = graph.graph(outputs, fps=24).split(";")

    for index in range(4):
        last = [chain for chain in chains if f"[out{index}]" in chain]
        assert len(last) == 1
        assert f"[label{index}]overlay=" in last[0]
        assert last[0].count("overlay") == 1


def test_no_word_of_the_user_stands_in_the_command() -> None:
    words = Words("TITLE'[x];", ("LINE:,",), "CREDIT")
    job = replace(JOB, words=words, brand=Brand("BRAND", "#2f6f4f"))
    outputs = [prepare(job, name) for name in job.profiles]

    command = " ".join(graph.command(Path("/m.mp4"), outputs, fps=24, cores=2))

    for word in ("TITLE", "LINE", "CREDIT", "BRAND"):
        assert word not in command


def test_a_master_of_another_rate_is_multiplied_once_for_all() -> None:
    outputs = [prepare(replace(JOB, fps=16, frames=81), name) for name in JOB.profiles]

    assert {(output.rate, output.frames) for output in outputs} == {(32, 162)}
    assert graph.graph(outputs, fps=16).count("fps=32") == 1


def test_every_output_has_the_flags_that_platforms_ask_for() -> None:
    arguments = encoding.arguments(profiles.find("youtube_shorts"), 24, 1)

    pairs = dict(pairwise(arguments))
    assert pairs["-g"] == "12"
    assert pairs["-use_editlist"] == "0"
    assert set(pairs["-movflags"].strip("+").split("+")) == {
        "faststart",
        "use_metadata_tags",
        "negative_cts_offsets",
    }
    assert pairs["-map_metadata"] == "-1"


@pytest.mark.parametrize(("outputs", "cores", "threads"), [(4, 2, 1), (1, 2, 2), (4, 16, 4), (1, 64, 8), (4, 1, 1)])
def test_encoders_side_by_side_fill_the_cores_and_no_more(outputs: int, cores: int, threads: int) -> None:
    assert encoding.threads(outputs, cores) == threads


def test_the_cover_is_never_taken_while_words_still_come_in() -> None:
    output = prepare(replace(JOB, frames=73), "tiktok")

    assert min(output.candidates) >= output.settled - 1
    assert max(output.candidates) < 73


@pytest.mark.parametrize("name", profiles.names())
def test_the_same_order_has_the_same_recipe(name: str) -> None:
    assert recipe(JOB, name) == recipe(replace(JOB), name)


CHANGES = {
    "a word": replace(JOB, words=Words("大雪")),
    "a typeface": replace(JOB, words=replace(JOB.words, typeface="sans")),
    "the brand": replace(JOB, brand=replace(JOB.brand, name="茶")),
    "the colour": replace(JOB, brand=replace(JOB.brand, color="#000000")),
    "the label's height": replace(JOB, brand=replace(JOB.brand, label_height=0.06)),
    "the label's languages": replace(JOB, brand=replace(JOB.brand, bilingual=True)),
    "the producer": replace(JOB, brand=replace(JOB.brand, ai_producer="00" + "A" * 25)),
    "the master's length": replace(JOB, frames=97),
    "the master's size": replace(JOB, width=720),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_a_picture_changes_the_recipe(change: str) -> None:
    assert recipe(CHANGES[change], "tiktok") != recipe(JOB, "tiktok")


def test_each_platform_has_a_recipe_of_its_own() -> None:
    assert len({recipe(JOB, name) for name in JOB.profiles}) == 4


def test_what_is_not_drawn_does_not_change_the_recipe() -> None:
    assert recipe(replace(JOB, profiles=("tiktok",), preview=True, produce_id="other"), "tiktok") == recipe(
        JOB, "tiktok"
    )
    assert recipe(replace(JOB, words=replace(JOB.words, title=" 小雪\u200b ")), "tiktok") == recipe(JOB, "tiktok")


def test_another_logo_under_the_same_name_changes_the_recipe(tmp_path: Path) -> None:
    job = replace(JOB, brand=replace(JOB.brand, logo=tmp_path / "logo.png"))
    recipes = []
    for color in ("red", "green"):
        Image.new("RGBA", (32, 32), color).save(tmp_path / "logo.png")
        recipes.append(recipe(job, "tiktok"))

    assert recipes[0] != recipes[1]
