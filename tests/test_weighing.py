"""The likelihood of parameters given by hand: products, three tests, curves and surfaces."""

from __future__ import annotations

import json
import math
from pathlib import Path

import mpmath
import numpy as np
import polars as pl
import pytest
from scipy import stats
from scipy.optimize import minimize

from mlefit import families
from mlefit.distribution.at import as_theta
from mlefit.errors import UsageError
from mlefit.request import LikelihoodRequest, Request
from mlefit.weighing import weighing
from tests.families.test_contract import draws, every_point

SAMPLES = Path(__file__).parents[1] / "sample_data"
RIVERS = str(SAMPLES / "rivers.csv")
WITNESS = json.loads((Path(__file__).parent / "reference/likelihood.json").read_text())


def weighed(family, data, *at, over=(), steps=None, rows=False, **common):
    """Of a list of values, or of a file."""
    if not isinstance(data, str):
        data = pl.DataFrame({"y": list(data)})
        common["target"] = "y"
    request = Request(data=data, family=family, **common)
    return weighing.run(LikelihoodRequest(request, at=at, over=over, steps=steps, rows=rows))


def by_hand(family, values, *at, **more):
    return weighing.run(LikelihoodRequest(Request(family=family), values=values, at=at, **more))


def test_of_the_textbook_the_second_is_three_times_better_supported():
    result = by_hand("normal", ("185",), "mu=170,sigma=10", "mu=180,sigma=8")
    first, second = result.points
    assert first.likelihood == pytest.approx(stats.norm(170, 10).pdf(185), rel=1e-14)
    assert second.likelihood == pytest.approx(stats.norm(180, 8).pdf(185), rel=1e-14)
    assert math.exp(first.below_best) == pytest.approx(3.1671468, rel=1e-7)
    assert second.below_best == 0
    # one value alone has no maximum to compare with: the spread would go to nothing
    assert result.maximum.status == "no-maximum"
    assert "sigma goes to 0" in result.maximum.message
    assert first.below_maximum is None
    assert first.relative_support is None


@pytest.mark.parametrize(
    ("family", "at", "scipy", "values"),
    [
        ("normal", "mu=1,sigma=2", stats.norm(1, 2), ("0.5", "-1", "3.25")),
        ("gamma", "mu=2,k=3", stats.gamma(3, scale=2 / 3), ("0.5", "1", "3.25")),
        ("exponential", "mu=2", stats.expon(scale=2), ("0.5", "1", "3.25")),
        ("poisson", "mu=2.5", stats.poisson(2.5), ("0", "4", "2", "2")),
        ("geometric", "mu=4", stats.geom(0.2, loc=-1), ("0", "4", "2")),
        ("student", "mu=0,sigma=1,df=3", stats.t(3), ("0.5", "-7", "2")),
    ],
)
def test_the_likelihood_is_the_product_of_the_densities(family, at, scipy, values):
    (point,) = by_hand(family, values, at).points
    density = scipy.pmf if hasattr(scipy.dist, "pmf") else scipy.pdf
    expected = density(np.array([float(value) for value in values]))
    assert point.factors == pytest.approx(expected.tolist(), rel=1e-12)
    assert point.likelihood == pytest.approx(float(np.prod(expected)), rel=1e-12)
    assert point.log_likelihood == pytest.approx(float(np.log(expected).sum()), rel=1e-12)


@every_point
def test_a_sample_of_every_family_has_the_sums_of_its_rows(family, theta, known):
    if family.fixes:
        theta = tuple(  # the number behind the name holds one of them
            family.fixes.get(one.name, value)
            for one, value in zip(family.parameters, theta, strict=True)
        )
    y = draws(family, theta, known, 40)
    if np.ptp(y) == 0:
        return
    frame = pl.DataFrame({"y": y, **{name: [value] * len(y) for name, value in known.items()}})
    levels = getattr(family, "levels", ())
    if levels:
        codes = y.astype(int).tolist()
        if len(set(codes)) < len(levels):
            return
        frame = pl.DataFrame({"y": [levels[code] for code in codes]})
    names = [parameter.name for parameter in family.parameters]
    at = ",".join(f"{n}={v!r}" for n, v in zip(names, theta, strict=True))
    request = Request(
        data=frame,
        target="y",
        family=family.label,
        trials="trials" if known else None,
        levels=levels or None,
    )
    result = weighing.run(LikelihoodRequest(request, at=(at,)))
    packed = as_theta(family, theta)
    extra = {name: np.full(len(y), value) for name, value in known.items()}
    with np.errstate(all="ignore"):
        heights = np.broadcast_to(family.log_density(y, *packed, **extra), y.shape)
        score = [np.broadcast_to(s, y.shape).sum() for s in family.score(y, *packed, **extra)]
    (point,) = result.points
    assert point.log_likelihood == pytest.approx(float(heights.sum()), rel=1e-12, abs=1e-11)
    slopes = {one.parameter: one.slope for one in result.directions}
    for name, expected, one in zip(names, score, family.parameters, strict=True):
        if not one.taken_from and name not in family.fixes:
            assert slopes[name] == pytest.approx(float(expected), rel=1e-9, abs=1e-9)
    if point.below_maximum is not None:
        assert point.below_maximum > -1e-9
    for reading in result.readings:
        assert reading.p_value is None or 0 <= reading.p_value <= 1
        assert reading.df == len(result.sample.free)


def readings(result, point=1):
    return {one.reading: one for one in result.readings if one.point == point}


def test_the_three_tests_of_a_poisson_mean_are_those_of_paper():
    y, mu = (3, 5, 2, 4, 7, 1), 3.0
    n, mean = len(y), float(np.mean(y))
    found = readings(weighed("poisson", y, f"mu={mu}"))
    ratio = 2 * n * (mean * math.log(mean / mu) - (mean - mu))
    assert found["height"].statistic == pytest.approx(ratio, rel=1e-12)
    assert found["slope"].statistic == pytest.approx(n * (mean - mu) ** 2 / mu, rel=1e-12)
    assert found["distance"].statistic == pytest.approx(n * (mean - mu) ** 2 / mean, rel=1e-9)
    for one in found.values():
        assert one.df == 1
        assert one.p_value == pytest.approx(stats.chi2(1).sf(one.statistic), rel=1e-12)


def test_the_three_tests_of_a_normal_sample_are_those_of_paper():
    y = np.array([1.2, 0.4, 3.1, 2.2, -0.7, 1.9])
    mu, sigma, n = 0.5, 2.0, len(y)
    result = weighed("normal", y, f"mu={mu},sigma={sigma}")
    s = float(y.std())
    slope = np.array([(y - mu).sum() / sigma**2, -n / sigma + ((y - mu) ** 2).sum() / sigma**3])
    assert [one.slope for one in result.directions] == pytest.approx(slope.tolist(), rel=1e-12)
    found = readings(result)
    score = slope[0] ** 2 * sigma**2 / n + slope[1] ** 2 * sigma**2 / (2 * n)
    assert found["slope"].statistic == pytest.approx(score, rel=1e-12)
    wald = (float(y.mean()) - mu) ** 2 * n / s**2 + (s - sigma) ** 2 * 2 * n / s**2
    assert found["distance"].statistic == pytest.approx(wald, rel=1e-9)
    ratio = 2 * (stats.norm(y.mean(), s).logpdf(y) - stats.norm(mu, sigma).logpdf(y)).sum()
    assert found["height"].statistic == pytest.approx(ratio, rel=1e-12)
    distances = [one.z for one in result.directions]
    expected = [(y.mean() - mu) / (s / math.sqrt(n)), (s - sigma) / (s / math.sqrt(2 * n))]
    assert distances == pytest.approx(expected, rel=1e-9)


def test_score_and_ratio_are_those_of_r():
    ours = weighed(
        "poisson",
        str(SAMPLES / "doctor_visits.csv"),
        f"mu={WITNESS['poisson']['mu0']}",
        target="visits",
    )
    found = readings(ours)
    # R's own iteration stops at 1e-8 of the deviance
    assert found["slope"].statistic == pytest.approx(WITNESS["poisson"]["score"], rel=1e-9)
    assert found["slope"].p_value == pytest.approx(WITNESS["poisson"]["score_p"], rel=1e-9)
    assert found["height"].statistic == pytest.approx(WITNESS["poisson"]["ratio"], rel=1e-9)
    assert found["height"].p_value == pytest.approx(WITNESS["poisson"]["ratio_p"], rel=1e-9)


def test_heights_and_the_ends_of_the_cut_are_those_of_r():
    result = weighed("gamma", RIVERS, "mu=590,k=2.5", "mu=500,k=2", over=("mu",), steps=8)
    heights = [point.log_likelihood for point in result.points]
    assert heights == pytest.approx(list(WITNESS["gamma"].values()), rel=1e-14)
    assert [point.likelihood for point in result.points] == [0, 0]  # what no double is so small for
    ends = [result.curve.low, result.curve.high]
    assert ends == pytest.approx(WITNESS["gamma_mu_interval"], rel=1e-9)


def test_the_three_tests_agree_where_rows_are_many():
    rng = np.random.default_rng(5)
    for family, at, sample in (
        ("gamma", "mu=2.02,k=2.95", rng.gamma(3, 2 / 3, 20_000)),
        ("negbinom", "mu=4.05,k=1.48", rng.negative_binomial(1.5, 1.5 / 5.5, 20_000)),
        ("weibull", "scale=1.005,k=1.49", rng.weibull(1.5, 20_000)),
    ):
        found = [one.statistic for one in weighed(family, sample, at).readings]
        assert len(found) == 3
        assert max(found) / min(found) - 1 < 0.06
        assert max(found) < 20


def test_the_curve_of_a_poisson_mean_is_its_likelihood_and_is_cut_where_it_should_be():
    y = (3, 5, 2)
    n, mean = len(y), 10 / 3
    curve = weighed("poisson", y, "mu=3", over=("mu",), steps=10).curve
    assert curve.others == "alone"
    for point in curve.points:
        below = n * (mean * math.log(mean / point.value) - (mean - point.value))
        assert point.below_maximum == pytest.approx(below, rel=1e-9, abs=1e-10)
        assert point.others == {}
    values = [point.value for point in curve.points]
    assert values == sorted(values)
    # the point, the top and the ends are among them
    assert {3.0, curve.low, curve.high} <= set(values)
    with mpmath.workdps(30):
        cut = mpmath.findroot(lambda q: mpmath.gammainc(0.5, 0, q, regularized=True) - 0.95, 1.9)
        assert curve.cut == pytest.approx(float(cut), rel=1e-12)
        m = mpmath.mpf(10) / 3
        for end, guess in ((curve.low, 1.7), (curve.high, 5.8)):
            exact = mpmath.findroot(lambda v: n * (m * mpmath.log(m / v) - (m - v)) - cut, guess)
            assert end == pytest.approx(float(exact), rel=1e-8)


def test_the_profile_of_a_normal_mean_has_a_closed_form():
    y = np.array([1.2, 0.4, 3.1, 2.2, -0.7, 1.9])
    n, mean, s = len(y), float(y.mean()), float(y.std())
    curve = weighed("normal", y, over=("mu=-2:4",), steps=12, conf_level=0.9).curve
    assert curve.others == "profiled"
    assert [curve.points[0].value, curve.points[-1].value] == [-2, 4]
    for point in curve.points:
        away = (mean - point.value) ** 2
        below = n / 2 * math.log1p(away / s**2)
        assert point.below_maximum == pytest.approx(below, rel=1e-8, abs=1e-10)
        assert point.others["sigma"] == pytest.approx(math.sqrt(s**2 + away), rel=1e-4)
    half = s * math.sqrt(math.expm1(stats.chi2(1).ppf(0.9) / n))
    assert [curve.low, curve.high] == pytest.approx([mean - half, mean + half], rel=1e-8)


def test_a_curve_of_a_corner_has_the_heights_of_its_fits():
    y = np.array([0.1, 0.9, 2.0, 2.2, 3.1, 9.0, 4.4])
    curve = weighed("laplace", y, over=("mu=1:4",), steps=6).curve
    b = np.abs(y - np.median(y)).mean()
    for point in curve.points:
        below = len(y) * math.log(np.abs(y - point.value).mean() / b)
        assert point.below_maximum == pytest.approx(below, rel=1e-8, abs=1e-9)


def test_a_held_parameter_is_no_other():
    result = weighed(
        "normal", [1.0, 2.0, 4.0], "mu=2", "mu=3", over=("mu",), fix=("sigma=1.1",), steps=6
    )
    assert result.sample.fixed == {"sigma": 1.1}
    assert result.points[0].at == {"mu": 2.0, "sigma": 1.1}
    assert result.points[0].log_likelihood == pytest.approx(
        stats.norm(2, 1.1).logpdf([1, 2, 4]).sum(), rel=1e-14
    )
    assert result.curve.others == "alone"
    half = stats.norm.ppf(0.975) * 1.1 / math.sqrt(3)
    assert result.curve.high == pytest.approx(7 / 3 + half, rel=1e-9)
    with pytest.raises(UsageError, match="gives sigma two values"):
        weighed("normal", [1.0, 2.0, 4.0], "mu=2,sigma=3", fix=("sigma=1.1",))
    # of one value alone the mean has a likelihood once the spread is given
    one = weighed("normal", [185.0], "mu=170", fix=("sigma=10",))
    assert one.maximum.at == {"mu": 185.0, "sigma": 10.0}
    assert readings(one)["height"].statistic == pytest.approx(2.25, rel=1e-12)


def test_the_surface_of_a_normal_sample_has_a_closed_form():
    y = np.array([1.2, 0.4, 3.1, 2.2, -0.7, 1.9])
    surface = weighed("normal", y, over=("mu", "sigma=0.5:4"), steps=8).surface
    assert surface.parameters == ("mu", "sigma")
    assert surface.others == "alone"
    top = stats.norm(y.mean(), y.std()).logpdf(y).sum()
    for sigma, row in zip(surface.second, surface.below_maximum, strict=True):
        for mu, below in zip(surface.first, row, strict=True):
            expected = top - stats.norm(mu, sigma).logpdf(y).sum()
            assert below == pytest.approx(expected, rel=1e-9, abs=1e-9)
    for level in surface.levels:
        assert 2 * level.below == pytest.approx(stats.chi2(2).ppf(level.level), rel=1e-12)
    assert (surface.second[0], surface.second[-1]) == (0.5, 4)


def test_over_two_of_three_parameters_the_third_is_at_its_best():
    rng = np.random.default_rng(2)
    y = rng.standard_t(4, 60)
    result = weighed("student", y, over=("mu=-0.4:0.4", "sigma=0.7:1.3"), steps=2)
    surface = result.surface
    assert surface.others == "profiled"
    student = families.load("student")
    for j, i in ((0, 0), (1, 2), (2, 1)):
        mu, sigma = surface.first[i], surface.second[j]

        def nll(log_df, mu=mu, sigma=sigma):
            theta = as_theta(student, (mu, sigma, float(np.exp(log_df[0]))))
            return -float(student.log_density(y, *theta).sum())

        best = minimize(nll, [1.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
        expected = best.fun + result.maximum.log_likelihood
        assert surface.below_maximum[j][i] == pytest.approx(expected, abs=1e-6)


def test_rows_contribute_what_adds_up():
    result = weighed("gamma", RIVERS, "mu=590,k=2.5", "mu=500,k=2", rows=True)
    assert len(result.rows) == 2 * 141
    first, second, third, *_ = result.rows
    assert [(one.row, one.point) for one in (first, second, third)] == [(2, 1), (2, 2), (3, 1)]
    assert first.value == "735"
    for number, point in enumerate(result.points, 1):
        total = sum(one.log_density for one in result.rows if one.point == number)
        assert total == pytest.approx(point.log_likelihood, rel=1e-13)


def test_a_weight_is_as_many_rows():
    frame = pl.DataFrame({"y": [1.0, 2.5, 4.0], "w": [2, 1, 3]})
    request = Request(data=frame, target="y", family="gamma", freq_weights="w")
    weighted = weighing.run(LikelihoodRequest(request, at=("mu=2,k=2",), rows=True))
    long = weighed("gamma", [1.0, 1.0, 2.5, 4.0, 4.0, 4.0], "mu=2,k=2")
    assert weighted.sample.rows == 6
    assert weighted.points[0].log_likelihood == pytest.approx(long.points[0].log_likelihood)
    for one, other in zip(weighted.readings, long.readings, strict=True):
        assert one.statistic == pytest.approx(other.statistic, rel=1e-8)
    assert [one.weight for one in weighted.rows] == [2, 1, 3]


def test_a_truncated_sample_is_that_of_the_distribution_in_its_range():
    y = [1.2, 2.4, 3.3]
    result = weighed("normal", y, "mu=1,sigma=2", truncated_below=1.0)
    expected = stats.truncnorm(0, np.inf, 1, 2).logpdf(y).sum()
    assert result.points[0].log_likelihood == pytest.approx(expected, rel=1e-12)


def test_a_location_may_be_given_with_thresholds_that_stand_for_it():
    values = ["b", "a", "b", "b", "c"]
    result = weighed(
        "ordinal", values, "mu=0,a|b=-1,b|c=1", "mu=0.5,a|b=-0.5,b|c=1.5", levels=("a", "b", "c")
    )
    one, other = result.points
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-14)
    assert other.at["mu"] == 0.5
    for first, second in zip(
        readings(result, 1).values(), readings(result, 2).values(), strict=True
    ):
        assert first.statistic == pytest.approx(second.statistic, rel=1e-12)
    assert result.sample.free == ["a|b", "b|c"]


def test_an_edge_has_a_height_to_compare_with_and_no_tests():
    result = weighed("negbinom", [1, 2, 3, 2], "mu=2,k=10")
    assert result.maximum.status == "boundary"
    top = stats.poisson(2).logpmf([1, 2, 3, 2]).sum()
    assert result.maximum.log_likelihood == pytest.approx(top, rel=1e-9)
    assert result.points[0].below_maximum > 0
    found = readings(result)
    assert found["height"].statistic is None
    assert found["distance"].statistic is None


def test_an_impossible_point_has_no_likelihood():
    # below its lower end this distribution has nothing
    first, second = by_hand("gev", ("1", "-9"), "mu=0,sigma=1,xi=0.5", "mu=0,sigma=1,xi=0").points
    assert (first.likelihood, first.log_likelihood, first.below_best) == (0, None, None)
    assert second.below_best == 0


@pytest.mark.parametrize(
    ("over", "words"),
    [
        (("q",), "--over q: no parameter 'q'"),
        (("mu", "mu"), "one parameter for a curve, or two"),
        (("mu,sigma,mu",), "one parameter for a curve, or two"),
        (("mu=3:1",), "is not NAME=FROM:TO"),
        (("mu=3",), "is not NAME=FROM:TO"),
        (("mu=a:b",), "is not NAME=FROM:TO"),
        (("sigma=-1:1",), "sigma must be > 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(over, words):
    with pytest.raises(UsageError, match=words):
        weighed("normal", [1.0, 2.0, 4.0], over=over)


def test_other_refusals():
    with pytest.raises(UsageError, match="no point of the likelihood is named") as caught:
        weighed("normal", [1.0, 2.0, 4.0])
    assert caught.value.tries == ("--at mu=0,sigma=1", "--over mu")
    with pytest.raises(UsageError, match="--over sigma: sigma is held"):
        weighed("normal", [1.0, 2.0, 4.0], over=("sigma",), fix=("sigma=1",))
    with pytest.raises(UsageError, match="no maximum to draw the likelihood about") as caught:
        by_hand("normal", ("185",), over=("mu",))
    assert caught.value.tries == ("--fix sigma=1",)
    with pytest.raises(UsageError, match="mu differs from row to row"):
        weighed(
            "poisson",
            str(SAMPLES / "doctor_visits.csv"),
            "mu=1",
            formula="visits ~ age",
        )
    for text in ("nan", "inf"):
        with pytest.raises(UsageError, match=f"a value must be a number, not '{text}'"):
            by_hand("normal", ("1", text), "mu=1,sigma=1")
    with pytest.raises(UsageError, match="no family"):
        weighing.run(LikelihoodRequest(Request(), values=("1",), at=("mu=1",)))
    with pytest.raises(UsageError, match="binomial needs the number of trials"):
        by_hand("binomial", ("3",), "mu=0.5")


def test_successes_by_hand_have_their_trials():
    (point,) = by_hand("binomial", ("7", "2"), "mu=0.5", trials=10.0).points
    expected = stats.binom(10, 0.5).pmf([7, 2])
    assert point.likelihood == pytest.approx(float(np.prod(expected)), rel=1e-12)
