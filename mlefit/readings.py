"""Coefficients in the words of a field: a coefficient b of a time's scale as the ratio exp(b).

A reading is exp(s b) or exp(s b theta) for a sign s and a parameter theta without
covariates. By invariance its estimate is that of the formula, and its interval is that of
the exponent, by the delta method, mapped:

    var(b theta) = theta^2 var(b) + 2 b theta cov(b, theta) + b^2 var(theta)

Source: J. D. Kalbfleisch and R. L. Prentice (2002), The Statistical Analysis of Failure Time
Data, 2nd ed., sections 2.3 and 7.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from mlefit.estimates import Uncertainty
from mlefit.families._records import Reading
from mlefit.maximum import Maximum
from mlefit.optimise import Status
from mlefit.results import fit as results

# the largest exponent of a double
_MOST = 709.0


def readings(maximum: Maximum, uncertainty: Uncertainty) -> Iterator[results.Derived]:
    """Every reading of every slope of the first parameter, where the fit has errors."""
    if uncertainty.matrix is None or maximum.status is not Status.CONVERGED:
        return
    for reading in maximum.model.family.readings:
        if maximum.model.links[0].name != reading.link or not _has_one_value(maximum, reading):
            continue
        for j, column in enumerate(maximum.engine.predictors[0].columns):
            if not column.is_intercept:
                found = _read(maximum, uncertainty, reading, j, column.label)
                if found is not None:
                    yield found


def _has_one_value(maximum: Maximum, reading: Reading) -> bool:
    """Whether the parameter that a reading multiplies with is the same for all rows."""
    if reading.times is None:
        return True
    predictor = maximum.engine.predictors[_position(maximum, reading.times)]
    return predictor.size == 1 and predictor.has_intercept


def _position(maximum: Maximum, name: str) -> int:
    return [parameter.name for parameter in maximum.model.family.parameters].index(name)


def _read(
    maximum: Maximum, uncertainty: Uncertainty, reading: Reading, j: int, label: str
) -> results.Derived | None:
    """One reading; None if an end of its interval is beyond the largest double."""
    matrix = uncertainty.matrix
    assert matrix is not None
    beta = float(maximum.betas[0][j])
    slope = np.zeros(len(matrix))
    if reading.times is None:
        exponent, slope[j] = reading.sign * beta, reading.sign
    else:
        k = _position(maximum, reading.times)
        at = sum(predictor.size for predictor in maximum.engine.predictors[:k])
        link, eta = maximum.model.links[k], maximum.betas[k][:1]
        theta, by_eta = float(link.inverse(eta)[0]), float(link.slope(eta)[0])
        exponent = reading.sign * beta * theta
        slope[j], slope[at] = reading.sign * theta, reading.sign * beta * by_eta
    error = math.sqrt(slope @ matrix @ slope)
    reach = uncertainty.quantile * error
    if abs(exponent) + reach + abs(math.log(error or 1.0)) > _MOST:
        return None
    return results.Derived(
        name=f"{reading.name} {label}",
        expression=reading.expression(label),
        estimate=math.exp(exponent),
        std_error=math.exp(exponent) * error,
        conf_low=math.exp(exponent - reach),
        conf_high=math.exp(exponent + reach),
    )
