"""Tables of words: what there is to choose from, and what a command would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlefit.report.options import ReportOptions
from mlefit.results.fit import DryRun


def render(rows: Sequence[Mapping[str, str]], options: ReportOptions) -> str:
    """Rows with the same keys, in any of the formats."""
    columns = list(rows[0]) if rows else []
    cells = [[row[name] for name in columns] for row in rows]
    if options.format == "json":
        from mlefit.report import document

        return document.dumps(rows)
    if options.format in {"csv", "tsv"}:
        from mlefit.report import delimited

        return delimited.write_rows(columns, rows, options.format)
    if options.format == "md":
        from mlefit.report import markdown

        table = markdown.table(columns, cells, len(columns))
        return markdown.clean_lines(table, ascii_only=options.ascii_only) + "\n"
    from mlefit.report.text import Page

    page = Page(options)
    page.words(columns, cells)
    return page.text()


def dry_run(plan: DryRun, options: ReportOptions) -> str:
    """The reading of a command: as JSON the record itself, else one fact a row."""
    if options.format == "json":
        from mlefit.report import document

        return document.dumps(plan)
    return render([{"what": what, "value": value} for what, value in _facts(plan)], options)


def _facts(plan: DryRun) -> list[tuple[str, str]]:
    dropped = [f"{count:,} {cause.replace(':', ' ')}" for cause, count in plan.rows_dropped.items()]
    return [
        ("source", f"{plan.source} ({plan.format})"),
        ("rows", f"{plan.rows_used:,} of {plan.rows_read:,} used"),
        *[("dropped", cause) for cause in dropped],
        ("family", plan.family),
        ("target", f"{plan.target} (from {plan.target_source})"),
        ("features", f"{', '.join(plan.features) or 'none'} (from {plan.features_source})"),
        *[(f"formula of {name}", formula) for name, formula in plan.formulas.items()],
        *[(f"link of {name}", link) for name, link in plan.links.items()],
        (f"{len(plan.columns)} coefficients", ", ".join(plan.columns)),
    ]
