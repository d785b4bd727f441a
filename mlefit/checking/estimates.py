"""Estimates by the names that checks call them: `x`, `sigma:z`, `sigma`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from mlefit.errors import UsageError, did_you_mean
from mlefit.frozen import frozen
from mlefit.prediction.saved import SavedModel
from mlefit.results.fit import FitResult

_MOST_LISTED = 12


@frozen
class Estimate:
    """One estimate of a fit.

    Attributes:
        value: of a coefficient on the link scale, of a plain parameter on its own.
        std_error: None where the fit gives none.
        ends: of its interval; None where it has none.
        key: parameter:term, as covariances call it; None of a derived quantity.
    """

    value: float
    std_error: float | None
    ends: tuple[float, float] | None
    key: str | None


def estimates(record: FitResult) -> dict[str, Estimate]:
    """All estimates of a fit by name; redundant columns have none."""
    first = next(iter(record.model.links))
    found: dict[str, Estimate] = {}
    for row in record.coefficients:
        name = row.term if row.parameter == first else f"{row.parameter}:{row.term}"
        _add(found, name, row, f"{row.parameter}:{row.term}")
    for one in record.parameters:
        _add(found, one.parameter, one, f"{one.parameter}:Intercept")
    for derived in record.derived:
        _add(found, derived.name, derived, None)
    return found


def _add(found: dict[str, Estimate], name: str, row: Any, key: str | None) -> None:
    if row.estimate is None or name in found:
        return
    given = row.conf_low is not None and row.conf_high is not None
    ends = (row.conf_low, row.conf_high) if given else None
    found[name] = Estimate(row.estimate, row.std_error, ends, key)


def chosen(known: Mapping[str, Estimate], patterns: Sequence[str]) -> Iterator[str]:
    """The names that some patterns stand for, each once.

    Raises:
        UsageError: a pattern that stands for none.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        # a name may hold the brackets that a pattern gives another meaning
        names = [pattern] if pattern in known else [n for n in known if _matches(n, pattern)]
        if not names:
            more = ", ..." if len(known) > _MOST_LISTED else ""
            raise UsageError(
                f"the fit has no term '{pattern}'",
                "terms: " + ", ".join(list(known)[:_MOST_LISTED]) + more,
                tries=[f'term = "{close}"' for close in did_you_mean(pattern, known)],
            )
        found |= dict.fromkeys(names)
    yield from found


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern.replace("[", "[[]"))


@frozen
class Move:
    """How far an estimate went from one day to the next.

    Attributes:
        before: yesterday's value.
        after: today's.
        difference: today's less yesterday's, on the link scale.
        std_error: of the difference.
        z: difference over its error.
    """

    before: float
    after: float
    difference: float
    std_error: float

    @property
    def z(self) -> float:
        """The difference in standard errors; 0 where nothing moved."""
        return self.difference / self.std_error if self.difference else 0.0

    @property
    def relative(self) -> float:
        """The change over yesterday's value; infinite from zero."""
        if self.after == self.before:
            return 0.0
        return abs(self.after - self.before) / abs(self.before) if self.before else float("inf")


def moves(baseline: SavedModel, today: SavedModel, *, exact: bool) -> dict[str, Move | None]:
    """The move of every estimate that both days have; None where one gives no error.

    Differences and errors are those of the link scale, where estimates are nearest to normal.
    """
    before, after = estimates(baseline.record), estimates(today.record)
    sides = [_on_links(baseline), _on_links(today)]
    found: dict[str, Move | None] = {}
    for name, one in before.items():
        other = after.get(name)
        if other is None or one.key is None:
            continue
        places = [side.get(one.key) for side in sides]
        if places[0] is None or places[1] is None:
            found[name] = None
            continue
        (old, old_variance), (new, new_variance) = places  # type: ignore[misc]
        variance = new_variance + (0.0 if exact else old_variance)
        found[name] = (
            Move(one.value, other.value, new - old, variance**0.5) if variance > 0 else None
        )
    return found


def _on_links(saved: SavedModel) -> dict[str, tuple[float, float]]:
    """Coefficient and variance by parameter:term."""
    if saved.covariance is None:
        return {}
    values = [float(b) for beta in saved.betas for b in beta]
    variances = saved.covariance.diagonal().tolist()
    return dict(zip(saved.names, zip(values, variances, strict=True), strict=True))
