"""A report as one HTML page: it loads nothing, runs nothing, and prints well."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from flows.counting import counted
from flows.webfont import embedded
from flows.weekly import chart
from flows.weekly.figures import OUTCOMES, Report
from flows.weekly.headlines import headlines, without_gpu
from flows.weekly.markdown import COMMANDS, NO_VIEWS
from flows.weekly.words import duration, money, share
from reelmill import __version__

#: From this many columns on, a day is named by its number only.
CROWDED = 10


def as_page(report: Report) -> str:
    """The report as one HTML document."""
    environment = Environment(
        loader=PackageLoader("flows.weekly"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"duration": duration, "words": lambda key: key.replace("_", " ")}
    shown = [key for key in OUTCOMES if report.now.outcomes[key]]
    seen = {
        "version": __version__,
        "report": report,
        "lines": headlines(report),
        "without_gpu": without_gpu(report),
        "compared": not report.before.empty,
        "shown": shown,
        "today": counted(sum(report.today.values()), "video") if report.today else "",
        "columns": Markup(_columns(report, shown)),  # noqa: S704 (made by chart.py, which escapes every text)
        "stages": Markup(_stages(report)),  # noqa: S704
        "targets": Markup(_targets(report)),  # noqa: S704
        "money": lambda amount: money(amount or 0.0, report.currency),
        "counted": counted,
        "most": COMMANDS,
        "no_views": NO_VIEWS,
    }
    template = environment.get_template("report.html")
    # Only the finished page tells which characters it shows, so it is rendered once to find out.
    return template.render(**seen, font=embedded(template.render(**seen, font="")))


def _columns(report: Report, shown: list[str]) -> str:
    crowded = len(report.days) > CROWDED
    data = [
        chart.Column(f"{day.day}\n{day:%b}" if crowded else f"{day:%a}\n{day.day} {day:%b}", f"{day:%a} {day}", parts)
        for day, parts in report.days.items()
    ]
    series = {key: key.replace("_", " ") for key in shown}
    return chart.columns(data, series, title=f"Videos by day, {report.period}")


def _stages(report: Report) -> str:
    whole = sum(one.seconds for one in report.stages)
    data = [
        chart.Bar(one.stage, one.seconds, f"{duration(one.seconds)} · {share(one.seconds, whole)}")
        for one in report.stages
    ]
    return chart.bars(data, title="Time by stage")


def _targets(report: Report) -> str:
    data = [chart.Bar(target, count, f"{count:,}") for target, count in report.posts_by_target.items()]
    return chart.bars(data, title="Posts that went live, by target", colour="done")
