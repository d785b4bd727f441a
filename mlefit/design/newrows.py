"""New rows as the series of a model that is fitted already: its terms, levels and coding.

Nothing is learnt from new rows. A factor has the levels the fit saw, and another one is told, with
its row, or leaves the row without a prediction. A row that lacks what a term needs is counted by
cause and left out; the rows that are left are what the model can speak of. The target, where the
table has it, is what the model can be judged by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit.design.censoring import seen
from mlefit.design.coding import TRIALS, key_of
from mlefit.design.columns import OFFSET, PRECISION, TARGET, WEIGHT, Columns
from mlefit.design.levels import level_text, listed_levels
from mlefit.design.roles import Roles
from mlefit.design.suggest import Place
from mlefit.design.values import contents, evaluated, is_number, numeric_names, plain
from mlefit.errors import DataError, UsageError
from mlefit.expression import Name, names
from mlefit.families._base import Family
from mlefit.families._conditioned import LOWER, UPPER
from mlefit.formula import Factor
from mlefit.frozen import frozen
from mlefit.request import Request
from mlefit.source import Ledger, Rows, incomplete
from mlefit.source.columns import exact

Mask = NDArray[np.bool_]


@frozen
class Layout:
    """How a row becomes what a fitted model reads.

    Attributes:
        request: the words of the fit.
        roles: what they mean.
        levels: of every factor, the base level first.
        family: the distribution, with its levels.
        target_levels: of the target, in the order of their codes; of one of yes and no, these.
    """

    request: Request
    roles: Roles
    levels: Mapping[str, Sequence[str]]
    family: Family
    target_levels: Sequence[str]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that a prediction needs."""
        request = self.request
        others = (request.offset, request.exposure, request.trials, request.precision_weights)
        return _unique([*self.roles.features, *others])

    @property
    def weights(self) -> tuple[str, ...]:
        """The column that says how much a row counts."""
        return _unique([self.request.freq_weights, self.request.sampling_weights])

    @property
    def target(self) -> tuple[str, ...]:
        """The columns that hold the target."""
        if self.request.lower is not None:
            return _unique([self.request.lower, self.request.upper])
        return _unique(names(self.roles.response))

    @property
    def outcome(self) -> tuple[str, ...]:
        """The columns that say what was seen of the target."""
        return _unique([*self.target, self.request.event])


@dataclass
class NewRows:
    """Some rows of a table, as a fitted model reads them.

    Attributes:
        count: rows of the table.
        usable: which of them can be predicted, shape (count,).
        columns: the series of those; None if there are none.
        scored: which of the usable ones have a target, shape (usable,).
        lost: rows that cannot be predicted, by cause.
        unscored: usable rows whose target cannot be judged, by cause.
    """

    count: int
    usable: Mask
    columns: Columns | None = None
    scored: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))
    lost: Counter[str] = field(default_factory=Counter)
    unscored: Counter[str] = field(default_factory=Counter)


def new_rows(
    layout: Layout, rows: Rows, *, unseen: str, target: bool, weights: bool = False
) -> NewRows:
    """Read rows as a fitted model does.

    Args:
        layout: of the model.
        rows: with the columns that are needed.
        unseen: what becomes of a level that the fit had not seen: error or null.
        target: whether to read the target.
        weights: whether to read the weights.

    Raises:
        UsageError: a column of a type that its part cannot have.
        DataError: an unseen level, with factor, level and row.
    """
    absent, causes = incomplete(rows.frame, layout.inputs)
    found = NewRows(rows.frame.height, ~absent.to_numpy(), lost=Counter(causes))
    kept = _part(rows, found.usable)
    if not kept.frame.height:
        return found
    series = {**_terms(layout, kept, unseen), **_others(layout, kept)}
    good = _usable(layout, kept.frame.height, series, found.lost)
    found.usable[np.flatnonzero(found.usable)[~good]] = False
    if not good.all():
        kept = _part(kept, good)
        series = {key: values.filter(pl.Series(good)) for key, values in series.items()}
    m = kept.frame.height
    if not m:
        return found
    arrays = {key: values.to_numpy() for key, values in series.items()}
    found.scored = np.zeros(m, dtype=bool)
    arrays |= _outcome(layout, kept, found, arrays) if target else _without_target(layout, m)
    if weights:
        arrays |= _weights(layout, kept)
    found.columns = Columns({key: [values] for key, values in arrays.items()})
    return found


def _terms(layout: Layout, rows: Rows, unseen: str) -> dict[str, pl.Series]:
    """The series of every factor; null where a level is new, NaN where a term is undefined."""
    series: dict[str, pl.Series] = {}
    for factor, place in layout.roles.factors():
        key = key_of(factor.label)
        if key in series:
            continue
        if factor.label not in layout.levels:
            _require_numbers(factor, rows)
            series[key] = _plainly(evaluated(factor.expression, rows, place))
            continue
        series[key] = _codes(factor, place, layout.levels[factor.label], rows)
        if unseen == "error":
            _refuse_unseen(factor, place, layout.levels[factor.label], series[key], rows)
    return series


def _require_numbers(factor: Factor, rows: Rows) -> None:
    """Refuse a column of text where the fit had numbers, with the first that is none."""
    for name in numeric_names(factor.expression):
        values = _plainly(rows.frame.get_column(name))
        if is_number(values.dtype):
            continue
        texts = values.cast(pl.String, strict=False)
        odd = texts.str.strip_chars().cast(pl.Float64, strict=False).is_null().arg_true()
        at = int(odd[0]) if len(odd) else 0
        raise DataError(
            f"column {name!r} holds {contents(values.dtype)}, where the fit had numbers",
            f"first: row {rows.row_number(at)} = {texts[at]!r}",
        )


def _codes(factor: Factor, place: Place, levels: Sequence[str], rows: Rows) -> pl.Series:
    """The code (n,) of every row's level; null for one that is not among them."""
    return _coded(_values(factor, place, rows), levels)


def _values(factor: Factor, place: Place, rows: Rows) -> pl.Series:
    if not isinstance(factor.expression, Name):
        return evaluated(factor.expression, rows, place)
    values = rows.frame.get_column(factor.expression.name)
    if values.dtype.is_nested():
        raise UsageError(f"column {values.name!r} holds {contents(values.dtype)}")
    return values


def _plainly(values: pl.Series) -> pl.Series:
    """A series under a name that polars does not take for a pattern."""
    return values.alias("values")


def _coded(values: pl.Series, levels: Sequence[str]) -> pl.Series:
    """Codes by the text of a level, whatever type its column has in this table."""
    values = _plainly(values)
    if not isinstance(values.dtype, pl.String):
        distinct = values.unique()
        texts = [None if value is None else level_text(value) for value in distinct]
        values = values.replace_strict(distinct, texts, return_dtype=pl.String)
    codes = pl.Series(range(len(levels)), dtype=pl.UInt32)
    known = pl.Series(levels, dtype=pl.String)
    return values.replace_strict(known, codes, default=None, return_dtype=pl.UInt32)


def _refuse_unseen(
    factor: Factor, place: Place, levels: Sequence[str], codes: pl.Series, rows: Rows
) -> None:
    new = codes.is_null().arg_true()
    if len(new):
        at = int(new[0])
        level = level_text(_values(factor, place, rows)[at])
        raise DataError(
            f"{factor.label!r} has the level {level!r}, which the fit had not seen",
            f"first: row {rows.row_number(at)}",
            listed_levels(list(levels)),
            tries=["--unseen null, which leaves such rows without a prediction"],
        )


def _others(layout: Layout, rows: Rows) -> dict[str, pl.Series]:
    """What enters the predictors as it is, and the number of trials; NaN where it cannot be."""
    request, found = layout.request, {}
    parts = []
    if request.offset is not None:
        parts.append(_role(request.offset, "offset", rows))
    if request.exposure is not None:
        parts.append(_role(request.exposure, "exposure", rows).log())
    if parts:
        found[OFFSET] = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    if request.precision_weights is not None:
        found[PRECISION] = _role(request.precision_weights, "precision_weights", rows).log()
    if request.trials is not None:
        trials = _role(request.trials, "trials", rows)
        whole = (trials >= 0) & (trials == trials.floor())
        found[TRIALS] = trials.to_frame("t").select(pl.when(whole).then(pl.col("t")))["t"]
    return found


def _usable(layout: Layout, size: int, series: Mapping[str, pl.Series], lost: Counter[str]) -> Mask:
    """Rows in which every series is a finite number; the others are counted by cause."""
    good: Mask = np.ones(size, dtype=bool)
    for key, values in series.items():
        fine = values.is_not_null()
        if values.dtype.is_float():
            fine = fine & values.is_finite().fill_null(False)
        bad = good & ~fine.to_numpy()
        if bad.any():
            lost[_cause(layout, key)] += int(bad.sum())
            good &= ~bad
    return good


def _cause(layout: Layout, key: str) -> str:
    request = layout.request
    roles = {
        OFFSET: f"undefined:{request.exposure or request.offset}",
        PRECISION: f"undefined:{request.precision_weights}",
        TRIALS: f"no count:{request.trials}",
    }
    label = key.strip("`")
    return roles.get(key) or f"{'unseen' if label in layout.levels else 'undefined'}:{label}"


def _outcome(
    layout: Layout, rows: Rows, found: NewRows, arrays: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """The target and the ends of its interval; zeros in rows that have none."""
    request, m = layout.request, rows.frame.height
    either = request.lower is not None
    absent, causes = incomplete(rows.frame, layout.outcome)
    if either:  # one missing end is open
        missing = [exact(name).is_null() for name in layout.target]
        absent = rows.frame.select(pl.all_horizontal(missing)).to_series()
        lacking = int(absent.sum())
        causes = {f"missing:{' and '.join(layout.target)}": lacking} if lacking else {}
    found.unscored.update(causes)
    found.scored = ~absent.to_numpy()
    kept = _part(rows, found.scored)
    if not kept.frame.height:
        return _without_target(layout, m)
    values = pl.repeat(0.0, kept.frame.height, eager=True) if either else _target(layout, kept)
    known = seen(request, kept, values, layout.family)
    y = known.target.cast(pl.Float64).fill_null(np.nan).to_numpy()
    ends = {key: series.to_numpy() for key, series in known.series.items()}
    others = {key: arrays[key][found.scored] for key in layout.family.known if key in arrays}
    outside = ~np.isfinite(y)
    for violation in layout.family.support.violations:
        outside |= violation.found(np.where(outside, np.nan, y), others | ends) & ~outside
    if outside.any():
        found.unscored["outside:" + layout.roles.main.response_label] += int(outside.sum())
    at = np.flatnonzero(found.scored)
    full = {key: _scattered(values, at, m) for key, values in {TARGET: y, **ends}.items()}
    found.scored[at[outside]] = False
    return full


def _without_target(layout: Layout, size: int) -> dict[str, NDArray[Any]]:
    """Zeros for what is read from the target."""
    keys = (TARGET, LOWER, UPPER) if layout.family.is_censored else (TARGET,)
    return {key: np.zeros(size) for key in keys}


def _target(layout: Layout, rows: Rows) -> pl.Series:
    """The target as numbers; null or NaN where the fit knew no such value."""
    response = layout.roles.response
    values = (
        rows.frame.get_column(response.name)
        if isinstance(response, Name)
        else evaluated(response, rows)
    )
    if layout.target_levels:
        return _coded(values, layout.target_levels).cast(pl.Float64)
    values = plain(values) if is_number(values.dtype) else evaluated(response, rows)
    return _plainly(values)


def _weights(layout: Layout, rows: Rows) -> dict[str, NDArray[Any]]:
    found = {}
    for name in layout.weights:
        found[WEIGHT] = _role(name, "weights", rows).fill_null(0.0).to_numpy()
    return found


def _role(name: str, flag: str, rows: Rows) -> pl.Series:
    series = rows.frame.get_column(name)
    if not is_number(series.dtype):
        raise UsageError(
            f"the fit used {name!r} as its {flag.replace('_', ' ')}, and here it holds "
            f"{contents(series.dtype)}"
        )
    return _plainly(series).cast(pl.Float64)


def _scattered(values: NDArray[Any], at: NDArray[np.intp], size: int) -> NDArray[Any]:
    found = np.zeros(size)
    found[at] = values
    return found


def _part(rows: Rows, keep: Mask) -> Rows:
    """Some of the rows, which keep their numbers."""
    if keep.all():
        return rows
    positions = np.flatnonzero(keep)
    frame = rows.frame.filter(pl.Series(keep))

    def locate() -> pl.Series:
        return pl.Series([rows.row_number(int(i)) - rows.first_row for i in positions])

    return Rows(frame, Ledger(frame.height, frame.height, {}), rows.first_row, locate)


def _unique(columns: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in columns if name is not None))
