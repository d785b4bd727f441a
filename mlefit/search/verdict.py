"""Why there is no maximum, in the user's own columns, with commands that would work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlefit.design.coding import Column, Indicator, label_of
from mlefit.design.roles import Roles
from mlefit.design.table import Table
from mlefit.search.maximum import Edge, Maximum

if TYPE_CHECKING:
    from mlefit.search.existence import Recession

_MOST_SIDES = 4

_MOST_REMOVED = 8  # terms in a remedy that is still read


def no_maximum(maximum: Maximum, roles: Roles, table: Table) -> str | None:
    """The sentence, its evidence and remedies, one a line; None if nothing runs away."""
    if maximum.edges:
        return _at_an_edge(maximum, roles)
    if maximum.recession is None:
        return None
    from mlefit.search.existence import plainest, recession

    held = [] if maximum.penalty is None else maximum.penalty.positions
    found = plainest(maximum.model, maximum.engine, maximum.recession, held)
    predictors, k = maximum.engine.predictors, found.parameter
    asked = predictors if k is None else predictors[k : k + 1]
    columns = [column for predictor in asked for column in predictor.columns]
    labels = [column.label for column in columns] if k is not None else _all_labels(maximum)
    moving = [columns[j] for j in found.moving]
    named = list(dict.fromkeys(column for column in moving if not column.is_intercept))
    target = roles.main.response_label
    rows = f"{found.rows} of {maximum.engine.stands_for} rows"
    reason = (
        _told_apart(found, moving, target)
        if found.sides
        else _reason(found, columns, named, table, target, maximum)
    )
    lines = [
        f"no maximum exists: {reason}",
        f"  {_runaways(found, labels)}: {rows} are fitted ever better",
    ]
    without = [j for j in found.moving if not columns[j].is_intercept]
    gone = (*held, *(found.first + j for j in without))
    if recession(maximum.model, maximum.engine, gone) is not None:
        # what is left has another reason, so all that moves has to go
        without = [j for j in maximum.recession.moving if not columns[j].is_intercept]
    further = maximum.model.family.parameters[k].name if k else None
    remedies = _remedies(roles, moving, [columns[j] for j in without], maximum, further)
    if remedies:
        lines.append("  try:  " + "   or   ".join(remedies))
    return "\n".join(lines)


def _all_labels(maximum: Maximum) -> list[str]:
    """The coefficients of all parameters, each with its parameter."""
    parameters = zip(maximum.model.family.parameters, maximum.engine.predictors, strict=True)
    return [
        f"{parameter.name}:{column.label}" if predictor.size > 1 else parameter.name
        for parameter, predictor in parameters
        for column in predictor.columns
    ]


def edges_in_words(maximum: Maximum) -> str:
    """What a reader is told of the edges that the maximum is at; empty if it is inside."""
    whole = maximum.engine.stands_for
    return "; ".join(
        edge.limit.words
        if edge.rows in (None, whole)
        else f"no maximum exists: {_edge_reached(edge)} in {edge.rows:,} of {whole:,} rows"
        for edge in maximum.edges
    )


def _at_an_edge(maximum: Maximum, roles: Roles) -> str:
    lines = [edges_in_words(maximum)]
    if maximum.runs_to_edge:
        lines.append("  the likelihood keeps rising on the way, so no error would mean anything")
        lines.append(
            "  try:  " + "   or   ".join(_held_inside(edge, roles) for edge in maximum.edges)
        )
        return "\n".join(lines)
    reached = " and ".join(_edge_reached(edge) for edge in maximum.edges)
    name = maximum.model.family.name
    lines.append(f"  {reached}, where {maximum.wanted.family.name} becomes {name}: the rest is its")
    lines.append(f"  try:  --family {name}")
    return "\n".join(lines)


def _edge_reached(edge: Edge) -> str:
    domain = edge.model.family.parameters[edge.position].domain
    end = domain.lower if edge.limit.end == "lower" else domain.upper
    return f"{edge.limit.parameter} goes to {f'{end:g}'.replace('inf', 'infinity')}"


def _held_inside(edge: Edge, roles: Roles) -> str:
    """What keeps a parameter from its edge: another family, a value, or no covariates."""
    name = edge.limit.parameter
    if edge.limit.instead is not None:
        return f"--family {edge.limit.instead}"
    if len(edge.predictor.columns) > 1:
        return f"leave out --model '{roles.formulas[name].text}'"
    domain = edge.model.family.parameters[edge.position].domain
    if edge.limit.end == "lower":
        return f"--fix {name}={domain.lower + 0.01 if math.isfinite(domain.lower) else -100:g}"
    return f"--fix {name}={domain.upper - 0.01 if math.isfinite(domain.upper) else 100:g}"


def _reason(
    found: Recession,
    columns: Sequence[Column],
    named: Sequence[Column],
    table: Table,
    target: str,
    maximum: Maximum,
) -> str:
    outcomes = _outcomes(maximum, found.parameter or 0)
    if not named:
        return f"{target!r} is {outcomes[found.growing > 0]} in every row"
    if bool(found.growing) != bool(found.falling):
        with_intercept = len(found.moving) > len(named)
        base = _base_level(named, table) if with_intercept else None
        cells = _listed(named) if _are_cells(named) and not with_intercept else base
        if cells is not None:
            return f"{target!r} is {outcomes[found.growing > 0]} in every row of {cells}"
    if len(named) == 1 and not isinstance(named[0].parts[0], Indicator) and len(found.moving) == 2:
        return _threshold(found, columns, named[0], target, outcomes)
    which = "a combination of " if len(named) > 1 else ""
    sides = [outcomes[side] for side, rows in enumerate((found.falling, found.growing)) if rows]
    outcome = " and where it is ".join(sides)
    return f"{which}{_listed(named)} tells the rows where {target!r} is {outcome}"


def _are_cells(named: Sequence[Column]) -> bool:
    """Whether these are cells of one term of factors, and so no row is in two of them."""
    terms = {tuple(part.key for part in column.parts) for column in named}
    parts = [part for column in named for part in column.parts]
    return len(terms) == 1 and all(isinstance(part, Indicator) for part in parts)


def _listed(named: Sequence[Column]) -> str:
    return ", ".join(column.label for column in named[:6]) + (", ..." if len(named) > 6 else "")


def _told_apart(found: Recession, moving: Sequence[Column], target: str) -> str:
    """Which levels of the target some columns tell apart without exception."""
    named = list(dict.fromkeys(column for column in moving if not column.is_intercept))
    if (level := _only_level(moving)) is not None:
        seen = list(dict.fromkeys(own for own, _ in found.sides))
        never = dict.fromkeys(other for _, other in found.sides if other not in seen)
        return (
            f"in every row of {level} {target!r} is {_either(seen)}, never {_either(list(never))}"
        )
    others: dict[str, list[str]] = {}
    for own, other in found.sides:
        others.setdefault(own, []).append(other)
    own = max(others, key=lambda side: len(others[side]))
    names = _several([column.label for column in named]) or "the intercepts"
    which = "a combination of " if len(named) > 1 else ""
    return (
        f"{which}{names} separates the rows where {target!r} is {own} from those where it is "
        f"{_either(others[own])}"
    )


def _only_level(moving: Sequence[Column]) -> str | None:
    """The level of a factor whose column alone moves: with an intercept it would be another."""
    if len(set(moving)) != 1 or len(moving[0].parts) != 1:
        return None
    return moving[0].label if isinstance(moving[0].parts[0], Indicator) else None


def _either(sides: Sequence[str]) -> str:
    return " or ".join(sides[:_MOST_SIDES]) + " or ..." * (len(sides) > _MOST_SIDES)


def _outcomes(maximum: Maximum, k: int) -> tuple[str, str]:
    """What the target is in rows whose linear predictor falls, and grows, without bound."""
    family = maximum.model.family
    further = family.further_escapes.get(family.parameters[k].name)
    lower, upper = family.runaways if further is None else (further.lower, further.upper)
    words = {"lower": lower, "upper": upper, None: ""}
    falling, growing = maximum.model.ends_of(k)
    return words[falling], words[growing]


def _base_level(named: Sequence[Column], table: Table) -> str | None:
    """The base level of a factor all of whose other levels move: `g[a]`."""
    parts = [column.parts[0] for column in named if len(column.parts) == 1]
    keys = {part.key for part in parts}
    if len(parts) != len(named) or len(keys) != 1:
        return None
    factor = label_of(keys.pop())
    levels = table.levels.get(factor, ())
    return f"{factor}[{levels[0]}]" if levels and len(named) == len(levels) - 1 else None


def _threshold(
    found: Recession, columns: Sequence[Column], named: Column, target: str, outcomes: Sequence[str]
) -> str:
    j = columns.index(named)
    value = f"{-found.direction[0] / found.direction[j]:.4g}"
    above, below = (">", "<") if found.direction[j] > 0 else ("<", ">")
    sides = []
    if found.growing:
        sides.append(f"{outcomes[1]} in every row with {named.label} {above} {value}")
    if found.falling:
        sides.append(f"{outcomes[0]} in every row with {named.label} {below} {value}")
    return f"{named.label} separates the rows: {target!r} is {' and '.join(sides)}"


def _runaways(found: Recession, labels: Sequence[str]) -> str:
    up = [labels[j] for j in found.moving if found.direction[j] > 0]
    down = [labels[j] for j in found.moving if found.direction[j] < 0]
    parts = []
    if up:
        parts.append(f"the likelihood keeps rising as {_several(up)} grows to +infinity")
    if down:
        parts.append(f"{_several(down)} falls to -infinity")
    head = "" if up else "the likelihood keeps rising as "
    return head + " and ".join(parts)


def _remedies(
    roles: Roles,
    moving: Sequence[Column],
    without: Sequence[Column],
    maximum: Maximum,
    further: str | None,
) -> list[str]:
    """A prior, or leave out the rows that are fitted perfectly, or the terms that fit them."""
    named = list(dict.fromkeys(column for column in moving if not column.is_intercept))
    remedies = ["--prior 'normal(0, 2.5)'"] if named else []
    if named and further is not None:
        remedies = [f"--prior '{further}:{column.label} ~ normal(0, 2.5)'" for column in named[:1]]
    from mlefit.search.fisher import has_slope

    if maximum.penalty is None and has_slope(maximum.model.family, maximum.model.links):
        remedies.append("--prior jeffreys")
    if not named:  # nothing that can be left out would help
        return remedies
    if (only := _only_level(moving)) is not None:
        name, _, level = only[:-1].partition("[")
        if name.isidentifier() and "'" not in level:
            remedies.append(f"--where \"{name} <> '{level}'\"")
    labels = {":".join(label_of(part.key) for part in column.parts) for column in without}
    is_first = further is None and roles.target_source == "formula"
    if 0 < len(labels) <= _MOST_REMOVED and is_first:
        less = " - ".join([roles.main.text.strip(), *sorted(labels)])
        remedies.append(f"'{less}'")
    return remedies


def _several(labels: Sequence[str]) -> str:
    return ", ".join(labels[:4]) + (", ..." if len(labels) > 4 else "")
