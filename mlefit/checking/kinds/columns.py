"""Whether the columns that the model reads are there, with values of the kind that it knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlefit.checking._base import Check, Sight, UnseenError
from mlefit.checking.day import Day
from mlefit.design.values import contents, is_number, numeric_names
from mlefit.prediction.saved import SavedModel
from mlefit.recoding import columns_of
from mlefit.source import Source


class Columns(Check):
    """See the module's docstring."""

    name = "columns"
    summary = "columns of the model, with their types"
    quantities = {"wrong": "columns that are absent or of another type"}
    by_default = {"fail": {"above": 0}}
    rows = True
    order = 0

    def observe(self, day: Day, given: Mapping[str, Any]) -> Iterator[Sight]:
        if day.source is None:
            raise UnseenError("a saved fit has no columns")
        names = columns_of(day.yesterday, clusters=True)
        wrong = list(_wrong(day.yesterday, day.source, names))
        message = f"all {len(names)} columns are there"
        if wrong:
            message = f"{len(wrong)} of {len(names)} columns: {wrong[0]}"
        yield Sight({"wrong": len(wrong)}, message, evidence=tuple(wrong[1:]))


def _wrong(model: SavedModel, source: Source, names: tuple[str, ...]) -> Iterator[str]:
    numeric = {
        name
        for factor, _ in model.roles.factors()
        if factor.label not in model.levels
        for name in numeric_names(factor.expression)
    }
    for name in names:
        if name not in source.schema:
            yield f"'{name}' is absent"
        elif name in numeric and not is_number(source.schema[name]):
            yield f"'{name}' holds {contents(source.schema[name])}, where the fit had numbers"


CHECK = Columns()
