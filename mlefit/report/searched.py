"""The steps of Newton's method: what each saw, what it promised, and what it got."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlefit.report import numbers
from mlefit.report.pictures import Curve, Frame, Picture
from mlefit.report.sections import Grid, Section
from mlefit.results.fit import FitResult, SearchPath, SearchStep

# columns of coefficients beside what is told of every step
_MOST_TERMS = 4
# the curve may fall this much deeper than the parabola, in its heights, before it is cut off
_DEEPER = 0.5
_ALL_THE_WAY = 0.999


def sections(result: FitResult) -> list[Section]:
    """A picture of every step that can be seen, then all steps in a table."""
    search = result.search
    if search is None:
        return []
    steps = search.steps
    drawn = [
        Section(
            title=f"Step {step.step + 1}: {_way(step)}",
            picture=_picture(search, step),
            after=list(_told(search, step, after)),
        )
        for step, after in zip(steps, [*steps[1:], None], strict=True)
        if step.curve and after is not None
    ]
    scale = ["estimates on the link scale", "a length of 1 goes to the top of the parabola"]
    aside = "the fit started at its maximum, a closed form; this search began away from it"
    table = Section(
        title="Every step of Newton's method",
        before=[*([[aside]] if search.away else []), scale],
        grid=_grid(search),
    )
    return [*drawn, table]


def _way(step: SearchStep) -> str:
    """How far a step went."""
    if step.length is None:
        return "towards the top of the parabola"
    if step.length > _ALL_THE_WAY:
        return "to the top of the parabola"
    share = numbers.significant(step.length, 3)
    return f"{share} of the way to the top of the parabola, where the likelihood rises enough"


def _picture(search: SearchPath, step: SearchStep) -> Picture:
    """The curve along the direction, and the parabola that the search saw in its place."""
    curve = [float("nan") if one is None else one for one in step.curve]
    low, high = min(step.parabola), max(step.parabola)
    least = low - _DEEPER * (high - low)  # what falls far would press the rest flat
    along = search.terms[0] if len(search.terms) == 1 else "the direction of the step"
    marks = {0.0: "here", 1.0: "top"}
    if step.length is not None and step.length <= _ALL_THE_WAY:
        marks[step.length] = "next"
    return Picture(
        f"{search.objective} and its parabola, along {along}",
        [
            Curve(step.across, curve, search.objective),
            Curve(step.across, step.parabola, "parabola"),
        ],
        Frame(*_ends(search, step), marks, height=10, least=least),
    )


def _ends(search: SearchPath, step: SearchStep) -> tuple[str, str]:
    """Words for the ends of the axis: of one coefficient its values there."""
    if len(search.terms) > 1 or step.direction is None:
        return "behind", "beyond"
    ends = [step.estimates[0] + t * step.direction for t in (step.across[0], step.across[-1])]
    return f"{search.terms[0]} = {numbers.significant(ends[0], 4)}", numbers.significant(ends[1], 4)


def _told(search: SearchPath, step: SearchStep, after: SearchStep) -> Iterator[Sequence[str]]:
    """The numbers of a picture."""
    gained = after.log_likelihood - step.log_likelihood
    yield [
        f"here {search.objective} {numbers.height(step.log_likelihood)}",
        f"the parabola promises a rise of {numbers.significant(step.predicted_rise, 4)}",
        f"the step rises by {numbers.significant(gained, 4)}",
    ]
    if len(search.terms) == 1:
        yield [
            (
                f"{search.terms[0]} from {numbers.significant(step.estimates[0])} "
                f"to {numbers.significant(after.estimates[0])}"
            )
        ]


def _grid(search: SearchPath) -> Grid:
    terms = list(search.terms)[:_MOST_TERMS]
    rows = [
        (
            str(step.step),
            numbers.height(step.log_likelihood),
            numbers.small(step.predicted_rise),
            numbers.small(step.largest_slope),
            numbers.significant(step.length, 3),
            *(numbers.significant(one) for one in step.estimates[: len(terms)]),
            step.information,
        )
        for step in search.steps
    ]
    headings = (
        "step",
        search.objective,
        "promised rise",
        "largest slope",
        "length",
        *terms,
        "information",
    )
    return Grid(headings, tuple(rows), 1)
