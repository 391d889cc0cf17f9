"""What is said of a definition file that is wrong: where, what, what is allowed, and what was probably meant."""

from __future__ import annotations

import pytest

from tests.unit.test_definition import HEAD, KEYS, pipeline, problem, problems, read

UNKNOWN_KEYS = [
    (pipeline(prompt=None, promt=KEYS["prompt"]), 8, 5, "pipelines.p.promt", "prompt", "this key is not known"),
    (pipeline().replace("brand:", "brnd:"), 2, 1, "brnd", "brand", "this key is not known"),
    (pipeline(generate="{sise: 704x1280}"), 9, 16, "pipelines.p.generate.sise", "size", "this key is not known"),
    (pipeline(generate="{lines: [a]}"), 9, 16, "pipelines.p.generate.lines", "",
     "this key is not known here: `lines` belongs to `caption`"),
    (pipeline(generate="{caption: {title: a}}"), 9, 16, "pipelines.p.generate.caption", "",
     "this key is not known here: `caption` belongs to the pipeline itself, beside this section"),
    (pipeline(style="ink wash"), 9, 5, "pipelines.p.style", "",
    "this key is not known here: `style` belongs to `prompt`"),
    (pipeline(changes_only="true"), 9, 5, "pipelines.p.changes_only", "",
     "this key is not known here: `changes_only` belongs to `source`"),
    (pipeline(targets="{}"), 9, 5, "pipelines.p.targets", "",
    "this key is not known here: `targets` belongs to the top of the file"),
    (pipeline(cron='"0 6 * * *"'), 9, 5, "pipelines.p.cron", "",
    "this key is not known here: `cron` belongs to `schedule`"),
    (pipeline(generate="{negative_prompt: x}"), 9, 16, "pipelines.p.generate.negative_prompt", "",
     "this key is not known here: `negative_prompt` belongs to `prompt`, where it is called `negative`"),
    (pipeline(source="{type: solar_terms, locle: zh}"), 6, 33, "pipelines.p.source.locle", "locale",
    "this key is not known"),
    (pipeline().replace("path: o", "pth: o"), 3, 34, "targets.outbox.pth", "path", "this key is not known"),
    (pipeline(zzz="1"), 9, 5, "pipelines.p.zzz", "", "this key is not known"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "path", "suggestion", "reason"), UNKNOWN_KEYS)
def test_an_unknown_key_is_told_with_the_nearest_key_or_with_the_place_where_it_belongs(
    text: str, line: int, column: int, path: str, suggestion: str, reason: str
) -> None:
    found = problem(text)

    assert (found.line, found.column, found.path) == (line, column, path)
    assert (found.reason, found.suggestion) == (reason, suggestion)


WRONG_BRANDS = [
    ('color: "2f6f4f"', "color", "it has the wrong form", '"#2f6f4f"'),
    ('color: "#abc"', "color", "it has the wrong form", '"#aabbcc"'),
    ("color: green", "color", "it has the wrong form", ""),
    ("logo: nowhere.png", "logo", "there is no file", ""),
    ("logo: pyproject.toml", "logo", "cannot be read", ""),
    ("credentials: {chain: nowhere.pem, key: {env: K}}", "credentials.chain", "cannot be read", ""),
    ("credentials: {chain: pyproject.toml, key: {env: K}}", "credentials.chain", "no certificates in PEM", ""),
    ("credentials: {key: {env: K}}", "credentials", "the key `chain` is missing", ""),
]


@pytest.mark.parametrize(("entry", "key", "reason", "suggestion"), WRONG_BRANDS)
def test_a_brand_that_cannot_be_drawn_is_told_before_anything_is_made(
    entry: str, key: str, reason: str, suggestion: str
) -> None:
    found = problem(pipeline().replace("brand: {", f"brand: {{{entry}, "))

    assert found.path == f"brand.{key}"
    assert reason in found.reason
    assert found.suggestion == suggestion


WRONG_VALUES = [
    ({"caption": "{title: \"{{ ''.__class__ }}\"}"}, "caption.title", "`__class__` begins with an underscore", ""),
    ({"caption": "{title: \"{{ brief.name._x }}\"}"}, "caption.title", "`_x` begins with an underscore", ""),
    ({"caption": "{title: \"{{ 'a'.b }}\"}"}, "caption.title", "`b` is asked of 'a', which has no fields", ""),
    ({"generate": "{engine: storybord}"}, "generate.engine", "there is no engine with this name", "storyboard"),
    ({"generate": "{model: wan22-ti2v5b}"}, "generate.model", "there is no model with this name", "wan22-ti2v-5b"),
    ({"generate": "{size: 720p-potrait}"}, "generate.size", "this is not a size in pixels", "720p-portrait"),
    ({"generate": "{loras: {ink/wash: 1}}"}, "generate.loras.ink/wash", "it has the wrong form", ""),
    ({"generate": "{loras: {ink: 9}}"}, "generate.loras.ink", "it is too large", ""),
    ({"generate": "{tier: fst}"}, "generate.tier", "this value is not known", "fast"),
    ({"generate": "{seconds: 5s}"}, "generate.seconds", "a number is expected", "5"),
    ({"generate": "{seconds: 0}"}, "generate.seconds", "it is too small", ""),
    ({"generate": "{seconds: 61}"}, "generate.seconds", "it is too large", ""),
    ({"generate": "{fps: 24.5}"}, "generate.fps", "a whole number is expected", "24"),
    ({"generate": "{size: 700x1280}"}, "generate.size", "no engine makes this size", "704x1280"),
    ({"generate": "{size: 704×1280}"}, "generate.size", "this is not a size in pixels", "704x1280"),
    ({"generate": "{size: huge}"}, "generate.size", "this is not a size in pixels", ""),
    ({"generate": "{image: requird}"}, "generate.image", "this value is not known", "required"),
    ({"generate": "{steps: true}"}, "generate.steps", "a whole number is expected", ""),
    ({"deliver": "[douyn]"}, "deliver[0]", "there is no platform profile", "douyin"),
    ({"deliver": "douyin"}, "deliver", "a list is expected", "[douyin]"),
    ({"deliver": "[]"}, "deliver", "at least one platform profile is needed", ""),
    ({"publish": "[outbx]"}, "publish[0]", "there is no target of this name", "outbox"),
    ({"publish": "[{to: outbx}]"}, "publish[0].to", "there is no target of this name", "outbox"),
    ({"publish": "[outbox, outbox]"}, "publish[1]", "this target is named twice", ""),
    ({"screen": "{policy: strct}"}, "screen.policy", "there is no policy 'strct'", "strict"),
    ({"screen": "{detectors: [nudnet]}"}, "screen.detectors", "there is no detector 'nudnet'", "nudenet"),
    ({"source": "{type: solar_term}"}, "source.type", "there is no source of this type", "solar_terms"),
    ({"source": "solar_terms"}, "source", "a mapping of keys is expected", "{type: solar_terms}"),
    ({"source": "{locale: zh}"}, "source", "the key `type` is missing", ""),
    ({"source": "{type: [x]}"}, "source.type", "there is no source of this type", ""),
    ({"source": "{type: product_feed, url: f.xml, changes_only: yes}"}, "source.changes_only",
    "true or false is expected", "true"),
    ({"source": "{type: list, items: [1]}"}, "source.items[0]", "a text or a mapping of keys is expected", '"1"'),
    ({"source": "{type: list}"}, "source", "give either `path` or `items`", ""),
    ({"on": "product.created"}, "on", "a mapping of keys is expected", "{event: product.created}"),
    ({"on": "{event: Product Created}"}, "on.event", "it has the wrong form", ""),
    ({"timezone": "Asia/Shangai"}, "timezone", "there is no time zone with this name", "Asia/Shanghai"),
    ({"timezone": "Beijing"}, "timezone", "there is no time zone with this name", "Asia/Shanghai"),
    ({"timezone": "new york"}, "timezone", "there is no time zone with this name", "America/New_York"),
    ({"timezone": "../../etc/passwd"}, "timezone", "there is no time zone with this name", ""),
    ({"schedule": "{timezone: UTC}"}, "schedule", "it says no time", ""),
    ({"schedule": '{cron: "0 6 * * *", interval: 1d}'}, "schedule", "cron and interval are both there", ""),
    ({"schedule": "{interval: 90}"}, "schedule.interval", "this is not a length of time", ""),
    ({"schedule": "{interval: 6 hours}"}, "schedule.interval", "this is not a length of time", "6h"),
    ({"schedule": "{rrule: every day}"}, "schedule.rrule", "this recurrence rule cannot be read", ""),
    ({"schedule": "{rrule: FREQ=SECONDLY}"}, "schedule.rrule", "every second is too often", ""),
    ({"schedule": "{cron: 0 6 * *}"}, "schedule.cron", "it has 4 fields instead of five", ""),
    ({"schedule": "{interval: 1d, missed: latest}"}, "schedule.missed", "this value is not known", "last"),
    ({"source": "{type: event}", "schedule": "{interval: 1d}"}, "schedule", "a schedule brings no event", ""),
    ({"prompt": "{subject: '', action: b, environment: c, style: d}"}, "prompt.subject", "the text is too short", ""),
    ({"caption": "{lines: one line}"}, "caption.lines", "a list is expected", "[one line]"),
    ({"caption": "{title: 12}"}, "caption.title", "a text is expected", '"12"'),
    ({"matrix": "{style: ink wash}"}, "matrix.style", "a list is expected", "[ink wash]"),
    ({"matrix": "{style: [a, a]}"}, "matrix.style[1]", "this value is in the list already", ""),
    ({"matrix": "{style: [a], exclude: [{stile: a}]}"}, "matrix.exclude[0].stile",
    "`stile` is no list of this matrix", "style"),
    ({"matrix": "{Style: [a]}"}, "matrix.Style", "`Style` cannot be named in a template", "style"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "path", "reason", "suggestion"), WRONG_VALUES)
def test_a_wrong_value_is_told_with_what_was_probably_meant(
    keys: dict[str, str], path: str, reason: str, suggestion: str
) -> None:
    found = problem(pipeline(**keys))

    assert found.path == f"pipelines.p.{path}"
    assert found.reason.startswith(reason)
    assert found.suggestion == suggestion
    assert found.line >= 6
    if found.value and not found.path.endswith("schedule"):
        line = pipeline(**keys).splitlines()[found.line - 1]
        assert line[found.column - 1 :].lstrip("'\"").startswith(found.value[:5])


@pytest.mark.parametrize(
    ("template", "reason", "suggestion"),
    [
        ("{{ brief.scenee }}", "there is no `brief.scenee`", "scene"),
        ("{{ brief.scenee | default('') }}", "there is no `brief.scenee`", "scene"),
        ("{{ brand.nme }}", "there is no `brand.nme`", "name"),
        ("{{ scene }}", "a template knows no `scene`", "brief.scene"),
        ("{{ variant.stile }}", "there is no `variant.stile`", "style"),
        ("{{ variant.copy.hok }}", "there is no `variant.copy.hok`", "hook"),
        ("{{ variant.tone }}", "`variant.tone` is missing in 4 of 5 cells", ""),
        ("{{ brief.scene | uper }}", "there is no filter `uper`", "upper"),
        ("{{ brief.scene", "the template has a `{{` without a `}}`", ""),
        ("{% for x in brief.angles %}{% endfor %}", "the template loops", ""),
    ],
)
def test_templates_are_checked_against_what_the_source_and_the_matrix_give(
    template: str, reason: str, suggestion: str
) -> None:
    matrix = "{style: [a, b], copy: [{hook: x}, {hook: y}], include: [{style: c, copy: {hook: z}, tone: t}]}"

    for section, key, line in (("prompt", "environment", 7), ("caption", "text", 9)):
        parts = "subject: a, action: b, style: d, " if section == "prompt" else ""
        found = problem(pipeline(**{section: f'{{{parts}{key}: "{template}"}}'}, matrix=matrix))
        assert (found.path, found.line) == (f"pipelines.p.{section}.{key}", line)
        assert found.value == template
        assert found.reason.startswith(reason)
        assert found.suggestion == suggestion


def test_a_field_that_the_template_asks_about_first_may_be_missing() -> None:
    read(pipeline(caption="{text: \"{{ brief.discount | default('') }}\"}"))


def test_a_source_whose_fields_only_the_data_knows_lets_every_field_pass() -> None:
    read(pipeline(source="{type: event}", caption='{title: "{{ brief.anything.at_all }}"}'))


def test_a_variant_without_a_matrix_is_told() -> None:
    found = problem(pipeline(caption='{title: "{{ variant.style }}"}'))

    assert found.reason == "`variant.style` needs a matrix, and this pipeline has none"


def test_what_a_platform_does_not_take_is_told() -> None:
    assert problem(pipeline(generate="{seconds: 0.5}")).reason == (
        "抖音 does not take a video of this length: 13 frames at 24 are 0.54 s"
    )
    found = problem(pipeline(caption=f"{{title: {'长' * 31}}}"))
    assert found.reason == "the text is too long for 抖音"
    assert "this has 31" in found.allowed
    read(pipeline(caption=f"{{title: {'长' * 30}}}"))


@pytest.mark.parametrize("name", ["Product Animation", "-x", "x" * 65, "雪"])
def test_names_are_safe_in_files_and_urls(name: str) -> None:
    found = problem(pipeline().replace("  p:", f"  {name}:"))

    assert (found.line, found.column) == (5, 3)
    assert found.reason == "it has the wrong form"
    assert "a-z, 0-9" in found.allowed


@pytest.mark.parametrize(
    ("target", "allowed"),
    [("{type: facebook, page: '1', token: {env: T}}", "facebook_reels"),
     ("{type: handoff, for: xiaohongshu, path: h}", "xiaohongshu"), ("{type: handoff, for: 7}", "")],
)  # fmt: skip
def test_a_target_that_takes_none_of_what_is_delivered_is_told(target: str, allowed: str) -> None:
    text = pipeline(deliver="[youtube_shorts]", publish="[mine]").replace("targets: {", f"targets: {{mine: {target}, ")
    found = [one for one in problems(text) if one.path == "pipelines.p.publish[0]" and "takes none" in one.reason]
    assert [one.allowed for one in found] == ([f"`deliver: [{allowed}]`"] if allowed else [])


def test_a_missing_key_is_told_at_the_section_that_lacks_it() -> None:
    found = problem(pipeline(deliver=None))

    assert (found.line, found.path, found.reason) == (6, "pipelines.p", "the key `deliver` is missing")
    assert problem("version: 1\nbrand: {name: x}\n").reason == "the key `pipelines` is missing"
    assert problem(pipeline().replace("version: 1\n", "")).reason == "the key `version` is missing"


def test_a_value_that_became_a_comment_is_told() -> None:
    found = problem(pipeline().replace("{name: Tea}", "\n  name: Tea\n  color: #2f6f4f"))

    assert (found.path, found.suggestion) == ("brand.color", '"#2f6f4f"')
    assert "`#` begins a comment" in found.reason


def test_another_version_of_the_format_is_told() -> None:
    assert (problem(pipeline().replace("version: 1", "version: 2")).allowed) == "1"


def test_what_could_not_be_read_is_told_once_and_hides_nothing_else() -> None:
    found = problems(pipeline(generate="{engine: *x, seconds: 5s}", caption="{{ brief.name }}", deliver="[douyn]"))

    assert [(one.path.removeprefix("pipelines.p."), one.reason.split(" ")[0]) for one in found] == [
        ("deliver[0]", "there"),
        ("generate.engine", "the"),
        ("generate.seconds", "a"),
        ("caption", "a"),
    ]


def test_all_problems_of_all_pipelines_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        pipeline(generate="{size: 1x1, lines: []}", caption='{title: "{{ brief.nam }}"}').replace(
            "version: 1", "version: 2"
        )
        + "  Q:\n    source: {type: list, items: [a]}\n    promt: {}\n"
        + "    deliver: [xx]\n    publish: [y]\n    matrix: {}\n"
    )

    found = problems(text)

    assert [one.line for one in found] == [1, 9, 9, 10, 11, 13, 14, 15, 16]
    assert found == sorted(found, key=lambda one: (one.line, one.column))


def test_a_file_full_of_mistakes_is_told_up_to_a_hundred() -> None:
    assert len(problems(HEAD + "    a: 1\n" * 500)) == 100


PHOTO = "{title: x, end_card: {text: y, photo: true}}"
BARE = "{image: none}"


@pytest.mark.parametrize(
    "keys",
    [
        {"caption": PHOTO, "generate": BARE},
        {"caption": PHOTO, "generate": BARE, "shots": "[{action: a}, {action: b}]"},
        {"caption": PHOTO, "shots": "[{action: a, image: none}, {image: none}]"},
    ],
)
def test_an_end_card_cannot_show_a_photo_that_no_shot_takes(keys: dict[str, str]) -> None:
    found = problem(pipeline(**keys))
    assert found.path == "pipelines.p.caption.end_card.photo"
    assert "with `image: none` none begins with one" in found.reason


@pytest.mark.parametrize(
    "keys",
    [
        {"caption": PHOTO},
        {"caption": PHOTO.replace("true", "false"), "generate": BARE},
        {"caption": PHOTO, "generate": BARE, "shots": "[{action: a, image: auto}, {action: b}]"},
        {"caption": PHOTO, "shots": "[{action: a}, {action: b, image: none}]"},
    ],
)
def test_an_end_card_shows_the_photo_that_a_shot_takes(keys: dict[str, str]) -> None:
    assert read(pipeline(**keys)) is not None
