"""Censored and truncated families: their derivatives are means over an interval.

    d ln P(a <= Y <= b)/d theta = E[score | a <= Y <= b]

and for the second derivatives E[score score' - observed | ...] less the product of the means.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from mpmath import mp, mpf

from mlefit import families
from mlefit.errors import UsageError
from mlefit.families._base import Family
from mlefit.families._conditioned import LOWER, UPPER, Conditioned
from mlefit.fitting import fit
from tests.families.test_contract import draws, offers, packed_theta, points_of, rows

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_data"
WITNESS = json.loads((ROOT / "tests" / "reference" / "censored.json").read_text(encoding="utf-8"))
CASES = {case["id"]: case for case in WITNESS["cases"]}

# The rules that integrate sharp and heavy-tailed densities are no better; where the tails
# have closed forms the fits below are held to ten digits.
SLOPE, CURVE = 1e-6, 1e-4

# Where a density ends inside the real line, or its slope turns a corner.
BREAKS: dict[str, Callable[..., tuple[float, ...]]] = {
    "gev": lambda value, mu, sigma, xi: (mu - sigma / xi,) if xi else (),
    "huber": lambda k, mu, sigma: (mu - k * sigma, mu + k * sigma),
    "smooth-l1": lambda beta, mu, sigma: (mu - beta, mu + beta),
}

every_point = points_of(
    lambda family: (
        offers("log_cdf")(family)
        and family.vertex is None
        and not family.support.binary
        and not family.support.levels
    ),
    # the masses of many trials take long to add up
    keeps=lambda theta, known: known.get("trials", 0) <= 20,
)
ends = pytest.mark.parametrize("shares", [(0.3, 0.6), (0.5, None), (None, 0.2), (0.9, None)])


@pytest.fixture(autouse=True)
def _infinities_are_told_by_name():
    with np.errstate(all="ignore"):
        yield


@every_point
@ends
def test_a_censored_row_contributes_the_mean_score_of_its_interval(family, theta, known, shares):
    lower, upper = interval(family, theta, known, shares)
    censored = Conditioned(family, censored=True)
    y = np.array([lower if lower == upper else 0.0])
    packed = packed_theta(family, theta, 1)
    extra = rows(known, 1) | {LOWER: np.array([lower]), UPPER: np.array([upper])}
    share, score, second = means(family, theta, known, lower, upper)
    assert censored.log_density(y, *packed, **extra)[0] == pytest.approx(np.log(share), abs=1e-6)
    claimed = np.array([s[0] for s in censored.score(y, *packed, **extra)])
    observed = censored.observed(y, *packed, **extra)
    reach = np.sqrt(np.abs(np.diag(second)) + score**2)
    for j, k in itertools.combinations_with_replacement(range(len(theta)), 2):
        size = reach[j] * reach[k]
        curve = score[j] * score[k] - second[j][k]
        claim = np.ravel(observed.get((j, k), 0.0))[0]
        assert claim == pytest.approx(curve, rel=CURVE, abs=CURVE * size + 1e-10)
    atol = SLOPE * reach.max() + 1e-12
    np.testing.assert_allclose(claimed, score, rtol=SLOPE, atol=atol)


@every_point
def test_a_truncated_density_adds_up_to_one_inside_its_range(family, theta, known):
    lower, upper = interval(family, theta, known, (0.1, 0.8))
    if lower == upper:
        return
    below = lower if lower > family.support.lower else -np.inf
    truncated = Conditioned(family, censored=False, below=below, above=upper)

    def density(y):
        packed, extra = packed_theta(family, theta, len(y)), rows(known, len(y))
        return np.exp(truncated.log_density(y, *packed, **extra))[None]

    share = total(density, family, theta, known, lower, upper)[0]
    assert share == pytest.approx(1, abs=1e-6)
    y = truncated.sample(
        np.random.default_rng(1), *packed_theta(family, theta, 200), **rows(known, 200)
    )
    assert lower <= y.min()
    assert y.max() <= upper


@pytest.mark.parametrize("z", [-3.0, 2.0, 12.0, 60.0])
def test_far_out_the_derivatives_of_a_censored_row_keep_their_digits(z):
    censored = Conditioned(families.load("normal"), censored=True)
    known = {LOWER: np.array([5 + 2 * z]), UPPER: np.array([np.inf])}
    at, theta = known[LOWER], (np.array([5.0]), np.array([2.0]))
    with mp.workdps(900):
        hazard = mp.npdf(mpf(z)) / (1 - mp.ncdf(mpf(z)))
        slopes, bend = [float(hazard / 2), float(z * hazard / 2)], float(hazard * (hazard - z) / 4)
    # the logarithms of the density and of its tail are about z^2/2 and lose what that takes
    score = [s[0] for s in censored.score(at, *theta, **known)]
    assert score == pytest.approx(slopes, rel=1e-16 * (20 + z**2))
    observed = censored.observed(at, *theta, **known)[0, 0][0]
    assert observed == pytest.approx(bend, rel=1e-16 * (20 + z**4))


def test_a_value_outside_the_range_has_no_density():
    truncated = Conditioned(families.load("normal"), censored=False, below=0.0, above=2.0)
    at = np.array([-1.0, 1.0, 3.0])
    density = truncated.log_density(at, np.zeros(3), np.ones(3))
    assert np.isneginf(density).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("case", "family", "options"),
    [
        ("tobit", "normal", {"censored_below": 0.0}),
        ("tobit-logistic", "logistic", {"censored_below": 0.0}),
        ("exponential", "exponential", {"event": "cens"}),
        ("weibull", "weibull", {"event": "cens"}),
        ("lognormal", "lognormal", {"event": "cens"}),
        ("loglogistic", "loglogistic", {"event": "cens"}),
        ("weibull-interval", "weibull", {"lower": "lo", "upper": "hi"}),
        ("lognormal-interval", "lognormal", {"lower": "lo", "upper": "hi"}),
    ],
)
def test_survreg_agrees(case, family, options):
    witness = CASES[case]
    if "tobit" in case:
        data, formula = pl.read_csv(SAMPLES / "durables.csv"), "durable ~ age + quant"
    else:
        frame = pl.read_csv(SAMPLES / "leukemia.csv").with_columns(
            lo=pl.max_horizontal(pl.col("time") - 1, 0.5),
            hi=pl.when(pl.col("cens") == 1).then(pl.col("time") + 1),
        )
        data, formula = frame, "~ treat" if "lower" in options else "time ~ treat"
    result = fit(data, formula, family=family, **options)
    numbers = list(witness["numbers"].values())
    assert result.fit.log_likelihood == pytest.approx(witness["log_likelihood"], rel=1e-11)
    slopes = len(result.coefficients)
    for row, (estimate, error) in zip(result.coefficients, numbers[:slopes], strict=True):
        assert row.estimate == pytest.approx(estimate, rel=1e-7)
        assert row.std_error == pytest.approx(error, rel=1e-6)


def test_censoring_of_nothing_is_the_plain_fit():
    frame = pl.read_csv(SAMPLES / "durables.csv").with_columns(seen=1)
    plain = fit(frame, "age ~ quant", family="normal")
    censored = fit(frame, "age ~ quant", family="normal", event="seen")
    for one, other in zip(plain.coefficients, censored.coefficients, strict=True):
        assert one.estimate == pytest.approx(other.estimate, rel=1e-10)
        assert one.std_error == pytest.approx(other.std_error, rel=1e-10)


def test_a_group_that_was_never_seen_has_no_maximum_and_is_named():
    frame = pl.DataFrame(
        {"t": [1.0, 2, 3, 4, 5, 6], "e": [1, 1, 1, 0, 0, 0], "g": ["a", "a", "a", "b", "b", "b"]}
    )
    result = fit(frame, "t ~ g", family="normal", event="e")
    assert result.certificate.status == "no-maximum"
    assert "'t' is right-censored in every row of g[b]" in result.warnings[0]


def test_what_cannot_be_censored_is_refused():
    frame = pl.DataFrame({"t": [1.0, 2, 3, 4], "e": [1, 1, 0, 0]})
    with pytest.raises(UsageError, match="vertex"):
        fit(frame, "t ~ 1", family="laplace", event="e")
    with pytest.raises(UsageError, match="twice"):
        fit(frame, "t ~ 1", family="normal", event="e", censored_above=3.0)
    with pytest.raises(UsageError, match="leaves nothing out"):
        fit(frame, "t ~ 1", family="poisson", truncated_below=0.0)
    with pytest.raises(UsageError, match="nothing stands left"):
        fit(frame, "t ~ 1", family="normal", lower="t", upper="t")


def interval(family: Family, theta, known, shares) -> tuple[float, float]:
    low, high = (
        None if share is None else float(np.quantile(draws(family, theta, known), share))
        for share in shares
    )
    if family.support.discrete:
        low, high = (None if end is None else float(round(end)) for end in (low, high))
    return (
        (-np.inf if family.support.discrete is False else family.support.lower)
        if low is None
        else low,
        np.inf if high is None else high,
    )


def means(family: Family, theta, known, lower: float, upper: float):
    """P(lower <= Y <= upper), and means given that of the score and of score score' - observed."""
    p = len(theta)

    def terms(y: np.ndarray) -> np.ndarray:
        packed, extra = packed_theta(family, theta, len(y)), rows(known, len(y))
        density = np.exp(family.log_density(y, *packed, **extra))
        score = np.array([np.broadcast_to(s, y.shape) for s in family.score(y, *packed, **extra)])
        observed = family.observed(y, *packed, **extra)
        second = score[:, None] * score[None, :]
        for (j, k), J in observed.items():
            second[j, k] -= J
            second[k, j] = second[j, k]
        parts = np.concatenate([np.ones((1, len(y))), score, second.reshape(p * p, -1)])
        return np.where(density > 0, density * parts, 0.0)

    sums = total(terms, family, theta, known, lower, upper)
    share = sums[0]
    return share, sums[1 : 1 + p] / share, (sums[1 + p :] / share).reshape(p, p)


def total(terms, base: Family, theta, known, lower: float, upper: float) -> np.ndarray:
    """The sum or the integral over an interval of several functions of y, each a row."""
    if base.support.discrete:
        top = min(upper, known.get("trials", 8 * draws(base, theta, known).max() + 60))
        return terms(np.arange(max(lower, base.support.lower), top + 1)).sum(axis=1)
    found = [(terms(y) * w).sum(axis=1) for y, w in pieces(base, theta, known, lower, upper)]
    atoms = [atom for atom in base.support.atoms if lower <= atom <= upper]
    return sum([*found, *([terms(np.array(atoms)).sum(axis=1)] if atoms else [])])


def pieces(base: Family, theta, known, lower: float, upper: float):
    """Nodes and weights of Gauss-Legendre rules between quantiles, the tails stretched."""
    t, w = np.polynomial.legendre.leggauss(200)
    t, w = (t + 1) / 2, w / 2
    inner = np.unique(
        np.quantile(draws(base, theta, known), [0.001, 0.02, 0.2, 0.5, 0.8, 0.98, 0.999])
    )
    spread = inner[-1] - inner[0]
    lo, hi = max(lower, base.support.lower), min(upper, base.support.upper)
    breaks = BREAKS.get(base.name, lambda *anything: ())(base.value, *theta)
    near = [e for e in breaks if abs(e - inner[0]) < 10 * spread]
    inside = sorted(e for e in {*inner.tolist(), *near} if lo < e < hi)
    for a, b in itertools.pairwise([lo, *inside, hi]):
        if np.isfinite([a, b]).all():
            # a density may be infinite at an end of its support: nodes crowd there
            share = t**4 + (1 - t) ** 4
            yield a + (b - a) * t**4 / share, 4 * (b - a) * (t * (1 - t)) ** 3 / share**2 * w
        else:  # far enough for tails that fall as a power
            out, slope = (t / (1 - t)) ** 3, 3 * t**2 / (1 - t) ** 4
            yield (a + spread * out if np.isfinite(a) else b - spread * out), spread * slope * w


def test_truncated_rows_that_were_seen_hold_the_location():
    family = Conditioned(families.load("negbinom"), censored=False, below=1)
    falls, rises = family.escape(np.array([1.0, 2.0]))
    assert not falls.any()
    assert not rises.any()
