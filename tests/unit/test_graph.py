import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from tasks.finishing import encoding, graph, profiles
from tasks.finishing.brand import Brand
from tasks.finishing.cards import Cards, EndCard, LowerThird
from tasks.finishing.encoding import Aim
from tasks.finishing.hardware import Encoders
from tasks.finishing.job import FinishJob, recipe
from tasks.finishing.labels import mark
from tasks.finishing.options import CredentialOptions
from tasks.finishing.preparing import prepare
from tasks.finishing.words import Words
from tests import certified

JOB = FinishJob(
    words=Words("小雪", ("花雪随风不厌看，更多还肯失林峦。",), "唐 · 戴叔伦"),
    brand=Brand("山野茶事", "#2f6f4f"),
    profiles=("douyin", "tiktok", "instagram_reels", "youtube_shorts"),
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


def test_what_looks_alike_is_drawn_once() -> None:
    """Douyin's and TikTok's words stand at the same places, their labels do not say the same."""
    alike = [prepare(JOB, name) for name in ("douyin", "tiktok")]
    assert alike[0].layers[:-1] == alike[1].layers[:-1]

    drawn = graph.graph(alike, fps=24)

    assert drawn.count("ass=f=") == 1
    assert drawn.count(mark.FILTER) == 1
    assert sum("[label" in chain and "]overlay=" in chain for chain in drawn.split(";")) == 2
    command = graph.command(Path("/m.mp4"), alike, fps=24, cores=2, encoders=Encoders("software"))
    assert command.count(alike[0].backdrop) == 1


DIFFER = {
    "words": (replace(JOB, words=Words("大雪")), {"words": 2, "mark": 2, "label": 2}),
    "an end card": (replace(JOB, cards=Cards(end_card=EndCard("", 1.0))), {"words": 1, "mark": 2, "label": 2}),
    "the mark": (replace(JOB, produce_id="video-2"), {"words": 1, "mark": 2, "label": 2}),
    "the label": (replace(JOB, brand=replace(JOB.brand, label_height=0.08)), {"words": 1, "mark": 1, "label": 2}),
}


@pytest.mark.parametrize("what", DIFFER)
def test_from_the_first_difference_on_each_is_drawn_for_itself(what: str) -> None:
    job, times = DIFFER[what]

    drawn = graph.graph([prepare(JOB, "tiktok"), prepare(job, "tiktok")], fps=24)

    made = [re.sub(r"[\d_]+$", "", pad) for pad in re.findall(r"\[(\w+)\](?:;|$)", drawn)]
    assert {kind: made.count(kind) for kind in times} == times


@pytest.mark.parametrize("cards", [Cards(), Cards(LowerThird("茶", "", 0.5), EndCard("再见", 1.0))])
def test_the_label_is_the_last_thing_drawn_and_the_mark_lies_right_under_it(cards: Cards) -> None:
    outputs = [prepare(replace(JOB, cards=cards), name) for name in JOB.profiles]

    drawn = graph.graph(outputs, fps=24)

    slides = ["slides"] * len(outputs[0].overlays.slides)
    for index in range(4):
        assert kinds(drawn, index) == ["words", *slides, "mark", "label"]


def kinds(drawn: str, index: int) -> list[str]:
    """What lies over the picture of an output, the lowest first."""
    made_by = {pad: chain for chain in drawn.split(";") for pad in re.findall(r"\[(\w+)\](?=(?:\[\w+\])*$)", chain)}
    found, pad = [], f"out{index}"
    while pad in made_by:
        pad, *over = re.match(r"((?:\[[\w:]+\])+)", made_by[pad])[1].strip("[]").split("][")
        found += [re.sub(r"[\d_]+$", "", name) for name in over]
    return found[::-1]


def test_no_word_of_the_user_stands_in_the_command() -> None:
    words = Words("TITLE'[x];", ("LINE:,",), "CREDIT")
    job = replace(JOB, words=words, brand=Brand("BRAND", "#2f6f4f"))
    outputs = [prepare(job, name) for name in job.profiles]

    command = " ".join(graph.command(Path("/m.mp4"), outputs, fps=24, cores=2, encoders=Encoders("software")))

    for word in ("TITLE", "LINE", "CREDIT", "BRAND"):
        assert word not in command


def test_a_master_of_another_rate_is_multiplied_once_for_all() -> None:
    outputs = [prepare(replace(JOB, fps=16, frames=81), name) for name in JOB.profiles]

    assert {(output.rate, output.frames) for output in outputs} == {(32, 162)}
    assert graph.graph(outputs, fps=16).count("fps=32") == 1


def test_every_output_has_the_flags_that_platforms_ask_for() -> None:
    arguments = encoding.arguments(Aim(profiles.find("youtube_shorts"), 24, 1, 5.0))

    pairs = dict(pairwise(arguments))
    assert pairs["-g"] == "12"
    assert pairs["-use_editlist"] == "0"
    assert set(pairs["-movflags"].strip("+").split("+")) == {
        "faststart",
        "use_metadata_tags",
        "negative_cts_offsets",
    }
    assert pairs["-map_metadata"] == "-1"


def test_a_long_video_gets_the_rate_at_which_it_is_not_too_large() -> None:
    discord = profiles.find("discord")
    assert discord.bitrate(5.0) == discord.max_bitrate.value
    minute = discord.bitrate(60.0)
    assert (minute + discord.audio_bitrate.value) * 60 / 8 < discord.max_bytes.value
    assert str(minute) in encoding.arguments(Aim(discord, 24, 1, 60.0))


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
    "the video": replace(JOB, produce_id="video-2"),
    "what drew it": replace(JOB, agent="wan22-ti2v-5b@abc"),
    "a program drew it": replace(JOB, preview=True),
    "the master's length": replace(JOB, frames=97),
    "the master's size": replace(JOB, width=720),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_a_picture_changes_the_recipe(change: str) -> None:
    assert recipe(CHANGES[change], "tiktok") != recipe(JOB, "tiktok")


def test_each_platform_has_a_recipe_of_its_own() -> None:
    assert len({recipe(JOB, name) for name in JOB.profiles}) == 4


def test_what_is_neither_drawn_nor_said_does_not_change_the_recipe() -> None:
    assert recipe(replace(JOB, profiles=("tiktok",), home=Path("/elsewhere")), "tiktok") == recipe(JOB, "tiktok")
    assert recipe(replace(JOB, words=replace(JOB.words, title=" 小雪\u200b ")), "tiktok") == recipe(JOB, "tiktok")


def test_another_certificate_or_clock_changes_the_recipe(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    found = {recipe(JOB, "tiktok")}
    for _ in range(2):
        files = certified.write(tmp_path, certified.certificate(key), key)
        for clock in (None, "https://time.example"):
            named = {**files, "key": {"env": "NOT_SET"}, "tsa_url": clock}
            brand = replace(JOB.brand, credentials=CredentialOptions.model_validate(named))
            found.add(recipe(replace(JOB, brand=brand), "tiktok"))

    assert len(found) == 5


def test_another_logo_under_the_same_name_changes_the_recipe(tmp_path: Path) -> None:
    job = replace(JOB, brand=replace(JOB.brand, logo=tmp_path / "logo.png"))
    recipes = []
    for color in ("red", "green"):
        Image.new("RGBA", (32, 32), color).save(tmp_path / "logo.png")
        recipes.append(recipe(job, "tiktok"))

    assert recipes[0] != recipes[1]


def test_silence_is_one_input_and_each_sound_is_one_more() -> None:
    """Pictures are numbered behind them."""
    silent = [prepare(JOB, name) for name in JOB.profiles]
    sounds = ("sound/0.wav", "sound/0.wav", "", "sound/1.wav")
    heard = [replace(output, sound=sound) for output, sound in zip(silent, sounds, strict=True)]

    for outputs, inputs, maps, first in (
        (silent, ["anullsrc=r=48000:cl=stereo"], ["1:a"] * 4, 2),
        (heard, ["sound/0.wav", "anullsrc=r=48000:cl=stereo", "sound/1.wav"], ["1:a", "1:a", "2:a", "3:a"], 4),
    ):
        command = graph.command(Path("/m.mp4"), outputs, fps=24, cores=2, encoders=Encoders("software"))
        named = [value for key, value in pairwise(command) if key == "-i"]
        assert named[1:first] == inputs
        assert named[first] == silent[0].backdrop
        assert [value for key, value in pairwise(command) if key == "-map" and value.endswith(":a")] == maps
        assert f"[{first}:v]" in graph.graph(outputs, fps=24)
        assert f"[{first - 1}:v]" not in graph.graph(outputs, fps=24)
