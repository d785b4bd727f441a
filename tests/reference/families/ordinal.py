"""Cumulative log-mass in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INVERSE


def log_density(y: Any, mu: Any, *cuts: Any, law: str = "logit") -> Any:
    k = int(y)
    below = INVERSE[law](cuts[k - 1] - mu)[0] if k > 0 else mp.mpf(0)
    upto = INVERSE[law](cuts[k] - mu)[0] if k < len(cuts) else mp.mpf(1)
    return mp.log(upto - below)


LINKS = dict.fromkeys(("mu", "1|2", "2|3", "3|4"), "identity")
DESIGN = (
    ("lotsize", lambda row: row["lotsize"]),
    ("driveway[yes]", lambda row: row["driveway"] == "yes"),
)


def regression(law: str, formula: str = "stories ~ lotsize + driveway", first: int = 0) -> Case:
    return Case(
        law,
        "house_prices.csv",
        formula,
        lambda row: row["stories"] - 1,
        designs={"mu": DESIGN[first:]},
        rows=380,
        options={"link": law},
        setting={"law": law},
    )


CASES = [
    Case(
        "stories",
        "house_prices.csv",
        "stories ~ 1",
        lambda row: row["stories"] - 1,
        designs={"mu": ()},
    ),
    regression("logit"),
    regression("probit", "stories ~ driveway", 1),
    regression("cloglog", "stories ~ driveway", 1),
    regression("cauchit", "stories ~ driveway", 1),
]
