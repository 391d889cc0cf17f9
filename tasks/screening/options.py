"""What a pipeline's `screen:` may say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from tasks.options import Options
from tasks.registry import names, suggest
from tasks.screening.remote import RemoteOptions
from tasks.screening.review import ReviewOptions
from tasks.screening.texts.guard import GuardOptions
from tasks.screening.texts.words import WordOptions

#: The policies that ship, one YAML file each.
POLICIES = Path(__file__).with_name("policies")
#: A language as BCP 47 writes it: `zh`, `en-GB`.
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
#: What evidence calls the reader of text inside the picture.
OCR = "ocr"


class ScreenOptions(Options):
    """The `screen:` of a pipeline. Screening cannot be switched off: a pipeline without this key gets the defaults."""

    policy: str = "default"
    """`default` needs opennsfw and also uses nudenet where it is installed; `strict` needs both and has lower
    thresholds. A path that ends in `.yaml` is a policy of your own, relative to pipelines.yaml."""

    detectors: list[str] = Field(default_factory=list)
    """Exactly which detectors look, each of them required. Empty: those that the policy requires, and those that it can
    use and that are installed. What the policy requires always looks, whether it is named here or not."""

    remote: list[RemoteOptions] = Field(default_factory=list)
    """Detectors that are asked by HTTP. The policy says what their findings mean, and whether they are required:
    one that is and does not answer blocks the master until it does, an optional one sends it to a person."""

    ocr: bool = False
    """Whether text inside the picture is read, two frames a second, and goes through the screening of texts. It needs
    the extra `ocr`."""

    words: WordOptions = WordOptions()
    """Words of your own that texts must not have, or may."""

    locales: list[Annotated[str, StringConstraints(pattern=LANGUAGE)]] = Field(default_factory=list, max_length=50)
    """Where the texts are read, such as `zh-TW` or `de`: some words count only there. Empty: each video's own
    `locale`, or the languages of its words. What goes to a Chinese platform is read in China besides."""

    guard: GuardOptions | None = None
    """A guard model that reads the texts as well. Empty: the lexicon decides alone."""

    review: ReviewOptions = ReviewOptions()
    """When a person looks, and for how long videos wait."""

    @field_validator("policy")
    @classmethod
    def _is_known(cls, policy: str) -> str:
        shipped = sorted(path.stem for path in POLICIES.glob("*.yaml"))
        if policy not in shipped and not policy.endswith(".yaml"):
            near = suggest(policy, shipped)
            guess = f"; did you mean {near!r}?" if near else ""
            raise ValueError(
                f"there is no policy {policy!r}{guess} – use {' or '.join(shipped)}, or a path that ends in .yaml"
            )
        return policy

    @field_validator("detectors")
    @classmethod
    def _are_known(cls, detectors: list[str]) -> list[str]:
        for index, detector in enumerate(detectors):
            if detector not in names("detectors"):
                near = suggest(detector, names("detectors"))
                guess = f"; did you mean {near!r}?" if near else ""
                raise ValueError(
                    f"there is no detector {detector!r}{guess} – use one of: {', '.join(names('detectors'))}"
                )
            if detector in detectors[:index]:
                raise ValueError(f"{detector!r} is named twice")
        return detectors

    @field_validator("remote")
    @classmethod
    def _are_others(cls, remote: list[RemoteOptions]) -> list[RemoteOptions]:
        taken = [*names("detectors"), OCR]
        for one in remote:
            if one.name in taken:
                raise ValueError(f"{one.name!r} is already the name of a detector – call it something else")
            taken.append(one.name)
        return remote
