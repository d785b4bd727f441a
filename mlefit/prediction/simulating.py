"""Rows drawn from a distribution: of a saved model or with given parameters, of any number.

Rows come in runs of a fixed length, and every run of every replication has a stream of random
numbers of its own, so that a seed gives the same rows whatever the memory. Under `uncertainty` a
replication first draws the estimates themselves from their normal approximation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlefit._types import Rows, Vector
from mlefit.design.newrows import new_rows
from mlefit.distribution.at import as_theta, family_by_hand, known_by_hand, parameters_at
from mlefit.distribution.quantile import quantiles
from mlefit.engines.local import LocalEngine
from mlefit.errors import UsageError
from mlefit.families._base import Family, in_domain, part, spread
from mlefit.frozen import frozen
from mlefit.prediction.predicting import ALL, model_of, repeated, require_columns
from mlefit.prediction.saved import SavedModel
from mlefit.prediction.tally import OUTSIDE_DOMAIN, Tally
from mlefit.request import SimulateRequest
from mlefit.source import Rows as Table
from mlefit.source import Source, batches, missing_column, open_source

RUN = 65_536
_BY_HAND = "y"
_REPLICATION = "replication"
_JITTER = 1e-12


@frozen
class Law:
    """What is drawn from where every row has the same distribution."""

    family: Family
    theta: Sequence[Any]
    known: Mapping[str, float]


@frozen
class Simulation:
    """Rows to draw, which are drawn while they are taken.

    Attributes:
        request: what was asked for.
        target: name of the column that is drawn.
        classes: what its codes stand for; empty for numbers.
        family: of the values.
        source: the table, if there is one.
        saved: the model, if there is one.
        law: parameters given by hand, if they are.
        rows: without a table, how many.
        keep: columns of the table that are repeated.
        notes: what a person should know.
        tally: complete once `frames` is exhausted.
    """

    request: SimulateRequest
    target: str
    classes: Sequence[str]
    family: Family
    source: Source | None
    saved: SavedModel | None
    law: Law | None
    rows: int
    keep: tuple[str, ...]
    notes: tuple[str, ...]
    tally: Tally = field(default_factory=Tally)

    @property
    def schema(self) -> dict[str, Any]:
        """The type of every column that comes out."""
        own = pl.String() if self.classes else pl.Int64() if self._whole else pl.Float64()
        number = {_REPLICATION: pl.Int64()} if self.request.replications > 1 else {}
        kept = {} if self.source is None else {n: self.source.schema[n] for n in self.keep}
        return {**number, **kept, self.target: own}

    @property
    def _whole(self) -> bool:
        """Whether values are counts."""
        return self.family.support.discrete

    def frames(self) -> Iterator[pl.DataFrame]:
        """Runs of rows, replication by replication.

        Raises:
            DataError, UsageError: a value of the table that the model cannot read.
        """
        for replication in range(self.request.replications):
            betas = None if self.saved is None else self._betas(self.saved, replication)
            for kept, values in self._runs(betas, replication):
                yield self._frame(kept, values, replication)

    def _runs(
        self, betas: Sequence[Vector] | None, replication: int
    ) -> Iterator[tuple[list[pl.Series], Rows]]:
        """The columns of the table that are kept, and the values drawn for its rows."""
        if self.source is None:
            for number, start in enumerate(range(0, self.rows, RUN)):
                m = min(RUN, self.rows - start)
                yield [], self._same(betas, m, self._stream(replication, number))
            return
        spelt = self.keep if self.request.spelt else ()
        runs = batches(self.source, self._columns, most_rows=RUN, verbatim=spelt)
        for number, rows in enumerate(runs):
            rng = self._stream(replication, number)
            kept = repeated(rows, self.keep, spelt=self.request.spelt)
            if self.saved is None:
                yield kept, self._same(betas, rows.frame.height, rng)
            else:
                assert betas is not None
                yield kept, self._each(self.saved, betas, rows, rng, count=replication == 0)

    @property
    def _columns(self) -> tuple[str, ...]:
        inputs = () if self.saved is None else self.saved.layout.inputs
        return tuple(dict.fromkeys([*self.keep, *inputs]))

    def _stream(self, replication: int, run: int) -> np.random.Generator:
        key = (replication, run)
        return np.random.default_rng(np.random.SeedSequence(self.request.seed, spawn_key=key))

    def _betas(self, saved: SavedModel, replication: int) -> Sequence[Vector]:
        """The estimates, or a draw of what they could be."""
        if not self.request.uncertainty:
            return saved.betas
        assert saved.covariance is not None
        rng = np.random.default_rng(
            np.random.SeedSequence(self.request.seed, spawn_key=(replication,))
        )
        moved = _root(saved.covariance) @ rng.standard_normal(len(saved.covariance))
        edges = np.cumsum([len(beta) for beta in saved.betas])[:-1]
        return [beta + step for beta, step in zip(saved.betas, np.split(moved, edges), strict=True)]

    def _same(self, betas: Sequence[Vector] | None, rows: int, rng: np.random.Generator) -> Rows:
        """Draws of one distribution."""
        if self.law is not None:
            known = {key: np.full(rows, value) for key, value in self.law.known.items()}
            return draws(self.law.family, self.law.theta, known, rows, rng)
        assert self.saved is not None
        assert betas is not None
        held = [sum(value for _, value in p.held) for p in self.saved.predictors]
        etas = [np.array([beta.sum() + h]) for beta, h in zip(betas, held, strict=True)]
        trials = {} if self.request.trials is None else {"trials": self.request.trials}
        known = {key: np.full(rows, value) for key, value in trials.items()}
        return draws(self.family, self.saved.model.theta(etas), known, rows, rng)

    def _each(
        self,
        saved: SavedModel,
        betas: Sequence[Vector],
        rows: Table,
        rng: np.random.Generator,
        *,
        count: bool,
    ) -> Rows:
        """A draw for each row of a table; NaN where the model can say nothing."""
        request = self.request
        found = new_rows(saved.layout, rows, unseen=request.unseen, target=False)
        if count:
            self.tally.add(found)
        values = np.full(found.count, np.nan)
        if found.columns is None:
            return values
        engine = LocalEngine(found.columns, saved.predictors, known=saved.family.known)
        parts = []
        for block in engine.blocks():
            theta = saved.model.theta(saved.model.etas(block, betas))
            known = {key: block.known[key] for key in self.family.known}
            parts.append(draws(self.family, theta, known, len(block.y), rng))
        drawn = np.concatenate(parts)
        values[found.usable] = drawn
        if undrawn := int(np.isnan(drawn).sum()):
            self.tally.infinite[OUTSIDE_DOMAIN] += undrawn
        return values

    def _frame(self, kept: list[pl.Series], values: Rows, replication: int) -> pl.DataFrame:
        series = [*kept, self._series(values)]
        if self.request.replications > 1:
            number = pl.repeat(replication + 1, len(values), dtype=pl.Int64, eager=True)
            series = [number.alias(_REPLICATION), *series]
        return pl.DataFrame(series)

    def _series(self, values: Rows) -> pl.Series:
        numbers = pl.Series(self.target, values, nan_to_null=True)
        if self.classes:
            codes = pl.Series(range(len(self.classes)), dtype=pl.Float64)
            names = pl.Series(self.classes, dtype=pl.String)
            return numbers.replace_strict(codes, names, return_dtype=pl.String)
        return numbers.cast(pl.Int64) if self._whole else numbers


def simulate(
    data: Any = None,
    model: Any = None,
    *,
    at: str | Iterable[str] = (),
    keep: str | Iterable[str] = (),
    levels: Iterable[str] | None = None,
    **options: Any,
) -> pl.DataFrame:
    """Draw rows from a saved model, or from a family at given parameters.

    Args:
        data: a path or frame of which every row is given an outcome; None for none.
        model: a path of a document, or what `mlefit.fit` returned.
        at: values of the parameters of `family`, as for `--at`.
        keep: columns of the table to repeat, or "all".
        levels: of a family of levels.
        options: the further fields of `SimulateRequest`, named like the flags.

    Raises:
        MlefitError: the request or the data allow no draw.
    """
    request = SimulateRequest(
        data,
        model,
        at=_several(at),
        keep=_several(keep),
        levels=None if levels is None else tuple(levels),
        **options,
    )
    return pl.concat(list(prepare(request).frames()))


def draws(
    family: Family,
    theta: Sequence[Any],
    known: Mapping[str, Rows],
    rows: int,
    rng: np.random.Generator,
) -> Rows:
    """A draw of each row; NaN where the parameters are none of the family.

    A truncated distribution is drawn by its quantiles, which takes no longer where the range
    is far out.
    """
    theta = spread(theta, rows)
    inside = in_domain(family, theta)
    found = np.full(rows, np.nan)
    at = part(theta, inside)
    own = {key: values[inside] for key, values in known.items()}
    count = int(inside.sum())
    if not count:
        return found
    with np.errstate(all="ignore"):
        if family.is_truncated:
            u = rng.random(count)
            found[inside] = quantiles(family, np.maximum(u, 1e-300), 1 - u, at, own)
        else:
            found[inside] = family.sample(rng, *at, **own)
    return found


def prepare(request: SimulateRequest) -> Simulation:
    """Open model and table, and see whether they suit each other.

    Raises:
        MlefitError: they do not, or nothing says what to draw.
    """
    if (request.model is None) == (request.family is None):
        raise UsageError(
            "what is to be drawn: a saved model, or a family with its parameters?",
            tries=["--model m.json", "--family normal --at mu=0,sigma=1 --rows 100"],
        )
    source = None
    if request.data is not None:
        if request.rows is not None:
            raise UsageError(
                "--rows is for draws without a table: a table has its own rows",
                tries=["the same without --rows"],
            )
        source = open_source(request.data, input_format=request.input_format)
    found = _by_hand(request) if request.model is None else _of_model(request, source)
    keep = found.keep
    if source is not None:
        everything = tuple(name for name in source.schema if name != found.target)
        keep = everything if request.keep == (ALL,) else tuple(dict.fromkeys(request.keep))
        for name in keep:
            if name not in source.schema:
                raise missing_column(source, name)
        if found.target in keep:
            raise UsageError(
                f"--keep: the column {found.target!r} of the table would stand beside the one that "
                "is drawn",
                tries=["--keep all, which leaves it out"],
            )
    elif request.keep:
        raise UsageError("--keep repeats columns of a table, and none was given")
    notes = (*(() if source is None else source.notes), *found.notes)
    return replace(found, source=source, keep=keep, notes=notes)


def _by_hand(request: SimulateRequest) -> Simulation:
    assert request.family is not None
    if request.uncertainty:
        raise UsageError(
            "--uncertainty draws estimates, and --at gives numbers that are certain",
            tries=["the same without --uncertainty"],
        )
    family = family_by_hand(request.family, request.levels)
    law = Law(
        family,
        as_theta(family, parameters_at(family, request.at)),
        known_by_hand(family, {"trials": request.trials}),
    )
    if request.data is None and request.rows is None:
        raise UsageError("how many rows are to be drawn?", tries=["--rows 100"])
    return Simulation(
        request=request,
        target=_BY_HAND,
        classes=request.levels or (),
        family=family,
        source=None,
        saved=None,
        law=law,
        rows=request.rows or 0,
        keep=(),
        notes=(),
    )


def _of_model(request: SimulateRequest, source: Source | None) -> Simulation:
    if request.at:
        raise UsageError(
            "a saved model has its parameters, so --at gives them twice",
            tries=["the same without --at"],
        )
    saved = model_of(request.model)
    if source is not None:
        require_columns(source, saved.layout.inputs, saved)
    elif not saved.is_sample:
        raise UsageError(
            f"the rows of '{saved.name}' depend on covariates, so it needs a table of them",
            f"formula: {saved.record.model.formula}",
            tries=[f"mlefit simulate DATA --model {saved.name}"],
        )
    elif "trials" in saved.family.known and request.trials is None:
        raise UsageError(f"{saved.family.name} needs the number of trials", tries=["--trials 10"])
    if request.uncertainty and saved.covariance is None:
        raise UsageError(
            f"'{saved.name}' has no covariance of its estimates, so they cannot be drawn",
            tries=["the same without --uncertainty"],
        )
    record = saved.record
    notes = []
    if saved.family.is_censored:
        notes.append("values are drawn as they are, before any censoring")
    return Simulation(
        request=request,
        target=record.data.target,
        classes=saved.layout.target_levels,
        family=saved.family.uncensored,
        source=None,
        saved=saved,
        law=None,
        rows=request.rows or record.data.rows_used,
        keep=(),
        notes=tuple(notes),
    )


def _root(covariance: NDArray[Any]) -> NDArray[Any]:
    """The triangle L of L L' = V, which is the same on every machine."""
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:  # a sandwich of few clusters has not full rank
        scale = np.sqrt(np.maximum(np.diag(covariance), np.finfo(float).tiny))
        unit = covariance / np.outer(scale, scale) + _JITTER * np.eye(len(covariance))
        values, vectors = np.linalg.eigh(unit)
        return np.asarray(scale[:, None] * vectors * np.sqrt(np.maximum(values, 0.0)))


def _several(words: str | Iterable[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)
