"""The probability of an interval, from whichever tails of a distribution are small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Family
from mlefit.special import log_complement


def log_between(
    family: Family, lower: Rows, upper: Rows, theta: Sequence[Any], known: Mapping[str, Any]
) -> Rows:
    """ln P(lower <= Y <= upper) of every row.

    Args:
        family: one that has `log_cdf`.
        lower: shape (n,); of counts whole numbers, or infinite.
        upper: the same, not below `lower`.
        theta: parameters of each row.
        known: known quantities of each row.
    """
    support = family.support
    # the lowest value of all may have a probability of its own
    everything = lower <= support.lower
    lower = np.maximum(lower, support.lower) - (1.0 if support.discrete else 0.0)
    upper = np.minimum(upper, support.upper)

    def tail(function: Any, at: Rows) -> Rows:
        return np.asarray(function(at, *theta, **known))

    if everything.all():
        return tail(family.log_cdf, upper)
    beyond = np.where(everything, 0.0, tail(family.log_sf, lower))
    if np.isposinf(upper).all():
        return beyond
    under = np.where(everything, -np.inf, tail(family.log_cdf, lower))
    up_to, over = tail(family.log_cdf, upper), tail(family.log_sf, upper)
    return np.where(
        beyond < up_to,
        beyond + log_complement(over - beyond),
        up_to + log_complement(under - up_to),
    )
