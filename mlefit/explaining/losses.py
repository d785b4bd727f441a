"""The page of a loss: what it assumes, which part of the likelihood it is, what goes with it."""

from __future__ import annotations

from collections.abc import Iterator

from mlefit import families
from mlefit.algebra import plain
from mlefit.explaining.derivation import as_signs, loss_parts, minimum, one_row, sentence_of, zero
from mlefit.explaining.formulas import Formulas
from mlefit.explaining.writing import with_article
from mlefit.families._records import Loss
from mlefit.results.explain import Line, Step


def page(formulas: Formulas, *, penalised: bool = False) -> list[Step]:
    """The steps from an assumption to a loss, with letters."""
    return [
        Step("assume", list(_assume(formulas)), 1),
        Step("all rows", list(_rows(formulas)), 2),
        Step("then", list(_then(formulas)), 3),
        *around(formulas, penalised=penalised),
    ]


def around(formulas: Formulas, *, penalised: bool = False, others: bool = True) -> list[Step]:
    """What goes with the loss: assumptions, settings, other losses, penalties.

    Args:
        formulas: of the family.
        penalised: whether the page is about a fit with a penalty, which these settings have not.
        others: whether other losses are listed.
    """
    family = formulas.family
    same = "unpenalised" if penalised else "the same fit"
    return [
        Step("assumes", list(_assumptions(formulas))),
        *([Step(same, list(settings(family.losses)))] if family.losses else []),
        *([Step("other losses", [Line(", ".join(_others(family.name)))])] if others else []),
        Step(
            "penalties",
            [Line("L2 is a normal prior, L1 a laplace prior: explain l2, explain l1")],
        ),
    ]


def title(formulas: Formulas, written: str) -> str:
    """The heading of a loss."""
    family = formulas.family
    loss = next(iter(family.losses), None)
    fixed = [one.name for one in family.parameters if one.precision_power is not None]
    held = f" with one {fixed[0]} for all rows" if fixed and loss is not None else ""
    name = loss.name if loss is not None else written
    name = written.upper() if len(written) <= 4 else name
    return f'"Minimise {name}" is maximum likelihood for {with_article(family.label)} model{held}'


def settings(losses: tuple[Loss, ...]) -> Iterator[Line]:
    """What other programs call the fit."""
    seen: list[str] = []
    for loss in losses:
        for by_link in (loss.apis, loss.same_loss):
            for link, by_program in by_link.items():
                for program, setting in by_program.items():
                    text = f"{program}: {setting}"
                    if text not in seen:
                        seen.append(text)
                        yield Line(f"{text} ({link} link)" if link != "identity" else text)


def _assume(formulas: Formulas) -> Iterator[Line]:
    family = formulas.family
    names = ", ".join(map(plain.letter, formulas.letters))
    yield Line(f"y ~ {family.title or family.heading}({names}): {family.summary}")
    yield from one_row(formulas)
    parts = loss_parts(formulas)
    if parts is not None:
        yield Line(formulas=[parts])


def _rows(formulas: Formulas) -> Iterator[Line]:
    first = plain.letter(formulas.letters[0])
    for loss in formulas.family.losses:
        yield Line(sentence_of(loss, formulas.family.label))
    others = formulas.letters[1:]
    if others and not any(loss.joint or loss.given for loss in formulas.family.losses):
        names = " and ".join(map(plain.letter, others))
        be = "are" if others[1:] else "is"
        yield Line(
            f"only the first part of the sum contains {first}, times something positive: the same "
            f"{plain.letter(formulas.letters[0] + '_hat')} whatever {names} {be}"
        )


def _then(formulas: Formulas) -> Iterator[Line]:
    yield from zero(formulas)
    least = minimum(formulas)
    if least is not None:
        yield Line("so the least mean NLL is", [least])


def _assumptions(formulas: Formulas) -> Iterator[Line]:
    family = formulas.family
    yield Line(family.summary)
    yield Line(f"values: {family.support.words}")
    for letter, parameter in zip(formulas.letters, family.parameters, strict=True):
        meaning = as_signs(parameter.meaning)
        yield Line(f"{plain.letter(letter)}: {meaning} ({parameter.domain.words})")
    if family.specials or family.limits:
        words = [f"{one.family} where {one.parameter} = {one.value}" for one in family.specials]
        words += [
            f"{one.family} as {one.parameter} runs to its {one.end} end"
            for one in family.limits
            if one.family
        ]
        if words:
            yield Line(f"it becomes {', '.join(words)}")


def _others(name: str) -> Iterator[str]:
    for family in families.every():
        if family.name != name and family.losses:
            yield f"{family.losses[0].name} = {family.name}"
