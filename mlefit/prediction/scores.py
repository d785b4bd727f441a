"""What a saved model says of a row: each group of columns from the row's linear predictors.

A group is a function of `Seen` rows that returns columns; `GROUPS` is the list of them. What needs
a target is NaN in rows without one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows
from mlefit.design.blocks import Block
from mlefit.diagnosis.influence import Group
from mlefit.diagnosis.residuals import censored_residuals, quantile_residuals
from mlefit.errors import UsageError
from mlefit.families._base import Family, Probability, in_domain, part
from mlefit.families._conditioned import LOWER, UPPER
from mlefit.frozen import frozen
from mlefit.prediction.centre import RowSpread
from mlefit.prediction.outcome import limits
from mlefit.prediction.saved import SavedModel

Columns = Mapping[str, NDArray[Any]]


@frozen
class Wanted:
    """Which columns, and how.

    Attributes:
        groups: names in `GROUPS`.
        residuals: which kind.
        quantiles: levels of an outcome.
        level: coverage of intervals.
        uncertainty: whether limits of an outcome count that the estimates are not certain.
    """

    groups: tuple[str, ...]
    residuals: str = "quantile"
    quantiles: tuple[float, ...] = ()
    level: float = 0.95
    uncertainty: bool = True


@frozen
class Seen:
    """A block of rows through a saved model.

    Attributes:
        saved: the model.
        wanted: which columns.
        block: the rows; those that are not scored have a target of 0.
        scored: which of them have a target, shape (m,).
        position: number of each row among all, shape (m,).
    """

    saved: SavedModel
    wanted: Wanted
    block: Block
    scored: NDArray[np.bool_]
    position: NDArray[np.intp]

    @property
    def size(self) -> int:
        """Rows."""
        return len(self.block.y)

    @property
    def known(self) -> Mapping[str, Rows]:
        """Known quantities of the distribution."""
        return self.block.known

    @cached_property
    def etas(self) -> list[Rows]:
        """Linear predictors; NaN where a link leads out of the domain, as identity may."""
        model = self.saved.model
        etas = model.etas(self.block, self.saved.betas)
        inside = in_domain(model.family, model.theta(etas))
        return etas if np.all(inside) else [np.where(inside, eta, np.nan) for eta in etas]

    @cached_property
    def theta(self) -> tuple[Any, ...]:
        """Parameters."""
        return self.saved.model.theta(self.etas)

    @cached_property
    def spread(self) -> RowSpread | None:
        """How sure the predictors are; None where the fit does not say."""
        covariance = self.saved.covariance
        return None if covariance is None else RowSpread(self.block.designs, covariance)

    @cached_property
    def judged(self) -> Judged:
        """The rows that have a target."""
        at = np.flatnonzero(self.scored)
        return Judged(
            at,
            self.block.y[at],
            part(self.theta, at),
            {key: values[at] for key, values in self.known.items()},
            self.position[at],
        )

    def whole(self, at: NDArray[np.intp], values: Rows) -> Rows:
        """Values of some rows as values of all, the others NaN."""
        found = np.full(self.size, np.nan)
        found[at] = values
        return found


@frozen
class Judged:
    """Rows with a target: where they are, targets, parameters, known quantities, positions."""

    at: NDArray[np.intp]
    y: Rows
    theta: Sequence[Any]
    known: Mapping[str, Rows]
    position: NDArray[np.intp]

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """Which of the targets are only known to lie in an interval."""
        if LOWER not in self.known:
            return np.zeros(len(self.y), dtype=bool)
        return np.asarray(self.known[LOWER] != self.known[UPPER])


def fitted(rows: Seen) -> Columns:
    """The mean of an outcome, its error and its interval."""
    centre = rows.saved.centre
    found = {"fitted": _every(centre.at(rows.etas, rows.known), rows.size)}
    names = ("std_error", "conf_low", "conf_high")
    if rows.spread is None:
        return found | {name: np.full(rows.size, np.nan) for name in names}
    quantile = rows.saved.reference.quantile(rows.wanted.level)
    interval = centre.interval(rows.etas, rows.known, rows.spread, quantile)
    return found | {
        name: _every(values, rows.size) for name, values in zip(names, interval, strict=True)
    }


def outcome(rows: Seen) -> Columns:
    """Limits of a new outcome."""
    tail = (1 - rows.wanted.level) / 2
    low, high = _limits(rows, (tail, 1 - tail))
    return {"pred_low": low, "pred_high": high}


def quantiles(rows: Seen) -> Columns:
    """Quantiles of a new outcome."""
    levels = rows.wanted.quantiles
    names = [quantile_name(level) for level in levels]
    return dict(zip(names, _limits(rows, levels), strict=True))


def _limits(rows: Seen, levels: Sequence[float]) -> list[Rows]:
    spread = rows.spread if rows.wanted.uncertainty else None
    allowed = np.isfinite(np.sum(np.broadcast_arrays(*rows.etas), axis=0))
    found = limits(rows.saved.model, rows.etas, rows.known, spread, levels)
    return [np.where(allowed, limit, np.nan) for limit in found]


def classes(rows: Seen) -> Columns:
    """The probability of every class, and the most probable one."""
    levels = class_names(rows.saved)
    density = rows.saved.family.log_density
    codes = range(len(levels))
    heights = [density(np.full(rows.size, float(k)), *rows.theta, **rows.known) for k in codes]
    chances = [_every(np.exp(height), rows.size) for height in heights]
    best = np.array(levels, dtype=object)[np.argmax(chances, axis=0)]
    return {f"p[{level}]": p for level, p in zip(levels, chances, strict=True)} | {CLASS: best}


def parameters(rows: Seen) -> Columns:
    """Every parameter of the row's distribution."""
    pairs = zip(rows.saved.family.parameters, rows.theta, strict=True)
    return {
        parameter.name: _every(value.p if isinstance(value, Probability) else value, rows.size)
        for parameter, value in pairs
    }


def residual(rows: Seen) -> Columns:
    """How far each target lies from what was predicted."""
    kind = {
        "quantile": _quantile_residuals,
        "deviance": _deviance_residuals,
        "pearson": _pearson_residuals,
        "response": _response_residuals,
    }[rows.wanted.residuals]
    return {"residual": rows.whole(rows.judged.at, kind(rows))}


def nll(rows: Seen) -> Columns:
    """Minus the log-density of each target."""
    judged = rows.judged
    density = rows.saved.family.log_density(judged.y, *judged.theta, **judged.known)
    return {"nll": rows.whole(judged.at, -_every(density, len(judged.y)))}


def influence(rows: Seen) -> Columns:
    """Leverage, and Cook's distance."""
    saved = rows.saved
    bread = bread_of(saved)
    assert bread is not None
    terms = saved.model.row_terms(rows.block, saved.betas, saved.model.leverage_kind)
    group = Group.of(saved.family, [len(beta) for beta in saved.betas])
    found = group.influence(rows.block, terms, group.own(bread))
    names = ("leverage", "cooks_distance")
    return {
        name: np.where(rows.scored, values, np.nan)
        for name, values in zip(names, found, strict=True)
    }


GROUPS: Mapping[str, Callable[[Seen], Columns]] = {
    "fitted": fitted,
    "outcome": outcome,
    "quantiles": quantiles,
    "classes": classes,
    "parameters": parameters,
    "residual": residual,
    "nll": nll,
    "influence": influence,
}
"""Every group of columns, in the order they stand in."""

CLASS = "class"
"""The one column that holds no number."""


def names_of(saved: SavedModel, wanted: Wanted) -> tuple[str, ...]:
    """The columns of the groups that are wanted, in order."""
    every = {
        "fitted": ("fitted", "std_error", "conf_low", "conf_high"),
        "outcome": ("pred_low", "pred_high"),
        "quantiles": tuple(map(quantile_name, wanted.quantiles)),
        "classes": (*(f"p[{level}]" for level in class_names(saved)), CLASS),
        "parameters": tuple(parameter.name for parameter in saved.family.parameters),
        "residual": ("residual",),
        "nll": ("nll",),
        "influence": ("leverage", "cooks_distance"),
    }
    return tuple(name for group in wanted.groups for name in every[group])


NEED_TARGET = ("residual", "nll", "influence")


def quantile_name(level: float) -> str:
    """The column of a quantile: q0.1."""
    return f"q{level:.12g}"


def class_names(saved: SavedModel) -> Sequence[str]:
    """The classes of a target, in the order of their codes."""
    return saved.layout.target_levels or ("0", "1")


def bread_of(saved: SavedModel) -> Matrix | None:
    """The inverse information of the coefficients; None if the fit has saved something else."""
    model, covariance = saved.record.model, saved.covariance
    if covariance is None or model.se_kind not in ("observed", "expected", "quasi"):
        return None
    if model.se_kind == "quasi":
        return covariance / saved.record.diagnostics["dispersion"]
    if model.small_sample:
        fit = saved.record.fit
        return covariance * fit.df_residual / fit.nobs
    return covariance


def require(saved: SavedModel, wanted: Wanted) -> None:
    """Whether the model has all columns that are asked for.

    Raises:
        UsageError: it has not, with the reason.
    """
    family = saved.family
    ordered = type(family.uncensored).log_cdf is not Family.log_cdf
    numbers = not family.support.levels
    for group in wanted.groups:
        if group in ("fitted", "outcome", "quantiles") and not numbers:
            raise _none(group, f"the outcome of {family.name} is a class", "--what classes")
        if group in ("outcome", "quantiles") and not ordered:
            raise _none(group, f"the values of {family.name} have no order", "--what fitted")
        if group == "classes" and not (family.support.binary or family.support.levels):
            raise _none(group, f"the outcome of {family.name} is a number", "--what fitted")
        if group == "influence" and bread_of(saved) is None:
            kind = saved.record.model.se_kind
            reason = f"the covariance of the fit ({kind}) is no inverse information"
            raise _none(group, reason, "mlefit fit ... --se observed -o model.json")
        if group == "residual":
            _require_residual(saved, wanted.residuals, ordered=ordered, numbers=numbers)


def _require_residual(saved: SavedModel, kind: str, *, ordered: bool, numbers: bool) -> None:
    family = saved.centre.family
    able = {
        "quantile": ordered,
        "deviance": type(family).unit_deviance is not Family.unit_deviance,
        "pearson": type(family).variance is not Family.variance,
        "response": numbers,
    }
    if not able[kind]:
        tries = [f"--residuals {other}" for other, has in able.items() if has]
        raise UsageError(f"{family.name} has no {kind} residuals", tries=tries[:2])


def _none(group: str, reason: str, remedy: str) -> UsageError:
    return UsageError(f"--what {group}: {reason}", tries=[remedy])


def _quantile_residuals(rows: Seen) -> Rows:
    family, judged, hidden = rows.saved.family.uncensored, rows.judged, rows.judged.hidden
    known = {key: judged.known[key] for key in family.known}
    found = np.empty(len(judged.y))
    for mask in (~hidden, hidden):
        if not mask.any():
            continue
        at = part(judged.theta, mask)
        own = {key: values[mask] for key, values in known.items()}
        place = judged.position[mask]
        if mask is hidden:
            ends = judged.known[LOWER][mask], judged.known[UPPER][mask]
            found[mask] = censored_residuals(family, ends, at, own, place)
        else:
            residuals = quantile_residuals(family, judged.y[mask], at, own, place)
            assert residuals is not None
            found[mask] = residuals
    return found


def _response_residuals(rows: Seen) -> Rows:
    judged = rows.judged
    mean = _every(rows.saved.centre.at(rows.etas, rows.known), rows.size)[judged.at]
    return np.where(judged.hidden, np.nan, judged.y - mean)


def _pearson_residuals(rows: Seen) -> Rows:
    judged, family = rows.judged, rows.saved.centre.family
    known = {key: judged.known[key] for key in family.known}
    variance = family.variance(*judged.theta, **known)
    assert variance is not None
    return _response_residuals(rows) / np.sqrt(variance)


def _deviance_residuals(rows: Seen) -> Rows:
    judged, family = rows.judged, rows.saved.centre.family
    known = {key: judged.known[key] for key in family.known}
    deviance = family.unit_deviance(judged.y, *judged.theta, **known)
    assert deviance is not None
    if rows.block.precision is not None:
        deviance = deviance * rows.block.precision[judged.at]
    response = _response_residuals(rows)
    return np.sign(response) * np.sqrt(np.maximum(deviance, 0.0))


def _every(values: Any, size: int) -> Rows:
    return np.broadcast_to(np.asarray(values, dtype=float), size)
