"""Whether another family fits today's rows clearly better than the baseline's (AIC)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mlefit import fitting
from mlefit.checking._base import Check, Sight, UnseenError
from mlefit.checking.day import Day
from mlefit.checking.options import Option
from mlefit.comparison.candidates import measure_of
from mlefit.design.roles import with_parameters
from mlefit.errors import UsageError
from mlefit.fitting import Prepared
from mlefit.specify import choose_links, predictors_of


class AnotherFamily(Check):
    """See the module's docstring."""

    name = "family"
    summary = "whether another family fits today clearly better"
    quantities = {"delta_aic": "AIC of today's fit less that of the candidate"}
    options = {"candidates": Option("texts", "families to try", example=["negbinom"], needed=True)}
    example = {"delta_aic_above": 10}
    baseline = False
    rows = True
    order = 8

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        own, prepared = day.today.record, day.prepared
        if own.fit.aic is None:
            raise UnseenError("such a fit has no AIC")
        for name in given["candidates"]:
            other = _in_place(prepared, name)
            if other.family.label == prepared.family.label:
                continue
            if measure_of(other) != measure_of(prepared):
                raise UsageError(
                    f"{other.family.name} and {prepared.family.name} have no likelihoods that "
                    "could be compared: one is of counts, the other a density"
                )
            result = fitting.fitted(other, day.log, day.progress)[1]
            found = result.certificate.status == "converged" and result.fit.aic is not None
            if not found:
                raise UnseenError(f"{name} has no maximum on these rows")
            delta = own.fit.aic - float(result.fit.aic or 0.0)
            better = "better" if delta > 0 else "worse"
            yield Sight({"delta_aic": delta}, f"AIC {abs(delta):.4g} {better}", subject=name)


def _in_place(prepared: Prepared, name: str) -> Prepared:
    """The same series and formula under another family with its own links."""
    request = replace(prepared.request, family=name, links=(), models=(), fix=(), priors=())
    table = prepared.table
    family = fitting.family_of(request).bound(table.facts)
    roles = with_parameters(prepared.roles, family)
    links = choose_links(request, family)
    predictors = predictors_of(request, family, links, roles.rights, table.levels, table.columns)
    return replace(
        prepared,
        request=request,
        family=family,
        links=links,
        roles=roles,
        predictors=predictors,
        priors=(),
    )


CHECK = AnotherFamily()
