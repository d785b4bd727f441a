"""How surprising today's rows are to the baseline: their NLL against what it expects of itself.

z = (sum of the rows' NLL - its expectation) / its standard deviation, both under the baseline at
today's covariates, from draws of the baseline for at most 4,096 evenly spaced rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mlefit.checking._base import Check, Sight
from mlefit.checking.day import Day
from mlefit.families._base import spread

_ROWS = 4096
_DRAWS = 100


class Surprise(Check):
    """See the module's docstring."""

    name = "surprise"
    summary = "NLL of today's rows against what the baseline expects of itself"
    quantities = {"z": "in standard deviations", "excess": "nats per row over the expectation"}
    example = {"z_outside": [-4, 4]}
    rows = True
    order = 8

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        saved, prepared = day.yesterday, day.prepared
        whole = prepared.engine.with_predictors(saved.predictors)
        engine = whole.every(max(1, whole.rows // _ROWS))
        rng = np.random.default_rng(day.seed)
        seen, mean, variance = 0.0, 0.0, 0.0
        family = saved.family
        with np.errstate(all="ignore"):
            for block in engine.blocks():
                etas = saved.model.etas(block, saved.betas)
                theta = spread(saved.model.theta(etas), len(block.y))
                weight = 1.0 if block.weight is None else block.weight
                seen -= float((weight * family.log_density(block.y, *theta, **block.known)).sum())
                drawn = np.array(
                    [
                        family.log_density(
                            family.sample(rng, *theta, **block.known), *theta, **block.known
                        )
                        for _ in range(_DRAWS)
                    ]
                )
                mean -= float((weight * drawn.mean(axis=0)).sum())
                variance += float((weight * drawn.var(axis=0, ddof=1)).sum())
        excess = (seen - mean) / engine.rows
        z = (seen - mean) / math.sqrt(variance * (1 + 1 / _DRAWS)) if variance > 0 else math.nan
        yield Sight(
            {"z": z, "excess": excess},
            f"{excess:+.4f} nats per row over what the baseline expects (z = {z:.2f})",
        )


CHECK = Surprise()
