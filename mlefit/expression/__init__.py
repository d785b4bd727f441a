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
bracket, or a quoted text. Nothing here evaluates: the tree is compiled elsewhere, and so is
its derivative, which is a tree as well.
"""

from __future__ import annotations

from mlefit.expression.derivative import derivative
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
    "FUNCTIONS",
    "MAX_HEIGHT",
    "MAX_NESTING",
    "Arity",
    "Binary",
    "Call",
    "Comparison",
    "Expression",
    "Name",
    "Number",
    "Parser",
    "Reference",
    "Span",
    "Text",
    "Token",
    "Unary",
    "children",
    "derivative",
    "is_text_comparison",
    "marked",
    "names",
    "parse",
    "quote",
    "render",
    "respelt",
    "syntax_error",
    "text_names",
    "tokenize",
    "walk",
]
