"""Zero-inflated negative binomial target: mean mu > 0, size k > 0, or with probability zero none.

    ell(0; mu, k, zero) = log(zero + (1 - zero) (1 + mu/k)^-k)
    ell(y; mu, k, zero) = log(1 - zero) + ell of negbinom      y > 0

The mean is (1 - zero) mu. Derivatives: see `_inflated`, whose base is the negative binomial.
Two edges are simpler families: zero = 0 the negative binomial, k = infinity the
zero-inflated Poisson.

Source: W. H. Greene (1994), Accounting for excess zeros and sample selection in Poisson and
negative binomial regression models, New York University, working paper EC-94-10.
"""

from __future__ import annotations

from mlefit.families import negbinom, truncated_negbinom
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import STAN, Elsewhere, in_r, in_statsmodels
from mlefit.families._inflated import ZeroInflated, probability_of_zero
from mlefit.families._records import Example, Limit, Parameter
from mlefit.support import Domain

ALIASES = ("zero-inflated-negbinom", "zero-inflated-negative-binomial")


class Zinb(ZeroInflated):
    """See the module's docstring."""

    name = "zinb"
    summary = "negative binomial counts with extra zeros"
    rare = True
    base = negbinom.FAMILY
    positive = truncated_negbinom.FAMILY
    parameters = (
        Parameter("mu", "log", Domain.POSITIVE, "mean count without the extra zeros"),
        Parameter("k", "log", Domain.POSITIVE, "size: the smaller, the more overdispersed"),
        probability_of_zero("probability of an extra zero"),
    )
    limits = (
        Limit(
            "zero",
            "lower",
            "negbinom",
            "no extra zeros: the negative binomial boundary is the maximum",
        ),
        Limit(
            "k",
            "upper",
            "zip",
            "no overdispersion beyond the extra zeros: the zero-inflated Poisson boundary is "
            "the maximum",
        ),
    )
    elementary = False
    examples = (Example((4.0, 1.5, 0.3)), Example((12.0, 8.0, 0.6)), Example((2.0, 0.8, 0.05)))
    derivation = Derivation(
        "if(y == 0, log(zero + (1 - zero)*p0), log(1 - zero) + log(gamma(y + k)) - log(gamma(k))"
        " - log(factorial(y)) + y*log(mu/k) - (y + k)*log(1 + mu/k))",
        short=(
            Short(
                "p0",
                "(1 + mu/k)^(-k)",
                {"mu": "-k*p0/(k + mu)", "k": "p0*(mu/(k + mu) - log(1 + mu/k))"},
            ),
        ),
    )
    elsewhere = (
        in_r("VGAM::dzinegbin", {"size": "k", "munb": "mu", "pstr0": "zero"}),
        Elsewhere(
            STAN,
            "log_mix({theta}, y == 0 ? 0 : negative_infinity(), "
            "neg_binomial_2_lpmf(y | {mu}, {phi}))",
            {"theta": "zero", "mu": "mu", "phi": "k"},
        ),
        in_statsmodels(
            "ZeroInflatedNegativeBinomialP",
            {"inflate_const": "log(zero/(1 - zero))", "const": "log(mu)", "alpha": "1/k"},
        ),
    )


FAMILY = Zinb()
