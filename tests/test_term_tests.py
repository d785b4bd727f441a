"""Tests of terms: R's numbers, closed forms, laws, and what has no test."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

import mlefit
from mlefit.errors import UsageError
from mlefit.fitting import prepare
from mlefit.inference.boundary import highest
from mlefit.request import Request
from mlefit.search.climb import Search
from mlefit.testing.models import Models, Subject
from mlefit.testing.terms import asked

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_data"
VISITS = str(SAMPLES / "doctor_visits.csv")
CALLS = str(SAMPLES / "callbacks.csv")
WITNESS = json.loads((ROOT / "tests" / "reference" / "term_tests.json").read_text("utf-8"))


def rows_of(result, key="tests"):
    return {(one.terms, one.test): one for one in getattr(result, key)}


@pytest.mark.parametrize("case", WITNESS["cases"], ids=lambda case: case["name"])
def test_the_numbers_are_those_of_r(case):
    result = mlefit.fit(str(SAMPLES / case["data"]), case["formula"], **case["options"])
    found = rows_of(result, case["key"])
    for row in case["rows"]:
        one = found[row["terms"], row["test"]]
        assert one.status == "ok"
        assert one.df == row["df"]
        assert one.statistic == pytest.approx(row["statistic"], rel=1e-10)
        assert one.p_value == pytest.approx(row["p_value"], rel=1e-9)
        if row["aic_change"] is not None:
            assert one.aic_change == pytest.approx(row["aic_change"], rel=1e-9)


def fit(data, formula="y ~ x + g", family="normal", **options):
    return mlefit.fit(data, formula, family=family, **options)


def numbers_of(result, key="tests"):
    return np.array([[one.statistic, one.p_value] for one in getattr(result, key)], dtype=float)


def draws(n=60, seed=4):
    """Rows with a number, a factor of three levels, a count, a positive value and a class."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    g = rng.choice(["a", "b", "c"], size=n)
    eta = 0.3 * x + 0.2 * (g == "b")
    return pl.DataFrame(
        {
            "y": eta + rng.normal(size=n),
            "x": x,
            "z": rng.normal(size=n),
            "g": g,
            "count": rng.poisson(np.exp(1 + eta)),
            "positive": rng.gamma(2.0, np.exp(eta) / 2),
            "class": rng.choice(["u", "v", "w"], size=n),
            "two": rng.choice(["no", "yes"], size=n),
        }
    )


def test_a_normal_regression_has_all_three_in_closed_form():
    frame = draws()
    y, x, z = (frame[name].to_numpy() for name in ("y", "x", "z"))
    X0 = np.column_stack([np.ones_like(x), z])
    X = np.column_stack([X0, x])
    small, large = (float(np.linalg.lstsq(A, y)[1][0]) for A in (X0, X))
    n = len(y)
    ratio, wald, score = numbers_of(fit(frame, "y ~ z + x", test="x"))[:, 0]
    assert ratio == pytest.approx(n * math.log(small / large), rel=1e-12)
    assert wald == pytest.approx(n * (small - large) / large, rel=1e-12)
    assert score == pytest.approx(n * (small - large) / small, rel=1e-12)
    assert wald > ratio > score  # E. R. Berndt and N. E. Savin (1977), Econometrica 45


def test_two_samples_give_the_square_of_students_t():
    frame = draws()
    y, yes = frame["y"].to_numpy(), (frame["two"] == "yes").to_numpy()
    t = stats.ttest_ind(y[yes], y[~yes])
    one = fit(frame, "y ~ two", small_sample=True, test="two").tests[0]
    assert (one.test, one.distribution) == ("F", "F(1, 58)")
    assert one.statistic == pytest.approx(t.statistic**2, rel=1e-11)
    assert one.p_value == pytest.approx(t.pvalue, rel=1e-10)


def test_a_table_of_counts_gives_pearsons_chi_square_and_g():
    frame = draws()
    table = frame.pivot("class", index="g", values="x", aggregate_function="len")
    seen = table.drop("g").to_numpy().astype(float)
    pearson = stats.chi2_contingency(seen, correction=False)
    g = stats.chi2_contingency(seen, correction=False, lambda_="log-likelihood")
    result = rows_of(fit(frame, "class ~ g", "categorical", test="g"))
    assert result["g", "score"].statistic == pytest.approx(pearson.statistic, rel=1e-11)
    assert result["g", "likelihood ratio"].statistic == pytest.approx(g.statistic, rel=1e-11)
    assert result["g", "score"].df == 4
    assert result["g", "score"].parameter is None  # the classes share the formula


def test_the_score_of_a_gamma_regression_is_its_formula_to_high_precision():
    mpmath = pytest.importorskip("mpmath")
    frame = draws()
    y = [mpmath.mpf(float(v)) for v in frame["positive"]]
    x = [mpmath.mpf(float(v)) for v in frame["x"]]
    with mpmath.workdps(40):
        n, mean, centre = len(y), mpmath.fsum(y) / len(y), mpmath.fsum(x) / len(x)
        gap = mpmath.log(mean) - mpmath.fsum(map(mpmath.log, y)) / n
        shape = mpmath.findroot(lambda k: mpmath.log(k) - mpmath.psi(0, k) - gap, 1 / (2 * gap))
        slope = mpmath.fsum((a - centre) * (b / mean - 1) for a, b in zip(x, y, strict=True))
        expected = shape * slope**2 / mpmath.fsum((a - centre) ** 2 for a in x)
    result = rows_of(fit(frame, "positive ~ x", "gamma", test="x"))
    assert result["x", "score"].information == "expected"
    assert result["x", "score"].statistic == pytest.approx(float(expected), rel=1e-12)


def test_the_ratio_of_a_laplace_regression_is_that_of_absolute_deviations():
    frame = draws(n=41)
    y = frame["y"].to_numpy()
    result = fit(frame, "y ~ x", "laplace", test="x")
    large = result.fit.mean_nll
    small = math.log(2 * math.e * np.abs(y - np.median(y)).mean())
    found = rows_of(result)
    assert found["x", "likelihood ratio"].statistic == pytest.approx(82 * (small - large), rel=1e-9)
    assert found["x", "score"].message == "the slope jumps where a residual is zero"


FAMILIES = [
    ("y", "normal"),
    ("count", "poisson"),
    ("positive", "gamma"),
    ("positive", "weibull"),
    ("y", "student"),
    ("class", "ordinal"),
    ("class", "categorical"),
]


@pytest.mark.parametrize(("target", "family"), FAMILIES)
def test_neither_units_nor_the_order_of_rows_nor_the_base_level_matter(target, family):
    frame = draws()
    first = numbers_of(fit(frame, f"{target} ~ x + C(g)", family, test=["x", "C(g)"]))
    other = frame.sample(fraction=1.0, shuffle=True, seed=1).with_columns(x=pl.col("x") * 1e6 + 5)
    formula = f"{target} ~ x + C(g, ref='c')"
    assert numbers_of(fit(other, formula, family, test=["x", "C(g)"])) == pytest.approx(
        first, rel=1e-8
    )


@pytest.mark.parametrize(("target", "family"), FAMILIES)
def test_weights_are_repeated_rows(target, family):
    frame = draws().with_columns(w=pl.Series(np.arange(60) % 3))
    repeated = frame.select(pl.all().repeat_by("w")).explode(pl.all(), empty_as_null=False)
    formula, test = f"{target} ~ x + g", ["g", "+ z"]
    weighted = fit(frame, formula, family, freq_weights="w", test=test, anova=True)
    plain = fit(repeated, formula, family, test=test, anova=True)
    for key in ("tests", "anova"):
        assert numbers_of(weighted, key) == pytest.approx(numbers_of(plain, key), rel=1e-8)


def test_a_link_of_another_parameter_changes_neither_ratio_nor_score():
    frame = draws()
    log = rows_of(fit(frame, test="g"))
    plain = rows_of(fit(frame, test="g", link="sigma=identity"))
    for test in ("likelihood ratio", "score"):
        assert plain["g", test].statistic == pytest.approx(log["g", test].statistic, rel=1e-9)


def test_the_three_agree_where_rows_are_many():
    rng = np.random.default_rng(2)
    x, z = rng.normal(size=(2, 40_000))
    frame = pl.DataFrame({"y": rng.poisson(np.exp(0.2 * x + 0.02 * z)), "x": x, "z": z})
    found = numbers_of(fit(frame, "y ~ x + z", "poisson", test="z"))[:, 0]
    assert found == pytest.approx(found[0] * np.ones(3), rel=0.01)


def test_a_factor_without_an_intercept_is_tested_against_one_mean():
    # g spans the intercept, so leaving it out leaves nothing: 0 + g against 0
    frame = draws()
    kept = rows_of(fit(frame, "y ~ g", test="g"))["g", "likelihood ratio"]
    gone = rows_of(fit(frame, "y ~ 0 + g", test="g"))["g", "likelihood ratio"]
    assert (kept.df, gone.df) == (2, 3)
    nothing = mlefit.fit(frame, "y ~ 0 + x", family="normal", fix="x=0")
    whole = fit(frame, "y ~ g")
    ratio = 2 * (whole.fit.log_likelihood - nothing.fit.log_likelihood)
    assert gone.statistic == pytest.approx(ratio, rel=1e-10)


def test_where_nothing_is_left_to_estimate_the_model_is_that_of_zero():
    frame = draws()
    result = fit(frame, "count ~ 0 + x", "poisson", test="x")
    count = frame["count"].to_numpy()
    height = float(stats.poisson.logpmf(count, 1.0).sum())
    assert result.tests[0].statistic == pytest.approx(
        2 * (result.fit.log_likelihood - height), rel=1e-11
    )
    assert result.tests[2].status == "ok"


def test_redundant_columns_count_once():
    frame = draws().with_columns(twice=2 * pl.col("x"))
    result = rows_of(fit(frame, "y ~ x + twice + z", test=["x + twice", "twice", "z"]))
    plain = rows_of(fit(frame, "y ~ x + z", test=["x", "z"]))
    for test in ("likelihood ratio", "Wald", "score"):
        both = result["x + twice", test]
        assert (both.df, both.statistic) == (1, pytest.approx(plain["x", test].statistic, rel=1e-9))
        assert result["twice", test].status == "none"
        assert "span the same columns" in result["twice", test].message
        assert result["z", test].statistic == pytest.approx(plain["z", test].statistic, rel=1e-9)


def test_the_table_leaves_out_what_contains_a_term():
    frame = draws()
    table = rows_of(fit(frame, "y ~ x * z + g", anova=True), "anova")
    without = rows_of(fit(frame, "y ~ x + z + g", test=["x", "z"]))
    whole = rows_of(fit(frame, "y ~ x * z + g", test=["x:z", "g", "x"]))
    name = "likelihood ratio"
    for term in ("x", "z"):
        assert table[term, name].statistic == pytest.approx(without[term, name].statistic, rel=1e-9)
    for term in ("x:z", "g"):
        assert table[term, name].statistic == pytest.approx(whole[term, name].statistic, rel=1e-9)
    assert whole["x", name].message == "x:z stays, so what this asks depends on where z is 0"


def test_terms_of_a_further_parameter():
    frame = draws()
    result = fit(frame, "y ~ x", model="sigma ~ z + g", test="sigma ~ z", anova=True)
    plain = fit(frame, "y ~ x", model="sigma ~ g", test="sigma ~ + z")
    one = rows_of(result)["z", "likelihood ratio"]
    assert one.parameter == "sigma"
    ratio = 2 * (result.fit.log_likelihood - plain.fit.log_likelihood)
    assert one.statistic == pytest.approx(ratio, rel=1e-9)
    for test in ("likelihood ratio", "score"):
        added, left_out = rows_of(plain)["z", test], rows_of(result)["z", test]
        assert added.statistic == pytest.approx(left_out.statistic, rel=1e-9)
    assert [(row.parameter, row.terms) for row in result.anova] == [
        ("mu", "x"),
        ("sigma", "z"),
        ("sigma", "g"),
    ]


def test_terms_of_one_class():
    frame = draws()
    result = fit(frame, "class ~ x", "categorical", test=["x", "w ~ x"])
    whole, one = result.tests[0], result.tests[3]
    assert (whole.df, whole.parameter) == (2, None)
    assert (one.df, one.parameter) == (1, "w")
    assert 0 <= one.statistic < whole.statistic


def test_what_is_added_counts_only_what_the_fit_lacks():
    frame = draws().with_columns(twice=2 * pl.col("x"))
    result = fit(frame, "y ~ x", test=["+ twice + z", "+ twice"])
    plain = fit(frame, "y ~ x", test="+ z")
    assert numbers_of(plain) == pytest.approx(numbers_of(result)[:2], rel=1e-9)
    assert result.tests[0].df == 1
    assert result.tests[2].message == "the terms of the fit span them, so nothing is added"


def test_rows_that_a_test_needs_are_those_of_the_fit():
    z = pl.when(pl.col("z") < 1).then(pl.col("z"))
    frame = draws().with_columns(z=z)
    result = fit(frame, "y ~ x", test="+ z")
    assert result.data.rows_dropped == {"missing:z": frame["z"].null_count()}
    assert result.data.features == ("x",)


def test_at_an_edge_of_the_family_the_ratio_is_that_of_what_is_left():
    rng = np.random.default_rng(3)
    x = rng.normal(size=200)
    frame = pl.DataFrame({"y": rng.binomial(8, 1 / (1 + np.exp(-x))), "x": x, "z": x[::-1]})
    result = rows_of(fit(frame, "y ~ x + z", "negbinom", test="z"))
    simpler = rows_of(fit(frame, "y ~ x + z", "poisson", test="z"))
    for test in ("likelihood ratio", "Wald", "score"):
        one = result["z", test]
        assert one.status == "boundary"
        assert one.message.startswith("k at an edge of its domain")
        assert one.statistic == pytest.approx(simpler["z", test].statistic, rel=1e-8)
    added = rows_of(fit(frame, "y ~ x", "negbinom", test="+ z"))
    for test in ("likelihood ratio", "score"):
        assert added["z", test].statistic == pytest.approx(simpler["z", test].statistic, rel=1e-8)


def test_an_edge_in_one_model_alone_is_told():
    # without x the counts spread more than Poisson's, with it less
    x = np.random.default_rng(3).normal(size=100)
    frame = pl.DataFrame({"y": np.round(np.exp(1 + x)).astype(int), "x": x})
    result = rows_of(fit(frame, "y ~ x", "negbinom", test="x"))
    larger = fit(frame, "y ~ x", "poisson").fit.log_likelihood
    smaller = fit(frame, "y ~ 1", "negbinom").fit.log_likelihood
    one = result["x", "likelihood ratio"]
    assert (one.status, one.df) == ("boundary", 1)
    assert one.message == "k at an edge of its domain with the terms"
    assert one.statistic == pytest.approx(2 * (larger - smaller), rel=1e-9)
    assert result["x", "score"].status == "none"


def test_without_a_maximum_there_is_no_test():
    x = np.arange(20.0)
    frame = pl.DataFrame({"y": (x > 9).astype(int), "x": x})
    result = fit(frame, "y ~ x", "bernoulli", test="x", anova=True)
    assert result.certificate.status == "no-maximum"
    assert {one.status for one in (*result.tests, *result.anova)} == {"none"}
    assert all(one.message.startswith("the fit has no maximum: ") for one in result.tests)


def test_a_larger_model_without_a_maximum_is_told():
    x = np.arange(24.0)
    frame = pl.DataFrame({"y": x + (x % 2), "x": x, "odd": x % 2})
    ratio, score = fit(frame, "y ~ x", test="+ odd").tests
    assert (ratio.status, score.status) == ("none", "ok")
    assert ratio.message.startswith("the larger model has no maximum: the fit is perfect")
    assert score.statistic == pytest.approx(24, rel=1e-9)  # n R^2


ROBUST = [
    ({"se": "HC1"}, "they take the spread of normal for right, which --se HC1 does not"),
    (
        {"se": "bootstrap"},
        "they take the spread of normal for right, which --se bootstrap does not",
    ),
    ({"cluster": "g"}, "they take rows for independent, which --cluster g does not"),
    (
        {"sampling_weights": "w"},
        "sampling weights make a pseudo-likelihood, whose ratio has no chi-square distribution",
    ),
]


@pytest.mark.parametrize(("options", "reason"), ROBUST, ids=str)
def test_standard_errors_that_doubt_the_likelihood_leave_walds_test(options, reason):
    frame = draws().with_columns(w=pl.col("x").abs() + 1)
    result = fit(frame, "y ~ x * z", test=["x:z", "+ g"], anova=True, **options)
    ratio, wald, score, *added = result.tests
    assert {ratio.message, score.message, *(one.message for one in added)} == {reason}
    z = next(one.statistic for one in result.coefficients if one.term == "x:z")
    assert wald.statistic == pytest.approx(z**2, rel=1e-9)
    assert wald.information == result.model.se_kind
    assert [(row.test, row.status) for row in result.anova] == [
        ("Wald", "none"),
        ("Wald", "none"),
        ("Wald", "ok"),
    ]


def test_draws_of_the_fitted_model_do_not_doubt_it():
    result = fit(draws(), test="x", se="bootstrap", bootstrap="parametric", replications=40)
    assert [one.status for one in result.tests] == ["ok"] * 3
    assert result.tests[1].information == "bootstrap"


def test_a_held_coefficient_is_not_tested():
    frame = draws()
    with pytest.raises(UsageError, match="x is held by --fix"):
        fit(frame, test="x", fix="x=1")
    table = rows_of(fit(frame, anova=True, fix="x=1"), "anova")
    assert table["x", "likelihood ratio"].message == "x is held at its value"
    moved = rows_of(
        fit(frame.with_columns(y=pl.col("y") - pl.col("x")), "y ~ g", anova=True), "anova"
    )
    assert table["g", "likelihood ratio"].statistic == pytest.approx(
        moved["g", "likelihood ratio"].statistic, rel=1e-9
    )


REFUSED = [
    ({"test": "zz"}, "the model has no term zz"),
    ({"test": "sigma ~ x"}, "sigma has no terms"),
    ({"test": "k ~ x"}, "normal has no parameter 'k'"),
    ({"test": "1"}, "names no term"),
    ({"test": "x - 1"}, "the intercept is none"),
    ({"test": "+ x"}, "adds x, which the model has"),
    ({"test": "x", "prior": "normal(0, 1)"}, "the prior has an opinion"),
    ({"anova": True, "l1": 1.0}, "--anova asks whether terms are zero"),
    ({"test": "g", "formula": "y ~ g * x"}, "g:x stays"),
    ({"test": "x", "formula": "y ~ g * x"}, "leaves the model as it is"),
    ({"test": "x", "formula": "y ~ 1"}, "the formula of mu has no terms"),
    ({"anova": True, "formula": "y ~ 1"}, "the formula has no terms"),
    ({"test": "+ nowhere"}, "no column 'nowhere'"),
]


@pytest.mark.parametrize(("options", "problem"), REFUSED, ids=str)
def test_what_cannot_be_tested_is_refused(options, problem):
    if problem.endswith("stays"):  # g alone has a meaning: where x is 0
        assert problem in fit(draws(), **options).tests[0].message
        return
    with pytest.raises(UsageError) as caught:
        fit(draws(), **options)
    assert problem in str(caught.value)


def test_a_fit_below_the_smaller_model_is_searched_on():
    request = Request(data=draws(), formula="y ~ x + z", family="cauchy")
    prepared = prepare(request)
    subject = Subject(prepared.roles, prepared.table.levels, prepared.model, prepared.engine)
    one = asked("x", prepared.roles, prepared.family)
    best = highest(prepared.model, prepared.engine, Search())
    # stands for a lower maximum that a search could end at
    away = best.optimum.gamma + np.array([0.0, 2.0, 0.0, 0.0])
    low = replace(best.optimum, gamma=away, totals=best.evaluate(away, "observed"))
    models = Models(subject, replace(best, optimum=low), Search(), lambda: None)
    assert models.of(one.smaller).nll < models.maximum.nll
    models.settle([one])
    assert models.maximum.nll == pytest.approx(best.nll, abs=1e-8)
    assert models.maximum.nll <= models.of(one.smaller).nll


@pytest.mark.parametrize(("target", "family"), [*FAMILIES, ("positive", "lognormal")])
def test_what_is_added_is_what_would_be_left_out(target, family):
    family = {"student": "cauchy"}.get(family, family)  # whose df is at an edge in one of them
    frame = draws()
    with_them = rows_of(fit(frame, f"{target} ~ x + z + g", family, test="z + g"))
    without = rows_of(fit(frame, f"{target} ~ x", family, test="+ z + g"))
    for test in ("likelihood ratio", "score"):
        one, other = with_them["z + g", test], without["z + g", test]
        assert (one.df, one.statistic) == (other.df, pytest.approx(other.statistic, rel=1e-8))


def test_powers_of_a_column_are_tested_like_orthogonal_ones():
    x = np.random.default_rng(0).uniform(-8.8, -3.1, size=80)
    frame = pl.DataFrame({"y": np.sin(x), "x": x, "u": (x + 6) / 3})
    raw, scaled = (
        fit(
            frame,
            f"y ~ {name} + " + " + ".join(f"I({name}^{k})" for k in range(2, 8)),
            small_sample=True,
            test=f"I({name}^6) + I({name}^7)",
        ).tests
        for name in ("x", "u")
    )
    for one, other in zip(raw[:2], scaled[:2], strict=True):
        assert one.statistic == pytest.approx(other.statistic, rel=1e-7)


def test_the_score_of_censored_times_is_of_the_observed_information():
    frame = pl.read_csv(SAMPLES / "leukemia.csv")
    t, seen = frame["time"].to_numpy(), frame["cens"].to_numpy()
    x = (frame["treat"] == "control").to_numpy().astype(float)
    hazard = seen.sum() / t.sum()
    slope = float(x @ (seen - hazard * t))
    a, b, c = (float(hazard * t @ v) for v in (np.ones_like(x), x, x * x))
    result = fit(frame, "time ~ treat", "exponential", event="cens", test="treat")
    one = rows_of(result)["treat", "score"]
    assert one.information == "observed"
    assert one.statistic == pytest.approx(slope**2 / (c - b * b / a), rel=1e-11)


def test_an_observed_information_that_is_far_from_the_fits_is_told():
    path = str(SAMPLES / "leukemia.csv")
    result = rows_of(fit(path, "time ~ treat", "weibull", event="cens", test="treat"))
    ratio, score = result["treat", "likelihood ratio"], result["treat", "score"]
    assert score.statistic > 5 * ratio.statistic
    assert score.message.endswith("the likelihood ratio tells more than the score")
    assert ratio.message == ""


def test_the_way_that_is_explained_is_that_of_the_fit():
    frame = draws()
    plain = fit(frame, "count ~ x + z", "poisson", explain=True)
    tested = fit(frame, "count ~ x + z", "poisson", explain=True, test="z", anova=True)
    assert tested.search == plain.search


def test_a_document_has_the_levels_of_the_model_alone():
    result = fit(draws(), "y ~ x", test="+ g")
    assert result.model.levels == {}
    assert result.tests[0].df == 2


def test_fewer_clusters_than_columns_have_no_walds_test():
    frame = draws()
    result = rows_of(
        fit(frame, "y ~ C(g) * x + z", cluster="two", test=["C(g):x + C(g) + x + z", "z"])
    )
    many = next(one for key, one in result.items() if key[1] == "Wald" and "+" in key[0])
    assert many.message == "the cluster covariance of the terms is singular"
    assert result["z", "Wald"].status == "ok"


def test_an_equation_is_the_model_that_obeys_it():
    frame = draws()
    result = rows_of(fit(frame, "count ~ x + z", "poisson", test="b[x] = b[z]"))
    smaller = rows_of(fit(frame, "count ~ I(x + z)", "poisson", test="+ x"))
    for test in ("likelihood ratio", "score"):
        one = result["b[x] = b[z]", test]
        assert (one.df, one.parameter) == (1, None)
        assert one.statistic == pytest.approx(smaller["x", test].statistic, rel=1e-9)
        assert one.p_value == pytest.approx(smaller["x", test].p_value, rel=1e-8)


ZEROS = [*FAMILIES[:5], ("positive", "lognormal")]


@pytest.mark.parametrize(("target", "family"), ZEROS)
def test_a_coefficient_that_equals_zero_is_a_term_left_out(target, family):
    family = {"student": "cauchy"}.get(family, family)
    result = fit(draws(), f"{target} ~ x + g", family, test=["b[x] = 0", "x"])
    equation, term = result.tests[:3], result.tests[3:]
    for one, other in zip(equation, term, strict=True):
        assert (one.test, one.information) == (other.test, other.information)
        assert one.statistic == pytest.approx(other.statistic, rel=1e-8)
        assert one.distribution == other.distribution


def test_a_parameter_that_equals_a_number_is_a_parameter_held():
    frame = draws()
    result = fit(frame, "y ~ x", test=["sigma = 1.5", "log(sigma) = log(1.5)"])
    held = fit(frame, "y ~ x", fix="sigma=1.5")
    ratio = 2 * (result.fit.log_likelihood - held.fit.log_likelihood)
    plain, log = result.tests[:3], result.tests[3:]
    for one in (plain[0], log[0]):
        assert one.statistic == pytest.approx(ratio, rel=1e-9)
    # only Wald's test knows how the equation is written
    assert plain[2].statistic == pytest.approx(log[2].statistic, rel=1e-8)
    sigma = result.parameters[0]
    wald = ((sigma.estimate - 1.5) / sigma.std_error) ** 2
    assert plain[1].statistic == pytest.approx(wald, rel=1e-9)
    assert log[1].statistic != pytest.approx(wald, rel=0.01)


def test_a_curved_equation_holds_where_its_root_is():
    path = str(SAMPLES / "menarche.csv")
    result = fit(
        path, "menarche ~ age", "binomial", trials="total", test="-b[Intercept]/b[age] = 12.9"
    )
    held = fit(path, "menarche ~ 0 + I(age - 12.9)", "binomial", trials="total")
    ratio = 2 * (result.fit.log_likelihood - held.fit.log_likelihood)
    assert result.tests[0].statistic == pytest.approx(ratio, rel=1e-8)


def test_what_an_equation_cannot_ask_is_told():
    frame = draws()
    held = fit(frame, "y ~ x", fix="x=1", test="b[x] = 0").tests
    assert {one.message for one in held} == {"all of it is held at a value"}
    corner = rows_of(fit(frame, "y ~ x + z", "laplace", test="b[x] = b[z]"))
    assert corner["b[x] = b[z]", "Wald"].status == "ok"
    assert "corner" in corner["b[x] = b[z]", "likelihood ratio"].message
    doubted = fit(frame, "y ~ x", se="HC0", test="b[x] = 0").tests
    assert [one.status for one in doubted] == ["none", "ok", "none"]
    for text, problem in (
        ("b[xx] = 0", "no coefficient"),
        ("1 = 2", "holds no parameter"),
        ("b[x] =", "an equation has two sides"),
        ("b[x] = b[z] = 0", "an equation has two sides"),
        ("x = 1", r"--test 'b\[x\] = 1'"),
        ("2 = b[Z]", r"--test '2 = b\[z\]'"),
        ("log(b[x] - 1000) = 0", "no finite value"),
    ):
        with pytest.raises(UsageError, match=problem):
            fit(frame, "y ~ x + z", test=text)


def test_an_equals_sign_of_a_base_level_makes_no_equation():
    result = fit(draws(), "y ~ x + C(g, ref='b')", test="C(g, ref='b')")
    assert result.tests[0].terms == "C(g)"
