"""A report as Markdown: for mail, chat and issue trackers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from flows.counting import counted
from flows.weekly.figures import OUTCOMES, Report
from flows.weekly.headlines import headlines, without_gpu
from flows.weekly.words import duration, money, share

#: What Markdown would take for its own.
_SIGNS = re.compile(r"([\\`*_\[\]<>|~#!&])")
#: Commands of one failure that are written out.
COMMANDS = 3

NO_VIEWS = "No target reports views or likes yet, so no post is ranked."


def as_markdown(report: Report) -> str:
    """The report as one Markdown document."""
    parts = [f"# Reelmill report: {report.period}", f"Days in {report.period.zone_name}.", *_notes(report)]
    parts += [_headlines(report)]
    if note := without_gpu(report):
        parts.append(note)
    if report.pipelines:
        parts += ["## Pipelines", _pipelines(report), "## Day by day", _days(report)]
    if report.posts_by_target:
        rows = [(target, f"{count:,}") for target, count in report.posts_by_target.items()]
        parts += ["## Posts that went live", _table(("target", "posts"), rows)]
    if report.stages:
        parts += ["## Where the time went", _stages(report)]
    parts += ["## Failures", *_failures(report), "## Waiting for a person", _waiting(report), "## Best posts"]
    parts += [_best(report) if report.best else NO_VIEWS]
    return "\n\n".join(parts) + "\n"


def _notes(report: Report) -> list[str]:
    notes = []
    if report.empty:
        notes.append("**Nothing was made on these days.**")
    if today := sum(report.today.values()):
        notes.append(f"Today so far: {counted(today, 'video')}, not counted here. `reelmill report --to today` does.")
    return notes


def _headlines(report: Report) -> str:
    rows = [(line.name, line.value, line.before, line.change) for line in headlines(report)]
    return _table(("", "these days", f"{counted(len(report.period.days), 'day')} before", "change"), rows)


def _pipelines(report: Report) -> str:
    shown = [key for key in OUTCOMES if any(one.outcomes[key] for one in report.pipelines)]
    heads = ("pipeline", *(key.replace("_", " ") for key in shown), "posts live", "GPU time")
    rows = [
        (one.name, *(f"{one.outcomes[key]:,}" for key in shown), f"{one.posts:,}", duration(one.gpu_seconds))
        for one in report.pipelines
    ]
    if report.now.spend is not None:
        heads = (*heads, "spend")
        rows = [
            (*row, money(one.spend or 0.0, report.currency)) for row, one in zip(rows, report.pipelines, strict=True)
        ]
    return _table(heads, rows)


def _days(report: Report) -> str:
    shown = [key for key in OUTCOMES if report.now.outcomes[key]]
    rows = [(f"{day:%a} {day}", *(f"{count[key] or ''}" for key in shown)) for day, count in report.days.items()]
    return _table(("day", *(key.replace("_", " ") for key in shown)), rows)


def _stages(report: Report) -> str:
    whole = sum(one.seconds for one in report.stages)
    rows = [
        (
            one.stage,
            duration(one.seconds),
            share(one.seconds, whole),
            f"{one.count:,}",
            duration(one.seconds / one.count),
        )
        for one in report.stages
    ]
    return _table(("stage", "time", "share", "times", "each"), rows)


def _failures(report: Report) -> Iterable[str]:
    if not report.failures:
        yield "None."
    for one in report.failures:
        what = counted(one.videos, "video") if one.videos else counted(one.runs, "run")
        lines = [f"- **{what}**: {_plain(one.reason)}"]
        if one.titles:
            such = "such as " if one.videos > len(one.titles) else ""
            differ = " (names and numbers differ)" if one.differ else ""
            lines.append(f"  - {such}{_plain(', '.join(one.titles))}{differ}")
        if not one.open:
            lines.append("  - mended since")
        else:
            lines += [f"  - {_plain(one.instruction)}"] if one.instruction else []
            lines += [f"  - `{command}`" for command in one.commands[:COMMANDS]]
            more = len(one.commands) - COMMANDS
            lines += [f"  - and {counted(more, 'run')} more: `reelmill runs --state failed`"] if more > 0 else []
        yield "\n".join(lines)


def _waiting(report: Report) -> str:
    return "\n".join(f"- {_plain(one.what)}: `{one.command}`" for one in report.waiting) or "Nothing."


def _best(report: Report) -> str:
    rows = [
        (one.post.title, one.post.target, _number(one.views), _number(one.likes), one.post.url) for one in report.best
    ]
    return _table(("video", "target", "views", "likes", "address"), rows, text=("video", "target", "address"))


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, text: Sequence[str] = ()) -> str:
    """Numbers stand right; what is named in `text`, and the first column, stands left."""
    left = {heads[0], *text}
    sides = ["---" if head in left else "---:" for head in heads]
    return "\n".join([_row(heads), f"| {' | '.join(sides)} |", *(_row([_plain(cell) for cell in row]) for row in rows)])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Foreign text as it is: it makes no link, no picture and no new line."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))
