"""Zero-inflated Poisson target: Poisson counts of mean mu > 0, or with probability zero none.

    ell(0; mu, zero) = log(zero + (1 - zero) exp(-mu))
    ell(y; mu, zero) = log(1 - zero) + y log(mu) - mu - log(y!)      y > 0

The mean is (1 - zero) mu. Derivatives: see `_inflated`, whose base is the Poisson family.

Source: D. Lambert (1992), Technometrics 34, 1-14.
"""

from __future__ import annotations

from mlefit.families import poisson, truncated_poisson
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import STAN, Elsewhere, in_r, in_statsmodels
from mlefit.families._inflated import ZeroInflated, probability_of_zero
from mlefit.families._records import Example, Limit, Parameter
from mlefit.support import Domain

ALIASES = ("zero-inflated-poisson",)


class Zip(ZeroInflated):
    """See the module's docstring."""

    name = "zip"
    summary = "Poisson counts with extra zeros"
    rare = True
    base = poisson.FAMILY
    positive = truncated_poisson.FAMILY
    parameters = (
        Parameter("mu", "log", Domain.POSITIVE, "mean count without the extra zeros"),
        probability_of_zero("probability of an extra zero"),
    )
    limits = (
        Limit("zero", "lower", "poisson", "no extra zeros: the Poisson boundary is the maximum"),
    )
    examples = (Example((4.0, 0.3)), Example((0.7, 0.1)), Example((30.0, 0.9)))
    derivation = Derivation(
        "if(y == 0, log(zero + (1 - zero)*p0), log(1 - zero) + y*log(mu) - mu - log(factorial(y)))",
        short=(Short("p0", "exp(-mu)", {"mu": "-p0"}),),
    )
    elsewhere = (
        in_r("VGAM::dzipois", {"lambda": "mu", "pstr0": "zero"}),
        Elsewhere(
            STAN,
            "log_mix({theta}, y == 0 ? 0 : negative_infinity(), poisson_lpmf(y | {lambda}))",
            {"theta": "zero", "lambda": "mu"},
        ),
        in_statsmodels(
            "ZeroInflatedPoisson", {"inflate_const": "log(zero/(1 - zero))", "const": "log(mu)"}
        ),
    )


FAMILY = Zip()
