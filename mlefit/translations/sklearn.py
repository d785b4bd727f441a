"""scikit-learn: one prior, five parameterisations.

LogisticRegression    C NLL + r |b| + (1 - r) b^2 / 2             normal: C = tau^2
laplace: C = b
Ridge                 RSS + alpha b^2                             alpha = sigma^2 / tau^2
Lasso                 RSS / (2n) + alpha |b|                      alpha = sigma^2 / (n b)
ElasticNet            RSS / (2n) + alpha (r |b| + (1 - r) b^2 / 2)
alpha = sigma^2 L / n
PoissonRegressor      deviance / (2n) + alpha b^2 / 2             alpha = 1 / (n tau^2)
GammaRegressor        the same                                    alpha = phi / (n tau^2)
QuantileRegressor     sum |r| / (2n) + alpha |b|                  alpha = s / (2 n b), s the scale
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from mlefit.translations._base import Fit, NoSettingError, Strength
from mlefit.translations._system import Shape, System, averaged, lasso, mixed, ridge, summed

_FREE_INTERCEPT = ("lbfgs", "newton-cg", "newton-cholesky", "sag", "saga")


def _spell_inverse(strength: Strength) -> dict[str, float]:
    return {"C": 1 / strength.total, "l1_ratio": strength.ratio}


def _read_inverse(settings: Mapping[str, float]) -> Strength:
    ratio, total = settings["l1_ratio"], 1 / settings["C"] if settings["C"] else math.inf
    return Strength(total * ratio, total * (1 - ratio))


def _logistic(settings: Mapping[str, str], fit: Fit) -> str:
    if settings["l1_ratio"] == "0":
        return f"LogisticRegression(C={settings['C']})"
    words = 'solver="saga"'
    return f"LogisticRegression(C={settings['C']}, l1_ratio={settings['l1_ratio']}, {words})"


def _medians(fit: Fit) -> tuple[float, float]:
    """Units of s NLL / (2 n) + penalty, with s the scale of the Laplace family and phi = s^2."""
    unit = math.sqrt(fit.phi) / (2 * fit.rows)
    return unit, unit


_NET = mixed("alpha", "l1_ratio", 1.0, 0.5)


def _spell_net(strength: Strength) -> dict[str, float]:
    if strength.l1 == 0:
        raise NoSettingError("without L1 it is Ridge, and solved better there")
    return _NET.spell(strength)


def _called(name: str, settings: Mapping[str, str]) -> str:
    return f"{name}({', '.join(f'{key}={value}' for key, value in settings.items())})"


SYSTEMS = (
    System(
        name="sklearn:LogisticRegression",
        families=("bernoulli", "binomial"),
        shape=Shape({"C": 1.0, "l1_ratio": 0.0}, _spell_inverse, _read_inverse),
        units=summed,
        write=_logistic,
        note="the default C=1 is normal(0, 1) on the raw columns; solver='liblinear' penalises "
        "the intercept as well; before 1.8, l1_ratio needs penalty='elasticnet'",
        default_family="bernoulli",
        words={
            "penalty": {"l2": {"l1_ratio": 0.0}, "l1": {"l1_ratio": 1.0}, "elasticnet": {}},
            "solver": {name: {} for name in _FREE_INTERCEPT},
        },
    ),
    System(
        name="sklearn:Ridge",
        families=("normal",),
        shape=ridge("alpha", 1.0),
        units=summed,
        write=lambda settings, fit: _called("Ridge", settings),
        note="alpha is not divided by the rows, unlike Lasso's, and scales with sigma^2",
        default_family="normal",
    ),
    System(
        name="sklearn:Lasso",
        families=("normal",),
        shape=lasso("alpha", 1.0),
        units=averaged,
        write=lambda settings, fit: _called("Lasso", settings),
        note="alpha is divided by the rows, unlike Ridge's, and scales with sigma^2",
        default_family="normal",
    ),
    System(
        name="sklearn:ElasticNet",
        families=("normal",),
        shape=Shape(_NET.keys, _spell_net, _NET.read),
        units=averaged,
        write=lambda settings, fit: _called("ElasticNet", settings),
        note="alpha is divided by the rows, unlike Ridge's, and scales with sigma^2",
        default_family="normal",
    ),
    System(
        name="sklearn:PoissonRegressor",
        families=("poisson",),
        shape=ridge("alpha", 1.0),
        units=averaged,
        write=lambda settings, fit: _called("PoissonRegressor", settings),
        note="the default alpha=1 is normal(0, 1/sqrt(n)), a very strong prior",
        default_family="poisson",
    ),
    System(
        name="sklearn:GammaRegressor",
        families=("gamma",),
        shape=ridge("alpha", 1.0),
        units=averaged,
        write=lambda settings, fit: _called("GammaRegressor", settings),
        note="the default alpha=1 is normal(0, sqrt(phi/n)), a very strong prior",
        default_family="gamma",
    ),
    System(
        name="sklearn:QuantileRegressor",
        families=("laplace",),
        shape=lasso("alpha", 1.0),
        units=_medians,
        write=lambda settings, fit: f"QuantileRegressor(quantile=0.5, alpha={settings['alpha']})",
        note="the default alpha=1 is a very strong prior, divided by the rows and the scale",
        default_family="laplace",
        words={"quantile": {"0.5": {}}},
    ),
)
