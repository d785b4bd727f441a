"""Hurdle negative binomial target: zero with probability zero, else a zero-truncated count.

    ell(0; mu, k, zero) = log(zero)
    ell(y; mu, k, zero) = log(1 - zero) + ell of truncated-negbinom      y > 0

mu and k are those of the negative binomial before truncation. Derivatives: see `_hurdle`.

Source: J. Mullahy (1986), J. Econometrics 33, 341-365.
"""

from __future__ import annotations

from mlefit.families import truncated_negbinom
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import STAN, Elsewhere, R
from mlefit.families._hurdle import Hurdle
from mlefit.families._inflated import probability_of_zero
from mlefit.families._records import Example, Limit

ALIASES = ("hurdle-nb", "zanb", "zero-altered-negbinom")


class HurdleNegBinom(Hurdle):
    """See the module's docstring."""

    name = "hurdle-negbinom"
    summary = "zero or not, and if not a zero-truncated negative binomial count"
    rare = True
    positive = truncated_negbinom.FAMILY
    parameters = (*truncated_negbinom.FAMILY.parameters, probability_of_zero("probability of zero"))
    limits = (
        Limit(
            "k",
            "upper",
            "hurdle-poisson",
            "no overdispersion: the hurdle Poisson boundary is the maximum",
        ),
        Limit(
            "zero",
            "lower",
            "truncated-negbinom",
            "no zeros: the zero-truncated negative binomial boundary is the maximum",
        ),
        Limit(
            "k",
            "lower",
            None,
            "more spread than any negative binomial has: mu and k go to 0 together, and the "
            "counts above zero become a logarithmic series",
        ),
    )
    elementary = False
    examples = (Example((4.0, 1.5, 0.3)), Example((0.7, 0.6, 0.8)), Example((12.0, 40.0, 0.05)))
    derivation = Derivation(
        "if(y == 0, log(zero), log(1 - zero) + log(gamma(y + k)) - log(gamma(k))"
        " - log(factorial(y)) + y*log(mu/k) - (y + k)*log(1 + mu/k) - log(1 - p0))",
        short=(
            Short(
                "p0",
                "(1 + mu/k)^(-k)",
                {"mu": "-k*p0/(k + mu)", "k": "p0*(mu/(k + mu) - log(1 + mu/k))"},
            ),
        ),
        estimate={"zero": "mean(y == 0)"},
    )
    elsewhere = (
        Elsewhere(
            R,  # its dzanegbin does not repeat munb along x
            "VGAM::dgaitdnbinom(x, size.p = {size.p}, munb.p = {munb.p}, a.mlm = 0, "
            "pobs.mlm = {pobs.mlm})",
            {"size.p": "k", "munb.p": "mu", "pobs.mlm": "zero"},
        ),
        Elsewhere(
            STAN,
            "y == 0 ? bernoulli_lpmf(1 | {theta}) : bernoulli_lpmf(0 | {theta}) + "
            "neg_binomial_2_lpmf(y | {mu}, {phi}) - "
            "neg_binomial_2_lccdf(0 | {mu}, {phi})",
            {"theta": "zero", "mu": "mu", "phi": "k"},
        ),
    )


FAMILY = HurdleNegBinom()
