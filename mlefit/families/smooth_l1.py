"""Smooth-L1 target: huber with tails that begin at a distance beta in the target's units.

    ell(y; mu, sigma) = -log(C(k)) - log(sigma) - H(r)/sigma^2,   r = y - mu, k = beta/sigma,
    H(r) = r^2/2 for |r| <= beta, beta (|r| - beta/2) beyond;     C(k) as in `_huber`

    with h = H' = min(max(r, -beta), beta) and q = 2 T/(k C), the probability of the tails:
    d ell/d mu    = h/sigma^2                       -d2/dmu2       = [|r| <= beta]/sigma^2
    d ell/d sigma = (2 H/sigma^2 - 1 - q)/sigma     -d2/dmu dsigma = 2 h/sigma^3
                                 -d2/dsigma2 = (6 H/sigma^2 - 1 + q (k^2 - q))/sigma^2
    expected: (1 - q)/sigma^2, 0, (2 + 3 q + q (k^2 - q))/sigma^2
    a quantile y = mu + sigma z moves by 1 and, since k moves too, by z - k dz/dk

The number beta is chosen, not estimated. Unlike huber's k it has the target's units, so
the maximum over mu does not depend on sigma: it is the coefficients that PyTorch finds.
With beta a thousandth of the spread or less hardly a row lies in the core: then this is
nearly laplace, and with many columns the search may end at its step limit.

Losses: maximising over mu is minimising the smooth L1 loss H/beta, and the Huber loss
H with delta = beta.

Source: P. J. Huber (1964), Annals of Mathematical Statistics 35(1), 73-101; R. Girshick
(2015), Fast R-CNN, equation 3 (beta = 1).
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from mlefit._types import Rows
from mlefit.families import _huber
from mlefit.families._base import Drift, Family, Pairs
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import in_r
from mlefit.families._location_scale import location, scale
from mlefit.families._records import Example, Loss, Moments
from mlefit.families._setting import Setting
from mlefit.support import REAL_LINE

ALIASES = ("smooth-l1-loss", "huber-loss")


class SmoothL1(Family):
    """See the module's docstring."""

    name = "smooth-l1"
    summary = "as huber, but far begins at a distance in the target's units"
    support = REAL_LINE
    parameters = (
        location("centre"),
        scale("standard deviation of the core"),
    )
    setting = Setting(
        "beta", 1.0, "distance from mu where the loss turns linear", examples=(0.5, 20.0)
    )
    rare = True
    examples = (Example((0.0, 1.0)), Example((-3.0, 0.2)), Example((40.0, 3.0)))
    derivation = Derivation(
        "-log(C*sigma) - H/sigma^2",
        short=(
            Short("r", "y - mu", {"mu": "-1"}),
            Short("c", "if(abs(r) <= beta, 1, 0)", {"mu": "0"}),
            Short("h", "if(abs(r) <= beta, r, beta*sign(r))", {"mu": "-c"}),
            Short("H", "if(abs(r) <= beta, r^2/2, beta*abs(r) - beta^2/2)", {"mu": "-h"}),
            Short("k", "beta/sigma", {"sigma": "-k/sigma"}),
            Short("C", "sqrt(2*pi)*(2*Phi(k) - 1) + 2*exp(-k^2/2)/k", {"sigma": "q*C/sigma"}),
            Short("q", "2*exp(-k^2/2)/(k*C)", {"sigma": "q*(1 + k^2 - q)/sigma"}),
        ),
        information={"mu": "(1 - q)/sigma^2", "sigma": "(2 + 3*q + q*(k^2 - q))/sigma^2"},
        remark="q is the probability of the tails, c tells the core from them",
    )
    elementary = False
    elsewhere = (in_r("VGAM::dhuber", {"k": "beta/sigma", "mu": "mu", "sigma": "sigma"}),)

    def __init__(self, value: float | None = None) -> None:
        super().__init__(value)
        assert self.value is not None
        self.beta = self.value
        self.losses = self._losses(self.beta)

    def log_density(self, y: Rows, mu: Rows, sigma: Rows) -> Rows:
        k = self.beta / sigma
        return -self._log_norm(sigma) - _huber.cost((y - mu) / sigma, k)

    def score(self, y: Rows, mu: Rows, sigma: Rows) -> tuple[Rows, Rows]:
        z, k = (y - mu) / sigma, self.beta / sigma
        return (
            _huber.pull(z, k) / sigma,
            (2 * _huber.cost(z, k) - 1 - _huber.tails(k)) / sigma,
        )

    def observed(self, y: Rows, mu: Rows, sigma: Rows) -> Pairs:
        z, k, precision = (y - mu) / sigma, self.beta / sigma, sigma**-2.0
        return {
            (0, 0): _huber.core(z, k) * precision,
            (0, 1): 2 * _huber.pull(z, k) * precision,
            (1, 1): (6 * _huber.cost(z, k) - 1 + self._bend(k)) * precision,
        }

    def expected(self, mu: Rows, sigma: Rows) -> Pairs:
        k, precision = self.beta / sigma, sigma**-2.0
        inside, _, whole = _huber.pieces(k)
        return {
            (0, 0): inside / whole * precision,
            (1, 1): (2 + 3 * _huber.tails(k) + self._bend(k)) * precision,
        }

    def guide(self, y: Rows, mu: Rows, sigma: Rows) -> Pairs:
        # a parabola above the loss, which touches it: each step by it lowers the loss
        square = _huber.weight(y - mu, self.beta) * sigma**-2.0
        return {**self.expected(mu, sigma), (0, 0): square}

    def _bend(self, k: Any) -> Any:
        """q (k^2 - q): sigma times the slope of q in sigma, less q."""
        q = _huber.tails(k)
        return q * (k * k - q)

    def _log_norm(self, sigma: Any) -> Any:
        return np.log(_huber.pieces(self.beta / sigma)[2]) + np.log(sigma)

    def start(self, moments: Moments) -> tuple[float, float]:
        centre = moments.quantile(0.5)
        # the scale's own equation, 2 mean(H) = sigma^2 (1 + q), with q between 0 and 1
        height = moments.mean_of(lambda y: _huber.cost(y - centre, self.beta))
        return centre, math.sqrt(1.5 * height or moments.variance)

    def mean(self, mu: Rows, sigma: Rows) -> Rows:
        return mu

    def variance(self, mu: Rows, sigma: Rows) -> Rows:
        return _huber.variance(self.beta / sigma) * sigma**2

    def log_cdf(self, y: Rows, mu: Rows, sigma: Rows) -> Rows:
        return _huber.log_cdf((y - mu) / sigma, self.beta / sigma)

    def log_sf(self, y: Rows, mu: Rows, sigma: Rows) -> Rows:
        return _huber.log_cdf((mu - y) / sigma, self.beta / sigma)

    def drift(self, y: Rows, mu: Rows, sigma: Rows) -> Drift:
        z, k = (y - mu) / sigma, self.beta / sigma
        q, q_z, q_k = _huber.drift(z, k)
        change = (k * (q + z * q_z + k * q_k) - z) / sigma
        return Drift((np.ones_like(z), z - k * q), {(1, 1): change})

    def sample(self, rng: np.random.Generator, mu: Rows, sigma: Rows) -> Rows:
        return mu + sigma * _huber.draws(rng, self.beta / sigma)

    def _losses(self, beta: float) -> tuple[Loss, ...]:
        loss = partial(
            Loss,
            parameter="mu",
            constant=lambda y, sigma: self._log_norm(sigma),
            same_loss={"identity": {"LightGBM": f"objective='huber', alpha={beta:.15g}"}},
        )

        def torch(name: str) -> dict[str, dict[str, str]]:
            layer = f"torch.nn.Linear with torch.nn.{name}={beta:.15g}), weight_decay=0"
            return {"identity": {"PyTorch": layer}}

        return (
            loss(
                name="smooth L1 loss",
                formula="r^2/(2 beta) where |r| = |y - mu| <= beta, else |r| - beta/2",
                value=lambda y, mu: _huber.cost(y - mu, beta) / beta,
                slope=lambda y, mu: _huber.pull(mu - y, beta) / beta,
                scale=lambda sigma: beta * sigma**-2.0,
                apis=torch("SmoothL1Loss(beta"),
            ),
            loss(
                name="Huber loss with a fixed threshold",
                formula="r^2/2 where |r| = |y - mu| <= beta, else beta (|r| - beta/2)",
                value=lambda y, mu: _huber.cost(y - mu, beta),
                slope=lambda y, mu: _huber.pull(mu - y, beta),
                scale=lambda sigma: sigma**-2.0,
                apis=torch("HuberLoss(delta"),
            ),
        )


FAMILY = SmoothL1()
