"""The platforms of a definition: those that Reelmill knows, changed and added to, and what pipelines ask of them.

Works on plain data, as `crosscheck` does, and tells what is wrong where other things are wrong as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from flows.explain import Finding
from flows.footage import footage_of
from flows.syntax import ValuePath
from reelmill.content import Json
from tasks.finishing.profile import Profile
from tasks.finishing.profile_options import ProfileOptions
from tasks.finishing.profiles import Profiles, shipped
from tasks.generation.options import LONGEST_SECONDS
from tasks.registry import find, names, suggest


def profiles_of(data: Json) -> Profiles:
    """The profiles that the pipelines of a file may name; what is wrong in it is left out."""
    profiles = shipped()
    for name, _, options in _own(data):
        like = name if options.like is None else options.like
        if like in profiles:
            try:
                profiles = profiles.changed(name, like, options.changes)
            except ValidationError:
                continue  # `own_profiles` tells it
    return profiles


def own_profiles(data: Json) -> Iterator[Finding]:
    """What is wrong with the profiles that a file adds or changes."""
    profiles = shipped()
    for name, path, options in _own(data):
        like = name if options.like is None else options.like
        if like not in profiles:
            if options.like is None:
                reason = "a profile of your own says which one it is like"
                yield Finding(path, reason, f"`like:` one of {', '.join(profiles)}", suggest(name, profiles) or "")
            else:
                near = suggest(like, profiles) or ""
                yield Finding((*path, "like"), "there is no profile of this name", ", ".join(profiles), near)
            continue
        try:
            profiles = profiles.changed(name, like, options.changes)
        except ValidationError as error:
            for told in error.errors(include_url=False):
                yield Finding(path, told["msg"].removeprefix("Value error, "), "")


def _own(data: Json) -> Iterator[tuple[str, ValuePath, ProfileOptions]]:
    """Those profiles of a file that are well formed; the others are told by the options themselves."""
    own = data.get("profiles") if isinstance(data, Mapping) else None
    for name, raw in own.items() if isinstance(own, Mapping) else ():
        try:
            yield str(name), ("profiles", name), ProfileOptions.model_validate(raw)
        except ValidationError:
            continue


def fitting(path: ValuePath, pipeline: Mapping[str, Json], profiles: Profiles) -> Iterator[Finding]:
    """Platforms that are not known, clips that one does not take, and texts that are too long for it."""
    delivered = pipeline.get("deliver")
    for index, name in enumerate(delivered if isinstance(delivered, list) else ()):
        if not isinstance(name, str):
            continue
        if name not in profiles:
            place = (*path, "deliver", index)
            yield Finding(
                place, f"there is no platform profile {name!r}", ", ".join(profiles), suggest(name, profiles) or ""
            )
            continue
        yield from _clip(path, pipeline, profiles[name])
        yield from _texts(path, pipeline, profiles[name])


def _clip(path: ValuePath, pipeline: Mapping[str, Json], profile: Profile) -> Iterator[Finding]:
    generate = pipeline.get("generate")
    options = generate if isinstance(generate, Mapping) else {}
    seconds, fps = options.get("seconds", 5.0), options.get("fps")
    if pipeline.get("shots"):
        footage = footage_of(pipeline)
        if footage is not None and not profile.seconds.holds(footage.seconds):
            reason = f"{profile.title} does not take a video of this length: the shots have {footage.seconds:.1f} s"
            yield Finding((*path, "shots"), reason, f"{profile.seconds} seconds")
    elif isinstance(seconds, int | float) and 0 < seconds <= LONGEST_SECONDS and not profile.seconds.holds(seconds):
        reason = f"{profile.title} does not take a video of this length"
        yield Finding((*path, "generate", "seconds"), reason, f"{profile.seconds} seconds")
    if isinstance(fps, int) and fps > profile.fps.most:
        reason = f"{profile.title} does not take so many frames per second"
        yield Finding((*path, "generate", "fps"), reason, f"{profile.fps}")


def _texts(path: ValuePath, pipeline: Mapping[str, Json], profile: Profile) -> Iterator[Finding]:
    caption = pipeline.get("caption")
    for key, limit in (("title", profile.text.title), ("text", profile.text.caption)):
        text = caption.get(key) if isinstance(caption, Mapping) else None
        if isinstance(text, str) and "{" not in text and limit.length(text) > limit.most:
            takes = f"at most {limit.most} {limit.unit}; this has {limit.length(text)}"
            yield Finding((*path, "caption", key), f"the text is too long for {profile.title}", takes)


def asks_for_metadata(target: Json, profiles: Profiles) -> str:
    """The platform of a target, if the law there asks for `AIGC` metadata in what is published (GB 45438-2025)."""
    best = best_for(target) or ()
    profile = profiles.get(best[0]) if best else None
    return profile.title if profile is not None and profile.label.metadata else ""


def best_for(target: Json) -> Sequence[str] | None:
    """The profiles that a target takes, best first; (): any; None: its own options are wrong, which is told there."""
    kind = target.get("type") if isinstance(target, Mapping) else None
    if not isinstance(kind, str) or kind not in names("targets"):
        return None
    try:
        found: Sequence[str] = find("targets", kind).model_validate(target).best_profiles
    except ValidationError:
        return None
    return found  # they may depend on what is said of the target
