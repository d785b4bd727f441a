"""Columns by their exact names: `pl.col` takes "*" and "^a$" for patterns."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from polars import selectors


def exact(name: str) -> pl.Expr:
    """The column of this name, whatever the name looks like."""
    return selectors.by_name(name).as_expr() if name == "*" or name[:1] == "^" else pl.col(name)


def all_exact(names: Sequence[str]) -> list[pl.Expr]:
    """The columns of these names, in this order."""
    return [exact(name) for name in names]
