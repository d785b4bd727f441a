"""A saved fit is the fit: read back, it gives its own rows the likelihood they had."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlefit import families, fit
from mlefit.documents import loads
from mlefit.errors import UntrustworthyError, UsageError
from mlefit.families._base import Family, Probability
from mlefit.fitting import run
from mlefit.prediction.judging import held_out
from mlefit.prediction.predicting import predict
from mlefit.prediction.saved import SavedModel
from mlefit.report.document import dumps
from mlefit.request import PredictRequest
from mlefit.support import Domain

ROWS = 160


def table(family: Family, seed: int = 5) -> pl.DataFrame:
    """Draws of a family's first example, beside columns of every kind."""
    rng = np.random.default_rng(seed)
    theta, known, facts = family.examples[0]
    bound = family.bound(facts)
    packed = [
        Probability(np.full(ROWS, value), np.full(ROWS, 1 - value))
        if parameter.domain == Domain.UNIT
        else np.full(ROWS, value)
        for value, parameter in zip(theta, bound.parameters, strict=True)
    ]
    extra = {key: np.full(ROWS, value) for key, value in known.items()}
    y = bound.sample(rng, *packed, **extra)
    columns = {
        "x": rng.normal(size=ROWS),
        "g": rng.choice(["a", "b", "c"], ROWS),
        "e": rng.uniform(0.5, 2, ROWS),
        "w": rng.integers(1, 4, ROWS),
    }
    if family.support.levels:
        return pl.DataFrame({"y": np.array(facts.levels)[y.astype(int)], **columns})
    return pl.DataFrame({"y": y, **columns, **extra})


def model_of(result):
    return SavedModel.from_document(loads(dumps(result), "m.json"), "m.json")


def nll_of(frame, result, **options):
    return predict(frame, model_of(result), what="nll", **options)["nll"]


@pytest.mark.parametrize("name", families.NAMES)
def test_a_family_comes_back_with_its_likelihood(name):
    family = families.load(name)
    frame = table(family)
    options = {"trials": "trials"} if "trials" in frame.columns else {}
    for formula in ("y ~ x + g", "y ~ 1"):
        result = fit(frame, formula, family=family.label, **options)
        assert result.certificate.status == "converged"
        nll = nll_of(frame, result)
        assert nll.null_count() == 0
        assert nll.sum() == pytest.approx(-result.fit.log_likelihood, rel=1e-12)


@pytest.fixture(scope="module")
def rows():
    """Counts, times and sizes beside columns of every kind."""
    rng = np.random.default_rng(11)
    n = 240
    x, z = rng.normal(size=n), rng.uniform(1, 5, n)
    g, h = rng.choice(["b", "a", "c"], n), rng.integers(1990, 1993, n)
    mean = np.exp(0.4 + 0.3 * x + 0.4 * (g == "b") - 0.2 * np.log(z))
    time = rng.weibull(1.4, n) * mean * 5
    return pl.DataFrame(
        {
            "count": rng.negative_binomial(3, 3 / (3 + mean)),
            "size": 3 + 2 * x + rng.normal(size=n) * z**0.4,
            "time": np.minimum(time, 8.0),
            "seen": (time <= 8.0).astype(int),
            "low": pl.Series(
                np.where(rng.random(n) < 0.1, np.nan, np.floor(time)), nan_to_null=True
            ),
            "high": pl.Series(
                np.where(rng.random(n) < 0.1, np.nan, np.floor(time) + 1), nan_to_null=True
            ),
            "yes": rng.random(n) < 1 / (1 + np.exp(-x)),
            "word": rng.choice(["no", "yes"], n),
            "level": rng.choice(["low", "mid", "high"], n),
            "x": x,
            "z": z,
            "twice": 2 * x,
            "g": g,
            "h": h,
            "b": rng.random(n) < 0.5,
            "days": rng.uniform(0.5, 3, n),
            "weight": rng.integers(1, 4, n),
            "share": rng.uniform(0.5, 2, n),
            "hits": rng.binomial(6, 0.4, n),
            "of": np.full(n, 6),
        }
    )


SPECIFICATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "factors": ("count ~ x*g + C(h):z + b", {"family": "poisson"}),
    "base": ("count ~ C(g, ref='c') + C(h, ref='1992')", {"family": "poisson"}),
    "no intercept": ("size ~ 0 + g + x", {"family": "normal"}),
    "dot": ("size ~ z + log(z) + . - days - low - high", {"family": "normal", "offset": "share"}),
    "terms": ("size ~ I(x^2) + log(z) + if(x > 0, z, 0)", {"family": "normal"}),
    "redundant": ("size ~ x + twice + g", {"family": "normal"}),
    "scale": ("size ~ x", {"family": "normal", "model": "sigma ~ log(z) + g"}),
    "zeros": ("count ~ x", {"family": "zip", "model": "zero ~ z"}),
    "offset": ("count ~ x", {"family": "negbinom", "offset": "z", "exposure": "days"}),
    "links": ("time ~ x", {"family": "gamma", "link": ("mu=log", "k=sqrt")}),
    "identity": ("count ~ 1", {"family": "poisson", "link": "identity"}),
    "fixed": ("size ~ x + g", {"family": "normal", "fix": ("sigma=1.5", "x=2", "g[b]=0.1")}),
    "setting": ("size ~ x", {"family": "huber:2"}),
    "loss": ("size ~ x", {"family": "pinball:0.9"}),
    "power": ("count ~ x", {"family": "tweedie:1.5"}),
    "trials": ("hits ~ x", {"family": "binomial", "trials": "of", "link": "probit"}),
    "boolean": ("yes ~ x + b", {"family": "bernoulli"}),
    "words": ("word ~ x", {"family": "bernoulli"}),
    "other words": ("word ~ x", {"family": "bernoulli", "levels": ("yes", "no")}),
    "compared": ("word == 'yes' ~ x", {"family": "bernoulli"}),
    "transformed": ("log(time) ~ x", {"family": "normal"}),
    "classes": ("level ~ x", {"family": "categorical", "model": "mid ~ z"}),
    "order": ("level ~ x + g", {"family": "ordinal", "levels": ("low", "mid", "high")}),
    "cut": ("level ~ x", {"family": "ordinal", "link": "probit"}),
    "event": ("time ~ x + g", {"family": "weibull", "event": "seen"}),
    "between": ("~ x", {"family": "lognormal", "lower": "low", "upper": "high"}),
    "tobit": ("size ~ x", {"family": "normal", "censored_below": 2.0, "censored_above": 6}),
    "cut off": ("size ~ x", {"family": "normal", "truncated_below": 0.0, "where": "size > 0"}),
    "counts cut off": (
        "count ~ x",
        {"family": "negbinom", "truncated_below": 1, "where": "count > 0"},
    ),
    "ridge": ("size ~ x + z + g", {"family": "normal", "prior": "normal(0, 1)"}),
    "lasso": ("size ~ x + z + days", {"family": "normal", "l1": 20.0}),
    "weights": ("count ~ x", {"family": "poisson", "freq_weights": "weight"}),
    "precision": ("size ~ x", {"family": "normal", "precision_weights": "share"}),
}


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_a_specification_comes_back_with_its_likelihood(name, rows):
    formula, options = SPECIFICATIONS[name]
    result = fit(rows, formula, **options)
    assert result.certificate.status == "converged"
    where = options.get("where")
    frame = rows if where is None else rows.filter(pl.sql_expr(where))
    found = held_out(PredictRequest(frame, model_of(result)))
    assert found.nll == pytest.approx(-result.fit.log_likelihood, rel=1e-12)
    assert found.rows_used == result.data.rows_used


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_a_specification_comes_back_as_the_words_that_make_the_same_fit(name, rows):
    formula, options = SPECIFICATIONS[name]
    result = fit(rows, formula, **options)
    saved = model_of(result)
    priors = tuple(r["prior"] for r in result.model.prior)
    again = run(replace(saved.request, data=rows, where=options.get("where"), priors=priors))
    assert again.covariance.names == result.covariance.names
    assert again.fit.log_likelihood == pytest.approx(result.fit.log_likelihood, rel=1e-9)


def test_sampling_weights_weigh_the_mean(rows):
    result = fit(rows, "size ~ x", family="normal", sampling_weights="share")
    found = held_out(PredictRequest(rows, model_of(result)))
    assert found.mean_nll == pytest.approx(result.fit.mean_nll, rel=1e-12)
    assert found.weights == "share"


def test_a_scale_stays_as_it_was_reported(rows):
    result = fit(rows, "size ~ x", family="normal", small_sample=True)
    theta = predict(rows, model_of(result), what="parameters")
    assert theta["sigma"][0] == pytest.approx(result.parameters[0].estimate, rel=1e-14)


def test_a_sample_is_one_distribution(rows):
    saved = model_of(fit(rows, target="time", family="gamma"))
    assert saved.distribution() == pytest.approx(
        [row.estimate for row in saved.record.parameters], rel=1e-14
    )
    saved = model_of(fit(rows, "time ~ 1", family="student", fix=("sigma=2", "df=4")))
    assert saved.distribution()[1:] == pytest.approx((2, 4))
    with pytest.raises(UsageError, match="every row has a distribution of its own"):
        model_of(fit(rows, "time ~ x", family="gamma")).distribution()


def test_a_fit_without_a_maximum_is_refused():
    separated = pl.DataFrame({"y": [0, 0, 1, 1], "x": [1.0, 2, 3, 4]})
    result = fit(separated, "y ~ x", family="bernoulli")
    with pytest.raises(UntrustworthyError, match=r"'m\.json' holds no maximum") as refused:
        model_of(result)
    assert refused.value.exit_code == 4
    assert refused.value.tries == ("mlefit show m.json",)


def test_a_document_that_contradicts_itself_is_refused(rows):
    result = fit(rows, "size ~ x", family="normal")
    formulas = {"mu": "size ~ z"}
    other = replace(result, model=replace(result.model, formula="size ~ z", formulas=formulas))
    with pytest.raises(UsageError, match="its formulas have no coefficient 'mu:x'"):
        model_of(other)
    without = replace(result, coefficients=result.coefficients[:1])
    with pytest.raises(UsageError, match="mu has no finite estimate"):
        model_of(without)
