"""Goodness of fit with estimated parameters, by simulation from the fitted model.

A distance between the rows and the model is small because the model was fitted to these
very rows, so tables for a model known in advance never reject. The fitted model draws new
targets, is fitted to each of them, and the distance to that fit is what chance alone gives
(parametric bootstrap; W. Stute, W. Gonzalez Manteiga and M. Presedo Quindimil 1993, Metrika
40, 243-256). p = (1 + distances at least as large) / (1 + draws).

Densities are compared by the Kolmogorov-Smirnov and the Anderson-Darling distance of the
probabilities below each value from the uniform distribution; counts by Pearson's statistics
of the rows seen with each value and of the spread about the mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.design.blocks import Block
from mlefit.diagnosis.goodness import fit_sums
from mlefit.diagnosis.residuals import shares
from mlefit.errors import UsageError
from mlefit.families._base import Family, joined, spread
from mlefit.request import Request
from mlefit.search.climb import Search
from mlefit.search.maximise import maximise
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status

REPLICATIONS = 199


def check(request: Request, maximum: Maximum) -> None:
    """Refuse what cannot be simulated.

    Raises:
        UsageError: weights, priors, censoring, or a family without a distance.
    """
    family = maximum.model.family
    check_drawable("--gof", request, family)
    if maximum.penalty is not None:
        raise UsageError("--gof tests a maximum likelihood fit, and this one has a prior")
    if family.support.binary or not any(True for _ in _distances(maximum)):
        raise UsageError(f"--gof has no measure of the distance of rows from {family.name}")


def check_drawable(
    flag: str, request: Request, family: Family, *, instead: Sequence[str] = ()
) -> None:
    """Refuse rows whose target cannot be drawn anew.

    Raises:
        UsageError: weights, or censoring.
    """
    weights = (request.freq_weights, request.precision_weights, request.sampling_weights)
    if any(weight is not None for weight in weights):
        raise UsageError(
            f"{flag} draws a new target for every row, so rows cannot have weights", tries=instead
        )
    if family.is_censored:
        raise UsageError(f"{flag} cannot draw the times at which rows are censored", tries=instead)


def goodness_of_fit(
    maximum: Maximum,
    search: Search,
    *,
    replications: int,
    seed: int,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> dict[str, Any]:
    """How often the fitted model itself gives rows as far from its fit as these are.

    Args:
        maximum: a converged fit.
        search: how to fit the drawn rows.
        replications: so many draws.
        seed: of the draws.
        tell: takes the draws done and all of them.
    """
    rng = np.random.default_rng(seed)
    seen = dict(_distances(maximum))
    raw = maximum.engine.with_predictors([p.without_basis() for p in maximum.engine.predictors])
    reached = dict.fromkeys(seen, 0)
    fitted = 0
    for done in range(replications):
        tell(done, replications)
        again = maximise(maximum.model, raw.with_target(drawn(maximum, rng)), search)
        if again.optimum.status is not Status.CONVERGED:
            continue
        fitted += 1
        for name, distance in _distances(again):
            reached[name] += distance >= seen[name]
    return {
        "method": "parametric bootstrap",
        "replications": replications,
        "failed": replications - fitted,
        "seed": seed,
        "tests": [
            {
                "statistic": name,
                "value": distance,
                "p_value": (1 + reached[name]) / (1 + fitted),
            }
            for name, distance in seen.items()
        ],
    }


def drawn(maximum: Maximum, rng: np.random.Generator) -> Rows:
    """A new target for every row, from its fitted distribution."""
    model, gammas = maximum.model, maximum.gammas

    def parameters(block: Block) -> tuple[Sequence[Any], Mapping[str, Rows], int]:
        return model.theta(model.etas(block, gammas)), block.known, len(block.y)

    # what is drawn must depend neither on the blocks nor on where they are
    thetas, known, rows = zip(*maximum.engine.each(parameters), strict=True)
    values = {name: np.concatenate([one[name] for one in known]) for name in known[0]}
    return model.family.sample(rng, *spread(joined(thetas, rows), sum(rows)), **values)


def _distances(maximum: Maximum) -> Iterator[tuple[str, float]]:
    family = maximum.model.family
    if family.support.discrete:
        sums = fit_sums(maximum)
        rows, _, pearson, _ = sums.plain
        seen, expected = np.column_stack([sums.counts, rows - sums.counts.sum(axis=1)])
        if len(seen) > 1:
            used = expected > 0
            yield (
                "Pearson's of the counts",
                float(((seen - expected)[used] ** 2 / expected[used]).sum()),
            )
        if math.isfinite(pearson):
            yield "Pearson's of the spread", float(pearson)
        return
    found = _all_shares(maximum)
    if found is None:
        return
    below, above = (np.sort(tail) for tail in found)
    n = len(below)
    ranks = np.arange(1, n + 1)
    yield (
        "Kolmogorov-Smirnov",
        float(max((ranks / n - below).max(), (below - (ranks - 1) / n).max())),
    )
    tiny = np.finfo(float).tiny
    logs = np.log(np.maximum(below, tiny)) + np.log(np.maximum(above, tiny))
    yield "Anderson-Darling", float(-n - ((2 * ranks - 1) * logs).sum() / n)


def _all_shares(maximum: Maximum) -> tuple[Rows, Rows] | None:
    """The probabilities below and above every row's value."""
    model, gammas = maximum.model, maximum.gammas

    def of_block(block: Block) -> tuple[Rows, Rows] | None:
        theta = model.theta(model.etas(block, gammas))
        positions = block.start + np.arange(len(block.y))
        return shares(model.family, block.y, theta, block.known, positions)

    parts = [part for part in maximum.engine.each(of_block) if part is not None]
    if not parts:
        return None
    below, above = (np.concatenate(tails) for tails in zip(*parts, strict=True))
    return below, above
