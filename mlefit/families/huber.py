"""Huber target: a normal core of scale sigma > 0 about mu, exponential tails from k sigma on.

    ell(y; mu, sigma) = -log(C) - log(sigma) - rho(z),    z = (y - mu)/sigma,
    rho(z) = z^2/2 for |z| <= k, k |z| - k^2/2 beyond;    C(k) as in `_huber`

    g_z = -min(max(z, -k), k)      g_zz = -psi', with psi' = 1 in the core, 0 in the tails
    (see `_location_scale`)
    expected: P(core)/sigma^2, 0, (1 + E z^2 psi')/sigma^2

The number k is chosen, not estimated; sigma is estimated jointly with mu, from
sum(z psi) = n. In (mu/sigma, 1/sigma) the log-density is concave, so there is one maximum.
With k below 0.05 hardly a row lies in the core: then this is laplace.

Loss: with sigma held fixed, maximising over mu is minimising the Huber loss whose
threshold is k sigma. Where others settle on another sigma, their coefficients differ:
MASS::rlm takes a multiple of the median absolute residual, scikit-learn's HuberRegressor
minimises sum(sigma + 2 sigma rho(z)), and in PyTorch and LightGBM the threshold is a
number in the target's units, as in smooth-l1.

Source: P. J. Huber (1964), Annals of Mathematical Statistics 35(1), 73-101; k = 1.345
keeps 95% of the efficiency of the mean under normal errors.
"""

from __future__ import annotations

import math

import numpy as np

from mlefit._types import Rows
from mlefit.families import _huber
from mlefit.families._base import Pairs
from mlefit.families._derivation import STANDARDISED, Derivation, Short
from mlefit.families._elsewhere import in_r
from mlefit.families._location_scale import LocationScale, location, scale
from mlefit.families._records import Example, Loss, Moments
from mlefit.families._setting import Setting

ALIASES = ("huber-regression", "huber-m-estimator")


class Huber(LocationScale):
    """See the module's docstring."""

    name = "huber"
    summary = "a normal core with the tails of a Laplace, so that far rows pull no harder"
    parameters = (
        location("centre"),
        scale("standard deviation of the core"),
    )
    setting = Setting(
        "k",
        1.345,
        "distance from mu, in sigma, where the tails begin",
        lower=0.05,
        examples=(0.5, 3.0),
    )
    rare = True
    examples = (Example((0.0, 1.0)), Example((-3.0, 0.2)), Example((1200.0, 35.0)))
    derivation = Derivation(
        "-log(C*sigma) - rho",
        short=(
            STANDARDISED,
            Short("c", "if(abs(z) <= k, 1, 0)", {"mu": "0", "sigma": "0"}),
            Short(
                "psi",
                "if(abs(z) <= k, z, k*sign(z))",
                {"mu": "-c/sigma", "sigma": "-c*z/sigma"},
            ),
            Short(
                "rho",
                "if(abs(z) <= k, z^2/2, k*abs(z) - k^2/2)",
                {"mu": "-psi/sigma", "sigma": "-z*psi/sigma"},
            ),
            Short("C", "sqrt(2*pi)*(2*Phi(k) - 1) + 2*exp(-k^2/2)/k"),
            Short("q", "2*exp(-k^2/2)/(k*C)"),
        ),
        information={"mu": "(1 - q)/sigma^2", "sigma": "(2 - q - k^2*q)/sigma^2"},
        remark="q is the probability of the tails, c tells the core from them",
    )
    elsewhere = (in_r("VGAM::dhuber", {"k": "k", "mu": "mu", "sigma": "sigma"}),)

    def __init__(self, value: float | None = None) -> None:
        super().__init__(value)
        assert self.value is not None
        self.k = self.value
        self.log_norm = math.log(_huber.pieces(self.k)[2])
        self.losses = (self._huber_loss(self.k),)

    def standard(self, z: Rows) -> Rows:
        return -self.log_norm - _huber.cost(z, self.k)

    def slopes(self, z: Rows) -> tuple[Rows]:
        return (-_huber.pull(z, self.k),)

    def bends(self, z: Rows) -> tuple[Rows]:
        return (-_huber.core(z, self.k),)

    def expected(self, mu: Rows, sigma: Rows) -> Pairs:
        inside, _, whole = _huber.pieces(self.k)
        precision = sigma**-2.0
        return {
            (0, 0): inside / whole * precision,
            (1, 1): (1 + _huber.core_square(self.k)) * precision,
        }

    def guide(self, y: Rows, mu: Rows, sigma: Rows) -> Pairs:
        # a parabola above the loss, which touches it: each step by it lowers the loss
        square = _huber.weight((y - mu) / sigma, self.k) * sigma**-2.0
        return {**self.expected(mu, sigma), (0, 0): square}

    def start(self, moments: Moments) -> tuple[float, float]:
        centre = moments.quantile(0.5)
        distance = moments.mean_of(lambda y: np.abs(y - centre))
        return centre, 1.25 * distance or math.sqrt(moments.variance)

    def mean(self, mu: Rows, sigma: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows, sigma: Rows) -> Rows:
        return _huber.variance(self.k) * sigma**2

    def lower_tail(self, z: Rows) -> Rows:
        return _huber.log_cdf(z, self.k)

    def standard_draws(self, rng: np.random.Generator, n: int) -> Rows:
        return _huber.draws(rng, np.full(n, self.k))

    def _huber_loss(self, k: float) -> Loss:
        return Loss(
            parameter="mu",
            name="Huber loss",
            formula="r^2/2 where |r| = |y - mu| <= k sigma, else k sigma (|r| - k sigma/2)",
            given=("sigma",),
            value=lambda y, mu, sigma: _huber.cost(y - mu, k * sigma),
            slope=lambda y, mu, sigma: _huber.pull(mu - y, k * sigma),
            scale=lambda sigma: sigma**-2.0,
            constant=lambda y, sigma: self.log_norm + np.log(sigma),
            apis={
                "identity": {
                    "PyTorch": f"torch.nn.Linear with torch.nn.HuberLoss(delta={k:.15g} * sigma), "
                    "weight_decay=0",
                }
            },
            same_loss={"identity": {"LightGBM": f"objective='huber', alpha={k:.15g} * sigma"}},
        )


FAMILY = Huber()
