"""Ordinal target: one of K ordered classes, cut out of a latent line by K - 1 thresholds.

    P(Y <= k) = F(t_k - mu),   t_0 = -infinity < t_1 < ... < t_(K-1) < t_K = infinity
    ell(y; mu, t) = log(F(a) - F(b)),   a = t_y - mu, b = t_(y-1) - mu, D = F(a) - F(b)

    d ell/d a = f(a)/D                      d ell/d b = -f(b)/D
    -d2/da2 = (f(a)/D)^2 - f'(a)/D          -d2/db2 = (f(b)/D)^2 + f'(b)/D
    -d2/da db = -f(a) f(b)/D^2              mu moves both a and b, by minus itself
    expected: the sum over classes k of grad D_k grad D_k' / D_k

F is the inverse of the link chosen for mu: the logistic distribution function
(proportional odds), the normal one, or another. A positive coefficient moves the
target towards its higher classes. mu has no intercept, since the thresholds stand
for it. Thresholds out of order leave a class without probability, and are refused.
The log-likelihood is concave where log f is, which is so for all links but cauchit
(J. W. Pratt 1981, J. Am. Stat. Assoc. 76, 103-106).

No loss of common use has this negative log-mass.

Source: P. McCullagh (1980), J. R. Stat. Soc. B 42, 109-142.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Rows
from mlefit.expression import quote
from mlefit.families._base import Family, Pairs
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import STAN, Elsewhere, R
from mlefit.families._records import Contrast, Example, Moments, Parameter
from mlefit.links import LINKS, Latent, Link
from mlefit.special import log_probability, ratio, recalled
from mlefit.support import ORDERED_CLASSES, Domain, Facts

ALIASES = (
    "cumulative",
    "proportional-odds",
    "ordered",
    "ordered-logit",
    "ordered-probit",
    "cumulative-logit",
    "polr",
)

_LATENT = ("logit", "probit", "cloglog", "loglog", "cauchit")
_MU = Parameter(
    "mu",
    "logit",
    Domain.REAL,
    "location on the latent line",
    links=_LATENT,
    latent=True,
)
_FOUR = Facts(("a", "b", "c", "d"), 0, 3)


_POLR = {"logit": "logistic"}
_STAN = {"logit": "ordered_logistic", "probit": "ordered_probit"}


class Ordinal(Family):
    """See the module's docstring."""

    name = "ordinal"
    summary = "one of several classes in order"
    support = ORDERED_CLASSES
    parameters: tuple[Parameter, ...] = (
        _MU,
        Parameter(
            "each threshold", "identity", Domain.REAL, "cut between two classes", ("identity",)
        ),
    )
    open = True
    levels: tuple[str, ...] = ()
    link = LINKS["logit"]
    examples = (
        Example((0.3, -1.0, 0.2, 1.9), facts=_FOUR),
        Example((-0.5, -1.0, -0.4, 0.1), facts=_FOUR),
    )
    derivation = Derivation(
        "if(y == 0, log(F1), if(y == 1, log(F2 - F1), log(1 - F2)))",
        short=(
            Short("F1", "logistic(t1 - mu)", {"mu": "-F1*(1 - F1)", "t1": "F1*(1 - F1)"}),
            Short("F2", "logistic(t2 - mu)", {"mu": "-F2*(1 - F2)", "t2": "F2*(1 - F2)"}),
        ),
        letters=("mu", "t1", "t2"),
        remark="written for three classes 0, 1, 2 and the logit link; a plain sample has mu = 0",
    )
    elsewhere: tuple[Elsewhere, ...] = (
        Elsewhere(R, "MASS::polr(formula): zeta the thresholds"),
        Elsewhere(STAN, "ordered_logistic(eta, thresholds)"),
    )

    def bound(self, facts: Facts) -> Family:
        family = Ordinal()
        family.open = False
        family.levels = facts.levels
        family.support = replace(ORDERED_CLASSES, lower=0, upper=len(facts.levels) - 1)
        names = tuple(f"{low}|{high}" for low, high in pairwise(facts.levels))
        family.parameters = (
            replace(_MU, taken_from=names),
            *(
                Parameter(
                    name, "identity", Domain.REAL, "threshold on the latent line", ("identity",)
                )
                for name in names
            ),
        )
        return family

    def through(self, links: Sequence[Any]) -> Family:
        first = links[0]
        family = Ordinal()
        family.__dict__.update(self.__dict__)
        family.link = first.link if isinstance(first, Latent) else first
        family.elsewhere = tuple(_thresholds(family.link.name, self.parameters[1:]))
        return family

    def log_density(self, y: Rows, mu: Rows, *t: Rows) -> Rows:
        return np.log(_ends(self.link, y, mu, t).mass)

    def score(self, y: Rows, mu: Rows, *t: Rows) -> tuple[Rows, ...]:
        _, up, down, _, _ = _ends(self.link, y, mu, t)
        return -(up + down), *(_either(y == k, up, y == k + 1, down) for k in range(len(t)))

    def observed(self, y: Rows, mu: Rows, *t: Rows) -> Pairs:
        _, up, down, bend_up, bend_down = _ends(self.link, y, mu, t)
        aa, bb, ab = up**2 - bend_up, down**2 - bend_down, up * down
        pairs = {(0, 0): aa + 2 * ab + bb}
        for k in range(len(t)):
            below, above = y == k, y == k + 1
            pairs[0, k + 1] = -_either(below, aa + ab, above, bb + ab)
            pairs[k + 1, k + 1] = _either(below, aa, above, bb)
            if k + 1 < len(t):
                pairs[k + 1, k + 2] = np.where(above, ab, 0.0)
        return pairs

    def expected(self, mu: Rows, *t: Rows) -> Pairs:
        places = np.stack(np.broadcast_arrays(*t)) - mu
        slopes = _between(0.0, self.link.slope(places), 0.0)
        p = _between(0.0, self.link.inverse(places), 1.0)
        q = _between(1.0, self.link.complement(places), 0.0)
        mass = _mass(p[1:], q[1:], p[:-1], q[:-1])
        moved = np.diff(slopes, axis=0)  # of the mass of each class, by minus mu
        inner = slopes[1:-1]
        pull = ratio(moved, mass)
        inverse = ratio(np.ones_like(mass), mass)
        pairs = {(0, 0): (moved * pull).sum(axis=0)}
        for k, slope in enumerate(inner):
            pairs[0, k + 1] = -slope * (pull[k] - pull[k + 1])
            pairs[k + 1, k + 1] = slope**2 * (inverse[k] + inverse[k + 1])
            if k + 1 < len(t):
                pairs[k + 1, k + 2] = -slope * inner[k + 1] * inverse[k + 1]
        return pairs

    def start(self, moments: Moments) -> tuple[float, ...]:
        # half a row added to each class: thresholds in order whatever the sample holds
        codes = moments.sample.astype(int)
        counts = np.bincount(codes, moments.weight, minlength=len(self.levels)) + 0.5
        shares = np.cumsum(counts)[:-1] / counts.sum()
        return (0.0, *self.link.forward(shares).tolist())

    def contrasts(self, y: Rows) -> Sequence[Contrast]:
        cuts = [
            (k, (f"at most {low!r}", f"at least {high!r}"))
            for k, (low, high) in enumerate(pairwise(self.levels))
        ]
        below = [Contrast(y == k, k + 1, 0, sides) for k, sides in cuts]
        above = [Contrast(y == k + 1, 0, k + 1, sides[::-1]) for k, sides in cuts]
        return [*below, *above]

    def log_cdf(self, y: Rows, mu: Rows, *t: Rows) -> Rows:
        p, q, *_ = _tails(self.link, np.floor(y), mu, t)
        return log_probability(p, q)

    def log_sf(self, y: Rows, mu: Rows, *t: Rows) -> Rows:
        p, q, *_ = _tails(self.link, np.floor(y), mu, t)
        return log_probability(q, p)

    def sample(self, rng: np.random.Generator, mu: Rows, *t: Rows) -> Rows:
        u = rng.random(len(mu))
        below = [self.link.inverse(cut - mu) for cut in t]
        return np.sum([u > share for share in below], axis=0).astype(float)


class _Ends(NamedTuple):
    """What a row's log-mass is made of: D, f(a)/D and -f(b)/D, f'(a)/D and -f'(b)/D."""

    mass: Rows
    up: Rows
    down: Rows
    bend_up: Rows
    bend_down: Rows


@recalled
def _ends(link: Link, y: Rows, mu: Rows, t: tuple[Rows, ...]) -> _Ends:
    p_a, q_a, a, a_moves = _tails(link, y, mu, t)
    p_b, q_b, b, b_moves = _tails(link, y - 1, mu, t)
    mass = _mass(p_a, q_a, p_b, q_b)
    return _Ends(
        mass,
        np.where(a_moves, ratio(link.slope(a), mass), 0.0),
        np.where(b_moves, -ratio(link.slope(b), mass), 0.0),
        np.where(a_moves, ratio(link.curvature(a), mass), 0.0),
        np.where(b_moves, -ratio(link.curvature(b), mass), 0.0),
    )


def _tails(
    link: Link, k: Rows, mu: Rows, t: Sequence[Rows]
) -> tuple[Rows, Rows, Rows, NDArray[np.bool_]]:
    """P(Y <= k), its complement, the place t_k - mu, and whether that is finite."""
    none, all_of_it = k < 0, k >= len(t)
    cut = np.clip(k, 0, len(t) - 1).astype(np.intp)
    if all(len(one) == 1 for one in t):
        at = np.concatenate(t)[cut] - mu
    else:
        cuts: Matrix = np.stack(np.broadcast_arrays(*t))
        at = np.take_along_axis(cuts, cut[None], axis=0)[0] - mu
    p = np.where(none, 0.0, np.where(all_of_it, 1.0, link.inverse(at)))
    q = np.where(none, 1.0, np.where(all_of_it, 0.0, link.complement(at)))
    return p, q, at, ~(none | all_of_it)


def _either(below: NDArray[np.bool_], one: Rows, above: NDArray[np.bool_], other: Rows) -> Rows:
    """One of two values, or nothing: no row is both below and above a threshold."""
    return np.where(below, one, np.where(above, other, 0.0))


def _between(low: float, inner: Matrix, high: float) -> Matrix:
    """Values at all thresholds, with those at -infinity and infinity as first and last row."""
    return np.pad(inner, ((1, 1), (0, 0)), constant_values=((low, high), (0, 0)))


def _mass(p_a: Rows, q_a: Rows, p_b: Rows, q_b: Rows) -> Rows:
    """F(a) - F(b): the difference of the two smaller tails has the more digits."""
    return np.where(p_a < q_b, p_a - p_b, q_b - q_a)


FAMILY = Ordinal()


def _thresholds(link: str, thresholds: Sequence[Parameter]) -> Iterator[Elsewhere]:
    """The thresholds where the location is 0, which every system has as they are here."""
    arguments = {one.name: quote(one.name) for one in thresholds}
    if set("{}") & set("".join(arguments)):
        return
    listed = ", ".join(f"{{{name}}}" for name in arguments)
    yield Elsewhere(R, f'MASS::polr(method = "{_POLR.get(link, link)}"): zeta {listed}', arguments)
    if link in _STAN:
        yield Elsewhere(STAN, f"{_STAN[link]}(0, [{listed}]')", arguments)
