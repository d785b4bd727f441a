"""The properties of the estimate, by simulation: against closed forms and chance itself."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import bdtr, chdtr, ndtr, stdtr

from mlefit import families
from mlefit.errors import UsageError
from mlefit.request import StudyRequest
from mlefit.results.study import Spread
from mlefit.study import run
from mlefit.study.information import bound
from mlefit.study.invariance import functions, written
from mlefit.study.predictions import of_mean, of_outcome
from mlefit.study.properties import (
    PROBABILITIES,
    covered,
    profile_coverage,
    rates,
    shapes,
    spread,
    wald_coverage,
)
from mlefit.study.rivals import compared, estimators
from mlefit.study.setup import Setup
from mlefit.study.simulation import Simulation, simulate

NORMAL = StudyRequest(family="normal", at=("mu=3,sigma=2",), rows=(40,), replications=400)
# Of all tests of this kind together chance fails less than one in a hundred.
ALMOST_NEVER = 1e-4
# Families whose density takes long need fewer samples to show an error that is wrong.
SAMPLES = Counter(
    {"tweedie": 4, "beta": 30, "von-mises": 30, "student": 30, "beta-binomial": 30, "zinb": 30}
    | {
        "generalised-gamma": 30,
        "ordinal": 30,
        "negbinom1": 30,
        "hurdle-negbinom": 30,
        "truncated-negbinom": 30,
        "skew-normal": 30,
        "gev": 30,
    }
)


def setup_of(name):
    family = families.load(name)
    example = family.examples[0]
    bound_ = family.bound(example.facts) if family.open else family
    return Setup(bound_, example.theta, example.known)


@pytest.mark.parametrize("name", families.NAMES)
def test_intervals_of_a_thousand_rows_cover_as_often_as_they_say(name):
    samples = SAMPLES[name] or 80
    found = simulate(setup_of(name), 1000, samples, seed=11, profile=True)
    assert found.roots is not None
    assert found.has_maximum.sum() >= 0.97 * samples
    count = len(found.z)
    for made, roots in (
        (wald_coverage, found.z),
        (profile_coverage, found.roots[found.has_maximum]),
        (of_mean, None),
    ):
        for j, one in enumerate(made(found, 0.95)):
            assert one.coverage is not None
            held = round(one.coverage * count)
            assert bdtr(held, count, 0.95) > ALMOST_NEVER, one
            if roots is not None:  # too wide an interval shows in the size of z
                square = chdtr(count, float((roots[:, j] ** 2).sum()))
                assert ALMOST_NEVER < square < 1 - ALMOST_NEVER, one
    for one in of_outcome(found, 0.95):
        assert one.coverage is not None
        assert one.std_error is not None
        slack = 4 * one.std_error + 0.001
        assert one.coverage > 0.95 - slack
        assert found.setup.family.support.discrete or one.coverage < 0.95 + slack or atoms(found)


def atoms(found):
    return bool(found.setup.family.support.atoms)


def test_an_error_half_as_large_would_be_seen():
    found = simulate(setup_of("gamma"), 1000, 100, seed=11)
    wrong = replace(found, covariances=found.covariances / 4)
    held = [round((one.coverage or 0) * 100) for one in wald_coverage(wrong, 0.95)]
    assert max(bdtr(held, 100, 0.95)) < ALMOST_NEVER
    wide = replace(found, covariances=found.covariances * 4)
    assert chdtr(100, (wide.z**2).sum(axis=0)).max() < ALMOST_NEVER


def test_a_straight_line_of_logs_has_its_slope_and_error():
    def at(rows, rmse):
        nothing = {"bias": 0.0, "variance": 1.0, "bound": None, "efficiency": None}
        return Spread(
            parameter="mu", rows=rows, truth=1.0, rmse=rmse, rmse_std_error=0.1 * rmse,
            median_error=rmse**2, efficiency_std_error=None, **nothing,
        )  # fmt: skip

    (rate,) = rates([at(rows, 3 * rows**-0.5) for rows in (100, 400)])
    assert rate.slope == pytest.approx(-0.5)
    assert rate.median_slope == pytest.approx(-1.0)
    assert rate.std_error == pytest.approx(0.1 * math.sqrt(2) / math.log(4))
    assert list(rates([at(100, 1.0)])) == []


def test_an_interval_is_counted_by_the_side_it_misses_on():
    one = covered("mu", 50, "wald", "log", np.array([-3.0, -1.0, 0.0, 2.5, 2.6, np.nan]), 0.95)
    assert (one.coverage, one.below, one.above) == (2 / 6, 1 / 6, 2 / 6)
    assert one.std_error == pytest.approx(math.sqrt(0.95 * 0.05 / 6))


def test_the_root_of_a_profile_is_that_of_the_likelihood_ratio():
    setup = Setup(families.load("normal"), (3.0, 2.0), {})
    found = simulate(setup, 40, 5, seed=4, profile=True)
    mean, scale = found.natural.T
    of_mean = 40 * np.log1p(((mean - 3) / scale) ** 2)
    ratio = scale / 2
    of_scale = 40 * (ratio**2 - 1 - 2 * np.log(ratio))
    signs = np.sign(np.column_stack([mean - 3, scale - 2]))
    expected = signs * np.sqrt(np.column_stack([of_mean, of_scale]))
    np.testing.assert_allclose(found.roots, expected, rtol=1e-7)


def test_profiles_cover_where_wald_falls_short():
    request = StudyRequest(
        family="gamma", at=("mu=2,k=3",), rows=(10,), replications=600, show=("coverage",),
        ci=("wald", "profile"),
    )  # fmt: skip
    shares = {(one.name, one.method): one.coverage for one in run(request).coverage}
    wald, profile = shares["mu", "wald"], shares["mu", "profile"]
    assert wald is not None
    assert profile is not None
    assert wald < 0.91 < profile


def test_what_is_predicted_of_a_normal_sample_is_what_t_says():
    setup = Setup(families.load("normal"), (3.0, 2.0), {})
    found = simulate(setup, 12, 2000, seed=4)
    (mean,) = of_mean(found, 0.9)
    t = stdtr(11, 1.6448536 * math.sqrt(11 / 12))
    assert mean.coverage == pytest.approx(2 * t - 1, abs=4 * math.sqrt(0.09 / 2000))
    (outcome,) = of_outcome(found, 0.9)
    # the limit c of (y - mean)/sd averages over Normal(0, 1/12) and log sd ~ Normal(0, 1/24)
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    sizes = np.sqrt(np.exp(2 * nodes / math.sqrt(24)) + 1 / 12)
    c = brentq(lambda c: weights @ ndtr(c / sizes) / weights.sum() - 0.95, 1, 4)
    t = stdtr(11, c / math.sqrt(13 / 12 * 12 / 11))
    error = 4 * (outcome.std_error or 0) + 0.001
    assert outcome.coverage == pytest.approx(2 * t - 1, abs=error)
    assert error < 0.01
    assert outcome.below == pytest.approx(outcome.above, abs=0.01)


def test_the_bound_is_the_inverse_information():
    least, source = bound(Setup(families.load("normal"), (3.0, 2.0), {}), seed=1)
    assert source == "closed form"
    np.testing.assert_allclose(least, [4.0, 2.0])
    least, source = bound(Setup(families.load("negbinom"), (4.0, 1.5), {}), seed=1)
    assert source == "mean over 200,000 drawn rows"
    assert least is not None
    # mu and k are orthogonal: the bound for mu is the variance of a row
    assert least[0] == pytest.approx(4 + 16 / 1.5, rel=0.02)


def test_a_simulation_is_read_as_its_definitions_say():
    rng = np.random.default_rng(3)
    etas = rng.normal(0.1, 0.5, (50, 2))
    etas[7] = np.nan
    matrices = np.tile(np.diag([0.25, 0.04]), (50, 1, 1))
    setup = Setup(families.load("gamma"), (1.0, 2.0), {})
    found = Simulation(setup, 30, etas, matrices, Counter(x=1), [])
    there = np.delete(etas, 7, axis=0)
    one, _ = spread(found, np.array([3.0, 6.0]))
    error = np.exp(there[:, 0]) - 1.0
    assert one.bias == pytest.approx(error.mean())
    assert one.rmse == pytest.approx(np.sqrt((error**2).mean()))
    assert one.variance == pytest.approx(error.var(ddof=1))
    assert one.bound == pytest.approx(0.1)
    assert one.efficiency == pytest.approx(0.1 / error.var(ddof=1))
    assert one.median_error == pytest.approx(np.median(np.abs(error)))
    _, shape = shapes(found)
    z = (there[:, 1] - math.log(2)) / 0.2
    assert (shape.mean, shape.sd) == pytest.approx((z.mean(), z.std(ddof=1)))
    np.testing.assert_allclose(shape.quantiles, np.quantile(z, PROBABILITIES))
    (derived, share) = next(iter(functions(found, written(setup, ["cv = 1 / sqrt(k)"]), 0.9)))
    values = np.exp(there[:, 1]) ** -0.5
    assert derived.truth == pytest.approx(2**-0.5)
    assert derived.mean == pytest.approx(values.mean())
    # the slope of k^(-1/2) in log k is minus half of it
    assert derived.delta_error == pytest.approx(np.median(values) / 2 * 0.2)
    reach = np.abs(values - 2**-0.5) <= 1.6448536 * values / 2 * 0.2
    assert share.coverage == pytest.approx(reach.mean())


@pytest.mark.parametrize(
    ("family", "at", "against", "expected"),
    [
        ("normal", "mu=3,sigma=2", "median", 2 / math.pi),
        ("laplace", "mu=3,b=2", "mean", 0.5),
        ("exponential", "mu=3", "median", math.log(2) ** 2),
        ("logistic", "mu=3,sigma=2", "mean", 9 / math.pi**2),
    ],
)
def test_other_estimators_waste_what_theory_says(family, at, against, expected):
    request = replace(NORMAL, family=family, at=(at,), against=(against,), rows=(801,))
    (rival,) = run(replace(request, show=("efficiency",), replications=600)).rivals
    assert rival.samples == 600
    assert rival.relative_efficiency == pytest.approx(expected, abs=4 * (rival.std_error or 0))
    assert (rival.std_error or 1) < 0.06


def test_moments_are_matched():
    setup = Setup(families.load("gamma"), (2.0, 3.0), {})
    samples = setup.drawn(np.random.default_rng(1), 20, 50)
    (by_moments,) = estimators(setup, ["moments"])
    y = samples.y.reshape(20, 50)
    expected = np.column_stack([y.mean(axis=1), y.mean(axis=1) ** 2 / y.var(axis=1)])
    np.testing.assert_allclose(by_moments.statistic(samples), expected, rtol=1e-9)


def test_moments_that_no_parameters_have_are_no_estimate():
    setup = Setup(families.load("negbinom"), (3.0, 50.0), {})
    samples = setup.drawn(np.random.default_rng(1), 40, 20)
    (by_moments,) = estimators(setup, ["moments"])
    found = by_moments.statistic(samples)
    y = samples.y.reshape(40, 20)
    overdispersed = y.var(axis=1) > y.mean(axis=1)
    assert 0 < overdispersed.sum() < 40
    np.testing.assert_array_equal(np.isfinite(found).all(axis=1), overdispersed)
    k = y.mean(axis=1) ** 2 / (y.var(axis=1) - y.mean(axis=1))
    np.testing.assert_allclose(found[overdispersed, 1], k[overdispersed], rtol=1e-6)


def test_a_trimmed_mean_leaves_out_a_tenth_at_each_end():
    setup = Setup(families.load("cauchy"), (0.0, 1.0), {})
    samples = setup.drawn(np.random.default_rng(1), 1, 20)
    y = np.arange(20.0) ** 3
    (trimmed,) = estimators(setup, ["trimmed-mean"])
    found = trimmed.statistic(replace(samples, y=y[::-1].copy()))
    assert found[0, 0] == y[2:18].mean()
    assert trimmed.values(np.array([[1.5, 0.0]]))[0, 0] == pytest.approx(1.5)


def test_the_gap_of_a_normal_regression_is_the_exact_one():
    n, q = 30, 4
    result = run(replace(NORMAL, rows=(n,), show=("overfit",), covariates=q, replications=2000))
    (one,) = result.overfit
    # E (y - fit)^2 of a fresh row, times E 1/sigma^2, which are independent; own rows: 1
    fresh = (n + 1) * (n - 2) / (n * (n - q - 2)) * n / (n - q - 3)
    assert one.gap == pytest.approx((fresh - 1) / 2, abs=4 * (one.std_error or 0))
    assert one.expected == (q + 2) / n
    assert (one.std_error or 1) < 0.02


def test_a_prior_near_the_truth_saves_fresh_rows():
    request = replace(NORMAL, rows=(20,), show=("overfit",), priors=("normal(0, 0.1)",))
    plain, held = run(request).overfit
    assert (plain.prior, held.prior) == ("", "normal(0, 0.1)")
    assert held.fresh is not None
    assert plain.fresh is not None
    assert held.in_sample is not None
    assert plain.in_sample is not None
    assert held.fresh < plain.fresh
    assert held.in_sample > plain.in_sample
    assert held.truth == plain.truth
    assert held.expected is None


def test_the_estimate_is_the_same_through_another_link():
    request = StudyRequest(
        family="beta", at=("mu=0.3,phi=5",), rows=(30,), replications=20, show=("invariance",)
    )
    links = {one.parameter: one for one in run(request).other_links}
    assert {one.other for one in links.values()} == {"probit", "sqrt"}
    for one in links.values():
        assert one.samples == 20
        assert one.difference is not None
        assert one.difference < 1e-8


def test_the_seed_is_all_there_is_to_chance():
    request = replace(NORMAL, rows=(30, 60), replications=20)
    assert run(request) == run(request)
    assert run(request).spread != run(replace(request, seed=2)).spread
    alone = run(replace(request, rows=(60,)))
    both = [one for one in run(request).spread if one.rows == 60]
    assert both == list(alone.spread)


def test_every_sample_is_fitted_or_counted():
    result = run(StudyRequest(family="negbinom", at=("mu=3,k=8",), rows=(20,), replications=60))
    (one,) = result.replications
    assert one.samples == 60
    assert one.fitted + sum(one.failures.values()) == 60
    assert list(one.failures) == ["no overdispersion: the Poisson boundary is the maximum"]


def test_a_family_without_a_single_maximum_is_told_and_not_averaged():
    request = StudyRequest(family="bernoulli", at=("mu=1e-9",), rows=(5,), replications=4)
    result = run(request)
    assert result.replications[0].fitted == 0
    assert result.spread[0].rmse is None
    assert result.coverage[0].coverage is None
    assert result.shapes[0].sd is None


def test_estimates_that_are_all_one_number_have_no_spread():
    setup = Setup(families.load("poisson"), (1.0,), {})
    found = Simulation(setup, 9, np.zeros((5, 1)), np.ones((5, 1, 1)), Counter(), [np.ones((5, 1))])
    (one,) = spread(found, np.ones(1))
    assert (one.variance, one.rmse, one.rmse_std_error, one.efficiency) == (0, 0, None, None)
    assert next(shapes(found)).skewness is None
    (rival,) = compared(found, estimators(setup, ["mean"]))
    assert (rival.variance, rival.relative_efficiency) == (0, None)


def test_parameters_told_apart_only_by_differences_are_those_of_samples():
    request = StudyRequest(
        family="ordinal", at=("mu=0.5,a|b=0,b|c=1",), levels=("a", "b", "c"), rows=(200,),
        replications=20,
    )  # fmt: skip
    result = run(request)
    assert {one.parameter: one.truth for one in result.spread} == {"a|b": -0.5, "b|c": 0.5}
    assert any("mu" in note for note in result.notes)


def test_an_angle_is_off_by_the_short_way_round():
    setup = Setup(families.load("von-mises"), (3.0, 1.0), {})
    found = setup.errors(np.array([[-3.0, 1.0]]))
    assert found[0, 0] == pytest.approx(2 * math.pi - 6)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"show": ("bias",)}, "no property 'bias' to show"),
        ({"against": ("mode",)}, "no estimator 'mode'"),
        ({"against": ("mean",), "show": ("coverage",)}, "--against is part of"),
        ({"ci": ("profile",), "show": ("normality",)}, "--ci is part of"),
        ({"ci": ("waldo",)}, "no interval 'waldo'"),
        ({"derive": ("a = mu",), "show": ("coverage",)}, "--derive is part of"),
        ({"priors": ("normal(0, 1)",), "show": ("coverage",)}, "--prior is of the slopes"),
        ({"rows": (2,)}, "--rows 2: 2 coefficients take more than 2 rows"),
        ({"rows": (7,), "show": ("overfit",)}, "--rows 7: 7 coefficients"),
        ({"replications": 1}, "--replications 1"),
        ({"at": ("mu=1",)}, "no value for sigma"),
        ({"trials": 3.0}, "normal has no trials"),
        ({"family": "von-mises", "at": ("mu=0,kappa=1",), "against": ("mean",)}, "of a mean"),
        ({"family": "poisson", "at": ("mu=1",), "against": ("median",)}, "--against median"),
        ({"family": "gamma", "at": ("mu=1,k=1",), "against": ("trimmed-mean",)}, "not symmetric"),
        ({"family": "student", "at": ("mu=0,sigma=1,df=5",), "against": ("moments",)}, "moments"),
        ({"derive": ("v = tau^2",)}, "no parameter tau"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(changes, problem):
    with pytest.raises(UsageError, match=problem.replace("(", r"\(")):
        run(replace(NORMAL, **changes))
