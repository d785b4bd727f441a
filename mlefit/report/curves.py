"""The path of a prior's strength as pictures: its coefficients, and what decided on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlefit.report import numbers
from mlefit.report.clean import clean
from mlefit.report.pictures import Curve, Frame, Picture
from mlefit.results.fit import FitResult, StrengthSearch

_MOST_NAMES = 10
# Far from its top the evidence falls without end, and would press the top flat.
_TOP_OF_EVIDENCE = 25.0


def path_pictures(result: FitResult) -> list[Picture]:
    """A picture for each thing there is to see."""
    search = result.path
    if search is None:
        return []
    found = [
        ("coefficients", _coefficients(result, search), -math.inf),
        ("NLL of a row held out", _held_out(search), -math.inf),
        ("log evidence", *_evidence(search)),
    ]
    return [
        Picture(f"{what}, against the strength of the prior", curves, _frame(search, least))
        for what, curves, least in found
        if curves
    ]


def _frame(search: StrengthSearch, least: float) -> Frame:
    first, last = search.steps[0].strength, search.steps[-1].strength
    marks: dict[float, str] = {}
    if last <= search.strength <= first:
        marks[-math.log(search.strength)] = "chosen" if search.chosen_by != "user" else "the fit"
    if search.best is not None and search.best != search.strength and last <= search.best <= first:
        marks[-math.log(search.best)] = "least" if search.folds is not None else "largest"
    left, right = (numbers.significant(strength, 3) for strength in (first, last))
    return Frame(f"strength {left}", right, marks, least=least)


def _x(search: StrengthSearch) -> list[float]:
    """Strong on the left, weak on the right, evenly on the log scale."""
    return [-math.log(step.strength) for step in search.steps]


def _coefficients(result: FitResult, search: StrengthSearch) -> list[Curve]:
    """The coefficients of the prior; the largest at the weak end have a name."""
    steps = search.steps
    own = next(p["coefficients"] for p in result.model.prior if p["term"] == search.term)
    at = [i for i, term in enumerate(search.terms) if term in own and steps[-1].estimates]
    at.sort(key=lambda i: -abs(steps[-1].estimates[i]))
    return [
        Curve(
            _x(search),
            [step.estimates[i] for step in steps],
            _name(search.terms[i]) if rank < _MOST_NAMES else "",
        )
        for rank, i in enumerate(at)
    ]


def _name(term: str) -> str:
    return clean(term.partition(":")[2])


def _held_out(search: StrengthSearch) -> list[Curve]:
    mean = [math.nan if step.mean_nll is None else step.mean_nll for step in search.steps]
    if not any(map(math.isfinite, mean)):
        return []
    error = [math.nan if step.std_error is None else step.std_error for step in search.steps]
    above = [m + e for m, e in zip(mean, error, strict=True)]
    below = [m - e for m, e in zip(mean, error, strict=True)]
    x = _x(search)
    return [Curve(x, mean, "mean"), Curve(x, above, "+ std error"), Curve(x, below, "- std error")]


def _evidence(search: StrengthSearch) -> tuple[Sequence[Curve], float]:
    heights = [
        math.nan if step.log_evidence is None else step.log_evidence for step in search.steps
    ]
    known = [height for height in heights if math.isfinite(height)]
    if not known:
        return [], -math.inf
    return [Curve(_x(search), heights)], max(known) - _TOP_OF_EVIDENCE
