"""How much better a fit is on its own rows than on fresh ones.

Every sample has columns of standard normal numbers that have no effect. To first order a fit
of k parameters gains k/(2 n) nats per row on its own rows over the truth and loses as much on
fresh ones, so that the gap is k/n (H. Akaike 1974, IEEE Trans. Autom. Control 19, 716-723).
A prior that holds the slopes near zero gives up a little of the first to save the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.batch import Samples, evaluate
from mlefit.results import study as results
from mlefit.search.penalty import Assigned
from mlefit.study.fits import fitted
from mlefit.study.moments import error_of_mean, finite
from mlefit.study.setup import Setup
from mlefit.study.simulation import generator
from mlefit.telling import Tell

# A branch of the seed that no number of rows shares with the other properties.
_BRANCH = 1


def overfit(
    setup: Setup,
    rows: Sequence[int],
    replications: int,
    seed: int,
    priors: Sequence[tuple[str, Sequence[Assigned]]],
    tell: Tell,
) -> tuple[list[results.Overfit], Counter[str]]:
    """NLL on own and on fresh rows, by maximum likelihood and under each prior.

    Args:
        setup: with columns that have no effect.
        rows: of a sample, one after the other.
        replications: samples of each size.
        seed: of the draws.
        priors: their words and what they are; the first is none.
        tell: takes what is done, how many samples are, and how many there will be.
    """
    found: list[results.Overfit] = []
    failures: Counter[str] = Counter()
    for size in rows:
        heights: list[list[Matrix]] = [[] for _ in priors]
        rng = generator(seed, size, _BRANCH)
        done = 0
        for samples in setup.draws(rng, replications, size):
            tell(f"samples of {size:,} rows with columns", done, replications)
            fresh = setup.drawn(rng, samples.count, size)
            for kept, (_, assigned) in zip(heights, priors, strict=True):
                fits = fitted(setup, samples, assigned)
                failures += fits.failures
                kept.append(_heights(setup, samples, fresh, fits.gamma))
            done += samples.count
        tell(f"samples of {size:,} rows with columns", done, replications)
        for kept, (words, _) in zip(heights, priors, strict=True):
            found += [_record(setup, size, words, np.concatenate(kept))]
    return found, failures


def _heights(setup: Setup, samples: Samples, fresh: Samples, gamma: Matrix) -> Matrix:
    """NLL of a row of each sample: own rows, fresh ones, and fresh ones under the truth."""
    usable = np.asarray(np.isfinite(gamma).all(axis=1))
    truth = np.repeat(setup.coefficients(setup.etas[None]), samples.count, axis=0)
    with np.errstate(all="ignore"):
        columns = [
            evaluate(setup.model, rows.only(usable), at[usable], "observed").nll / rows.rows[usable]
            for rows, at in ((samples, gamma), (fresh, gamma), (fresh, truth))
        ]
    return np.column_stack(columns)


def _record(setup: Setup, rows: int, words: str, heights: Matrix) -> results.Overfit:
    own, fresh, truth = heights.T
    count = sum(predictor.size for predictor in setup.predictors)
    enough = len(own) > 1

    def mean(values: Vector) -> float | None:
        return finite(float(values.mean())) if enough else None

    return results.Overfit(
        rows=rows,
        prior=words,
        samples=len(own),
        truth=mean(truth),
        in_sample=mean(own),
        fresh=mean(fresh),
        gap=mean(fresh - own),
        std_error=finite(error_of_mean(fresh - own)) if enough else None,
        expected=None if words else count / rows,
    )
