"""glum: the deviance averaged over the weights, and an elastic net.

    deviance / (2n) + alpha (r |b| + (1 - r) b^2 / 2)       alpha = phi L / n, l1_ratio = r

A normal prior has L = 1/tau^2 and r = 0, a Laplace prior L = 1/b and r = 1.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlefit.translations._base import Fit
from mlefit.translations._system import System, averaged, mixed

_FAMILIES = {
    "normal": "normal",
    "bernoulli": "binomial",
    "binomial": "binomial",
    "poisson": "poisson",
    "gamma": "gamma",
}


def _write(settings: Mapping[str, str], fit: Fit) -> str:
    link = ', link="log"' if fit.family == "gamma" else ""
    numbers = f"alpha={settings['alpha']}, l1_ratio={settings['l1_ratio']}"
    return f'GeneralizedLinearRegressor(family="{_FAMILIES[fit.family]}"{link}, {numbers})'


SYSTEMS = (
    System(
        name="glum:GeneralizedLinearRegressor",
        families=tuple(_FAMILIES),
        shape=mixed("alpha", "l1_ratio", None, 0.0),
        units=averaged,
        write=_write,
        note="scale_predictors=True would put the prior on standardised slopes",
        default_family="normal",
    ),
)
