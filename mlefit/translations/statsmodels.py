"""statsmodels: averaged over the rows, with a vector that leaves the constant alone.

    GLM.fit_regularized    NLL / n + alpha (w |b| + (1 - w) b^2 / 2)          alpha = L / n
    OLS.fit_regularized    RSS / (2n) + alpha (w |b| + (1 - w) b^2 / 2)       alpha = sigma^2 L / n

A normal prior has L = 1/tau^2 and w = 0, a Laplace prior L = 1/b and w = 1. For a family
whose dispersion is estimated, GLM's L2 path estimates it again at every step and minimises
no one objective; OLS has no such step.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlefit.translations._base import Fit
from mlefit.translations._system import System, averaged, mixed

_NOTE = (
    "a single number for alpha penalises the constant too (p is the number of slopes); under "
    "L1 a coefficient that has touched zero is never freed, so start_params matter"
)
_FAMILIES = {"bernoulli": "Binomial", "binomial": "Binomial", "poisson": "Poisson"}


def _vector(settings: Mapping[str, str]) -> str:
    return f"alpha=np.r_[0, [{settings['alpha']}] * p], L1_wt={settings['L1_wt']}"


def _glm(settings: Mapping[str, str], fit: Fit) -> str:
    # its default, bfgs, stops when the mean gradient is below 1e-5: three digits
    exactly = ', opt_method="trust-constr"' if settings["L1_wt"] == "0" else ""
    family = f"sm.families.{_FAMILIES[fit.family]}()"
    return f"sm.GLM(y, X, {family}).fit_regularized({_vector(settings)}{exactly})"


SYSTEMS = (
    System(
        name="statsmodels:GLM",
        families=tuple(_FAMILIES),
        shape=mixed("alpha", "L1_wt", None, 1.0),
        units=averaged,
        write=_glm,
        note=_NOTE,
    ),
    System(
        name="statsmodels:OLS",
        families=("normal",),
        shape=mixed("alpha", "L1_wt", None, 1.0),
        units=averaged,
        write=lambda settings, fit: f"sm.OLS(y, X).fit_regularized({_vector(settings)})",
        note=_NOTE,
        default_family="normal",
    ),
)
