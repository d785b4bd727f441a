"""Terms become the columns that R's `model.matrix` makes of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mlefit.design.coding import Indicator, Numeric, columns_of, key_of
from mlefit.formula import parse_formula

LEVELS = {"g": ["a", "b", "c"], "h": ["u", "v"], "k": ["p", "q"]}

# R 4.2.2. The levels wear brackets so that R's names read like ours:
#   d <- expand.grid(x = c(1, 2.5), g = c("[a]", "[b]", "[c]"), h = c("[u]", "[v]"),
#                    k = c("[p]", "[q]"), a = c(1, 3), b = c(2, 5))
#   d$y <- seq_len(nrow(d)); colnames(model.matrix(formula, d))   # "(Intercept)" is Intercept
AS_R = {
    "y ~ a*b": "Intercept a b a:b",
    "y ~ g": "Intercept g[b] g[c]",
    "y ~ 0 + g": "g[a] g[b] g[c]",
    "y ~ 0 + g + h": "g[a] g[b] g[c] h[v]",
    "y ~ 0 + x + g": "x g[a] g[b] g[c]",
    "y ~ x:g": "Intercept x:g[a] x:g[b] x:g[c]",
    "y ~ 0 + x:g": "x:g[a] x:g[b] x:g[c]",
    "y ~ g:h": "Intercept g[a]:h[u] g[b]:h[u] g[c]:h[u] g[a]:h[v] g[b]:h[v] g[c]:h[v]",
    "y ~ 0 + g:h": "g[a]:h[u] g[b]:h[u] g[c]:h[u] g[a]:h[v] g[b]:h[v] g[c]:h[v]",
    "y ~ x + x:g": "Intercept x x:g[b] x:g[c]",
    "y ~ g*h": "Intercept g[b] g[c] h[v] g[b]:h[v] g[c]:h[v]",
    "y ~ 0 + g*h": "g[a] g[b] g[c] h[v] g[b]:h[v] g[c]:h[v]",
    "y ~ g + g:h": "Intercept g[b] g[c] g[a]:h[v] g[b]:h[v] g[c]:h[v]",
    "y ~ 0 + g + g:h": "g[a] g[b] g[c] g[a]:h[v] g[b]:h[v] g[c]:h[v]",
    "y ~ x*g": "Intercept x g[b] g[c] x:g[b] x:g[c]",
    "y ~ 0 + x*g": "x g[a] g[b] g[c] x:g[b] x:g[c]",
    "y ~ g:x + h": "Intercept h[v] g[a]:x g[b]:x g[c]:x",
    "y ~ g*h - g": "Intercept h[v] g[b]:h[u] g[c]:h[u] g[b]:h[v] g[c]:h[v]",
    "y ~ g*h - h": "Intercept g[b] g[c] g[a]:h[v] g[b]:h[v] g[c]:h[v]",
    "y ~ a:b": "Intercept a:b",
    "y ~ a:b:g": "Intercept a:b:g[a] a:b:g[b] a:b:g[c]",
    "y ~ g*h*k": (
        "Intercept g[b] g[c] h[v] k[q] g[b]:h[v] g[c]:h[v] g[b]:k[q] g[c]:k[q] h[v]:k[q] "
        "g[b]:h[v]:k[q] g[c]:h[v]:k[q]"
    ),
    "y ~ g:h:k": (
        "Intercept g[a]:h[u]:k[p] g[b]:h[u]:k[p] g[c]:h[u]:k[p] g[a]:h[v]:k[p] g[b]:h[v]:k[p] "
        "g[c]:h[v]:k[p] g[a]:h[u]:k[q] g[b]:h[u]:k[q] g[c]:h[u]:k[q] g[a]:h[v]:k[q] "
        "g[b]:h[v]:k[q] g[c]:h[v]:k[q]"
    ),
    "y ~ g + h:k": "Intercept g[b] g[c] h[u]:k[p] h[v]:k[p] h[u]:k[q] h[v]:k[q]",
    "y ~ g + g:h:k": (
        "Intercept g[b] g[c] g[a]:h[u]:k[p] g[b]:h[u]:k[p] g[c]:h[u]:k[p] g[a]:h[v]:k[p] "
        "g[b]:h[v]:k[p] g[c]:h[v]:k[p] g[a]:h[u]:k[q] g[b]:h[u]:k[q] g[c]:h[u]:k[q] "
        "g[a]:h[v]:k[q] g[b]:h[v]:k[q] g[c]:h[v]:k[q]"
    ),
    "y ~ g + h + g:h:k": (
        "Intercept g[b] g[c] h[v] g[a]:h[u]:k[p] g[b]:h[u]:k[p] g[c]:h[u]:k[p] g[a]:h[v]:k[p] "
        "g[b]:h[v]:k[p] g[c]:h[v]:k[p] g[a]:h[u]:k[q] g[b]:h[u]:k[q] g[c]:h[u]:k[q] "
        "g[a]:h[v]:k[q] g[b]:h[v]:k[q] g[c]:h[v]:k[q]"
    ),
    "y ~ g:h + h:k": (
        "Intercept g[a]:h[u] g[b]:h[u] g[c]:h[u] g[a]:h[v] g[b]:h[v] g[c]:h[v] h[u]:k[q] h[v]:k[q]"
    ),
    "y ~ x:g + x:h": "Intercept x:g[a] x:g[b] x:g[c] x:h[v]",
    "y ~ 0 + x:g:h": "x:g[a]:h[u] x:g[b]:h[u] x:g[c]:h[u] x:g[a]:h[v] x:g[b]:h[v] x:g[c]:h[v]",
    "y ~ 0 + g:h + h:k": (
        "g[a]:h[u] g[b]:h[u] g[c]:h[u] g[a]:h[v] g[b]:h[v] g[c]:h[v] h[u]:k[q] h[v]:k[q]"
    ),
    "y ~ (g + h + k)^2 - g:h": "Intercept g[b] g[c] h[v] k[q] g[b]:k[q] g[c]:k[q] h[v]:k[q]",
    "y ~ 1": "Intercept",
    "y ~ 0 + x": "x",
}


@pytest.mark.parametrize("formula", AS_R)
def test_the_columns_have_the_names_and_the_order_of_r(formula):
    assert labels(formula) == AS_R[formula].split()


def test_a_factor_keeps_the_order_in_which_its_term_spells_it():
    # R renames the term g:h to h:g when h came first
    assert labels("y ~ h + g:h")[2:] == ["g[b]:h[u]", "g[c]:h[u]", "g[b]:h[v]", "g[c]:h[v]"]


def test_a_product_with_a_number_does_not_span_the_factor():
    # R drops the base of h here, and with it the difference between the levels of g
    found = columns_of(parse_formula("y ~ x:g + g:h").expand(), LEVELS)
    assert np.linalg.matrix_rank(matrix(found)) == np.linalg.matrix_rank(
        matrix(columns_of(parse_formula("y ~ g*h + x:g").expand(), LEVELS))
    )


@pytest.mark.parametrize(
    "formula", ["y ~ g*h*k", "y ~ 0 + g*h", "y ~ g + g:h", "y ~ x*g", "y ~ x:g + x:h", "y ~ a:b:g"]
)
def test_no_column_depends_on_the_others(formula):
    found = columns_of(parse_formula(formula).expand(), LEVELS)
    assert np.linalg.matrix_rank(matrix(found)) == len(found)


def test_a_chosen_base_level_is_the_one_without_a_column():
    # R: d$g <- relevel(d$g, "[b]")
    found = columns_of(parse_formula("y ~ C(g, ref='b')").expand(), {"C(g)": ["b", "a", "c"]})
    assert [column.label for column in found] == ["Intercept", "C(g)[a]", "C(g)[c]"]


def test_a_column_is_a_product_of_numbers_and_indicators():
    found = columns_of(parse_formula("y ~ x:g").expand(), LEVELS)
    assert found[0].is_intercept
    assert found[3].parts == (Numeric(key_of("x")), Indicator(key_of("g"), 2))


def test_one_level_alone_has_no_column_of_its_own():
    found = columns_of(parse_formula("y ~ g + x").expand(), {"g": ["a"]})
    assert [column.label for column in found] == ["Intercept", "x"]


def test_thousands_of_columns_are_no_matter():
    right = parse_formula("y ~ " + " + ".join(f"g{i}" for i in range(5000))).expand()
    assert len(columns_of(right, {f"g{i}": ["a", "b"] for i in range(5000)})) == 5001


def labels(formula):
    return [column.label for column in columns_of(parse_formula(formula).expand(), LEVELS)]


def matrix(columns):
    """The columns over all combinations of levels, with numbers that share no pattern."""
    combinations = list(itertools.product(range(3), range(2), range(2), range(4)))
    numbers = np.random.default_rng(1).normal(size=(3, len(combinations)))
    codes = dict(zip("ghk", np.array(combinations).T[:3], strict=True))
    values = {
        key_of(name): rows for name, rows in (*codes.items(), *zip("xab", numbers, strict=True))
    }
    table = np.ones((len(columns), len(combinations)))
    for row, column in zip(table, columns, strict=True):
        for part in column.parts:
            shown = values[part.key]
            row *= shown == part.code if isinstance(part, Indicator) else shown
    return table.T
