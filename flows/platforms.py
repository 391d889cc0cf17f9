"""The platforms of a definition: those that Reelmill knows, changed and added to, and what pipelines ask of them.

Works on plain data, as `crosscheck` does, and tells what is wrong where other things are wrong as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeGuard

from pydantic import ValidationError

from flows.explain import Finding
from flows.footage import Footage, footage_of
from flows.post_length import excesses
from flows.syntax import ValuePath
from reelmill.content import Json, PostText
from reelmill.errors import FinishingError
from tasks.finishing.profile import Profile
from tasks.finishing.profile_options import ProfileOptions
from tasks.finishing.profiles import LabelLoosened, Profiles, shipped
from tasks.prompts.compose import clean
from tasks.registry import find, names, suggest


def profiles_of(data: Json) -> Profiles:
    """The profiles that the pipelines of a file may name; what is wrong in it is left out."""
    profiles = shipped()
    for name, _, options in _own(data):
        like = name if options.like is None else options.like
        if like in profiles:
            try:
                profiles = profiles.changed(name, like, options.changes)
            except (ValidationError, LabelLoosened):
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
        except LabelLoosened as error:
            said = "label" in options.changes
            place = (*path, "label", error.field) if said else (*path, "like")
            allowed = f"`label: {{{error.field}: {str(error.value).lower()}}}`, or a name of your own"
            yield Finding(place, str(error), allowed)


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
    footage = footage_of(pipeline)  # None: what is wrong with it is told there
    written = Written.of(pipeline.get("caption"))
    for index, name in enumerate(delivered if isinstance(delivered, list) else ()):
        if not isinstance(name, str):
            continue
        if name not in profiles:
            place = (*path, "deliver", index)
            yield Finding(
                place, f"there is no platform profile {name!r}", ", ".join(profiles), suggest(name, profiles) or ""
            )
            continue
        if footage is not None:
            length = (*path, "shots") if pipeline.get("shots") else (*path, "generate", "seconds")
            yield from _clip(path, length, footage, profiles[name])
        yield from _texts(path, written, profiles[name])


def _clip(path: ValuePath, length: ValuePath, footage: Footage, profile: Profile) -> Iterator[Finding]:
    """What the stage would refuse once the GPU had worked: it is asked the same, of the same frames."""
    seconds, fps = footage.seconds, footage.generate.fps
    made = f"{footage.frames} frames at {fps} are {seconds:.2f} s"
    if not profile.seconds.holds(seconds):
        reason = f"{profile.title} does not take a video of this length: {made}"
        yield Finding(length, reason, f"{profile.seconds} seconds")
    else:
        try:
            profile.check_seconds(seconds)
        except FinishingError as error:
            yield Finding(length, error.reason, error.instruction)
    try:
        profile.rate(fps)
    except FinishingError:
        reason = f"{profile.title} does not take so many frames per second, nor a multiple of them"
        yield Finding((*path, "generate", "fps"), reason, f"{profile.fps}")


@dataclass(frozen=True, slots=True)
class Written:
    """What a `caption:` says in so many words. What is a template is known only when it is planned."""

    words: PostText
    body: str | None  #: the key that the text of a post comes from; None: it is not known yet

    @classmethod
    def of(cls, caption: Json) -> Self:
        """Of a caption as a file has it, of which anything may be wrong."""
        said = caption if isinstance(caption, Mapping) else {}
        text, title, lines, tags = (said.get(key) or () for key in ("text", "title", "lines", "hashtags"))
        drawn = [title or "", *(lines if isinstance(lines, list) else ())]
        known = [clean(part) if _is_known(part) else None for part in drawn]
        body, key = None, "text" if text else "lines" if lines else "title"
        if text:
            body = text.strip() if _is_known(text) else None
        elif None not in known:
            body = "\n".join(filter(None, known))
        words = [clean(tag) for tag in tags if _is_known(tag)] if isinstance(tags, list) else []
        hashtags = tuple(tag for word in words if (tag := word.lstrip("#").strip().replace(" ", "")))
        return cls(PostText(known[0] or "", body or "", hashtags), None if body is None else key)


def _is_known(text: Json) -> TypeGuard[str]:
    """Whether it is a text, and no template."""
    return isinstance(text, str) and not any(mark in text for mark in ("{{", "{%", "{#"))


def _texts(path: ValuePath, written: Written, profile: Profile) -> Iterator[Finding]:
    for excess in excesses(profile, written.words):
        takes = f"at most {excess.most} {excess.unit}; this has {excess.length}"
        if excess.part == "title":
            yield Finding((*path, "caption", "title"), f"the text is too long for {profile.title}", takes)
        elif excess.part == "caption" and written.body is not None:
            text = "the text" if written.body == "text" else "title and lines are the text of a post, which"
            beside = f", with {excess.beside}," if excess.counted else ""
            reason = f"{text}{beside} is too long for {profile.title}"
            yield Finding((*path, "caption", written.body), reason, takes)
        elif excess.part == "hashtags" and profile.text.hashtags.source != "choice":  # else only fewer are posted
            reason = f"{profile.title} does not take so many hashtags"
            yield Finding((*path, "caption", "hashtags"), reason, f"at most {excess.most}; these are {excess.length}")


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
