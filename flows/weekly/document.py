"""A report as JSON: for programs."""

from __future__ import annotations

from collections.abc import Mapping

from flows.weekly.figures import OUTCOMES, Headline, Report
from reelmill.content import Json


def as_json(report: Report) -> dict[str, Json]:
    """Everything that a report says, in seconds and plain numbers."""
    period = report.period
    return {
        "period": {
            "first": period.first.isoformat(),
            "last": period.last.isoformat(),
            "zone": period.zone_name,
            "since": period.since.isoformat(),
            "until": period.until.isoformat(),
        },
        "made_at": report.made_at.isoformat(timespec="seconds"),
        "currency": report.currency,
        "now": _headline(report.now),
        "before": _headline(report.before),
        "today": _outcomes(report.today),
        "pipelines": [
            {
                "name": one.name,
                "videos": _outcomes(one.outcomes),
                "posts_live": one.posts,
                "gpu_seconds": round(one.gpu_seconds, 3),
                "spend": one.spend,
            }
            for one in report.pipelines
        ],
        "days": [{"day": day.isoformat(), "videos": _outcomes(count)} for day, count in report.days.items()],
        "posts_by_target": report.posts_by_target,
        "stages": [{"stage": one.stage, "times": one.count, "seconds": round(one.seconds, 3)} for one in report.stages],
        "failures": [
            {
                "reason": one.reason,
                "differ": one.differ,
                "instruction": one.instruction,
                "videos": one.videos,
                "runs": one.runs,
                "open": one.open,
                "titles": list(one.titles),
                "commands": list(one.commands),
            }
            for one in report.failures
        ],
        "waiting": [{"what": one.what, "command": one.command} for one in report.waiting],
        "best_posts": [
            {
                "title": one.post.title,
                "pipeline": one.post.pipeline,
                "target": one.post.target,
                "platform": one.post.profile,
                "url": one.post.url,
                "views": one.views,
                "likes": one.likes,
            }
            for one in report.best
        ],
    }


def _headline(line: Headline) -> dict[str, Json]:
    return {
        "videos": _outcomes(line.outcomes),
        "posts_live": line.posts,
        "gpu_seconds": round(line.gpu_seconds, 3),
        "render_seconds": round(line.render_seconds, 3),
        "spend": line.spend,
    }


def _outcomes(counts: Mapping[str, int]) -> dict[str, int]:
    return {key: counts.get(key, 0) for key in OUTCOMES}
