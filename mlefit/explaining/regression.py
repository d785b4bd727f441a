"""The steps of a fit with covariates, with its numbers: row 1, the sum, slopes, zero, curvature.

A row's parameters come from its linear predictors; the slope in a coefficient is the sum over
rows of the slope in the predictor times the row's value of the column.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from mlefit._types import Vector
from mlefit.algebra import latex, plain
from mlefit.algebra.evaluate import value
from mlefit.algebra.functions import read
from mlefit.algebra.totals import signed
from mlefit.design.blocks import Block
from mlefit.design.predictors import user_matrix
from mlefit.explaining.formulas import Formulas
from mlefit.explaining.sample import at_place, losses, rounded_between
from mlefit.explaining.writing import Side, equation, letter_side, shown, stated, told, with_numbers
from mlefit.expression import Binary, Expression, Name, Unary, walk
from mlefit.families._base import Probability
from mlefit.frozen import frozen
from mlefit.results.explain import Formula, Line
from mlefit.results.fit import Coefficient, FitResult
from mlefit.search.maximum import Maximum

# terms of a linear predictor that are written out
_MOST_TERMS = 6
_ASIDE = 2.0


@frozen
class Regression:
    """A fit whose rows have parameters of their own, or count differently."""

    formulas: Formulas
    maximum: Maximum
    result: FitResult

    @cached_property
    def first(self) -> Block:
        """The first rows, in the user's columns."""
        predictors = [one.without_basis() for one in self.maximum.engine.predictors]
        return next(iter(self.maximum.engine.with_predictors(predictors).written_out().blocks()))

    @cached_property
    def etas(self) -> list[float]:
        """Linear predictors of row 1."""
        model = self.maximum.model
        return [float(np.ravel(eta)[0]) for eta in model.etas(self.first, self.maximum.betas)]

    @cached_property
    def theta(self) -> tuple[Any, ...]:
        """Parameters of row 1, as a family takes them."""
        return self.maximum.model.theta([np.array([eta]) for eta in self.etas])

    def slope(self, beta: Vector, position: int) -> float:
        """The slope of what is maximised in one coefficient of the user's columns."""
        turn = user_matrix(self.maximum.engine.predictors)
        gamma = np.linalg.solve(turn, beta)
        score = self.maximum.evaluate(gamma, "observed").score
        return -float(np.linalg.solve(turn.T, score)[position])


def numbers(fit: Regression) -> dict[str, list[Line]]:
    """The lines of each step, by its title."""
    return {
        "one row": list(_one_row(fit)),
        "all rows": list(_all_rows(fit)),
        "slope": list(_slope(fit)),
        "set to 0": list(_zero(fit)),
        "curvature": list(_curvature(fit)),
        "as a loss": list(losses(fit.result)),
    }


def _one_row(fit: Regression) -> Iterator[Line]:
    block, model, letters = fit.first, fit.maximum.model, fit.formulas.letters
    y = float(block.y[0])
    yield Line(f"row 1: {fit.result.data.target} = {told(y)}")
    for k, (parameter, link) in enumerate(zip(model.family.parameters, model.links, strict=True)):
        if fit.maximum.engine.predictors[k].is_constant:
            continue
        letter = letters[k] if k < len(letters) else parameter.name
        yield Line(formulas=[_predictor(fit, k)])
        if not parameter.latent and link.name != "identity":
            yield Line(formulas=[_through(fit, k, letter)])
    constant = [
        f"{plain.letter(letters[k])} = {told(_plain_value(fit.theta[k]))}"
        for k, predictor in enumerate(fit.maximum.engine.predictors)
        if predictor.is_constant and k < len(letters)
    ]
    yield from _partly_seen(fit)
    words = f"at {', '.join(constant)}:" if constant else ""
    yield Line(words, list(_height_of_row(fit)))


def _partly_seen(fit: Regression) -> Iterator[Line]:
    """What rows contribute whose value is known in part."""
    family = fit.maximum.model.family
    if family.is_censored:
        share = Formula(
            "log-probability of an interval",
            "ln P(a ≤ Y ≤ b)",
            r"\log P(a \le Y \le b)",
        )
        yield Line("a row known only to lie from a to b contributes", [share], "instead of ln p")
    if family.is_truncated:
        share = Formula(
            "log-probability of what can be seen",
            "ln P(seen)",
            r"\log P(\text{seen})",
        )
        yield Line("only part of the values is ever seen, so every row has", [share], "less")


def _height_of_row(fit: Regression) -> Iterator[Formula]:
    """ln p of row 1, with its numbers where the formula is the family's own."""
    family, block = fit.maximum.model.family, fit.first
    known = {name: values[:1] for name, values in block.known.items()}
    height = float(np.ravel(family.log_density(block.y[:1], *fit.theta, **known))[0])
    left = Side("ln p", r"\log p")
    written = len(fit.formulas.letters) == len(family.parameters)
    if family.whole is not family or not written or fit.formulas.derivation.letters:
        yield stated("log-density of row 1", left, height)
        return
    at = {
        key: np.ravel(one)[:1]
        for key, one in fit.formulas.values(block.y[:1], fit.theta, known).items()
    }
    used = {one.name for one in walk(fit.formulas.log_density) if isinstance(one, Name)}
    for short in fit.formulas.short:
        if short.letter in used:
            side = letter_side(short.letter)
            number = float(np.ravel(value(short.meaning, at))[0])
            tree = with_numbers(short.meaning, at)
            name = f"{short.letter} of row 1"
            yield equation(name, side, tree, value=number, language=False)
    tree = with_numbers(fit.formulas.log_density, at)
    yield equation("log-density of row 1", left, tree, value=height, language=False)


def _all_rows(fit: Regression) -> Iterator[Line]:
    result = fit.result
    height = result.fit.log_likelihood
    if height is None:
        return
    weighed = "" if result.data.weights is None else ", each times its weight"
    words = f"the same for all {result.data.rows_used} rows{weighed}, added:"
    yield Line(words, [stated("log-likelihood at the maximum", Side("ℓ", r"\ell"), height)])
    if fit.maximum.penalty is not None:
        prior = result.fit.log_prior
        left = Side("ln prior", r"\log \text{prior}")
        yield Line("a prior is one more addend:", [stated("log-prior at the maximum", left, prior)])
        left = Side("ℓ + ln prior", r"\ell + \log \text{prior}")
        yield Line(
            "what is maximised:", [stated("log-posterior at the maximum", left, height + prior)]
        )


def _slope(fit: Regression) -> Iterator[Line]:
    yield Line(
        "in a coefficient b of column x:",
        [
            Formula(
                "score in a coefficient",
                "∂ℓ/∂b = Σ(∂ln p/∂η x)",
                r"\frac{\partial \ell}{\partial b} = "
                r"\sum \frac{\partial \log p}{\partial \eta} \, x",
            )
        ],
    )
    rows = [(i, row) for i, row in enumerate(_free(fit)) if row is not None and row.std_error]
    if fit.maximum.vertex is not None:
        return
    chosen = [item for item in rows if item[1].term != "Intercept"][:2] or rows[:1]
    beta = np.concatenate(fit.maximum.betas)
    for position, row in chosen:
        found = []
        assert row.estimate is not None
        assert row.std_error is not None
        for sign in (-1, 1):
            place = row.estimate + sign * _ASIDE * row.std_error
            place = rounded_between(place, row.estimate, row.std_error)
            moved = beta.copy()
            moved[position] = place
            steepness = fit.slope(moved, position)
            found.append(at_place("b", place, steepness, "go up" if steepness > 0 else "go down"))
        yield Line(f"b of {row.term}:", found, "the others at their estimates")


def _zero(fit: Regression) -> Iterator[Line]:
    certificate = fit.result.certificate
    yield Line(
        f"all slopes are 0 after {certificate.iterations} steps of Newton's method",
    )
    if certificate.newton_decrement is not None:
        left = Side("½ s J⁻¹ s", r"\tfrac{1}{2} s^\top J^{-1} s")
        yield Line(
            "rise still to be had:", [stated("decrement", left, certificate.newton_decrement)]
        )


def _curvature(fit: Regression) -> Iterator[Line]:
    yield Line(
        "J adds x x' × curvature in η over the rows; standard errors: roots of the diagonal of J⁻¹"
    )
    for row in fit.result.coefficients:
        if row.estimate is None or row.std_error is None:
            continue
        yield Line(
            f"{row.parameter}:{row.term}",
            [
                stated("estimate", Side("b", "b"), row.estimate),
                stated("standard error", Side("se", r"\operatorname{se}"), row.std_error),
            ],
        )
    for one in fit.result.parameters:
        if one.estimate is None or one.std_error is None:
            continue
        side = letter_side(one.parameter)
        yield Line(
            "",
            [
                stated(f"estimate of {one.parameter}", side, one.estimate),
                stated("standard error", Side("se", r"\operatorname{se}"), one.std_error),
            ],
        )


def _free(fit: Regression) -> list[Coefficient | None]:
    """The record of each free coefficient, in the order of the search; None for a parameter's."""
    found: list[Coefficient | None] = []
    names = [parameter.name for parameter in fit.maximum.model.family.parameters]
    by_label = {(row.parameter, row.term): row for row in fit.result.coefficients}
    for name, predictor in zip(names, fit.maximum.engine.predictors, strict=True):
        found += [by_label.get((name, column.label)) for column in predictor.columns]
    return found


def _predictor(fit: Regression, k: int) -> Formula:
    """eta of row 1 as a sum of coefficients times values."""
    predictor = fit.maximum.engine.predictors[k]
    beta, x = fit.maximum.betas[k], fit.first.designs[k][:, 0]
    total: Expression | None = None
    shown_terms = list(zip(predictor.columns, beta, x, strict=True))[:_MOST_TERMS]
    for column, coefficient, entry in shown_terms:
        size: Expression = signed(abs(float(coefficient)))
        if not column.is_intercept:
            size = Binary("*", size, signed(float(entry)))
        if total is None:
            total = size if coefficient >= 0 else Unary("-", size)
        else:
            total = Binary("+" if coefficient >= 0 else "-", total, size)
    offset = float(np.ravel(fit.first.offsets[k])[0])
    if offset:
        sign = "+" if offset >= 0 else "-"
        total = Binary(sign, total or signed(0.0), signed(abs(offset)))
    more, tex_more = ("", "") if len(predictor.columns) <= _MOST_TERMS else (" + …", r" + \dots")
    eta = fit.etas[k]
    tree = total or signed(0.0)
    text, tex = plain.plain(tree, shown), latex.latex(tree, shown)
    name = fit.maximum.model.family.parameters[k].name
    return Formula(
        f"linear predictor of {name}, row 1",
        f"η = {text}{more} = {told(eta)}",
        rf"\eta = {tex}{tex_more} = {latex.decimal(shown(eta))}",
        value=eta,
    )


def _through(fit: Regression, k: int, letter: str) -> Formula:
    """A parameter of row 1 from its linear predictor."""
    link = fit.maximum.model.links[k]
    theta = _plain_value(fit.theta[k])
    side = letter_side(letter)
    formula = getattr(link, "formula", "")
    if not formula:
        return stated(f"{letter} of row 1", side, theta)
    tree = read(formula.partition("=")[2].partition(",")[0])
    numbered = with_numbers(tree, {"eta": fit.etas[k]})
    return equation(f"{letter} of row 1", side, numbered, value=theta, language=False)


def _plain_value(one: Any) -> float:
    return float(np.ravel(one.p if isinstance(one, Probability) else one)[0])
