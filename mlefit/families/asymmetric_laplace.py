"""Asymmetric Laplace target whose tau-quantile is mu, with scale b > 0.

    ell(y; mu, b) = log(tau (1 - tau)) - log(b) - rho(y - mu)/b,
    rho(r) = r (tau - [r < 0])

The two-sided exponential density with rates tau and 1 - tau, whose derivatives
`_two_sided` gives. Expected information: tau (1 - tau)/b^2, 0, 1/b^2. The number
tau is chosen, not estimated. With tau = 1/2 this is laplace with half its b.

Loss: with b held fixed, maximising over mu is minimising the pinball loss, which is
quantile regression. The standard errors are those of this density: the quantile itself
needs no such assumption, its error does.

Sources: R. Koenker and G. Bassett (1978), Econometrica 46(1), 33-50; K. Yu and
R. Moyeed (2001), Statistics and Probability Letters 54(4), 437-447.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._records import Example, Loss, Narrowing, Parameter
from mlefit.families._setting import Setting
from mlefit.families._two_sided import TwoSided
from mlefit.support import Domain

ALIASES = (
    "quantile",
    "quantile-loss",
    "quantile-regression",
    "pinball",
    "pinball-loss",
    "mean-pinball-loss",
    "check-loss",
    "ald",
    "reg:quantileerror",
)


class AsymmetricLaplace(TwoSided):
    """See the module's docstring."""

    name = "asymmetric-laplace"
    summary = "fits the quantile that its number names"
    parameters = (
        Parameter("mu", "identity", Domain.REAL, "tau-quantile", links=("identity",)),
        Parameter(
            "b",
            "log",
            Domain.POSITIVE,
            "mean pinball loss",
            precision_power=-0.5,
            norm=1,
            narrowing=Narrowing(power=1, unit=1),
        ),
    )
    setting = Setting("tau", 0.5, "quantile level", upper=1.0, examples=(0.9, 0.25))
    rare = True
    examples = (Example((0.0, 1.0)), Example((-3.0, 0.2)), Example((40.0, 7.5)))
    derivation = Derivation(
        "log(tau*(1 - tau)) - log(b) - rho/b",
        short=(
            Short("s", "if(y < mu, tau - 1, tau)", {"mu": "0"}),
            Short("rho", "s*(y - mu)", {"mu": "-s"}),
        ),
        estimate={"mu": "quantile(y, tau)", "b": "mean(rho)"},
        minimum="log(b) + 1 - log(tau*(1 - tau))",
        information={"mu": "tau*(1 - tau)/b^2", "b": "1/b^2"},
    )
    elsewhere = (
        in_r(
            "VGAM::dalap",
            {"location": "mu", "scale": "sqrt(2)*b/sqrt(tau*(1 - tau))", "tau": "tau"},
        ),
        in_scipy(
            "laplace_asymmetric",
            {"kappa": "sqrt(tau/(1 - tau))", "loc": "mu", "scale": "b/sqrt(tau*(1 - tau))"},
        ),
        in_stan("skew_double_exponential", {"mu": "mu", "sigma": "2*b", "tau": "tau"}),
    )

    def __init__(self, value: float | None = None) -> None:
        super().__init__(value)
        assert self.value is not None
        self.vertex = self.up = self.value
        self.down = 1 - self.value
        self.losses = (self._pinball(self.value),)

    def _pinball(self, tau: float) -> Loss:
        return Loss(
            parameter="mu",
            name="pinball loss",
            formula="(y - mu) (tau - [y < mu])",
            value=lambda y, mu: (y - mu) * (tau - (y < mu)),
            slope=lambda y, mu: np.where(y < mu, 1 - tau, -tau) * (y != mu),
            scale=lambda b: 1 / b,
            constant=lambda y, b: np.log(b) - math.log(tau * (1 - tau)),
            apis={
                "identity": {
                    "scikit-learn": f"QuantileRegressor(quantile={tau:.15g}, alpha=0)",
                    "R": f"quantreg::rq(formula, tau = {tau:.15g})",
                }
            },
            same_loss={
                "identity": {
                    "XGBoost": f"objective='reg:quantileerror', quantile_alpha={tau:.15g}",
                    "LightGBM": f"objective='quantile', alpha={tau:.15g}",
                }
            },
        )


FAMILY = AsymmetricLaplace()
