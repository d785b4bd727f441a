"""Zero-truncated negative binomial target: counts 1, 2, ... with mu > 0 and size k > 0.

    ell(y; mu, k) = ell of negbinom - log(1 - (1 + mu/k)^-k)

Mean mu and variance mu + mu^2/k are those before truncation. Derivatives: see
`_zero_truncated`, whose base is the negative binomial. As k grows this becomes the
zero-truncated Poisson; where counts spread no more than that, the maximum lies there. As mu
and k go to 0 together it becomes the logarithmic series with p = mu/(mu + k).

Source: J. Grogger and R. Carson (1991), J. Applied Econometrics 6, 225-238.
"""

from __future__ import annotations

from mlefit.families import negbinom
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import STAN, Elsewhere, R, in_statsmodels
from mlefit.families._records import Example, Limit, Parameter
from mlefit.families._zero_truncated import ZeroTruncated
from mlefit.support import Domain

ALIASES = ("zero-truncated-negbinom", "ztnb", "positive-negbinom")


class TruncatedNegBinom(ZeroTruncated):
    """See the module's docstring."""

    name = "truncated-negbinom"
    summary = "negative binomial counts of which the zeros are not seen"
    rare = True
    base = negbinom.FAMILY
    parameters = (
        Parameter("mu", "log", Domain.POSITIVE, "mean count before truncation"),
        Parameter("k", "log", Domain.POSITIVE, "size: the smaller, the more overdispersed"),
    )
    limits = (
        Limit(
            "k",
            "upper",
            "truncated-poisson",
            "no overdispersion: the zero-truncated Poisson boundary is the maximum",
        ),
        Limit(
            "k",
            "lower",
            None,
            "more spread than any negative binomial has: mu and k go to 0 together, and the "
            "counts above zero become a logarithmic series",
            instead="logarithmic",
        ),
    )
    elementary = False
    examples = (Example((4.0, 1.5)), Example((0.6, 0.5)), Example((12.0, 40.0)))
    derivation = Derivation(
        "log(gamma(y + k)) - log(gamma(k)) - log(factorial(y)) + y*log(mu/k)"
        " - (y + k)*log(1 + mu/k) - log(1 - p0)",
        short=(
            Short(
                "p0",
                "(1 + mu/k)^(-k)",
                {"mu": "-k*p0/(k + mu)", "k": "p0*(mu/(k + mu) - log(1 + mu/k))"},
            ),
        ),
    )
    elsewhere = (
        Elsewhere(
            R,
            "VGAM::dgaitdnbinom(x, size.p = {size.p}, munb.p = {munb.p}, truncate = 0)",
            {"size.p": "k", "munb.p": "mu"},
        ),
        Elsewhere(STAN, "neg_binomial_2({mu}, {phi}) T[1, ]", {"mu": "mu", "phi": "k"}),
        in_statsmodels("TruncatedLFNegativeBinomialP", {"const": "log(mu)", "alpha": "1/k"}),
    )


FAMILY = TruncatedNegBinom()
