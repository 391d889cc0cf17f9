"""Screening of texts: fields in, a verdict out. It needs no GPU and no file, so it stands before everything else."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

from reelmill.content import Decision, Json, fingerprint
from reelmill.text_verdict import TextHit, TextVerdict
from tasks.screening.policy import Policy
from tasks.screening.texts.guard import Answer, Guard, GuardOptions
from tasks.screening.texts.lexicon import Combination, Lexicon, shipped
from tasks.screening.texts.search import Found, Search
from tasks.screening.texts.vocabulary import Vocabulary
from tasks.screening.texts.words import WordOptions

#: The way in which texts are read and terms are found. Another one asks for new verdicts.
METHOD = "2"

#: How many hits of one term in one field are kept as evidence. The decision is the same with more.
EVIDENCE = 5

#: What is put between the parts of a field that has several, such as hashtags.
BETWEEN = ", "

Fields = Mapping[str, str | Sequence[str]]
"""Texts by the name of their field: `prompt`, `narration`, `caption`, `title`, `hashtags`, or any other."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_WORST = (Decision.BLOCK, Decision.REVIEW, Decision.PASS)
_LEVELS = {"mark": Decision.PASS, "review": Decision.REVIEW, "block": Decision.BLOCK}


class TextScreen:
    """Reads texts under one policy. Compiled once; several threads may call `screen` at the same time.

    Parameters
    ----------
    policy:
        Its `texts:` counts here.
    words:
        The user's own words.
    guard:
        A model to ask as well. None: the lexicon decides alone.
    lexicon:
        None: the one that ships.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tasks.screening.policy import load
    >>> verdict = TextScreen(load("default", Path())).screen({"caption": "来赌*博吧"})
    >>> verdict.decision.value, verdict.hits[0].category, verdict.hits[0].excerpt
    ('review', 'gambling', '赌*博')
    """

    def __init__(
        self,
        policy: Policy,
        words: WordOptions | None = None,
        guard: GuardOptions | None = None,
        *,
        lexicon: Lexicon | None = None,
    ) -> None:
        words = words or WordOptions()
        self._lexicon = lexicon or shipped()
        self._combinations: Sequence[Combination] = self._lexicon.combinations
        self._search = Search(Vocabulary(self._lexicon, policy.texts, words))
        self._guard = Guard(guard) if guard is not None else None
        content: Json = [
            METHOD,
            self._lexicon.sha256,
            policy.texts.model_dump(mode="json"),
            {name: sorted(listed) for name, listed in words.model_dump(mode="json").items()},
            self._guard.identity if self._guard is not None else None,
        ]
        self.policy = policy.name
        #: The policy's version, the lexicon's, and a short hash of all that decides: what a verdict is bound to. Rules
        #: for frames are no part of it, as those for texts are no part of `Policy.identity`.
        self.policy_version = f"{policy.version}.{self._lexicon.version}+{fingerprint(content)[:12]}"

    def screen(
        self, fields: Fields, *, locales: Collection[str] | None = None, identity: str | None = None
    ) -> TextVerdict:
        """Decide on the texts of one video.

        Parameters
        ----------
        fields:
            Several parts of a field, such as hashtags, are looked at as one text, joined by `BETWEEN`.
        locales:
            Where they are going to be read, such as `zh-CN`: some terms count only there. None: anywhere.
        identity:
            Their `texts_identity`, if it is known.

        Returns
        -------
        TextVerdict
            The worst of all fields. It never raises because of what a text says, or because a guard cannot be asked:
            that is a review, with the reason.
        """
        texts = _texts(fields)
        hits: list[TextHit] = []
        reasons: list[str] = []
        decisions = [Decision.PASS]
        found = {name: self._search.find(text, name, locales) for name, text in texts.items()}
        across = self._across(found)
        for name in filter(found.get, found):
            decided, told, evidence = self._weigh(name, texts[name], found[name], across)
            decisions.append(decided)
            reasons += told
            hits += evidence
        decisions += [_LEVELS[one.level] for one in across]
        reasons = [_sentence(_named(found, one), one) for one in across] + reasons
        answer, alone = Answer(), _worst(decisions)
        # What is blocked already needs no second opinion, and no opinion makes it better.
        if self._guard is not None and alone is not Decision.BLOCK and any(map(str.strip, texts.values())):
            answer = self._guard.ask({name: text for name, text in texts.items() if text.strip()})
            decisions.append(answer.decision)
        return TextVerdict(
            texts_sha256=identity or texts_identity(texts, locales),
            policy=self.policy,
            policy_version=self.policy_version,
            decision=_worst(decisions),
            reasons=(*reasons, *answer.reasons),
            hits=(*hits, *answer.hits),
            guard=answer.guard,
            fault=answer.failed and alone is Decision.PASS and not answer.hits,
        )

    def _across(self, found: Mapping[str, Sequence[Found]]) -> list[Combination]:
        """What adds up over several fields, and in none of them alone."""
        each = [_categories(terms) for terms in found.values()]
        every = {category for categories in each for category in categories}
        return [
            one
            for one in self._combinations
            if one.across and every.issuperset(one.of) and not any(categories.issuperset(one.of) for categories in each)
        ]

    def _weigh(
        self, name: str, text: str, found: Sequence[Found], across: Sequence[Combination]
    ) -> tuple[Decision, list[str], list[TextHit]]:
        """What the terms of one field add up to."""
        together = [one for one in self._combinations if _categories(found).issuperset(one.of)]
        counted = {category for one in (*together, *across) for category in one.of}
        kept = [one for one in found if one.wanted.level != "mark" or one.wanted.category in counted]
        hits = [
            TextHit(
                name,
                one.wanted.category,
                one.wanted.term,
                _LEVELS[one.wanted.level],
                one.start,
                one.end,
                text[one.start : one.end],
            )
            for one in kept
        ]
        decision = _worst([Decision.PASS, *(hit.level for hit in hits), *(_LEVELS[one.level] for one in together)])
        reasons = [_sentence(name, one) for one in together]
        return decision, reasons + _descriptions(name, hits), _evidence(hits)


def texts_identity(fields: Fields, locales: Collection[str] | None = None) -> str:
    """The sha256 of texts and of where they are to be read: what a verdict speaks of."""
    places: Json = None if locales is None else sorted(set(locales))
    return fingerprint([dict(_texts(fields)), places])


def _texts(fields: Fields) -> dict[str, str]:
    """Each field as one text that can be written down: half of a surrogate pair becomes U+FFFD."""
    joined = {name: text if isinstance(text, str) else BETWEEN.join(text) for name, text in fields.items()}
    return {name: text if text.isascii() else _SURROGATE.sub("\ufffd", text) for name, text in joined.items()}


def _categories(found: Sequence[Found]) -> set[str]:
    return {one.wanted.category for one in found}


def _named(found: Mapping[str, Sequence[Found]], combination: Combination) -> str:
    """The fields that have a part in it."""
    return " and ".join(name for name, terms in found.items() if not _categories(terms).isdisjoint(combination.of))


def _sentence(where: str, together: Combination) -> str:
    return f"{where}: {together.category}: {' and '.join(together.of)} together ({together.level})"


def _worst(decisions: Collection[Decision]) -> Decision:
    return min(decisions, key=_WORST.index)


def _descriptions(name: str, hits: Sequence[TextHit]) -> list[str]:
    """One sentence for each category and level of a field, the worst first."""
    deciding = [hit for hit in hits if hit.level is not Decision.PASS]
    ordered = sorted(deciding, key=lambda hit: (_WORST.index(hit.level), hit.category))
    sentences = []
    for (level, category), group in groupby(ordered, key=lambda hit: (hit.level, hit.category)):
        terms = list(dict.fromkeys(hit.term for hit in group))
        more = f" and {len(terms) - EVIDENCE} more" if len(terms) > EVIDENCE else ""
        sentences.append(f"{name}: {category}: {', '.join(terms[:EVIDENCE])}{more} ({level.value})")
    return sentences


def _evidence(hits: Sequence[TextHit]) -> list[TextHit]:
    """The first hits of each term."""
    seen: dict[tuple[str, str], int] = {}
    kept = []
    for hit in hits:
        count = seen.get((hit.category, hit.term), 0)
        if count < EVIDENCE:
            kept.append(hit)
        seen[hit.category, hit.term] = count + 1
    return kept
