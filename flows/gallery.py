"""The gallery: one static HTML page over the files in the store. It loads nothing from anywhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from flows.markup import with_code
from flows.post_status import Status, of_video
from flows.webfont import embedded
from records.accounts import Account
from records.ledger import Ledger
from records.naming import PICTURE, VIDEO
from records.store import Store
from records.tables import Post, Run
from reelmill import __version__
from reelmill.content import Json, Rendition
from reelmill.errors import StorageError
from reelmill.files import write_whole
from reelmill.subtitles import Subtitles
from tasks.finishing import profiles


def write_gallery(ledger: Ledger, runs: Sequence[Run], page: Path) -> Path:
    """Write the page for these runs and return its absolute path.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    page = page.expanduser().absolute()
    environment = Environment(
        loader=PackageLoader("flows"), autoescape=select_autoescape(["html"]), undefined=StrictUndefined
    )
    environment.filters["code"] = with_code
    tallies = ledger.runs.tallies(runs)
    template = environment.get_template("gallery.html")
    seen = {
        "version": __version__,
        "runs": [
            {
                "name": f"{run.pipeline} {run.occasion}",
                "state": run.state.value,
                "count": str(tallies[run.id]),
                "videos": [_video(ledger.store, one, run, page.parent) for one in ledger.accounts.of_run(run.id)],
            }
            for run in runs
        ],
    }
    # Only the finished page tells which characters it shows, so it is rendered once to find out.
    html = template.render(**seen, font=embedded(template.render(**seen, font="")))
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        write_whole(page, html)
    except OSError as error:
        raise StorageError(f"{page} cannot be written: {error.strerror}", "give another place with --out") from error
    return page


def _video(store: Store, account: Account, run: Run, folder: Path) -> dict[str, Json]:
    video, verdict = account.video, account.verdict
    return {
        "title": video.title,
        "state": video.state.value,
        "reason": "" if video.reason == "taken up again" else video.reason,
        "prompt": video.plan.get("prompt", ""),
        "post": video.plan.get("post", {}),
        "preview": any(clip.preview for clip in account.clips),
        "verdict": verdict.decision.value if verdict else "",
        "examinations": verdict.examinations if verdict else (),
        "reasons": verdict.reasons if verdict else (),
        "renditions": [_rendition(store, one, folder) for one in account.renditions],
        "posts": [
            _post(post, status)
            for post, status in zip(account.posts, of_video(account, run, ZoneInfo(run.zone)), strict=True)
        ],
    }


def _post(post: Post, status: Status) -> dict[str, Json]:
    return {
        "target": post.target,
        "platform": post.profile,
        "kind": status.kind.slug,
        "words": status.words,
        "why": status.why,
        "command": status.command,
        "url": post.url or "",
        # A page in a browser opens the web; a link to a file of this machine is text to be copied.
        "linked": bool(post.url and post.url.startswith(("https://", "http://"))),
    }


def _rendition(store: Store, rendition: Rendition, folder: Path) -> dict[str, Json]:
    return {
        "platform": profiles.shipped().title(rendition.profile),
        # The page links to files, so those that are in a bucket are brought here.
        "video": os.path.relpath(store.get(rendition.sha256, VIDEO), folder),
        "cover": os.path.relpath(store.get(rendition.cover_sha256, PICTURE), folder),
        "size": f"{rendition.width}×{rendition.height}",
        "seconds": round(rendition.frames / rendition.fps, 1),
        "megabytes": round(rendition.size_bytes / 1e6, 1),
        "label": _label(rendition),
        "spoken": Subtitles.of(rendition.record),
        "sha256": rendition.sha256,
    }


def _label(rendition: Rendition) -> str:
    visible = rendition.labels.get("visible")
    return str(visible.get("text", "")) if isinstance(visible, dict) else ""
