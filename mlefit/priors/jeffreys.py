"""Jeffreys' prior of all coefficients together: Firth's bias reduction.

    log p(beta) = log det I(beta) / 2 + constant,    I = sum over rows of w(eta) x x'

with w the expected information of a row in its linear predictor. For a canonical link the
mode removes the first-order bias of maximum likelihood; for the usual links of a
probability it is finite even where the rows are separated. Its derivative in I is
I^-1 / 2. The log-density is given without the constant, since for some models the
density has no finite integral.

Sources: D. Firth (1993), Biometrika 80, 27-38; G. Heinze and M. Schemper (2002), Stat. Med.
21, 2409-2419; I. Kosmidis and D. Firth (2021), Biometrika 108, 71-82.
"""

from __future__ import annotations

import numpy as np

from mlefit._types import Matrix
from mlefit.priors._base import InformationPrior


class Jeffreys(InformationPrior):
    """See the module's docstring."""

    name = "jeffreys"
    summary = "Firth's bias reduction; finite where the rows are separated"
    parameters = ()
    positive = ()
    penalty = "-log(det(I)) / 2, I the expected information"

    def of_information(self, information: Matrix) -> tuple[float, Matrix]:
        sign, volume = np.linalg.slogdet(information)
        if sign <= 0 or not np.isfinite(volume):
            return -np.inf, np.full_like(information, np.nan)
        return 0.5 * float(volume), 0.5 * np.linalg.inv(information)

    def in_coordinates(self, log_volume: float) -> float:
        return log_volume


PRIOR = Jeffreys
