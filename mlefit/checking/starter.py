"""A checks file to start from, and the list of what a command would check."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mlefit.checking import kinds
from mlefit.checking._base import Check
from mlefit.checking.file import ALPHA, SCHEMA, checks_of
from mlefit.checking.opening import baseline_of
from mlefit.checking.options import toml
from mlefit.checking.plan import plan
from mlefit.request import CheckRequest

_HEAD = f"""\
schema = "{SCHEMA}"

# Keys inside one table of conditions are joined by "and"; leave a level out and it does not
# exist. A condition holds only where chance does not explain it: its p-value is below alpha.

[model]
{{baseline}}
[defaults]
alpha = {ALPHA}
"""


def text(request: CheckRequest) -> str:
    """A checks file with the default checks, and the others behind comment signs.

    Raises:
        UsageError: the baseline is none.
    """
    named = request.baseline
    if named is None:
        baseline = '# baseline = "model.json"\n'
    else:
        model = baseline_of(named, None)
        family = json.dumps(model.record.model.family)
        baseline = f"baseline = {json.dumps(str(named))}\nfamily = {family}\n"
    blocks = [_block(check) for check in kinds.every()]
    return _HEAD.format(baseline=baseline) + "".join(f"\n{block}" for block in blocks)


def _block(check: Check) -> str:
    """A check in TOML; commented out if it is not run by default."""
    comment = [f"# {check.summary}"]
    comment += [f"#   {name}: {words}" for name, words in check.quantities.items()]
    lines = ["[[check]]", f'type = "{check.name}"']
    for key, option in check.options.items():
        value = option.example if option.default is None else option.default
        lines.append(f"{key} = {toml(value)}")
    tables = check.by_default or {"fail": check.example}
    lines += [f"{level} = {toml(table)}" for level, table in tables.items()]
    off = check.by_default is None or check.in_place_of_rows
    return "\n".join([*comment, *(f"# {line}" if off else line for line in lines)]) + "\n"


def listed(request: CheckRequest) -> list[dict[str, str]]:
    """One row for each check that the command would run.

    Raises:
        UsageError: the checks file or a name is wrong.
    """
    file = checks_of(request)
    compares = request.baseline is not None or file is None or file.baseline is not None
    return list(_rows(request, file, compares))


def _rows(request: CheckRequest, file: Any, compares: bool) -> Iterator[dict[str, str]]:
    for one in plan(request, file, compares=compares, has_rows=True):
        yield {
            "check": one.name,
            "type": one.check.name,
            "fails if": "" if one.levels.fail is None else str(one.levels.fail),
            "warns if": "" if one.levels.warn is None else str(one.levels.warn),
            "looks at": one.check.summary,
        }
