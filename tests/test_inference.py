"""Standard errors, intervals, criteria and deviances against their closed forms.

The formulas are written out with numpy and scipy, from the raw columns.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats
from scipy.special import gammaln, logsumexp, xlogy

from mlefit import families
from mlefit.fitting import fit
from mlefit.inference.covariance import kinds_for

ROWS = 80
REGRESSIONS = {
    "huber": ("y ~ x + g", {}),
    "smooth-l1": ("y ~ x + g", {}),
    "asymmetric-laplace": ("y ~ x + g", {}),
    "bernoulli": ("yes ~ x + g", {}),
    "beta": ("share ~ x + g", {}),
    "beta-binomial": ("streaks ~ x + g", {"trials": "games"}),
    "binomial": ("wins ~ x + g", {"trials": "games"}),
    "cauchy": ("y ~ x + g", {}),
    "exponential": ("wait ~ x + g", {}),
    "gamma": ("wait ~ x + g", {}),
    "generalised-gamma": ("wait ~ x + g", {}),
    "geometric": ("burst ~ x + g", {}),
    "gev": ("y ~ x + g", {}),
    "gumbel": ("y ~ x + g", {}),
    "half-normal": ("wait ~ x + g", {}),
    "hurdle-negbinom": ("gappy ~ x + g", {}),
    "hurdle-poisson": ("gappy ~ x + g", {}),
    "hyperbolic-secant": ("y ~ x + g", {}),
    "inverse-gaussian": ("wait ~ x + g", {}),
    "laplace": ("y ~ x + g", {}),
    "logistic": ("y ~ x + g", {}),
    "logarithmic": ("seen ~ x + g", {}),
    "loglogistic": ("wait ~ x + g", {}),
    "lognormal": ("wait ~ x + g", {}),
    "negbinom": ("burst ~ x + g", {}),
    "negbinom1": ("burst ~ x + g", {}),
    "normal": ("y ~ x + g", {}),
    "pareto": ("wait ~ x + g", {}),
    "poisson": ("count ~ x + g", {}),
    "rayleigh": ("wait ~ x + g", {}),
    "skew-normal": ("y ~ x + g", {}),
    "student": ("y ~ x + g", {}),
    "truncated-negbinom": ("seen ~ x + g", {}),
    "truncated-poisson": ("seen ~ x + g", {}),
    "tweedie": ("amount ~ x + g", {}),
    "von-mises": ("angle ~ x + g", {}),
    "weibull": ("wait ~ x + g", {}),
    "zinb": ("gappy ~ x + g", {}),
    "zip": ("gappy ~ x + g", {}),
}
every_family = pytest.mark.parametrize("family", REGRESSIONS)


def test_every_family_has_a_regression():
    # those with a predictor for each class are in tests/families/test_class_inference.py
    single = [family.name for family in families.every() if not family.support.levels]
    assert sorted(REGRESSIONS) == sorted(single)


# --- closed forms of plain samples -----------------------------------------------------


def test_a_normal_sample_has_its_textbook_errors():
    mu, sigma = regress("normal", "y ~ 1").parameters
    y = column("y")
    assert mu.estimate == pytest.approx(y.mean(), rel=1e-14)
    assert sigma.estimate == pytest.approx(y.std(), rel=1e-12)
    assert mu.std_error == pytest.approx(y.std() / math.sqrt(ROWS), rel=1e-12)
    # of log sigma 1 / sqrt(2 n), so of sigma itself
    assert sigma.std_error == pytest.approx(y.std() / math.sqrt(2 * ROWS), rel=1e-12)


def test_a_small_normal_sample_has_the_interval_of_students_t():
    mu, sigma = regress("normal", "y ~ 1", small_sample=True).parameters
    y = column("y")
    assert sigma.estimate == pytest.approx(y.std(ddof=1), rel=1e-12)
    assert mu.std_error == pytest.approx(stats.sem(y), rel=1e-12)
    expected = stats.t.interval(0.95, ROWS - 1, y.mean(), stats.sem(y))
    assert (mu.conf_low, mu.conf_high) == pytest.approx(expected, rel=1e-12)


def test_a_poisson_rate_has_its_textbook_error():
    (rate,) = regress("poisson", "count ~ 1").parameters
    mean = column("count").mean()
    assert rate.estimate == pytest.approx(mean, rel=1e-12)
    assert rate.std_error == pytest.approx(math.sqrt(mean / ROWS), rel=1e-12)


def test_a_share_has_its_textbook_error():
    (share,) = regress("bernoulli", "yes ~ 1").parameters
    p = column("yes").mean()
    assert share.estimate == pytest.approx(p, rel=1e-12)
    assert share.std_error == pytest.approx(math.sqrt(p * (1 - p) / ROWS), rel=1e-12)


def test_a_laplace_sample_has_the_errors_of_its_expected_information():
    mu, b = regress("laplace", "y ~ 1", data=table().head(79)).parameters
    y = column("y")[:79]
    scale = np.mean(abs(y - np.median(y)))
    assert (mu.estimate, b.estimate) == pytest.approx((np.median(y), scale), rel=1e-12)
    assert mu.std_error == pytest.approx(scale / math.sqrt(79), rel=1e-12)
    assert b.std_error == pytest.approx(scale / math.sqrt(79), rel=1e-12)


# --- tests and intervals ---------------------------------------------------------------


@every_family
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_wald_statistics_refer_to_the_normal_distribution(family, level):
    result = regress(family, conf_level=level)
    assert result.model.interval.level == level
    assert result.model.interval.distribution == "normal"
    for row in result.coefficients:
        assert row.statistic == pytest.approx(row.estimate / row.std_error)
        assert row.p_value == pytest.approx(2 * stats.norm.sf(abs(row.statistic)), rel=1e-10)
        expected = stats.norm.interval(level, row.estimate, row.std_error)
        assert (row.conf_low, row.conf_high) == pytest.approx(expected, rel=1e-10)


def test_small_samples_refer_to_students_t():
    result = regress("normal", small_sample=True, conf_level=0.9)
    X, y = design(), column("y")
    beta = np.linalg.solve(X.T @ X, X.T @ y)
    s = math.sqrt(np.sum((y - X @ beta) ** 2) / (ROWS - 4))
    errors = s * np.sqrt(np.diag(np.linalg.inv(X.T @ X)))
    assert result.model.interval.distribution == "t(76)"
    assert result.parameters[0].estimate == pytest.approx(s, rel=1e-11)
    for row, estimate, error in zip(result.coefficients, beta, errors, strict=True):
        assert row.estimate == pytest.approx(estimate, abs=1e-11 * error)
        assert row.std_error == pytest.approx(error, rel=1e-11)
        assert row.p_value == pytest.approx(2 * stats.t.sf(abs(estimate / error), 76), rel=1e-9)
        expected = stats.t.interval(0.9, 76, estimate, error)
        assert (row.conf_low, row.conf_high) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC3", "cluster"])
def test_a_sandwich_needs_no_second_correction_for_a_small_sample(kind):
    cluster = "team" if kind == "cluster" else None
    large, small = (
        regress("normal", se=kind, cluster=cluster, small_sample=small) for small in (False, True)
    )
    np.testing.assert_allclose(location(small), location(large), rtol=1e-14)
    assert small.model.interval.distribution == "t(76)"


@every_family
def test_the_level_moves_only_the_ends(family):
    narrow, wide = (regress(family, conf_level=level) for level in (0.5, 0.99))
    for one, other in zip(narrow.coefficients, wide.coefficients, strict=True):
        assert (one.estimate, one.std_error, one.p_value) == (
            other.estimate,
            other.std_error,
            other.p_value,
        )
        assert other.conf_low < one.conf_low < one.conf_high < other.conf_high
    assert narrow.fit == wide.fit


@pytest.mark.parametrize(
    ("family", "formula", "link", "forward"),
    [
        ("normal", "y ~ x", (), np.log),
        ("laplace", "y ~ x", (), np.log),
        ("poisson", "count ~ 1", (), np.log),
        ("poisson", "count ~ 1", "sqrt", np.sqrt),
        ("poisson", "count ~ 1", "inverse", np.reciprocal),
        ("bernoulli", "yes ~ 1", (), lambda p: np.log(p / (1 - p))),
        ("bernoulli", "yes ~ 1", "probit", stats.norm.ppf),
    ],
)
def test_a_natural_interval_is_the_mapped_one_of_the_link_scale(family, formula, link, forward):
    result = regress(family, formula, link=link)
    row = result.parameters[-1]
    error = math.sqrt(result.covariance.matrix[-1][-1])
    low, high = sorted(forward(end) for end in (row.conf_low, row.conf_high))
    expected = stats.norm.interval(0.95, forward(row.estimate), error)
    assert (low, high) == pytest.approx(expected, rel=1e-9)
    step = 1e-6 * row.estimate
    slope = (forward(row.estimate + step) - forward(row.estimate - step)) / (2 * step)
    assert row.std_error == pytest.approx(error / abs(slope), rel=1e-8)


# --- curvature -------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["bernoulli", "binomial", "poisson"])
def test_observed_and_expected_agree_for_canonical_links(family):
    assert errors_of(regress(family, se="observed")) == pytest.approx(
        errors_of(regress(family, se="expected")), rel=1e-10
    )


@pytest.mark.parametrize(
    ("family", "link"), [("bernoulli", "probit"), ("binomial", "cloglog"), ("poisson", "sqrt")]
)
def test_observed_and_expected_differ_for_other_links(family, link):
    observed, expected = (
        errors_of(regress(family, link=link, se=kind)) for kind in ("observed", "expected")
    )
    assert np.all(abs(observed / expected - 1) > 1e-5)
    assert observed == pytest.approx(expected, rel=0.3)


def test_the_expected_information_of_a_probit_is_that_of_the_textbook():
    result = regress("bernoulli", link="probit", se="expected")
    X = design()
    eta = X @ estimates_of(result)
    weight = stats.norm.pdf(eta) ** 2 / (stats.norm.cdf(eta) * stats.norm.sf(eta))
    expected = np.linalg.inv((X.T * weight) @ X)
    np.testing.assert_allclose(result.covariance.matrix, expected, rtol=1e-8)


def test_the_observed_information_of_a_root_link_is_that_of_the_textbook():
    result = regress("poisson", link="sqrt", se="observed")
    X, y = design(), column("count")
    eta = X @ estimates_of(result)
    # -log mass = eta^2 - 2 y log(eta), so its second derivative is 2 + 2 y / eta^2
    expected = np.linalg.inv((X.T * (2 + 2 * y / eta**2)) @ X)
    np.testing.assert_allclose(result.covariance.matrix, expected, rtol=1e-8)


# --- sandwiches ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_least_squares_sandwiches_are_those_of_mackinnon_and_white(kind):
    X, y = design(), column("y")
    bread = np.linalg.inv(X.T @ X)
    residual = y - X @ bread @ X.T @ y
    leverage = np.einsum("ij,jk,ik->i", X, bread, X)
    squares = {
        "HC0": residual**2,
        "HC1": residual**2 * ROWS / (ROWS - 4),
        "HC2": residual**2 / (1 - leverage),
        "HC3": residual**2 / (1 - leverage) ** 2,
    }[kind]
    expected = bread @ (X.T * squares) @ X @ bread
    np.testing.assert_allclose(location(regress("normal", se=kind)), expected, rtol=1e-8)


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_poisson_sandwiches_weigh_rows_by_their_mean(kind):
    result = regress("poisson", se=kind)
    X, y = design(), column("count")
    mu = np.exp(X @ estimates_of(result))
    bread = np.linalg.inv((X.T * mu) @ X)
    leverage = mu * np.einsum("ij,jk,ik->i", X, bread, X)
    factor = {
        "HC0": 1.0,
        "HC1": ROWS / (ROWS - 4),
        "HC2": 1 / (1 - leverage),
        "HC3": 1 / (1 - leverage) ** 2,
    }[kind]
    expected = bread @ (X.T * ((y - mu) ** 2 * factor)) @ X @ bread
    np.testing.assert_allclose(result.covariance.matrix, expected, rtol=1e-8)


def test_clusters_add_their_scores_first():
    X, y = design(), column("y")
    bread = np.linalg.inv(X.T @ X)
    scores = X * (y - X @ bread @ X.T @ y)[:, None]
    sums = np.array([scores[column("team") == team].sum(axis=0) for team in "pqrstuv"])
    expected = bread @ sums.T @ sums @ bread
    result = regress("normal", se="cluster", cluster="team")
    np.testing.assert_allclose(location(result), expected, rtol=1e-8)


@pytest.mark.parametrize("family", ["bernoulli", "binomial", "normal", "poisson"])
def test_every_row_its_own_cluster_is_hc0(family):
    clustered = regress(family, se="cluster", cluster="row")
    np.testing.assert_allclose(
        clustered.covariance.matrix, regress(family, se="HC0").covariance.matrix, rtol=1e-10
    )


def test_sampling_weights_are_squared_in_the_sandwich():
    X, y, w = design(), column("y"), column("weight")
    bread = np.linalg.inv((X.T * w) @ X)
    beta = bread @ X.T @ (w * y)
    expected = bread @ (X.T * (w * (y - X @ beta)) ** 2) @ X @ bread
    result = regress("normal", sampling_weights="weight")
    assert result.model.se_kind == "HC0"
    assert result.model.objective == "pseudo-likelihood"
    np.testing.assert_allclose(estimates_of(result), beta, rtol=1e-9)
    np.testing.assert_allclose(location(result), expected, rtol=1e-8)


@pytest.mark.parametrize(("kind", "power"), [("HC2", 1), ("HC3", 2)])
def test_sampling_weights_enter_the_leverage(kind, power):
    X, y, w = design(), column("y"), column("weight")
    bread = np.linalg.inv((X.T * w) @ X)
    residual = y - X @ bread @ X.T @ (w * y)
    leverage = w * np.einsum("ij,jk,ik->i", X, bread, X)
    squares = (w * residual) ** 2 / (1 - leverage) ** power
    result = regress("normal", sampling_weights="weight", se=kind)
    np.testing.assert_allclose(location(result), bread @ (X.T * squares) @ X @ bread, rtol=1e-8)


def test_sampling_weights_add_up_within_clusters():
    X, y, w = design(), column("y"), column("weight")
    bread = np.linalg.inv((X.T * w) @ X)
    scores = X * (w * (y - X @ bread @ X.T @ (w * y)))[:, None]
    sums = np.array([scores[column("team") == team].sum(axis=0) for team in "pqrstuv"])
    result = regress("normal", sampling_weights="weight", se="cluster", cluster="team")
    np.testing.assert_allclose(location(result), bread @ sums.T @ sums @ bread, rtol=1e-8)


def test_precision_weights_are_weighted_least_squares():
    X, y, w = design(), column("y"), column("weight")
    inverse = np.linalg.inv((X.T * w) @ X)
    beta = inverse @ X.T @ (w * y)
    variance = np.mean(w * (y - X @ beta) ** 2)
    result = regress("normal", precision_weights="weight")
    np.testing.assert_allclose(estimates_of(result), beta, rtol=1e-9)
    np.testing.assert_allclose(location(result), inverse * variance, rtol=1e-8)
    assert result.parameters[0].estimate == pytest.approx(math.sqrt(variance), rel=1e-11)


# --- the covariance record -------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "kind"),
    [
        (family, kind)
        for family in REGRESSIONS
        for kind in kinds_for(families.load(family))
        # without a closed form of its information a family has rows with more leverage than one
        if kind not in ("HC2", "HC3") or families.load(family).has_expected
    ],
)
def test_the_covariance_is_symmetric_and_says_what_the_errors_say(family, kind):
    result = regress(family, se=kind, cluster="team" if kind == "cluster" else None)
    matrix = np.array(result.covariance.matrix)
    np.testing.assert_allclose(matrix, matrix.T, rtol=1e-10, atol=1e-16)
    assert np.linalg.eigvalsh(matrix).min() > -1e-12 * np.trace(matrix)
    labels = [f"{row.parameter}:{row.term}" for row in result.coefficients]
    assert list(result.covariance.names)[: len(labels)] == labels
    assert np.sqrt(np.diag(matrix))[: len(labels)] == pytest.approx(errors_of(result), rel=1e-12)
    assert len(matrix) == result.fit.n_params


# --- heights ---------------------------------------------------------------------------


@every_family
@pytest.mark.parametrize("weights", [None, "times"])
def test_the_criteria_follow_from_the_height(family, weights):
    summary = regress(family, freq_weights=weights).fit
    n, k = summary.nobs, summary.n_params
    nll = -summary.log_likelihood
    assert n == (ROWS if weights is None else column("times").sum())
    assert k == 4 + len(families.load(family).parameters) - 1
    assert summary.df_residual == n - 4
    assert summary.aic == pytest.approx(2 * k + 2 * nll, rel=1e-14)
    assert summary.aicc == pytest.approx(2 * nll + 2 * k * n / (n - k - 1), rel=1e-14)
    assert summary.bic == pytest.approx(k * math.log(n) + 2 * nll, rel=1e-14)
    assert summary.mean_nll == pytest.approx(nll / n, rel=1e-14)
    assert summary.bits_per_row == pytest.approx(nll / n / math.log(2), rel=1e-14)


def test_too_few_rows_have_no_corrected_criterion():
    result = fit(pl.DataFrame({"y": [1.0, 2.0, 4.0]}), "y ~ 1", family="normal")
    assert result.fit.aicc is None
    assert result.fit.aic is not None


def test_a_pseudo_likelihood_has_no_criteria():
    summary = regress("poisson", sampling_weights="weight").fit
    assert (summary.aic, summary.aicc, summary.bic) == (None, None, None)
    assert summary.nobs == ROWS


def _huber(r, sigma, k):
    """The normal core and its tails, each from scipy, joined where they meet."""
    z = abs(r) / sigma
    edge = stats.norm.logpdf(k)
    whole = 2 * stats.norm.cdf(k) - 1 + 2 * np.exp(edge) / k
    return np.where(z <= k, stats.norm.logpdf(z), edge - k * (z - k)) - np.log(whole * sigma)


@every_family
def test_the_height_is_the_sum_of_scipys_log_densities(family):
    result = regress(family)
    eta = design() @ estimates_of(result)
    p = 1 / (1 + np.exp(-eta))
    y = column(REGRESSIONS[family][0].partition(" ")[0])
    rest = [row.estimate for row in result.parameters]
    games, mu = column("games"), np.exp(eta)

    def negbinom(y, k):
        return stats.nbinom.logpmf(y, k, k / (k + mu))

    def poisson(y):
        return stats.poisson.logpmf(y, mu)

    def truncated(base, y, *k):
        return base(y, *k) - np.log(-np.expm1(base(0, *k)))

    def inflated(base, *theta):
        *k, zero = theta
        return np.log(zero * (y == 0) + (1 - zero) * np.exp(base(y, *k)))

    def hurdle(base, *theta):
        *k, zero = theta
        return np.where(y == 0, np.log(zero), np.log(1 - zero) + truncated(base, y, *k))

    def beta_binomial(rho):
        t = rho / (1 - rho)
        return stats.betabinom.logpmf(y, games, p / t, (1 - p) / t)

    def skew_normal(sigma, alpha):
        b = math.sqrt(2 / math.pi) * alpha / math.hypot(1, alpha)
        omega = sigma / math.sqrt(1 - b**2)
        return stats.skewnorm.logpdf(y, alpha, eta - omega * b, omega)

    def tweedie(phi, p):
        n, at = np.arange(1, 200)[:, None], np.where(y > 0, y, 1.0)
        rate = mu ** (2 - p) / (phi * (2 - p))
        scale = phi * (p - 1) * mu ** (p - 1)
        amounts = stats.gamma.logpdf(at, n * (2 - p) / (p - 1), 0, scale)
        some = logsumexp(stats.poisson.logpmf(n, rate) + amounts, axis=0)
        return np.where(y > 0, some, -rate)

    heights: dict[str, Callable[..., Any]] = {
        "asymmetric-laplace": lambda b: stats.laplace.logpdf(y, eta, 2 * b),
        "bernoulli": lambda: stats.bernoulli.logpmf(y, p),
        "beta": lambda phi: stats.beta.logpdf(y, p * phi, (1 - p) * phi),
        "beta-binomial": beta_binomial,
        "binomial": lambda: stats.binom.logpmf(y, column("games"), p),
        "cauchy": lambda sigma: stats.cauchy.logpdf(y, eta, sigma),
        "exponential": lambda: stats.expon.logpdf(y, 0, mu),
        "gamma": lambda k: stats.gamma.logpdf(y, k, 0, mu / k),
        "generalised-gamma": lambda sigma, Q: stats.gengamma.logpdf(
            y, Q**-2, Q / sigma, 0, np.exp(eta) * Q ** (2 * sigma / Q)
        ),
        "half-normal": lambda: stats.halfnorm.logpdf(y, 0, mu),
        "inverse-gaussian": lambda lam: stats.invgauss.logpdf(y, mu / lam, 0, lam),
        "loglogistic": lambda k: stats.fisk.logpdf(y, k, 0, mu),
        "lognormal": lambda sigma: stats.lognorm.logpdf(y, sigma, 0, np.exp(eta)),
        "pareto": lambda: stats.pareto.logpdf(y, mu, 0, y.min()),
        "rayleigh": lambda: stats.rayleigh.logpdf(y, 0, mu),
        "tweedie": tweedie,
        "weibull": lambda k: stats.weibull_min.logpdf(y, k, 0, mu),
        "geometric": lambda: stats.geom.logpmf(y + 1, 1 / (1 + mu)),
        "gev": lambda sigma, xi: stats.genextreme.logpdf(y, -xi, eta, sigma),
        "gumbel": lambda sigma: stats.gumbel_r.logpdf(y, eta, sigma),
        "huber": lambda sigma: _huber(y - eta, sigma, 1.345),
        "hurdle-negbinom": lambda k, zero: hurdle(negbinom, k, zero),
        "hurdle-poisson": lambda zero: hurdle(poisson, zero),
        "hyperbolic-secant": lambda sigma: stats.hypsecant.logpdf(y, eta, 2 * sigma / math.pi),
        "laplace": lambda b: stats.laplace.logpdf(y, eta, b),
        "logarithmic": lambda: stats.logser.logpmf(y, p),
        "logistic": lambda sigma: stats.logistic.logpdf(y, eta, sigma),
        "negbinom": lambda k: negbinom(y, k),
        "negbinom1": lambda alpha: negbinom(y, mu / alpha),
        "normal": lambda sigma: stats.norm.logpdf(y, eta, sigma),
        "poisson": lambda: poisson(y),
        "skew-normal": skew_normal,
        "smooth-l1": lambda sigma: _huber(y - eta, sigma, 1 / sigma),
        "student": lambda sigma, df: stats.t.logpdf(y, df, eta, sigma),
        "truncated-negbinom": lambda k: truncated(negbinom, y, k),
        "truncated-poisson": lambda: truncated(poisson, y),
        "von-mises": lambda kappa: stats.vonmises.logpdf(y, kappa, eta),
        "zinb": lambda k, zero: inflated(negbinom, k, zero),
        "zip": lambda zero: inflated(poisson, zero),
    }
    expected = heights[family](*rest)
    assert result.fit.log_likelihood == pytest.approx(expected.sum(), rel=1e-11)


@pytest.mark.parametrize("family", ["bernoulli", "binomial", "normal", "poisson"])
def test_the_deviance_is_that_of_glm_programs(family):
    result = regress(family)
    eta = design() @ estimates_of(result)
    p = 1 / (1 + np.exp(-eta))
    y = column(REGRESSIONS[family][0].partition(" ")[0])
    m = column("games") if family == "binomial" else np.ones(ROWS)
    mean = {"normal": eta, "poisson": np.exp(eta)}.get(family, m * p)
    rows = {
        "normal": (y - mean) ** 2,
        "poisson": 2 * (xlogy(y, y / mean) - y + mean),
        "binomial": 2 * (xlogy(y, y / mean) + xlogy(m - y, (m - y) / (m - mean))),
        "bernoulli": 2 * (xlogy(y, y / mean) + xlogy(m - y, (m - y) / (m - mean))),
    }[family]
    assert result.fit.deviance == pytest.approx(rows.sum(), rel=1e-11)


def test_the_poisson_deviance_is_twice_the_distance_to_the_saturated_height():
    summary = regress("poisson").fit
    y = column("count")
    saturated = np.sum(xlogy(y, y) - y - gammaln(y + 1))
    assert summary.deviance == pytest.approx(2 * (saturated - summary.log_likelihood), rel=1e-11)


@every_family
@pytest.mark.parametrize(
    "options",
    [{}, {"freq_weights": "times"}, {"offset": "shift"}, {"sampling_weights": "weight"}],
    ids=lambda options: next(iter(options), "plain"),
)
def test_the_null_deviance_is_the_deviance_without_covariates(family, options):
    formula = REGRESSIONS[family][0]
    target = formula.partition(" ")[0]
    full = regress(family, **options)
    found = full.fit.null_deviance
    rest = [f"{row.parameter}={row.estimate!r}" for row in full.parameters]
    null = regress(family, f"{target} ~ 1", fix=rest, **options).fit
    assert found == (None if null.deviance is None else pytest.approx(null.deviance, rel=1e-10))
    assert null.null_deviance == null.deviance


def test_without_an_intercept_the_null_model_has_nothing_to_estimate():
    y = column("count")
    summary = regress("poisson", "count ~ x - 1").fit
    assert summary.null_deviance == pytest.approx(2 * np.sum(xlogy(y, y) - y + 1), rel=1e-12)


def test_precision_weights_weigh_both_deviances():
    X, y, w = design(), column("y"), column("weight")
    result = regress("normal", precision_weights="weight")
    residual = y - X @ estimates_of(result)
    assert result.fit.deviance == pytest.approx(np.sum(w * residual**2), rel=1e-11)
    centred = y - np.average(y, weights=w)
    assert result.fit.null_deviance == pytest.approx(np.sum(w * centred**2), rel=1e-11)


# --- helpers ---------------------------------------------------------------------------


def table():
    rng = np.random.default_rng(11)
    x = rng.normal(size=ROWS)
    g = rng.choice(list("abc"), ROWS)
    eta = 0.4 + 0.5 * x - 0.6 * (g == "b")
    games = rng.integers(1, 7, ROWS)
    return pl.DataFrame(
        {
            "x": x,
            "g": g,
            "y": 3 + eta + np.exp(0.4 * x) * rng.normal(size=ROWS),
            "count": rng.poisson(np.exp(1 + 0.3 * eta)),
            "yes": rng.binomial(1, 1 / (1 + np.exp(-eta))),
            "wins": rng.binomial(games, 1 / (1 + np.exp(-eta))),
            "games": games,
            "times": rng.integers(1, 4, ROWS),
            "weight": rng.uniform(0.5, 2, ROWS),
            "shift": rng.uniform(-0.3, 0.3, ROWS),
            "team": rng.choice(list("pqrstuv"), ROWS),
            "row": np.arange(ROWS),
            "burst": (burst := rng.negative_binomial(2, 1 / (1 + np.exp(1 + 0.3 * eta)))),
            "seen": burst + 1,
            "gappy": np.where(rng.random(ROWS) < 0.4, 0, burst),
            "streaks": rng.binomial(games, rng.beta(1, 1, ROWS)),
            "share": rng.beta(6 / (1 + np.exp(-eta)), 6 / (1 + np.exp(eta))),
            "angle": rng.vonmises(eta / 2, 4),
            "wait": np.exp(eta) * rng.gamma(2, 0.5, ROWS),
            "amount": rng.binomial(1, 0.7, ROWS) * np.exp(eta) * rng.gamma(2, 0.5, ROWS),
        }
    )


def column(name):
    return table()[name].to_numpy()


def design():
    data = table()
    g = data["g"].to_numpy()
    return np.column_stack([np.ones(ROWS), data["x"].to_numpy(), g == "b", g == "c"]).astype(float)


def regress(family, formula=None, data=None, **options):
    """The regression of a family on x and g, or another formula on the same rows."""
    usual, known = REGRESSIONS[family]
    result = fit(
        table() if data is None else data, formula or usual, family=family, **known, **options
    )
    assert result.certificate.status == "converged"
    return result


def estimates_of(result):
    return np.array([row.estimate for row in result.coefficients])


def errors_of(result):
    return np.array([row.std_error for row in result.coefficients])


def location(result):
    """Covariance of the coefficients of the first parameter."""
    p = len(result.coefficients)
    return np.array(result.covariance.matrix)[:p, :p]


def test_a_level_of_one_row_has_no_sandwich_and_no_error_of_rounding():
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({"y": rng.gamma(2, 1, 6), "k": ["a", "b", "b", "c", "c", "c"]})
    result = fit(frame, "y ~ 0 + k", family="weibull", se="HC0", test="k")
    errors = [one.std_error for one in result.coefficients]
    assert errors[0] == 0
    assert all(error > 0.01 for error in errors[1:])
    assert result.tests[1].message == "the HC0 covariance of the terms is singular"
