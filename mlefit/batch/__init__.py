"""Newton's method for many samples at once: the same steps, taken side by side.

A thousand small fits spend their time on calls, not on arithmetic. Here the rows of all
samples lie one after the other, so that a family is asked once for all of them, and the sums
of each sample are cut out of the answer:

    nll_r = -sum_{i in r} l_i      score_r = -sum X_i l'_i      information_r = sum X_i J_i X_i'

Each sample has its own coefficients, step length and end. What a step is and when a search
has converged is as in `optimise`: half g' H^-1 g falls below `tol`, and further steps take the
digits that are left. Where H bends the other way, the sizes of its eigenvalues stand for it
(Y. Dauphin et al. 2014, NeurIPS 27, 2933-2941). Nothing is judged: whether a maximum exists,
or lies at an edge, is for those who ask to find out about the samples that do not converge in
a few steps.

Coefficients are those of the columns as they are given, so columns should have means that are
not large for their spread.
"""

from __future__ import annotations

from mlefit.batch.samples import Samples
from mlefit.batch.search import SAME_HEIGHT, Fits, directions, higher, inverses, newton
from mlefit.batch.sums import Priors, Sums, evaluate, squared_scores

__all__ = [
    "SAME_HEIGHT",
    "Fits",
    "Priors",
    "Samples",
    "Sums",
    "directions",
    "evaluate",
    "higher",
    "inverses",
    "newton",
    "squared_scores",
]
