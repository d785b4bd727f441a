"""The report of a fit that a person reads, in a terminal or in a pipe."""

from __future__ import annotations

from mlefit.report import estimates, tested, wording
from mlefit.report.options import ReportOptions
from mlefit.report.sections import Section
from mlefit.report.text import Page, heading
from mlefit.results.fit import FitResult


def render(result: FitResult, options: ReportOptions) -> str:
    """The whole report, or only the table that was asked for."""
    page = Page(options)
    if options.table == "terms":
        _tables(page, result)
    elif options.table == "fit":
        page.line(wording.fit_pieces(result), "    ")
    elif options.table == "path":
        from mlefit.report import path

        page.grid(path.whole(result))
    elif options.table == "derived":
        for grid in filter(None, [estimates.derived(result)]):
            page.grid(grid)
    elif options.table == "elsewhere":
        for number, (call, grid) in enumerate(estimates.elsewhere(result)):
            if number:
                page.line()
            page.line([call])
            page.grid(grid)
    elif options.table in ("tests", "anova"):
        page.section(tested.section(result, options.table))
    else:
        _whole(page, result)
    return page.text()


def _whole(page: Page, result: FitResult) -> None:
    if banner := wording.banner(result):
        page.line([banner], style="bold red")
        page.line()
    _heading(page, result)
    page.line()
    _tables(page, result)
    page.line(wording.fit_pieces(result), "    ", indent=2)
    for part in (*_searched(result), *tested.sections(result)):
        page.line()
        page.section(part)
    _losses(page, result)
    if lines := wording.penalty_lines(result):
        page.line()
        page.line(["The prior, as a penalty"], style="bold")
        for pieces in lines:
            page.line(pieces, "   ", indent=2)
    _strength(page, result)
    _reparameterised(page, result)
    if facts := wording.diagnostics(result.diagnostics):
        page.line()
        page.line(["Does it fit?"], style="bold")
        for pieces in facts:
            page.line(pieces, "   ", indent=2)


def _searched(result: FitResult) -> list[Section]:
    if result.search is None:
        return []
    from mlefit.report import searched

    return searched.sections(result)


def _heading(page: Page, result: FitResult) -> None:
    heading(page, wording.title(result), wording.ledger(result))
    page.line([wording.status(result)])
    if few := wording.standing_in(result):
        page.line(few)
    if roles := wording.roles(result):
        page.line(roles, " · ")


def _tables(page: Page, result: FitResult) -> None:
    for grid in estimates.every(result):
        page.grid(grid)
        page.line()


def _losses(page: Page, result: FitResult) -> None:
    if not result.losses:
        return
    page.line()
    page.line(["The same fit, as a loss"], style="bold")
    page.line(wording.assumption(result), "  ->  ", indent=2)
    for loss in result.losses:
        page.line(wording.loss_identity(loss, result.fit.mean_nll), indent=2)
    for settings in wording.elsewhere(result.losses):
        page.line(settings, "; ", indent=2)


def _strength(page: Page, result: FitResult) -> None:
    if result.path is None:
        return
    from mlefit.report import curves, path

    page.line()
    page.line(["The strength of the prior"], style="bold")
    for pieces in path.lines(result.path):
        page.line(pieces, indent=2)
    if page.options.plot:
        for picture in curves.path_pictures(result):
            page.line()
            page.picture(picture)
        page.line()
    page.grid(path.grid(result.path))


def _reparameterised(page: Page, result: FitResult) -> None:
    if not result.elsewhere:
        return
    page.line()
    page.line([wording.reparameterised_heading(result)], style="bold")
    for call in wording.reparameterised(result):
        page.line([call], indent=2)
