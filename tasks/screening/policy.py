"""Policies as data: which detectors must look, and what their scores mean. One YAML file each, in `policies/`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from reelmill.content import Decision, fingerprint
from reelmill.errors import UseError
from tasks.options import Options
from tasks.screening.detectors.base import Finding
from tasks.screening.options import POLICIES

#: The highest score at which a frame may be excused for being alone: above it a detector is sure of what it sees.
EXCUSABLE = 0.6


class Rule(Options):
    """What one label of one detector means."""

    category: str
    review: float = Field(gt=0, le=1)
    block: float | None = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if self.block is not None and self.block < self.review:
            raise ValueError(f"block {self.block} is below review {self.review}")
        return self

    def level(self, score: float) -> Decision:
        """What a score decides by itself. A threshold is reached by being equal to it."""
        if self.block is not None and score >= self.block:
            return Decision.BLOCK
        return Decision.REVIEW if score >= self.review else Decision.PASS


class Agreement(Options):
    """How near in time two detectors' doubts must be to block together."""

    seconds: float = Field(ge=0)


class Isolated(Options):
    """When a single frame's block becomes a review."""

    score_below: float = Field(ge=0, le=EXCUSABLE)
    seconds: float = Field(gt=0)


class Black(Options):
    """When a master is mostly black."""

    level_below: float = Field(ge=0, le=255)
    share_above: float = Field(ge=0, lt=1)


class Frozen(Options):
    """When a master mostly stands still."""

    change_below: float = Field(ge=0, le=255)
    share_above: float = Field(ge=0, lt=1)


class Policy(Options):
    """One policy file."""

    name: str = Field(min_length=1, max_length=64)
    version: str = Field(min_length=1, max_length=32)
    required: list[str] = Field(min_length=1)
    optional: list[str]
    rules: dict[str, dict[str, Rule]]
    agreement: Agreement
    contradiction: dict[str, Annotated[float, Field(gt=0, le=0.2)]] = Field(default_factory=dict)
    isolated: Isolated
    black: Black
    frozen: Frozen

    @model_validator(mode="after")
    def _has_rules_for_all(self) -> Self:
        for detector in (*self.required, *self.optional):
            if not self.rules.get(detector):
                raise ValueError(f"no rule says what {detector} means")
        return self

    def identity(self, detectors: list[str]) -> str:
        """The version, and a short hash of all that is in the policy and of who looks: what a verdict is bound to.

        A verdict by one detector is thus never taken for a verdict by two, though the policy is the same.
        """
        return f"{self.version}+{fingerprint([self.model_dump(mode='json'), sorted(detectors)])[:12]}"

    def weigh(self, detector: str, finding: Finding) -> tuple[str, Decision] | None:
        """Category and level of a finding, or None if this policy has no rule for its label."""
        rule = self.rules[detector].get(finding.label)
        return (rule.category, rule.level(finding.score)) if rule else None


def load(name: str, folder: Path) -> Policy:
    """Read a policy that ships, by its name, or the user's own, by a path that ends in `.yaml`.

    Raises
    ------
    UseError
        If there is no such file, or if it is not a policy; the reason names the file and the key.
    """
    path = folder / Path(name).expanduser() if name.endswith(".yaml") else POLICIES / f"{name}.yaml"
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return Policy.model_validate(data)
    except (OSError, UnicodeDecodeError) as error:
        raise UseError(f"the policy {path} cannot be read: {error}", "correct `screen: {policy: …}`") from error
    except YAMLError as error:
        raise UseError(f"the policy {path} is not YAML: {' '.join(str(error).split())}", "correct the file") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise UseError(f"the policy {path} is wrong at {where}: {first['msg']}", "correct the file") from error
