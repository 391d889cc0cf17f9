"""What a post is made of: from a video, its plan and its rendition to the order that the publishing stage takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict
from urllib.parse import urlsplit

from flows.definition import Definition
from flows.pipeline import Pipeline
from flows.video_plan import PostPlan, VideoPlan
from records.ledger import Ledger
from records.tables import Run, Video
from records.verdicts import RecordedVerdict
from reelmill.content import Destination, Json, Rendition, fingerprint
from reelmill.errors import LeaseHeld, PublishingError, UseError
from reelmill.settings import Settings
from tasks.finishing.profile import Profile
from tasks.finishing.profiles import DEFINITION
from tasks.publishing.base import Delivery, Room, Target
from tasks.publishing.calendar import Rules
from tasks.publishing.context import TargetContext
from tasks.publishing.stage import Order

#: Longest name of a delivery, in characters, so that a path fits everywhere.
LONGEST_NAME = 120
#: Seconds that a process waits for another one that renews a login.
PATIENCE = 60.0


def context_for(ledger: Ledger, definition: Definition, settings: Settings) -> TargetContext:
    """What the targets of a definition have at hand.

    Raises
    ------
    UseError
        If the sandbox is not on this machine.
    """
    address = settings.sandbox.rstrip("/")
    if address and (urlsplit(address).scheme, urlsplit(address).hostname) not in {
        ("http", "127.0.0.1"),
        ("http", "::1"),
    }:
        raise UseError(f"REELMILL_SANDBOX is {address!r}", "start one with `reelmill sandbox`, and use what it prints")
    return TargetContext(definition.folder, address, _alone(ledger))


def _alone(ledger: Ledger) -> Callable[[str], AbstractContextManager[None]]:
    @contextmanager
    def alone(name: str) -> Iterator[None]:
        until = time.monotonic() + PATIENCE
        with ExitStack() as held:
            while True:
                try:
                    held.enter_context(ledger.leases.hold(name, name))
                    break
                except LeaseHeld:
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.2)
            yield

    return alone


def order_for(
    run: Run,
    definition: Definition,
    context: TargetContext,
    video: Video,
    plan: VideoPlan,
    rendition: Rendition,
    verdict: RecordedVerdict,
    post: PostPlan,
) -> Order:
    """One post of a video, ready for the publishing stage.

    Raises
    ------
    PublishingError
        If the definition has no such target any more.
    """
    target = definition.targets.get(post.target)
    if target is None:
        raise PublishingError(f"the definition has no target {post.target!r}", "add it, and plan the run again")
    profile = definition.profiles.find(rendition.profile)
    said: list[Json] = [plan.script.text] if plan.script else []
    said += [asdict(plan.cards)] if plan.cards else []
    destination = Destination(
        target=post.target,
        platform=target.platform,
        account=target.account_key(context)[:255],
        content=fingerprint([rendition.master_sha256, rendition.profile, asdict(plan.words), asdict(plan.post), *said]),
        edition=video.id.hex if post.repost else "",
        named=target.named,
    )
    # A platform that keeps time itself is handed the post at once.
    keeps_time = post.at is not None and target.keeps(post.at)
    return Order(
        video_id=video.id,
        delivery=Delivery(
            post_id=destination.post_id,
            rendition=rendition,
            text=plan.post,
            folder=f"{run.pipeline}/{_occasion(run)}",
            name=name_of(video, rendition),
            about=_about(run, video, plan, verdict),
            disclosure=profile.ai_line,
            public_at=post.at if keeps_time else None,
            room=room_of(profile, target),
        ),
        destination=destination,
        target=target,
        verdict=verdict,
        due_at=None if keeps_time else post.at,
        rules=_rules(definition.pipeline(run.pipeline), post),
    )


def room_of(profile: Profile, target: Target) -> Room:
    """How long the words of a post may be, as far as the definition says it of the platform that it is made for.

    A rendition that was made for another platform says nothing about this one's words.
    """
    best = target.best_profiles
    if best and best[0] not in {profile.name, profile.platform}:
        return Room()
    limits = profile.text
    return Room(*(limit.most if limit.source == DEFINITION else None
                  for limit in (limits.title, limits.caption, limits.hashtags)))  # fmt: skip


def _rules(pipeline: Pipeline, post: PostPlan) -> Rules | None:
    """Those of the entry that asked for a post; None if it has none, or the definition does not have it any more."""
    rules = next((entry.rules(pipeline.zone) for entry in pipeline.publish if post.target in entry.to), None)
    return rules if rules is not None and rules.given else None


def name_of(video: Video, rendition: Rendition) -> str:
    """What its files are called, without their suffixes."""
    stem = "-".join(part for part in (video.brief_key, video.variant_id) if part)[:LONGEST_NAME]
    return f"{stem}.{rendition.profile}"


def _occasion(run: Run) -> str:
    # An event's id is foreign text: its hash stands for it in a path.
    return run.occasion if run.event is None else f"{run.date.isoformat()}-{fingerprint(run.occasion)[:8]}"


def _about(run: Run, video: Video, plan: VideoPlan, verdict: RecordedVerdict) -> dict[str, Json]:
    return {
        "pipeline": run.pipeline,
        "occasion": run.occasion,
        "date": run.date.isoformat(),
        "video_id": str(video.id),
        "video_title": video.title,
        "brief": video.brief_key,
        "variant": dict(plan.variant),
        "engine": plan.engine,
        "verdict": {
            "decision": verdict.verdict.decision.value,
            "policy": verdict.verdict.policy,
            "policy_version": verdict.verdict.policy_version,
            "detectors": [one.detector for one in verdict.verdict.examinations if one.frames],
        },
    }
