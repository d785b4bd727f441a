"""An equation of the parameters as a hypothesis: `--test 'b[x] = b[z]'`, `--test 'sigma = 1'`.

The likelihood ratio compares the maximum with the highest place where the equation holds,
which the profile of left side less right side finds; Wald's test takes the difference of the
sides over its error by the delta method, the score test the slope at that place. One equation
has one degree of freedom. Unlike the others Wald's test depends on how the equation is
written: `b[x] = 1` is not `exp(b[x]) = exp(1)` to it.

Source: A. J. Gregory and M. R. Veall (1985), Econometrica 53, 1465-1468.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from mlefit.design.suggest import word
from mlefit.errors import UsageError
from mlefit.expression import Binary, NoValueError
from mlefit.families._base import Family
from mlefit.formula import is_equation, sides
from mlefit.frozen import frozen
from mlefit.inference.derived import DerivedFunction, NoEstimateError, derived_function
from mlefit.inference.profile import Curve, HigherError, Place, of_function
from mlefit.inference.quantities import Names, Quantity, quantity
from mlefit.results.fit import TermTest
from mlefit.search.climb import Search
from mlefit.testing import statistics
from mlefit.testing.models import Models, Subject
from mlefit.testing.records import SCORE, WALD, Assumptions, at_edges, told
from mlefit.testing.statistics import Statistic

_STRIDES = 12
_SHOWN = 12
_SIDE = "side"


@frozen
class Equation:
    """That two functions of the parameters are equal.

    Attributes:
        written: both sides.
        difference: the left one less the right one.
    """

    written: str
    difference: Quantity


def equation(text: str, subject: Subject) -> Equation:
    """What a text with an equals sign asks.

    Raises:
        UsageError: a side is no expression of parameters and numbers.
    """
    left, right = sides(text)
    if not left or not right or is_equation(right):
        raise UsageError(
            f"--test {word(text)}: an equation has two sides",
            tries=["--test 'b[x] = b[z]'", "--test 'b[x] = 1'"],
        )
    family: Family = subject.model.family
    names = Names.of(family, [predictor.labels for predictor in subject.engine.predictors])
    one = _side(left, names, lambda better: f"{better} = {right}")
    other = _side(right, names, lambda better: f"{left} = {better}")
    places = {**one.places, **other.places}
    if not places:
        raise UsageError(
            f"--test {word(text)} holds no parameter and no coefficient",
            f"there are: {', '.join(names.everything()[:_SHOWN])}",
        )
    difference = Binary("-", one.expression, other.expression)
    constants = {**one.constants, **other.constants}
    written = f"{left} = {right}"
    return Equation(written, Quantity(written, written, difference, places, constants))


def _side(text: str, names: Names, within: Callable[[str], str]) -> Quantity:
    """One side; what an error suggests in its place is told within the equation."""
    try:
        return quantity(_SIDE, text, names)
    except UsageError as error:
        better = [shlex.split(way)[-1].removeprefix(f"{_SIDE} = ") for way in error.tries]
        tries = [f"--test {word(within(one))}" for one in better]
        raise UsageError(error.problem, *error.evidence, tries=tries) from None


def tests(one: Equation, models: Models, given: Assumptions, search: Search) -> Iterator[TermTest]:
    """The three tests of an equation.

    Raises:
        UsageError: a side has no value at the estimates.
    """
    names = (given.ratio_name, WALD, SCORE)
    found = _function(one, models)
    if isinstance(found, str):
        yield from (_none(one, name, found) for name in names)
        return
    why = given.refusal
    if not why and models.maximum.vertex is not None:
        why = "the family has a corner, where no path leads along an equation"
    place = why or _held(models, search, found)
    yield _ratio(one, models, given, place)
    yield _wald(one, models, given, found)
    yield _score(one, models, given, place)


def _function(one: Equation, models: Models) -> DerivedFunction | str:
    """The difference as a function of the coefficients, or why there is nothing to test."""
    if models.trouble:
        return f"the fit has no maximum: {models.trouble}"
    try:
        function = derived_function(one.difference, models.maximum)
        function.at(np.concatenate(models.maximum.betas))
    except NoEstimateError as error:
        return str(error)
    except NoValueError as error:
        raise UsageError(f"--test {word(one.written)}: {error.problem}", *error.evidence) from None
    return function if function.leaves else "all of it is held at a value"


def _held(models: Models, search: Search, function: DerivedFunction) -> Place | str:
    """The highest place where the equation holds."""
    # a profile stops at the root of it, for heights alone; the slope is asked for as well
    sharp = replace(search, tol=search.tol**2)
    try:
        curve = of_function(models.maximum, sharp, function)
        place = _at_zero(curve)
    except HigherError:
        return "the model with the equation is higher: no search found the highest maximum"
    if not (place.converged and math.isfinite(place.root)):
        return "no place was found where it holds"
    return place


def _at_zero(curve: Curve) -> Place:
    place = curve.held(0.0, curve.top)
    if not place.converged:  # too far for one stride
        *_, place = curve.along(np.linspace(curve.estimate, 0.0, _STRIDES + 1)[1:].tolist())
    return place


def _ratio(one: Equation, models: Models, given: Assumptions, place: Place | str) -> TermTest:
    if isinstance(place, str):
        return _none(one, given.ratio_name, place)
    best = models.maximum.nll
    found = statistics.ratio(best, best + place.root**2 / 2, best, 1, given.spread)
    change = None if given.spread.kind == "quasi" else place.root**2 - 2
    return replace(_record(one, models, given.ratio_name, found), aic_change=change)


def _wald(one: Equation, models: Models, given: Assumptions, function: DerivedFunction) -> TermTest:
    V = given.spread.covariance
    if V is None:
        return _none(one, WALD, "the fit has no standard errors")
    value, slope = function.at(np.concatenate(models.maximum.betas))
    variance = float(slope @ V @ slope)
    if not (math.isfinite(variance) and variance > 0):
        return _none(one, WALD, "the difference of its sides has no standard error")
    found = Statistic(value**2 / variance, 1, given.spread.degrees)
    return replace(_record(one, models, WALD, found), information=given.spread.kind)


def _score(one: Equation, models: Models, given: Assumptions, place: Place | str) -> TermTest:
    if isinstance(place, str):
        return _none(one, SCORE, place)
    if given.spread.degrees is not None:
        return _none(one, SCORE, "it knows of no estimated variance; the F test does")
    model, engine = models.maximum.model, models.maximum.engine
    found = statistics.score(model, engine, place.gamma, 1)
    if found is None:
        return _none(one, SCORE, "the information is not definite where the equation holds")
    kind = statistics.information_kind(model)
    return replace(_record(one, models, SCORE, found), information=kind)


def _record(one: Equation, models: Models, test: str, found: Statistic) -> TermTest:
    edges = at_edges([edge.limit.parameter for edge in models.maximum.edges], "in the fit")
    return told(one.written, None, test, found, edges)


def _none(one: Equation, test: str, why: str) -> TermTest:
    return TermTest(one.written, None, test, status="none", message=why)
