"""Other estimators of the same number, and how much of the rows they waste.

Each is a number of the rows (their mean, median, trimmed mean, or the parameters whose mean
and variance are those of the rows) that estimates a function of the parameters. Maximum
likelihood estimates the same function by its value at the maximum. The relative efficiency is
the ratio of the variances: at 0.64 the other estimator needs 1/0.64 times as many rows.

Source: A. W. van der Vaart (1998), Asymptotic Statistics, sections 4.1 and 21.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from mlefit._types import Matrix, Rows, Vector
from mlefit.batch import Samples
from mlefit.distribution.quantile import quantiles
from mlefit.errors import UsageError, did_you_mean
from mlefit.frozen import frozen
from mlefit.results.study import Rival
from mlefit.study.moments import finite, ratio_of_means, squares
from mlefit.study.setup import Setup
from mlefit.study.simulation import Simulation, Statistic

_TRIMMED = 0.1
_MOST_STEPS = 50
_HALVINGS = 12
_SOLVED = 1e-10
_STEP = 1e-6


@frozen
class Estimator:
    """Another estimator.

    Attributes:
        name: what it is called.
        targets: what it estimates, for each of its numbers.
        statistic: its estimates from samples, shape (R, m).
        values: the same numbers from parameters on the link scale, shape (R, m).
    """

    name: str
    targets: tuple[str, ...]
    statistic: Statistic
    values: Callable[[Matrix], Matrix]


def estimators(setup: Setup, names: Sequence[str]) -> list[Estimator]:
    """The estimators of these names.

    Raises:
        UsageError: there is no such estimator, or not for this family.
    """
    found = []
    for name in names:
        if name not in _MADE:
            raise UsageError(
                f"no estimator '{name}' to compare with",
                f"estimators: {', '.join(_MADE)}",
                tries=[f"--against {close}" for close in did_you_mean(name, _MADE)],
            )
        found.append(_MADE[name](setup))
    return found


def compared(simulation: Simulation, others: Sequence[Estimator]) -> Iterator[Rival]:
    """Each number of each estimator beside maximum likelihood on the same samples."""
    truth = simulation.setup.truth[None]
    for estimator, numbers in zip(others, simulation.statistics, strict=True):
        own = estimator.values(simulation.found)
        theirs = numbers[simulation.has_maximum]
        true = estimator.values(truth)[0]
        for j, target in enumerate(estimator.targets):
            both = np.isfinite(own[:, j]) & np.isfinite(theirs[:, j])
            yield _rival(
                estimator.name,
                target,
                simulation.rows,
                float(true[j]),
                own[both, j],
                theirs[both, j],
            )


def _rival(name: str, target: str, rows: int, truth: float, own: Vector, theirs: Vector) -> Rival:
    if len(own) < 2:
        return Rival(name, target, rows, truth, len(own), None, None, None, None)
    ratio, error = ratio_of_means(squares(own), squares(theirs))
    return Rival(
        estimator=name,
        target=target,
        rows=rows,
        truth=truth,
        samples=len(own),
        variance=finite(float(theirs.var(ddof=1))),
        mle_variance=finite(float(own.var(ddof=1))),
        relative_efficiency=finite(ratio),
        std_error=finite(error),
    )


def _mean(setup: Setup) -> Estimator:
    mean = setup.family.mean
    known = setup.of_family(mean, setup.truth[None])
    if known is not None:
        return Estimator(
            "mean", ("mean",), _means, lambda etas: _column(setup.of_family(mean, etas))
        )
    if setup.family.support.discrete or not _has_order(setup) or not _is_symmetric(setup):
        raise UsageError(
            f"nothing is known of a mean of {setup.family.label} that the mean of rows estimates",
            tries=["the same without --against mean"],
        )
    return Estimator("mean", ("centre",), _means, _middles(setup))


def _means(samples: Samples) -> Matrix:
    return _each(samples, np.mean)


def _median(setup: Setup) -> Estimator:
    _require_median(setup, "median")
    return Estimator(
        "median", ("median",), lambda samples: _each(samples, np.median), _middles(setup)
    )


def _trimmed_mean(setup: Setup) -> Estimator:
    _require_median(setup, "trimmed-mean")
    if not _is_symmetric(setup):
        raise UsageError(
            f"a trimmed mean estimates the centre of a symmetric density, and {setup.family.label} "
            "is not symmetric there",
            tries=["--against median"],
        )
    return Estimator(
        "trimmed-mean", ("centre",), lambda samples: _each(samples, _trimmed), _middles(setup)
    )


def _require_median(setup: Setup, name: str) -> None:
    if setup.family.support.discrete or not _has_order(setup):
        raise UsageError(
            f"--against {name} is of values that can lie anywhere on a line, and those of "
            f"{setup.family.label} are {setup.family.support.words}",
            tries=["--against mean"],
        )


def _has_order(setup: Setup) -> bool:
    theta, known = setup.theta_of(setup.truth[None]), setup.known_of(1)
    return setup.family.log_cdf(np.ones(1), *theta, **known) is not None


def _middles(setup: Setup) -> Callable[[Matrix], Matrix]:
    """The median of the distribution, at parameters on the link scale."""

    def values(etas: Matrix) -> Matrix:
        half = np.full(len(etas), 0.5)
        theta = setup.theta_of(etas)
        return _column(quantiles(setup.family, half, half, theta, setup.known_of(len(etas))))

    return values


def _is_symmetric(setup: Setup) -> bool:
    """Whether the density is, about its median, as far as its rows tell."""
    family, at = setup.family, np.array([0.01, 0.1, 0.25, 0.4])
    theta = setup.theta_of(np.repeat(setup.truth[None], len(at), axis=0))
    known = setup.known_of(len(at))
    half = np.full(len(at), 0.5)
    low, high = (
        quantiles(family, *levels, theta, known) for levels in ((at, 1 - at), (1 - at, at))
    )
    middle = quantiles(family, half, half, theta, known)
    return bool(np.allclose(high - middle, middle - low, rtol=1e-9))


def _trimmed(y: Rows) -> float:
    """The mean without a tenth of the rows at each end."""
    gone = int(len(y) * _TRIMMED)
    return float(np.sort(y)[gone : len(y) - gone].mean())


def _moments(setup: Setup) -> Estimator:
    family, count = setup.family, len(setup.estimated)
    solvable = count <= 2 and _equations(setup, setup.truth[None]) is not None
    if not solvable:
        raise UsageError(
            f"--against moments needs a family with a mean, a variance and one or two parameters, "
            f"and {family.label} is not one",
            tries=["--against mean", "--against median"],
        )

    def statistic(samples: Samples) -> Matrix:
        wanted = np.concatenate([_each(samples, np.mean), _each(samples, np.var)], axis=1)
        return setup.natural(_solved(setup, wanted[:, :count]))

    return Estimator("moments", setup.names, statistic, setup.natural)


def _equations(setup: Setup, etas: Matrix) -> Matrix | None:
    """Mean, and variance if there are two parameters, shape (R, k)."""
    functions = (setup.family.mean, setup.family.variance)[: len(setup.estimated)]
    found = [setup.of_family(function, etas) for function in functions]
    columns = [values for values in found if values is not None]
    if len(columns) < len(found) or not np.isfinite(columns).all(axis=1).any():
        return None
    return np.column_stack(columns)


def _solved(setup: Setup, wanted: Matrix) -> Matrix:
    """Parameters with these moments, on the link scale, by Newton's method; NaN for none."""
    etas = np.repeat(setup.truth[None], len(wanted), axis=0)
    size = np.maximum(np.abs(wanted), np.finfo(float).tiny)

    def missing(at: Matrix) -> Matrix:
        found = _equations(setup, at)
        return np.full_like(wanted, np.nan) if found is None else (found - wanted) / size

    with np.errstate(all="ignore"):
        now = missing(etas)
        for _ in range(_MOST_STEPS):
            jacobian = np.stack(
                [
                    (missing(etas + _STEP * unit) - missing(etas - _STEP * unit)) / (2 * _STEP)
                    for unit in np.eye(etas.shape[1])
                ],
                axis=2,
            )
            regular = np.isfinite(jacobian).all(axis=(1, 2))
            jacobian[~regular] = np.eye(etas.shape[1])
            step = np.einsum("rij,rj->ri", np.linalg.pinv(jacobian), now)
            for _ in range(_HALVINGS):
                ahead = missing(etas - step)
                worse = ~(np.abs(ahead).max(axis=1) <= np.abs(now).max(axis=1))
                if not worse.any():
                    break
                step[worse] /= 2
            step[worse] = 0.0
            etas = etas - step
            now = missing(etas)
            if not (np.abs(step).max(axis=1) > _SOLVED).any():
                break
    etas[~(np.abs(now).max(axis=1) < _SOLVED)] = np.nan
    return etas


def _each(samples: Samples, function: Callable[[Rows], float]) -> Matrix:
    """A number of the rows of each sample, as a column."""
    return _column(np.array([function(samples.y[samples.sample(r)]) for r in range(samples.count)]))


def _column(values: Rows | None) -> Matrix:
    assert values is not None
    return np.asarray(values, dtype=float)[:, None]


_MADE: Mapping[str, Callable[[Setup], Estimator]] = {
    "mean": _mean,
    "median": _median,
    "trimmed-mean": _trimmed_mean,
    "moments": _moments,
}
NAMES = tuple(_MADE)
