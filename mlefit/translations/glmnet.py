"""glmnet (R): averaged over the rows, and for gaussian with the target standardised inside.

    NLL / n + lambda (a |b| + (1 - a) b^2 / 2)                    binomial, poisson
    RSS / (2n) + lambda (a |b| + (1 - a) b^2 / (2 s))             gaussian, s = sd_n(y)

The standardised target divides the L2 part alone by s, so that a normal prior has
lambda = s sigma^2 / (n tau^2), a Laplace prior lambda = sigma^2 / (n b), and the mixing
weight alpha of an elastic net is not the ratio r but r / (r + s (1 - r)).
"""

from __future__ import annotations

from collections.abc import Mapping

from mlefit.translations._base import Fit
from mlefit.translations._system import System, averaged, mixed

_FAMILIES = {
    "normal": "gaussian",
    "bernoulli": "binomial",
    "binomial": "binomial",
    "poisson": "poisson",
}


def _units(fit: Fit) -> tuple[float, float]:
    l1, l2 = averaged(fit)
    return l1, l2 * (fit.sd_y if fit.family == "normal" else 1.0)


def _write(settings: Mapping[str, str], fit: Fit) -> str:
    numbers = f"alpha = {settings['alpha']}, lambda = {settings['lambda']}"
    return f'glmnet(x, y, family = "{_FAMILIES[fit.family]}", {numbers}, standardize = FALSE)'


SYSTEMS = (
    System(
        name="glmnet",
        families=tuple(_FAMILIES),
        shape=mixed("lambda", "alpha", None, 1.0),
        units=_units,
        write=_write,
        note="standardize = TRUE, its default, puts the prior on standardised slopes; a "
        "gaussian target is standardised in any case",
        default_family="normal",
    ),
)
