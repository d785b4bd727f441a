"""`mlefit check --power`: what a gate could see, before there is a day to check.

The family is taken to be right, and rows to be like the baseline's, so that an estimate's error at
n rows is that of the baseline times the root of n0/n.
"""

from __future__ import annotations

from collections.abc import Sequence

import mlefit
from mlefit.checking._base import Outlook
from mlefit.checking.file import checks_of
from mlefit.checking.gate import baseline_info
from mlefit.checking.opening import baseline_of
from mlefit.checking.plan import plan
from mlefit.errors import UsageError
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
    file = checks_of(request)
    named = request.baseline or (None if file is None else file.baseline)
    if named is None:
        raise UsageError("--power needs a baseline", tries=["--baseline model.json"])
    model = baseline_of(named, file)
    exact = request.exact or (file is not None and file.exact)
    planned = plan(request, file, compares=True, has_rows=True)
    outlook = Outlook(model, exact, rows or _STEPS)
    seen = [what for one in planned for what in one.check.foreseen(one, outlook)]
    return PowerResult(
        schema=SCHEMA,
        mlefit_version=mlefit.__version__,
        command=request.common.command,
        baseline=baseline_info(model, exact),
        gaps=[one for one in seen if isinstance(one, Sensitivity)],
        terms=[one for one in seen if isinstance(one, TermSensitivity)],
    )
