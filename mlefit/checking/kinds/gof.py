"""Whether today's rows look like draws from today's fit (parametric bootstrap)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from mlefit.checking._base import Check, Sight
from mlefit.checking.day import Day
from mlefit.checking.options import Option
from mlefit.diagnosis import gof
from mlefit.search.climb import Search


class GoodnessOfFit(Check):
    """See the module's docstring."""

    name = "gof"
    summary = "goodness of fit of today's family, by draws"
    quantities = {"p": "p-value of the distance", "distance": "between rows and fit"}
    options = {"replications": Option("whole", "draws", gof.REPLICATIONS)}
    example = {"below": 0.001}
    baseline = False
    rows = True
    order = 8

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        day.today  # noqa: B018 - without a maximum there is nothing to draw from
        request = day.prepared.request
        gof.check(request, day.maximum)
        tested = gof.goodness_of_fit(
            day.maximum,
            Search(request.tol, request.max_iter),
            replications=given["replications"],
            seed=day.seed,
            tell=partial(day.progress, "goodness of fit, draws"),
        )
        for test in tested["tests"]:
            yield Sight(
                {"p": test["p_value"], "distance": test["value"]},
                f"{test['value']:.4g}, p = {test['p_value']:.3g}",
                subject=test["statistic"],
            )


CHECK = GoodnessOfFit()
