"""Laplace target with location mu, its median, and scale b > 0.

    ell(y; mu, b) = -log(2 b) - |y - mu|/b

The two-sided exponential density with rates 1 and 1, whose derivatives `_two_sided`
gives. Expected information: 1/b^2, 0, 1/b^2.

Loss: with b held fixed, maximising over mu is minimising the mean absolute error.

Source: S. Kotz, T. Kozubowski and K. Podgorski (2001), The Laplace Distribution
and Generalizations, sections 2.1 and 2.6.
"""

from __future__ import annotations

import numpy as np

from mlefit.families._derivation import Derivation
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._records import Example, Loss, Narrowing, Parameter
from mlefit.families._two_sided import TwoSided
from mlefit.support import Domain

ALIASES = (
    "mae",
    "mean-absolute-error",
    "l1",
    "l1-loss",
    "absolute-error",
    "lad",
    "least-absolute-deviations",
    "median-regression",
    "double-exponential",
    "reg:absoluteerror",
    "regression-l1",
)


class Laplace(TwoSided):
    """See the module's docstring."""

    name = "laplace"
    summary = "symmetric errors with heavier tails; fits the median"
    parameters = (
        Parameter("mu", "identity", Domain.REAL, "median", links=("identity",)),
        Parameter(
            "b",
            "log",
            Domain.POSITIVE,
            "mean absolute deviation",
            precision_power=-0.5,
            norm=1,
            narrowing=Narrowing(power=1, unit=1),
        ),
    )
    up = down = 1.0
    vertex = 0.5
    examples = (Example((0.0, 1.0)), Example((-3.0, 0.2)), Example((40.0, 7.5)))
    derivation = Derivation(
        "-log(2*b) - abs(y - mu)/b",
        estimate={"mu": "median(y)", "b": "mean(abs(y - mu))"},
        minimum="log(2*b) + 1",
        information={"mu": "1/b^2", "b": "1/b^2"},
    )
    elsewhere = (
        in_r("VGAM::dlaplace", {"location": "mu", "scale": "b"}),
        in_scipy("laplace", {"loc": "mu", "scale": "b"}),
        in_stan("double_exponential", {"mu": "mu", "sigma": "b"}),
    )
    losses = (
        Loss(
            parameter="mu",
            name="mean absolute error",
            formula="|y - mu|",
            value=lambda y, mu: np.abs(y - mu),
            slope=lambda y, mu: -np.sign(y - mu),
            scale=lambda b: 1 / b,
            constant=lambda y, b: np.log(2 * b),
            apis={
                "identity": {
                    "scikit-learn": "QuantileRegressor(quantile=0.5, alpha=0)",
                    "R": "quantreg::rq(formula, tau = 0.5)",
                    "PyTorch": "torch.nn.Linear with torch.nn.L1Loss(), weight_decay=0",
                }
            },
            same_loss={
                "identity": {
                    "XGBoost": "objective='reg:absoluteerror'",
                    "LightGBM": "objective='regression_l1'",
                }
            },
        ),
    )


FAMILY = Laplace()
