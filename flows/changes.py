"""Which briefs of a source are worth a video: all of them, or those that are new or have changed."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from flows.counting import counted
from flows.marks import Shown
from records.seen import Seen
from reelmill.content import Brief, Json, Skipped
from tasks.sources.base import Source
from tasks.sources.changes import Changing, Kind, kinds

#: What is kept of an item under this name is what its mark is of. All else is the source's own.
SHOWN = "shown"
#: If more of what is known is gone at once than this share, and more than so many, the source is taken for broken.
MOST_GONE, FEW = 0.1, 3


@dataclass(frozen=True, slots=True)
class Worth:
    """A brief that is worth a video."""

    brief: Brief
    mark: str  #: of what its videos show
    kind: Kind | None = None  #: why; None: its source makes one of everything
    facts: Mapping[str, Json] = field(default_factory=dict)  #: what its source watches of it


class Changes:
    """Sifts the briefs of one reading.

    Parameters
    ----------
    seen:
        What the pipeline knows, by key.
    shown:
        What videos show of a brief, which its mark is of.
    """

    def __init__(self, source: Source, seen: Mapping[str, Seen], shown: Shown) -> None:
        self._source = source if isinstance(source, Changing) and source.changes_only else None
        self._seen, self._shown, self._mark = seen, shown, shown.mark
        self._other: dict[str, None] = {}  #: fields that are shown now and were not before, or the other way round
        self._by_other = 0  #: items that are compared by what was shown before
        self._came: set[str] = set()
        self._whole = False
        self._certain = True  #: each item that cannot be used is known by its key
        self.unchanged = 0
        self.notes: list[str] = []  #: what is to be told of the reading
        self.noted: dict[str, Seen] = {}  #: what is to be known from now on without a video

    def sift(self, found: Iterable[Brief | Skipped]) -> Iterator[Worth | Skipped]:
        """What is worth a video, and what cannot be used, as they come."""
        source = self._source
        found = self._watched(found)
        if source is None:
            yield from (one if isinstance(one, Skipped) else Worth(one, self._mark(one)) for one in found)
        elif not self._seen and source.newest is not None:
            yield from self._first(source, source.newest, found)
        else:
            for one in found:
                worth = one if isinstance(one, Skipped) else self._look(source, one)
                if worth is not None:
                    yield worth
            self._tell_other()
        self._whole = True

    def _watched(self, found: Iterable[Brief | Skipped]) -> Iterator[Brief | Skipped]:
        """What comes, as it comes. An item that cannot be used today is there all the same."""
        for one in found:
            if isinstance(one, Skipped):
                self._certain = self._certain and one.key is not None
            self._came.add(one.key or "")
            yield one

    @property
    def gone(self) -> tuple[str, ...]:
        """The keys that are known and did not come, if that is asked for and the source was read to its end."""
        if self._source is None or self._source.gone == "keep" or not self._source.reads_all:
            return ()
        if not self._whole or not self._certain:
            return ()
        return tuple(key for key in self._seen if key not in self._came)

    @property
    def doubtful(self) -> bool:
        """So much is gone at once that the source is rather broken than cleared out."""
        sure = self._source is not None and self._source.gone == "unpublish all"
        return not sure and len(self.gone) > max(FEW, MOST_GONE * len(self._seen))

    def _look(self, source: Changing, brief: Brief) -> Worth | None:
        mark, facts, before = self._mark(brief), self._facts(source, brief), self._seen.get(brief.key)
        happened = self._happened(brief, facts, before)
        wanted = next((one for one in source.on if one in happened), None)
        if wanted is not None:
            return Worth(brief, mark, wanted, facts)
        self.unchanged += 1
        if happened or before is None or dict(before.facts) != dict(facts):
            self.noted[brief.key] = Seen(mark, facts)
        return None

    def _facts(self, source: Changing, brief: Brief) -> dict[str, Json]:
        return {**source.facts(brief), SHOWN: self._shown.to_json()}

    def _happened(self, brief: Brief, facts: Mapping[str, Json], before: Seen | None) -> frozenset[Kind]:
        if before is None:
            return frozenset({"created"})
        changed: set[Kind] = set() if self._is_as(before, brief) else {"changed"}
        return kinds(before.facts, facts) | changed

    def _is_as(self, before: Seen, brief: Brief) -> bool:
        """Whether what was shown of a brief is as it was. What is shown only since then is no change of the brief."""
        said = before.facts.get(SHOWN)
        if said is None:
            return before.fingerprint in self._shown.marks_before(brief)
        if (shown := Shown.from_json(said)) != self._shown:
            self._other |= dict.fromkeys(sorted(shown.difference(self._shown)))
            self._by_other += 1
        return before.fingerprint == shown.mark(brief)

    def _tell_other(self) -> None:
        if self._by_other:
            self.notes.append(
                f"the templates use other fields than before ({', '.join(self._other)}): that is no change of "
                f"{counted(self._by_other, 'item')}, which the fields of before decide about"
            )

    def _first(self, source: Changing, newest: int, found: Iterable[Brief | Skipped]) -> Iterator[Worth | Skipped]:
        """The newest few of a first reading; where the source says no ages, the first that it names."""
        kept: list[tuple[str, int, Brief]] = []
        came = ageless = 0
        for number, one in enumerate(found):
            if isinstance(one, Skipped):
                yield one
                continue
            entry = (source.age(one), -number, one)
            came, ageless = came + 1, ageless + (not entry[0])
            if len(kept) < newest:
                heapq.heappush(kept, entry)
                continue
            passed = heapq.heappushpop(kept, entry)[2] if newest else one
            self.unchanged += 1
            self.noted[passed.key] = Seen(self._mark(passed), self._facts(source, passed))
        if ageless and came > newest > 0:
            self.notes.append(
                f"no item says when it was made: the first {newest} of the source are taken for the newest"
                if ageless == came
                else f"{ageless} of {came} items say not when they were made, and are taken for the oldest"
            )
        for _, _, brief in sorted(kept, key=lambda entry: -entry[1]):
            yield Worth(brief, self._mark(brief), "created", self._facts(source, brief))
