"""A saved model and a table -> a row of predictions for every row, a run of rows at a time.

Rows come out in the order they came in, and a row of which the model can say nothing has nulls and
is counted. Only one run is in memory, so a table may be larger than that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit import documents, engines
from mlefit.design.blocks import Block
from mlefit.design.columns import Columns
from mlefit.design.newrows import NewRows, new_rows
from mlefit.design.suggest import listed
from mlefit.engines.contract import Site
from mlefit.engines.local import LocalEngine
from mlefit.errors import UsageError, did_you_mean
from mlefit.expression import Name
from mlefit.frozen import frozen
from mlefit.prediction.saved import SavedModel
from mlefit.prediction.scores import CLASS, GROUPS, NEED_TARGET, Seen, Wanted, names_of, require
from mlefit.prediction.tally import Tally
from mlefit.request import PredictRequest
from mlefit.results.fit import FitResult
from mlefit.source import Rows, Source, as_text, batches, missing_column, open_source

ALL = "all"
_MOST_WHOLE = 2.0**53


class _Run(NamedTuple):
    """The usable rows of a run: their series, which have a target, and which of those each is."""

    columns: Columns | None
    scored: NDArray[np.bool_]
    position: NDArray[np.intp]


def _predicted(saved: SavedModel, wanted: Wanted, run: _Run) -> dict[str, NDArray[Any]]:
    """What the model says of the rows of a run, by column."""
    if run.columns is None:
        return {}

    def said(block: Block) -> dict[str, NDArray[Any]]:
        at = slice(block.start, block.start + len(block.y))
        seen = Seen(saved, wanted, block, run.scored[at], run.position[at])
        columns = (GROUPS[group](seen) for group in wanted.groups)
        return {name: np.array(values) for one in columns for name, values in one.items()}

    engine = LocalEngine(run.columns, saved.predictors, known=saved.family.known)
    parts = engine.each(said)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@frozen
class Prediction:
    """The predictions of a table, which are made while they are read.

    Attributes:
        saved: the model.
        source: the table.
        site: where the predictions are made.
        wanted: groups of columns.
        keep: columns of the table that are repeated.
        spelt: whether as a CSV or TSV table spells them.
        unseen: what becomes of an unseen level.
        has_target: whether the table has a target.
        weights: whether weights are read.
        notes: what a person should know beforehand.
        tally: complete once `frames` is exhausted.
    """

    saved: SavedModel
    source: Source
    site: Site
    wanted: Wanted
    keep: tuple[str, ...]
    spelt: bool
    unseen: str
    has_target: bool
    weights: bool
    notes: tuple[str, ...]
    tally: Tally = field(default_factory=Tally)

    @property
    def verbatim(self) -> tuple[str, ...]:
        """Columns that are repeated as they are spelt."""
        return self.keep if self.spelt else ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns to read."""
        layout = self.saved.layout
        outcome = layout.outcome if self.has_target else ()
        weights = layout.weights if self.weights else ()
        return tuple(dict.fromkeys([*self.keep, *layout.inputs, *outcome, *weights]))

    def frames(self) -> Iterator[pl.DataFrame]:
        """Runs of rows, in order.

        Raises:
            DataError, UsageError: a value that the model cannot read.
        """
        for rows, found, columns in self._results():
            yield self._frame(rows, found, columns)

    def runs(self) -> Iterator[tuple[NewRows, dict[str, NDArray[Any]]]]:
        """The same as arrays over the usable rows."""
        for _, found, columns in self._results():
            yield found, columns

    def _results(self) -> Iterator[tuple[Rows, NewRows, dict[str, NDArray[Any]]]]:
        """The rows of each run, what the model can read of them, and what it says of those."""
        waiting: deque[tuple[Rows, NewRows]] = deque()

        def runs() -> Iterator[_Run]:
            for rows in batches(self.source, self.columns, verbatim=self.verbatim):
                found = new_rows(
                    self.saved.layout,
                    rows,
                    unseen=self.unseen,
                    target=self.has_target,
                    weights=self.weights,
                )
                position = self.tally.scored + np.cumsum(found.scored) - 1
                self.tally.add(found)
                waiting.append((rows, found))
                yield _Run(found.columns, found.scored, position)

        for columns in self.site.ordered(partial(_predicted, self.saved, self.wanted), runs()):
            rows, found = waiting.popleft()
            self._count_infinite(found, columns)
            yield rows, found, columns

    def _count_infinite(self, found: NewRows, columns: Mapping[str, NDArray[Any]]) -> None:
        for name in ("fitted", "residual", "nll"):
            if name in columns:
                able = found.scored if name in NEED_TARGET else slice(None)
                odd = int((~np.isfinite(columns[name][able])).sum())
                if odd:
                    self.tally.infinite[name] += odd

    def _frame(
        self, rows: Rows, found: NewRows, columns: Mapping[str, NDArray[Any]]
    ) -> pl.DataFrame:
        series = [
            _series(name, columns.get(name), found).cast(self._type(name)) for name in self.names
        ]
        return pl.DataFrame([*repeated(rows, self.keep, spelt=self.spelt), *series])

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are computed, in order."""
        return names_of(self.saved, self.wanted)

    @property
    def schema(self) -> dict[str, Any]:
        """The type of every column that comes out."""
        kept = {name: self.source.schema[name] for name in self.keep}
        return kept | {name: self._type(name) for name in self.names}

    def _type(self, name: str) -> Any:
        """Of a computed column: limits of a count are counts."""
        if name == CLASS:
            return pl.String()
        limits = names_of(self.saved, replace(self.wanted, groups=("outcome", "quantiles")))
        whole = self.saved.family.support.discrete and name in limits
        return pl.Int64() if whole else pl.Float64()


def predict(
    data: Any,
    model: Any,
    *,
    what: str | Iterable[str] | None = None,
    keep: str | Iterable[str] = (),
    quantiles: Iterable[float] = (),
    **options: Any,
) -> pl.DataFrame:
    """What a saved model says of every row of a table.

    Args:
        data: a path, a polars frame or lazy frame.
        model: a path of a document, or what `mlefit.fit` returned.
        what: groups of columns, as for `--what`.
        keep: columns of the table to repeat, or "all".
        quantiles: levels of a new outcome.
        options: the further fields of `PredictRequest`, named like the flags.

    Raises:
        MlefitError: the model or the data make no prediction possible.
    """
    groups = None if what is None else _several(what)
    request = PredictRequest(
        data=data,
        model=model,
        what=groups,
        keep=_several(keep),
        quantiles=tuple(quantiles),
        **options,
    )
    return pl.concat(list(prepare(request).frames()))


def model_of(model: Any, name: str = "the fit") -> SavedModel:
    """A model from whatever stands for it: a path, a record, which has this name, or itself.

    Raises:
        UsageError: the file is no document of a fit.
        UntrustworthyError: the fit did not converge.
    """
    if isinstance(model, SavedModel):
        return model
    if isinstance(model, FitResult):
        return SavedModel.from_document(model, name)
    return SavedModel.from_document(documents.read_as(FitResult, model), str(model))


def prepare(request: PredictRequest) -> Prediction:
    """Open model and table, and see whether they suit each other.

    Raises:
        MlefitError: they do not, or the model has nothing of what is asked for.
    """
    saved = model_of(request.model)
    site = engines.site(request.engine, request.scheduler)
    source = open_source(request.data, input_format=request.input_format)
    layout = saved.layout
    require_columns(source, layout.inputs, saved)
    has_target = all(name in source.schema for name in layout.target)
    notes = [*source.notes]
    if has_target:
        require_columns(source, layout.outcome, saved)
    wanted = Wanted(
        _groups(request, saved, has_target=has_target),
        request.residuals,
        tuple(dict.fromkeys(request.quantiles)),
        request.conf_level,
        request.uncertainty,
    )
    require(saved, wanted)
    asked = [group for group in wanted.groups if group in NEED_TARGET]
    if asked and not has_target:
        lacking = next(name for name in layout.target if name not in source.schema)
        raise missing_column(source, lacking)
    weights = request.aggregate or "influence" in wanted.groups
    if weights:
        require_columns(source, layout.weights, saved)
    keep = tuple(source.schema) if request.keep == (ALL,) else _once(request.keep)
    _require_apart(keep, names_of(saved, wanted))
    for name in keep:
        if name not in source.schema:
            raise missing_column(source, name)
    if not has_target and request.what is None:
        target = saved.roles.main.response_label
        notes.append(f"{source.name} has no {target!r}, so no residual and no NLL")
    notes += _model_notes(saved, wanted)
    return Prediction(
        saved=saved,
        source=source,
        site=site,
        wanted=wanted,
        keep=keep,
        spelt=request.spelt,
        unseen=request.unseen,
        has_target=bool(asked),
        weights=weights,
        notes=tuple(notes),
    )


def _groups(request: PredictRequest, saved: SavedModel, *, has_target: bool) -> tuple[str, ...]:
    """The groups that are asked for, in the order of their columns."""
    known = [group for group in GROUPS if group != "quantiles"]
    if request.what is not None:
        chosen = set(request.what)
        for name in request.what:
            if name not in (*known, ALL):
                raise UsageError(
                    f"--what has no '{name}'",
                    f"there are: {', '.join(known)}, {ALL}",
                    tries=[f"--what {close}" for close in did_you_mean(name, known)],
                )
        if ALL in chosen:
            chosen = set(_able(request, saved, known, has_target=has_target))
    else:
        usual = ["classes" if saved.family.support.levels else "fitted", "residual", "nll"]
        chosen = set(_able(request, saved, usual, has_target=has_target))
    if request.quantiles:
        chosen.add("quantiles")
    return tuple(group for group in GROUPS if group in chosen)


def _able(
    request: PredictRequest, saved: SavedModel, groups: Sequence[str], *, has_target: bool
) -> Iterator[str]:
    """Those of some groups that the model and the table have."""
    for group in groups:
        if group in NEED_TARGET and not has_target:
            continue
        try:
            require(saved, Wanted((group,), request.residuals))
        except UsageError:
            if group == "residual" and request.residuals != "quantile":
                raise  # somebody asked for these
            continue
        yield group


def _model_notes(saved: SavedModel, wanted: Wanted) -> Iterator[str]:
    numbers = {"fitted", "outcome", "quantiles"} & set(wanted.groups)
    if numbers and not isinstance(saved.roles.response, Name):
        yield f"what is predicted is {saved.roles.main.response_label}, the target of the fit"
    if "fitted" in wanted.groups and saved.centre.words:
        yield saved.centre.words
    if saved.covariance is None and numbers:
        yield (
            f"'{saved.name}' has no covariance of its estimates: no errors of predictions, and "
            "limits of an outcome take the estimates for certain"
        )


def require_columns(source: Source, columns: Sequence[str], saved: SavedModel) -> None:
    """Refuse a table that lacks a column of the model.

    Raises:
        UsageError: it does.
    """
    for name in columns:
        if name not in source.schema:
            error = missing_column(source, name)
            role = _role_of(saved, name)
            raise UsageError(
                f"{error.problem}, and the model of '{saved.name}' needs it{role}",
                *error.evidence,
            )


def _role_of(saved: SavedModel, name: str) -> str:
    """What part a column had in the fit, if another than that of a feature."""
    roles = ("offset", "exposure", "trials", "event", "lower", "upper")
    weights = ("freq_weights", "precision_weights", "sampling_weights")
    found = [role for role in (*roles, *weights) if getattr(saved.request, role) == name]
    return f" as its {found[0].replace('_', ' ')}" if found else ""


def _require_apart(keep: Sequence[str], names: Sequence[str]) -> None:
    both = [name for name in keep if name in names]
    if both:
        others = [name for name in keep if name not in names]
        raise UsageError(
            f"--keep: a column {both[0]!r} of the table would stand beside the model's own",
            tries=[f"--keep {listed(others)}" if others else "the same without --keep"],
        )


def repeated(rows: Rows, keep: Sequence[str], *, spelt: bool) -> list[pl.Series]:
    """Columns of a table as they are; or as they are spelt, where whole numbers have no point."""
    texts = {name: as_text(name) for name in keep if as_text(name) in rows.frame.columns}
    columns = [rows.frame.get_column(texts.get(name, name)).alias(name) for name in keep]
    return [_whole(column) for column in columns] if spelt else columns


def _whole(values: pl.Series) -> pl.Series:
    """Whole numbers as such, for those that a format without integers was read for."""
    if not values.dtype.is_float():
        return values
    plain = values.alias("values")
    whole = ((plain == plain.floor()) & (plain.abs() < _MOST_WHOLE)).all()
    return values.cast(pl.Int64) if whole else values


def _series(name: str, values: NDArray[Any] | None, found: NewRows) -> pl.Series:
    """A column over all rows, null where there is no number."""
    if name == CLASS:
        texts = np.full(found.count, None, dtype=object)
        if values is not None:
            texts[found.usable] = values
        return pl.Series(name, texts.tolist(), dtype=pl.String)
    numbers = np.full(found.count, np.nan)
    if values is not None:
        numbers[found.usable] = np.where(np.isfinite(values), values, np.nan)
    return pl.Series(name, numbers, nan_to_null=True)


def _once(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _several(words: str | Iterable[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)
