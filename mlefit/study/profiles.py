"""Whether profile-likelihood intervals hold the truth, without finding their ends.

The interval of a parameter holds a value where the highest likelihood with the parameter at
that value is within half a quantile of chi2(1) of the maximum. So one more search of every
sample, with the parameter held at the truth, decides. Its signed root

    r = sign(estimate - truth) sqrt(2 (l(maximum) - l(held)))

is to the profile interval what z is to Wald's. A search that stops short of the maximum under
the constraint makes r larger, never smaller.

Source: O. E. Barndorff-Nielsen and D. R. Cox (1994), Inference and Asymptotics, section 3.4.
"""

from __future__ import annotations

import numpy as np

from mlefit import batch
from mlefit._types import Matrix
from mlefit.batch import Samples
from mlefit.study.setup import Setup


def signed_roots(setup: Setup, samples: Samples, gamma: Matrix) -> Matrix:
    """r of every estimated parameter of a plain sample, shape (R, k); NaN without a maximum.

    Args:
        setup: what the samples were drawn from.
        samples: plain ones.
        gamma: their maxima, shape (R, p); NaN for none.
    """
    found = np.full((len(gamma), len(setup.at)), np.nan)
    usable = np.asarray(np.isfinite(gamma).all(axis=1))
    if not usable.any():
        return found
    chosen, best = samples.only(usable), gamma[usable]
    highest = batch.evaluate(setup.model, chosen, best, "observed").nll
    # a location found by order statistics is the best one whatever the scale is
    fixed = {0} if setup.family.vertex is not None else set()
    for j, position in enumerate(setup.at):
        held = best.copy()
        held[:, position] = setup.truth[j]
        free = np.array([k for k in setup.at if k not in fixed | {position}], dtype=np.intp)
        ahead = batch.newton(setup.model, chosen, held, free=free)
        depth = np.maximum(ahead.sums.nll - highest, 0.0)
        side = np.sign(setup.link_errors(best[:, list(setup.at)])[:, j])
        found[usable, j] = side * np.sqrt(2 * depth)
    return found
