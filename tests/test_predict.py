"""Predictions: against other programs, closed forms, and what they promise."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import stats

from mlefit import families, fit
from mlefit.distribution.at import as_theta
from mlefit.errors import DataError, UsageError
from mlefit.likelihood import Model
from mlefit.prediction import predicting
from mlefit.prediction.centre import Centre
from mlefit.prediction.predicting import predict, prepare
from mlefit.request import PredictRequest
from mlefit.source import batches
from mlefit.specify import link_for
from tests.numeric import slope

VISITS = "sample_data/doctor_visits.csv"
HOUSES = "sample_data/house_prices.csv"
CALLBACKS = "sample_data/callbacks.csv"


@pytest.fixture(scope="module")
def visits():
    return fit(VISITS, "visits ~ age + income + illness", family="poisson")


def agree(found: pl.DataFrame, column: str, rows: list[int], numbers: list[float], rtol: float):
    np.testing.assert_allclose(found[column].to_numpy()[rows], numbers, rtol=rtol)


def test_a_poisson_regression_predicts_what_r_does(visits):
    # R 4.2.2: m <- glm(visits ~ age + income + illness, family = poisson), its default
    # tolerance: predict(m, type = "response", se.fit = TRUE), hatvalues(m), rows 1, 100, 5190
    found, rows = predict(VISITS, visits, what=("fitted", "influence")), [0, 99, 5189]
    means = [0.187413871953951, 0.350858557354198, 0.231826850776561]
    agree(found, "fitted", rows, means, 1e-8)
    errors = [0.00839286540774233, 0.01676430109267255, 0.01395425546582681]
    agree(found, "std_error", rows, errors, 1e-6)
    hats = [0.000375854141169961, 0.000801012498028989, 0.000839943009501381]
    agree(found, "leverage", rows, hats, 1e-6)
    # cooks.distance(m)
    distances = [3.31301153010808e-04, 2.40891751750906e-04, 4.87622162444965e-05]
    agree(found, "cooks_distance", rows, distances, 1e-6)


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        ("deviance", [1.312897376521019, 0.892446821480990, -0.680921215378932]),
        ("pearson", [1.877018432400062, 1.095905987429822, -0.481484008848229]),
        ("response", [1 - 0.187413871953951, 1 - 0.350858557354198, -0.231826850776561]),
    ],
)
def test_residuals_are_those_of_r(visits, kind, numbers):
    # R 4.2.2: residuals(m, "deviance"), residuals(m, "pearson"), the same rows
    found = predict(VISITS, visits, what="residual", residuals=kind)
    agree(found, "residual", [0, 99, 5189], numbers, 1e-7)


def test_least_squares_predicts_with_the_t_quantiles_of_r():
    # R 4.2.2: l <- lm(price ~ log(lotsize) + bedrooms); predict(l, interval = "confidence")
    result = fit(HOUSES, "price ~ log(lotsize) + bedrooms", family="normal", small_sample=True)
    found = predict(HOUSES, result, what=("fitted", "outcome"))
    agree(found, "fitted", [0, 199], [75697.3508640364, 58537.0287292118], 1e-10)
    agree(found, "conf_low", [0, 199], [73725.4121154553, 56366.2337224250], 1e-9)
    agree(found, "conf_high", [0, 199], [77669.2896126174, 60707.8237359985], 1e-9)
    # predict(l, interval = "prediction"), whose t distribution is here a mean of normal ones
    reach = (found["pred_high"] - found["pred_low"]).to_numpy()[[0, 199]] / 2
    np.testing.assert_allclose(reach, [40877.0903907936, 40887.1658023694], rtol=1.5e-3)


def test_an_interval_of_a_probability_is_made_on_the_link_scale_as_in_r():
    # R 4.2.2: g <- glm(y ~ ethnicity + experience, family = binomial(link = probit));
    # q <- predict(g, type = "link", se.fit = TRUE); pnorm(q$fit - qnorm(.975) * q$se.fit), ...
    result = fit(
        CALLBACKS, "call ~ ethnicity + experience", family="bernoulli", link="probit", se="expected"
    )
    found = predict(CALLBACKS, result, what=("fitted", "classes"))
    agree(found, "conf_low", [0], [0.0780101078391385], 1e-6)
    agree(found, "fitted", [0], [0.089119801596198], 1e-6)
    agree(found, "conf_high", [0], [0.101366123218235], 1e-6)
    agree(found, "std_error", [0], [0.00595405919668052], 1e-5)
    assert found.columns[4:] == ["p[no]", "p[yes]", "class"]
    np.testing.assert_allclose(found["p[yes]"], found["fitted"], rtol=1e-14)
    np.testing.assert_allclose(found["p[no]"] + found["p[yes]"], 1, rtol=1e-14)
    assert set(found["class"]) == {"no"}


@pytest.mark.parametrize(("family", "make"), [("poisson", "Poisson"), ("bernoulli", "Binomial")])
def test_statsmodels_has_the_same_intervals(family, make):
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    x = rng.normal(size=150)
    mean = np.exp(0.2 + 0.5 * x)
    y = rng.poisson(mean) if family == "poisson" else (rng.random(150) < mean / (1 + mean)) * 1.0
    found = predict(
        pl.DataFrame({"x": [-1.0, 0.5, 3.0]}),
        fit(pl.DataFrame({"y": y, "x": x}), "y ~ x", family=family),
        conf_level=0.9,
    )
    model = sm.GLM(y, sm.add_constant(x), family=getattr(sm.families, make)())
    theirs = model.fit(tol=1e-12).get_prediction(np.array([[1, -1.0], [1, 0.5], [1, 3.0]]))
    frame = theirs.summary_frame(alpha=0.1)
    for mine, column in (
        ("fitted", "mean"),
        ("std_error", "mean_se"),
        ("conf_low", "mean_ci_lower"),
        ("conf_high", "mean_ci_upper"),
    ):
        np.testing.assert_allclose(found[mine], frame[column], rtol=1e-7)


NUMBERS = [f.label for f in families.every() if not f.support.levels]


@pytest.mark.parametrize("name", NUMBERS)
def test_a_mean_and_its_slopes_are_those_of_the_family(name):
    family = families.load(name)
    links = [link_for(parameter, None) for parameter in family.parameters]
    for theta, known, facts in family.examples:
        bound, values = family.bound(facts), [np.array([float(value)]) for value in theta]
        centre = Centre(Model(bound, links))
        etas = [link.forward(value) for link, value in zip(links, values, strict=True)]
        extra = {key: np.array([float(value)]) for key, value in known.items()}
        packed = as_theta(bound, theta)
        own = bound.mean(*packed, **extra) if centre.is_mean else values[0]
        here = centre.at(etas, extra)
        assert here[0] == pytest.approx(np.ravel(own)[0], rel=1e-12, nan_ok=True)
        if not np.isfinite(here).all():
            continue
        for k, found in enumerate(centre.slopes(etas, extra)):
            moved = partial(_with_eta, centre, etas, extra, k)
            exact = float(slope(moved, float(etas[k][0]))[0])
            size = max(abs(float(here[0])), 1e-3)
            claimed = 0.0 if found is None else float(np.ravel(found)[0])
            assert claimed == pytest.approx(exact, rel=1e-7, abs=1e-8 * size)


def _with_eta(centre, etas, extra, k, eta):
    return centre.at([*etas[:k], np.array([eta]), *etas[k + 1 :]], extra)


def test_the_error_of_a_mean_of_two_parameters_is_the_delta_methods():
    rng = np.random.default_rng(4)
    frame = pl.DataFrame({"x": rng.normal(size=80)}).with_columns(
        y=pl.Series(np.exp(0.5 + rng.normal(size=80)))
    )
    result = fit(frame, "y ~ x", family="lognormal")
    found = predict(frame, result)
    theta = predict(frame, result, what="parameters")
    mu, sigma = theta["mu"].to_numpy(), theta["sigma"].to_numpy()
    mean = np.exp(mu + sigma**2 / 2)
    # d mean / d (b0, b1, log sigma) = mean (1, x, sigma^2)
    gradient = np.stack([mean, mean * frame["x"].to_numpy(), mean * sigma**2])
    error = np.sqrt(
        np.einsum("ij,ik,kj->j", gradient, np.array(result.covariance.matrix), gradient)
    )
    np.testing.assert_allclose(found["fitted"], mean, rtol=1e-13)
    np.testing.assert_allclose(found["std_error"], error, rtol=1e-9)
    # Wald's on the scale of the logarithm
    reach = stats.norm.ppf(0.975) * error / mean
    np.testing.assert_allclose(found["conf_low"], mean * np.exp(-reach), rtol=1e-9)
    np.testing.assert_allclose(found["conf_high"], mean * np.exp(reach), rtol=1e-9)


def test_limits_of_an_outcome_count_the_error_of_the_estimates():
    rng = np.random.default_rng(5)
    frame = pl.DataFrame({"x": rng.normal(size=12)}).with_columns(
        y=1 + 2 * pl.col("x") + pl.Series(rng.normal(size=12))
    )
    result = fit(frame, "y ~ x", family="normal", fix="sigma=1")
    levels = (0.025, 0.3, 0.5, 0.9)
    found = predict(frame, result, what=("fitted", "outcome"), quantiles=levels)
    sure = predict(frame, result, what="outcome", uncertainty=False)
    mean, spread = found["fitted"].to_numpy(), np.sqrt(1 + found["std_error"].to_numpy() ** 2)
    for level in levels:
        exact = mean + spread * stats.norm.ppf(level)
        np.testing.assert_allclose(found[f"q{level}"], exact, atol=6e-3)
    np.testing.assert_allclose(found["q0.025"], found["pred_low"], rtol=1e-12)
    np.testing.assert_allclose(sure["pred_high"], mean + stats.norm.ppf(0.975), rtol=1e-12)


def test_quantiles_of_counts_are_counts(visits):
    found = predict(VISITS, visits, what="parameters", quantiles=(0.5, 0.99), uncertainty=False)
    exact = stats.poisson.ppf(0.99, found["mu"].to_numpy())
    np.testing.assert_array_equal(found["q0.99"], exact)


def test_intervals_cover_what_they_promise():
    rng = np.random.default_rng(6)
    runs, new = 60, pl.DataFrame({"x": [-1.0, 0.0, 1.5]})
    means = np.exp(0.5 + 0.4 * new["x"].to_numpy())
    covered, caught, promised = 0, 0.0, 0.95
    for _ in range(runs):
        x = rng.normal(size=100)
        shape = 2.0
        y = rng.gamma(shape, np.exp(0.5 + 0.4 * x) / shape)
        result = fit(pl.DataFrame({"y": y, "x": x}), "y ~ x", family="gamma")
        found = predict(new, result, what=("fitted", "outcome"))
        low, high, *limits = found.select(r"^(conf|pred)_.*$").to_numpy().T
        covered += int(((low < means) & (means < high)).sum())
        below = stats.gamma(shape, scale=means / shape).cdf(np.stack(limits))
        caught += float(np.diff(below, axis=0).sum())
    # the three rows of a run are not independent: three errors of one
    error = 3 * math.sqrt(promised * (1 - promised) / runs)
    assert covered / (3 * runs) == pytest.approx(promised, abs=error)
    assert caught / (3 * runs) == pytest.approx(promised, abs=0.008)


def test_the_order_of_the_rows_and_the_size_of_a_run_do_not_matter(visits, monkeypatch):
    columns = ("fitted", "outcome", "parameters", "residual", "nll", "influence")
    frame = pl.read_csv(VISITS).head(300)
    whole = predict(frame, visits, what=columns, residuals="deviance")
    order = np.random.default_rng(1).permutation(300)
    shuffled = predict(frame[order], visits, what=columns, residuals="deviance")
    assert_frame_equal(whole[order], shuffled, rel_tol=1e-13)
    quantile = predict(frame, visits)
    monkeypatch.setattr(predicting, "batches", partial(batches, most_rows=7))
    assert_frame_equal(predict(frame, visits, what=columns, residuals="deviance"), whole)
    assert_frame_equal(predict(frame, visits), quantile)


def test_quantile_residuals_are_those_of_the_fit(visits):
    found = predict(VISITS, visits)["residual"]
    known = visits.diagnostics["quantile_residuals"]
    every = found.gather_every(2)  # a fit looks at an evenly spaced share of its rows
    assert known["mean"] == pytest.approx(every.mean(), abs=1e-12)


def test_censored_rows_have_residuals_that_are_normal():
    rng = np.random.default_rng(8)
    x, n = rng.normal(size=600), 600
    time = np.exp(1 + 0.5 * x) * rng.weibull(1.5, n)
    limit = rng.uniform(1, 6, n)
    frame = pl.DataFrame({"time": np.minimum(time, limit), "seen": (time <= limit) * 1, "x": x})
    found = predict(frame, fit(frame, "time ~ x", family="weibull", event="seen"))
    assert 100 < (frame["seen"] == 0).sum() < 500
    assert found["residual"].null_count() == 0
    assert stats.kstest(found["residual"].to_numpy(), "norm").pvalue > 0.05
    hidden = predict(
        frame,
        fit(frame, "time ~ x", family="weibull", event="seen"),
        what="residual",
        residuals="response",
    )
    assert hidden["residual"].null_count() == (frame["seen"] == 0).sum()


@pytest.fixture(scope="module")
def small():
    frame = pl.DataFrame(
        {
            "y": [1.0, 2.5, 3, 2, 5, 4.4, 6, 3],
            "x": [1.0, 2, 3, 2.5, 5, 4, 6, 3.5],
            "g": ["a", "b", "a", "b", "a", "b", "a", "b"],
        }
    )
    return fit(frame, "y ~ log(x) + g", family="normal")


def tally_of(frame, model, **options):
    prediction = prepare(PredictRequest(frame, model, **options))
    return pl.concat(list(prediction.frames())), prediction.tally


def test_a_row_that_cannot_be_predicted_is_null_and_counted(small):
    new = pl.DataFrame(
        {
            "x": [1.0, None, 2.0, -1.0, float("nan"), 3.0, float("inf")],
            "g": ["a", "a", None, "b", None, "b", "a"],
            "y": [1.0, 2, 3, 4, 5, None, 6],
        }
    )
    found, tally = tally_of(new, small, keep=("y",))
    assert found["y"].to_list() == new["y"].to_list()
    assert found["fitted"].is_null().to_list() == [False, True, True, True, True, False, True]
    assert found["nll"].is_null().to_list() == [False, *[True] * 6]
    assert tally.lost == {
        "missing:x": 1,
        "missing:g": 1,
        "missing:several columns": 1,
        "undefined:log(x)": 2,
    }
    assert tally.unscored == {"missing:y": 1}
    lost, unscored = tally.notes()
    assert lost.startswith("5 of 7 rows without a prediction: 1 missing:x, 1 missing:g, ")
    assert unscored == "1 of 7 rows without a residual and an NLL: 1 missing:y"


def test_an_unseen_level_is_named_with_its_factor_and_row(small):
    new = pl.DataFrame({"x": [1.0, 2, 3], "g": ["a", "d", "d"]})
    with pytest.raises(DataError, match="'g' has the level 'd', which the fit had not") as refused:
        predict(new, small)
    assert refused.value.evidence == ("first: row 2", "levels: 'a', 'b'")
    found, tally = tally_of(new, small, unseen="null")
    assert found["fitted"].is_null().to_list() == [False, True, True]
    assert tally.lost == {"unseen:g": 2}


def test_levels_are_known_by_their_text():
    frame = pl.DataFrame({"y": [1.0, 2, 3, 4, 5, 7], "h": [1990, 1991, 1992] * 2})
    result = fit(frame, "y ~ C(h)", family="normal")
    expected = predict(frame, result)["fitted"]
    for dtype in (pl.String, pl.Float64, pl.UInt16):
        cast = frame.with_columns(pl.col("h").cast(dtype))
        assert predict(cast, result)["fitted"].to_list() == expected.to_list()


def test_names_that_look_like_patterns_are_names(tmp_path):
    rng = np.random.default_rng(1)
    names = ["*", "^x.*$", "a,b", "`t", "trials"]
    frame = pl.DataFrame({name: rng.normal(size=40) for name in names}).with_columns(
        y=pl.Series(rng.normal(size=40)), g=pl.Series(rng.choice(["u,v", "w"], 40))
    )
    frame.write_csv(tmp_path / "odd.csv")
    result = fit(frame, "y ~ . + C(trials > 0)", family="normal")
    for table in (frame, tmp_path / "odd.csv"):
        found = predict(table, result, keep="all")
        assert found.columns[:7] == frame.columns
        assert found["nll"].sum() == pytest.approx(-result.fit.log_likelihood, rel=1e-12)


def test_text_where_the_fit_had_numbers_is_refused_with_its_row(small):
    new = pl.DataFrame({"x": ["1", "2.5", "abc"], "g": ["a", "b", "a"]})
    with pytest.raises(DataError, match="column 'x' holds text, where the fit had numbers") as no:
        predict(new, small)
    assert no.value.evidence == ("first: row 3 = 'abc'",)


def test_every_row_may_be_lost(small):
    new = pl.DataFrame({"x": [None, None], "g": ["a", "b"]}, schema_overrides={"x": pl.Float64})
    found = predict(new, small, keep="g", quantiles=[0.5])
    assert found.columns == ["g", "fitted", "std_error", "conf_low", "conf_high", "q0.5"]
    assert found["fitted"].null_count() == 2
    assert found.schema["fitted"] == pl.Float64


def test_targets_that_the_family_cannot_have_are_outside(visits):
    new = pl.read_csv(VISITS).head(3).with_columns(visits=pl.Series([1.5, -1, 2]))
    found, tally = tally_of(new, visits)
    assert found["nll"].is_null().to_list() == [True, True, False]
    assert tally.unscored == {"outside:visits": 2}


def test_classes_have_probabilities_that_sum_to_one():
    frame = pl.read_csv(HOUSES, infer_schema_length=None)
    for family in ("categorical", "ordinal"):
        result = fit(frame, "stories ~ lotsize + aircon", family=family)
        found = predict(frame, result)
        names = ["p[1]", "p[2]", "p[3]", "p[4]"]
        assert found.columns[:5] == [*names, "class"]
        np.testing.assert_allclose(found.select(pl.sum_horizontal(names)).to_series(), 1)
        own = found.select(names).to_numpy()[np.arange(len(frame)), frame["stories"] - 1]
        np.testing.assert_allclose(found["nll"], -np.log(own), rtol=1e-12)
        best = [names.index(f"p[{level}]") for level in found["class"]]
        np.testing.assert_array_equal(best, found.select(names).to_numpy().argmax(axis=1))
    with pytest.raises(UsageError, match="the outcome of categorical is a class"):
        predict(frame, fit(frame, "stories ~ 1", family="categorical"), what="fitted")


def test_all_there_is_can_be_asked_for(visits, small):
    assert predict(VISITS, visits, what="all").columns == [
        "fitted", "std_error", "conf_low", "conf_high", "pred_low", "pred_high", "mu",
        "residual", "nll", "leverage", "cooks_distance",
    ]  # fmt: skip
    new = pl.DataFrame({"x": [1.0], "g": ["a"]})
    assert predict(new, small, what="all").columns[-2:] == ["mu", "sigma"]


def test_without_a_covariance_there_are_no_errors_but_limits(visits):
    frame = pl.read_csv(HOUSES, infer_schema_length=None)
    result = fit(frame, "price ~ lotsize + bedrooms", family="normal", l1=1e-6)
    found, _ = tally_of(frame, result, what=("fitted", "outcome"))
    assert found["std_error"].null_count() == len(frame)
    assert found["pred_low"].null_count() == 0
    notes = prepare(PredictRequest(frame, result)).notes
    assert any("has no covariance of its estimates" in note for note in notes)


def test_what_is_predicted_is_said_where_it_is_no_mean():
    frame = pl.read_csv(HOUSES, infer_schema_length=None)
    for family, words in (
        ("cauchy", "cauchy has no mean: what is predicted is mu"),
        ("pinball:0.9", "what is predicted is mu"),
    ):
        result = fit(frame, "price ~ lotsize", family=family)
        prediction = prepare(PredictRequest(frame, result))
        assert prediction.notes[0].startswith(words)
        found = pl.concat(list(prediction.frames()))
        assert found["fitted"][0] == predict(frame, result, what="parameters")["mu"][0]


def test_a_column_that_had_a_part_in_the_fit_is_asked_for_by_it():
    frame = pl.DataFrame({"n": [1, 4, 2, 5], "days": [1.0, 3, 2, 4]})
    result = fit(frame, "n ~ 1", family="poisson", exposure="days")
    with pytest.raises(UsageError, match=r"no column 'days' in frame, .* needs it as its exposure"):
        predict(frame.drop("days"), result)


def test_a_target_that_was_transformed_stays_so_and_that_is_said():
    frame = pl.DataFrame({"y": [1.0, 2, 4, 9, 15], "x": [1.0, 2, 3, 4, 5]})
    prediction = prepare(PredictRequest(frame, fit(frame, "log(y) ~ x", family="normal")))
    assert prediction.notes == ("what is predicted is log(y), the target of the fit",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"what": "fittted"}, "--what has no 'fittted'"),
        ({"what": "classes"}, "the outcome of normal is a number"),
        ({"keep": "q"}, "no column 'q' in frame"),
        ({"what": "nll", "columns": ["x", "g"]}, "no column 'y' in frame"),
        ({"columns": ["x", "y"]}, "no column 'g' in frame, and the model of 'the fit' needs it"),
        ({"keep": "fitted", "columns": ["x", "g", "fitted"]}, "would stand beside the model's own"),
    ],
)
def test_what_cannot_be_predicted_is_refused(small, options, message):
    frame = pl.DataFrame({"x": [1.0], "g": ["a"], "y": [1.0], "fitted": [1.0]})
    columns = options.pop("columns", frame.columns)
    with pytest.raises(UsageError, match=message):
        predict(frame.select(columns), small, **options)


def test_influence_needs_an_information(visits):
    robust = fit(VISITS, "visits ~ age", family="poisson", se="HC0")
    with pytest.raises(UsageError, match=r"the covariance of the fit \(HC0\) is no inverse"):
        predict(VISITS, robust, what="influence")
    quasi = fit(VISITS, "visits ~ age", family="poisson", se="quasi")
    plain = fit(VISITS, "visits ~ age", family="poisson")
    np.testing.assert_allclose(
        predict(VISITS, quasi, what="influence")["leverage"],
        predict(VISITS, plain, what="influence")["leverage"],
        rtol=1e-10,
    )
