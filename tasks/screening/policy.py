"""Policies as data: which detectors must look, what their scores mean, and how much words weigh. One YAML file each, in
`policies/`.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from reelmill.content import Decision, Hit, fingerprint
from reelmill.errors import UseError
from tasks.options import Options
from tasks.screening.detectors.base import Finding
from tasks.screening.options import POLICIES
from tasks.screening.overlay import Overlay, Tighter
from tasks.screening.texts.rules import TextRules

#: The highest score at which a frame may be excused for being alone: above it a detector is sure of what it sees.
EXCUSABLE = 0.6


class Rule(Options):
    """What one label of one detector means."""

    category: str
    review: float = Field(gt=0, le=1)
    block: float | None = Field(gt=0, le=1)
    weak: bool = False  #: a detector that `contradiction` names may overrule a doubt about it

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if self.block is not None and self.block < self.review:
            raise ValueError(f"block {self.block} is below review {self.review}")
        if self.block is not None and self.weak:
            raise ValueError(f"block {self.block} and weak: what can block is not weak")
        return self

    def tightened(self, by: Tighter) -> Rule:
        """The same rule with lower thresholds.

        Raises
        ------
        ValueError
            If one is higher.
        """
        review = self.review if by.review is None else by.review
        block = self.block if by.block is None else by.block
        if review > self.review or (by.block is not None and self.block is not None and by.block > self.block):
            told = ", ".join(f"{name} {value}" for name, value in by.model_dump(exclude_none=True).items())
            raise ValueError(f"{told} is laxer than review {self.review}, block {self.block}")
        # A review below which nothing is blocked any more begins where the block does.
        review = review if block is None else min(review, block)
        return Rule(category=self.category, review=review, block=block, weak=self.weak and block is None)

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


class Sampling(Options):
    """Which frames of a long master are looked at; of one that is not longer, all of them are."""

    longer_than: float = Field(default=15.0, gt=0)
    per_second: float = Field(default=4.0, ge=1)
    cut_above: float = Field(default=24.0, ge=0, le=255)
    around: float = Field(default=0.5, ge=0)


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
    sampling: Sampling = Sampling()
    texts: TextRules = Field(default_factory=TextRules)
    overlays: dict[str, Overlay] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_rules_for_all(self) -> Self:
        for detector in (*self.required, *self.optional):
            if not self.rules.get(detector):
                raise ValueError(f"no rule says what {detector} means")
        return self

    @model_validator(mode="after")
    def _overlays_tighten(self) -> Self:
        for platform, overlay in self.overlays.items():
            for detector, label in ((one, label) for one, labels in overlay.rules.items() for label in labels):
                if label not in self.rules.get(detector, {}):
                    raise ValueError(f"overlays.{platform}: no rule for {detector} {label} to be tightened")
                try:
                    self.rules[detector][label].tightened(overlay.rules[detector][label])
                except ValueError as error:
                    raise ValueError(f"overlays.{platform}: {detector} {label}: {error}") from None
        return self

    def tightened(self, platforms: Collection[str]) -> Policy:
        """The policy for what goes to these platforms: of each rule the strictest that one of them has.

        One master has one verdict, whatever it is finished for, so it has to please all of them.
        """
        rules = {detector: dict(labels) for detector, labels in self.rules.items()}
        levels = dict(self.texts.levels)
        for overlay in (self.overlays[name] for name in sorted(platforms) if name in self.overlays):
            levels |= dict.fromkeys(overlay.texts, "block")
            for detector, labels in overlay.rules.items():
                for label, tighter in labels.items():
                    rule = rules[detector][label]
                    rules[detector][label] = rule.tightened(_not_laxer(tighter, rule))
        texts = self.texts.model_copy(update={"levels": levels})
        return self.model_copy(update={"rules": rules, "texts": texts, "overlays": {}})

    def identity(self, detectors: list[str]) -> str:
        """The version, and a short hash of all that decides on frames and of who looks: what a verdict is bound to.

        A verdict by one detector is thus never taken for a verdict by two, though the policy is the same. What the
        policy says of texts is left out: it decides on no frame, and `TextScreen.policy_version` has it. So is what it
        says of platforms: `tightened` has it in the rules.
        """
        frames = self.model_dump(mode="json", exclude={"texts", "overlays"})
        return f"{self.version}+{fingerprint([frames, sorted(detectors)])[:12]}"

    def weigh(self, detector: str, finding: Finding) -> tuple[str, Decision] | None:
        """Category and level of a finding, or None if this policy has no rule for its label."""
        rule = self.rules[detector].get(finding.label)
        return (rule.category, rule.level(finding.score)) if rule else None

    def is_weak(self, hit: Hit) -> bool:
        """Whether a better judge may overrule a hit: a doubt about a label that is weak. Text that is read is none."""
        rule = self.rules.get(hit.detector, {}).get(hit.label)
        return rule is not None and rule.weak and hit.level is Decision.REVIEW

    def doubts(self, detector: str, finding: Finding) -> bool:
        """Whether a finding reaches half of what would ask for a review: the frames around it are looked at too."""
        rule = self.rules[detector].get(finding.label)
        return rule is not None and finding.score >= rule.review / 2


def _not_laxer(tighter: Tighter, rule: Rule) -> Tighter:
    """What another platform has tightened already stays so."""
    review = None if tighter.review is None else min(tighter.review, rule.review)
    blocks = [one for one in (tighter.block, rule.block) if one is not None]
    return Tighter(review=review, block=None if tighter.block is None else min(blocks))


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
