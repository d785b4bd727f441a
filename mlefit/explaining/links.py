"""The page of a link: where it leads, back, how steeply, and how its coefficients are read."""

from __future__ import annotations

from collections.abc import Iterator

from mlefit import families
from mlefit.algebra.calculus import slope
from mlefit.algebra.functions import read
from mlefit.explaining.derivation import SLOPE_OF_LINK
from mlefit.explaining.writing import Side, equation
from mlefit.expression import Expression
from mlefit.links import LINKS
from mlefit.results.explain import Line, Step
from mlefit.specify import suitable_links

FORWARD = {
    "identity": "theta",
    "log": "log(theta)",
    "logit": "log(theta/(1 - theta))",
    "probit": "probit(theta)",
    "cloglog": "log(-log(1 - theta))",
    "loglog": "-log(-log(theta))",
    "cauchit": "tan(pi*(theta - 1/2))",
    "inverse": "1/theta",
    "inverse-squared": "1/theta^2",
    "sqrt": "sqrt(theta)",
    "tan-half": "tan(theta/2)",
}
"""The linear predictor of a parameter, as a formula."""

_READING = {
    "identity": "one more of x adds b to the parameter",
    "log": "one more of x multiplies the parameter by e^b: a rate ratio, a mean ratio",
    "logit": "one more of x multiplies the odds θ/(1 − θ) by e^b: an odds ratio",
    "probit": "one more of x moves a latent normal variable by b standard deviations",
    "cloglog": "one more of x multiplies the hazard −ln(1 − θ) by e^b: a hazard ratio",
    "loglog": "as cloglog, with yes and no exchanged",
    "cauchit": "like logit with heavy tails: forgiving of rows far on the wrong side",
    "inverse": "one more of x adds b to one over the parameter",
    "inverse-squared": "one more of x adds b to one over the parameter's square",
    "sqrt": "one more of x adds b to the root of the parameter",
    "tan-half": "an angle within one turn, however large the predictor",
}


def inverse_of(name: str) -> Expression:
    """The parameter of a linear predictor eta, as a formula."""
    return read(LINKS[name].formula.partition("=")[2].partition(",")[0])


def page(name: str) -> list[Step]:
    """What a link does."""
    theta, eta = Side("θ", r"\theta"), Side("η", r"\eta")
    steep = Side("dθ/dη", r"\frac{d\theta}{d\eta}")
    inverse = inverse_of(name)
    lines = [
        Line("a parameter θ from its linear predictor η = X b:",
             [equation("inverse", theta, inverse)]),
        Line("and back:", [equation("link", eta, read(FORWARD[name]))]),
        Line("a step in η moves θ by", [equation("slope", steep, slope(inverse, "eta"))]),
        *_in_theta(name),
        Line(_READING[name]),
    ]  # fmt: skip
    return [Step("", [*lines, *_users(name)])]


def _in_theta(name: str) -> Iterator[Line]:
    """The slope in the parameter itself, where that is short."""
    if name in SLOPE_OF_LINK:
        side = Side("dθ/dη", r"\frac{d\theta}{d\eta}")
        yield Line("which is", [equation("slope in theta", side, read(SLOPE_OF_LINK[name]))])


def _users(name: str) -> Iterator[Line]:
    pairs = [(f.name, p) for f in families.every() for p in f.parameters]
    usual = [f"{family} {p.name}" for family, p in pairs if p.link == name]
    also = [
        f"{family} {p.name}" for family, p in pairs if p.link != name and name in suitable_links(p)
    ]
    if usual:
        yield Line(f"the default for {', '.join(usual)}")
    if also:
        yield Line(f"also for {', '.join(also[:12])}{' and others' if also[12:] else ''}")
