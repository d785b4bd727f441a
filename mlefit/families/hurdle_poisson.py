"""Hurdle Poisson target: zero with probability zero, else a zero-truncated Poisson count.

    ell(0; mu, zero) = log(zero)
    ell(y; mu, zero) = log(1 - zero) + y log(mu) - mu - log(y!) - log(1 - exp(-mu))

The mean is (1 - zero) mu/(1 - exp(-mu)). Derivatives: see `_hurdle`.

Source: J. Mullahy (1986), J. Econometrics 33, 341-365.
"""

from __future__ import annotations

from mlefit.families import truncated_poisson
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import STAN, Elsewhere, in_r
from mlefit.families._hurdle import Hurdle
from mlefit.families._inflated import probability_of_zero
from mlefit.families._records import Example, Limit

ALIASES = ("hurdle-count", "zap", "zero-altered-poisson")


class HurdlePoisson(Hurdle):
    """See the module's docstring."""

    name = "hurdle-poisson"
    summary = "zero or not, and if not a zero-truncated Poisson count"
    rare = True
    positive = truncated_poisson.FAMILY
    parameters = (*truncated_poisson.FAMILY.parameters, probability_of_zero("probability of zero"))
    limits = (
        Limit(
            "zero",
            "lower",
            "truncated-poisson",
            "no zeros: the zero-truncated Poisson boundary is the maximum",
        ),
    )
    examples = (Example((4.0, 0.3)), Example((0.7, 0.8)), Example((30.0, 0.05)))
    derivation = Derivation(
        "if(y == 0, log(zero), log(1 - zero) + y*log(mu) - mu - log(factorial(y)) - log(1 - p0))",
        short=(Short("p0", "exp(-mu)", {"mu": "-p0"}),),
        estimate={"zero": "mean(y == 0)"},
    )
    elsewhere = (
        in_r("VGAM::dzapois", {"lambda": "mu", "pobs0": "zero"}),
        Elsewhere(
            STAN,
            "y == 0 ? bernoulli_lpmf(1 | {theta}) : bernoulli_lpmf(0 | {theta}) + "
            "poisson_lpmf(y | {lambda}) - poisson_lccdf(0 | {lambda})",
            {"theta": "zero", "lambda": "mu"},
        ),
    )


FAMILY = HurdlePoisson()
