"""The conversions to R, scipy, Stan and statsmodels: their densities there are the families'.

R's numbers were recorded by tests/reference/make_elsewhere.py; Stan's are of the formulas in
its functions reference (version 2.36), written out here; scipy and statsmodels are asked.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import special, stats

from mlefit import families
from mlefit.fitting import fit
from tests.reference.elsewhere import TRIALS, cases, places

RECORDED = json.loads((Path(__file__).parent / "reference" / "elsewhere.json").read_text("utf-8"))
R_CASES = {case.call: case for case in cases("R")}
CLASSES = ("categorical", "ordinal")

# what evd computes from (1 + xi z)^(-1/xi), and scipy too, has few digits where xi is nearly 0
FEW_DIGITS = ("evd::dgev(x, loc = 12.0, scale = 3.5, shape = 1e-09)",)


def assert_same(ours, theirs, digits=1e-10):
    assert theirs == pytest.approx(ours, rel=digits, abs=digits)


@pytest.mark.parametrize("entry", RECORDED["cases"], ids=lambda entry: entry["call"])
def test_r_has_the_density_at_the_call_as_it_is_printed(entry):
    case = R_CASES[entry["call"]]  # a conversion that changed must be recorded anew
    digits = 1e-6 if entry["call"] in FEW_DIGITS else 1e-10
    assert_same(case.log_density(np.array(entry["x"])), np.log(entry["density"]), digits)


def test_every_density_for_r_was_recorded():
    recorded = {entry["call"] for entry in RECORDED["cases"]}
    left = {case.record.call.partition("(")[0] for case in R_CASES.values()} - {
        call.partition("(")[0] for call in recorded
    }
    # the estimates of glm.nb and polr are held against theirs in tests/families; dmultinom is below
    assert left == {
        "MASS::glm.nb: ",
        "MASS::polr",
        "dmultinom",
        *(f"{name}::dgengamma" for name in RECORDED["missing"]),
    }


@pytest.mark.parametrize(
    "case", [c for c in cases("R") if "dgengamma" in c.call], ids=lambda case: case.id
)
def test_flexsurv_has_prentices_form(case):
    """As documented for dgengamma: Q and sigma, w = (log(x) - mu)/sigma, shape = Q^-2."""
    y = places(case)
    mu, sigma, Q = (case.values[name] for name in ("mu", "sigma", "Q"))
    w = (np.log(y) - mu) / sigma
    if Q == 0:
        theirs = stats.lognorm.logpdf(y, s=sigma, scale=math.exp(mu))
    else:
        a = Q**-2
        theirs = (
            -np.log(sigma * y) + math.log(abs(Q)) + a * math.log(a) + a * (Q * w - np.exp(Q * w))
        )
        theirs -= special.gammaln(a)
    assert_same(case.log_density(y), theirs, 1e-9 if abs(Q) < 0.5 else 1e-10)


SCIPY = [case for case in cases("scipy") if case.family.name not in CLASSES]


@pytest.mark.parametrize("case", SCIPY, ids=lambda case: case.id)
def test_scipy_has_the_density_at_the_call_as_it_is_printed(case):
    y = places(case)
    known = {name: getattr(stats, name) for name in dir(stats)}
    frozen = eval(case.call, known | {"trials": TRIALS})
    theirs = frozen.logpmf(y) if case.family.support.discrete else frozen.logpdf(y)
    assert_same(case.log_density(y), theirs)


def test_scipy_has_every_family_but_these():
    without = {family.name for family in families.every()} - {
        one.name for one in families.every() if any(e.system == "scipy" for e in one.elsewhere)
    }
    assert without == {
        "huber",
        "smooth-l1",
        "hurdle-negbinom",
        "hurdle-poisson",
        "ordinal",
        "truncated-negbinom",
        "truncated-poisson",
        "tweedie",
        "zinb",
        "zip",
    }


@pytest.mark.parametrize("system", ["R", "scipy", "Stan"])
def test_classes_have_the_probabilities_there(system):
    for case in [c for c in cases(system) if c.family.name == "categorical"]:
        levels = case.family.levels  # type: ignore[attr-defined]
        shares = [case.values[level] for level in levels]
        assert case.call.endswith((f"c({', '.join(map(repr, shares))}))", "])", "]')"))
        assert_same(case.log_density(np.arange(len(levels))), np.log(shares), 1e-12)


# ---- Stan ----


def log_phi(z):
    return -0.5 * z**2 - 0.5 * math.log(2 * math.pi)


def beta_log(a, b):
    return special.gammaln(a) + special.gammaln(b) - special.gammaln(a + b)


def choose(n, k):
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


def neg_binomial_2(n, mu, phi):
    spread = special.gammaln(n + phi) - special.gammaln(n + 1) - special.gammaln(phi)
    return spread + n * np.log(mu / (mu + phi)) + phi * np.log(phi / (mu + phi))


def poisson(n, rate):
    return n * np.log(rate) - rate - special.gammaln(n + 1)


def mixed(zero, y, log_mass):
    return np.logaddexp(np.log(zero) + np.where(y == 0, 0, -np.inf), np.log1p(-zero) + log_mass)


def hurdle(zero, y, log_mass, log_zero):
    return np.where(y == 0, np.log(zero), np.log1p(-zero) + log_mass - np.log1p(-np.exp(log_zero)))


def student_t(y, nu, mu, sigma):
    head = special.gammaln((nu + 1) / 2) - special.gammaln(nu / 2)
    z = (y - mu) / sigma
    return head - 0.5 * np.log(nu * math.pi) - np.log(sigma) - (nu + 1) / 2 * np.log1p(z**2 / nu)


def skew_normal(y, xi, omega, alpha):
    z = (y - xi) / omega
    # 1 + erf(a z/sqrt(2)) is 2 Phi(a z)
    return math.log(2) - np.log(omega) + log_phi(z) + special.log_ndtr(alpha * z)


def skew_double_exponential(y, mu, sigma, tau):
    below, above = (1 - tau) * (y < mu) * (mu - y), tau * (y > mu) * (y - mu)
    return np.log(2 * tau * (1 - tau) / sigma) - 2 / sigma * (below + above)


def loglogistic(y, alpha, beta):
    head = np.log(beta / alpha) + (beta - 1) * np.log(y / alpha)
    return head - 2 * np.log1p((y / alpha) ** beta)


def beta_binomial(n, N, alpha, beta):
    return choose(N, n) + beta_log(n + alpha, N - n + beta) - beta_log(alpha, beta)


def ordered(inverse_link):
    def log_mass(y, **cuts):
        reached = np.array([0.0, *inverse_link(np.array(list(cuts.values()))), 1.0])
        return np.log(np.diff(reached))[y.astype(int)]

    return log_mass


def gumbel(y, mu, beta):
    z = (y - mu) / beta
    return -np.log(beta) - z - np.exp(-z)


def logistic(y, mu, sigma):
    z = (y - mu) / sigma
    return -np.log(sigma) - z - 2 * np.log1p(np.exp(-z))


def von_mises(y, mu, kappa):
    return kappa * np.cos(y - mu) - math.log(2 * math.pi) - np.log(special.i0(kappa))


def weibull(y, alpha, sigma):
    return np.log(alpha / sigma) + (alpha - 1) * np.log(y / sigma) - (y / sigma) ** alpha


def gamma(y, alpha, beta):
    return alpha * np.log(beta) - special.gammaln(alpha) + (alpha - 1) * np.log(y) - beta * y


STAN = {
    "normal(": lambda y, mu, sigma: log_phi((y - mu) / sigma) - np.log(sigma),
    "normal(0, {sigma}) T": lambda y, sigma: log_phi(y / sigma) - np.log(sigma) - math.log(0.5),
    "double_exponential(": lambda y, mu, sigma: -np.log(2 * sigma) - abs(y - mu) / sigma,
    "skew_double_exponential(": skew_double_exponential,
    "student_t(": student_t,
    "logistic(": logistic,
    "cauchy(": lambda y, mu, sigma: -np.log(math.pi * sigma) - np.log1p(((y - mu) / sigma) ** 2),
    "gumbel(": gumbel,
    "skew_normal(": skew_normal,
    "exponential(": lambda y, beta: np.log(beta) - beta * y,
    "gamma(": gamma,
    "lognormal(": lambda y, mu, sigma: (
        log_phi((np.log(y) - mu) / sigma) - np.log(sigma) - np.log(y)
    ),
    "weibull(": weibull,
    "loglogistic(": loglogistic,
    "pareto(": lambda y, y_min, alpha: (
        np.log(alpha) + alpha * np.log(y_min) - (alpha + 1) * np.log(y)
    ),
    "rayleigh(": lambda y, sigma: np.log(y) - 2 * np.log(sigma) - y**2 / (2 * sigma**2),
    "beta_proportion(": lambda y, mu, kappa: (
        (mu * kappa - 1) * np.log(y)
        + ((1 - mu) * kappa - 1) * np.log1p(-y)
        - beta_log(mu * kappa, (1 - mu) * kappa)
    ),
    "von_mises(": von_mises,
    "poisson(": lambda y, **a: poisson(y, a["lambda"]),
    "poisson({lambda}) T": lambda y, **a: (
        poisson(y, a["lambda"]) - np.log1p(-np.exp(poisson(0, a["lambda"])))
    ),
    "neg_binomial_2(": neg_binomial_2,
    "neg_binomial_2({mu}, {phi}) T": lambda y, mu, phi: (
        neg_binomial_2(y, mu, phi) - np.log1p(-np.exp(neg_binomial_2(0, mu, phi)))
    ),
    "binomial(": lambda y, theta: (
        choose(TRIALS, y) + y * np.log(theta) + (TRIALS - y) * np.log1p(-theta)
    ),
    "beta_binomial(": lambda y, alpha, beta: beta_binomial(y, TRIALS, alpha, beta),
    "bernoulli(": lambda y, theta: np.where(y == 1, np.log(theta), np.log1p(-theta)),
    "categorical(": lambda y, **theta: np.log(list(theta.values()))[y.astype(int)],
    "ordered_logistic(": ordered(special.expit),
    "ordered_probit(": ordered(special.ndtr),
    "log_mix({theta}, y == 0 ? 0 : negative_infinity(), poisson": lambda y, theta, **a: mixed(
        theta, y, poisson(y, a["lambda"])
    ),
    "log_mix({theta}, y == 0 ? 0 : negative_infinity(), neg": lambda y, theta, mu, phi: mixed(
        theta, y, neg_binomial_2(y, mu, phi)
    ),
    "y == 0 ? bernoulli_lpmf(1 | {theta}) : bernoulli_lpmf(0 | {theta}) + poisson": (
        lambda y, theta, **a: hurdle(theta, y, poisson(y, a["lambda"]), poisson(0, a["lambda"]))
    ),
    "y == 0 ? bernoulli_lpmf(1 | {theta}) : bernoulli_lpmf(0 | {theta}) + neg": (
        lambda y, theta, mu, phi: hurdle(
            theta, y, neg_binomial_2(y, mu, phi), neg_binomial_2(0, mu, phi)
        )
    ),
}
"""Beginning of the call -> log-density; the longest that fits is meant."""


@pytest.mark.parametrize("case", list(cases("Stan")), ids=lambda case: case.id)
def test_stan_has_the_density_with_the_arguments_its_manual_names(case):
    formula = STAN[max((key for key in STAN if case.record.call.startswith(key)), key=len)]
    y = np.arange(len(case.family.levels)) if case.family.name in CLASSES else places(case)
    assert_same(case.log_density(y), formula(y, **case.values))


# ---- statsmodels ----


@pytest.mark.parametrize("case", list(cases("statsmodels")), ids=lambda case: case.id)
def test_statsmodels_has_the_log_likelihood_at_these_params(case):
    models = pytest.importorskip("statsmodels.discrete.discrete_model")
    counts = pytest.importorskip("statsmodels.discrete.count_model")
    truncated = pytest.importorskip("statsmodels.discrete.truncated_model")
    y = places(case)
    name, _, options = case.record.call.partition(":")[0].partition("(")
    kind = next(getattr(m, name) for m in (models, counts, truncated) if hasattr(m, name))
    keywords = {"loglike_method": "nb1"} if "nb1" in options else {}
    model = kind(y, np.ones((len(y), 1)), **keywords)
    params = np.array(list(case.values.values()))
    if name == "NegativeBinomial":  # it searches by log(alpha), and shows alpha among its params
        params[-1] = math.log(params[-1])
    theirs = model.loglikeobs(params)
    assert_same(case.log_density(y), theirs, 1e-9)


# ---- in a fit ----


@pytest.fixture(scope="module")
def rivers():
    return pl.read_csv(Path(__file__).parents[1] / "sample_data" / "rivers.csv")


def test_a_plain_sample_shows_values_that_have_the_log_likelihood_of_the_fit(rivers):
    result = fit(rivers, "length_miles ~ 1", family="weibull")
    found = {one.call.partition("(")[0]: one for one in result.elsewhere}
    y = rivers["length_miles"].to_numpy()
    call = found["weibull_min"].call
    height = eval(call, {"weibull_min": stats.weibull_min}).logpdf(y).sum()
    assert height == pytest.approx(result.fit.log_likelihood, rel=1e-12)
    shape = found["survival::dsurvreg"].arguments[1]
    k = next(row for row in result.parameters if row.parameter == "k")
    assert (shape.name, shape.expression) == ("scale", "1/k")
    assert shape.estimate == pytest.approx(1 / k.estimate, rel=1e-14)
    assert shape.std_error == pytest.approx(k.std_error / k.estimate**2, rel=1e-12)
    assert shape.conf_low == pytest.approx(1 / k.conf_high, rel=1e-12)
    assert shape.conf_high == pytest.approx(1 / k.conf_low, rel=1e-12)


def test_rows_with_distributions_of_their_own_have_none_to_write(rivers):
    frame = rivers.with_columns(
        x=pl.int_range(pl.len()) / 100, years=1 + pl.int_range(pl.len()) % 3
    )
    assert fit(frame, "length_miles ~ x", family="gamma").elsewhere == []
    assert fit(frame, "length_miles ~ 1", family="gamma", exposure="years").elsewhere == []
    assert fit(frame, "length_miles ~ 1", family="gamma").elsewhere


def test_many_classes_are_not_written_out():
    few = pl.DataFrame({"y": [f"c{i % 8}" for i in range(40)]})
    many = pl.DataFrame({"y": [f"c{i % 9}" for i in range(45)]})
    shown = fit(few, "y ~ 1", family="categorical").elsewhere
    assert [one.system for one in shown] == ["R", "scipy", "Stan"]
    assert [row.estimate for row in shown[0].arguments] == pytest.approx([1 / 8] * 8)
    assert fit(many, "y ~ 1", family="categorical").elsewhere == []
