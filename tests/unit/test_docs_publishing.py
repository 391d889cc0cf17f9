"""The page about publishing is true: its snippets are definitions, its table is what the targets say of themselves."""

from __future__ import annotations

import ast
import base64
import datetime as dt
import inspect
import json
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from flows.definition import Definition, loads
from sandbox import conditions
from sandbox.platforms import all_platforms
from sandbox.servers import all_servers
from tasks.finishing import profiles
from tasks.publishing.account import Limits
from tasks.publishing.api import ApiTarget
from tasks.publishing.base import Target
from tasks.registry import BUILT_IN, find
from tests.unit.test_manifests import check_command

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "publishing.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
ALL = tuple(BUILT_IN["targets"])
#: What each target has, and the page tells once.
SHARED = frozenset(ApiTarget.model_fields)

HEAD = "version: 1\nbrand: {name: x}\n"
PIPELINE = """\
    source: {type: list, items: [{id: a, title: A}]}
    prompt: {subject: a, action: b, environment: c, style: d}
    generate: {engine: auto, seconds: 5, size: 704x1280}
    deliver: [douyin, tiktok, instagram_reels, youtube_shorts]
"""


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def section(name: str) -> str:
    found = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None, f"the page has no section {name!r}"
    return found[1]


def definition(text: str) -> Definition:
    """All snippets of a page together, as a person would paste them into one file."""
    targets, pipelines = "targets:\n", "pipelines:\n"
    for number, block in enumerate(blocks(text, "yaml")):
        kind, _, content = block.partition("\n")
        if kind == "targets:":
            targets += content
        elif kind == "publish:":
            indented = "".join(f"    {line}\n" for line in block.splitlines())
            pipelines += f"  p{number}:\n{PIPELINE}{indented}"
    if pipelines == "pipelines:\n":
        pipelines += f"  p:\n{PIPELINE}    publish: [outbox]\n"
    return loads(HEAD + targets + pipelines, ROOT / "pipelines.yaml")


@pytest.fixture(scope="module")
def told() -> dict[str, list[Target]]:
    """The targets of the page by their type."""
    found: dict[str, list[Target]] = {}
    for target in definition(PAGE).targets.values():
        found.setdefault(target.type, []).append(target)
    return found


def test_every_target_has_a_section_with_a_definition(told: Mapping[str, list[Target]]) -> None:
    assert set(told) == set(ALL)
    for kind in ALL:
        assert any(f"type: {kind}" in block for block in blocks(section(kind), "yaml")), kind


@pytest.mark.parametrize("kind", ALL)
def test_every_key_of_a_target_stands_in_its_section(kind: str) -> None:
    made = find("targets", kind)
    shared = SHARED if issubclass(made, ApiTarget) else frozenset(Target.model_fields)
    own = {field.alias or name for name, field in made.model_fields.items() if name not in shared}
    assert not {key for key in own if not re.search(rf"\b{key}\b", section(kind))}


def test_the_keys_that_targets_share_are_told() -> None:
    general = PAGE[: PAGE.index("## youtube")]
    assert not {key for key in SHARED - {"type"} if f"`{key}" not in general}


def test_a_delivered_form_suits_each_target(told: Mapping[str, list[Target]]) -> None:
    for target in (one for each in told.values() for one in each):
        assert not target.best_profiles or set(target.best_profiles) & set(profiles.names()), target.type


# The table.


def lasts(span: dt.timedelta) -> str:
    for unit, seconds in (("day", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(int(span.total_seconds()), seconds)
        if count and not rest:
            return f"{count} {unit}" + ("s" if unit == "day" and count > 1 else "")
    raise AssertionError(span)


def plans_with(limits: Limits) -> str:
    told = []
    if limits.per_day is not None:
        told.append(f"{limits.per_day:,} {'a day, ' + limits.zone if limits.zone else 'in 24 h'}")
    if limits.spacing:
        told.append(f"{lasts(limits.spacing)} apart")
    return "; ".join(told) or "–"


def row(kind: str, targets: list[Target]) -> str:
    """One row of the table, from what the class says."""
    made = find("targets", kind)
    safety = " or ".join(
        f"`{one}`" + (f" after {lasts(made.certain_after)}" if one == "look_up" and made.certain_after else "")
        for one in dict.fromkeys(target.safety.value for target in targets)
    )
    takes = dict.fromkeys(name for one in targets for name in one.best_profiles if name in profiles.names())
    clock = made.clockwork
    cells = [
        f"[{kind}](#{kind})",
        safety,
        "flag" if made.flags_ai else made.discloses,
        plans_with(made.limits),
        f"{lasts(clock.least)} to {lasts(clock.most)} ahead" if clock is not None else "–",
        "yes" if made.unpublishes else "–",
        "yes" if made.tells_metrics else "–",
        ", ".join(takes) or "all",
    ]
    return f"| {' | '.join(cells)} |"


def test_the_table_is_what_the_targets_say(told: Mapping[str, list[Target]]) -> None:
    order = re.findall(r"^## ([a-z0-9]+)$", PAGE, re.MULTILINE)
    rows = [row(kind, told[kind]) for kind in order if kind in told]
    table = re.findall(r"^\| \[\w+\]\(#.*$", section("All targets"), re.MULTILINE)
    assert table == rows, "the table should read\n" + "\n".join(rows)


def test_the_conditions_of_the_sandbox_stand_where_they_are_known(tmp_path: Path) -> None:
    platforms = [kind("http://127.0.0.1/x", tmp_path) for kind in (*all_platforms(), *all_servers())]
    told = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", section("Rehearse"), re.MULTILINE))
    for name in conditions.ALL:
        named = set(re.findall(r"\w+", told[name].removeprefix("all but"))) - {"and"}
        knowing = {one.name for one in platforms if name in conditions.names_of(one)}
        everyone = {one.name for one in platforms}
        assert knowing == (everyone - (named - {"all"}) if told[name].startswith("all") else named), name


# Commands, links, and the receiver of webhooks.


@pytest.mark.parametrize("page", [PAGE, README[README.index("## Publishing") : README.index("## With a GPU")]])
def test_the_commands_are_commands(page: str) -> None:
    checked = 0
    for line in "\n".join(blocks(page, "sh")).splitlines():
        command = re.match(r"(reelmill [^#]+)", line)
        if command is not None:
            check_command(shlex.split(command[1]))
            checked += 1
    assert checked >= 4


def test_every_link_leads_somewhere() -> None:
    heads = {head.lower().replace(" ", "-") for head in re.findall(r"^## (.+)$", PAGE, re.MULTILINE)}
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        beside = (ROOT / "docs" / link).is_file()
        assert link.startswith("https://") or link.removeprefix("#") in heads or beside, link


def test_the_snippets_of_the_readme_are_definitions() -> None:
    found = README[README.index("## Publishing") : README.index("## With a GPU")]
    assert len(definition(found).targets) >= 3


def test_the_example_of_the_architecture_has_the_calls_of_a_target() -> None:
    """Names and arguments, and every call that a target has to have."""
    (code,) = [block for block in blocks(ARCHITECTURE, "python") if "(ApiTarget)" in block]
    (example,) = ast.parse(code).body
    assert isinstance(example, ast.ClassDef)
    defined = [one for one in example.body if isinstance(one, ast.FunctionDef)]
    methods = {one.name: [argument.arg for argument in one.args.args] for one in defined}
    for name, arguments in methods.items():
        assert arguments == list(inspect.signature(getattr(ApiTarget, name)).parameters), name
    assert ApiTarget.__abstractmethods__ <= methods.keys()
    assigned = [one.targets[0] for one in example.body if isinstance(one, ast.Assign)]
    attributes = {one.id for one in assigned if isinstance(one, ast.Name)}
    assert attributes <= set(inspect.get_annotations(Target)) | set(inspect.get_annotations(ApiTarget))


def test_the_receiver_of_the_page_takes_a_message_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "whsec_" + base64.b64encode(b"k" * 32).decode()
    monkeypatch.setitem(os.environ, "HOOK_SECRET", secret)
    known: dict[str, Any] = {}
    (code,) = blocks(section("webhook"), "python")
    exec(compile(code, "docs/publishing.md", "exec"), known)  # noqa: S102 (it is what the page tells people to write)
    body = json.dumps({"type": "post.published", "data": {"title": "小雪", "video": {"sha256": "ab" * 32}}})
    now = dt.datetime.now(dt.UTC)
    headers = {
        "webhook-id": "post-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": standardwebhooks.Webhook(secret).sign("post-1", now, body),
    }
    assert [known["receive"](headers, body.encode()) for _ in range(2)] == [204, 204]
    assert capsys.readouterr().out == f"小雪 {'ab' * 32}\n"
    assert known["receive"](headers, body.encode() + b" ") == 401
    assert known["receive"]({**headers, "webhook-signature": "v1,AAAA"}, body.encode()) == 401
