"""The checks file: TOML, read strictly, with the line of everything that is wrong.

schema = "mlefit/checks/1"

[model]
baseline = "models/yesterday.json"

[[check]]
type = "fit_gap"
fail = { above = 0.02 }
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from mlefit.checking import kinds
from mlefit.checking._base import Check, Levels, Planned
from mlefit.checking.conditions import condition
from mlefit.checking.options import options_of
from mlefit.errors import UsageError, did_you_mean
from mlefit.frozen import frozen
from mlefit.request import CheckRequest

SCHEMA = "mlefit/checks/1"
ALPHA = 0.0002
"""Significance that must accompany an effect, if nothing else is said.

Of unchanged days at most one in a thousand is to fail, few rows and several checks included.
"""

_HEAD = re.compile(r"\s*\[\[\s*check\s*\]\]")
_COMMON = ("type", "name", "warn", "fail", "alpha")
_TABLES: Mapping[str, Mapping[str, type]] = {
    "data": {"target": str, "where": str},
    "model": {"family": str, "formula": str, "baseline": str, "baseline_is": str},
    "defaults": {"alpha": float},
}
_IS = ("estimate", "exact")
_WORDS = {str: "a text", float: "a number"}


@frozen
class ChecksFile:
    """What a checks file says.

    Attributes:
        path: where it stands.
        planned: its checks.
        target: column that the model must be of; None if it does not say.
        where: predicate that selects rows.
        family: of the model.
        formula: of the model, where there is no baseline.
        baseline: document of the baseline, found from the file's own directory.
        exact: whether the baseline is a specification.
        alpha: significance of checks that name none.
    """

    path: Path
    planned: tuple[Planned, ...] = ()
    target: str | None = None
    where: str | None = None
    family: str | None = None
    formula: str | None = None
    baseline: Path | None = None
    exact: bool = False
    alpha: float = ALPHA


def checks_of(request: CheckRequest) -> ChecksFile | None:
    """The checks file that a request names; None if it names none.

    Raises:
        UsageError: it cannot be read, or says something that is not understood.
    """
    return None if request.checks is None else read_checks(Path(request.checks))


def read_checks(path: Path) -> ChecksFile:
    """Read a checks file.

    Raises:
        UsageError: it cannot be read, or says something that is not understood.
    """
    text = _text(path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"'{path}' is no TOML: {error}") from error
    lines = _Lines(path, text.splitlines())
    schema = document.pop("schema", SCHEMA)
    if schema != SCHEMA:
        raise UsageError(f"{lines.at('schema')}: the schema is {schema!r}, this reads {SCHEMA!r}")
    found = document.pop("check", [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise UsageError(f"{lines.at('check')}: checks are written [[check]]")
    said = {table: _table(document.pop(table, {}), table, lines) for table in _TABLES}
    _refuse_unknown(document, _TABLES, lines, f"'{path}'")
    model, data = said["model"], said["data"]
    known_as = model.get("baseline_is", _IS[0])
    if known_as not in _IS:
        raise UsageError(f"{lines.at('baseline_is')}: baseline_is must be one of {', '.join(_IS)}")
    alpha = said["defaults"].get("alpha", ALPHA)
    baseline = model.get("baseline")
    return ChecksFile(
        path=path,
        planned=tuple(
            _planned(one, alpha, lines.head(number), lines) for number, one in enumerate(found)
        ),
        target=data.get("target"),
        where=data.get("where"),
        family=model.get("family"),
        formula=model.get("formula"),
        baseline=None if baseline is None else path.parent / baseline,
        exact=known_as == "exact",
        alpha=alpha,
    )


def by_default(check: Check, alpha: float) -> Planned:
    """A check with the levels that it has without a checks file."""
    return Planned(
        check,
        check.name,
        levels_of(check, check.by_default or {}, f"the default of {check.name}"),
        alpha,
        options_of(check.options, {}, check.name),
    )


def levels_of(check: Check, tables: Mapping[str, Any], where: str) -> Levels:
    """When a check warns and fails.

    Raises:
        UsageError: a condition that the check cannot be asked about.
    """
    quantities = list(check.quantities)
    made = {}
    for level in ("warn", "fail"):
        table = tables.get(level)
        if table is None:
            continue
        if not isinstance(table, Mapping):
            raise UsageError(f"'{level}' of {where} must be a table, such as {{ above = 0.02 }}")
        made[level] = condition(table, quantities, f"'{level}' of {where}")
    return Levels(**made)


def _planned(table: Mapping[str, Any], alpha: float, line: int, lines: _Lines) -> Planned:
    kind = table.get("type")
    where = f"the check in line {line} of '{lines.path}'"
    if kind not in kinds.NAMES:
        close = did_you_mean(str(kind), kinds.NAMES)
        problem = f"{where} has no type" if kind is None else f"{where} has the type {kind!r}"
        raise UsageError(
            problem,
            f"types: {', '.join(kinds.NAMES)}",
            tries=[f'type = "{name}"' for name in close],
        )
    check = kinds.load(kind)
    _refuse_unknown(table, (*_COMMON, *check.options), lines, where, line)
    if "warn" not in table and "fail" not in table:
        raise UsageError(f"{where} has neither 'warn' nor 'fail', so it can never tell anything")
    name = table.get("name", kind)
    own = table.get("alpha", alpha)
    if not isinstance(name, str) or not name:
        raise UsageError(f"'name' of {where} must be a text")
    if not isinstance(own, float) or not 0 < own < 1:
        raise UsageError(f"'alpha' of {where} must be a number between 0 and 1")
    return Planned(
        check,
        name,
        levels_of(check, table, where),
        own,
        options_of(check.options, table, where),
        line,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UsageError(
            f"no checks file '{path}'", tries=["mlefit check --init > checks.toml"]
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read '{path}': {error}") from error


def _table(found: Any, name: str, lines: _Lines) -> Mapping[str, Any]:
    known = _TABLES[name]
    if not isinstance(found, dict):
        raise UsageError(f"{lines.at(name)}: '{name}' must be a table, [{name}]")
    _refuse_unknown(found, known, lines, f"[{name}]")
    for key, value in found.items():
        if not isinstance(value, known[key]):
            raise UsageError(f"{lines.at(key)}: '{key}' must be {_WORDS[known[key]]}")
    return found


def _refuse_unknown(
    found: Iterable[str], known: Iterable[str], lines: _Lines, where: str, after: int = 0
) -> None:
    known = list(known)
    for key in found:
        if key not in known:
            raise UsageError(
                f"{lines.at(key, after)}: {where} has no key '{key}'",
                f"it takes: {', '.join(known)}",
                tries=did_you_mean(key, known),
            )


@frozen
class _Lines:
    """The text, to tell where something stands; TOML itself keeps no lines."""

    path: Path
    lines: list[str] = field(repr=False)

    def head(self, number: int) -> int:
        """The line of the so-manieth [[check]]."""
        heads = [at for at, line in enumerate(self.lines, start=1) if _HEAD.match(line)]
        return heads[number] if number < len(heads) else 1

    def at(self, key: str, after: int = 0) -> str:
        """Path and line of the first place of a key behind a line."""
        wanted = re.compile(rf"\s*(\[+\s*)?[\"']?{re.escape(key)}[\"']?\s*[=\].]")
        for number, line in enumerate(self.lines[after:], start=after + 1):
            if wanted.match(line):
                return f"{self.path}, line {number}"
        return str(self.path)
