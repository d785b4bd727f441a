"""Which models are special cases of which: by their terms, and by their families.

A family is in another where it is what the other becomes at an edge of a parameter
(`Limit`), or at a value inside the parameter's domain (`Special`).
"""

from __future__ import annotations

from typing import Literal

from mlefit import families
from mlefit.formula import RightSide

Where = Literal["edge", "inside"]


def has_terms_of(larger: RightSide, smaller: RightSide) -> bool:
    """Whether every term of the smaller side stands in the larger one."""
    return set(smaller.terms) <= set(larger.terms) and smaller.intercept <= larger.intercept


def becomes(larger: str, smaller: str) -> Where | None:
    """Where one parameter of a family has to be for it to be another; None if nowhere.

    Args:
        larger: name of the family with the parameter.
        smaller: name of the family without it.
    """
    family = families.load(larger)
    if any(limit.family == smaller for limit in family.limits):
        return "edge"
    return "inside" if any(special.family == smaller for special in family.specials) else None


def holds(larger: str, smaller: str) -> bool:
    """Whether a family holds another, perhaps by way of a third."""
    family = families.load(larger)
    simpler = {limit.family for limit in family.limits} | {one.family for one in family.specials}
    return smaller in simpler or any(holds(name, smaller) for name in simpler if name is not None)
