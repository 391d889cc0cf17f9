"""The definition file: what a good one becomes, and what is said of every kind of bad one."""

from __future__ import annotations

import datetime as dt
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from flows.definition import Definition, load, loads
from reelmill.errors import DefinitionError, Problem, UseError
from tasks.generation.options import GenerateOptions
from tasks.sources.solar_terms import SolarTerms

GOOD = """\
version: 1
brand: {name: 山野茶事, color: "#2f6f4f"}
targets:
  outbox: {type: folder, path: outbox}
  archive: {type: folder, path: archive}
pipelines:
  solar-terms-daily:
    schedule: {cron: "0 6 * * *", timezone: Asia/Shanghai}
    source: {type: solar_terms, timezone: Asia/Shanghai}
    matrix: {angle: [customs, food], style: [ink wash, clay]}
    prompt:
      subject: "{{ brief.scene }}"
      action: "{{ brief.motion }}"
      environment: "{{ brief.place }}, {{ brief.angles[variant.angle].en }}"
      style: "{{ variant.style }}"
    generate: {engine: auto, seconds: 5, size: 704x1280}
    caption: {title: "{{ brief.name }}", lines: ["{{ brief.verse }}", "{{ brief.verse_author }}"]}
    deliver: [douyin, tiktok]
    publish: [outbox, {to: archive}]
  sentence:
    on: {event: sentence.written}
    timezone: Europe/Berlin
    source: {type: event, require: [sentence]}
    prompt: {subject: "{{ brief.sentence }}", action: a, environment: b, style: c}
    deliver: [douyin]
"""

HEAD = "version: 1\nbrand: {name: Tea}\ntargets: {outbox: {type: folder, path: o}}\npipelines:\n  p:\n"
KEYS = {
    "source": "{type: solar_terms}",
    "prompt": "{subject: a cup, action: b, environment: c, style: d}",
    "deliver": "[douyin]",
}


def pipeline(**keys: str | None) -> str:
    """A file with one pipeline, whose keys begin in line 6; None leaves a key out."""
    merged = {**KEYS, **keys}
    return HEAD + "".join(f"    {key}: {value}\n" for key, value in merged.items() if value is not None)


def read(text: str) -> Definition:
    return loads(text, Path("pipelines.yaml"))


def problems(text: str) -> list[Problem]:
    with pytest.raises(DefinitionError) as caught:
        read(text)
    return list(caught.value.problems)


def problem(text: str) -> Problem:
    found = problems(text)
    assert len(found) == 1, [str(one) for one in found]
    return found[0]


def test_a_good_file_becomes_an_immutable_definition(tmp_path: Path) -> None:
    file = tmp_path / "pipelines.yaml"
    file.write_text(GOOD, encoding="utf-8")

    definition = load(file)

    assert definition.version == 1
    assert definition.folder == tmp_path
    assert definition.text == GOOD
    assert definition.brand.name == "山野茶事"
    assert list(definition.pipelines) == ["solar-terms-daily", "sentence"]
    daily = definition.pipeline("solar-terms-daily")
    assert isinstance(daily.source, SolarTerms)
    assert daily.matrix is not None
    assert list(daily.matrix.lists) == ["angle", "style"]
    assert daily.generate.frames == 121
    assert (daily.generate.width, daily.generate.height) == (704, 1280)
    assert daily.deliver == ("douyin", "tiktok")
    assert daily.target_names == ("outbox", "archive")
    assert daily.schedule is not None
    assert daily.schedule.missed == "last"
    assert daily.zone.key == "Asia/Shanghai"
    sentence = definition.pipeline("sentence")
    assert sentence.on is not None
    assert sentence.on.event == "sentence.written"
    assert sentence.zone.key == "Europe/Berlin"
    assert sentence.publish == ()
    with pytest.raises(AttributeError):
        definition.version = 2  # type: ignore[misc]  # that it cannot be set is the test


def test_a_definition_is_read_again_from_its_own_text() -> None:
    definition = read(GOOD)
    again = loads(definition.text, definition.path)

    assert again == definition


def test_the_hash_of_a_pipeline_changes_with_everything_that_affects_it_and_with_nothing_else() -> None:
    before = read(GOOD)
    daily, sentence = before.hash("solar-terms-daily"), before.hash("sentence")

    def hashes(old: str, new: str) -> tuple[bool, bool]:
        assert old in GOOD
        after = read(GOOD.replace(old, new))
        return after.hash("solar-terms-daily") == daily, after.hash("sentence") == sentence

    assert hashes("  sentence:\n", "  # a remark\n  sentence:\n") == (True, True)
    assert hashes("{engine: auto, seconds: 5, size: 704x1280}", "{size: 704x1280}") == (True, True)
    assert hashes("seconds: 5", "seconds: 4") == (False, True)
    assert hashes("path: archive", "path: elsewhere") == (False, True)
    assert hashes("[sentence]}", "[sentence, grade]}") == (True, False)
    assert hashes("山野茶事", "Shan Ye") == (False, False)


def test_an_unknown_pipeline_is_told_with_the_nearest_one() -> None:
    with pytest.raises(UseError, match="no pipeline 'sentense'; did you mean 'sentence'"):
        read(GOOD).pipeline("sentense")


def test_a_file_that_is_not_there_is_wrong_use_and_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(UseError) as caught:
        load(tmp_path / "nothing.yaml")

    assert "no such file" in caught.value.reason
    assert "reelmill init" in caught.value.instruction


@pytest.mark.parametrize("place", ["", "with\0nul"])
def test_what_cannot_be_a_file_is_wrong_use(place: str, tmp_path: Path) -> None:
    with pytest.raises(UseError):
        load(tmp_path / place)


def test_an_error_prints_one_line_for_each_problem_and_survives_pickling() -> None:
    with pytest.raises(DefinitionError) as caught:
        read(pipeline(deliver="[douyn]", generate="{sise: 1}"))
    error = caught.value

    lines = str(error).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("pipelines.yaml:8:15: pipelines.p.deliver[0]: `douyn`: there is no platform profile")
    assert "; did you mean `douyin`?" in lines[0]
    assert lines[1].startswith(
        "pipelines.yaml:9:16: pipelines.p.generate.sise: this key is not known; did you mean `size`?"
    )
    assert error.reason == "pipelines.yaml has 2 problems"
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert again.problems == error.problems
    assert error.problems[1].to_json()["suggestion"] == "size"


def test_yaml_is_strict() -> None:
    assert [one.reason for one in problems(pipeline().replace("path: o", "path: &p o") + "version: 1\nzzz: *p\n")] == [
        "the anchor `&p` is not read",
        "the key `version` is written twice; the first one is in line 1",
        "this key is not known",
        "the alias `*p` is not read",
    ]


def test_interval_and_anchor_are_lengths_and_moments_of_time() -> None:
    schedule = read(pipeline(schedule="{interval: 6h, timezone: Asia/Shanghai}")).pipeline("p").schedule

    assert schedule is not None
    assert schedule.every == dt.timedelta(hours=6)
    assert schedule.anchor.isoformat() == "2024-01-01T00:00:00+08:00"


def test_reading_a_definition_loads_nothing_heavy() -> None:
    code = (
        "import sys; from flows.definition import loads; from pathlib import Path\n"
        f"loads({GOOD!r}, Path('pipelines.yaml'))\n"
        "print(sorted({'cv2', 'onnxruntime', 'PIL', 'prefect', 'torch', 'numpy', 'sqlalchemy'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_what_an_engine_draws_with_is_one_word() -> None:
    options = GenerateOptions(model="fastwan22-5b", loras={"ink-wash": 0.8}, tier="fast", size="720p-portrait")
    assert options.drawing == "fastwan22-5b+ink-wash*0.8~fast"
    assert (options.size, options.width, options.height) == ("704x1280", 704, 1280)
    assert GenerateOptions().drawing == ""
    assert GenerateOptions(engine="video_api", model="a-model-of-their-own").drawing == "a-model-of-their-own"
