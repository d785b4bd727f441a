"""The fit of every group: one batched search for all of them, and single fits for the doubtful.

A group is fitted by itself, as `mlefit fit` would fit it, where its search took many steps, did
not converge, or ended within a standard error of an edge of the family: that fit knows whether a
maximum exists, and which columns say nothing. So is every group where errors, intervals or priors
are asked for that a curvature does not give.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlefit import batch
from mlefit._types import Matrix, Vector
from mlefit.batch import Samples
from mlefit.design.coding import Column, Numeric
from mlefit.design.columns import PRECISION
from mlefit.errors import MlefitError
from mlefit.fitting import Prepared, fitted
from mlefit.frozen import frozen
from mlefit.grouped.groups import Groups
from mlefit.inference.covariance import Reference
from mlefit.results.fit import FitResult
from mlefit.results.groups import GroupEstimate, GroupFit
from mlefit.telling import Tell

MOST_ROWS = 1 << 18
"""Rows in memory at once, as columns of floats."""

_FEW_STEPS = 12
_FURTHER_STEPS = 30
# On the link scale: a standard error over this is a distance to the edge below one of them.
_DOUBTFUL_ERROR = 1.0


@frozen
class Maxima:
    """The maxima of some groups.

    Attributes:
        beta: coefficients of the user's columns, shape (R, p).
        covariance: shape (R, p, p).
        nll: shape (R,).
        silent: coefficients that no row of a group speaks of, shape (R, p).
        doubted: groups that have to be fitted by themselves, shape (R,).
    """

    beta: Matrix
    covariance: NDArray[np.floating[Any]]
    nll: Vector
    silent: NDArray[np.bool_]
    doubted: NDArray[np.bool_]


def group_fits(groups: Groups, progress: Tell) -> list[GroupFit]:
    """The fit of every group, in the order of their names.

    Args:
        groups: which rows belong together.
        progress: takes what the work is at, the groups done and all of them.
    """
    prepared, found = groups.prepared, list[GroupFit]()
    together = is_plain(prepared)
    for first, last in groups.runs(MOST_ROWS):
        if not together:
            for r in range(first, last):
                progress(*_done(groups, r))
                found.append(alone(groups, r))
            continue
        samples = groups.samples(first, last)
        maxima = side_by_side(prepared, samples)
        with np.errstate(all="ignore"):  # those of doubtful groups are replaced
            records = _together(prepared, samples, maxima, groups.names[first:last])
        for r in np.flatnonzero(maxima.doubted).tolist():
            progress(*_done(groups, first + r))
            records[r] = alone(groups, first + r)
        found += records
        progress(*_done(groups, last))
    return found


def _done(groups: Groups, done: int) -> tuple[str, int, int]:
    return "groups", done, len(groups.names)


def is_plain(prepared: Prepared) -> bool:
    """Whether the batched search can find what is asked for."""
    request, family = prepared.request, prepared.family
    limited = {limit.parameter for limit in family.limits}
    constant = {
        parameter.name: predictor.is_constant
        for parameter, predictor in zip(family.parameters, prepared.predictors, strict=True)
    }
    return (
        family.vertex is None
        and not prepared.priors
        and request.se in (None, "observed")
        and request.ci in (None, "wald")
        and not (request.sampling_weights or request.cluster or request.small_sample)
        and not (request.tests or request.anova or request.gof or request.derive)
        and all(constant[name] for name in limited)
        and all(p.has_intercept for p in prepared.predictors if p.size and not p.taken_from)
        and PRECISION not in prepared.table.columns
    )


def side_by_side(prepared: Prepared, samples: Samples) -> Maxima:
    """The maxima of all groups, searched for together."""
    samples, shift = _centred(prepared, samples)
    with np.errstate(all="ignore"):
        starts = _starts(prepared, samples)
        best = batch.newton(prepared.model, samples, starts[0], max_steps=_FURTHER_STEPS)
        for start in starts[1:]:
            other = batch.newton(prepared.model, samples, start, max_steps=_FURTHER_STEPS)
            best = batch.higher(best, other)
    information = best.sums.information.copy()
    diagonal = np.diagonal(information, axis1=1, axis2=2)
    silent = (diagonal == 0) & (best.sums.score == 0)
    at = np.arange(information.shape[1])
    information[:, at, at] += silent
    covariance = batch.inverses(information)
    doubted = ~best.converged | (best.steps >= _FEW_STEPS)
    doubted |= ~np.isfinite(covariance).all(axis=(1, 2))
    for position in _edges(prepared, samples):
        doubted |= ~(covariance[:, position, position] < _DOUBTFUL_ERROR**2)
    # an intercept takes up what the centres removed
    beta = best.gamma @ shift.T
    covariance = shift @ covariance @ shift.T
    return Maxima(beta, covariance, best.sums.nll, silent, doubted)


def _centred(prepared: Prepared, samples: Samples) -> tuple[Samples, Matrix]:
    """Columns less their means where an intercept takes that up, and the way back."""
    p = sum(predictor.size for predictor in prepared.predictors)
    shift, designs = np.eye(p), []
    for (lo, _), X, predictor in zip(
        samples.spans, samples.designs, prepared.predictors, strict=True
    ):
        if predictor.has_intercept and predictor.size > 1:
            means = X.mean(axis=1)
            # what is 0 in all rows of a group must stay so
            means[[not _is_numeric(column) for column in predictor.columns]] = 0.0
            X = X - means[:, None]
            shift[lo, lo : lo + len(X)] -= means
        designs.append(X)
    return replace(samples, designs=tuple(designs)), shift


def _is_numeric(column: Column) -> bool:
    return bool(column.parts) and all(isinstance(part, Numeric) for part in column.parts)


def _starts(prepared: Prepared, samples: Samples) -> list[Matrix]:
    """Coefficients to search from: for each group as many as the family names."""
    each = [prepared.family.starts(samples.moments(r)) for r in range(samples.count)]
    offsets = [
        samples.sums(np.broadcast_to(offset, len(samples.y))) / samples.rows
        for offset in samples.offsets
    ]
    found: list[Matrix] = []
    for i in range(max(map(len, each))):
        thetas = np.array([starts[min(i, len(starts) - 1)] for starts in each])
        gamma = np.zeros((samples.count, sum(p.size for p in prepared.predictors)))
        for (lo, _), predictor, link, theta, offset in zip(
            samples.spans, prepared.predictors, prepared.links, thetas.T, offsets, strict=True
        ):
            if predictor.has_intercept:
                gamma[:, lo] = link.forward(theta) - offset
        found.append(gamma)
    return found


def _edges(prepared: Prepared, samples: Samples) -> Iterator[int]:
    """Positions of the parameters that have an edge they may be at."""
    limited = {limit.parameter for limit in prepared.family.limits}
    for parameter, predictor, (lo, _) in zip(
        prepared.family.parameters, prepared.predictors, samples.spans, strict=True
    ):
        if parameter.name in limited and predictor.size:
            yield lo


class _Column(NamedTuple):
    """One estimate of every group."""

    parameter: str
    term: str | None
    estimate: Vector
    std_error: Vector
    low: Vector
    high: Vector
    silent: NDArray[np.bool_]

    def of(self, r: int) -> GroupEstimate:
        if self.silent[r]:
            return GroupEstimate(self.parameter, self.term, None, None, None, None)
        numbers = (self.estimate, self.std_error, self.low, self.high)
        return GroupEstimate(self.parameter, self.term, *(float(values[r]) for values in numbers))


def _columns(prepared: Prepared, samples: Samples, maxima: Maxima) -> Iterator[_Column]:
    """Coefficients on the link scale, and parameters without covariates on their own."""
    quantile = Reference().quantile(prepared.request.conf_level)
    errors = np.sqrt(np.diagonal(maxima.covariance, axis1=1, axis2=2))
    for (lo, hi), parameter, predictor, link in zip(
        samples.spans, prepared.family.parameters, prepared.predictors, prepared.links, strict=True
    ):
        right = prepared.roles.rights[parameter.name]
        plain = not right.terms and right.intercept
        for j in range(lo, hi):
            beta, error, silent = maxima.beta[:, j], errors[:, j], maxima.silent[:, j]
            low, high = beta - quantile * error, beta + quantile * error
            if not plain:
                label = predictor.columns[j - lo].label
                yield _Column(parameter.name, label, beta, error, low, high, silent)
                continue
            low, high = np.sort([link.inverse(low), link.inverse(high)], axis=0)
            natural = np.abs(link.slope(beta)) * error
            yield _Column(parameter.name, None, link.inverse(beta), natural, low, high, silent)


def _together(
    prepared: Prepared, samples: Samples, maxima: Maxima, names: Sequence[str]
) -> list[GroupFit]:
    """The records of groups that were fitted side by side."""
    columns = list(_columns(prepared, samples, maxima))
    nobs = samples.rows if samples.weight is None else samples.sums(samples.weight)
    known = (~maxima.silent).sum(axis=1)
    return [
        GroupFit(
            group=name,
            rows=int(samples.rows[r]),
            nobs=float(nobs[r]),
            status="converged",
            message="",
            log_likelihood=-float(maxima.nll[r]),
            n_params=int(known[r]),
            aic=2 * float(known[r] + maxima.nll[r]),
            estimates=[column.of(r) for column in columns],
        )
        for r, name in enumerate(names)
    ]


def alone(groups: Groups, r: int) -> GroupFit:
    """A group as `mlefit fit` would fit it."""
    rows = int(groups.rows[r])
    try:
        result = fitted(groups.alone(r))[1]
    except MlefitError as error:
        return GroupFit(
            groups.names[r], rows, math.nan, "no-start", error.problem, None, 0, None, []
        )
    return _of_result(groups.names[r], rows, result)


def _of_result(name: str, rows: int, result: FitResult) -> GroupFit:
    terms = [
        GroupEstimate(c.parameter, c.term, c.estimate, c.std_error, c.conf_low, c.conf_high)
        for c in result.coefficients
    ]
    terms += [
        GroupEstimate(one.parameter, None, one.estimate, one.std_error, one.conf_low, one.conf_high)
        for one in result.parameters
    ]
    status = result.certificate.status
    why = result.warnings[0].splitlines()[0] if result.warnings else result.certificate.message
    return GroupFit(
        group=name,
        rows=rows,
        nobs=result.fit.nobs,
        status=status,
        message="" if status == "converged" else why,
        log_likelihood=result.fit.log_likelihood,
        n_params=result.fit.n_params,
        aic=result.fit.aic,
        estimates=terms,
    )
