"""Proves a prompt of the library by its examples: what must come comes, and what must be told is told."""

from __future__ import annotations

from dataclasses import dataclass

from reelmill.errors import TemplateError
from tasks.prompts.advice import LIGHT, advise
from tasks.prompts.compose import Prompt, compose
from tasks.prompts.library_prompt import CounterExample, Data, Example, LibraryPrompt


@dataclass(frozen=True, slots=True)
class Proof:
    """What became of one example."""

    kind: str  #: `examples` or `counter_examples`
    number: int  #: its place in that list, from 0
    prompt: str  #: "" if none came
    failures: tuple[str, ...]  #: empty: it is as it says


def prove(prompt: LibraryPrompt) -> list[Proof]:
    """What becomes of each example, for the light model that prompts are written for."""
    proofs = [_of_example(prompt, number, example) for number, example in enumerate(prompt.examples)]
    proofs += [_of_counter_example(prompt, number, one) for number, one in enumerate(prompt.counter_examples)]
    return proofs


def unproven(prompt: LibraryPrompt) -> list[str]:
    """The languages that no example is in. One without a language is in the one that the model knows best."""
    best = prompt.options().spoken(LIGHT.languages)
    shown = {example.language or best for example in prompt.examples}
    return [language for language in prompt.languages if language not in shown]


def _of_example(prompt: LibraryPrompt, number: int, example: Example) -> Proof:
    try:
        made = _composed(prompt, example)
    except TemplateError as error:
        return Proof("examples", number, "", (str(error),))
    failures = [f"{words!r} is not in it" for words in example.holds if words not in made.positive]
    failures += [f"{words!r} is in it" for words in example.lacks if words in made.positive]
    failures += [f"{remark.rule}: {remark}" for remark in advise(made, LIGHT)]
    return Proof("examples", number, made.positive, tuple(failures))


def _of_counter_example(prompt: LibraryPrompt, number: int, example: CounterExample) -> Proof:
    kind = "counter_examples"
    try:
        made = _composed(prompt, example)
    except TemplateError as error:
        if example.error is not None and example.error in str(error):
            return Proof(kind, number, "", ())
        return Proof(kind, number, "", (f"another error came: {error}" if example.error else str(error),))
    if example.error is not None:
        return Proof(kind, number, made.positive, (f"no error came; {example.error!r} was expected",))
    rules = [remark.rule for remark in advise(made, LIGHT)]
    if example.remark in rules:
        return Proof(kind, number, made.positive, ())
    told = f"the lint says {', '.join(rules)}" if rules else "the lint says nothing"
    return Proof(kind, number, made.positive, (f"{told}; {example.remark!r} was expected",))


def _composed(prompt: LibraryPrompt, data: Data) -> Prompt:
    return compose(prompt.options(data.language), data.as_brief, data.as_variant, data.brand, LIGHT.languages)
