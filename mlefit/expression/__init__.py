"""The small expression language of formulas, `--derive` and `--expect`: text -> tree -> text.

    comparison   < <= > >= == !=          not chained: a < b < c is refused
    sum          + -                      left to right
    product      * /                      left to right
    sign         -x                       looser than a power: -2^2 is -4
    power        ^ **                     right to left
    atom         2  1e-3  name  `odd name`  'text'  log(x)  b[x]  ( ... )

A name may hold letters of any alphabet, digits, `_` and `.`; backticks hold anything, a
doubled backtick standing for one. Text is only good for comparing a column with. The
brackets of `b[x]` refer to a coefficient, `b[...]` taking everything up to the matching
bracket, or a quoted text. For rows the tree is compiled elsewhere, and so is its derivative,
which is a tree as well; at a few numbers `evaluate` gives its value and slopes.
"""

from __future__ import annotations

from mlefit.expression.bounds import ANY, POSITIVE, UNIT, Bounds, bounds
from mlefit.expression.derivative import derivative
from mlefit.expression.evaluate import Leaf, NoValueError, Value, evaluate, stray_comparison
from mlefit.expression.parser import MAX_NESTING, Parser, parse
from mlefit.expression.render import render
from mlefit.expression.tokens import Span, Token, marked, quote, respelt, syntax_error, tokenize
from mlefit.expression.tree import (
    FUNCTIONS,
    MAX_HEIGHT,
    Arity,
    Binary,
    Call,
    Comparison,
    Expression,
    Name,
    Number,
    Reference,
    Text,
    Unary,
    children,
    is_text_comparison,
    names,
    text_names,
    walk,
)

__all__ = [
    "ANY",
    "FUNCTIONS",
    "MAX_HEIGHT",
    "MAX_NESTING",
    "POSITIVE",
    "UNIT",
    "Arity",
    "Binary",
    "Bounds",
    "Call",
    "Comparison",
    "Expression",
    "Leaf",
    "Name",
    "NoValueError",
    "Number",
    "Parser",
    "Reference",
    "Span",
    "Text",
    "Token",
    "Unary",
    "Value",
    "bounds",
    "children",
    "derivative",
    "evaluate",
    "is_text_comparison",
    "marked",
    "names",
    "parse",
    "quote",
    "render",
    "respelt",
    "stray_comparison",
    "syntax_error",
    "text_names",
    "tokenize",
    "walk",
]
