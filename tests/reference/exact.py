"""Maximum likelihood to 50 digits in mpmath, sharing no code with mlefit.

Links, densities and their derivatives are written out here once more, by hand;
`check_derivatives` holds them against central differences. Newton's method runs
on the exact values of the doubles that a CSV reader delivers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import mpmath
from mpmath import mp, mpf

from tests.reference.tables import Row, table

GUARD_DIGITS = 60  # ten more than promised, for the sums and the inversion
DECREMENT = 1e-45  # half g'H^-1 g at the last step, which squares it: 50 digits and more

Column = Callable[[Row], Any]
Design = tuple[tuple[str, Column], ...]

# ---- links: eta -> (theta, d theta / d eta, d2 theta / d eta2) ----


def _logit(eta: Any) -> tuple[Any, Any, Any]:
    p = 1 / (1 + mp.exp(-eta))
    return p, p * (1 - p), p * (1 - p) * (1 - 2 * p)


def _probit(eta: Any) -> tuple[Any, Any, Any]:
    density = mp.npdf(eta)
    return mp.ncdf(eta), density, -eta * density


def _cloglog(eta: Any) -> tuple[Any, Any, Any]:
    t = mp.exp(eta)
    return 1 - mp.exp(-t), t * mp.exp(-t), t * (1 - t) * mp.exp(-t)


def _loglog(eta: Any) -> tuple[Any, Any, Any]:
    t = mp.exp(-eta)
    return mp.exp(-t), t * mp.exp(-t), t * (t - 1) * mp.exp(-t)


def _cauchit(eta: Any) -> tuple[Any, Any, Any]:
    density = 1 / (mp.pi * (1 + eta**2))
    return mp.atan(eta) / mp.pi + mpf(1) / 2, density, -2 * eta * density / (1 + eta**2)


INVERSE: dict[str, Callable[[Any], tuple[Any, Any, Any]]] = {
    "identity": lambda eta: (eta, mpf(1), mpf(0)),
    "log": lambda eta: (mp.exp(eta),) * 3,
    "sqrt": lambda eta: (eta**2, 2 * eta, mpf(2)),
    "inverse": lambda eta: (1 / eta, -1 / eta**2, 2 / eta**3),
    "inverse-squared": lambda eta: (1 / mp.sqrt(eta), -(eta**-1.5) / 2, 3 * eta**-2.5 / 4),
    "logit": _logit,
    "logit from 1 to 2": lambda eta: (1 + _logit(eta)[0], *_logit(eta)[1:]),
    "probit": _probit,
    "cloglog": _cloglog,
    "loglog": _loglog,
    "cauchit": _cauchit,
    "tan-half": lambda eta: (
        2 * mp.atan(eta),
        2 / (1 + eta**2),
        -4 * eta / (1 + eta**2) ** 2,
    ),
}

FORWARD: dict[str, Callable[[Any], Any]] = {
    "identity": lambda theta: theta,
    "log": mp.log,
    "sqrt": mp.sqrt,
    "inverse": lambda theta: 1 / theta,
    "inverse-squared": lambda theta: theta**-2,
    "logit": lambda p: mp.log(p / (1 - p)),
    "logit from 1 to 2": lambda p: mp.log((p - 1) / (2 - p)),
    "probit": lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1),
    "cloglog": lambda p: mp.log(-mp.log(1 - p)),
    "loglog": lambda p: -mp.log(-mp.log(p)),
    "cauchit": lambda p: mp.tan(mp.pi * (p - mpf(1) / 2)),
    "tan-half": lambda theta: mp.tan(theta / 2),
}

# ---- families: (y, m, theta) -> log-density, score, observed, expected in theta ----
# m is the number of trials, or the precision weight of a normal row.

Derivatives = tuple[Any, list[Any], list[list[Any]], list[list[Any]]]


def _poisson(y: Any, _m: Any, theta: Sequence[Any]) -> Derivatives:
    (mu,) = theta
    density = y * mp.log(mu) - mu - mp.loggamma(y + 1)
    return density, [y / mu - 1], [[y / mu**2]], [[1 / mu]]


def _binomial(y: Any, m: Any, theta: Sequence[Any]) -> Derivatives:
    (p,) = theta
    q = 1 - p
    choose = mp.loggamma(m + 1) - mp.loggamma(y + 1) - mp.loggamma(m - y + 1)
    density = choose + y * mp.log(p) + (m - y) * mp.log(q)
    return density, [y / p - (m - y) / q], [[y / p**2 + (m - y) / q**2]], [[m / (p * q)]]


def _normal(y: Any, m: Any, theta: Sequence[Any]) -> Derivatives:
    mu, sigma = theta
    r = y - mu
    density = mp.log(m / (2 * mp.pi)) / 2 - mp.log(sigma) - m * r**2 / (2 * sigma**2)
    score = [m * r / sigma**2, m * r**2 / sigma**3 - 1 / sigma]
    cross = 2 * m * r / sigma**3
    observed = [
        [m / sigma**2, cross],
        [cross, 3 * m * r**2 / sigma**4 - 1 / sigma**2],
    ]
    return density, score, observed, [[m / sigma**2, mpf(0)], [mpf(0), 2 / sigma**2]]


@dataclass(frozen=True)
class FamilyFacts:
    """A family's parameters with their default links, and the derivatives of one row."""

    links: Mapping[str, str]
    row: Callable[[Any, Any, Sequence[Any]], Derivatives]
    start: Callable[[Any, Any, Any], tuple[Any, ...]]
    """(mean of y, variance of y, mean of m) -> theta"""


FAMILIES = {
    "poisson": FamilyFacts({"mu": "log"}, _poisson, lambda mean, _v, _m: (mean,)),
    "bernoulli": FamilyFacts({"mu": "logit"}, _binomial, lambda mean, _v, _m: (mean,)),
    "binomial": FamilyFacts({"mu": "logit"}, _binomial, lambda mean, _v, m: (mean / m,)),
    "normal": FamilyFacts(
        {"mu": "identity", "sigma": "log"}, _normal, lambda mean, v, _m: (mean, mp.sqrt(v))
    ),
}

# ---- one model: its rows, and the totals at a coefficient vector ----

INTERCEPT: tuple[str, Column] = ("Intercept", lambda _row: 1)


@dataclass(frozen=True)
class Model:
    """What is fitted, both as mlefit is asked for it and as columns computed here."""

    id: str
    data: str
    formula: str
    family: str
    target: Column
    designs: Mapping[str, Design] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    model: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def names(self) -> list[tuple[str, str]]:
        """(parameter, term) of every coefficient."""
        return [(name, term) for name in self.facts.links for term, _ in self.design(name)]

    @property
    def facts(self) -> FamilyFacts:
        return FAMILIES[self.family]

    def design(self, parameter: str) -> Design:
        return self.designs.get(parameter, (INTERCEPT,))

    def link(self, parameter: str) -> str:
        return self.links.get(parameter, self.facts.links[parameter])

    @cached_property
    def rows(self) -> list[tuple[Any, ...]]:
        """Distinct rows (y, m, offset, design rows) with their counts, the count last."""
        patterns: Counter[tuple[Any, ...]] = Counter()
        for row in table(self.data):
            m = row[key] if (key := self.options.get("trials")) else 1
            m = row[key] if (key := self.options.get("precision_weights")) else m
            exposure = row[key] if (key := self.options.get("exposure")) else 1
            count = row[key] if (key := self.options.get("freq_weights")) else 1
            design = tuple(
                tuple(column(row) for _, column in self.design(parameter))
                for parameter in self.facts.links
            )
            patterns[(self.target(row), m, exposure, design)] += count
        return [
            (mpf(y), mpf(m), mp.log(exposure), [[mpf(x) for x in part] for part in design], count)
            for (y, m, exposure, design), count in patterns.items()
        ]

    def totals(self, beta: Sequence[Any]) -> tuple[Any, Any, Any, Any]:
        """Log-likelihood, score, observed and expected information of all coefficients."""
        inverses = [INVERSE[self.link(parameter)] for parameter in self.facts.links]
        size = len(self.names)
        value, score = mpf(0), [mpf(0)] * size
        observed, expected = mp.zeros(size), mp.zeros(size)
        for y, m, offset, design, count in self.rows:
            rest, etas = list(beta), []
            for part in design:
                here, rest = rest[: len(part)], rest[len(part) :]
                etas.append(sum((x * b for x, b in zip(part, here, strict=True)), mpf(0)))
            etas[0] += offset
            theta, slope, curve = zip(
                *(inverse(eta) for inverse, eta in zip(inverses, etas, strict=True)), strict=True
            )
            density, first, second, fisher = self.facts.row(y, m, theta)
            value += count * density
            flat = [(k, x) for k, part in enumerate(design) for x in part]
            for i, (k, x) in enumerate(flat):
                score[i] += count * first[k] * slope[k] * x
                for j, (other, z) in enumerate(flat[: i + 1]):
                    outer = count * x * z * slope[k] * slope[other]
                    bend = count * x * z * first[k] * curve[k] if k == other else 0
                    observed[i, j] += second[k][other] * outer - bend
                    expected[i, j] += fisher[k][other] * outer
        for i in range(size):
            for j in range(i):
                observed[j, i], expected[j, i] = observed[i, j], expected[i, j]
        return value, mp.matrix(score), observed, expected

    def start(self) -> list[Any]:
        """Each intercept at the plain sample's estimate, every other coefficient at zero."""
        weight = mp.fsum(row[-1] for row in self.rows)
        mean = mp.fsum(row[0] * row[-1] for row in self.rows) / weight
        variance = mp.fsum((row[0] - mean) ** 2 * row[-1] for row in self.rows) / weight
        m = mp.fsum(row[1] * row[-1] for row in self.rows) / weight
        offset = mp.fsum(row[2] * row[-1] for row in self.rows) / weight
        theta = dict(zip(self.facts.links, self.facts.start(mean, variance, m), strict=True))
        first = next(iter(theta))
        return [
            FORWARD[self.link(parameter)](theta[parameter]) - offset * (parameter == first)
            if term == "Intercept"
            else mpf(0)
            for parameter, term in self.names
        ]


# ---- Newton ----


def newton(model: Model) -> mp.matrix:
    """Maximise the log-likelihood; expected information far away, observed information near."""
    beta = mp.matrix(model.start())
    value, score, observed, expected = model.totals(list(beta))
    near = False
    for _ in range(200):
        step = mp.lu_solve(observed if near else expected, score)
        decrement = mp.fdot(score, step) / 2
        if near and abs(decrement) < DECREMENT:
            return beta
        for _ in range(60):
            ahead = attempted(model, beta + step)
            if ahead is not None and ahead[0] >= value - mpf(10) ** (20 - GUARD_DIGITS):
                break
            step /= 2
        else:
            raise ArithmeticError(f"{model.id}: no ascent")
        beta, (value, score, observed, expected) = beta + step, ahead
        near = near or decrement < 1e-3
    raise ArithmeticError(f"{model.id}: no convergence")


def attempted(model: Model, beta: mp.matrix) -> tuple[Any, Any, Any, Any] | None:
    """The totals, or None where a parameter leaves its domain."""
    try:
        totals = model.totals(list(beta))
    except (ValueError, ZeroDivisionError):
        return None
    return None if isinstance(totals[0], mpmath.mpc) else totals


def check_derivatives(model: Model, beta: mp.matrix) -> None:
    """Hold the hand-written score and information against central differences.

    Raises:
        ArithmeticError: fewer than 25 digits agree.
    """
    step = mpf(10) ** -18
    _, score, observed, _ = model.totals(list(beta))
    for j in range(len(beta)):
        scale = mp.sqrt(observed[j, j])
        up, down = beta.copy(), beta.copy()
        up[j] += step / scale
        down[j] -= step / scale
        high, low = model.totals(list(up)), model.totals(list(down))
        slope = (high[0] - low[0]) / (2 * step)
        curve = (low[1] - high[1]) / (2 * step)
        gaps = [abs(slope - score[j] / scale)]
        gaps += [
            abs(curve[i] - observed[i, j] / scale) / mp.sqrt(observed[i, i])
            for i in range(len(beta))
        ]
        if max(gaps) > mpf(10) ** -25:
            raise ArithmeticError(f"{model.id}: a derivative is wrong, {max(gaps)}")
