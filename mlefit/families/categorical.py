"""Categorical target: one of K classes, with log-odds eta_k against the first, eta_0 = 0.

    p_k = exp(eta_k) / S,   S = 1 + exp(eta_1) + ... + exp(eta_(K-1))
    ell(y; eta) = eta_y - log(S)

    d ell/d eta_k = [y = k] - p_k      -d2/d eta_k d eta_l = [k = l] p_k - p_k p_l
    the information is free of y, so observed and expected agree

Every class but the first has a linear predictor of its own, on the same covariates:
softmax regression, with the first class at zero. With two classes this is the
Bernoulli family.

Loss: the negative log-mass is the cross-entropy -ln p_y itself.

Source: A. Agresti (2013), Categorical Data Analysis, 3rd ed., section 8.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from mlefit._types import Matrix, Rows
from mlefit.expression import quote
from mlefit.families._base import Family, Fused, Pairs, ProductPairs
from mlefit.families._derivation import Derivation, Short
from mlefit.families._elsewhere import SCIPY, STAN, Elsewhere, R
from mlefit.families._records import Contrast, Example, Loss, Moments, Parameter
from mlefit.support import CLASSES, Domain, Facts

ALIASES = (
    "multinomial",
    "softmax",
    "cross-entropy",
    "cross-entropy-loss",
    "categorical-cross-entropy",
    "nll-loss",
    "multiclass",
    "multi:softmax",
    "multi:softprob",
    "multinomial-logit",
)

# classes whose probabilities are written out for other systems
_MOST_WRITTEN = 8
_THREE = Facts(("a", "b", "c"), 0, 2)
_FOUR = Facts(("a", "b", "c", "d"), 0, 3)


class Categorical(Family):
    """See the module's docstring."""

    name = "categorical"
    summary = "one of several classes without an order"
    support = CLASSES
    parameters: tuple[Parameter, ...] = (
        Parameter("each class", "logit", Domain.REAL, "log-odds against the first", ("logit",)),
    )
    open = True
    levels: tuple[str, ...] = ()
    examples = (
        Example((0.4, -1.2), facts=_THREE),
        Example((-2.0, 0.3, 2.5), facts=_FOUR),
    )
    derivation = Derivation(
        "if(y == 1, eta1 - log(S), if(y == 2, eta2 - log(S), -log(S)))",
        short=(
            Short("S", "1 + exp(eta1) + exp(eta2)", {"eta1": "p1*S", "eta2": "p2*S"}),
            Short("p1", "exp(eta1)/S", {"eta1": "p1*(1 - p1)", "eta2": "-p1*p2"}),
            Short("p2", "exp(eta2)/S", {"eta1": "-p1*p2", "eta2": "p2*(1 - p2)"}),
        ),
        information={"eta1": "p1*(1 - p1)", "eta1 eta2": "-p1*p2", "eta2": "p2*(1 - p2)"},
        estimate={
            "eta1": "log(sum(y == 1)/sum(y == 0))",
            "eta2": "log(sum(y == 2)/sum(y == 0))",
        },
        letters=("eta1", "eta2"),
        remark="written for three classes 0, 1, 2; more classes have more of the same",
    )
    elsewhere: tuple[Elsewhere, ...] = (
        Elsewhere(R, "dmultinom(x, size = 1, prob = exp(c(0, eta)))"),
        Elsewhere(SCIPY, "multinomial(n=1, p=softmax([0, eta]))"),
        Elsewhere(STAN, "categorical_logit(append_row(0, eta))"),
    )

    def bound(self, facts: Facts) -> Family:
        family = Categorical()
        family.open = False
        family.levels = facts.levels
        family.support = replace(CLASSES, lower=0, upper=len(facts.levels) - 1)
        family.parameters = tuple(
            Parameter(
                level,
                "logit",
                Domain.REAL,
                f"log-odds of {level} against {facts.levels[0]}",
                links=("logit",),
                latent=True,
                follows=True,
            )
            for level in facts.levels[1:]
        )
        if len(facts.levels) <= _MOST_WRITTEN and not set("{}") & set("".join(facts.levels)):
            family.elsewhere = _probabilities(facts.levels)
        return family

    def log_density(self, y: Rows, *eta: Rows) -> Rows:
        return _rows(y, *eta).log_density

    def score(self, y: Rows, *eta: Rows) -> tuple[Rows, ...]:
        return _rows(y, *eta).score

    def observed(self, y: Rows, *eta: Rows) -> Pairs:
        return _rows(y, *eta).information

    def expected(self, *eta: Rows) -> Pairs:
        return _rows(np.zeros_like(eta[0]), *eta).information

    def fused(self, links: tuple[str, ...]) -> Callable[..., Fused]:
        return _rows

    def start(self, moments: Moments) -> tuple[float, ...]:
        # half a row added to each class: finite log-odds whatever the sample holds
        codes = moments.sample.astype(int)
        counts = np.bincount(codes, moments.weight, minlength=len(self.levels)) + 0.5
        return tuple(math.log(count / counts[0]) for count in counts[1:])

    def contrasts(self, y: Rows) -> Sequence[Contrast]:
        return [
            Contrast(
                y == own,
                own - 1 if own else None,
                other - 1 if other else None,
                (repr(seen), repr(told)),
            )
            for own, seen in enumerate(self.levels)
            for other, told in enumerate(self.levels)
            if own != other
        ]

    def distribution(self, links: Sequence[str]) -> str:
        shown = [f"X b[{level}]" for level in self.levels[1:]]
        if len(shown) > 3:
            shown = [shown[0], "...", shown[-1]]
        return f"Categorical(p), p = softmax({', '.join(['0', *shown])})"

    def sample(self, rng: np.random.Generator, *eta: Rows) -> Rows:
        reached = np.cumsum(_weights(eta)[0], axis=0)
        u = rng.random(reached.shape[1]) * reached[-1]
        return (u > reached[:-1]).sum(axis=0).astype(float)

    losses = (
        Loss(
            parameter="all classes",
            name="cross-entropy",
            formula="-ln p[y]",
            value=lambda y, *eta: -_rows(y, *eta).log_density,
            slope=lambda y, *eta: tuple(-slope for slope in _rows(y, *eta).score),
            scale=lambda: 1.0,
            constant=lambda y: 0.0,
            joint=True,
            apis={
                "logit": {
                    "scikit-learn": "LogisticRegression(C=inf) less its first class",
                    "R": "nnet::multinom(formula)",
                }
            },
            same_loss={
                "logit": {
                    "PyTorch": "torch.nn.Linear with torch.nn.CrossEntropyLoss(), weight_decay=0",
                    "XGBoost": "objective='multi:softprob'",
                    "LightGBM": "objective='multiclass'",
                }
            },
        ),
    )


def _rows(y: Rows, *eta: Rows) -> Fused:
    """Everything from one pass over the exponentials."""
    weights, heights = _weights(eta)
    total = weights.sum(axis=0)
    own = np.take_along_axis(heights, y.astype(int)[None], axis=0)[0]
    p, q = weights / total, _others(weights) / total
    score = tuple(np.where(y == k, q[k], -p[k]) for k in range(1, len(p)))
    information = ProductPairs(p[1:] * q[1:], p[1:], p[0])
    return Fused(own - np.log(total), score, information)


def _weights(eta: Sequence[Rows]) -> tuple[Matrix, Matrix]:
    """exp of the heights of all classes, the first included, and the heights, largest 0."""
    heights = np.stack(np.broadcast_arrays(np.zeros(1), *eta))
    heights -= heights.max(axis=0)
    return np.exp(heights), heights


def _others(weights: Matrix) -> Matrix:
    """The sum over all other classes: total less weight would lose the digits of 1 - p."""
    found = np.zeros_like(weights)
    before, behind = np.zeros_like(weights[0]), np.zeros_like(weights[0])
    for k in range(1, len(weights)):
        before += weights[k - 1]
        behind += weights[-k]
        found[k] += before
        found[-k - 1] += behind
    return found


FAMILY = Categorical()


def _probabilities(levels: Sequence[str]) -> tuple[Elsewhere, ...]:
    """The vector of probabilities, each of the form 1/(1 + ratios), which shows it is a share."""
    odds = ["0", *(quote(level) for level in levels[1:])]
    shares = {
        level: f"1/({' + '.join(_ratio(other, own) for other in odds)})"
        for level, own in zip(levels, odds, strict=True)
    }
    listed = ", ".join(f"{{{level}}}" for level in levels)
    return (
        Elsewhere(R, f"dmultinom(x, size = 1, prob = c({listed}))", shares),
        Elsewhere(SCIPY, f"multinomial(n=1, p=[{listed}])", shares),
        Elsewhere(STAN, f"categorical([{listed}]')", shares),
    )


def _ratio(other: str, own: str) -> str:
    return "1" if other == own else f"exp({other} - {own})"
