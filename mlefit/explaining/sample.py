"""The steps of a derivation with the numbers of a plain sample: one distribution, no covariates.

Every number comes from the fit's own maximum or from running the formula it stands beside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from mlefit._types import Matrix, Rows
from mlefit.algebra import latex, plain
from mlefit.algebra.evaluate import value
from mlefit.algebra.totals import signed, with_sums
from mlefit.algebra.trees import replaced
from mlefit.design.columns import PRECISION, TARGET, WEIGHT
from mlefit.explaining.formulas import Formulas, has_cases
from mlefit.explaining.writing import (
    Side,
    equation,
    hat,
    letter_side,
    partial,
    shown,
    stated,
    told,
    with_numbers,
)
from mlefit.expression import Binary, Call, Expression, Name, Number, walk
from mlefit.families._base import Probability
from mlefit.frozen import frozen
from mlefit.results.explain import Formula, Line, Step
from mlefit.results.fit import FitResult
from mlefit.search.maximum import Maximum

# how far from the maximum a slope is looked at, in standard errors
_ASIDE = 4.0


def is_plain(maximum: Maximum) -> bool:
    """Whether the fit is one distribution for all rows, each of which counts once."""
    engine = maximum.engine
    return (
        all(one.is_constant and one.has_intercept for one in engine.predictors)
        and not maximum.edges
        and maximum.penalty is None
        and WEIGHT not in engine
        and PRECISION not in engine
        and not any(parameter.latent for parameter in maximum.model.family.parameters)
        and maximum.model.family.whole is maximum.model.family
    )


@frozen
class Sample:
    """A plain sample, its fit, and the formulas of its family."""

    formulas: Formulas
    maximum: Maximum
    result: FitResult

    @cached_property
    def y(self) -> Rows:
        """The target."""
        return np.asarray(self.maximum.engine.whole(TARGET), dtype=float)

    @cached_property
    def known(self) -> dict[str, Rows]:
        """What is known beside it."""
        engine = self.maximum.engine
        return {name: np.asarray(engine.whole(name), float) for name in engine.known}

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.y)

    @cached_property
    def estimates(self) -> tuple[float, ...]:
        """The parameters at the maximum."""
        pairs = zip(self.maximum.model.links, self.maximum.betas, strict=True)
        return tuple(float(link.inverse(beta)[0]) for link, beta in pairs)

    def packed(self, theta: Sequence[float]) -> list[Any]:
        """Parameters as the family takes them."""
        found: list[Any] = []
        for parameter, one in zip(self.maximum.model.family.parameters, theta, strict=True):
            values = np.array([one])
            is_unit = (parameter.domain.lower, parameter.domain.upper) == (0.0, 1.0)
            found.append(Probability(values, 1 - values) if is_unit else values)
        return found

    def at(self, theta: Sequence[float]) -> dict[str, Any]:
        """Values of all letters."""
        return self.formulas.values(self.y, self.packed(theta), self.known)

    def slope(self, theta: Sequence[float], position: int) -> float:
        """The slope of the log-likelihood in one parameter."""
        family = self.maximum.model.family
        score = family.score(self.y, *self.packed(theta), **self.known)[position]
        return float(np.broadcast_to(score, self.y.shape).sum())

    @cached_property
    def information(self) -> Matrix:
        """Minus the second derivatives at the maximum; what the standard errors rest on."""
        family, theta = self.maximum.model.family, self.packed(self.estimates)
        observed = family.vertex is None
        pairs = (
            family.observed(self.y, *theta, **self.known)
            if observed
            else family.expected(*theta, **self.known)
        )
        size = len(self.estimates)
        total = np.zeros((size, size))
        for (j, k), values in (pairs or {}).items():
            total[j, k] = total[k, j] = np.broadcast_to(values, self.y.shape).sum()
        return total

    @cached_property
    def errors(self) -> tuple[float, ...]:
        """Standard errors from that curvature."""
        inverse = np.linalg.inv(self.information)
        return tuple(math.sqrt(one) for one in np.diag(inverse))


def numbers(sample: Sample) -> dict[str, list[Line]]:
    """The lines of each step, by its title."""
    return {
        "one row": list(_one_row(sample)),
        "all rows": list(_all_rows(sample)),
        "slope": list(_slope(sample)),
        "set to 0": list(_zero(sample)),
        "curvature": list(_curvature(sample)),
        "as a loss": list(losses(sample.result)),
    }


def merged(letters: Sequence[Step], more: dict[str, list[Line]]) -> list[Step]:
    """Steps with letters, each followed by its numbers."""
    return [Step(one.title, [*one.lines, *more.get(one.title, [])], one.number) for one in letters]


def _one_row(sample: Sample) -> Iterator[Line]:
    formulas = sample.formulas
    at = {k: np.ravel(np.broadcast_to(v, sample.y.shape))[0] for k, v in _first(sample).items()}
    place = ", ".join(
        f"{plain.letter(letter)} = {told(one)}"
        for letter, one in zip(formulas.letters, sample.estimates, strict=True)
    )
    found = []
    used = {one.name for one in walk(formulas.log_density) if isinstance(one, Name)}
    for short in formulas.short:
        if short.letter in used:
            side = letter_side(short.letter)
            found.append(_at_numbers(f"{short.letter} of row 1", side, short.meaning, at))
    left = Side("ln p", r"\log p")
    known = "".join(f", {name} = {told(at[name])}" for name in formulas.known)
    found.append(_at_numbers("log-density of row 1", left, formulas.log_density, at))
    yield Line(f"row 1: y = {told(float(sample.y[0]))}{known}, at {place}:", found)


def _all_rows(sample: Sample) -> Iterator[Line]:
    formulas = sample.formulas
    height = sample.result.fit.log_likelihood
    left = Side("ℓ", r"\ell")
    density = formulas.log_density
    tree = None if has_cases(density) else _sums(sample, formulas.summed(density))
    if tree is not None:
        yield Line(formulas=[equation("log-likelihood of these rows", left, tree, language=False)])
    if height is None:
        return
    found = stated("log-likelihood at the maximum", left, height)
    power = height / math.log(10)
    after = ""
    if power < -300:
        after = f"the product itself, 10^{power:.0f}, is too small for a computer: hence the log"
    yield Line(f"at the maximum, over {sample.n} rows:", [found], after)


def _slope(sample: Sample) -> Iterator[Line]:
    formulas = sample.formulas
    for position, letter in enumerate(formulas.letters):
        if formulas.is_written(letter):
            score = formulas.score(letter)
            tree = None if has_cases(score) else _sums(sample, formulas.summed(score))
            if tree is not None:
                name = f"score in {letter} of these rows"
                yield Line(formulas=[equation(name, partial(letter), tree, language=False)])
        yield _both_sides(sample, position, letter)


def _both_sides(sample: Sample, position: int, letter: str) -> Line:
    """The slope a little to the left of the maximum and to the right of it."""
    found = []
    domain = sample.maximum.model.family.parameters[position].domain
    estimate, error = sample.estimates[position], sample.errors[position]
    for sign in (-1, 1):
        place = estimate + sign * _ASIDE * error
        if not domain.lower < place < domain.upper:
            place = (estimate + (domain.lower if sign < 0 else domain.upper)) / 2
        place = rounded_between(place, estimate, error)
        theta = list(sample.estimates)
        theta[position] = place
        steepness = sample.slope(theta, position)
        while not math.isfinite(steepness):  # beyond an end that the parameters set
            place = theta[position] = (place + estimate) / 2
            steepness = sample.slope(theta, position)
        way = "go up" if steepness > 0 else "go down"
        found.append(at_place(letter, place, steepness, way))
    others = "" if len(sample.estimates) == 1 else ", the others at their estimates"
    return Line("", found, others.removeprefix(", "))


def at_place(letter: str, place: float, steepness: float, way: str) -> Formula:
    """The slope at a place, and where it says to go."""
    sign = "+" if steepness > 0 else ""
    shown_slope = f"{sign}{told(steepness)}"
    return Formula(
        f"slope at {letter} = {shown(place)}",
        f"at {plain.letter(letter)} = {told(place)}: {shown_slope} ({way})",
        rf"\left.{partial(letter).latex}\right|_{{{latex.letter(letter)} = {shown(place)}}}"
        rf" = {sign}{latex.decimal(shown(steepness))} \text{{ ({way})}}",
        value=steepness,
    )


def rounded_between(place: float, estimate: float, error: float) -> float:
    """The place with no more digits than it takes to stay on its side of the estimate."""
    for digits in range(1, 12):
        near = float(f"{place:.{digits}g}")
        if abs(near - place) < abs(place - estimate) / 3 and near != estimate:
            return near
    return place


def _zero(sample: Sample) -> Iterator[Line]:
    formulas = sample.formulas
    at = {**_first(sample), "y": sample.y, **_known(sample)}
    for letter, estimate in zip(formulas.letters, sample.estimates, strict=True):
        tree = formulas.estimate.get(letter)
        if tree is None:
            how = f"found in {sample.result.certificate.iterations} steps"
            yield Line("", [stated(f"estimate of {letter}", hat(letter), estimate)], how)
            continue
        numbered = _of_sample(tree, at, sample.n)
        yield Line(
            formulas=[
                equation(
                    f"estimate of {letter}", hat(letter), numbered, value=estimate, language=False
                )
            ]
        )


def _curvature(sample: Sample) -> Iterator[Line]:
    letters = sample.formulas.letters
    averaged = sample.maximum.model.family.vertex is not None
    for j, one in enumerate(letters):
        for k, other in enumerate(letters[j:], j):
            number = float(sample.information[j, k])
            if abs(number) > 1e-9 * math.sqrt(
                abs(sample.information[j, j] * sample.information[k, k])
            ):
                name = f"information of {one}" + ("" if one == other else f" and {other}")
                found = stated(name, partial(one, 2, other), number)
                yield Line("on average" if averaged else "at the maximum", [found])
    for position, letter in enumerate(letters):
        error = sample.errors[position]
        name = f"standard error of {letter}"
        text = f"se({plain.letter(letter + '_hat')})"
        tex = rf"\operatorname{{se}}({latex.letter(letter + '_hat')})"
        alone = len(letters) == 1
        root = shown(float(sample.information[0, 0]))
        middle = f"1/√{plain.signed(root)} = " if alone else ""
        tex_middle = rf"\frac{{1}}{{\sqrt{{{latex.decimal(root)}}}}} = " if alone else ""
        yield Line(
            "standard error",
            [
                Formula(
                    name,
                    f"{text} = {middle}{told(error)}",
                    f"{tex} = {tex_middle}{latex.decimal(shown(error))}",
                    value=error,
                )
            ],
        )


def losses(result: FitResult) -> Iterator[Line]:
    """The identity of each loss on these rows."""
    mean = result.fit.mean_nll
    for loss in result.losses:
        if loss.scale_to_nll is None or loss.constant_to_nll is None or mean is None:
            yield Line(f"{loss.name}: each row has a scale of its own, so it is not this loss")
            continue
        name = loss.name if loss.name.startswith("mean ") else f"mean {loss.name}"
        tree = Binary("*", signed(loss.value), signed(loss.scale_to_nll))
        constant = loss.constant_to_nll
        whole = Binary("+" if constant >= 0 else "-", tree, signed(abs(constant)))
        identity = equation(
            f"identity of {loss.name}", Side("", ""), whole, value=mean, language=False
        )
        yield Line(f"{name} × scale + constant = NLL of a row:", [identity])


def _at_numbers(name: str, left: Side, tree: Expression, at: dict[str, Any]) -> Formula:
    number = float(np.ravel(value(tree, {**at, "y": np.array([at["y"]])}))[0])
    return equation(name, left, with_numbers(tree, at), value=number, language=False)


def _first(sample: Sample) -> dict[str, Any]:
    return sample.at(sample.estimates)


def _known(sample: Sample) -> dict[str, Rows]:
    first = sample.at(sample.estimates)
    return {name: first[name] for name in sample.formulas.known}


def _sums(sample: Sample, tree: Expression) -> Expression | None:
    """A sum over rows with its numbers, if no parameter stands inside a sigma."""
    at = {**_known(sample), **sample.formulas.constants, "y": sample.y}
    return with_sums(tree, at, sample.n)


def _of_sample(tree: Expression, at: dict[str, Any], n: int) -> Expression:
    """A closed form with the sums of its rows: mean(y) as 1468/500."""
    given: dict[Expression, Expression] = {}
    for node in walk(tree):
        if isinstance(node, Call) and node.function == "mean":
            total = float(value(Call("sum", node.arguments), at))
            given[node] = Binary("/", signed(total), Number(float(n)))
        elif isinstance(node, Call) and node.function in ("sum", "median", "quantile"):
            given[node] = signed(float(value(node, at)))
    found = replaced(tree, given)
    left = {one.name for one in walk(found) if isinstance(one, Name)}
    more: dict[Expression, Expression] = {
        Name(name): signed(float(np.ravel(at[name])[0])) for name in left if name in at
    }
    return replaced(found, more)
