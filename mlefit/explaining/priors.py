"""The page of a prior: a belief, one more addend, a penalty; and how strengths translate."""

from __future__ import annotations

from collections.abc import Iterator

from mlefit import priors
from mlefit.algebra.calculus import slope
from mlefit.algebra.exponent import exponential
from mlefit.algebra.functions import read
from mlefit.algebra.totals import signed
from mlefit.explaining.writing import Side, equation, shown, told
from mlefit.expression import Binary
from mlefit.results.explain import Formula, Line, Step
from mlefit.results.fit import FitResult

_STRENGTHS = {
    "normal": (
        "--l2 L",
        "L b²/2",
        r"\tfrac{L}{2} b^2",
        "scale = 1/√L",
        r"\text{scale} = \frac{1}{\sqrt{L}}",
    ),
    "laplace": (
        "--l1 L",
        "L |b|",
        r"L \left|b\right|",
        "scale = 1/L",
        r"\text{scale} = \frac{1}{L}",
    ),
}
"""Flag, penalty and scale of the priors with a shorthand; `Prior.strengths` has the numbers."""


def title(name: str) -> str:
    """The heading of a prior."""
    prior = priors.load(name)
    return f"The {name} prior: {prior.summary}"


def page(name: str) -> list[Step]:
    """A prior with letters."""
    return [
        Step("a belief", list(_belief(name)), 1),
        Step("one addend", list(_addend(name)), 2),
        Step("as a penalty", list(_penalty(name)), 3),
        *([Step("strength", list(_strength(name)), 4)] if name in _STRENGTHS else []),
    ]


def _belief(name: str) -> Iterator[Line]:
    prior = priors.load(name)
    yield Line(f"of a coefficient b before any row is seen, written {prior.usage()}")
    if prior.formula:
        tree = read(prior.formula)
        left = Side("p(b)", "p(b)")
        yield Line(formulas=[equation("prior density", left, exponential(tree))])
        if "Z" in prior.formula:
            yield Line("Z makes it integrate to 1 and does not depend on b")


def _addend(name: str) -> Iterator[Line]:
    yield Line(
        "likelihood times prior; the log makes it a sum:",
        [
            Formula(
                "log-posterior",
                "ln p(b | y) = ℓ(b) + ln p(b) + constant",
                r"\log p(b \mid y) = \ell(b) + \log p(b) + \text{constant}",
            )
        ],
    )
    prior = priors.load(name)
    if prior.formula:
        tree = read(prior.formula)
        pull = slope(tree, "b")
        left = Side("d ln p(b)/db", r"\frac{d \log p(b)}{db}")
        yield Line("it pulls with the slope", [equation("pull", left, pull)])


def _penalty(name: str) -> Iterator[Line]:
    prior = priors.load(name)
    yield Line("minimise NLL + penalty, the penalty of one coefficient, 0 at the mode, being")
    yield Line(prior.penalty)
    if prior.auto is not None:
        yield Line(
            f"--prior '{prior.usage()}' with auto for {prior.auto[0]}: the data choose the strength"
        )


def _strength(name: str) -> Iterator[Line]:
    flag, penalty, penalty_tex, scale, scale_tex = _STRENGTHS[name]
    yield Line(
        f"{flag} is this prior on every slope, centre 0, with",
        [
            Formula("penalty", f"penalty = {penalty}", rf"\text{{penalty}} = {penalty_tex}"),
            Formula("scale", scale, scale_tex),
        ],
    )
    yield Line("L counts on the summed NLL: the more rows, the less it weighs")


def usage(name: str) -> str:
    """How the prior is written."""
    return priors.load(name).usage()


def numbers(result: FitResult, free: FitResult) -> Iterator[Line]:
    """What the prior adds on these rows, and what it does to the coefficients.

    Args:
        result: the fit under the prior.
        free: the fit of the same rows without it.
    """
    height, prior = result.fit.log_likelihood, result.fit.log_prior
    if height is not None:
        penalty = sum(one["penalty_value"] for one in result.model.prior)
        left = Side("NLL + penalty", r"\text{NLL} + \text{penalty}")
        tree = Binary("+", signed(-height), signed(penalty))
        total = equation("NLL and penalty", left, tree, value=penalty - height, language=False)
        yield Line("least:", [total])
        left = Side("ℓ + ln p(b)", r"\ell + \log p(b)")
        tree = Binary("+", signed(height), signed(prior))
        total = equation("log-posterior", left, tree, value=height + prior, language=False)
        yield Line("highest:", [total])
    for one in result.model.prior:
        strengths = ", ".join(f"{key} {told(value)}" for key, value in one["strengths"].items())
        if strengths:
            yield Line(
                f"{one['prior']} on {one['term']} has strength {strengths} on the summed NLL"
            )
    before = {(row.parameter, row.term): row.estimate for row in free.coefficients}
    for row in result.coefficients:
        was = before.get((row.parameter, row.term))
        if was is not None and row.estimate is not None:
            text = f"{told(was)} → {told(row.estimate)}"
            tex = rf"{shown(was)} \to {shown(row.estimate)}"
            yield Line(
                f"{row.parameter}:{row.term} without and with it:",
                [Formula("estimate without and with the prior", text, tex, value=row.estimate)],
            )
