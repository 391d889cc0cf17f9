"""The library of prompts: what ships is proven, what is wrong is told where it stands, and pipelines can use it."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows.definition import Definition, load
from flows.library import Entry, Reading, entries, find, library, read
from flows.occasion import on_date
from flows.planning import plan_run
from flows.video_plan import prompts_of
from reelmill.errors import DefinitionError, Problem
from reelmill.settings import Settings
from tasks.prompts.advice import LIGHT
from tasks.prompts.compose import compose
from tasks.prompts.library_prompt import LibraryPrompt
from tasks.prompts.proving import prove, unproven
from tasks.sources.base import SourceContext
from tasks.sources.solar_terms import SolarTerms

GOOD = """\
about: A leaf.
needs: [brief.leaf]
subject: {en: "a leaf of {{ brief.leaf }}", zh: "一片{{ brief.leaf }}"}
action: {en: it unfurls slowly, zh: 它缓缓舒展}
environment: {en: clear water, zh: 清水}
style: macro photography
camera: {en: steady camera, zh: 固定镜头}
examples:
  - brief: {leaf: white tea}
    holds: [a leaf of white tea]
    lacks: [它]
  - {brief: {leaf: 白茶}, language: zh, holds: [一片白茶]}
counter_examples:
  - {brief: {leaf: tea in a crowd}, remark: crowd}
  - {brief: {name: white tea}, error: brief.leaf}
"""


def written(folder: Path, text: str, name: str = "tea/leaf") -> Path:
    path = folder / "prompts" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def reading(folder: Path, *changes: tuple[str, str]) -> Reading:
    text = GOOD
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    return read(written(folder, text))


def good(folder: Path, *changes: tuple[str, str]) -> LibraryPrompt:
    found = reading(folder, *changes)
    assert found.prompt is not None, [str(problem) for problem in found.problems]
    return found.prompt


def failures(prompt: LibraryPrompt) -> list[tuple[str, int, str]]:
    return [(proof.kind, proof.number, failure) for proof in prove(prompt) for failure in proof.failures]


SHIPPED = library(Path("/nowhere"))


@pytest.mark.parametrize("name", list(SHIPPED))
def test_what_ships_is_proven_by_its_examples_and_says_what_goes_wrong(name: str) -> None:
    entry = SHIPPED[name]
    prompt = entry.read().prompt
    assert prompt is not None, [str(problem) for problem in entry.read().problems]
    assert entry.shipped
    assert failures(prompt) == []
    assert unproven(prompt) == []
    assert prompt.counter_examples


def test_about_a_dozen_ship() -> None:
    assert len(SHIPPED) >= 12


@pytest.mark.parametrize("name", [name for name in SHIPPED if name.startswith("solar-terms/")])
def test_the_prompts_for_solar_terms_suit_every_term_of_a_year(name: str) -> None:
    prompt = SHIPPED[name].read().prompt
    assert prompt is not None
    made: set[str] = set()
    source = SolarTerms(type="solar_terms", timezone="Asia/Shanghai", on="term_day")
    zone = ZoneInfo("Asia/Shanghai")
    for day in source.days(SourceContext(on_date(zone, "2026-01-01"), Path()), on_date(zone, "2026-12-31").date):
        for brief in source.briefs(SourceContext(on_date(zone, day.isoformat()), Path())):
            made.add(compose(prompt.options(), brief, prompt.examples[0].as_variant, {}, LIGHT.languages).positive)
    assert len(made) == 24


def test_a_good_file_is_read_and_proven(tmp_path: Path) -> None:
    prompt = good(tmp_path)

    assert prompt.languages == ("en", "zh")
    assert (failures(prompt), unproven(prompt)) == ([], [])
    assert [proof.prompt for proof in prove(prompt)][:2] == [
        "a leaf of white tea, it unfurls slowly, clear water, macro photography, steady camera",
        "一片白茶, 它缓缓舒展, 清水, macro photography, 固定镜头",
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("holds: [a leaf of white tea]", "holds: [a petal]"), ("examples", 0, "'a petal' is not in it")),
        (("lacks: [它]", "lacks: [slowly]"), ("examples", 0, "'slowly' is in it")),
        (("zh: 固定镜头", "zh: 跟着它走"), ("examples", 1, "camera-unsaid: ")),
        (("{leaf: white tea}", "{lef: white tea}"), ("examples", 0, "there is no `brief.leaf`")),
        (("remark: crowd", "remark: cuts"), ("counter_examples", 0, "the lint says crowd; 'cuts' was expected")),
        (("tea in a crowd", "tea"), ("counter_examples", 0, "the lint says nothing; 'crowd' was expected")),
        (("{name: white tea}", "{leaf: tea}"), ("counter_examples", 1, "no error came; 'brief.leaf' was expected")),
        (("error: brief.leaf", "error: brief.root"), ("counter_examples", 1, "another error came: there is no")),
        (("remark: crowd", "error: crowd"), ("counter_examples", 0, "no error came; 'crowd' was expected")),
    ],
)
def test_an_example_that_is_not_as_it_says_is_told(
    tmp_path: Path, change: tuple[str, str], expected: tuple[str, int, str]
) -> None:
    ((kind, number, failure),) = failures(good(tmp_path, change))
    assert (kind, number) == expected[:2]
    assert failure.startswith(expected[2])


def test_a_language_without_an_example_is_told(tmp_path: Path) -> None:
    assert unproven(good(tmp_path, ("language: zh, holds: [一片白茶]", "holds: [a leaf]"))) == ["zh"]


@pytest.mark.parametrize(
    ("change", "line", "path", "words"),
    [
        (("about: A leaf.\n", ""), 1, "about", "the key `about` is missing"),
        (("subject:", "subjekt:"), 3, "subjekt", "this key is not known"),
        (("needs: [brief.leaf]", "needs: [brief.leaf, brief.root]"), 2, "needs[1]", "no part uses this"),
        (("needs: [brief.leaf]\n", ""), 2, "subject.en", "`brief.leaf` is used here, and is not in `needs`"),
        (("needs: [brief.leaf]", "needs: [leaf]"), 2, "needs[0]", "it has the wrong form"),
        (("{{ brief.leaf }}", "{{ brief.leaf"), 3, "subject.en", "a `{{` without a `}}`"),
        (("it unfurls slowly", "'{{ brief.items() }}'"), 4, "action.en", "calls something"),
        (("clear water", "'{% for a in brief.leaf %}{% endfor %}'"), 5, "environment.en", "loops"),
        (("macro photography", "'{{ brand.__class__ }}'"), 6, "style", "begins with an underscore"),
        (("macro photography", "''"), 6, "style", "the text is too short"),
        (("{leaf: tea in a crowd}, remark: crowd", "{leaf: tea}"), 14, "counter_examples[0]", "says which remark"),
        (("macro photography", "[macro]"), 6, "style", "a text is expected"),
        (("macro photography", "*macro"), 6, "style", "the alias `*macro` is not read"),
        (("style: macro", "style: a: macro"), 6, "style", "a second colon stands"),
        (("about: A leaf.", "about: A leaf.\nabout: B"), 2, "about", "is written twice"),
        (("about: A leaf.", "about: \x07"), 1, "", "invisible character"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(
    tmp_path: Path, change: tuple[str, str], line: int, path: str, words: str
) -> None:
    found = reading(tmp_path, change)
    assert found.prompt is None
    told = [problem for problem in found.problems if words in problem.reason]
    assert told, [str(problem) for problem in found.problems]
    assert (told[0].line, told[0].file) == (line, str(tmp_path / "prompts" / "tea" / "leaf.yaml"))
    assert told[0].path in {path, ""}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"text", b"- a\n- b", b"a: " + b"[" * 100, b"{" * 5000])
def test_bytes_that_are_no_prompt_are_told(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, "")
    path.write_bytes(content)
    found = read(path)
    assert found.prompt is None
    assert found.problems


def test_a_file_that_is_too_large_or_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "about: " + "x" * 1_000_001)
    assert "more than 1,000,000 bytes" in read(path).problems[0].reason
    assert "no such file" in read(tmp_path / "none.yaml").problems[0].reason


SOURCE = "{type: list, items: [{id: a, title: A, leaf: green tea}]}"
DEFINITION = f"""\
version: 1
brand: {{name: x}}
pipelines:
  p:
    source: {SOURCE}
    prompt: PROMPT
    generate: {{engine: storyboard}}
    caption: {{title: "{{{{ brief.title }}}}"}}
    deliver: [douyin]
"""


def definition(folder: Path, prompt: str) -> Definition:
    path = folder / "pipelines.yaml"
    path.write_text(DEFINITION.replace("PROMPT", prompt), encoding="utf-8")
    return load(path)


def problems(folder: Path, prompt: str) -> list[Problem]:
    with pytest.raises(DefinitionError) as caught:
        definition(folder, prompt)
    return list(caught.value.problems)


def planned(made: Definition) -> str:
    about = on_date(ZoneInfo("Asia/Shanghai"), "2026-11-22")
    (video,) = plan_run(made, "p", about, Settings(), seen={}).videos
    (prompt,) = prompts_of(video.plan)
    return prompt


LEAF = "it unfurls slowly, clear water, macro photography"
STEAM = (
    "a walnut table by a rainy window, soft morning light, shallow depth of field, product photography, warm natural"
)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("{use: tea/leaf}", f"a leaf of green tea, {LEAF}, steady camera"),
        ("{use: tea/leaf, language: zh}", "一片green tea, 它缓缓舒展, 清水, macro photography, 固定镜头"),
        ("{use: tea/leaf, subject: 'a bud of {{ brief.leaf }}', camera: ''}", f"a bud of green tea, {LEAF}"),
        ("{use: product/steam, camera: ''}", f"A, warm steam rises slowly from it, {STEAM} colours"),
    ],
)
def test_a_pipeline_uses_a_prompt_and_says_what_is_other(tmp_path: Path, prompt: str, expected: str) -> None:
    written(tmp_path, GOOD)
    assert planned(definition(tmp_path, prompt)) == expected


def test_a_prompt_of_ones_own_goes_before_one_that_ships(tmp_path: Path) -> None:
    written(tmp_path, GOOD, "product/steam")
    assert planned(definition(tmp_path, "{use: product/steam}")).startswith("a leaf of green tea")
    assert not library(tmp_path)["product/steam"].shipped


def test_a_changed_file_is_another_definition(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    before = definition(tmp_path, "{use: tea/leaf}").hash("p")
    written(tmp_path, GOOD.replace("unfurls", "opens"))
    assert definition(tmp_path, "{use: tea/leaf}").hash("p") != before


def test_a_prompt_that_is_not_there_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    ((only,), (near,)) = problems(tmp_path, "{use: tea/laef}"), problems(tmp_path, "{use: product/stean}")
    assert (only.line, only.path, only.suggestion) == (6, "pipelines.p.prompt.use", "tea/leaf")
    assert near.suggestion == "product/steam"


@pytest.mark.parametrize("name", ["../leaf", "/etc/passwd", "tea/../../leaf", "tea/leaf.yaml", "TEA/leaf", "tea//leaf"])
def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "leaf.yaml").write_text(GOOD, encoding="utf-8")
    written(tmp_path, GOOD)
    assert find(name, tmp_path) is None
    (problem,) = problems(tmp_path, f"{{use: {name}}}")
    assert problem.reason == "the library has no such prompt"


def test_a_field_that_the_source_does_not_have_is_told_at_the_use(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    text = DEFINITION.replace(SOURCE, "{type: solar_terms}")
    path = tmp_path / "pipelines.yaml"
    path.write_text(text.replace("PROMPT", "{use: tea/leaf}"), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load(path)
    (problem,) = caught.value.problems
    assert (problem.path, problem.reason) == ("pipelines.p.prompt.use", "there is no `brief.leaf`")


def test_what_is_wrong_in_a_file_that_is_used_is_told_with_the_definition(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace("{{ brief.leaf }}", "{{ brief.leaf", 1))
    use, inside = problems(tmp_path, "{use: tea/leaf}")
    assert (use.path, use.line) == ("pipelines.p.prompt.use", 6)
    assert (inside.file, inside.line, inside.path) == (str(path), 3, "subject.en")


def test_a_language_that_the_prompt_does_not_have_is_told(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    (problem,) = problems(tmp_path, "{use: tea/leaf, language: ja}")
    assert "no text in 'ja'" in problem.reason


def test_entries_are_named_by_their_paths(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    written(tmp_path, GOOD, "root")
    (tmp_path / "prompts" / "notes.txt").write_text("no prompt")
    assert [entry.name for entry in entries(tmp_path / "prompts")] == ["root", "tea/leaf"]
    assert find("root", tmp_path) == Entry("root", tmp_path / "prompts" / "root.yaml")
    assert entries(tmp_path / "none") == []
