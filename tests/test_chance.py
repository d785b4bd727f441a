"""Probabilities under fixed parameters, against integrals of the density and closed forms."""

from __future__ import annotations

import math
from pathlib import Path

import mpmath
import numpy as np
import pytest
from scipy import stats

import mlefit
from mlefit import chance
from mlefit.distribution.single import Distribution
from mlefit.errors import UsageError
from mlefit.request import ProbabilityRequest
from tests.families.test_contract import (
    every_ordered_point,
    integral,
    offers,
    points_of,
    quantiles,
    weighed,
)

SAMPLES = Path(__file__).parents[1] / "sample_data"
RIVERS, VISITS = str(SAMPLES / "rivers.csv"), str(SAMPLES / "doctor_visits.csv")
every_point_without_order = points_of(lambda family: not offers("log_cdf")(family))


def answers(family, at, **questions):
    texts = {
        name: value if isinstance(value, tuple) else (value,) for name, value in questions.items()
    }
    levels, trials = texts.pop("levels", None), texts.pop("trials", (None,))[0]
    request = ProbabilityRequest(family, (at,), levels, trials, **texts)
    return chance.run(request).answers


def told(*asked, **questions):
    return {one.event: one.probability for one in answers(*asked, **questions)}


@every_ordered_point
def test_the_probability_of_an_interval_is_the_integral_of_the_density(family, theta, known):
    with np.errstate(all="ignore"):
        low, high = quantiles(family, theta, known, [0.2, 0.7]).tolist()
        term = weighed(family, theta, known, lambda y: 1.0)
        if family.support.discrete:
            expected = sum(term(y) for y in range(int(low), int(high) + 1))
        else:
            corner = theta[0] if low < theta[0] < high else (low + high) / 2
            spread = float(high - low) or 1.0
            expected = integral(term, low, corner, spread) + integral(term, corner, high, spread)
            expected += sum(term(atom) for atom in family.support.atoms if low <= atom <= high)
        distribution = Distribution.of(family, theta, known)
        found = math.exp(distribution.log_between(low, high))
        assert found == pytest.approx(expected, rel=1e-8)
        outside = distribution.log_below(low, inclusive=False), distribution.log_above(high)
        assert found + sum(map(math.exp, outside)) == pytest.approx(1, abs=1e-12)


@every_point_without_order
def test_values_without_an_order_have_no_probability_up_to_one(family, theta, known):
    distribution = Distribution.of(family, theta, known)
    for question in (distribution.log_below, distribution.log_above):
        with pytest.raises(UsageError, match="have no order"):
            question(1.0)
    assert math.isfinite(distribution.log_density(1.0))


def test_directions_have_arcs():
    for mu, kappa in ((0.0, 2.0), (3.0, 0.5), (-1.0, 1e5)):
        wide = stats.vonmises(kappa, loc=mu)
        for low, high in ((-0.5, 0.5), (2.5, 4.0), (mu - 0.003, mu + 0.001)):
            (one,) = answers("von-mises", f"mu={mu},kappa={kappa}", between=f"{low},{high}")
            expected = wide.cdf(high) - wide.cdf(low)
            assert one.probability == pytest.approx(expected, rel=1e-7, abs=1e-12)
            assert one.complement == pytest.approx(1 - one.probability, rel=1e-9)
    (far,) = answers("von-mises", "mu=0,kappa=100000", between="2.5,3")
    with mpmath.workdps(40):
        peak = mpmath.cos(2.5)
        exact = mpmath.quad(
            lambda t: mpmath.exp(1e5 * (mpmath.cos(2.5 + t) - peak)), [0, 1e-4, 1e-3, 0.1, 0.5]
        )
        whole = 2 * mpmath.pi * mpmath.besseli(0, 1e5)
        log_exact = mpmath.log(exact) + 1e5 * peak - mpmath.log(whole)
    assert far.log_probability == pytest.approx(float(log_exact), rel=1e-13)
    (turn,) = answers("von-mises", "mu=1,kappa=3", between="-3.2,3.2")
    assert turn.probability == 1
    (point,) = answers("von-mises", "mu=1,kappa=3", between="1,1")
    assert point.probability == 0


def test_the_normal_of_every_textbook():
    found = told("normal", "mu=170,sigma=10", above="185", below="185", between="165,185")
    normal = stats.norm(170, 10)
    assert found["X > 185"] == pytest.approx(normal.sf(185), rel=1e-14)
    assert found["X <= 185"] == pytest.approx(normal.cdf(185), rel=1e-14)
    inside = normal.cdf(185) - normal.cdf(165)
    assert found["165 < X < 185"] == pytest.approx(inside, rel=1e-14)
    (density,) = answers("normal", "mu=170,sigma=10", equal="185")
    assert (density.probability, density.density) == (0, pytest.approx(normal.pdf(185), rel=1e-14))


def test_of_a_count_both_readings_are_told_with_the_mass_between_them():
    poisson = stats.poisson(3)
    assert told("poisson", "mu=3", below="5") == pytest.approx(
        {"X <= 5": poisson.cdf(5), "X < 5": poisson.cdf(4), "X = 5": poisson.pmf(5)}, rel=1e-14
    )
    assert told("poisson", "mu=3", above="5") == pytest.approx(
        {"X > 5": poisson.sf(5), "X >= 5": poisson.sf(4), "X = 5": poisson.pmf(5)}, rel=1e-14
    )
    assert told("poisson", "mu=3", between="1,4") == pytest.approx(
        {
            "1 <= X <= 4": poisson.cdf(4) - poisson.cdf(0),
            "X = 1": poisson.pmf(1),
            "X = 4": poisson.pmf(4),
        },
        rel=1e-13,
    )
    # between two counts there is nothing, and what is asked twice is told once
    assert told("poisson", "mu=3", below="4.5") == {"X <= 4.5": pytest.approx(poisson.cdf(4))}
    assert told("poisson", "mu=3", between="4.2,4.8") == {"4.2 <= X <= 4.8": 0}
    assert [one.event for one in answers("poisson", "mu=3", below="2", equal="2")] == [
        "X <= 2",
        "X < 2",
        "X = 2",
        "X = 2",
    ]


def test_an_atom_of_a_density_counts_where_it_belongs():
    rate = 2.0  # of the Poisson number of gamma jumps: mu^(2-p) / (phi (2-p))
    found = told("tweedie:1.5", "mu=1,phi=1", below="0", above="0", between="-1,0")
    assert found["X <= 0"] == pytest.approx(math.exp(-rate), rel=1e-14)
    assert found["X < 0"] == 0
    assert found["X > 0"] == pytest.approx(-math.expm1(-rate), rel=1e-13)
    assert found["X >= 0"] == 1
    assert found["-1 <= X <= 0"] == pytest.approx(math.exp(-rate), rel=1e-13)


def test_tails_below_the_smallest_double_have_their_logarithm():
    far = answers("normal", "mu=0,sigma=1", above=("8", "60"))
    with mpmath.workdps(60):
        for one, z in zip(far, (8, 60), strict=True):
            exact = float(mpmath.log(mpmath.ncdf(-z)))
            assert one.log_probability == pytest.approx(exact, rel=1e-14)
    assert far[0].probability == pytest.approx(6.22096057427178e-16, rel=1e-13)
    assert (far[1].probability, far[1].complement) == (0, 1)


def test_what_is_left_of_one_keeps_its_digits():
    (one,) = answers("exponential", "mu=1", below="50")
    assert one.complement == pytest.approx(math.exp(-50), rel=1e-14)
    (quantile,) = answers("exponential", "mu=1", quantile="1-1e-30")
    assert quantile.upper == pytest.approx(30 * math.log(10), rel=1e-15)
    (same,) = answers("exponential", "mu=1", quantile=f"0.{'9' * 30}")
    assert same.upper == quantile.upper


def test_levels_are_asked_by_their_names():
    three = ("lo", "mid", "hi")
    found = told("ordinal", "mu=0,lo|mid=-1,mid|hi=1", below="mid", equal="hi", levels=three)
    edge = 1 / (1 + math.exp(-1))
    assert found == pytest.approx(
        {"X <= mid": edge, "X < mid": 1 - edge, "X = mid": 2 * edge - 1, "X = hi": 1 - edge}
    )
    total = 1 + math.exp(1) + math.exp(-1)
    found = told("softmax", "b=1,c=-1", equal=("a", "c"), levels=("a", "b", "c"))
    assert found == pytest.approx({"X = a": 1 / total, "X = c": math.exp(-1) / total})


def test_a_value_that_the_family_has_not_is_impossible_and_told():
    result = chance.run(
        ProbabilityRequest("binomial", ("mu=0.3",), None, 10.0, equal=("11", "2.5", "3"))
    )
    assert [one.probability for one in result.answers] == [
        0,
        0,
        pytest.approx(stats.binom(10, 0.3).pmf(3), rel=1e-13),
    ]
    assert result.answers[0].log_probability is None
    assert result.notes == (
        "11 is no value of binomial, which has 0, 1, ..., trials",
        "2.5 is no value of binomial, which has 0, 1, ..., trials",
    )


@pytest.mark.parametrize(
    ("questions", "words"),
    [
        ({}, "nothing is asked"),
        ({"above": "x"}, "--above must be a number, not 'x'"),
        ({"below": "inf"}, "--below must be a number"),
        ({"between": "5"}, "--between '5' is not LOW,HIGH"),
        ({"between": "5,1"}, "5 is above 1"),
        ({"quantile": "1"}, "--quantile must be a number above 0 and below 1"),
        ({"quantile": "1-2"}, "--quantile must be"),
        ({"quantile": "half"}, "--quantile must be"),
    ],
)
def test_a_question_that_means_nothing_is_refused(questions, words):
    with pytest.raises(UsageError, match=words):
        answers("normal", "mu=0,sigma=1", **questions)


def test_other_refusals_have_a_way_out():
    with pytest.raises(UsageError, match="no distribution: which family"):
        chance.run(ProbabilityRequest())
    with pytest.raises(UsageError, match="the values of von-mises are an angle in radians"):
        answers("von-mises", "mu=0,kappa=1", equal="90")
    with pytest.raises(UsageError, match="no level 'hii'") as caught:
        answers("softmax", "hi=1", equal="hii", levels=("lo", "hi"))
    assert caught.value.tries == ("--equal hi",)
    with pytest.raises(UsageError, match="beyond the largest double"):
        answers("student", "mu=0,sigma=1,df=0.5", quantile="1e-200")


@every_ordered_point
def test_the_picture_holds_nearly_all_of_the_distribution(family, theta, known):
    named = dict(zip([p.name for p in family.parameters], theta, strict=True))
    at = ",".join(f"{k}={v!r}" for k, v in named.items() if k not in family.fixes)
    if family.support.levels or family.setting is not None:
        return  # their names need more than the parameters
    request = ProbabilityRequest(family.label, (at,), None, known.get("trials"), quantile=("0.5",))
    curve = chance.run(request).curve
    heights = np.array([p.density if p.density is not None else 0.0 for p in curve])
    places = np.array([point.y for point in curve])
    if family.support.discrete:
        share = heights.sum() * (places[1] - places[0])  # of many counts every second one
    else:
        share = np.trapezoid(heights, places)
    assert 0.6 < share < 1.3


def test_a_saved_sample_is_a_distribution():
    saved = mlefit.fit(RIVERS, target="length_miles", family="gamma")
    result = chance.run(ProbabilityRequest(model=saved, above=("1000",)))
    mu, k = (one.estimate for one in saved.parameters)
    assert result.distribution.at == pytest.approx({"mu": mu, "k": k}, rel=1e-12)
    expected = stats.gamma(k, scale=mu / k).sf(1000)
    assert result.answers[0].probability == pytest.approx(expected, rel=1e-10)


def test_a_saved_truncated_sample_has_nothing_outside_its_range():
    saved = mlefit.fit(RIVERS, target="length_miles", family="lognormal", truncated_below=134.5)
    result = chance.run(ProbabilityRequest(model=saved, below=("134.5", "200")))
    mu, sigma = (one.estimate for one in saved.parameters)
    whole = stats.lognorm(sigma, scale=math.exp(mu))
    assert result.answers[0].probability == 0
    expected = (whole.cdf(200) - whole.cdf(134.5)) / whole.sf(134.5)
    assert result.answers[1].probability == pytest.approx(expected, rel=1e-9)
    assert result.notes == ("of the distribution without what is below 134.5, as it was fitted",)


def test_a_saved_fit_is_the_whole_distribution_or_refused():
    saved = mlefit.fit(VISITS, "visits ~ age", family="poisson")
    with pytest.raises(UsageError, match="has covariates, so every row has a distribution"):
        chance.run(ProbabilityRequest(model=saved, above=("3",)))
    for flag, given in (("--family", {"family": "normal"}), ("--at", {"at": ("mu=1",)})):
        with pytest.raises(UsageError, match=f"so {flag} has nothing to say"):
            chance.run(ProbabilityRequest(model=saved, above=("3",), **given))
