"""Pareto target: y >= m with smallest possible value m > 0 and tail index alpha > 0.

With t = log(y/m), which is exponential with mean 1/alpha,

    ell(y; alpha) = log(alpha) - log(y) - alpha t

    d ell/d alpha = 1/alpha - t      -d2/dalpha2 = 1/alpha^2      expected: 1/alpha^2

m is the number behind the name, as in pareto:1000; without one it is the smallest value of
the target, which is its maximum-likelihood estimate. No standard error counts it then: its
own error is of the order 1/n. The mean is infinite for alpha <= 1.

Source: N. L. Johnson, S. Kotz and N. Balakrishnan (1994), Continuous Univariate
Distributions 1, 2nd ed., chapter 20.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from mlefit._types import Rows
from mlefit.families._base import Drift, Family, Pairs
from mlefit.families._derivation import Derivation
from mlefit.families._elsewhere import in_r, in_scipy, in_stan
from mlefit.families._records import Example, Moments, Parameter
from mlefit.families._setting import Setting
from mlefit.support import POSITIVE, Domain, Facts, Violation

ALIASES = ("pareto-1", "power-law")


class Pareto(Family):
    """See the module's docstring."""

    name = "pareto"
    summary = "sizes above a smallest one, with a tail that is a power"
    rare = True
    support = POSITIVE
    parameters = (Parameter("alpha", "log", Domain.POSITIVE, "tail index; larger is thinner"),)
    setting = Setting("m", None, "smallest possible value", examples=(0.02, 1500.0))
    examples = tuple(
        Example((alpha,), facts=Facts((), least, math.inf))
        for alpha, least in ((3.0, 1.0), (1.7, 250.0), (40.0, 0.1))
    )
    derivation = Derivation(
        "log(alpha) + alpha*log(m) - (alpha + 1)*log(y)",
        estimate={"alpha": "n/sum(log(y/m))"},
        information={"alpha": "1/alpha^2"},
    )
    elsewhere = (
        in_r("VGAM::dpareto", {"scale": "m", "shape": "alpha"}),
        in_scipy("pareto", {"b": "alpha", "scale": "m"}),
        in_stan("pareto", {"y_min": "m", "alpha": "alpha"}),
    )

    def __init__(self, value: float | None = None) -> None:
        super().__init__(value)
        self.least = 1.0 if value is None else value
        self.support = replace(POSITIVE, lower=self.least)
        if value is not None:
            below = Violation(f"values below {value:g}", lambda y, known: y < value)
            self.support = replace(
                self.support, words=f">= {value:g}", violations=(*POSITIVE.violations, below)
            )

    def bound(self, facts: Facts) -> Family:
        return self if self.value is not None else Pareto(facts.least)

    def log_density(self, y: Rows, alpha: Rows) -> Rows:
        heights = np.log(alpha) - np.log(y) - alpha * np.log(y / self.least)
        return np.where(y < self.least, -np.inf, heights)

    def score(self, y: Rows, alpha: Rows) -> tuple[Rows]:
        return (1 / alpha - np.log(y / self.least),)

    def observed(self, y: Rows, alpha: Rows) -> Pairs:
        return {(0, 0): np.broadcast_to(alpha**-2.0, y.shape)}

    def expected(self, alpha: Rows) -> Pairs:
        return {(0, 0): alpha**-2.0}

    def start(self, moments: Moments) -> tuple[float]:
        mean = moments.mean_of(lambda y: np.log(y / self.least))
        if mean == 0 and moments.most > self.least:  # the sample holds the smallest value only
            mean = math.log(moments.most / self.least) / moments.rows
        return (1 / mean if mean > 0 else math.inf,)

    def mean(self, alpha: Rows) -> Rows:
        return np.where(alpha > 1, self.least * alpha / (alpha - 1), np.inf)

    def log_cdf(self, y: Rows, alpha: Rows) -> Rows:
        return np.log(-np.expm1(self.log_sf(y, alpha)))

    def log_sf(self, y: Rows, alpha: Rows) -> Rows:
        return -alpha * np.log(np.maximum(y, self.least) / self.least)

    def drift(self, y: Rows, alpha: Rows) -> Drift:
        fall = y * np.log(y / self.least) / alpha
        return Drift((-fall,), {(0, 0): fall / alpha})

    def sample(self, rng: np.random.Generator, alpha: Rows) -> Rows:
        return self.least * np.exp(rng.exponential(1 / alpha))


FAMILY = Pareto()
