"""All estimates at once against the baseline's, by Wald's test: what two saved fits can say.

With d the differences and V0, V1 the covariances of the two days, d' (V0 + V1)^-1 d is about
chi-squared on an unchanged day, and d' V1^-1 d / (2 n1) is what the fit gap would be if the
log-likelihood were the parabola that V1 says.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mlefit.checking._base import Check, Sight, UnseenError
from mlefit.checking.day import Day
from mlefit.prediction.saved import SavedModel


class Joint(Check):
    """See the module's docstring."""

    name = "joint"
    summary = "all estimates at once against the baseline's (Wald)"
    quantities = {"gap": "nats per row, by the curvature", "statistic": "of the test"}
    by_default = {"warn": {"above": 0.005}, "fail": {"above": 0.02}}
    in_place_of_rows = True
    order = 6

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        before, after = day.yesterday, day.today
        common = [name for name in before.names if name in after.names]
        if not common or before.covariance is None or after.covariance is None:
            raise UnseenError("a fit without standard errors says nothing of chance")
        old, V0 = _among(before, common)
        new, V1 = _among(after, common)
        moved = new - old
        try:
            statistic = float(moved @ np.linalg.solve(V1 + (0.0 if day.exact else V0), moved))
            gap = float(moved @ np.linalg.solve(V1, moved)) / (2 * day.rows)
        except np.linalg.LinAlgError as error:
            raise UnseenError("the covariances have no inverse") from error
        shift = math.sqrt(2 * gap)
        from scipy.special import chdtrc

        yield Sight(
            {"gap": gap, "statistic": statistic},
            f"about {gap:.4g} nats per row, a shift by {shift:.2g} standard deviations",
            p_value=float(chdtrc(len(common), statistic)),
            evidence=(f"Wald's chi-squared {statistic:.4g} on {len(common)} df",),
        )


def _among(saved: SavedModel, names: list[str]) -> tuple[Any, Any]:
    """Coefficients and covariance of some names."""
    at = [saved.names.index(name) for name in names]
    assert saved.covariance is not None
    return np.concatenate(saved.betas)[at], saved.covariance[np.ix_(at, at)]


CHECK = Joint()
