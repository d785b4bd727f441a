"""Functions of the parameters at the maximum: invariance, the delta method, intervals.

The maximum-likelihood estimate of g(beta) is g of the estimate (invariance), and to first
order its variance is that of a linear function of the coefficients:

    var g = (dg/dbeta)' V (dg/dbeta)

A parameter theta = h(eta) on its natural scale enters by the chain rule, d theta/d eta = h'.
An interval is symmetric on the scale where g can be any number and is mapped back, so it never
holds what g cannot be: log g if the form of g makes it positive, log(g/(1 - g)) if it makes it
a share, the link's scale for a parameter itself, and g's own scale otherwise.

Sources: S. D. Silvey (1970), Statistical Inference, section 4.8; A. W. van der Vaart (1998),
Asymptotic Statistics, theorem 3.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.errors import UsageError
from mlefit.expression import (
    ANY,
    POSITIVE,
    UNIT,
    Binary,
    Bounds,
    Call,
    Expression,
    Leaf,
    Name,
    NoValueError,
    Number,
    bounds,
    evaluate,
)
from mlefit.frozen import frozen
from mlefit.inference.estimates import Uncertainty
from mlefit.inference.intervals import Ends
from mlefit.inference.quantities import Names, Place, Quantity, understood
from mlefit.links import Link
from mlefit.results.fit import Derived
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status

_OWN = "own"


class Moving(NamedTuple):
    """A leaf that the coefficients decide.

    Attributes:
        position: of its coefficient among all free ones.
        link: of the parameter whose natural scale is meant; None for the coefficient itself.
    """

    position: int
    link: Link | None


class NoEstimateError(Exception):
    """A leaf has no estimate, for the reason given."""


@frozen
class DerivedFunction:
    """A smooth function of all free coefficients, for the user's columns, with its gradient.

    Attributes:
        expression: the function.
        leaves: which of its leaves move with which coefficient.
        constants: the values of the others.
    """

    expression: Expression
    leaves: Mapping[Leaf, Moving]
    constants: Mapping[Leaf, float]

    @property
    def positions(self) -> set[int]:
        """Of the coefficients that it depends on."""
        return {one.position for one in self.leaves.values()}

    def value(self, beta: Vector) -> float:
        """The function at coefficients of shape (p,); NaN where it has no value."""
        try:
            return self.at(beta)[0]
        except NoValueError:
            return math.nan

    def gradient(self, beta: Vector) -> Vector:
        """Its derivative with respect to every coefficient; NaN where it has none."""
        try:
            return self.at(beta)[1]
        except NoValueError:
            return np.full(len(beta), np.nan)

    def at(self, beta: Vector) -> tuple[float, Vector]:
        """Value and gradient.

        Raises:
            NoValueError: it has no value here, or no gradient.
        """
        with np.errstate(all="ignore"):
            return self._at(beta)

    def _at(self, beta: Vector) -> tuple[float, Vector]:
        etas = {leaf: beta[one.position : one.position + 1] for leaf, one in self.leaves.items()}
        numbers = {
            leaf: float((eta if one.link is None else one.link.inverse(eta))[0])
            for (leaf, one), eta in zip(self.leaves.items(), etas.values(), strict=True)
        }
        found = evaluate(self.expression, numbers, self.constants)
        gradient = np.zeros(len(beta))
        for leaf, one in self.leaves.items():
            slope = 1.0 if one.link is None else float(one.link.slope(etas[leaf])[0])
            gradient[one.position] += found.slopes.get(leaf, 0.0) * slope
        return found.value, gradient

    def of(self, expression: Expression) -> DerivedFunction:
        """Another expression in the same leaves."""
        return DerivedFunction(expression, self.leaves, self.constants)


class Scale(NamedTuple):
    """Where the interval of a function is symmetric.

    Attributes:
        name: what a report calls it.
        function: the derived function on this scale.
        back: from this scale to the function's own.
    """

    name: str
    function: DerivedFunction
    back: Callable[[float], float]


def names_of(maximum: Maximum) -> Names:
    """What expressions about a fit may speak of."""
    labels = []
    for parameter in maximum.wanted.family.parameters:
        edge, k = maximum.edge_of(parameter), maximum.fitted_position(parameter)
        if edge is not None:
            labels.append(edge.predictor.labels)
        else:
            assert k is not None
            labels.append(maximum.asked[k].labels)
    return Names.of(maximum.wanted.family, labels)


def derived_function(quantity: Quantity, maximum: Maximum) -> DerivedFunction:
    """A quantity as a function of the free coefficients of a fit.

    Raises:
        UsageError: it needs the coefficient of a column that was left out.
        NoEstimateError: it needs a coefficient that has no finite estimate.
    """
    leaves: dict[Leaf, Moving] = {}
    constants = dict(quantity.constants)
    for leaf, place in quantity.places.items():
        source = _source(place, quantity, maximum)
        if isinstance(source, Moving):
            leaves[leaf] = source
        else:
            constants[leaf] = source
    return DerivedFunction(quantity.expression, leaves, constants)


def scale_of(function: DerivedFunction, quantity: Quantity, maximum: Maximum) -> Scale:
    """The scale on which the function can be any number, as far as its form tells."""
    whole = function.expression
    if isinstance(whole, Name) and whole in function.leaves:
        link = function.leaves[whole].link
        assert link is not None
        bare: dict[Leaf, Moving] = {whole: function.leaves[whole]._replace(link=None)}
        on_link = DerivedFunction(whole, bare, {})
        name = _OWN if link.name == "identity" else link.name
        return Scale(name, on_link, lambda eta: float(link.inverse(np.array([eta]))[0]))

    def of(leaf: Leaf) -> Bounds:
        if leaf in function.constants:
            return function.constants[leaf], function.constants[leaf]
        return _bounds_of(quantity.places[leaf], maximum)

    low, high = bounds(whole, of)
    if (low, high) == POSITIVE:
        inner = whole.arguments[0] if isinstance(whole, Call) and whole.function == "exp" else None
        return Scale("log", function.of(inner or Call("log", (whole,))), _exp)
    if (low, high) == UNIT:
        odds = Binary("/", whole, Binary("-", Number(1.0), whole))
        return Scale("logit", function.of(Call("log", (odds,))), lambda x: 1 / (1 + _exp(-x)))
    return Scale(_OWN, function, lambda x: x)


def derived_rows(
    texts: Sequence[str], maximum: Maximum, uncertainty: Uncertainty
) -> tuple[list[Derived], list[str]]:
    """One row for each `NAME = EXPR`, and the notes on those that have no value.

    Raises:
        UsageError: a quantity is not defined at the estimates.
    """
    rows: list[Derived] = []
    notes: list[str] = []
    for quantity in understood(texts, names_of(maximum)):
        try:
            row, ends = derived_with_ends(quantity, maximum, uncertainty)
            rows.append(row)
            notes += [] if ends is None else ends.remarks(quantity.name)
        except NoEstimateError as error:
            rows.append(Derived(quantity.name, quantity.text, *[None] * 5))
            notes.append(f"{quantity.name} has no value: {error}")
        except NoValueError as error:
            raise UsageError(f"{quantity.name}: {error.problem}", *error.evidence) from None
    return rows, notes


def derived(quantity: Quantity, maximum: Maximum, uncertainty: Uncertainty) -> Derived:
    """A quantity's estimate, standard error and interval.

    Raises:
        NoEstimateError: it needs a coefficient that has no finite estimate.
        NoValueError: it has no value, or no derivative, at the estimates.
    """
    return derived_with_ends(quantity, maximum, uncertainty)[0]


def derived_with_ends(
    quantity: Quantity, maximum: Maximum, uncertainty: Uncertainty
) -> tuple[Derived, Ends | None]:
    """The same, and the ends of the interval where it does not come from the error.

    Raises:
        NoEstimateError: it needs a coefficient that has no finite estimate.
        NoValueError: it has no value, or no derivative, at the estimates.
    """
    function = derived_function(quantity, maximum)
    beta, matrix = _corrected(maximum, uncertainty)
    estimate, _ = function.at(beta)
    if matrix is None or not function.leaves:  # of what is held there is no error
        return Derived(quantity.name, quantity.text, estimate, *[None] * 4), None
    if uncertainty.ends_of is not None:
        error = _finite(_root(function.at(beta)[1], matrix))
        made = uncertainty.ends_of(function)
        return Derived(quantity.name, quantity.text, estimate, error, *made[:2]), made
    scale = scale_of(function, quantity, maximum)
    # what was debiased has its error about where the step led
    centre = beta if uncertainty.centres is None else uncertainty.centres
    _, slope = function.at(centre)
    middle, bend = scale.function.at(centre)
    reach = uncertainty.quantile * _root(bend, matrix)
    low, high = sorted((scale.back(middle - reach), scale.back(middle + reach)))
    error = _finite(_root(slope, matrix))
    ends = (_finite(low), _finite(high))
    return Derived(quantity.name, quantity.text, estimate, error, *ends, scale.name), None


def _root(slope: Vector, matrix: Matrix) -> float:
    return math.sqrt(max(float(slope @ matrix @ slope), 0.0))


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _source(place: Place, quantity: Quantity, maximum: Maximum) -> Moving | float:
    """The coefficient a place is at, or the value it is held at."""
    parameter = next(p for p in maximum.wanted.family.parameters if p.name == place.parameter)
    if maximum.edge_of(parameter) is not None:
        raise NoEstimateError(f"{place.parameter} is at an edge of its domain")
    k = maximum.fitted_position(parameter)
    assert k is not None
    predictor, link = maximum.engine.predictors[k], maximum.model.links[k]
    perfect = maximum.optimum.status is Status.PERFECT_FIT
    if perfect and parameter.narrowing is not None:
        raise NoEstimateError(f"{place.parameter} has no estimate inside its domain")
    held = {column.label: value for column, value in maximum.asked[k].held}
    if place.label in held:
        eta = np.array([held[place.label]])
        return float((link.inverse(eta) if place.natural else eta)[0])
    labels = [column.label for column in predictor.columns]
    if place.label not in labels:
        raise UsageError(
            f"{quantity.name} has no value: the column {place.label} is left out, because "
            "the others already say what it says, so its coefficient is not estimated",
            tries=[f"the same without {place.label}"],
        )
    j = labels.index(place.label)
    recession = maximum.recession
    position = sum(one.size for one in maximum.engine.predictors[:k]) + j
    if recession is not None and position - recession.first in recession.moving:
        raise NoEstimateError(f"the coefficient {place.label} has no finite estimate")
    return Moving(position, link if place.natural else None)


def _bounds_of(place: Place, maximum: Maximum) -> Bounds:
    if not place.natural:
        return ANY
    domain = next(p.domain for p in maximum.wanted.family.parameters if p.name == place.parameter)
    return domain.lower, domain.upper


def _corrected(maximum: Maximum, uncertainty: Uncertainty) -> tuple[Vector, Matrix | None]:
    """The coefficients and their covariance, with a scale that divides by n - p if asked for."""
    beta, spread = np.concatenate(maximum.betas), uncertainty.matrix
    matrix = None if spread is None else np.asarray(spread)
    factor = uncertainty.scale_factor
    if factor == 1 or not math.isfinite(factor):
        return beta, matrix
    for k, position in _scales(maximum):
        link, eta = maximum.model.links[k], beta[position : position + 1].copy()
        beta[position] = link.forward(factor * link.inverse(eta))[0]
        stretch = factor * link.slope(eta)[0] / link.slope(beta[position : position + 1])[0]
        if matrix is not None:
            matrix = matrix.copy()
            matrix[position] *= stretch
            matrix[:, position] *= stretch
    return beta, matrix


def _scales(maximum: Maximum) -> Iterator[tuple[int, int]]:
    """Parameters that a norm of the residuals gives, and the positions of their intercepts."""
    position = 0
    for k, predictor in enumerate(maximum.engine.predictors):
        if maximum.model.family.parameters[k].norm is not None and predictor.size:
            yield k, position
        position += predictor.size
