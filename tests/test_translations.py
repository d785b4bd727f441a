"""Every translation is fitted where it names an installed library, and compared there.

The coefficients to reach are found here by Newton's method with coordinate descent on
NLL + l1 sum |b| + l2 sum b^2 / 2, which knows nothing of any library.
"""

from __future__ import annotations

import csv
import itertools
import json
import math
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlefit
from mlefit import priors
from mlefit.errors import UsageError
from mlefit.translations import (
    LINKS,
    MissingNumberError,
    PriorSpec,
    convert,
    read_setting,
    settings_for,
    systems,
)
from mlefit.translations._base import PARAMETERS

ROOT = Path(__file__).parents[1]
WITNESS = json.loads((ROOT / "tests/reference/penalties.json").read_text(encoding="utf-8"))
NORMAL = PriorSpec("normal", {"centre": 0.0, "scale": 0.2})
LAPLACE = PriorSpec("laplace", {"centre": 0.0, "scale": 0.1})
NET = PriorSpec("elasticnet", {"strength": 10.0, "ratio": 0.4})
PRIORS = (NORMAL, LAPLACE, NET)
PHI = {"normal": 2.0, "gamma": 0.05, "bernoulli": 1.0, "poisson": 1.0}
PLACES = 1e-6

every_prior = pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: prior.name)
every_family = pytest.mark.parametrize("family", PHI)


@dataclass(frozen=True)
class Sample:
    """A target, its columns without the intercept, and the fit's numbers."""

    y: np.ndarray
    x: np.ndarray
    family: str

    @property
    def numbers(self):
        return {"rows": float(len(self.y)), "phi": PHI[self.family], "sd_y": float(self.y.std())}


# --- each library, by the text that is printed


@pytest.mark.parametrize(
    ("name", "family", "prior"),
    [
        ("sklearn:LogisticRegression", "bernoulli", NORMAL),
        ("sklearn:LogisticRegression", "bernoulli", LAPLACE),
        ("sklearn:LogisticRegression", "bernoulli", NET),
        ("sklearn:Ridge", "normal", NORMAL),
        ("sklearn:Lasso", "normal", LAPLACE),
        ("sklearn:ElasticNet", "normal", LAPLACE),
        ("sklearn:ElasticNet", "normal", NET),
        ("sklearn:PoissonRegressor", "poisson", NORMAL),
        ("sklearn:GammaRegressor", "gamma", NORMAL),
    ],
    ids=str,
)
def test_scikit_learn_finds_the_mode(name, family, prior):
    sample = sample_of(family)
    estimator = evaluated(setting(name, sample, prior), "sklearn.linear_model")
    estimator.set_params(tol=1e-13, max_iter=1_000_000)
    if "saga" in str(estimator) and estimator.penalty != "deprecated":  # before 1.8
        estimator.set_params(penalty="elasticnet")
    estimator.fit(sample.x, sample.y)
    found = np.r_[estimator.intercept_, np.ravel(estimator.coef_)]
    np.testing.assert_allclose(found, mode(sample, prior), rtol=PLACES, atol=PLACES)


def test_liblinear_penalises_the_intercept():
    """What the note of LogisticRegression warns of."""
    sample = sample_of("bernoulli")
    estimator = evaluated(
        setting("sklearn:LogisticRegression", sample, NORMAL), "sklearn.linear_model"
    )
    estimator.set_params(solver="liblinear", tol=1e-10).fit(sample.x, sample.y)
    assert abs(estimator.intercept_[0] - mode(sample, NORMAL)[0]) > 0.1


@every_family
@every_prior
def test_glum_finds_the_mode(family, prior):
    pytest.importorskip("glum")
    sample = sample_of(family)
    estimator = evaluated(setting("glum:GeneralizedLinearRegressor", sample, prior), "glum")
    estimator.set_params(gradient_tol=1e-10, max_iter=1000)
    estimator.fit(sample.x, sample.y)
    found = np.r_[estimator.intercept_, estimator.coef_]
    np.testing.assert_allclose(found, mode(sample, prior), rtol=PLACES, atol=PLACES)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("statsmodels:GLM", "poisson"),
        ("statsmodels:GLM", "bernoulli"),
        ("statsmodels:OLS", "normal"),
    ],
)
@every_prior
def test_statsmodels_finds_the_mode(name, family, prior):
    sample = sample_of(family)
    text = setting(name, sample, prior)
    if prior is not NORMAL:  # from its own start, and after 50 sweeps, it gives up
        text = text.replace("L1_wt", "start_params=start, maxiter=5000, cnvrg_tol=1e-13, L1_wt")
    likeliest = mode(sample, PriorSpec("normal", {"centre": 0.0, "scale": 1e6}))
    found = by_statsmodels(text, sample, start=likeliest)
    np.testing.assert_allclose(found, mode(sample, prior), rtol=PLACES, atol=PLACES)


def test_statsmodels_does_not_free_a_coefficient_that_has_touched_zero():
    """From its own start, which is why the note asks for another one."""
    sample = sample_of("normal")
    text = setting("statsmodels:OLS", sample, LAPLACE).replace("L1_wt", "maxiter=5000, L1_wt")
    found, true = by_statsmodels(text, sample), mode(sample, LAPLACE)
    assert found[2] == 0
    assert true[2] > 0.3


def test_the_scalar_alpha_of_statsmodels_penalises_the_constant():
    sample = sample_of("normal")
    text = setting("statsmodels:OLS", sample, NORMAL)
    scalar = re.sub(r"np.r_\[0, \[(.*?)\] \* p\]", r"\1", text)
    assert abs(by_statsmodels(scalar, sample)[0] - mode(sample, NORMAL)[0]) > 0.01


@pytest.mark.parametrize("family", ["normal", "bernoulli", "poisson"])
@every_prior
def test_xgboost_finds_the_mode_as_far_as_single_precision_goes(family, prior):
    xgboost = pytest.importorskip("xgboost")
    sample = sample_of(family)
    data = xgboost.DMatrix(sample.x, label=sample.y)
    parameters = {**eval(setting("xgboost:gblinear", sample, prior)), "nthread": 1}
    booster = xgboost.train(parameters, data, 1000)
    found = json.loads(booster.get_dump(dump_format="json")[0])["weight"]
    np.testing.assert_allclose(found, mode(sample, prior)[1:], rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("witness", WITNESS["fits"], ids=lambda w: f"{w['family']}-{w['prior']}")
def test_glmnet_found_the_mode(witness):
    """`Rscript tests/reference/penalties.R` ran the very text that is printed."""
    prior = {prior.name: prior for prior in PRIORS}[witness["prior"]]
    sample = sample_of(witness["family"])
    assert setting("glmnet", sample, prior) == witness["setting"]
    found = np.array(witness["coefficients"], dtype=float)
    np.testing.assert_allclose(found, mode(sample, prior), rtol=PLACES, atol=PLACES)


def test_glmnet_was_asked_about_every_prior_and_family():
    asked = {(fit["family"], fit["prior"]) for fit in WITNESS["fits"]}
    assert asked == set(
        itertools.product(("normal", "bernoulli", "poisson"), (prior.name for prior in PRIORS))
    )


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("family", ["normal", "bernoulli", "poisson"])
def test_gradient_descent_with_weight_decay_comes_to_rest_at_the_mode(family, reduction):
    sample = sample_of(family)
    text = setting(f"torch:SGD-{reduction}-loss", sample, NORMAL)
    assert f'reduction="{reduction}"' in text
    found = sgd(sample, reduction, decay_in(text))
    np.testing.assert_allclose(found, mode(sample, NORMAL), rtol=PLACES, atol=PLACES)


@pytest.mark.parametrize("family", ["normal", "bernoulli", "poisson"])
def test_adamw_with_the_same_weight_decay_rests_elsewhere(family):
    sample = sample_of(family)
    decay = decay_in(setting("torch:SGD-mean-loss", sample, NORMAL))
    np.testing.assert_allclose(
        adam(sample, decay, decoupled=False), mode(sample, NORMAL), rtol=1e-3, atol=1e-3
    )
    decoupled = adam(sample, decay, decoupled=True)
    assert np.abs(decoupled - mode(sample, NORMAL))[1:].max() > 0.02


@every_prior
@pytest.mark.parametrize("family", ["normal", "bernoulli", "poisson"])
def test_mlefit_finds_the_mode(family, prior):
    sample = sample_of(family)
    frame = pl.DataFrame(
        {"y": sample.y, **{f"x{j}": column for j, column in enumerate(sample.x.T)}}
    )
    fixed = {"fix": [f"sigma={math.sqrt(PHI['normal'])!r}"]} if family == "normal" else {}
    formula = "y ~ " + " + ".join(f"x{j}" for j in range(sample.x.shape[1]))
    result = mlefit.fit(frame, formula, family=family, prior=str(prior), **fixed)
    found = np.array([c.estimate for c in result.coefficients if c.parameter != "sigma"], float)
    np.testing.assert_allclose(found, mode(sample, prior), rtol=PLACES, atol=PLACES)


# --- the formulas of the docstrings


@given(
    tau=st.floats(1e-3, 1e3),
    n=st.floats(1, 1e7),
    phi=st.floats(1e-3, 1e3),
    sd=st.floats(1e-2, 1e2),
)
def test_the_formulas_for_a_normal_prior(tau, n, phi, sd):
    for text, scale in {
        f"sklearn:LogisticRegression,C={tau**2!r}": tau,
        f"sklearn:Ridge,alpha={phi / tau**2!r}": tau,
        f"sklearn:PoissonRegressor,alpha={1 / (n * tau**2)!r}": tau,
        f"sklearn:GammaRegressor,alpha={phi / (n * tau**2)!r}": tau,
        f"glum,family=poisson,alpha={1 / (n * tau**2)!r}": tau,
        f"glum,alpha={phi / (n * tau**2)!r}": tau,
        f"glmnet,family=binomial,alpha=0,lambda={1 / (n * tau**2)!r}": tau,
        f"glmnet,alpha=0,lambda={sd * phi / (n * tau**2)!r}": tau,
        f"statsmodels:GLM,family=poisson,L1_wt=0,alpha={1 / (n * tau**2)!r}": tau,
        f"statsmodels:OLS,L1_wt=0,alpha={phi / (n * tau**2)!r}": tau,
        f"torch:SGD-mean-loss,family=poisson,weight_decay={1 / (n * tau**2)!r}": tau,
        f"torch:SGD-sum-loss,family=poisson,weight_decay={1 / tau**2!r}": tau,
        f"torch:SGD-mean-loss,family=normal,weight_decay={2 * phi / (n * tau**2)!r}": tau,
        f"torch:SGD-sum-loss,family=normal,weight_decay={2 * phi / tau**2!r}": tau,
        f"xgboost,lambda={phi / (n * tau**2)!r}": tau,
    }.items():
        has_none = any(w in text for w in ("poisson", "Poisson", "Logistic", "binomial"))
        prior = read_setting(text, rows=n, sd_y=sd, phi=None if has_none else phi)
        assert prior.name == "normal"
        assert prior.numbers["scale"] == pytest.approx(scale, rel=1e-12), text


@given(b=st.floats(1e-3, 1e3), n=st.floats(1, 1e7), phi=st.floats(1e-3, 1e3))
def test_the_formulas_for_a_laplace_prior(b, n, phi):
    for text in (
        f"sklearn:LogisticRegression,penalty=l1,solver=saga,C={b!r}",
        f"sklearn:Lasso,alpha={phi / (n * b)!r}",
        f"glum,family=normal,l1_ratio=1,alpha={phi / (n * b)!r}",
        f"glmnet,lambda={phi / (n * b)!r}",
        f"statsmodels:OLS,alpha={phi / (n * b)!r}",
        f"xgboost,alpha={phi / (n * b)!r}",
    ):
        prior = read_setting(text, rows=n, sd_y=3.0, phi=None if "Logistic" in text else phi)
        assert prior.name == "laplace"
        assert prior.numbers["scale"] == pytest.approx(b, rel=1e-12), text


@given(
    strength=st.floats(1e-3, 1e3),
    r=st.floats(0.01, 0.99),
    n=st.floats(1, 1e6),
    phi=st.floats(1e-2, 1e2),
    s=st.floats(0.1, 10),
)
def test_the_formulas_for_an_elastic_net(strength, r, n, phi, s):
    mixing = r / (r + s * (1 - r))
    for text in (
        f"sklearn:ElasticNet,alpha={phi * strength / n!r},l1_ratio={r!r}",
        f"glum,alpha={phi * strength / n!r},l1_ratio={r!r}",
        f"glmnet,alpha={mixing!r},lambda={phi * strength * r / mixing / n!r}",
        f"statsmodels:OLS,alpha={phi * strength / n!r},L1_wt={r!r}",
    ):
        prior = read_setting(text, rows=n, phi=phi, sd_y=s)
        assert prior.name == "elasticnet"
        assert prior.numbers["strength"] == pytest.approx(strength, rel=1e-9), text
        assert prior.numbers["ratio"] == pytest.approx(r, rel=1e-9), text


@every_prior
@pytest.mark.parametrize("family", ["normal", "bernoulli", "poisson", "gamma"])
def test_all_rows_twice_is_the_same_prior_for_penalties_of_the_mean_loss_at_half_the_setting(
    family, prior
):
    once, twice = (dict(numbered(family, prior, rows)) for rows in (1000.0, 2000.0))
    for name, value in once.items():
        per_row = not any(word in name for word in ("Logistic", "Ridge", "sum-loss"))
        assert twice[name] == pytest.approx(value / 2 if per_row else value, rel=1e-8), name


# --- there and back


SETTINGS = [
    "sklearn:LogisticRegression,C=0.5",
    "sklearn:LogisticRegression,C=3,l1_ratio=1",
    "sklearn:LogisticRegression,C=0.2,l1_ratio=0.25",
    "sklearn:Ridge,alpha=3",
    "sklearn:Lasso,alpha=0.125",
    "sklearn:ElasticNet,alpha=0.4,l1_ratio=0.7",
    "sklearn:PoissonRegressor,alpha=1",
    "sklearn:GammaRegressor,alpha=0.01",
    "sklearn:QuantileRegressor,alpha=0.02",
    "glum:GeneralizedLinearRegressor,family=poisson,alpha=0.02,l1_ratio=0.5",
    "glum:GeneralizedLinearRegressor,family=normal,alpha=0.02,l1_ratio=0",
    "glmnet,family=gaussian,alpha=0.3,lambda=0.05",
    "glmnet,family=poisson,alpha=1,lambda=0.05",
    "glmnet,family=binomial,alpha=0,lambda=0.05",
    "statsmodels:GLM,family=poisson,alpha=0.3,L1_wt=0",
    "statsmodels:GLM,family=binomial,alpha=0.3,L1_wt=1",
    "statsmodels:OLS,alpha=0.3,L1_wt=0.5",
    "torch:SGD-mean-loss,family=normal,weight_decay=0.01",
    "torch:SGD-sum-loss,family=poisson,weight_decay=0.01",
    "xgboost:gblinear,family=normal,lambda=0.1,alpha=0.2",
    "brms,prior=normal(0, 0.7)",
    "brms,prior=double_exponential(0, 0.7)",
    "brms,prior=student_t(4, 0, 2.5)",
]


def test_every_system_with_settings_goes_there_and_back():
    assert {text.partition(",")[0] for text in SETTINGS} == {s.name for s in systems() if s.keys}


@pytest.mark.parametrize("text", SETTINGS)
def test_a_setting_becomes_a_prior_and_the_same_setting_again(text):
    name, _, rest = text.partition(",")
    found = convert(text, to=name, **known(text))
    (back,) = {str(each.setting) for each in found.translations}
    if name == "brms":
        assert rest.partition("=")[2] in back
        return
    for key, value in re.findall(r"(\w+)=([\d.]+)", rest):
        if "Logistic" in back and (key, value) == ("l1_ratio", "0"):
            continue
        assert float(number_of(back, key)) == pytest.approx(float(value), rel=1e-9)


@pytest.mark.parametrize("one", SETTINGS)
def test_any_pair_goes_through_the_same_prior(one):
    prior = read_setting(one, **known(one))
    arrived = 0
    for name in {text.partition(",")[0] for text in SETTINGS} - {"brms"}:
        keys = next(system.keys for system in systems() if system.name == name)
        for family, text in reached(one, name):
            arrived += 1
            numbers = {key: number_of(text, key) for key in keys if number_of(text, key)}
            settings = ",".join(f"{key}={number}" for key, number in numbers.items())
            again = read_setting(f"{name},{settings}", family=family, **known(family))
            assert again.name == prior.name
            assert again.numbers == pytest.approx(prior.numbers, rel=1e-8), name
    assert arrived > 0 or prior.name == "student"


# --- what has no setting, and what is refused


def test_adamw_and_lightgbm_are_named_with_the_reason():
    rows = {t.system: t for t in settings_for(NORMAL, "poisson", "log", rows=10, phi=1)}
    assert rows["torch:AdamW"].setting is None
    assert "decoupled" in rows["torch:AdamW"].note
    assert rows["lightgbm"].setting is None
    assert "leaves" in rows["lightgbm"].note


def test_a_library_that_cannot_express_the_prior_says_so_once():
    rows = settings_for(LAPLACE, "poisson", "log", rows=10, phi=1)
    (only,) = [row for row in rows if row.system.startswith("sklearn")]
    assert (only.setting, only.note) == (None, "it has no L1 penalty")
    assert [row.system for row in rows if row.system.startswith("torch:SGD")] == [
        "torch:SGD-mean-loss"
    ]


@pytest.mark.parametrize(
    "prior",
    [
        PriorSpec("student", {"df": 4.0, "centre": 0.0, "scale": 2.5}),
        PriorSpec("cauchy", {"centre": 0.0, "scale": 2.5}),
        PriorSpec("normal", {"centre": 1.0, "scale": 2.5}),
    ],
    ids=str,
)
def test_a_prior_that_is_no_penalty_around_zero_is_only_for_brms(prior):
    rows = settings_for(prior, "bernoulli", "logit", rows=10, phi=1)
    assert [row.system for row in rows if row.setting] == ["brms"]


def test_a_link_no_library_shares_leaves_the_systems_that_take_any():
    rows = settings_for(NORMAL, "poisson", "identity", rows=10, phi=1)
    assert [row.system for row in rows] == ["torch:AdamW", "lightgbm", "brms"]


def test_without_the_spread_of_the_target_only_glmnet_has_no_setting():
    rows = settings_for(NORMAL, "normal", "identity", rows=10, phi=2)
    missing = [row for row in rows if row.setting is None and "sd_y" in row.note]
    assert [row.system for row in missing] == ["glmnet"]


def test_the_numbers_that_are_missing_are_named_all_at_once():
    with pytest.raises(MissingNumberError) as caught:
        read_setting("glmnet,alpha=0,lambda=0.1")
    assert caught.value.numbers == ("rows", "phi", "sd_y")


def test_no_number_is_asked_for_that_is_not_needed():
    assert str(read_setting("sklearn:C=0.49")) == "normal(0, 0.7)"
    assert str(read_setting("sklearn:Ridge,alpha=4", phi=1)) == "normal(0, 0.5)"
    assert str(read_setting("glmnet,family=poisson,lambda=0.5", rows=10)) == "laplace(0, 0.2)"


def test_a_default_setting_is_a_prior_too():
    assert str(read_setting("sklearn:LogisticRegression")) == "normal(0, 1)"
    assert str(read_setting("sklearn:PoissonRegressor", rows=100)) == "normal(0, 0.1)"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sklearn:Rigde,alpha=1", "no system 'sklearn:Rigde'"),
        ("stan,prior=normal(0, 1)", "no system 'stan'"),
        ("sklearn:Ridge,alpa=1", "no setting 'alpa' of sklearn:Ridge"),
        ("sklearn:Ridge,alpha=much", "alpha must be a number"),
        ("sklearn:Ridge,alpha", "'alpha' is no setting"),
        ("sklearn:Ridge,alpha=-1", "these settings of sklearn:Ridge are no prior"),
        ("sklearn:Ridge,alpha=0", "these settings of sklearn:Ridge are no prior"),
        ("sklearn:ElasticNet,l1_ratio=2", "these settings of sklearn:ElasticNet are no prior"),
        ("sklearn,alpha=1", "'sklearn' could be"),
        ("glum", "glum:GeneralizedLinearRegressor needs alpha"),
        ("sklearn:Ridge,family=poisson,alpha=1", "sklearn:Ridge does not fit poisson"),
        ("glum,family=weibull,alpha=1", "no settings are known for the family 'weibull'"),
        ("statsmodels:GLM,alpha=1", "the penalty of statsmodels:GLM depends on the family"),
        ("lightgbm,lambda_l2=1", "no setting of lightgbm is a prior"),
        ("torch:AdamW,weight_decay=1", "no setting of torch:AdamW is a prior"),
        ("glum,family=poisson,alpha=1", "poisson has no dispersion: its phi is 1"),
        ("normal(0)", "'normal(0)' is not normal(centre, scale)"),
        ("normal(0, -1)", "'normal(0, -1)' is not normal(centre, scale)"),
        ("elasticnet(1, 2)", "'elasticnet(1, 2)' is not elasticnet(strength, ratio)"),
        ("brms,prior=horseshoe(1)", "brms needs its prior on class b"),
    ],
)
def test_what_is_no_setting_is_refused_in_one_sentence(text, problem):
    with pytest.raises(UsageError, match=re.escape(problem)):
        read_setting(text, rows=10, phi=2.0, sd_y=1.0)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ("C=0", "these settings of sklearn:LogisticRegression are no prior"),
        ("solver=liblinear", "solver=liblinear of sklearn:LogisticRegression is no prior on the"),
        ("penalty=none", "penalty=none of sklearn:LogisticRegression is no prior on the"),
    ],
)
def test_a_logistic_regression_without_a_prior_on_the_slopes_alone_is_refused(settings, problem):
    with pytest.raises(UsageError, match=re.escape(problem)):
        read_setting(f"sklearn:LogisticRegression,{settings}")


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_prior_is_read_as_the_fit_reads_it(name):
    made = priors.load(name)
    assert made.parameters == PARAMETERS[name]
    ours = made(*(0.5 for _ in made.parameters))
    read = read_setting(str(ours))
    assert read.numbers == ours.numbers
    numbers = {"rows": 10.0, "phi": 1.0}
    assert settings_for(ours, "poisson", "log", **numbers) == settings_for(
        read, "poisson", "log", **numbers
    )


def test_every_system_states_its_trap_in_one_line():
    for system in systems():
        assert 20 < len(system.note) < 200  # type: ignore[attr-defined]
        assert "\n" not in system.note  # type: ignore[attr-defined]


def test_the_conversions_need_nothing_but_the_standard_library():
    code = (
        "import sys; from mlefit.translations import convert; "
        "convert('sklearn:C=0.5', rows=10); "
        "sys.exit(bool({'numpy', 'scipy', 'polars', 'typer'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


# --- helpers


@cache
def sample_of(family):
    """Real rows, in units that make the slopes of about one size."""
    if family == "poisson":
        rows = rows_of("doctor_visits.csv")[:600]
        names = {"age": 1, "income": 1, "illness": 1, "health": 4}
        y = [float(row["visits"]) for row in rows]
    elif family == "bernoulli":
        rows = [
            {**row, "honors": row["honors"] == "yes", "computer": row["computer"] == "yes"}
            for row in rows_of("callbacks.csv")[:1500]
        ]
        names = {"experience": 10, "honors": 1, "computer": 1}
        y = [float(row["call"] == "yes") for row in rows]
    else:
        rows = rows_of("house_prices.csv")
        names = {"lotsize": 5000, "bedrooms": 2, "bathrooms": 1, "stories": 2, "garage": 1}
        y = [float(row["price"]) / 10_000 for row in rows]
    x = np.array([[float(row[name]) / unit for name, unit in names.items()] for row in rows])
    return Sample(np.array(y), x, family)


def rows_of(name):
    with (ROOT / "sample_data" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def with_ones(x):
    return np.column_stack([np.ones(len(x)), x])


def nll(sample, eta):
    """The NLL up to a constant, its slope and its expected curvature in eta, row by row."""
    y, phi = sample.y, PHI[sample.family]
    if sample.family == "normal":
        return (y - eta) ** 2 / (2 * phi), (eta - y) / phi, np.full_like(y, 1 / phi)
    if sample.family == "bernoulli":
        mu = 1 / (1 + np.exp(-eta))
        return np.logaddexp(0, eta) - y * eta, mu - y, mu * (1 - mu)
    mu = np.exp(eta)
    if sample.family == "poisson":
        return mu - y * eta, mu - y, mu
    return (y / mu + eta) / phi, (1 - y / mu) / phi, y / mu / phi


def mode(sample, prior):
    return _mode(sample.family, str(prior)).copy()


@cache
def _mode(family, text):
    """Coefficients of least NLL + penalty, the intercept first and free."""
    sample = sample_of(family)
    l1, l2 = penalty(read_setting(text))
    X = with_ones(sample.x)
    free = np.r_[0.0, np.ones(sample.x.shape[1])]
    beta = np.zeros(X.shape[1])
    for _ in range(200):
        _, slope, curvature = nll(sample, X @ beta)
        gradient = X.T @ slope + l2 * free * beta
        hessian = (X.T * curvature) @ X + np.diag(l2 * free)
        step = lasso_step(gradient, hessian, beta, l1 * free)
        size = 1.0
        while (
            height(sample, X, beta + size * step, l1, l2) > height(sample, X, beta, l1, l2) + 1e-9
        ):
            size /= 2
        beta = beta + size * step
        if np.abs(step).max() < 1e-12:
            return beta
    raise AssertionError("no mode found")


def height(sample, X, beta, l1, l2):
    slopes = beta[1:]
    return nll(sample, X @ beta)[0].sum() + l1 * np.abs(slopes).sum() + l2 * slopes @ slopes / 2


def lasso_step(gradient, hessian, beta, l1):
    """The step to the minimum of the quadratic with corners, by coordinate descent."""
    step = np.zeros_like(beta)
    for _ in range(20_000):
        before = step.copy()
        for j in range(len(beta)):
            pull = gradient[j] + hessian[j] @ step - hessian[j, j] * step[j]
            target = hessian[j, j] * beta[j] - pull
            target = math.copysign(max(abs(target) - l1[j], 0.0), target) / hessian[j, j]
            step[j] = target - beta[j]
        if np.abs(step - before).max() < 1e-14:
            break
    return step


def penalty(prior):
    numbers = prior.numbers
    if prior.name == "normal":
        return 0.0, numbers["scale"] ** -2
    if prior.name == "laplace":
        return 1 / numbers["scale"], 0.0
    return numbers["strength"] * numbers["ratio"], numbers["strength"] * (1 - numbers["ratio"])


def setting(name, sample, prior):
    """The text that is printed for a system."""
    rows = settings_for(prior, sample.family, LINKS[sample.family], **sample.numbers)
    (text,) = [row.setting for row in rows if row.system == name]
    assert text is not None
    return text


def by_statsmodels(text, sample, start=None):
    """Parameters that a printed call finds."""
    statsmodels = pytest.importorskip("statsmodels.api")
    names = {"y": sample.y, "X": with_ones(sample.x), "p": sample.x.shape[1], "start": start}
    return eval(text, {"sm": statsmodels, "np": np, **names}).params


def evaluated(text, module):
    return eval(text, vars(pytest.importorskip(module)))


def known(text) -> dict[str, Any]:
    """Numbers of a fit; without a dispersion where the text names a family that has none."""
    phi = None if re.search("poisson|bernoulli|binomial|logistic|GLM,|GLM$", text, re.I) else 1.7
    return {"rows": 1200, "phi": phi, "sd_y": 2.3}


def reached(one, name):
    """The settings of a system, or nothing where it says that it has none."""
    try:
        found = convert(one, to=name, **known(name if one.startswith("brms") else one))
    except UsageError as refusal:
        if re.search("does not fit|has no setting", refusal.problem):
            return []
        raise
    return [(found.families[0], found.translations[0].setting)]


def number_of(text, key):
    found = re.search(rf"""["']?\b{key}["']?\s*[=:]\s*(?:np\.r_\[0, \[)?(-?[\d.e+-]+)""", text)
    return found[1].rstrip(".") if found else None


def numbered(family, prior, rows):
    """The strength of every system that has one setting for it."""
    for row in settings_for(prior, family, LINKS[family], rows=rows, phi=PHI[family], sd_y=2.0):
        for key in ("C", "lambda", "weight_decay", "alpha"):
            value = row.setting and number_of(row.setting, key)
            if value and row.system != "brms":
                yield row.system, float(value)
                break


def decay_in(text):
    return float(number_of(text, "weight_decay"))


def loss_slope(sample, beta, reduction):
    """Gradient of the library's loss: the NLL, or twice phi NLL for MSELoss."""
    X = with_ones(sample.x)
    factor = 2 * PHI["normal"] if sample.family == "normal" else 1.0
    gradient = factor * (X.T @ nll(sample, X @ beta)[1])
    return gradient / len(X) if reduction == "mean" else gradient


def sgd(sample, reduction, decay):
    """w <- w - lr (slope + decay w), no decay of the bias; momentum rests there too."""
    X = with_ones(sample.x)
    beta = np.zeros(X.shape[1])
    velocity = np.zeros_like(beta)
    factor = 2 * PHI["normal"] if sample.family == "normal" else 1.0
    curvature = factor * np.linalg.norm((X.T * nll(sample, X @ mode(sample, NORMAL))[2]) @ X, 2)
    rate = 0.3 / (curvature / len(X) if reduction == "mean" else curvature)
    for _ in range(40_000):
        gradient = loss_slope(sample, beta, reduction) + decay * np.r_[0.0, beta[1:]]
        velocity = 0.9 * velocity + gradient
        beta = beta - rate * velocity
        if np.abs(rate * velocity).max() < 1e-14:
            break
    return beta


def adam(sample, decay, *, decoupled):
    """Full-batch Adam with a rate that falls to nothing; the decay in the gradient or beside it."""
    beta = np.zeros(sample.x.shape[1] + 1)
    first, second = np.zeros_like(beta), np.zeros_like(beta)
    steps = 6_000
    for t in range(1, steps + 1):
        rate = 0.02 * (1 - t / steps)
        decayed = decay * np.r_[0.0, beta[1:]]
        gradient = loss_slope(sample, beta, "mean") + (0 if decoupled else decayed)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        scaled = first / (1 - 0.9**t) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
        beta = beta - rate * (scaled + (decayed if decoupled else 0))
    return beta
