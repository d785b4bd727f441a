"""The Cramer-Rao bound: no unbiased estimate of n rows has a variance below I^-1/n.

I is the expected information of a row at the truth, on the natural scale of the parameters.
Where the family has no closed form of it, the mean of the observed information of many rows
drawn from the truth stands for it.

Source: A. W. van der Vaart (1998), Asymptotic Statistics, sections 5.5 and 8.1.
"""

from __future__ import annotations

import numpy as np

from mlefit._types import Matrix, Vector
from mlefit.families._base import spread
from mlefit.study.setup import Setup
from mlefit.study.simulation import generator
from mlefit.symmetric import inverse

_ROWS = 200_000


def bound(setup: Setup, seed: int) -> tuple[Vector | None, str]:
    """Least variance of each estimated parameter, times the rows; and where that comes from.

    Args:
        setup: the family at its true parameters.
        seed: of the rows that are drawn for want of a closed form.
    """
    information, source = _information(setup, seed)
    inverted = inverse(information)
    return None if inverted is None else np.diag(inverted), source


def _information(setup: Setup, seed: int) -> tuple[Matrix, str]:
    family = setup.family
    theta = setup.model.theta([np.array([eta]) for eta in setup.etas])
    if family.has_expected:
        known = {name: np.array([value]) for name, value in setup.known.items()}
        pairs, source = family.expected(*theta, **known), "closed form"
    else:
        known = {name: np.full(_ROWS, value) for name, value in setup.known.items()}
        y = family.sample(generator(seed, 0), *spread(theta, _ROWS), **known)
        pairs, source = family.observed(y, *theta, **known), f"mean over {_ROWS:,} drawn rows"
    assert pairs is not None
    found = np.zeros((len(setup.estimated),) * 2)
    for i, j in enumerate(setup.estimated):
        for m, k in enumerate(setup.estimated):
            values = pairs.get((min(j, k), max(j, k)), 0.0)
            found[i, m] = float(np.mean(values))
    return found, source
