"""Whether identical rows may be counted: not where something depends on single rows."""

from __future__ import annotations

from mlefit.families._base import Family
from mlefit.request import Request


def why_every_row(request: Request, family: Family) -> str | None:
    """Why each row is wanted for itself; None if identical ones may be counted.

    Sums over rows, standard errors of any kind, clusters and every report are the same for
    counted rows. These are not.
    """
    weights = (request.freq_weights, request.precision_weights, request.sampling_weights)
    resampled = request.bootstrap or "bootstrap" in (request.se, request.ci)
    reasons = {
        "the rows stay on the workers of a cluster": request.engine != "local",
        "rows of weight zero are left out once they are read": any(weights),
        "rows that are open on both sides are left out once they are read": request.lower,
        "of several best fits the order of the rows may choose": family.vertex is not None,
        "new targets are drawn for every row": request.gof,
        "rows are drawn one by one": resampled,
        "folds are made of single rows": request.cv,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)
