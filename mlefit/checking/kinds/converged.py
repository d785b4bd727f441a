"""Whether today's rows have a maximum, and the search reached it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlefit.checking._base import Check, Sight
from mlefit.checking.day import Day


class Converged(Check):
    """See the module's docstring."""

    name = "converged"
    summary = "whether today's fit has a maximum and reached it"
    quantities = {"converged": "true or false"}
    by_default = {"fail": {"is": False}}
    baseline = False
    order = 5

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        result = day.result
        status = result.certificate.status
        evidence = [line for line in result.certificate.message.splitlines() if line != status]
        if status != "converged":
            evidence += [text.splitlines()[0] for text in result.warnings]
        yield Sight({"converged": status == "converged"}, status, evidence=tuple(evidence[:3]))


CHECK = Converged()
