"""The height of a likelihood, and the criteria that weigh it against the parameters it took.

    AIC = 2 k - 2 log L     AICc = AIC + 2 k (k + 1) / (n - k - 1)     BIC = k log n - 2 log L

Sources: H. Akaike (1974), IEEE Trans. Automatic Control 19, 716-723; C. M. Hurvich and
C.-L. Tsai (1989), Biometrika 76, 297-307; G. Schwarz (1978), Annals of Statistics 6, 461-464.
"""

from __future__ import annotations

import math

from mlefit.frozen import frozen
from mlefit.request import Request
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status


@frozen
class Criteria:
    """A fit's height on all rows, as far as it means something.

    Attributes:
        nobs: rows, or the sum of the frequency weights.
        nll: negative log-likelihood; of as many rows as there are under sampling weights.
        parameters: estimated coefficients.
        finite: whether the height is a number that a row's mean can be taken of.
        comparable: whether criteria may be made of it.
    """

    nobs: float
    nll: float
    parameters: int
    finite: bool
    comparable: bool

    @property
    def aic(self) -> float | None:
        """None where criteria mean nothing."""
        return 2 * self.parameters + 2 * self.nll if self.comparable else None

    @property
    def aicc(self) -> float | None:
        """None where criteria mean nothing, or there are too few rows."""
        k, aic = self.parameters, self.aic
        if aic is None or self.nobs <= k + 1:
            return None
        return aic + 2 * k * (k + 1) / (self.nobs - k - 1)

    @property
    def bic(self) -> float | None:
        """None where criteria mean nothing."""
        return self.parameters * math.log(self.nobs) + 2 * self.nll if self.comparable else None


def nobs_of(request: Request, maximum: Maximum) -> float:
    """Rows, or the sum of the frequency weights."""
    return float(maximum.engine.rows if request.sampling_weights else maximum.moments.rows)


def criteria(request: Request, maximum: Maximum, shift: float = 0.0) -> Criteria:
    """The height of a maximum.

    Args:
        request: says what kind of weights there are.
        maximum: of the likelihood.
        shift: what a change of the target's scale adds to the log-likelihood.
    """
    nobs = nobs_of(request, maximum)
    nll = maximum.nll * nobs / maximum.moments.rows - shift
    finite = math.isfinite(nll) and maximum.optimum.status is not Status.PERFECT_FIT
    # where no maximum exists the height is that of the last step, and criteria mean nothing
    # a pseudo-likelihood has no information criterion, nor has a place that is not its maximum
    comparable = (
        finite
        and request.sampling_weights is None
        and maximum.optimum.status is not Status.NO_MAXIMUM
        and not maximum.runs_to_edge
        and maximum.penalty is None
    )
    return Criteria(nobs, nll, len(maximum.optimum.gamma), finite, comparable)
