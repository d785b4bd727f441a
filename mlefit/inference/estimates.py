"""The rows of the two tables of estimates: coefficients, and parameters on their natural scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

import numpy as np

from mlefit._types import Vector
from mlefit.arrow import Spread
from mlefit.design.roles import Roles
from mlefit.frozen import frozen
from mlefit.inference.covariance import Reference, natural_scale
from mlefit.inference.intervals import PROFILE, Ends
from mlefit.results import fit as results
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status
from mlefit.support import Domain

if TYPE_CHECKING:
    from mlefit.inference.constrained import Smooth
    from mlefit.search.existence import Recession


@frozen
class Uncertainty:
    """Covariance of the free coefficients and what tests refer to.

    Attributes:
        matrix: shape (p, p), or None where the curvature gives none.
        reference: distribution of the statistics.
        quantile: of the two-sided interval.
        is_posterior: whether the matrix is of a posterior density.
        scale_factor: what multiplies the scale parameter: 1, or root of n/(n - p).
        centres: where the intervals lie, on the link scale, if not about the estimates.
        ends: of the interval of each free coefficient, where they do not come from its error.
        at_edges: of parameters at an edge of the family, by name.
        ends_of: gives the interval of any smooth function of the coefficients, where its error
            does not.
        ends_from: what they come from, in a word.
    """

    matrix: Spread | None
    reference: Reference
    quantile: float
    scale_factor: float
    is_posterior: bool
    centres: Vector | None = None
    ends: tuple[Ends, ...] = ()
    at_edges: Mapping[str, Ends] = field(default_factory=dict)
    ends_of: Callable[[Smooth], Ends] | None = None
    ends_from: str = ""

    @property
    def method(self) -> str:
        """How the intervals were made, in a word."""
        if self.centres is not None:
            return "debiased"
        if self.ends:
            return self.ends_from
        return "laplace" if self.is_posterior else "wald"

    def std_error(self, position: int) -> float | None:
        """Of the coefficient at a position."""
        return None if self.matrix is None else math.sqrt(self.matrix[position, position])


def coefficient_rows(
    roles: Roles, maximum: Maximum, uncertainty: Uncertainty
) -> Iterator[results.Coefficient]:
    """One row for each column, in the order they were asked for."""
    for parameter in maximum.wanted.family.parameters:
        edge = maximum.edge_of(parameter)
        if edge is not None:
            if _has_covariates(roles, parameter.name):
                for label in edge.predictor.labels:
                    yield results.Coefficient(parameter.name, label, *[None] * 6)
            continue
        k = maximum.fitted_position(parameter)
        assert k is not None
        at = _first(maximum, k)
        asked, fitted, beta = maximum.asked[k], maximum.engine.predictors[k], maximum.betas[k]
        estimates = {column.label: j for j, column in enumerate(fitted.columns)}
        away = _running_away(maximum)
        held = {column.label: value for column, value in asked.held}
        if _has_covariates(roles, parameter.name):
            for label in asked.labels:
                if label in estimates and at + estimates[label] not in away:
                    j = estimates[label]
                    yield _estimated(parameter.name, label, beta[j], at + j, uncertainty)
                else:
                    yield results.Coefficient(parameter.name, label, held.get(label), *[None] * 5)


def _estimated(
    parameter: str, term: str, estimate: float, position: int, uncertainty: Uncertainty
) -> results.Coefficient:
    error = uncertainty.std_error(position)
    if error is None or error == 0:
        return results.Coefficient(parameter, term, float(estimate), error, *[None] * 4)
    if uncertainty.ends_from == PROFILE:
        low, high, *_, root = uncertainty.ends[position]
        p = None if root is None else uncertainty.reference.p_value(root)
        return results.Coefficient(parameter, term, float(estimate), error, root, p, low, high)
    centre = float(estimate) if uncertainty.centres is None else uncertainty.centres[position]
    statistic = float(centre / error)
    # under a prior the error is that of a posterior, which has no null hypothesis
    p_value = None if uncertainty.is_posterior else uncertainty.reference.p_value(statistic)
    reach = uncertainty.quantile * error
    ends: tuple[float | None, float | None] = (float(centre) - reach, float(centre) + reach)
    if uncertainty.ends:
        ends = uncertainty.ends[position][:2]
    return results.Coefficient(
        parameter=parameter,
        term=term,
        estimate=float(estimate),
        std_error=error,
        statistic=statistic,
        p_value=p_value,
        conf_low=ends[0],
        conf_high=ends[1],
    )


def parameter_rows(
    roles: Roles, maximum: Maximum, uncertainty: Uncertainty
) -> Iterator[results.ParameterEstimate]:
    """One row for each parameter without covariates, on its natural scale."""
    for parameter in maximum.wanted.family.parameters:
        if _has_covariates(roles, parameter.name):
            continue
        edge = maximum.edge_of(parameter)
        if edge is not None:
            end = _value_of(edge.limit.end, parameter.domain)
            low, high, *_ = uncertainty.at_edges.get(parameter.name, (None, None))
            yield results.ParameterEstimate(parameter.name, end, None, low, high)
            continue
        k = maximum.fitted_position(parameter)
        assert k is not None
        predictor = maximum.engine.predictors[k]
        if predictor.size or predictor.held:  # a location without columns is just zero
            yield _natural(maximum, k, _first(maximum, k), uncertainty)


def _running_away(maximum: Maximum) -> set[int]:
    """Positions of the coefficients that have no finite estimate."""
    found = maximum.recession
    return set() if found is None else {found.first + j for j in found.moving}


def _first(maximum: Maximum, k: int) -> int:
    """Position of a parameter's first coefficient among all."""
    return sum(predictor.size for predictor in maximum.engine.predictors[:k])


def _natural(
    maximum: Maximum, k: int, position: int, uncertainty: Uncertainty
) -> results.ParameterEstimate:
    parameter, link = maximum.model.family.parameters[k], maximum.model.links[k]
    predictor = maximum.engine.predictors[k]
    if not predictor.size:
        value = float(link.inverse(np.array([predictor.held[0][1]]))[0])
        return results.ParameterEstimate(parameter.name, value, None, None, None)
    factor = uncertainty.scale_factor if parameter.norm is not None else 1.0
    if position in _running_away(maximum):
        assert maximum.recession is not None
        end = _end_of_domain(maximum, maximum.recession)
        return results.ParameterEstimate(parameter.name, end, None, None, None)
    if maximum.optimum.status is Status.PERFECT_FIT and parameter.narrowing is not None:
        end = 0.0 if parameter.narrowing.power > 0 else None
        return results.ParameterEstimate(parameter.name, end, None, None, None)
    error = uncertainty.std_error(position)
    if error is None:
        value = float(link.inverse(maximum.betas[k][:1])[0]) * factor
        return results.ParameterEstimate(parameter.name, value, None, None, None)
    centre = None if uncertainty.centres is None else float(uncertainty.centres[position])
    numbers = natural_scale(maximum, k, error, uncertainty.quantile, centre)
    if uncertainty.ends:
        mapped = [
            None if end is None else float(link.inverse(np.array([end]))[0])
            for end in uncertainty.ends[position][:2]
        ]
        low, high = mapped if link.slope(maximum.betas[k][:1])[0] > 0 else mapped[::-1]
        return results.ParameterEstimate(parameter.name, *numbers[:2], low, high)
    finite = (factor * number if math.isfinite(number) else None for number in numbers)
    return results.ParameterEstimate(parameter.name, *finite)


def _end_of_domain(maximum: Maximum, recession: Recession) -> float | None:
    """Where a plain parameter tends to when its likelihood has no maximum inside."""
    k = recession.parameter or 0
    end = maximum.model.ends_of(k)[recession.growing > 0]
    return _value_of(end, maximum.model.family.parameters[k].domain)


def _value_of(end: str | None, domain: Domain) -> float | None:
    """The number at an end of a domain; None if it is infinite."""
    value = domain.lower if end == "lower" else domain.upper
    return value if math.isfinite(value) else None


def _has_covariates(roles: Roles, parameter: str) -> bool:
    right = roles.rights[parameter]
    return bool(right.terms) or not right.intercept
