"""Why a video waits, in the language of a page: composed from what was found, not from the ledger's sentences.

The ledger has its reasons in English, as logs and terminals show them. What a detector or a server of somebody else's
said stays as it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from records.reviews import Waiting
from reelmill.content import PHOTO, Decision, Hit
from reelmill.text_verdict import TextHit
from tasks.screening.review import SAMPLED
from tasks.screening.stills import CALLED
from web.phrases import PHRASES, Language, category

#: Reasons that name no hit, and what they are called here.
_KNOWN = (
    ("sampled", re.compile(re.escape(SAMPLED))),
    ("single", re.compile("a single frame: nothing moves")),
    ("black", re.compile(r"mostly black: (?P<count>\d+) of (?P<of>\d+) frames")),
    ("frozen", re.compile(r"mostly frozen: (?P<count>\d+) of (?P<of>\d+) frames equal the one before")),
    ("agree", re.compile(r"(?P<one>\S+) and (?P<other>\S+) agree on (?P<category>\S+) at (?P<seconds>[\d.]+) s")),
)


def reasons(waits: Waiting, language: Language) -> list[str]:
    """One sentence for each reason, the worst first."""
    if language == "en":
        return list(waits.reasons)
    if waits.texts is not None:
        told = list(_said(waits.texts.hits, language))
        begin = {f"{hit.field}: {hit.category}: " for hit in waits.texts.hits if hit.level is not Decision.PASS}
    else:
        hits = waits.frames.verdict.hits if waits.frames is not None else ()
        told = list(_seen(hits, language))
        begin = {f"{hit.category}: {hit.detector} saw {hit.label} " for hit in hits if hit.level is not Decision.PASS}
    rest = [
        one
        for one in waits.reasons
        if " together (" in one or not one.removeprefix(f"{CALLED}: ").startswith(tuple(begin))
    ]
    return [*told, *(_known(one, language) for one in rest)]


def _seen(hits: tuple[Hit, ...], language: Language) -> Iterator[str]:
    groups: dict[tuple[bool, str, str, str], list[Hit]] = defaultdict(list)
    for hit in hits:
        if hit.level is not Decision.PASS:
            groups[hit.frame == PHOTO, hit.category, hit.detector, hit.label].append(hit)
    for (photo, name, detector, label), group in sorted(groups.items(), key=lambda one: _worst(one[1]), reverse=True):
        blocks, score = _worst(group)
        first, last = min(hit.seconds for hit in group), max(hit.seconds for hit in group)
        when = "on_photo" if photo else "at" if f"{first:.1f}" == f"{last:.1f}" else "between"
        yield PHRASES[language]["saw"].format(
            category=category(name, language),
            detector=detector,
            label=label,
            when=PHRASES[language][when].format(first=f"{first:.1f}", last=f"{last:.1f}"),
            score=f"{score:.2f}",
            level=PHRASES[language]["block" if blocks else "review"],
        )


def _worst(group: list[Hit]) -> tuple[bool, float]:
    return any(hit.level is Decision.BLOCK for hit in group), max(hit.score for hit in group)


def _said(hits: tuple[TextHit, ...], language: Language) -> Iterator[str]:
    groups: dict[tuple[str, str, Decision], list[str]] = defaultdict(list)
    for hit in hits:
        if hit.level is not Decision.PASS:
            groups[hit.field, hit.category, hit.level].append(hit.term)
    for (field, name, level), terms in groups.items():
        yield PHRASES[language]["said"].format(
            field=PHRASES[language].get(field, field),
            category=category(name, language),
            terms="、".join(dict.fromkeys(terms)),
            level=PHRASES[language][level.value],
        )


def _known(reason: str, language: Language) -> str:
    for key, pattern in _KNOWN:
        if found := pattern.fullmatch(reason):
            told = found.groupdict()
            if "category" in told:
                told["category"] = category(told["category"], language)
            return PHRASES[language][key].format(**told)
    return reason
