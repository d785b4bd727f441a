"""A saved model asked about other rows: its words, levels and coding on them, ready for a fit.

Nothing is learnt from the rows before the fit. A row that the model cannot read, or whose target
it could not have produced, is counted by cause and left out; what is left is what both the saved
model and a fit of its specification can speak of. Rows may come a run at a time, as for any fit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import polars as pl

from mlefit.assign import ALL, SLOPES, assigned_priors
from mlefit.design.columns import CLUSTER, WEIGHT
from mlefit.design.newrows import Mask, NewRows, new_rows
from mlefit.design.store import Change, Store
from mlefit.design.table import Places, Table, divided, walked
from mlefit.design.weights import group_names, kin_of, kin_places
from mlefit.engines.contract import Site
from mlefit.errors import DataError
from mlefit.fitting import Prepared
from mlefit.inference.covariance import KINDS
from mlefit.prediction.saved import SavedModel
from mlefit.request import Request
from mlefit.source import Ledger, Reading, Rows, Source
from mlefit.source.learnt import Learnt
from mlefit.support import Facts

ZERO_WEIGHT = "weight 0"


def columns_of(model: SavedModel, *, clusters: bool, by: str | None = None) -> tuple[str, ...]:
    """The columns of a table that a saved model reads, those of clusters and groups too."""
    layout, cluster = model.layout, model.request.cluster
    named = [cluster if clusters else None, by]
    needed = (*layout.inputs, *layout.outcome, *layout.weights)
    return tuple(dict.fromkeys([*needed, *(name for name in named if name is not None)]))


def request_of(model: SavedModel, *, clusters: bool, by: str | None = None) -> Request:
    """The words of a fit of the specification of a saved model."""
    record = model.record.model
    return replace(
        model.request,
        priors=tuple(_priors(model)),
        se=record.se_kind if record.se_kind in KINDS else None,
        cluster=model.request.cluster if clusters else None,
        by=by,
        conf_level=record.interval.level,
    )


def prepared_again(
    model: SavedModel,
    request: Request,
    source: Source,
    rows: Reading,
    site: Site,
    *,
    unseen: str,
    store: Store | None = None,
) -> Prepared:
    """Rows of a table as a saved model reads them, ready for a fit of its specification.

    The ledger says what became of the others: `missing:x`, `unseen:g`, `undefined:log(x)`,
    `outside:y`.

    Args:
        model: the fit.
        request: what `request_of` made of it.
        source: where the rows come from.
        rows: with the columns of `columns_of`, missing values and all.
        site: where the passes are to run.
        unseen: what becomes of a level that the fit had not seen: error or null.
        store: what keeps the series of the runs; None for memory.

    Raises:
        DataError: no row is left, or a weight that is none.
        UsageError: a column of a type that its part cannot have.
    """
    making = Recoding(model, request, unseen)
    made = walked(making, rows, store)
    family, links = model.family, model.model.links
    least, most = model.record.data.target_range or (np.nan, np.nan)
    table = Table(
        rows=made.rows,
        columns=made.columns,
        again=made.again,
        levels={label: tuple(levels) for label, levels in model.levels.items()},
        event=model.record.model.event,
        other_event=model.record.model.other_event,
        seen={},
        facts=Facts(tuple(request.levels or ()), least, most),
        clusters=made.columns.whole(CLUSTER) if CLUSTER in made.columns else None,
        groups=group_names(request, making.learnt),
        notes=(),
        warnings=(),
    )
    return Prepared(
        request=request,
        source=source,
        family=family,
        links=links,
        roles=model.roles,
        rows=made.rows,
        table=table,
        site=site,
        predictors=model.predictors,
        priors=assigned_priors(request, family, links, model.predictors),
    )


class Recoding:
    """Series of rows as a saved model has them, in the making.

    Args:
        model: the fit.
        request: what `request_of` made of it.
        unseen: what becomes of a level that the fit had not seen: error or null.
    """

    def __init__(self, model: SavedModel, request: Request, unseen: str) -> None:
        self.learnt = Learnt()
        self._model, self._request, self._unseen = model, request, unseen

    def add(self, rows: Rows) -> tuple[Rows, dict[str, pl.Series]]:
        """The rows of a run that the model can use, and their series; none if it can use none.

        Raises:
            UsageError: a column of a type that its part cannot have.
            DataError: a level that the fit had not seen, or a weight that is none.
        """
        model, request, learnt = self._model, self._request, self.learnt
        usable = learnt.of("usable", lambda: _Usable(model.name))
        found = new_rows(model.layout, rows, unseen=self._unseen, target=True, weights=True)
        keep = _weighed(model, rows, found)
        kept = _numbered(rows, found, keep)
        usable.see(found, int(keep.sum()))
        if found.columns is None or not keep.any():
            return kept, {}
        columns = found.columns if keep.all() else found.columns.kept(keep)
        if WEIGHT in columns and request.sampling_weights is not None:
            usable.weight += float(columns.whole(WEIGHT).sum())
        series = {key: pl.Series(columns.whole(key)) for key in columns.keys}
        return kept, {**series, **kin_of(request, kept, learnt)}

    def changes(self) -> Mapping[str, Change]:
        """What makes the values of a series final, once every run was added."""
        found: dict[str, Change] = {}
        usable = self.learnt.of("usable", lambda: _Usable(self._model.name))
        if self._request.sampling_weights is not None:
            found[WEIGHT] = partial(divided, usable.weight / usable.rows)
        for key, places in kin_places(self._request, self.learnt).items():
            found[key] = Places(places)
        return found


@dataclass
class _Usable:
    """How many rows a model can use, and what became of the others.

    Attributes:
        name: of the model.
        count: rows seen.
        rows: of them, those that can be used.
        weight: their sampling weights.
        causes: of the others.
    """

    name: str
    count: int = 0
    rows: int = 0
    weight: float = 0.0
    causes: Counter[str] = field(default_factory=Counter)

    def see(self, found: NewRows, kept: int) -> None:
        """Count a run."""
        self.count += found.count
        self.rows += kept
        self.causes += found.lost + found.unscored

    def error(self) -> DataError | None:
        """Without a row there is nothing to say."""
        if self.rows or not self.count:  # without a run that was read another error is told
            return None
        return DataError(
            f"the model of '{self.name}' can use none of the {self.count:,} rows",
            ", ".join(f"{count:,} {cause}" for cause, count in self.causes.items()),
        )


def _weighed(model: SavedModel, rows: Rows, found: NewRows) -> Mask:
    """The usable rows that have a target and a weight."""
    keep = found.scored.copy()
    if found.columns is None or WEIGHT not in found.columns:
        return keep
    weight = found.columns.whole(WEIGHT)
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
    return keep & ~without


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
