"""How far each estimate moved, in standard errors of the difference and relative to its value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any

from mlefit.checking._base import Check, Outlook, Planned, Sight, UnseenError
from mlefit.checking.day import Day
from mlefit.checking.estimates import Move, chosen, estimates, moves
from mlefit.checking.gap import POWER
from mlefit.checking.options import Option
from mlefit.results.power import TermSensitivity


class Drift(Check):
    """See the module's docstring."""

    name = "drift"
    summary = "move of each estimate from the baseline's"
    quantities = {
        "z": "size of the move in standard errors",
        "relative": "size of the move over the baseline's value",
        "change": "today's less the baseline's",
    }
    options = {"term": Option("texts", "terms, `*` for all", ("*",))}
    by_default = {"warn": {"z_above": 4.0, "relative_above": 0.05}}
    order = 7

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        known = estimates(day.yesterday.record)
        found = moves(day.yesterday, day.today, exact=day.exact)
        if not found:
            raise UnseenError("the two fits share no estimate")
        for name in chosen(known, given["term"]):
            move = found.get(name)
            if move is None:
                continue  # a derived quantity, or an estimate without an error
            z = abs(move.z)
            yield Sight(
                {"z": z, "relative": move.relative, "change": move.after - move.before},
                f"{move.before:.5g} -> {move.after:.5g} ({_percent(move)}, z = {move.z:.2f})",
                subject=name,
                p_value=math.erfc(z / math.sqrt(2)),
            )

    def foreseen(self, planned: Planned, outlook: Outlook) -> Iterator[TermSensitivity]:
        """A move is seen if it is larger than the condition's z, and significant, nearly always."""
        model = outlook.model
        if model.covariance is None:
            return
        errors = dict(zip(model.names, model.covariance.diagonal() ** 0.5, strict=True))
        of_chance = NormalDist().inv_cdf(1 - planned.alpha / 2)
        for _, z in planned.levels.bounds_above("z"):
            needed = max(z, of_chance) + NormalDist().inv_cdf(POWER)
            for name, estimate in estimates(model.record).items():
                if estimate.key not in errors:
                    continue
                for rows in outlook.rows:
                    ratio = model.record.fit.nobs / rows + (0.0 if outlook.exact else 1.0)
                    change = needed * float(errors[estimate.key]) * math.sqrt(ratio)
                    yield TermSensitivity(name, rows, change, f"{planned.name} z above {z:g}")


def _percent(move: Move) -> str:
    sign = "-" if move.after < move.before else "+"
    return f"{sign}{move.relative:.1%}" if math.isfinite(move.relative) else "from zero"


CHECK = Drift()
