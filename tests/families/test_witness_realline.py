"""Families of the real line, the interval and the circle against R (witness_realline.R)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlefit import families
from mlefit.families._base import Probability
from mlefit.fitting import fit
from mlefit.support import Domain

ROOT = Path(__file__).parents[2]
WITNESS = json.loads(
    (ROOT / "tests" / "reference" / "families" / "witness_realline.json").read_text("utf-8")
)


def name(there):
    return f"{there['family']}-{there['command']}"


@pytest.mark.parametrize("there", WITNESS["fits"], ids=name)
def test_a_fit_is_that_of_r(there):
    frame = pl.read_csv(ROOT / "sample_data" / there["data"], infer_schema_length=None)
    result = fit(
        frame.head(there.get("rows", len(frame))),
        there["formula"],
        family=there["family"],
        fix=there["fix"] or (),
        se=there.get("se"),
    )
    rows: list[Any] = [*result.coefficients, *result.parameters]
    here = [(row.estimate, row.std_error) for row in rows if row.std_error is not None]
    rel = there["tolerance"]
    assert [one for one, _ in here] == pytest.approx(there["estimates"], rel=rel)
    # of the slant R gives no error, but that of the skewness
    errors = there["errors"]
    assert [error for _, error in here][: len(errors)] == pytest.approx(errors, rel=max(rel, 1e-5))
    # no maximum of another program is higher
    assert result.fit.log_likelihood == pytest.approx(
        there["log_likelihood"], rel=max(rel**2, 1e-8)
    )
    assert result.fit.log_likelihood is not None
    rounding = 1e-12 * abs(there["log_likelihood"])
    assert result.fit.log_likelihood >= there["log_likelihood"] - rounding


@pytest.mark.parametrize("there", WITNESS["densities"], ids=name)
def test_density_and_tails_are_those_of_r(there):
    family = families.load(there["family"])
    y = np.array(there["y"])
    theta = [
        Probability(value, 1 - value) if parameter.domain == Domain.UNIT else value
        for value, parameter in zip(
            (np.full(len(y), value) for value in there["theta"]), family.parameters, strict=True
        )
    ]
    for method in ("log_density", "log_cdf", "log_sf"):
        with np.errstate(all="ignore"):
            claimed = getattr(family, method)(y, *theta)
        for one, other in zip(claimed, there[method], strict=False):
            if other is not None:
                # R's own tail of many degrees of freedom has eleven digits
                assert one == pytest.approx(other, rel=1e-10)
