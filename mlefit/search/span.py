"""Whether one model's columns are sums of another's, and of which: the smaller is then nested.

Names do not tell: `C(g)` without an intercept spans the intercept, and `g` spans any column
that is constant within its levels. So the columns of the larger design stand first in a QR
decomposition, and those of the smaller one must add nothing to them but rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mlefit._types import Matrix
from mlefit.design.blocks import Block
from mlefit.design.coding import Column
from mlefit.design.columns import TARGET, Columns
from mlefit.design.predictors import Basis, Predictor
from mlefit.engines.contract import Engine
from mlefit.engines.local import LocalEngine
from mlefit.frozen import frozen
from mlefit.search.rank import Triangle, redundant_columns


@frozen
class Embedding:
    """The columns of the smaller design as sums of those of the larger one.

    Attributes:
        matrix: shape (p, q); column j of the smaller design is the larger one times its column j.
        rank: of the smaller design.
    """

    matrix: Matrix
    rank: int


def embedding(
    engine: Engine, larger: Sequence[Column], smaller: Sequence[Column]
) -> Embedding | None:
    """What the smaller design is made of; None if it is not in the span of the larger one.

    Args:
        engine: rows with the series of both.
        larger: columns none of which depends on the others.
        smaller: any columns.
    """
    places = {column.parts: j for j, column in enumerate(larger)}
    matrix = np.zeros((len(larger), len(smaller)))
    for j, column in enumerate(smaller):
        if column.parts in places:
            matrix[places[column.parts], j] = 1.0
    new = [j for j, column in enumerate(smaller) if column.parts not in places]
    if not new:
        return Embedding(matrix, len({column.parts for column in smaller}))
    p = len(larger)
    design = [*larger, *(smaller[j] for j in new)]
    R = _seen(engine, design).total(_triangle, "rank").R
    sizes = np.linalg.norm(R, axis=0)
    found = {one.index: one for one in redundant_columns(R, sizes, np.zeros(len(sizes)))}
    if any(p + i not in found for i in range(len(new))):
        return None
    for i, j in enumerate(new):
        for place, factor in found[p + i].parts:
            matrix[place, j] = factor
    whole = [places.get(column.parts, p) for column in smaller]
    for i, j in enumerate(new):
        whole[j] = p + i
    alone = redundant_columns(R[:, whole], sizes[whole], np.zeros(len(smaller)))
    return Embedding(matrix, len(smaller) - len(alone))


def spans(
    larger: tuple[Engine, Sequence[Column]], smaller: tuple[Engine, Sequence[Column]]
) -> bool:
    """Whether columns of one engine are in the span of those of another of the same rows."""
    tables = (larger, smaller)
    series = {TARGET: [larger[0].whole(TARGET)]}
    sides = []
    for number, (engine, design) in enumerate(tables):
        keys = {part.key for column in design for part in column.parts}
        names = {key: f"{number}:{key}" for key in keys}
        series |= {names[key]: [engine.whole(key)] for key in keys}
        sides.append([_renamed(column, names) for column in design])
    design = [*sides[0], *sides[1]]
    both, p = _seen(LocalEngine(Columns(series), []), design), len(sides[0])
    # a few rows are mostly enough to tell that it is not
    first = _triangle(next(both.blocks("rank")))
    return _is_within(first.R, p) and _is_within(both.total(_triangle, "rank").R, p)


def _triangle(block: Block) -> Triangle:
    return Triangle.of(np.asarray(block.designs[0]))


def _is_within(R: Matrix, p: int) -> bool:
    """Whether the columns from the p-th on depend on those before it."""
    sizes = np.linalg.norm(R, axis=0)
    found = {one.index for one in redundant_columns(R, sizes, np.zeros(len(sizes)))}
    return found.issuperset(range(p, len(sizes)))


def _renamed(column: Column, names: Mapping[str, str]) -> Column:
    return replace(column, parts=tuple(replace(part, key=names[part.key]) for part in column.parts))


def _seen(engine: Engine, design: Sequence[Column]) -> Engine:
    """The rows, every column written out."""
    predictor = Predictor(tuple(design), basis=Basis(np.zeros(len(design))))
    return engine.with_predictors([predictor]).written_out()
