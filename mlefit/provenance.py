"""Where the numbers of a fit come from: the file, its rows and its columns."""

from __future__ import annotations

from typing import Any

from mlefit.design.roles import Roles
from mlefit.design.table import Table
from mlefit.request import Request
from mlefit.results import fit as results
from mlefit.source import Numbered, Source


def data_info(
    request: Request, source: Source, roles: Roles, rows: Numbered, table: Table
) -> results.DataInfo:
    """Which rows and columns were used."""
    weights = {
        kind: column
        for kind, column in (
            ("frequency", request.freq_weights),
            ("precision", request.precision_weights),
            ("sampling", request.sampling_weights),
        )
        if column is not None
    }
    return results.DataInfo(
        source=source.name,
        format=source.format,
        rows_read=rows.ledger.read,
        rows_used=rows.ledger.used,
        rows_dropped=rows.ledger.dropped,
        target=roles.main.response_label,
        target_source=roles.target_source,
        features=roles.features,
        features_source=roles.features_source,
        weights=next(({"kind": k, "column": c} for k, c in weights.items()), None),
        offset=request.offset,
        exposure=request.exposure,
        trials=request.trials,
        cluster=request.cluster,
        where=request.where,
        censoring=_censoring(request, table),
        truncation=_truncation(request),
        others=roles.others if roles.has_dot else None,
        target_range=(table.facts.least, table.facts.most),
    )


def _censoring(request: Request, table: Table) -> dict[str, Any] | None:
    """Which flags told that values were not seen, and of how many rows."""
    if not table.seen:
        return None
    flags = ("event", "lower", "upper", "censored_below", "censored_above")
    told = {flag: getattr(request, flag) for flag in flags}
    return {flag: value for flag, value in told.items() if value is not None} | {
        "rows": dict(table.seen)
    }


def _truncation(request: Request) -> dict[str, float] | None:
    """The range outside which no value could be seen."""
    ends = {"below": request.truncated_below, "above": request.truncated_above}
    return {end: value for end, value in ends.items() if value is not None} or None
