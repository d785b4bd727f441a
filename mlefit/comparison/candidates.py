"""One model among several of the same rows: its fit, its criteria, what it says of rows held out.

Log-densities are kept row by row, so that two models are compared on the same rows and the
error of their difference is that of its mean, which is far less than the two errors together
(A. Vehtari, A. Gelman and J. Gabry 2017, Statistics and Computing 27, 1413-1432, section 5).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from mlefit._types import Rows
from mlefit.design.columns import TARGET, WEIGHT, Columns
from mlefit.diagnosis.criteria import Criteria, criteria
from mlefit.diagnosis.heldout import Folds, log_densities
from mlefit.engines.contract import Engine
from mlefit.errors import UntrustworthyError
from mlefit.fitting import Prepared
from mlefit.frozen import frozen
from mlefit.inference.boundary import highest
from mlefit.likelihood import Model
from mlefit.search.climb import Search
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status
from mlefit.search.penalty import Assigned
from mlefit.search.verdict import no_maximum


@frozen
class Weights:
    """How much each row counts.

    Attributes:
        values: shape (n,).
        sampled: whether a row stands for others that were not seen, not for equal ones.
    """

    values: Rows
    sampled: bool

    @classmethod
    def of(cls, columns: Columns, sampled: bool) -> Weights:
        """The weights of a table, or ones."""
        given = WEIGHT in columns
        values = columns.whole(WEIGHT).astype(float) if given else np.ones(columns.rows)
        return cls(values, sampled)

    @property
    def total(self) -> float:
        """Rows, or what they stand for."""
        return float(self.values.sum())

    @property
    def count(self) -> float:
        """What a likelihood is over: rows, or equal rows that they stand for."""
        return float(len(self.values)) if self.sampled else self.total

    def sum_of(self, of_rows: Rows | float) -> float:
        """The sum over the rows, of as many as there are under sampling weights."""
        return float(np.sum(self.values * of_rows)) * self.count / self.total

    def mean_and_error(self, of_rows: Rows) -> tuple[float, float]:
        """The mean over the rows and its standard error, NaN for a single row."""
        mean = float(self.values @ of_rows) / self.total
        squares = (of_rows - mean) ** 2
        if self.sampled:
            return mean, math.sqrt(self.values**2 @ squares) / self.total
        if self.total <= 1:
            return mean, math.nan
        return mean, math.sqrt(self.values @ squares / (self.total * (self.total - 1)))


@frozen
class Recalled:
    """A fit that was made before.

    Attributes:
        seen: log-density of every row, on the scale of its target.
        parameters: that it estimated.
        own: whether these rows are those it was fitted to.
        plain: whether criteria may be made of its likelihood, priors and weights allowing.
    """

    seen: Rows
    parameters: int
    own: bool
    plain: bool


@frozen
class Candidate:
    """A model that can be compared.

    Attributes:
        name: family, and the number of the formula if there are several; or a saved document.
        formula: as it was written.
        prepared: everything its fit needs.
        measure: what its likelihood is made of: mass, density, or density with atoms.
        shift: log |g'| of every row, where the target is another than its column; else 0.
        recalled: the fit, if it is a saved one.
    """

    name: str
    formula: str
    prepared: Prepared
    measure: str
    shift: Rows | float = 0.0
    recalled: Recalled | None = None

    @property
    def is_foreign(self) -> bool:
        """Whether it was fitted to other rows."""
        return self.recalled is not None and not self.recalled.own

    @property
    def family(self) -> str:
        """Name of the family with its setting."""
        return self.prepared.family.label


@frozen
class Scored:
    """A candidate after its fit.

    Attributes:
        candidate: the model.
        maximum: None if no search could start.
        message: why it has no rank; empty if it has one.
        height: None if nothing was reached.
        seen: log-density of every row at the fit to all rows; None without a maximum.
        held_out: log-density of every row at the fit without its fold; None without a rank.
    """

    candidate: Candidate
    maximum: Maximum | None = None
    message: str = ""
    height: Criteria | None = None
    seen: Rows | None = None
    held_out: Rows | None = None

    @property
    def status(self) -> str:
        """Why the search ended, in the words of a certificate."""
        if self.maximum is None:
            return "no-start" if self.candidate.recalled is None else "converged"
        return self.maximum.status.name.lower().replace("_", "-")

    @property
    def is_converged(self) -> bool:
        """Whether the maximum on all rows is one inside the family."""
        return self.status == "converged"

    @property
    def edge(self) -> str | None:
        """The family that is left at the one edge where the maximum is; None if there is none."""
        if self.maximum is None or len(self.maximum.edges) != 1 or self.maximum.runs_to_edge:
            return None
        return self.maximum.model.family.label


def measure_of(prepared: Prepared) -> str:
    """What the likelihood is made of; only likelihoods of the same make have the same unit."""
    support = prepared.family.support
    if support.discrete:
        return "mass"
    y = prepared.table.columns.whole(TARGET)
    return "density with atoms" if any((y == atom).any() for atom in support.atoms) else "density"


def score(
    candidate: Candidate,
    search: Search,
    folds: Folds,
    weights: Weights,
    tell: Callable[[], None],
) -> Scored:
    """Fit a candidate to all rows and, where that has a maximum, without each fold in turn.

    Args:
        candidate: the model.
        search: when to stop.
        folds: of every row.
        weights: of every row.
        tell: is called before each fit.
    """
    prepared = candidate.prepared
    model, engine = prepared.model, prepared.engine
    if candidate.recalled is not None:
        return _recalled(candidate, candidate.recalled, search, folds, weights, tell)
    tell()
    try:
        maximum = highest(model, engine, search)
    except UntrustworthyError as error:
        return Scored(candidate, message=error.problem)
    height = criteria(prepared.request, maximum, weights.sum_of(candidate.shift))
    if maximum.status is not Status.CONVERGED:
        return Scored(candidate, maximum, _why_not(prepared, maximum), height)
    seen = log_densities(maximum, engine) + candidate.shift
    held_out, trouble = _held_out(model, engine, search, folds, tell)
    if trouble:
        return Scored(candidate, maximum, trouble, height, seen)
    return Scored(candidate, maximum, "", height, seen, held_out + candidate.shift)


def _recalled(
    candidate: Candidate,
    recalled: Recalled,
    search: Search,
    folds: Folds,
    weights: Weights,
    tell: Callable[[], None],
) -> Scored:
    """A saved fit as it is: only what it says of rows held out takes fits of its own rows.

    Other rows are all held out for it.
    """
    prepared, seen = candidate.prepared, recalled.seen + candidate.shift
    nll = -weights.sum_of(seen)
    comparable = recalled.own and recalled.plain and not weights.sampled
    finite = math.isfinite(nll)
    height = Criteria(weights.count, nll, recalled.parameters, finite, comparable)
    if not finite:
        impossible = int((~np.isfinite(seen)).sum())
        return Scored(candidate, None, f"it holds {impossible} rows for impossible", height)
    if not recalled.own:
        return Scored(candidate, None, "", height, seen, seen)
    held_out, trouble = _held_out(
        prepared.model, prepared.engine, search, folds, tell, prepared.priors
    )
    if trouble:
        return Scored(candidate, None, trouble, height, seen)
    return Scored(candidate, None, "", height, seen, held_out + candidate.shift)


def _why_not(prepared: Prepared, maximum: Maximum) -> str:
    """Why there is no maximum inside the family, in a sentence."""
    verdict = no_maximum(maximum, prepared.roles, prepared.table) or maximum.status.value
    first = verdict.split("\n")[0]
    left = maximum.model.family.label
    return f"{first}; the fit is that of {left}" if left != prepared.family.label else first


def _held_out(
    model: Model,
    engine: Engine,
    search: Search,
    folds: Folds,
    tell: Callable[[], None],
    priors: Sequence[Assigned] = (),
) -> tuple[Rows, str]:
    """Log-density of every row at the fit without its fold, and what went wrong."""
    densities = np.empty(len(folds))
    for fold in range(int(folds.max()) + 1):
        tell()
        out = folds == fold
        try:
            maximum = highest(model, engine.kept(~out), search, priors)
        except UntrustworthyError as error:
            return densities, f"without fold {fold + 1} there is no fit: {error.problem}"
        if maximum.status not in (Status.CONVERGED, Status.BOUNDARY):
            return densities, f"without fold {fold + 1} there is no fit: {maximum.status.value}"
        densities[out] = log_densities(maximum, engine.kept(out))
        impossible = int((~np.isfinite(densities[out])).sum())
        if impossible:
            return densities, (
                f"the fit without fold {fold + 1} holds {impossible} of its rows for impossible"
            )
    return densities, ""
