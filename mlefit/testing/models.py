"""The models that tests compare: each fitted once, and the fit restarted from a higher one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.design.coding import Column
from mlefit.design.predictors import Predictor, user_matrix
from mlefit.design.roles import Roles
from mlefit.engines.contract import Engine
from mlefit.errors import UntrustworthyError
from mlefit.frozen import frozen
from mlefit.inference.boundary import highest
from mlefit.likelihood import Model
from mlefit.search.climb import Search
from mlefit.search.conditioning import examined, well_conditioned
from mlefit.search.maximise import restarted
from mlefit.search.maximum import Maximum, evaluator
from mlefit.search.optimise import Status
from mlefit.search.span import embedding
from mlefit.search.start import centred
from mlefit.specify import design_of
from mlefit.testing.terms import Hypothesis, Rights

# Heights that two searches run to their tolerance cannot tell apart.
_SLACK = 1e-9
_ROUNDING = 1e-13
_MOST_RESTARTS = 3


@frozen
class Subject:
    """The model that is tested, before any fit.

    Attributes:
        roles: its formulas.
        levels: label of each factor -> its levels, the base level first.
        model: family and links.
        engine: the rows, seen through its predictors.
    """

    roles: Roles
    levels: Mapping[str, Sequence[str]]
    model: Model
    engine: Engine

    def predictors(self, rights: Rights) -> list[Predictor]:
        """The predictors of other right sides, with the same offsets and held coefficients."""
        found = []
        for given, labelled in self._designs(rights):
            held = [column.label for column, _ in given.held]
            columns = tuple(column for label, column in labelled.items() if label not in held)
            found.append(replace(given, columns=columns, labels=tuple(labelled)).without_basis())
        return found

    def held_without(self, rights: Rights) -> str | None:
        """A held coefficient of a column that other right sides do not have."""
        for given, labelled in self._designs(rights):
            for column, _ in given.held:
                if column.label not in labelled:
                    return column.label
        return None

    def _designs(self, rights: Rights) -> Iterator[tuple[Predictor, dict[str, Column]]]:
        """For every parameter its own predictor and the columns of another right side."""
        parameters = self.model.family.parameters
        for parameter, given in zip(parameters, self.engine.predictors, strict=True):
            design = design_of(parameter, rights[parameter.name], self.levels)
            yield given, {column.label: column for column in design}


@frozen
class Fitted:
    """One model of several.

    Attributes:
        names: of the parameters that were asked for.
        nll: negative log-likelihood at its maximum.
        maximum: None if it has no coefficient, or no maximum.
        trouble: why it has no maximum; else empty.
    """

    names: Sequence[str]
    nll: float
    maximum: Maximum | None
    trouble: str = ""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Independent columns of every fitted parameter."""
        if self.maximum is None:
            return dict.fromkeys(self.names, 0)
        fitted = self.maximum.engine.predictors
        return {n: p.size for n, p in zip(_names(self.maximum), fitted, strict=True)}

    @property
    def edges(self) -> tuple[str, ...]:
        """Parameters that are at an edge of their domain."""
        if self.maximum is None:
            return ()
        return tuple(edge.limit.parameter for edge in self.maximum.edges)


@frozen
class Nesting:
    """The smaller model's coefficients among those of the fit.

    Attributes:
        matrix: shape (p, q): beta = matrix @ alpha, alpha of the columns asked for.
        starts: position of the first alpha of every fitted parameter.
        rank: independent columns of the smaller model.
    """

    matrix: Matrix
    starts: Mapping[str, int]
    rank: int

    @property
    def df(self) -> int:
        """Independent columns that the larger model has more."""
        return len(self.matrix) - self.rank


class Models:
    """The fit, and the models it is compared with.

    Args:
        subject: what was fitted.
        maximum: its maximum.
        search: when to stop.
        tell: is called before each fit.
    """

    def __init__(
        self, subject: Subject, maximum: Maximum, search: Search, tell: Callable[[], None]
    ) -> None:
        self.subject = subject
        self.maximum = maximum
        self._search = search
        self._tell = tell
        self._fits: dict[Hashed, Fitted] = {}

    @property
    def trouble(self) -> str:
        """Why the fit is no maximum; else empty."""
        return _trouble(self.maximum)

    def of(self, rights: Rights) -> Fitted:
        """The model of these right sides, fitted by the same search."""
        key = _hashed(rights)
        if key == _hashed(self.subject.roles.rights):
            return Fitted(tuple(rights), self.maximum.nll, self.maximum, self.trouble)
        if key not in self._fits:
            self._tell()
            self._fits[key] = self._fitted(tuple(rights), self.subject.predictors(rights))
        return self._fits[key]

    def settle(self, hypotheses: Iterable[Hypothesis]) -> None:
        """Fit every smaller model, and search on from one that is higher than the fit.

        The larger model holds it, so a fit below it was no highest maximum.
        """
        several = [one for one in hypotheses if not self.subject.held_without(one.smaller)]
        for _ in range(_MOST_RESTARTS):
            if self.trouble or self.maximum.vertex is not None:
                return
            pairs = [(one, self.of(one.smaller)) for one in several]
            able = [pair for pair in pairs if pair[1].maximum is not None and not pair[1].trouble]
            if not able:
                return
            hypothesis, best = min(able, key=lambda pair: pair[1].nll)
            if best.nll >= self.maximum.nll - slack(best.nll):
                return
            within = self.maximum.engine.predictors
            nesting = self.nesting(hypothesis, within)
            gamma = None if nesting is None else self.start_from(best, nesting, within)
            if gamma is None:
                return
            self._search.log(
                f"the model without {hypothesis.label} is higher: searching on from it"
            )
            again = restarted(self.maximum, gamma, self._search)
            if again.status is not Status.CONVERGED or again.nll >= self.maximum.nll:
                return
            self.maximum = again

    def widened(self, rights: Rights) -> Engine:
        """The rows in independent columns of right sides that hold those of the fit."""
        model, names = self.maximum.model, _names(self.maximum)
        parameters = self.subject.model.family.parameters
        asked = zip(parameters, self.subject.predictors(rights), strict=True)
        engine = self.subject.engine.with_predictors([p for one, p in asked if one.name in names])
        engine, _, survey = centred(engine)
        at = examined(model, engine, survey, ())
        return well_conditioned(model, engine, at, None, survey, (), self._search.log)[0]

    def nesting(self, hypothesis: Hypothesis, larger: Sequence[Predictor]) -> Nesting | None:
        """Where the smaller model lies in a larger one; None if it is not within.

        Args:
            hypothesis: says which the smaller one is.
            larger: independent columns of every fitted parameter.
        """
        given = {
            parameter.name: predictor
            for parameter, predictor in zip(
                self.subject.model.family.parameters,
                self.subject.predictors(hypothesis.smaller),
                strict=True,
            )
        }
        matrices, starts, rank, at = [], {}, 0, 0
        for name, predictor in zip(_names(self.maximum), larger, strict=True):
            smaller = given[name].columns
            found = embedding(self.subject.engine, predictor.columns, smaller)
            if found is None:
                return None
            matrices.append(found.matrix)
            starts[name] = at
            rank, at = rank + found.rank, at + len(smaller)
        return Nesting(_diagonal(matrices), starts, rank)

    def start_from(
        self, smaller: Fitted, nesting: Nesting, larger: Sequence[Predictor]
    ) -> Vector | None:
        """The smaller model's maximum in the coordinates of a larger one.

        Returns:
            None if a parameter is at an edge in one of them and not in the fit.
        """
        alpha = np.zeros(nesting.matrix.shape[1])
        there = smaller.maximum
        if there is not None:
            if _names(there) != _names(self.maximum):
                return None
            asked = {
                parameter.name: predictor
                for parameter, predictor in zip(
                    there.model.family.parameters, there.asked, strict=True
                )
            }
            for name, fitted, beta in zip(
                _names(there), there.engine.predictors, there.betas, strict=True
            ):
                places = {column: j for j, column in enumerate(asked[name].columns)}
                for column, value in zip(fitted.columns, beta, strict=True):
                    alpha[nesting.starts[name] + places[column]] = value
        return np.asarray(np.linalg.solve(user_matrix(larger), nesting.matrix @ alpha))

    def _fitted(self, names: Sequence[str], predictors: Sequence[Predictor]) -> Fitted:
        model = self.subject.model
        engine = self.subject.engine.with_predictors(predictors)
        if not any(predictor.size for predictor in predictors):
            nll = float(evaluator(model, engine)(np.zeros(0), "observed").nll)
            return Fitted(names, nll, None)
        try:
            maximum = highest(model, engine, self._search)
        except UntrustworthyError as error:
            return Fitted(names, np.inf, None, error.problem)
        maximum = self._searched_from_the_fit(maximum)
        return Fitted(names, maximum.nll, maximum, _trouble(maximum))

    def _searched_from_the_fit(self, smaller: Maximum) -> Maximum:
        """Of a likelihood with several maxima the one below the fit's, if that is higher."""
        here = self.maximum
        if smaller.trials.starts == 1 or self.trouble or _names(smaller) != _names(here):
            return smaller
        parts = []
        for k, predictor in enumerate(smaller.engine.predictors):
            known = dict(zip(here.engine.predictors[k].columns, here.betas[k], strict=True))
            parts.append(np.array([known.get(column, 0.0) for column in predictor.columns]))
        gamma = np.linalg.solve(user_matrix(smaller.engine.predictors), np.concatenate(parts))
        again = restarted(smaller, gamma, self._search)
        better = again.status is Status.CONVERGED and again.nll < smaller.nll
        return again if better else smaller


def slack(nll: float) -> float:
    """What two searches for the same height may differ by."""
    return _SLACK + _ROUNDING * abs(nll)


Hashed = tuple[tuple[str, bool, frozenset[frozenset[str]]], ...]


def _hashed(rights: Rights) -> Hashed:
    return tuple(
        (
            name,
            right.intercept,
            frozenset(frozenset(factor.label for factor in term.factors) for term in right.terms),
        )
        for name, right in rights.items()
    )


def _names(maximum: Maximum) -> list[str]:
    return [parameter.name for parameter in maximum.model.family.parameters]


def _trouble(maximum: Maximum) -> str:
    if maximum.runs_to_edge:
        return "some rows are at an edge of the family"
    if maximum.status in (Status.CONVERGED, Status.BOUNDARY):
        return ""
    return maximum.status.value


def _diagonal(matrices: Sequence[Matrix]) -> Matrix:
    """One matrix with these along its diagonal."""
    rows, columns = np.sum([matrix.shape for matrix in matrices], axis=0)
    whole: Matrix = np.zeros((rows, columns))
    i = j = 0
    for matrix in matrices:
        whole[i : i + len(matrix), j : j + matrix.shape[1]] = matrix
        i, j = i + len(matrix), j + matrix.shape[1]
    return whole
