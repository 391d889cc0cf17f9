"""Who looks: the detectors of one policy on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reelmill.content import Examination
from reelmill.errors import ReelmillError, UseError
from tasks.registry import find
from tasks.screening.detectors.base import Detector
from tasks.screening.policy import Policy

#: What an examination says of a detector that the policy would use and that is not there.
ABSENT = "not installed"


class Panel:
    """The detectors that look, loaded once.

    They are those that the policy requires, those that are named, and, if none is named, those of the policy's
    optional ones that are installed. One that should look and cannot, for whatever reason, is a fault: every master is
    blocked until it can.

    Parameters
    ----------
    named:
        What `screen: {detectors: …}` says.
    catalogue:
        Finds the class of a detector by its name. None: the registry.

    Raises
    ------
    UseError
        If a detector is unknown, or if the policy has no rule for what it finds.
    """

    def __init__(
        self, policy: Policy, named: Sequence[str], catalogue: Callable[[str], type[Detector]] | None = None
    ) -> None:
        look_up = catalogue or _registered
        self.names = list(dict.fromkeys([*policy.required, *named]))
        self.detectors: list[Detector] = []
        self.faults: list[str] = []
        self._origins: dict[str, tuple[str, str]] = {}  # version and sha256 of the weights, by detector
        self._absent: list[str] = []
        for name in self.names:
            if not policy.rules.get(name):
                raise UseError(
                    f"the policy {policy.name} has no rule for what {name} finds",
                    "write a policy of your own that has, or take it out of `screen: {detectors: …}`",
                )
        if not named:
            for name in policy.optional:
                (self._absent if look_up(name).missing() else self.names).append(name)
        for name in self.names:
            self._load(name, look_up(name))

    def _load(self, name: str, detector: type[Detector]) -> None:
        if command := detector.missing():
            self.faults.append(f"the detector {name} is not installed – {command}")
            return
        try:
            loaded = detector(threads=1)
            if loaded.name != name:
                raise UseError(f"it calls itself {loaded.name}", "")
            self._origins[name] = (loaded.version, loaded.model_sha256)
        except Exception as error:  # noqa: BLE001 – foreign code; that it cannot look is what counts, and it is told
            self.faults.append(f"the detector {name} cannot be loaded: {told(error)}")
        else:
            self.detectors.append(loaded)

    def examinations(self, frames: int, worst: Mapping[str, float]) -> tuple[Examination, ...]:
        """What each did, and who of the optional ones was absent.

        Parameters
        ----------
        frames:
            How many frames all of them looked at.
        worst:
            The highest score under a rule, by detector.
        """
        looked = (
            Examination(name, release, weights, frames, worst.get(name, 0.0))
            for name, (release, weights) in self._origins.items()
        )
        return (*looked, *(Examination(name, ABSENT, "", 0, 0.0) for name in self._absent))


def told(error: Exception) -> str:
    """An error as a reason of a verdict: ours in their own words, foreign ones with their type."""
    return str(error) if isinstance(error, ReelmillError) else f"{type(error).__name__}: {error}"


def _registered(name: str) -> type[Detector]:
    found: type[Detector] = find("detectors", name)
    return found
