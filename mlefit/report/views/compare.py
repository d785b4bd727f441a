"""Models side by side: a table that ranks them, what the rows say of the plain loss, the tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from mlefit.report import numbers, wording
from mlefit.report.options import ReportOptions
from mlefit.report.sections import Grid, Section, TidyTable, View
from mlefit.results.compare import CandidateRecord, ComparisonResult, PairTest

# Where the width is short these go first, in this order: files and pipes have them all.
_DISPENSABLE = ("NLL", "AICc", "log-lik", "BIC", "AIC", "weight")
# The models next to the best are those that a reader asks about.
_MOST_TESTS = 8
_TITLES = {
    "mass": "Probabilities",
    "density": "Densities",
    "density with atoms": "Densities with a probability at some values",
}


def view(result: ComparisonResult) -> View:
    """What a report of a comparison shows."""
    return View(
        title=_title(result),
        ledger=wording.rows_line(result.data),
        sections=partial(_sections, result),
        tables={
            "candidates": partial(TidyTable.of, CandidateRecord, result.candidates),
            "tests": partial(TidyTable.of, PairTest, result.tests),
        },
    )


def _title(result: ComparisonResult) -> list[str]:
    if len(result.formulas) == 1:
        return ["Comparison", result.formulas[0]]
    return ["Comparison", f"{len(result.formulas)} formulas"]


def _sections(result: ComparisonResult, options: ReportOptions) -> list[Section]:
    measures = list(dict.fromkeys(one.measure for one in result.candidates))
    several = len(measures) > 1
    hidden = _too_wide(result.candidates, options.width)
    found = []
    for measure in measures:
        group = [one for one in result.candidates if one.measure == measure]
        grid = _grid(_columns(group), hidden)
        title = _TITLES[measure] if several else ""
        found.append(Section(title, (), grid, list(_remarks(group))))
    if options.table == "candidates":
        return found
    tests = list(_tests(result, whole=options.table == "tests"))
    if options.table == "tests":
        return tests
    head = Section(before=list(_heading(result, several=several)))
    answers = [
        Section(
            f"Is {answer.loss} the right loss here?",
            [[answer.message], *([[f"try:  {answer.instead}"]] if answer.instead else [])],
        )
        for answer in result.losses
    ]
    return [head, *found, *answers, *tests]


def _heading(result: ComparisonResult, *, several: bool) -> Iterator[list[str]]:
    models = len(result.candidates)
    yield [
        f"{models} model{'s' * (models != 1)} of the same rows",
        f"ranked by the NLL of a row held out, {result.folds} folds, seed {result.seed}",
    ]
    if several:
        yield ["a probability and a density have different units, so each kind has its own ranking"]
    if len(result.formulas) > 1:
        for number, formula in enumerate(result.formulas, 1):
            yield [f"({number}) {formula}"]
    if result.scale != result.data.target or _has_several_targets(result):
        yield [f"log-likelihoods are of {result.scale}: a model of another scale has its Jacobian"]
    if roles := wording.columns_with_roles(result.data):
        yield roles


def _has_several_targets(result: ComparisonResult) -> bool:
    return len({formula.partition("~")[0].strip() for formula in result.formulas}) > 1


def _columns(group: Sequence[CandidateRecord]) -> dict[str, list[str]]:
    """Every column with its cells; what nobody has is left out."""
    columns = {
        "k": [str(one.n_params or "") for one in group],
        "log-lik": [_height(one.log_likelihood) for one in group],
        "AIC": [_height(one.aic) for one in group],
        "AICc": [_height(one.aicc) for one in group],
        "BIC": [_height(one.bic) for one in group],
        "weight": [_places(one.akaike_weight, 3) for one in group],
        "NLL": [_places(one.mean_nll, 4) for one in group],
        "held out": [_places(one.heldout_nll, 4) for one in group],
        "error": [_places(one.heldout_std_error, 4) for one in group],
        "behind": [_places(one.difference, 4) for one in group],
        "error ": [_places(one.difference_std_error, 4) for one in group],
    }
    kept = {name: numbers.aligned(cells) for name, cells in columns.items() if any(cells)}
    names = {"model": [one.candidate for one in group]}
    return {**names, **kept, "note": [_note(one) for one in group]}


def _too_wide(candidates: Sequence[CandidateRecord], width: int | None) -> Sequence[str]:
    """The columns that a line of this width has no room for."""
    columns = _columns(candidates)
    for count in range(len(_DISPENSABLE)):
        hidden = _DISPENSABLE[:count]
        kept = {name: cells for name, cells in columns.items() if name not in hidden}
        if width is None or _width(kept) <= width:
            return hidden
    return _DISPENSABLE


def _grid(columns: Mapping[str, Sequence[str]], hidden: Sequence[str]) -> Grid:
    shown = {name: cells for name, cells in columns.items() if name not in hidden}
    headings = tuple(name.strip() for name in shown)
    return Grid(headings, tuple(zip(*shown.values(), strict=True)), 1)


def _width(columns: Mapping[str, Sequence[str]]) -> int:
    return sum(max(map(len, (name, *cells))) + 2 for name, cells in columns.items())


def _note(one: CandidateRecord) -> str:
    if one.rank == 1:
        return "best"
    if one.rank is None:
        return "no rank" if one.status == "converged" else one.status
    return "" if one.apart else "as good"


def _remarks(group: Sequence[CandidateRecord]) -> Iterator[list[str]]:
    if any(one.rank not in (1, None) and not one.apart for one in group):
        yield ["as good: within two standard errors of the best, so the rows cannot tell"]
    for one in group:
        if one.rank is None:
            yield [f"{one.candidate}: {one.message}"]


def _tests(result: ComparisonResult, *, whole: bool) -> Iterator[Section]:
    nested = [test for test in result.tests if test.test == "likelihood ratio"]
    others = [test for test in result.tests if test.test == "Vuong"]
    if nested:
        columns = {
            "larger": [test.candidate for test in nested],
            "smaller": [test.against for test in nested],
            "LR": numbers.aligned([_places(test.statistic, 2) for test in nested]),
            "df": numbers.aligned([str(test.df) for test in nested]),
            "p": numbers.aligned([numbers.p_value(test.p_value) for test in nested]),
            "against": [test.distribution for test in nested],
        }
        title = "Nested models: does the larger say more than chance? (likelihood ratio)"
        yield Section(title, (), _table(columns, 2))
    if others:
        shown = others if whole else others[:_MOST_TESTS]
        columns = {
            "best": [test.candidate for test in shown],
            "other": [test.against for test in shown],
            "z": numbers.aligned([numbers.statistic(test.statistic) for test in shown]),
            "p": numbers.aligned([numbers.p_value(test.p_value) for test in shown]),
            "closer to the rows": [test.favours or "the same model" for test in shown],
        }
        hidden = len(others) - len(shown)
        after = [[f"and {hidden} more: --table tests"]] if hidden else []
        title = "Not nested: the best against the next (Vuong's test, corrected as BIC is)"
        yield Section(title, (), _table(columns, 2), after)


def _table(columns: Mapping[str, Sequence[str]], words: int) -> Grid:
    return Grid(tuple(columns), tuple(zip(*columns.values(), strict=True)), words)


def _height(value: float | None) -> str:
    return "" if value is None else numbers.height(value)


def _places(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:z.{places}f}"
