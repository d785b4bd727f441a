"""Wilkinson notation as in R: text -> formula -> terms.

    y ~ a + log(b) + C(g, ref='b') + a:b - 1

    operator     meaning, left and right being sets of terms
    + -          with these terms; without them
    *            a*b is a + b + a:b
    :            the interaction of each term on the left with each on the right
    ^ **         (a + b)^2 is all interactions of at most two of them

`1` and `0` (or `-1`) keep and drop the intercept, `.` is every other column, `C(g)` makes a
factor of a column of numbers. What stands inside a call is the language of `expression`.
"""

from __future__ import annotations

from mlefit.expression import quote
from mlefit.formula.reader import (
    column_formula,
    is_equation,
    parse_formula,
    sides,
    terms_formula,
)
from mlefit.formula.terms import Factor, Formula, RightSide, Term

__all__ = [
    "Factor",
    "Formula",
    "RightSide",
    "Term",
    "column_formula",
    "is_equation",
    "parse_formula",
    "quote",
    "sides",
    "terms_formula",
]
