"""Every family against fits to 50 digits (tests/reference/families, by density.py above them)."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.reference.density import fitted

REFERENCE = Path(__file__).parent / "reference" / "families"
CASES = [
    pytest.param(SimpleNamespace(**case), id=f"{path.stem}-{case['id']}")
    for path in sorted(REFERENCE.glob("*.json"))
    if not path.stem.startswith("witness_")
    for case in json.loads(path.read_text(encoding="utf-8"))["cases"]
]

# ten digits of an estimate, eight of a standard error, twelve of the log-likelihood
ESTIMATE, STD_ERROR, LOG_LIKELIHOOD = 1e-10, 1e-8, 1e-12


@pytest.mark.parametrize("case", CASES)
def test_a_fit_has_the_digits_that_are_promised(case):
    result = fitted(case, case.family)
    rows = {(row.parameter, row.term): row for row in result.coefficients}
    rows |= {(row.parameter, None): row for row in result.parameters}
    assert result.certificate.status == "converged"
    assert result.fit.log_likelihood == pytest.approx(
        float(case.log_likelihood), rel=LOG_LIKELIHOOD
    )
    assert len(rows) == len(case.numbers)
    for parameter, term, estimate, std_error in case.numbers:
        row = rows[parameter, term]
        assert row.estimate == pytest.approx(float(estimate), rel=ESTIMATE, abs=1e-13)
        assert row.std_error == pytest.approx(float(std_error), rel=STD_ERROR)
