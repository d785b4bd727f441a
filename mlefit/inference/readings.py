"""Coefficients in the words of a field: a coefficient b of a time's scale as the ratio exp(b).

A reading is exp(s b) or exp(s b theta) for a sign s and a parameter theta without covariates:
a function of the parameters that needs no asking, so its interval is that of the exponent,
mapped.

Source: J. D. Kalbfleisch and R. L. Prentice (2002), The Statistical Analysis of Failure Time
Data, 2nd ed., sections 2.3 and 7.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlefit.expression import NoValueError, Reference, render
from mlefit.inference.derived import derived, names_of
from mlefit.inference.estimates import Uncertainty
from mlefit.inference.quantities import COEFFICIENT, quantity
from mlefit.results.fit import Derived
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status


def readings(maximum: Maximum, uncertainty: Uncertainty) -> Iterator[Derived]:
    """Every reading of every slope of the first parameter, where the fit has errors."""
    family = maximum.model.family
    if not family.readings or uncertainty.matrix is None or maximum.status is not Status.CONVERGED:
        return
    names = names_of(maximum)
    for reading in family.readings:
        if maximum.model.links[0].name != reading.link:
            continue
        if reading.times is not None and not names.is_plain(reading.times):
            continue
        for column in maximum.engine.predictors[0].columns:
            if column.is_intercept:
                continue
            text = reading.expression(render(Reference(COEFFICIENT, column.label)))
            asked = quantity(f"{reading.name} {column.label}", text, names)
            try:
                found = derived(asked, maximum, uncertainty)
            except NoValueError:  # beyond the largest double
                continue
            if found.conf_high is not None or uncertainty.ends_of is not None:
                yield found
