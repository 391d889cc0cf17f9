"""The way of one video, stage by stage. Each asks the ledger what is done already, and records what it did.

Plain functions: they know nothing of Prefect, and `flows.stage_tasks` wraps each in a task.
"""

from __future__ import annotations

from dataclasses import replace

from flows.counting import counted
from flows.posting import order_for
from flows.video_plan import VideoPlan
from flows.workshop import Workshop
from records.media import PICTURE, VIDEO
from records.states import PostState, VideoState
from records.tables import Post, Video
from records.verdicts import RecordedVerdict
from reelmill.content import Clip, Decision, Rendition, Shot
from reelmill.errors import EngineError, Interrupted, PublishingError, TerminalError
from reelmill.failpoints import failpoint
from tasks.finishing.brand import Brand
from tasks.finishing.job import FinishJob, recipe
from tasks.finishing.stage import finish
from tasks.generation.reference import keep_reference
from tasks.generation.stage import generate
from tasks.publishing.stage import publish


def request_shots(shop: Workshop, video: Video, plan: VideoPlan) -> list[Shot]:
    """The shots that a video is made of: as they were asked for before, or asked for now, their images fetched.

    Raises
    ------
    EngineError
        If the engine cannot make them, or is another one than the video was planned for.
    FetchError, MediaError, TransientError
        If a reference image cannot be had.
    """
    shots = shop.ledger.media.requested(video.id)
    model = shop.engine.model
    if [(shot.engine, shot.model) for shot in shots] == [(plan.engine, model)]:
        return shots
    if shop.engine.name != plan.engine:
        raise EngineError(
            f"the video was planned for the engine {plan.engine!r}, this machine would use {shop.engine.name!r}",
            "name the engine in the definition, or plan the run again with `reelmill run`",
        )
    with shop.scratch(video.id) as folder:
        image = keep_reference(plan.image, shop.ledger.store, shop.fetcher, folder) if plan.image else None
    shots = [plan.shot(model, image)]
    shop.engine.check(shots[0])
    shop.ledger.media.request(video.id, shots)
    return shots


def make_clip(shop: Workshop, video: Video, plan: VideoPlan) -> Clip:
    """planned → generated. The clip of the video's shot, made now or kept from before.

    Raises
    ------
    TerminalError, TransientError, Interrupted
    """
    shots = request_shots(shop, video, plan)
    with shop.scratch(video.id) as folder:
        clips = generate(
            shop.ledger,
            shop.engine,
            shots,
            folder,
            progress=lambda _shot, done, total: shop.observer.advanced(video, done, total),
            cancel=shop.cancel,
        )
    clip = clips[shots[0].id]
    take_clip(shop, video, clip)
    return clip


def take_clip(shop: Workshop, video: Video, clip: Clip) -> None:
    """planned → generated, with a clip that somebody made."""
    shop.ledger.videos.move(video.id, VideoState.GENERATED, master_sha256=clip.sha256)


def examine(shop: Workshop, video: Video, clip: Clip) -> RecordedVerdict:
    """generated → screened, in_review or rejected.

    Raises
    ------
    TerminalError
        If the master could not be examined at all; it fails, and a resumed run tries again.
    """
    screener = shop.screener
    recorded = shop.ledger.verdicts.find(clip.sha256, screener.policy, screener.policy_version)
    if recorded is None:
        verdict = screener.screen(
            shop.ledger.store.get(clip.sha256, VIDEO), clip.sha256, expected_frames=clip.frames, cancel=shop.cancel
        )
        failpoint("screen.examined")
        recorded = shop.ledger.verdicts.record(verdict)
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


def make_renditions(shop: Workshop, video: Video, plan: VideoPlan, clip: Clip) -> list[Rendition]:
    """screened → finished. The renditions of the master for every profile, made now or kept from before.

    Raises
    ------
    FinishingError, StorageError, Interrupted
    """
    job = finish_job(shop, video, plan, clip)
    kept: dict[str, Rendition] = {}
    for profile in plan.profiles:
        wanted = Rendition.identity(clip.sha256, profile, recipe(job, profile))
        if (found := shop.ledger.media.fetch_rendition(wanted)) is not None:
            kept[profile] = found
    missing = tuple(profile for profile in plan.profiles if profile not in kept)
    if missing:
        with shop.scratch(video.id) as folder:
            made = finish(
                shop.ledger.store.get(clip.sha256, VIDEO),
                clip.sha256,
                replace(job, profiles=missing),
                folder,
                cancel=shop.cancel,
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
    shop.ledger.videos.move(video.id, VideoState.DONE)
    return posts


def finish_job(shop: Workshop, video: Video, plan: VideoPlan, clip: Clip) -> FinishJob:
    """The order for finishing, from what was planned and what was made."""
    return FinishJob(
        words=plan.words,
        brand=Brand.of(shop.definition.brand, shop.definition.folder),
        profiles=plan.profiles,
        produce_id=video.id.hex,
        preview=clip.preview,
        width=clip.width,
        height=clip.height,
        frames=clip.frames,
        fps=clip.fps,
    )
