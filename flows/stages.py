"""The way of one video from its master on. Each stage asks the ledger what is done already, and records what it did.

Plain functions: they know nothing of Prefect, and `flows.stage_tasks` wraps each in a task.
"""

from __future__ import annotations

from dataclasses import replace

from flows.counting import counted
from flows.examining import look, photo_of, pictures
from flows.finishing import finish_job
from flows.posting import order_for
from flows.video_plan import VideoPlan
from flows.workshop import Workshop
from records.media import PICTURE, VIDEO
from records.states import PostState, VideoState
from records.tables import Post, Video
from records.verdicts import RecordedVerdict
from reelmill.content import Decision, Master, Rendition
from reelmill.errors import Interrupted, PublishingError, TerminalError
from reelmill.failpoints import failpoint
from reelmill.kept import Kept
from tasks.finishing.hardware import encoders_of
from tasks.finishing.job import recipe
from tasks.finishing.stage import finish
from tasks.publishing.stage import publish
from tasks.screening.review import SAMPLED
from tasks.screening.stills import bound


def examine(shop: Workshop, video: Video, master: Master) -> RecordedVerdict:
    """generated → screened, in_review or rejected.

    Raises
    ------
    TerminalError
        If the master could not be examined at all; it fails, and a resumed run tries again.
    """
    screener, ledger = shop.screener, shop.ledger
    photo = photo_of(ledger, shop.definition, shop.run.pipeline, video.id)
    recorded = ledger.verdicts.find(master.sha256, screener.policy, bound(screener.policy_version, photo))
    if recorded is None:
        verdict = look(
            ledger, screener, master.sha256, photo, frames=master.frames, seconds=master.seconds, cancel=shop.cancel
        )
        sampled = not master.preview and shop.pipeline.screen.review.samples(master.sha256)
        if verdict.decision is Decision.PASS and sampled:
            # Kept in the verdict, as every reason is: a person's pass is then another one, of the same master.
            verdict = replace(verdict, decision=Decision.REVIEW, reasons=(SAMPLED,))
        failpoint("screen.examined")
        recorded = ledger.verdicts.record(verdict, pictures(ledger, verdict, photo))
        failpoint("screen.recorded")
    verdict = recorded.verdict
    why = "; ".join(verdict.reasons)
    if verdict.fault:
        raise TerminalError(f"it could not be screened, so it is blocked: {why}", "mend that, then resume the run")
    after = {
        Decision.PASS: VideoState.SCREENED,
        Decision.REVIEW: VideoState.IN_REVIEW,
        Decision.BLOCK: VideoState.REJECTED,
    }[verdict.decision]
    shop.ledger.videos.move(video.id, after, why)
    return recorded


def make_renditions(shop: Workshop, video: Video, plan: VideoPlan, master: Master) -> list[Rendition]:
    """screened → finished. The renditions of the master for every profile, made now or kept from before.

    Raises
    ------
    FinishingError, StorageError, Interrupted
    """
    job = finish_job(shop, video, plan, master)
    kept: dict[str, Rendition] = {}
    for profile in plan.profiles:
        wanted = Rendition.identity(master.sha256, profile, recipe(job, profile))
        if (found := shop.ledger.media.fetch_rendition(wanted)) is not None:
            kept[profile] = found
    missing = tuple(profile for profile in plan.profiles if profile not in kept)
    if missing:
        with shop.scratch(video.id) as folder:
            made = finish(
                shop.ledger.store.get(master.sha256, VIDEO),
                master.sha256,
                replace(job, profiles=missing),
                folder,
                cancel=shop.cancel,
                encoders=encoders_of(shop.settings.encoder),
                kept=Kept(shop.settings.folder / "speech"),
            )
            for one in made:
                stored = replace(
                    one,
                    path=shop.ledger.store.add(one.path, one.sha256, VIDEO),
                    cover=shop.ledger.store.add(one.cover, one.cover_sha256, PICTURE),
                )
                failpoint("finish.stored")
                shop.ledger.media.record_rendition(stored)
                kept[one.profile] = stored
        failpoint("finish.recorded")
    renditions = [kept[profile] for profile in plan.profiles]
    shop.ledger.media.link(video.id, renditions)
    shop.ledger.videos.move(video.id, VideoState.FINISHED)
    return renditions


def make_posts(
    shop: Workshop, video: Video, plan: VideoPlan, renditions: list[Rendition], verdict: RecordedVerdict
) -> list[Post]:
    """finished → done. Every post of the video is live, or waits in the ledger for its time.

    Raises
    ------
    PublishingError, TransientError
        The first failure, after all other posts were tried. Posts that are live stay live.
    """
    posts: list[Post] = []
    problems: list[TerminalError] = []
    made = {rendition.profile: rendition for rendition in renditions}
    for rendition in renditions:
        # A local copy may have made room for another one while the video waited for its turn.
        shop.ledger.store.get(rendition.sha256, VIDEO)
        shop.ledger.store.get(rendition.cover_sha256, PICTURE)
    for wanted in plan.orders:
        if shop.cancel.cancelled:
            raise Interrupted("the work was stopped before everything was posted")
        try:
            order = order_for(
                shop.run, shop.definition, shop.publishing, video, plan, made[wanted.profile], verdict, wanted
            )
            posts.append(publish(shop.ledger, order, shop.publishing))
        except TerminalError as error:
            problems.append(error)
    if problems:
        raise problems[0]
    unknown = [post for post in posts if post.state is PostState.UNKNOWN]
    if unknown:
        raise PublishingError(
            f"{counted(len(unknown), 'post')} may be public or not: {unknown[0].reason}",
            "look at the target, then say what is true; `reelmill posts --state unknown` has the commands",
        )
    shop.ledger.videos.move(video.id, VideoState.DONE, _had_before(shop, video, posts))
    return posts


def _had_before(shop: Workshop, video: Video, posts: list[Post]) -> str:
    """Who has this very content from another video, so that nothing was posted now; "" if nobody has."""
    had = {post.target: shop.ledger.videos.get(post.video_id) for post in posts if post.video_id != video.id}
    if not had:
        return ""
    runs = {target: shop.ledger.runs.get(other.run_id) for target, other in had.items()}
    names = {target: f"{run.pipeline}@{run.occasion}" for target, run in runs.items() if run is not None}
    told = ", ".join(f"{target} has it from {name}" for target, name in names.items())
    return f"posted before: {told}; `allow_repost: true` would post it again"
