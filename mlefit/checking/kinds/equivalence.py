"""Whether estimates are the same but for a margin, shown and not only not refuted.

Two one-sided tests: the difference is above -margin and below margin, each rejected at the level
(D. J. Schuirmann 1987, J. Pharmacokinetics and Biopharmaceutics 15, 657-680). Too few rows to
tell do not pass.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from mlefit.checking._base import Check, Sight
from mlefit.checking.day import Day
from mlefit.checking.estimates import chosen, estimates, moves
from mlefit.checking.options import Option
from mlefit.errors import UsageError


class Equivalence(Check):
    """See the module's docstring."""

    name = "equivalence"
    summary = "estimates shown to be within a margin of the baseline's"
    quantities = {
        "equivalent": "true where both one-sided tests reject",
        "p": "the larger of their p-values",
        "change": "today's less the baseline's, on the link scale",
    }
    options = {
        "term": Option("texts", "terms, `*` for all", ("*",)),
        "margin": Option(
            "number",
            "largest difference on the link scale that does not matter",
            example=0.1,
            needed=True,
        ),
        "level": Option("number", "of each test", 0.05),
    }
    example = {"is": False}
    order = 7

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        margin = given["margin"]
        if not margin > 0:
            raise UsageError(
                "the margin of an equivalence must be above 0", "for example margin = 0.1"
            )
        found = moves(day.yesterday, day.today, exact=day.exact)
        for name in chosen(estimates(day.yesterday.record), given["term"]):
            move = found.get(name)
            if move is None:
                continue
            nearest = (margin - abs(move.difference)) / move.std_error
            p = 0.5 * math.erfc(nearest / math.sqrt(2))
            same = p < given["level"]
            verdict = "shown to be" if same else "not shown to be"
            yield Sight(
                {"equivalent": same, "p": p, "change": move.difference},
                f"{move.difference:+.4g}, {verdict} within {margin:g} (p = {p:.2g})",
                subject=name,
            )


CHECK = Equivalence()
