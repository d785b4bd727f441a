"""Zero-truncated Poisson target: counts 1, 2, ... with mu > 0, the mean before truncation.

    ell(y; mu) = y log(mu) - mu - log(y!) - log(1 - exp(-mu))

The mean of what is seen is mu/(1 - exp(-mu)). Derivatives: see `_zero_truncated`, whose base
is the Poisson family. Where every count is 1 there is no maximum: mu goes to 0.

Source: J. Grogger and R. Carson (1991), J. Applied Econometrics 6, 225-238.
"""

from __future__ import annotations

from mlefit.families import poisson
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import STAN, Elsewhere, R, in_statsmodels
from mlefit.families._records import Example, Parameter
from mlefit.families._zero_truncated import ZeroTruncated
from mlefit.support import Domain

ALIASES = ("zero-truncated-poisson", "ztp", "positive-poisson")


class TruncatedPoisson(ZeroTruncated):
    """See the module's docstring."""

    name = "truncated-poisson"
    summary = "Poisson counts of which the zeros are not seen"
    rare = True
    base = poisson.FAMILY
    parameters = (Parameter("mu", "log", Domain.POSITIVE, "mean count before truncation"),)
    examples = (Example((0.3,)), Example((4.0,)), Example((60.0,)))
    derivation = Derivation(
        "y*log(mu) - mu - log(factorial(y)) - log(1 - p0)",
        short=(Short("p0", "exp(-mu)", {"mu": "-p0"}),),
    )
    elsewhere = (
        Elsewhere(
            R, "VGAM::dgaitdpois(x, lambda.p = {lambda.p}, truncate = 0)", {"lambda.p": "mu"}
        ),
        Elsewhere(STAN, "poisson({lambda}) T[1, ]", {"lambda": "mu"}),
        in_statsmodels("TruncatedLFPoisson", {"const": "log(mu)"}),
    )


FAMILY = TruncatedPoisson()
