"""Formulas with letters: derived, simplified, run and written down.

A family states its log-density once, in the expression language of formulas with the special
functions of `functions` beside its own. What a textbook derives from it is derived here:

    terms      tree <-> a sum of products, in which equal things cancel
    simplify   the shortest of the forms that a sum of products can take
    calculus   score and curvature, by the chain rule through abbreviations
    totals     the sum over rows: what belongs to a row behind a sigma, the rest before it
    exponent   the density from its logarithm
    evaluate   a tree at numbers, so that no formula is written that nothing runs
    plain      a tree as a line of plain mathematics
    latex      the same for a blackboard
"""

from __future__ import annotations
