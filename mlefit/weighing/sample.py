"""A plain sample: the likelihood as a function of the family's parameters themselves.

A fit moves coefficients on the link scale. Without covariates every parameter has one
coefficient at most, so the same sums with identity links are those of the parameters: height,
slope and curvature on the scale that a person names values on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mlefit._types import Rows, Vector
from mlefit.design.columns import TARGET, WEIGHT
from mlefit.design.predictors import Predictor
from mlefit.distribution.at import parameters_at
from mlefit.errors import UsageError
from mlefit.families._records import Parameter
from mlefit.fitting import Prepared
from mlefit.likelihood import Kind, Model, Totals
from mlefit.links import LINKS


class PlainSample:
    """Rows of one distribution, as a function of its parameters.

    Args:
        prepared: rows and family of a request without covariates.

    Attributes:
        free: positions of the parameters that can move.

    Raises:
        UsageError: a parameter differs from row to row.
    """

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.family, self.links = prepared.family, prepared.links
        for parameter, predictor in zip(self.family.parameters, prepared.predictors, strict=True):
            if not predictor.is_constant:
                raise UsageError(
                    f"{parameter.name} differs from row to row, so no single value is its own",
                    "mlefit likelihood takes a plain sample: one distribution for all rows",
                    tries=["mlefit profile DATA 'y ~ x'"],
                )
        self.free = tuple(k for k, one in enumerate(prepared.predictors) if one.size)
        identity = LINKS["identity"]
        self._model = Model(
            self.family,
            [
                link if parameter.latent else identity
                for link, parameter in zip(self.links, self.family.parameters, strict=True)
            ],
        )
        self._engine = prepared.engine.with_predictors(
            [
                self._natural(parameter, predictor)
                for parameter, predictor in zip(
                    self.family.parameters, prepared.predictors, strict=True
                )
            ]
        )

    @property
    def fixed(self) -> dict[str, float]:
        """Parameters that are held, and at which value."""
        written = dict(text.rpartition("=")[::2] for text in self.prepared.request.fix)
        told = {name.strip(): float(value) for name, value in written.items()}
        told |= self.family.fixes
        return {
            parameter.name: told[parameter.name]
            for parameter, predictor in zip(
                self.family.parameters, self.prepared.predictors, strict=True
            )
            if predictor.held
        }

    def at(self, text: str) -> tuple[float, ...]:
        """The parameters that a text names, those that are held among them.

        Raises:
            UsageError: they are not those of the family, or are not allowed.
        """
        held = [f"{name}={value!r}" for name, value in self.fixed.items()]
        return parameters_at(self.family, [text, *held])

    def totals(self, values: Sequence[float], kind: Kind) -> Totals:
        """NLL, and its derivatives in the free parameters."""
        model, gammas = self._model, self._split(values)
        return self._engine.total(lambda block: model.totals(block, gammas, kind))

    def log_densities(self, values: Sequence[float]) -> Rows:
        """Log-density of every row."""
        model, gammas = self._model, self._split(values)
        rows = self._engine.each(lambda block: model.log_density(block, gammas))
        return np.concatenate(rows)

    def weights(self) -> Rows | None:
        """How many rows each stands for; None for one."""
        columns = self.prepared.table.columns
        return columns.whole(WEIGHT) if WEIGHT in columns else None

    def targets(self) -> list[str]:
        """The target of every row as a person reads it."""
        levels = getattr(self.family, "levels", ())
        values = self.prepared.table.columns.whole(TARGET).tolist()
        return [levels[int(y)] if levels else f"{y:.17g}" for y in values]

    def values(self, betas: Sequence[Vector]) -> tuple[float, ...]:
        """The parameters that coefficients on the link scale give, held ones too."""
        fixed = self.fixed
        return tuple(
            float(link.inverse(beta)[0]) if len(beta) else fixed.get(parameter.name, 0.0)
            for link, parameter, beta in zip(self.links, self.family.parameters, betas, strict=True)
        )

    def free_values(self, values: Sequence[float]) -> Vector:
        """The free parameters among all.

        One that enters only as a difference from others is not free: they take it up.
        """
        moved = list(values)
        names = [parameter.name for parameter in self.family.parameters]
        for parameter, value in zip(self.family.parameters, values, strict=True):
            for name in parameter.taken_from:
                moved[names.index(name)] -= value
        return np.array([moved[k] for k in self.free])

    def _split(self, values: Sequence[float]) -> list[Vector]:
        """One coefficient for each free parameter."""
        free = dict(zip(self.free, self.free_values(values), strict=True))
        return [
            np.array([free[k]]) if k in free else np.zeros(0)
            for k in range(len(self.family.parameters))
        ]

    def _natural(self, parameter: Parameter, predictor: Predictor) -> Predictor:
        held = tuple((column, self.fixed[parameter.name]) for column, _ in predictor.held)
        return replace(predictor.without_basis(), held=held)
