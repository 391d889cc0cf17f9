"""A run as a table for people and as JSON for programs."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from pathlib import Path
from urllib.parse import unquote, urlparse

from rich.table import Table
from rich.text import Text

from flows.cli.output import state, table
from flows.experiments.sharing import trials
from flows.post_status import Status, counts, of_video, outlook_of
from flows.video_plan import VideoPlan, prompts_of
from records.accounts import Account
from records.ledger import Ledger
from records.tables import Post, Run
from reelmill.content import Json, Rendition


def videos_table(ledger: Ledger, run: Run) -> Table:
    """One row a video: what it is, where it stands, what screening said, what was made and posted."""
    rows = [
        (
            one.video.title,
            state(one.video.state.value),
            state(one.verdict.decision.value) if one.verdict else Text(""),
            str(len(one.renditions) or ""),
            counts(of_video(one, run)),
            "" if one.video.reason in {"", "taken up again"} else one.video.reason,
        )
        for one in ledger.accounts.of_run(run.id)
    ]
    columns = {"video": "!left", "state": "left", "screened": "left", "renditions": "right", "posts": "!left"}
    if any(row[-1] for row in rows):
        return table({**columns, "why": "!left"}, rows)
    return table(columns, [row[:-1] for row in rows])


def posts_by_target(ledger: Ledger, run: Run) -> list[str]:
    """Where the posts of a run are: `outbox: 12 live → /path/to/folder`."""
    by_target: dict[str, list[tuple[Post, Status]]] = defaultdict(list)
    for one in ledger.accounts.of_run(run.id):
        for post, status in zip(one.posts, of_video(one, run), strict=True):
            by_target[post.target].append((post, status))
    lines = []
    for target, posts in by_target.items():
        how = counts([status for _, status in posts])
        folders = {Path(unquote(urlparse(post.url).path)).parent.parent for post, _ in posts if _is_local(post)}
        where = f" → {folders.pop()}" if len(folders) == 1 else ""
        lines.append(f"{target}: {how}{where}")
    return lines


def run_as_json(ledger: Ledger, run: Run, *, videos: bool = True) -> dict[str, Json]:
    """Everything that the ledger says of a run."""
    with ledger.moment():
        tally = ledger.runs.tallies([run])[run.id]
        accounts = ledger.accounts.of_run(run.id) if videos else []
        statuses = outlook_of(ledger, run)
    moments = [one.at for one in statuses if one.at is not None]
    told: dict[str, Json] = {
        "id": str(run.id),
        "pipeline": run.pipeline,
        "occasion": run.occasion,
        "date": run.date.isoformat(),
        "state": run.state.value,
        "reason": run.reason,
        "attempt": run.attempt,
        "opened_at": run.opened_at.isoformat(),
        "closed_at": run.closed_at.isoformat() if run.closed_at else None,
        "flow_run_id": run.flow_run_id,
        "count": {"found": tally.found, **tally.states, "unfinished": tally.open, "holds": tally.holds},
        "unchanged": run.unchanged,
        "posts_not_live": dict(Counter(one.kind.slug for one in statuses)),
        "next_post_at": min(moments).astimezone(dt.UTC).isoformat() if moments else None,
    }
    if videos:
        told["videos"] = [video_as_json(one, run) for one in accounts]
    return told


def video_as_json(account: Account, run: Run) -> dict[str, Json]:
    """Everything that the ledger says of a video."""
    video, verdict = account.video, account.verdict
    return {
        "id": str(video.id),
        "title": video.title,
        "brief": video.brief_key,
        "variant": video.variant_id,
        "state": video.state.value,
        "reason": video.reason,
        "prompt": "\n".join(prompts_of(video.plan)) or None,
        "advice": video.plan.get("advice", []),
        "experiment": trials(VideoPlan.from_json(video.plan).posts) if video.plan else [],
        "master": video.master_sha256,
        "verdict": None if verdict is None else {"decision": verdict.decision.value, "reasons": list(verdict.reasons)},
        "renditions": [_rendition(rendition) for rendition in account.renditions],
        "posts": [
            {
                "id": str(post.id),
                "target": post.target,
                "platform": post.profile,
                "state": post.state.value,
                "status": status.kind.slug,
                "words": status.words,
                "url": post.url,
                "reason": post.reason,
                "due_at": post.due_at.isoformat() if post.due_at else None,
                "next_command": status.command,
            }
            for post, status in zip(account.posts, of_video(account, run), strict=True)
        ],
    }


def _rendition(rendition: Rendition) -> dict[str, Json]:
    return {
        "platform": rendition.profile,
        "sha256": rendition.sha256,
        "path": str(rendition.path),
        "cover": str(rendition.cover),
        "bytes": rendition.size_bytes,
        "size": f"{rendition.width}x{rendition.height}",
        "seconds": round(rendition.frames / rendition.fps, 3),
        "labels": dict(rendition.labels),
    }


def _is_local(post: Post) -> bool:
    return post.url is not None and post.url.startswith("file:")
