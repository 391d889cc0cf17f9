"""The texts of a video as screening reads them, before anything is made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from flows.definition import Definition
from flows.video_plan import VideoPlan
from reelmill.content import Decision
from reelmill.text_verdict import TextVerdict
from tasks.finishing.sound.speech.language import language_of
from tasks.prompts.locales import LOCALE
from tasks.screening import reading
from tasks.screening.options import ScreenOptions
from tasks.screening.policy import load
from tasks.screening.reading import TextFinding
from tasks.screening.texts.screen import TextScreen, texts_identity

Known = Callable[[str, str], Mapping[str, TextVerdict]]
"""What people and guards have said under a policy (name, version) before, by the identity of the texts."""

#: Where the Chinese rules hold: on platforms on which the law asks for `AIGC` metadata.
CHINA = "zh-CN"


def nothing_known(_policy: str, _version: str) -> Mapping[str, TextVerdict]:
    """Nothing was said of any text before."""
    return {}


class Reader:
    """Reads the texts of a pipeline's videos.

    Parameters
    ----------
    known:
        What was said before: a person's word counts, and a guard is not asked twice.
    """

    def __init__(self, definition: Definition, name: str, known: Known = nothing_known) -> None:
        pipeline = definition.pipeline(name)
        options = pipeline.screen
        policy = load(options.policy, definition.folder).tightened(definition.platforms(name))
        self._screen = TextScreen(policy, options.words, options.guard)
        self._places = places_of(definition, name)
        self._locales = frozenset(options.locales)
        self._known = known(self._screen.policy, self._screen.policy_version)

    def read(self, plan: VideoPlan) -> TextVerdict:
        """What is said of the texts of a video: before, or now."""
        fields = fields_of(plan)
        locales = self._places | (self._locales or languages_of(plan))
        identity = texts_identity(fields, locales)
        return self._known.get(identity) or self._screen.screen(fields, locales=locales, identity=identity)


def places_of(definition: Definition, name: str) -> frozenset[str]:
    """The locales of the places that a pipeline's videos go to, as far as they have rules of their own."""
    chinese = any(definition.profiles[profile].label.metadata for profile in definition.pipeline(name).deliver)
    return frozenset({CHINA} if chinese else ())


def languages_of(plan: VideoPlan) -> frozenset[str]:
    """The languages that a video's words are in: the variant's `locale`, else as they are written; and the spoken."""
    own = plan.variant.get(LOCALE)
    words = {plan.words.title, *plan.words.lines, plan.post.title, plan.post.caption}
    found = {own} if isinstance(own, str) else {language_of(word) for word in words if word}
    return frozenset(found | ({plan.script.language} if plan.script is not None else set()))


def of_pictures(options: ScreenOptions, folder: Path, platforms: Collection[str]) -> reading.TextScreen:
    """What is to be said of texts that are read in pictures."""
    screen = TextScreen(load(options.policy, folder).tightened(platforms), options.words, options.guard)

    def look(text: str) -> Sequence[TextFinding]:
        said = screen.screen({"picture": text})
        found = [TextFinding(hit.category, hit.level, hit.term) for hit in said.hits if hit.level is not Decision.PASS]
        if said.decision is not Decision.PASS and all(one.level is not said.decision for one in found):
            found.append(TextFinding("texts", said.decision, "; ".join(said.reasons)))  # several together
        return found

    return look


def fields_of(plan: VideoPlan) -> Mapping[str, str | Sequence[str]]:
    """Everything that is shown, said or asked for. What a prompt wants to avoid is none of it."""
    cards = plan.cards
    third, end = (cards.lower_third, cards.end_card) if cards is not None else (None, None)
    fields: dict[str, str | Sequence[str]] = {
        "prompt": list(dict.fromkeys(shot.prompt for shot in plan.shots)),
        "title": list(dict.fromkeys(part for part in (plan.words.title, plan.post.title) if part)),
        "lines": [*plan.words.lines, *((plan.words.credit,) if plan.words.credit else ())],
        "caption": plan.post.caption,
        "hashtags": list(plan.post.hashtags),
        "narration": plan.script.text if plan.script is not None else "",
        "cards": [text for text in (third and third.title, third and third.text, end and end.text) if text],
    }
    return {name: text for name, text in fields.items() if text}
