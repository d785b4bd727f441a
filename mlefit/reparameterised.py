"""The fitted distribution under the names and parameters of R, scipy, Stan and others.

Only where one distribution was fitted, the same for all rows. The parameters there are derived
quantities, so their errors and intervals are those of `derived`.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlefit.derived import NoEstimateError, derived, names_of
from mlefit.estimates import Uncertainty
from mlefit.expression import NoValueError
from mlefit.families._elsewhere import Elsewhere, filled
from mlefit.maximum import Maximum
from mlefit.optimise import Status
from mlefit.quantities import Names, quantity
from mlefit.results.fit import Reparameterisation


def reparameterisations(maximum: Maximum, uncertainty: Uncertainty) -> Iterator[Reparameterisation]:
    """One record for each way of writing the distribution, unless rows have their own."""
    names = names_of(maximum)
    plain = all(predictor.is_constant for predictor in maximum.asked)
    if not plain or maximum.status is not Status.CONVERGED:
        return
    for one in maximum.model.family.elsewhere:
        found = _written(one, names, maximum, uncertainty)
        if found is not None:
            yield found


def _written(
    one: Elsewhere, names: Names, maximum: Maximum, uncertainty: Uncertainty
) -> Reparameterisation | None:
    """None where an argument has no value, as at a special case that is another family there."""
    try:
        arguments = [
            derived(quantity(name, text, names), maximum, uncertainty)
            for name, text in one.arguments.items()
        ]
    except (NoEstimateError, NoValueError):
        return None
    call = filled(one.call, {row.name: repr(row.estimate) for row in arguments})
    return Reparameterisation(one.system, call, one.call, arguments)
