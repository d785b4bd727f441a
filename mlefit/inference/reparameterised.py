"""The fitted distribution under the names and parameters of R, scipy, Stan and others.

Only where one distribution was fitted, the same for all rows. The parameters there are derived
quantities, so their errors and intervals are those of `derived`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from mlefit.expression import NoValueError
from mlefit.families._elsewhere import filled
from mlefit.inference.derived import NoEstimateError, derived, names_of
from mlefit.inference.estimates import Uncertainty
from mlefit.inference.quantities import quantity
from mlefit.results.fit import Derived, Reparameterisation
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status


def reparameterisations(maximum: Maximum, uncertainty: Uncertainty) -> Iterator[Reparameterisation]:
    """One record for each way of writing the distribution, unless rows have their own."""
    if maximum.status is not Status.CONVERGED:
        return
    names = names_of(maximum)

    @cache  # systems that name a parameter differently mean the same function
    def value(text: str) -> Derived:
        return derived(quantity(text, text, names), maximum, uncertainty)

    for one in maximum.model.family.elsewhere:
        if not one.arguments:  # said in words where there are too many to write out
            continue
        try:
            arguments = [replace(value(text), name=name) for name, text in one.arguments.items()]
        except (NoEstimateError, NoValueError):
            continue  # a special case here, which is another family there
        call = filled(one.call, {row.name: repr(row.estimate) for row in arguments})
        yield Reparameterisation(one.system, call, one.call, arguments)
