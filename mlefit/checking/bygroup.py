"""The fit gap of every group of rows, and how often chance alone would show as many.

Of thousands of groups some look moved on an unchanged day. Their p-values are turned into those
of Benjamini and Hochberg (1995, J. Royal Statistical Society B 57, 289-300): calling every group
moved whose adjusted value is below alpha makes at most that share of the calls false.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from mlefit import batch
from mlefit._types import Matrix, Vector
from mlefit.batch import Samples
from mlefit.checking.gap import Gap, Spread
from mlefit.fitting import Prepared
from mlefit.frozen import frozen
from mlefit.grouped.fits import MOST_ROWS, Maxima, alone, is_plain, side_by_side
from mlefit.grouped.groups import Groups
from mlefit.prediction.saved import SavedModel
from mlefit.results.groups import GroupFit, GroupsResult
from mlefit.telling import Tell


@frozen
class GroupGap:
    """The gap of one group.

    Attributes:
        name: value of the column.
        gap: None where the group has no likelihood of its own.
        status: of the group's fit.
        message: why there is none.
    """

    name: str
    gap: Gap | None
    status: str
    message: str


@frozen
class Before:
    """What the rows of a group are compared with: the estimates of all rows, or its own.

    Attributes:
        model: of all rows.
        groups: the fits of the groups of the day before, by name; empty if there are none.
        exact: whether the estimates are known without error.
    """

    model: SavedModel
    groups: Mapping[str, GroupFit]
    exact: bool

    @classmethod
    def of(cls, model: SavedModel, groups: GroupsResult | None, *, exact: bool) -> Before:
        """Of a baseline of all rows, or of one of groups."""
        found = () if groups is None else groups.groups
        return cls(model, {one.group: one for one in found if one.status == "converged"}, exact)

    def beta(self, name: str) -> Vector:
        """The coefficients of a group's baseline, on the link scale."""
        pooled = np.concatenate(self.model.betas)
        own = self.groups.get(name)
        if own is None:
            return pooled
        links = dict(
            zip((p.name for p in self.model.family.parameters), self.model.model.links, strict=True)
        )
        values = {
            f"{one.parameter}:{one.term or 'Intercept'}": (
                one.estimate
                if one.term is not None
                else float(links[one.parameter].forward(np.array([one.estimate]))[0])
            )
            for one in own.estimates
            if one.estimate is not None
        }
        pairs = zip(self.model.names, pooled, strict=True)
        return np.array([values.get(label, value) for label, value in pairs])

    def rows(self, name: str) -> float:
        """Rows that this baseline was estimated from."""
        if self.exact:
            return math.inf
        own = self.groups.get(name)
        return self.model.record.fit.nobs if own is None else own.nobs


def group_gaps(groups: Groups, before: Before, progress: Tell) -> Iterator[GroupGap]:
    """The gap of every group, in the order of their names."""
    prepared = groups.prepared
    plain = is_plain(prepared)
    for first, last in groups.runs(MOST_ROWS):
        samples = groups.samples(first, last)
        names = groups.names[first:last]
        nobs = samples.rows if samples.weight is None else samples.sums(samples.weight)
        starts = np.array([before.beta(name) for name in names])
        kept = _nll(prepared, samples, starts)
        if plain:
            maxima = side_by_side(prepared, samples)
            spreads = _spreads(prepared, samples, maxima)
        for r, name in enumerate(names):
            progress("groups", first + r, len(groups.names))
            if plain and not maxima.doubted[r]:
                nll, spread = float(maxima.nll[r]), spreads[r]
                parameters = int((~maxima.silent[r]).sum())
                status, message = "converged", ""
            else:
                own = alone(groups, first + r)
                status, message = own.status, own.message
                if own.log_likelihood is None:
                    yield GroupGap(name, None, status, message)
                    continue
                nll, parameters, spread = -own.log_likelihood, own.n_params, None
            lost = max((float(kept[r]) - nll) / float(nobs[r]), 0.0)
            gap = Gap(lost, parameters, float(nobs[r]), before.rows(name), spread)
            yield GroupGap(name, gap, status, message)


def _spreads(prepared: Prepared, samples: Samples, maxima: Maxima) -> list[Spread | None]:
    """Of the likelihood ratio of each group; None for those that were not fitted here."""
    squares = batch.squared_scores(prepared.model, samples, maxima.beta)
    squares[maxima.doubted] = 0.0
    covariance = np.where(maxima.doubted[:, None, None], 0.0, maxima.covariance)
    eigenvalues = np.linalg.eigvals(covariance @ squares).real
    return [
        # a coefficient that no row speaks of has a score of zero
        None if doubted else Spread.of(values[values > 0])
        for doubted, values in zip(maxima.doubted, eigenvalues, strict=True)
    ]


def _nll(prepared: Prepared, samples: Samples, beta: Matrix) -> Vector:
    """The NLL of every group at coefficients of its own; infinite where a row is impossible."""
    with np.errstate(all="ignore"):
        block = samples.block(samples.etas(beta))
        density = prepared.model.log_density(block, [np.zeros(0)] * len(block.offsets))
        nll = -samples.sums(block.weighted(density))
    return np.where(np.isnan(nll), np.inf, nll)


def adjusted(p_values: Vector) -> Vector:
    """The p-values of Benjamini and Hochberg: the least false-discovery rate that calls each."""
    n = len(p_values)
    order = np.argsort(p_values)
    scaled = p_values[order] * n / np.arange(1, n + 1)
    found = np.empty(n)
    found[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return found
