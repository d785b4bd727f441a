"""The report of a fit as GitHub Markdown."""

from __future__ import annotations

from mlefit.report import estimates, path, searched, tested, wording
from mlefit.report.markdown import bullets, clean_lines, escaped, grid, section
from mlefit.report.options import ReportOptions
from mlefit.results.fit import FitResult


def render(result: FitResult, options: ReportOptions) -> str:
    """The whole report, or only the table that was asked for."""
    if options.table == "terms":
        blocks = _estimates(result)
    elif options.table == "fit":
        blocks = [bullets(wording.fit_pieces(result))]
    elif options.table == "path":
        blocks = [grid(path.whole(result))]
    elif options.table == "derived":
        blocks = [grid(one) for one in [estimates.derived(result)] if one is not None]
    elif options.table == "elsewhere":
        blocks = [
            block
            for call, one in estimates.elsewhere(result)
            for block in (bullets([call]), grid(one))
        ]
    elif options.table in ("tests", "anova"):
        blocks = section(tested.section(result, options.table))
    else:
        blocks = _whole(result)
    text = "\n\n".join(blocks) + "\n"
    return clean_lines(text, ascii_only=options.ascii_only)


def _whole(result: FitResult) -> list[str]:
    banner = wording.banner(result)
    status = [
        wording.ledger(result),
        wording.status(result),
        *wording.standing_in(result),
        *wording.roles(result),
    ]
    facts = wording.diagnostics(result.diagnostics)
    return [
        *([f"**{escaped(banner)}**"] if banner else []),
        f"### {escaped(' · '.join(wording.title(result)))}",
        bullets(status),
        *_estimates(result),
        bullets(wording.fit_pieces(result)),
        *(
            block
            for part in (*searched.sections(result), *tested.sections(result))
            for block in section(part)
        ),
        *_losses(result),
        *_penalty(result),
        *_strength(result),
        *_reparameterised(result),
        *(["#### Does it fit?", bullets(["   ".join(line) for line in facts])] if facts else []),
    ]


def _estimates(result: FitResult) -> list[str]:
    return [grid(one) for one in estimates.every(result)]


def _losses(result: FitResult) -> list[str]:
    if not result.losses:
        return []
    lines = [" → ".join(wording.assumption(result))]
    lines += [" ".join(wording.loss_identity(loss, result.fit.mean_nll)) for loss in result.losses]
    lines += ["; ".join(settings) for settings in wording.elsewhere(result.losses)]
    return ["#### The same fit, as a loss", bullets(lines)]


def _penalty(result: FitResult) -> list[str]:
    lines = [" ".join(pieces) for pieces in wording.penalty_lines(result)]
    return ["#### The prior, as a penalty", bullets(lines)] if lines else []


def _reparameterised(result: FitResult) -> list[str]:
    if not result.elsewhere:
        return []
    return [
        f"#### {wording.reparameterised_heading(result)}",
        bullets(wording.reparameterised(result)),
    ]


def _strength(result: FitResult) -> list[str]:
    if result.path is None:
        return []
    lines = [", ".join(pieces) for pieces in path.lines(result.path)]
    return ["#### The strength of the prior", bullets(lines), grid(path.grid(result.path))]
