"""`mlefit check --power`: what a gate could see, before there is a day to check.

The family is taken to be right, and rows to be like the baseline's, so that an estimate's error at
n rows is that of the baseline times the root of n0/n.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import NormalDist

import mlefit
from mlefit.checking._base import Planned
from mlefit.checking.estimates import estimates
from mlefit.checking.file import read_checks
from mlefit.checking.gap import POWER, Gap
from mlefit.checking.gate import baseline_info
from mlefit.checking.opening import baseline_of
from mlefit.checking.plan import plan
from mlefit.errors import UsageError
from mlefit.prediction.saved import SavedModel
from mlefit.request import CheckRequest
from mlefit.results.check import Sensitivity
from mlefit.results.power import SCHEMA, PowerResult, TermSensitivity

_STEPS = (100, 300, 1000, 3000, 10_000, 100_000, 1_000_000)


def run(request: CheckRequest, rows: Sequence[int] = ()) -> PowerResult:
    """What the checks of a request could see.

    Args:
        request: names the baseline, and the checks if they are not the default.
        rows: of days; by default some.

    Raises:
        UsageError: no baseline.
    """
    file = None if request.checks is None else read_checks(Path(request.checks))
    named = request.baseline or (None if file is None else file.baseline)
    if named is None:
        raise UsageError("--power needs a baseline", tries=["--baseline model.json"])
    model = baseline_of(named, file)
    exact = request.exact or (file is not None and file.exact)
    planned = plan(request, file, compares=True, has_rows=True)
    steps = rows or _STEPS
    return PowerResult(
        schema=SCHEMA,
        mlefit_version=mlefit.__version__,
        command=request.common.command,
        baseline=baseline_info(model, exact),
        gaps=list(_gaps(model, planned, steps, exact)),
        terms=list(_terms(model, planned, steps, exact)),
    )


def _gaps(
    model: SavedModel, planned: Sequence[Planned], steps: Sequence[int], exact: bool
) -> Iterator[Sensitivity]:
    before = math.inf if exact else model.record.fit.nobs
    for one in planned:
        for condition in (one.levels.fail, one.levels.warn):
            threshold = None if condition is None else condition.bound_above("gap")
            if one.check.name != "fit_gap" or threshold is None:
                continue
            for rows in steps:
                gap = Gap(0.0, len(model.names), rows, before)
                smallest = gap.smallest(threshold, one.alpha)
                shift = math.sqrt(2 * smallest)
                yield Sensitivity(smallest, shift, rows, f"{one.name} {condition}")


def _terms(
    model: SavedModel, planned: Sequence[Planned], steps: Sequence[int], exact: bool
) -> Iterator[TermSensitivity]:
    """A move is seen if it is larger than the condition's z, and significant, nearly always."""
    if model.covariance is None:
        return
    errors = dict(zip(model.names, model.covariance.diagonal() ** 0.5, strict=True))
    known = estimates(model.record)
    for one in planned:
        for condition in (one.levels.fail, one.levels.warn):
            z = None if condition is None else condition.bound_above("z")
            if one.check.name != "drift" or z is None:
                continue
            needed = max(z, NormalDist().inv_cdf(1 - one.alpha / 2)) + NormalDist().inv_cdf(POWER)
            for name, estimate in known.items():
                error = errors.get(estimate.key or "")
                for rows in steps if error is not None else ():
                    ratio = model.record.fit.nobs / rows + (0.0 if exact else 1.0)
                    change = needed * float(error or 0.0) * math.sqrt(ratio)
                    yield TermSensitivity(name, rows, change, f"{one.name} z above {z:g}")
