"""XGBoost's linear booster: both penalties are multiplied by the sum of the weights.

    phi NLL + n (alpha |b| + lambda b^2 / 2)        lambda = phi / (n tau^2), alpha = phi / (n b)

Its trees penalise leaf values instead: only `booster="gblinear"` has coefficients.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlefit.translations._base import Fit, Strength
from mlefit.translations._system import Shape, System, averaged

_OBJECTIVES = {
    "normal": "reg:squarederror",
    "bernoulli": "binary:logistic",
    "binomial": "binary:logistic",
    "poisson": "count:poisson",
}


def _write(settings: Mapping[str, str], fit: Fit) -> str:
    words = f'"booster": "gblinear", "objective": "{_OBJECTIVES[fit.family]}"'
    numbers = ", ".join(f'"{key}": {value}' for key, value in settings.items())
    return f'{{{words}, {numbers}, "updater": "coord_descent"}}'


SYSTEMS = (
    System(
        name="xgboost:gblinear",
        families=tuple(_OBJECTIVES),
        shape=Shape(
            {"lambda": 0.0, "alpha": 0.0},
            lambda s: {"lambda": s.l2, "alpha": s.l1},
            lambda v: Strength(v["alpha"], v["lambda"]),
        ),
        units=averaged,
        write=_write,
        note="reached only after many rounds and in single precision; for trees, lambda "
        "penalises leaf values and has no such meaning",
        default_family="normal",
    ),
)
