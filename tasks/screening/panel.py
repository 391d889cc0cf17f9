"""Who looks: the detectors of one policy on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from reelmill.content import Examination
from reelmill.errors import ReelmillError, UseError
from tasks.registry import find
from tasks.screening.detectors.base import Detector
from tasks.screening.inspection import Inspection
from tasks.screening.options import OCR
from tasks.screening.policy import Policy
from tasks.screening.reading import Reader, Reading, TextScreen
from tasks.screening.remote import RemoteOptions

#: What an examination says of a detector that the policy would use and that is not there.
ABSENT = "not installed"


class Panel:
    """The detectors that look, loaded once.

    They are those that the policy requires, those that are named, those that are asked by HTTP, and, if none is named,
    those of the policy's optional ones that are installed. One that should look and cannot, for whatever reason, is a
    fault: every master is blocked until it can. Of those that are asked by HTTP, one that the policy calls optional is
    only a doubt then: every master waits for a person.

    Parameters
    ----------
    named:
        What `screen: {detectors: …}` says.
    catalogue:
        Finds the class of a detector by its name. None: the registry.
    remote:
        What `screen: {remote: …}` says.

    Raises
    ------
    UseError
        If a detector is unknown, or if the policy has no rule for what it finds.
    """

    def __init__(
        self,
        policy: Policy,
        named: Sequence[str],
        catalogue: Callable[[str], type[Detector]] | None = None,
        *,
        remote: Sequence[RemoteOptions] = (),
    ) -> None:
        look_up = catalogue or _registered
        elsewhere = {options.name: options for options in remote}
        self.names = list(dict.fromkeys([*policy.required, *named, *elsewhere]))
        self.optional = frozenset(elsewhere) & frozenset(policy.optional)
        self.detectors: list[Detector] = []
        self.faults: list[str] = []
        self.doubts: list[str] = []
        self.reading: Reading | None = None
        self._absent: list[str] = []
        self._identities: dict[str, str] = {}
        for name in self.names:
            if not policy.rules.get(name):
                raise UseError(
                    f"the policy {policy.name} has no rule for what {name} finds",
                    "write a policy of your own that has, or take it out of `screen:`",
                )
        if not named:
            for name in policy.optional:
                if name not in elsewhere:
                    (self._absent if look_up(name).missing() else self.names).append(name)
        for name in self.names:
            if name in elsewhere:
                self._load(name, partial(_remote, elsewhere[name]))
            elif command := look_up(name).missing():
                self.faults.append(f"the detector {name} is not installed – {command}")
            else:
                self._load(name, partial(look_up(name), threads=1))

    def _load(self, name: str, make: Callable[[], Detector]) -> None:
        try:
            loaded = make()
            if loaded.name != name:
                raise UseError(f"it calls itself {loaded.name}", "")
            self._identities[name] = loaded.identity
        except Exception as error:  # noqa: BLE001 – foreign code; that it cannot look is what counts, and it is told
            trouble = self.doubts if name in self.optional else self.faults
            trouble.append(f"the detector {name} cannot be loaded: {told(error)}")
        else:
            self.detectors.append(loaded)

    @property
    def identities(self) -> list[str]:
        """Who looks, each with its version and weights: what saw it another way may have seen something else."""
        return [self._identities.get(name, name) for name in self.names]

    def add_reading(self, texts: TextScreen | None, reader: Reader | None) -> None:
        """Have text inside the picture read, by RapidOCR if nobody else is given. Whoever cannot is a fault."""
        self.names.append(OCR)
        if texts is None:
            self.faults.append("text inside the picture is to be read, and nothing here says what texts may say")
            return
        try:
            self.reading = Reading(reader or _rapid(), texts)
            self._identities[OCR] = f"{OCR} {self.reading.reader.version} {self.reading.reader.model_sha256}"
        except Exception as error:  # noqa: BLE001 – as with detectors
            self.reading = None
            self.faults.append(f"the reader {OCR} cannot be loaded: {told(error)}")

    def examinations(self, inspection: Inspection | None) -> tuple[Examination, ...]:
        """What each did in one inspection, and who of the optional ones was absent."""
        worst = inspection.worst if inspection else {}
        seen = {**inspection.seen, OCR: inspection.read} if inspection else {}
        looked: list[Detector | Reader] = [*self.detectors, *([self.reading.reader] if self.reading else [])]
        return (
            *(
                Examination(one.name, one.version, one.model_sha256, seen.get(one.name, 0), worst.get(one.name, 0.0))
                for one in looked
            ),
            *(Examination(name, ABSENT, "", 0, 0.0) for name in self._absent),
        )

    def close(self) -> None:
        """Close what is open to somewhere else."""
        for detector in self.detectors:
            detector.close()


def _rapid() -> Reader:
    from tasks.screening.ocr import RapidOcr

    return RapidOcr()


def _remote(options: RemoteOptions) -> Detector:
    from tasks.screening.detectors.http import Remote  # httpx takes 60 ms, and few pipelines need it

    return Remote(options)


def told(error: Exception) -> str:
    """An error as a reason of a verdict: ours in their own words, foreign ones with their type."""
    return str(error) if isinstance(error, ReelmillError) else f"{type(error).__name__}: {error}"


def _registered(name: str) -> type[Detector]:
    found: type[Detector] = find("detectors", name)
    return found
