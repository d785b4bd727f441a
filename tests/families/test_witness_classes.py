"""Classes and ordered classes against R (witness_classes.R, beside its numbers).

nnet::multinom and MASS::polr climb by BFGS and stop when the height no longer changes, so
they keep 5 to 8 digits of an estimate where the height keeps 13; polr's errors come from a
Hessian by finite differences. Fits to 50 digits are in tests/test_reference_families.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlefit.fitting import fit

ROOT = Path(__file__).parents[2]
WITNESS = json.loads(
    (ROOT / "tests/reference/families/witness_classes.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", WITNESS["cases"], ids=lambda case: case["id"])
def test_estimates_and_errors_agree_with_r(case):
    result = fit(
        ROOT / "sample_data" / case["data"],
        case["formula"],
        family=case["family"],
        link=case["link"],
        where="health < 4" if case["data"].startswith("doctor") else None,
    )
    rows: list[Any] = [*result.coefficients, *result.parameters]
    errors = list(case["errors"].values())
    assert result.fit.log_likelihood == pytest.approx(case["log_likelihood"], rel=1e-11)
    assert result.fit.log_likelihood >= case["log_likelihood"] - 1e-9
    assert len(rows) == len(case["estimates"])
    for row, estimate, error in zip(rows, case["estimates"].values(), errors, strict=True):
        assert abs(row.estimate - estimate) < 1e-5 * error, row
        assert row.std_error == pytest.approx(error, rel=2e-5), row
