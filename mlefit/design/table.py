"""Complete rows to the series a model needs: target, factors, weights, offsets.

A plain column keeps polars' own chunks, uncopied; a term such as log(x) and the
codes of a factor are computed once. Everything is checked here, with the row
number of the first offender.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit.design.blocks import OFFSET, PRECISION, TARGET, WEIGHT, Columns
from mlefit.design.compile import to_polars
from mlefit.design.roles import Roles
from mlefit.design.usable import Profile, suitable_families
from mlefit.errors import DataError, UsageError
from mlefit.expression import Expression, Name, names, render
from mlefit.families._base import Family
from mlefit.formula import Factor
from mlefit.request import Request
from mlefit.source import Rows as Selection

TRIALS = "trials"
_SHOWN_ROWS = 2
_CHECKED_ROWS = 65_536


@dataclass(frozen=True)
class Table:
    """The series of a fit.

    Attributes:
        columns: all of them, by key.
        levels: label of each factor -> its levels, the base first.
        event: for a two-level target, the level that counts as 1.
        clusters: code of each row's cluster, if clusters were named.
        notes: what a person should know.
        warnings: what a person must know.
    """

    columns: Columns
    levels: Mapping[str, tuple[str, ...]]
    event: str | None
    clusters: NDArray[np.intp] | None
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def tabulate(request: Request, roles: Roles, rows: Selection, family: Family) -> Table:
    """Compute and check every series.

    Raises:
        DataError: a value that the model cannot use, with its column and row.
        UsageError: a column of a type that its part cannot have.
    """
    rows, warnings = _without_zero_weights(request, rows)
    target, event = _target(roles, rows, family)
    series: dict[str, pl.Series] = {TARGET: target}
    levels: dict[str, tuple[str, ...]] = {}
    for label, factor in _factors(roles).items():
        if _is_categorical(factor, rows.frame):
            series[label], levels[label] = _codes(factor, rows.frame)
            if len(levels[label]) == 1:
                warnings.append(f"'{label}' has only the level '{levels[label][0]}'")
        else:
            series[label] = _number(factor.expression, rows)
    series.update(_further(request, rows, family))
    columns = Columns({key: _chunks(values) for key, values in series.items()})
    _check_support(columns, roles, rows, family)
    notes = [] if event is None else [f"{roles.main.response_label}: {event!r} counts as 1"]
    return Table(
        columns, levels, event, _clusters(request, rows.frame), tuple(notes), tuple(warnings)
    )


def _factors(roles: Roles) -> dict[str, Factor]:
    return {
        factor.label: factor
        for right in roles.rights.values()
        for term in right.terms
        for factor in term.factors
    }


def _is_categorical(factor: Factor, frame: pl.DataFrame) -> bool:
    if factor.categorical:
        return True
    return isinstance(factor.expression, Name) and _is_text(frame.schema[factor.expression.name])


def _is_text(dtype: pl.DataType) -> bool:
    return dtype == pl.Boolean or isinstance(dtype, pl.String | pl.Categorical | pl.Enum)


def _number(expression: Expression, rows: Selection) -> pl.Series:
    """The values of a numeric expression, every one of them finite."""
    frame = rows.frame
    if isinstance(expression, Name):
        dtype = frame.schema[expression.name]
        _require_number(expression.name, dtype)
        return _plain(frame[expression.name])
    compiled = to_polars(expression, numeric=lambda name: _numeric_column(name, frame.schema[name]))
    values = frame.select(compiled.cast(pl.Float64).alias("value"))["value"]
    if len(values) != len(frame):  # an expression without columns, such as 2 + 2
        values = values.new_from_index(0, len(frame))
    finite = values.is_finite().fill_null(False)
    if not finite.all():
        at = int((~finite).arg_true()[0])
        inputs = {name: frame[name][at] for name in names(expression)}
        raise DataError(
            f"{render(expression)} is not a finite number in {(~finite).sum()} rows",
            f"first: row {rows.row_number(at)}, where "
            + ", ".join(f"{name} = {value}" for name, value in inputs.items()),
        )
    return values


def _numeric_column(name: str, dtype: pl.DataType) -> pl.Expr:
    _require_number(name, dtype)
    return pl.col(name).cast(pl.Float64)


def _require_number(name: str, dtype: pl.DataType) -> None:
    if dtype.is_numeric() or dtype == pl.Boolean:
        return
    if dtype.is_temporal():
        raise UsageError(
            f"column {name!r} holds dates, which are no numbers",
            tries=[f"C({name}) for a level each"],
        )
    raise UsageError(
        f"column {name!r} holds {'text' if _is_text(dtype) else dtype}, where a number is needed",
        tries=[f"C({name})", f"a comparison: I({name} == 'value')"],
    )


def _plain(series: pl.Series) -> pl.Series:
    """A numeric series as numpy can view it; only odd types are converted."""
    if series.dtype in (pl.Float64, pl.Float32) or series.dtype.is_integer():
        return series
    return series.cast(pl.Float64)


def _codes(factor: Factor, frame: pl.DataFrame) -> tuple[pl.Series, tuple[str, ...]]:
    """Codes and levels of a factor, the base level first."""
    if isinstance(factor.expression, Name):
        values = frame[factor.expression.name]
    else:
        compiled = to_polars(factor.expression, numeric=lambda name: pl.col(name).cast(pl.Float64))
        values = frame.select(compiled.alias("value"))["value"]
    distinct = (
        values.unique().sort() if not _is_enum(values) else values.cast(pl.String).unique().sort()
    )
    texts = [_level_text(value) for value in distinct]
    order = list(range(len(texts)))
    if factor.reference is not None:
        if factor.reference not in texts:
            raise UsageError(
                f"{factor.label} has no level '{factor.reference}'",
                "levels: " + ", ".join(texts[:12]) + (", ..." if len(texts) > 12 else ""),
            )
        base = texts.index(factor.reference)
        order = [base, *(i for i in order if i != base)]
    codes = np.empty(len(order), dtype=np.uint32)
    codes[order] = np.arange(len(order))
    source = values.cast(pl.String) if _is_enum(values) else values
    mapped = source.replace_strict(distinct, pl.Series(codes), return_dtype=pl.UInt32)
    return mapped, tuple(texts[i] for i in order)


def _is_enum(values: pl.Series) -> bool:
    return isinstance(values.dtype, pl.Categorical | pl.Enum)


def _level_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _target(roles: Roles, rows: Selection, family: Family) -> tuple[pl.Series, str | None]:
    expression = roles.response
    if isinstance(expression, Name):
        values = rows.frame[expression.name]
        if _is_text(values.dtype):
            return _event(expression.name, values, family)
    return _number(expression, rows), None


def _event(name: str, values: pl.Series, family: Family) -> tuple[pl.Series, str | None]:
    """A two-level column as 0 and 1: true, or the second level in sorted order, is the event."""
    if values.dtype == pl.Boolean:
        return values.cast(pl.Float64), "true" if family.support.binary else None
    if not family.support.binary:
        raise DataError(
            f"column {name!r} holds text, but {family.name} needs {family.support.words}",
            f"first values: {', '.join(map(repr, values.head(3).to_list()))}",
            tries=["-y with a numeric column", *_binary_families(values)],
        )
    levels = values.cast(pl.String).unique().sort().to_list()
    if len(levels) > 2:
        raise DataError(
            f"column {name!r} has {len(levels)} levels, but {family.name} needs two",
            "levels: " + ", ".join(map(repr, levels[:6])) + (", ..." if len(levels) > 6 else ""),
            tries=[f"\"{name} == '{levels[0]}' ~ ...\""],
        )
    event = levels[-1]
    return (values.cast(pl.String) == event).cast(pl.Float64), event


def _binary_families(values: pl.Series) -> list[str]:
    facts = Profile(
        values.name, pl.String(), values.n_unique(), len(values), values.cast(pl.String)
    )
    return [f"--family {name}" for name in suitable_families(facts)]


def _further(request: Request, rows: Selection, family: Family) -> dict[str, pl.Series]:
    """Weights, offset, exposure and trials, checked."""
    series: dict[str, pl.Series] = {}
    weights = request.freq_weights or request.sampling_weights
    if weights is not None:
        series[WEIGHT] = _role(weights, rows)
    if request.precision_weights is not None:
        series[PRECISION] = _role(request.precision_weights, rows).cast(pl.Float64).log()
    offset = None if request.offset is None else _role(request.offset, rows)
    if request.exposure is not None:
        exposure = _role(request.exposure, rows).cast(pl.Float64)
        _refuse(
            exposure <= 0,
            exposure,
            rows,
            f"exposure {request.exposure!r} has values that are not > 0",
        )
        offset = exposure.log() if offset is None else offset + exposure.log()
    if offset is not None:
        series[OFFSET] = offset
    if TRIALS in family.known:
        series[TRIALS] = _trials(request, rows, family)
    elif request.trials is not None:
        raise UsageError(
            f"--trials is for binomial, not for {family.name}", tries=["--family binomial"]
        )
    return series


def _trials(request: Request, rows: Selection, family: Family) -> pl.Series:
    if request.trials is None:
        raise UsageError(
            f"{family.name} needs the number of trials of each row",
            tries=["--trials COL", "--family bernoulli   for one trial a row"],
        )
    trials = _role(request.trials, rows)
    wrong = (trials < 0) | (trials != trials.floor())
    _refuse(wrong, trials, rows, f"trials {request.trials!r} has values that are no counts")
    return trials


def _role(name: str, rows: Selection) -> pl.Series:
    series = rows.frame[name]
    _require_number(name, series.dtype)
    return _plain(series)


def _refuse(wrong: pl.Series, values: pl.Series, rows: Selection, problem: str) -> None:
    found = wrong.arg_true()[:_SHOWN_ROWS].to_list()
    if found:
        shown = ", ".join(f"row {rows.row_number(at)} = {values[at]:g}" for at in found)
        raise DataError(problem, f"first: {shown} ({wrong.sum()} of {len(values)} rows)")


def _without_zero_weights(request: Request, rows: Selection) -> tuple[Selection, list[str]]:
    """Check the weights; a row of weight zero is as good as absent and is left out."""
    name = request.freq_weights or request.precision_weights or request.sampling_weights
    if name is None:
        return rows, []
    weight = _role(name, rows)
    _refuse(weight < 0, weight, rows, f"weights {name!r} has negative values")
    if request.freq_weights is not None:
        wrong = weight != weight.floor()
        _refuse(
            wrong, weight, rows, f"frequency weights {name!r} count rows, but some are no integers"
        )
    zero = weight == 0
    if not zero.any():
        return rows, []
    if zero.all():
        raise DataError(f"every weight in {name!r} is zero")
    return rows.only(~zero, f"weight 0:{name}"), []


def _clusters(request: Request, frame: pl.DataFrame) -> NDArray[np.intp] | None:
    if request.cluster is None:
        return None
    ranks = frame[request.cluster].rank("dense").to_numpy()
    return (ranks - 1).astype(np.intp)


def _check_support(columns: Columns, roles: Roles, rows: Selection, family: Family) -> None:
    """Compare the target with the support, a run of rows at a time."""
    wrong, words = 0, ""
    shown: list[str] = []
    for span in columns.spans(_CHECKED_ROWS):
        piece = columns.piece(span.piece)
        run = slice(span.lo, span.hi)
        y = piece[TARGET][run].astype(float)
        known = {key: piece[key][run] for key in family.known}
        found = family.support.first_violation(y, known)
        if found is None:
            continue
        words = words or found[0]
        positions = np.flatnonzero(found[1])
        wrong += len(positions)
        for at in positions[: _SHOWN_ROWS - len(shown)]:
            shown.append(f"row {rows.row_number(span.start + int(at))} = {y[at]:.12g}")
    if wrong:
        raise _unsuitable(columns, roles, family, words, shown, wrong)


def _unsuitable(
    columns: Columns, roles: Roles, family: Family, words: str, shown: Sequence[str], wrong: int
) -> DataError:
    label = roles.main.response_label
    values = pl.Series(label, columns.whole(TARGET))
    facts = Profile(label, values.dtype, values.n_unique(), len(values), values)
    if words == "values other than 0 and 1" and facts.values == 2:
        high = f"{np.max(columns.whole(TARGET)):g}"
        tries = [f'"{label} == {high} ~ ..."']
    else:
        tries = [f"--family {name}" for name in suitable_families(facts)]
    return DataError(
        f"{label!r} does not suit {family.name}: it has {words}",
        f"first: {', '.join(shown)} ({wrong} of {len(values)} rows)",
        tries=tries,
    )


def _chunks(series: pl.Series) -> list[NDArray[Any]]:
    return [chunk.to_numpy() for chunk in series.get_chunks() if len(chunk)]
