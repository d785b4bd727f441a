"""What a person sees, compared with what a person has approved."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlefit import report
from mlefit.report import ReportOptions

GOLDEN = Path(__file__).parent / "golden"

LOOKS = {
    "80.txt": ReportOptions(width=80),
    "120.txt": ReportOptions(width=120),
    "pipe.txt": ReportOptions(),
    "ascii.txt": ReportOptions(width=80, ascii_only=True),
    "terms.txt": ReportOptions(table="terms", width=80),
    "fit.txt": ReportOptions(table="fit", width=80),
    "md": ReportOptions(format="md"),
    "csv": ReportOptions(format="csv"),
    "tsv": ReportOptions(format="tsv", table="fit"),
    "json": ReportOptions(format="json"),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", ["poisson", "sample", "classes", "odd"])
def test_a_rendering_is_the_one_that_was_approved(name, look, request, current):
    result = request.getfixturevalue(f"{name}_result")
    current(GOLDEN / f"{name}.{look}", report.render(result, LOOKS[look]))
