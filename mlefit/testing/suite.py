"""What a fit is asked to test: the words, the fits they need, the records they give."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from mlefit.design.roles import Roles
from mlefit.design.table import Table
from mlefit.diagnosis.criteria import nobs_of
from mlefit.engines.contract import Engine
from mlefit.errors import UsageError
from mlefit.formula import is_equation
from mlefit.likelihood import Model
from mlefit.request import Request
from mlefit.results.fit import FitResult, TermTest
from mlefit.search.climb import Search
from mlefit.search.maximum import Maximum
from mlefit.testing import equations, records, terms
from mlefit.testing.equations import Equation, equation
from mlefit.testing.models import Models, Subject
from mlefit.testing.statistics import Spread
from mlefit.testing.terms import Hypothesis


class Suite:
    """The tests of one fit.

    Args:
        request: says which.
        roles: the formulas of the fit.
        table: its series.
        model: family and links.
        engine: the rows, seen through its predictors.
        search: when to stop.
        progress: takes what long work is at, the steps done and all of them.

    Raises:
        UsageError: a term that the model does not have, or a prior.
    """

    def __init__(
        self,
        request: Request,
        roles: Roles,
        table: Table,
        model: Model,
        engine: Engine,
        search: Search,
        progress: Callable[[str, int, int], None],
    ) -> None:
        _refuse_priors(request)
        subject, family = Subject(roles, table.levels, model, engine), model.family
        self._tests = [
            equation(text, subject) if is_equation(text) else terms.asked(text, roles, family)
            for text in request.tests
        ]
        self._table = list(terms.by_term(roles, family)) if request.anova else []
        if request.anova and not self._table:
            raise UsageError("--anova tests term by term, and the formula has no terms")
        for one in self._hypotheses:
            held = subject.held_without(one.smaller)
            if held is not None:
                raise UsageError(f"{held} is held by --fix, so --test cannot leave it out")
        self._request = request
        self._subject = subject
        self._search = search
        self._progress = progress

    @property
    def _hypotheses(self) -> list[Hypothesis]:
        """Those about terms."""
        return [one for one in self._tests if isinstance(one, Hypothesis)]

    def settled(self, maximum: Maximum) -> Maximum:
        """The maximum of the fit, or a higher one that a smaller model led to."""
        total = len(self._tests) + len(self._table)
        count = itertools.count()
        models = Models(
            self._subject,
            maximum,
            self._search,
            lambda: self._progress("tests, models fitted", min(next(count), total), total),
        )
        if not _refusal(self._request, maximum):
            rights = self._subject.roles.rights
            tests = [one for one in self._hypotheses if not one.adds]
            models.settle([*tests, *(one for one in self._table if one.larger == rights)])
        self._models = models
        return models.maximum

    def recorded(self, result: FitResult, maximum: Maximum) -> FitResult:
        """The record of a fit with those of its tests.

        Args:
            result: of the fit.
            maximum: the settled one, or a higher one that intervals led to.

        Raises:
            UsageError: a test that leaves nothing out because of a term that stays.
        """
        request, models = self._request, self._models
        models.maximum = maximum
        given = records.Assumptions(_spread(request, result, maximum), _refusal(request, maximum))
        return replace(
            result,
            tests=tuple(row for one in self._tests for row in self._rows(one, models, given)),
            anova=tuple(records.by_term(self._table, models, given)),
        )

    def _rows(
        self, one: Hypothesis | Equation, models: Models, given: records.Assumptions
    ) -> Iterator[TermTest]:
        if isinstance(one, Equation):
            return equations.tests(one, models, given, self._search)
        return records.tests(one, models, given)


def _refuse_priors(request: Request) -> None:
    if request.priors or request.l1 is not None or request.l2 is not None:
        flag = "--test" if request.tests else "--anova"
        raise UsageError(
            f"{flag} asks whether terms are zero, and the prior has an opinion on that: under it "
            "no statistic has a known distribution",
            tries=["the same without the prior", f"the prior without {flag}"],
        )


def _spread(request: Request, result: FitResult, maximum: Maximum) -> Spread:
    kind, matrix = result.model.se_kind, result.covariance.matrix
    nobs = nobs_of(request, maximum)
    df_residual = nobs - maximum.engine.predictors[0].size
    estimated = request.small_sample or kind == "quasi"
    return Spread(
        kind,
        np.array(matrix) if len(matrix) else None,
        degrees=df_residual if estimated and df_residual > 0 else None,
        dispersion=float(result.diagnostics.get("dispersion", 1.0)) if kind == "quasi" else 1.0,
        rows=nobs if request.small_sample and _has_one_sigma(maximum) else None,
    )


def _has_one_sigma(maximum: Maximum) -> bool:
    """Whether all rows share a free normal sigma, so that heights are sums of squares."""
    family, predictors = maximum.model.family, maximum.engine.predictors
    return any(
        parameter.norm == 2 and predictor.size == 1 and predictor.has_intercept
        for parameter, predictor in zip(family.parameters, predictors, strict=True)
    )


def _refusal(request: Request, maximum: Maximum) -> str:
    """Why two heights say nothing of the terms; empty if they do."""
    if request.sampling_weights:
        return (
            "sampling weights make a pseudo-likelihood, whose ratio has no chi-square distribution"
        )
    if request.cluster is not None:
        return f"they take rows for independent, which --cluster {request.cluster} does not"
    doubted = request.se == "bootstrap" and request.bootstrap != "parametric"
    if doubted or (request.se is not None and request.se.startswith("HC")):
        name = maximum.wanted.family.label
        return f"they take the spread of {name} for right, which --se {request.se} does not"
    return ""
