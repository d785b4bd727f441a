"""PyTorch: SGD adds weight_decay * b to the gradient of the loss as it was reduced.

    BCEWithLogitsLoss, PoissonNLLLoss    mean: NLL / n     weight_decay = 1 / (n tau^2)
                                         sum:  NLL         weight_decay = 1 / tau^2
    MSELoss                              mean: RSS / n     weight_decay = 2 sigma^2 / (n tau^2)
                                         sum:  RSS         weight_decay = 2 sigma^2 / tau^2

AdamW takes the decay out of the gradient and subtracts lr * weight_decay * b from b itself,
while the gradient is divided by the root of its second moment: at rest the two balance for
each coefficient by the size of its gradients, and no penalty has that as its gradient.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlefit.translations._base import Fit
from mlefit.translations._system import System, WithoutSetting, averaged, ridge, summed

_LOSSES = {
    "normal": "MSELoss",
    "bernoulli": "BCEWithLogitsLoss",
    "binomial": "BCEWithLogitsLoss",
    "poisson": "PoissonNLLLoss",
}


def _doubled(units: tuple[float, float], fit: Fit) -> tuple[float, float]:
    factor = 2.0 if fit.family == "normal" else 1.0  # MSELoss is without the half
    return units[0] * factor, units[1] * factor


def _write(settings: Mapping[str, str], fit: Fit, reduction: str) -> str:
    groups = (
        f'[{{"params": weight, "weight_decay": {settings["weight_decay"]}}}, {{"params": bias}}]'
    )
    return f'{_LOSSES[fit.family]}(reduction="{reduction}"); SGD({groups}, lr=lr)'


_NOTE = (
    "one group for all parameters decays the bias too; mini-batches must keep the reduction "
    "of the whole data and the learning rate must go to zero"
)

SYSTEMS = (
    System(
        name="torch:SGD-mean-loss",
        families=tuple(_LOSSES),
        shape=ridge("weight_decay", None),
        units=lambda fit: _doubled(averaged(fit), fit),
        write=lambda settings, fit: _write(settings, fit, "mean"),
        note=_NOTE,
    ),
    System(
        name="torch:SGD-sum-loss",
        families=tuple(_LOSSES),
        shape=ridge("weight_decay", None),
        units=lambda fit: _doubled(summed(fit), fit),
        write=lambda settings, fit: _write(settings, fit, "sum"),
        note=_NOTE,
    ),
    WithoutSetting(
        "torch:AdamW",
        "its decay is decoupled from the gradient, which is rescaled for each coefficient: "
        "no penalty has this gradient, so no weight_decay gives these coefficients",
    ),
)
