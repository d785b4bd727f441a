"""Where the mode lies on the other scale of a parameter: a change of variables moves a mode.

A density of theta and that of eta = g(theta) differ by the Jacobian,

    log p(eta) = log p(theta) + log |d theta / d eta|

so the point of highest density on the natural scale is not the one on the link scale. The
likelihood has no such trouble: it is no density of its parameters. What is maximised here
is the density on the scale the prior is written on; the mode on the other scale is found by
one more addend, plus or minus the logarithm of the link's slope.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlefit._types import Vector
from mlefit.frozen import frozen
from mlefit.links import Link
from mlefit.priors._base import Prior
from mlefit.search.climb import Search
from mlefit.search.maximise import continued
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status
from mlefit.search.penalty import Assigned

_NEARBY = 1e-4


@frozen
class Modes:
    """The modes of one parameter, both as values of the parameter itself.

    Attributes:
        parameter: its name.
        link: name of its link.
        natural: where the density of the parameter itself is highest.
        linked: where that of its linear predictor is.
        is_natural: whether the first is the one that was fitted.
    """

    parameter: str
    link: str
    natural: float
    linked: float
    is_natural: bool

    def sentence(self) -> str | None:
        """What a reader should know; None if the two agree as far as they are shown."""
        shown = {True: f"{self.natural:.4g}", False: f"{self.linked:.4g}"}
        if shown[True] == shown[False]:
            return None
        scale = {True: self.parameter, False: f"{self.link}({self.parameter})"}
        one, other = self.is_natural, not self.is_natural
        return (
            f"{self.parameter} = {shown[one]} is the mode of the density of {scale[one]}, which "
            f"its prior is written for; the density of {scale[other]} has its mode at "
            f"{self.parameter} = {shown[other]}"
        )

    def record(self) -> dict[str, float]:
        """Both modes by the scale of their density."""
        return {"natural": self.natural, "link": self.linked}


class _Slope(Prior):
    """An addend, not a density: plus or minus log |d theta / d eta|."""

    name = "jacobian"
    parameters = ()
    positive = ()

    def __init__(self, link: Link, sign: float) -> None:
        super().__init__()
        self._link = link
        self._sign = sign

    def log_density(self, b: Vector) -> Vector:
        return self._sign * np.log(np.abs(self._link.slope(b)))

    def slope(self, b: Vector) -> Vector:
        return self._sign * self._link.curvature(b) / self._link.slope(b)

    def curvature(self, b: Vector) -> Vector:
        # it guides steps only, so a difference quotient is good enough
        return (self.slope(b - _NEARBY) - self.slope(b + _NEARBY)) / (2 * _NEARBY)


def modes(maximum: Maximum, search: Search) -> Iterator[Modes]:
    """For each parameter with a prior of its own, and a link that bends it, both modes."""
    penalty = maximum.penalty
    if penalty is None or maximum.optimum.status is not Status.CONVERGED:
        return
    family = maximum.model.family
    for k, (parameter, link) in enumerate(zip(family.parameters, maximum.model.links, strict=True)):
        predictor = maximum.engine.predictors[k]
        named = [one for one in penalty.assigned if one.named == parameter.name]
        if not named or predictor.size != 1 or link.name == "identity":
            continue
        is_natural = named[0].link is not None
        # from the density of theta to that of eta, or back
        addend = _Slope(link, 1.0 if is_natural else -1.0)
        other = continued(
            maximum,
            search,
            (Assigned(addend, parameter.name, named[0].labels), *penalty.assigned),
        )
        if other.optimum.status is not Status.CONVERGED:
            continue
        here, there = (float(link.inverse(m.gammas[k])[0]) for m in (maximum, other))
        natural, linked = (here, there) if is_natural else (there, here)
        yield Modes(parameter.name, link.name, natural, linked, is_natural)
