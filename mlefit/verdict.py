"""Why there is no maximum, in the user's own columns, with commands that would work."""

from __future__ import annotations

from collections.abc import Sequence

from mlefit.design.coding import Column, Indicator, label_of
from mlefit.design.roles import Roles
from mlefit.design.table import Table
from mlefit.existence import Recession, plainest, recession
from mlefit.fisher import has_slope
from mlefit.maximise import Maximum

_MOST_REMOVED = 8  # terms in a remedy that is still read


def no_maximum(maximum: Maximum, roles: Roles, table: Table) -> str | None:
    """The sentence, its evidence and remedies, one a line; None if nothing runs away."""
    if maximum.recession is None:
        return None
    held = [] if maximum.penalty is None else maximum.penalty.positions
    found = plainest(maximum.model, maximum.engine, maximum.recession, held)
    columns = maximum.engine.predictors[0].columns
    moving = [columns[j] for j in found.moving]
    named = [column for column in moving if not column.is_intercept]
    target = roles.main.response_label
    rows = f"{found.rows} of {maximum.engine.columns.rows} rows"
    lines = [
        f"no maximum exists: {_reason(found, columns, named, table, target, maximum)}",
        f"  {_runaways(found, columns)}: {rows} are fitted ever better",
    ]
    without = [j for j in found.moving if not columns[j].is_intercept]
    if recession(maximum.model, maximum.engine, (*held, *without)) is not None:
        # what is left has another reason, so all that moves has to go
        without = [j for j in maximum.recession.moving if not columns[j].is_intercept]
    remedies = _remedies(roles, named, [columns[j] for j in without], maximum)
    if remedies:
        lines.append("  try:  " + "   or   ".join(remedies))
    return "\n".join(lines)


def _reason(
    found: Recession,
    columns: Sequence[Column],
    named: Sequence[Column],
    table: Table,
    target: str,
    maximum: Maximum,
) -> str:
    outcomes = _outcomes(maximum)
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


def _outcomes(maximum: Maximum) -> tuple[str, str]:
    """What the target is in rows whose linear predictor falls, and grows, without bound."""
    top = "all trials" if maximum.model.family.known else "1"
    words = {"lower": "0", "upper": top, None: ""}
    falling, growing = maximum.model.links[0].ends
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


def _runaways(found: Recession, columns: Sequence[Column]) -> str:
    up = [columns[j].label for j in found.moving if found.direction[j] > 0]
    down = [columns[j].label for j in found.moving if found.direction[j] < 0]
    parts = []
    if up:
        parts.append(f"the likelihood keeps rising as {_several(up)} grows to +infinity")
    if down:
        parts.append(f"{_several(down)} falls to -infinity")
    head = "" if up else "the likelihood keeps rising as "
    return head + " and ".join(parts)


def _remedies(
    roles: Roles, named: Sequence[Column], without: Sequence[Column], maximum: Maximum
) -> list[str]:
    """A prior, or leave out the rows that are fitted perfectly, or the terms that fit them."""
    remedies = ["--prior 'normal(0, 2.5)'"] if named else []
    if maximum.penalty is None and has_slope(maximum.model.family, maximum.model.links):
        remedies.append("--prior jeffreys")
    if not named:  # nothing that can be left out would help
        return remedies
    if len(named) == 1 and len(named[0].parts) == 1 and isinstance(named[0].parts[0], Indicator):
        name, _, level = named[0].label[:-1].partition("[")
        if name.isidentifier() and "'" not in level:
            remedies.append(f"--where \"{name} <> '{level}'\"")
    labels = {":".join(label_of(part.key) for part in column.parts) for column in without}
    if 0 < len(labels) <= _MOST_REMOVED and roles.target_source == "formula":
        less = " - ".join([roles.main.text.strip(), *sorted(labels)])
        remedies.append(f"'{less}'")
    return remedies


def _several(labels: Sequence[str]) -> str:
    return ", ".join(labels[:4]) + (", ..." if len(labels) > 4 else "")
