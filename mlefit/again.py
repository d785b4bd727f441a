"""A saved model asked about other rows: its words, levels and coding on them, ready for a fit.

Nothing is learnt from the rows before the fit. A row that the model cannot read, or whose target
it could not have produced, is counted by cause and left out; what is left is what both the saved
model and a fit of its specification can speak of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from mlefit.assign import ALL, SLOPES, assigned_priors
from mlefit.design.columns import WEIGHT, Columns
from mlefit.design.newrows import Mask, NewRows, new_rows
from mlefit.design.table import Table
from mlefit.design.weights import clusters_of
from mlefit.errors import DataError
from mlefit.fitting import Prepared
from mlefit.inference.covariance import KINDS
from mlefit.prediction.saved import SavedModel
from mlefit.source import Ledger, Rows, Source
from mlefit.support import Facts

ZERO_WEIGHT = "weight 0"


def columns_of(model: SavedModel, *, clusters: bool) -> tuple[str, ...]:
    """The columns of a table that a saved model reads, those of its clusters too if wanted."""
    layout, cluster = model.layout, model.request.cluster
    named = (cluster,) if clusters and cluster is not None else ()
    return tuple(dict.fromkeys([*layout.inputs, *layout.outcome, *layout.weights, *named]))


def prepared_again(
    model: SavedModel, source: Source, rows: Rows, *, unseen: str, clusters: bool
) -> Prepared:
    """Rows of a table as a saved model reads them, ready for a fit of its specification.

    The ledger says what became of the others: `missing:x`, `unseen:g`, `undefined:log(x)`,
    `outside:y`.

    Args:
        model: the fit.
        source: where the rows come from.
        rows: with the columns of `columns_of`, missing values and all.
        unseen: what becomes of a level that the fit had not seen: error or null.
        clusters: whether to read which rows belong together.

    Raises:
        DataError: no row is left, or a weight that is none.
        UsageError: a column of a type that its part cannot have.
    """
    found = new_rows(model.layout, rows, unseen=unseen, target=True, weights=True)
    kept, columns = _scored(model, rows, found)
    request = replace(
        model.request,
        priors=tuple(_priors(model)),
        data=source.name,
        se=model.record.model.se_kind if model.record.model.se_kind in KINDS else None,
        conf_level=model.record.model.interval.level,
    )
    family, links = model.family, model.model.links
    least, most = model.record.data.target_range or (np.nan, np.nan)
    table = Table(
        rows=kept,
        columns=columns,
        levels={label: tuple(levels) for label, levels in model.levels.items()},
        event=model.record.model.event,
        other_event=model.record.model.other_event,
        seen={},
        facts=Facts(tuple(request.levels or ()), least, most),
        clusters=clusters_of(request, kept) if clusters else None,
        notes=(),
        warnings=(),
    )
    return Prepared(
        request=request,
        source=source,
        family=family,
        links=links,
        roles=model.roles,
        rows=kept,
        table=table,
        predictors=model.predictors,
        priors=assigned_priors(request, family, links, model.predictors),
    )


def _scored(model: SavedModel, rows: Rows, found: NewRows) -> tuple[Rows, Columns]:
    """The rows that have a prediction, a target and a weight, and their series."""
    columns = found.columns
    if columns is None or not found.scored.any():
        raise _nothing(model, found)
    keep = found.scored.copy()
    if WEIGHT in columns:
        weight = columns.whole(WEIGHT)
        wrong = keep & ~(weight >= 0)
        if wrong.any():
            at = int(np.flatnonzero(found.usable)[np.flatnonzero(wrong)[0]])
            raise DataError(
                f"weights {model.layout.weights[0]!r} has values that are not >= 0",
                f"first: row {rows.row_number(at)} ({int(wrong.sum())} rows)",
            )
        without = keep & (weight == 0)
        if without.any():
            found.unscored[ZERO_WEIGHT] += int(without.sum())
            keep &= ~without
        if not keep.any():
            raise _nothing(model, found)
    if not keep.all():
        columns = columns.where(keep)
    if model.request.sampling_weights is not None:
        weight = columns.whole(WEIGHT)
        columns = columns.replaced(WEIGHT, weight / weight.mean())
    return _numbered(rows, found, keep), columns


def _numbered(rows: Rows, found: NewRows, keep: Mask) -> Rows:
    """The kept rows, with their numbers, and the account of the others."""
    mask = np.zeros(found.count, dtype=bool)
    mask[np.flatnonzero(found.usable)[keep]] = True
    kept = rows if mask.all() else rows.only(pl.Series(mask), "unusable")
    causes = Counter(rows.ledger.dropped) + found.lost + found.unscored
    return replace(kept, ledger=Ledger(rows.ledger.read, kept.frame.height, dict(causes)))


def _priors(model: SavedModel) -> Iterator[str]:
    """The priors of the fit in the words that ask for them."""
    for record in model.record.model.prior:
        named = record["term"]
        yield record["prior"] if named in (SLOPES, ALL) else f"{named} ~ {record['prior']}"


def _nothing(model: SavedModel, found: NewRows) -> DataError:
    causes = found.lost + found.unscored
    return DataError(
        f"the model of '{model.name}' can use none of the {found.count:,} rows",
        ", ".join(f"{count:,} {cause}" for cause, count in causes.items()),
    )
