"""Models of the same rows: R's numbers, closed forms, laws, and tests under simulation."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import special, stats

import mlefit
from mlefit import families
from mlefit.comparison.candidates import Candidate, Scored, Weights
from mlefit.comparison.pairs import Pairs
from mlefit.diagnosis.criteria import Criteria
from mlefit.diagnosis.heldout import fold_of_rows
from mlefit.errors import DataError, UsageError
from mlefit.fitting import prepare
from mlefit.inference.boundary import highest
from mlefit.request import Request
from mlefit.search.climb import Search

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_data"
WITNESS = json.loads((ROOT / "tests" / "reference" / "compare.json").read_text(encoding="utf-8"))
HOUSES = str(SAMPLES / "house_prices.csv")
RIVERS = str(SAMPLES / "rivers.csv")


def compare(data, *formulas, **options):
    return mlefit.compare(data, *formulas, **{"cv": 2, **options})


def by_name(result):
    return {one.candidate: one for one in result.candidates}


def pairs(result, kind):
    found = [test for test in result.tests if test.test == kind]
    return {(test.candidate, test.against): test for test in found}


def draws(seed=3, n=60):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pl.DataFrame({"y": np.exp(0.5 * x + rng.normal(size=n)), "x": x})


def test_heights_and_criteria_are_those_of_r():
    for data in dict.fromkeys(model["data"] for model in WITNESS["models"]):
        models = [model for model in WITNESS["models"] if model["data"] == data]
        formulas = list(dict.fromkeys(model["formula"] for model in models))
        named = {model["family"] for model in models}
        result = compare(str(SAMPLES / data), *formulas, families=sorted(named))
        found = {(one.family, one.formula): one for one in result.candidates}
        for model in models:
            one = found[model["family"], model["formula"]]
            assert one.n_params == model["n_params"]
            for name in ("log_likelihood", "aic", "bic"):
                assert getattr(one, name) == pytest.approx(model[name], rel=1e-11), name


@pytest.mark.parametrize("ratio", WITNESS["ratios"], ids=str)
def test_likelihood_ratios_are_those_of_r(ratio):
    large, small = (WITNESS["models"][ratio[key]] for key in ("larger", "smaller"))
    formulas = list(dict.fromkeys([small["formula"], large["formula"]]))
    named = list(dict.fromkeys([small["family"], large["family"]]))
    result = compare(str(SAMPLES / large["data"]), *formulas, families=named)
    names = {(one.family, one.formula): one.candidate for one in result.candidates}
    pair = [names[model["family"], model["formula"]] for model in (large, small)]
    test = pairs(result, "likelihood ratio")[tuple(pair)]
    assert test.p_value == pytest.approx(ratio["p_value"], rel=1e-6)


def test_vuongs_statistic_is_its_formula():
    frame = draws()
    result = compare(frame, "y ~ 1", families=["gamma", "lognormal"])
    test = next(iter(pairs(result, "Vuong").values()))
    shape, _, scale = stats.gamma.fit(frame["y"], floc=0)
    logs = np.log(frame["y"].to_numpy())
    density = {
        "gamma": stats.gamma.logpdf(frame["y"], shape, scale=scale),
        "lognormal": stats.norm.logpdf(logs, logs.mean(), logs.std()) - logs,
    }
    more = density[test.candidate] - density[test.against]
    z = more.sum() / (math.sqrt(len(more)) * more.std())  # as many parameters: no correction
    assert test.statistic == pytest.approx(z, rel=1e-4)  # scipy's fit has six digits
    assert test.p_value == pytest.approx(2 * stats.norm.sf(abs(test.statistic)), rel=1e-12)
    assert test.favours == (test.candidate if z > 0 else test.against)


def test_vuongs_sum_is_half_a_difference_of_bic():
    result = compare(RIVERS, target="length_miles", families=["generalised-gamma", "loglogistic"])
    one, other = result.candidates
    (test,) = result.tests
    sign = 1 if test.candidate == one.candidate else -1
    assert math.copysign(1, test.statistic) == math.copysign(1, sign * (other.bic - one.bic))


def test_held_out_densities_of_a_normal_sample_by_hand():
    y = draws()["y"].to_numpy()
    result = compare(pl.DataFrame({"y": y}), families="normal", cv=4, seed=9)
    folds = fold_of_rows(len(y), 4, 9)
    nll = np.empty(len(y))
    for k in range(4):
        kept = y[folds != k]
        nll[folds == k] = -stats.norm.logpdf(y[folds == k], kept.mean(), kept.std())
    (one,) = result.candidates
    assert one.heldout_nll == pytest.approx(nll.mean(), rel=1e-10)
    assert one.heldout_std_error == pytest.approx(nll.std(ddof=1) / math.sqrt(len(y)), rel=1e-10)
    assert (one.rank, one.difference, one.apart) == (1, 0.0, False)


def test_a_difference_is_paired():
    """Two models that differ by the same amount in every row differ without error."""
    frame = draws()
    result = compare(frame, "y ~ 1", "log(y) ~ 1", families=["normal", "lognormal"])
    one, other = (by_name(result)[name] for name in ("lognormal (1)", "normal (2)"))
    assert one.difference == pytest.approx(other.difference, abs=1e-10)
    assert one.heldout_std_error > 0.05


@pytest.mark.parametrize("response", ["log(y)", "log2(y)", "3 + log10(y)/7", "-log(y)"])
def test_a_normal_of_a_logarithm_is_a_lognormal(response):
    frame = draws()
    result = compare(frame, "y ~ x", f"{response} ~ x", families=["normal", "lognormal"])
    found = by_name(result)
    assert result.scale == "y"
    for name in ("log_likelihood", "aic", "bic", "heldout_nll", "heldout_std_error"):
        value = getattr(found["lognormal (1)"], name)
        assert getattr(found["normal (2)"], name) == pytest.approx(value, rel=1e-11), name
    if result.candidates[0].candidate in ("lognormal (1)", "normal (2)"):
        same = [test for test in result.tests if test.favours is None and test.test == "Vuong"]
        assert [test.statistic for test in same] == [None]


def test_frequency_weights_are_rows():
    frame = draws(n=30).with_columns(n=pl.Series([1, 2, 3] * 10))
    rows = frame.select(pl.all().repeat_by("n").explode())
    options = {"families": ["gamma", "lognormal"]}
    weighted = by_name(compare(frame, "y ~ x", freq_weights="n", **options))
    repeated = by_name(compare(rows, "y ~ x", **options))
    for name, one in weighted.items():
        for key in ("log_likelihood", "aic", "aicc", "bic", "mean_nll", "akaike_weight"):
            assert getattr(one, key) == pytest.approx(getattr(repeated[name], key), rel=1e-9), key


def test_the_mean_of_weighted_rows_and_its_error():
    values = np.array([1.0, 4.0, 2.0])
    counts = Weights(np.array([1.0, 2.0, 3.0]), sampled=False)
    repeated = np.repeat(values, [1, 2, 3])
    mean, error = counts.mean_and_error(values)
    assert mean == pytest.approx(repeated.mean())
    assert error == pytest.approx(repeated.std(ddof=1) / math.sqrt(6))
    # of sampled rows, the linearised error of a ratio
    _, sampled = Weights(counts.values, sampled=True).mean_and_error(values)
    assert sampled == pytest.approx(math.sqrt(sum((counts.values * (values - mean)) ** 2)) / 6)


def test_sampling_weights_rank_without_criteria_or_tests():
    frame = draws(n=30).with_columns(w=pl.Series([1.0, 2.0, 0.5] * 10))
    result = compare(frame, "y ~ x", families=["gamma", "lognormal"], sampling_weights="w")
    assert {one.rank for one in result.candidates} == {1, 2}
    assert all(one.aic is None and one.akaike_weight is None for one in result.candidates)
    assert not result.tests


def test_neither_the_order_nor_the_repetition_of_candidates_matters():
    frame = draws(n=61)
    asked = ["normal", "gamma", "exponential", "lognormal"]
    first = compare(frame, "y ~ x", families=asked)
    again = compare(frame, "y ~ x", "y ~ x", families=[*asked[::-1], "mse", "Gamma"])
    assert first.candidates == again.candidates
    assert set(first.tests) == set(again.tests)
    assert first.losses == again.losses


def test_criteria_do_not_depend_on_the_order_of_rows():
    frame = draws()
    options = {"families": ["gamma", "normal"]}
    first, again = (by_name(compare(f, "y ~ x", **options)) for f in (frame, frame.reverse()))
    for name, one in first.items():
        assert again[name].aic == pytest.approx(one.aic, rel=1e-12)


def test_every_model_has_the_rows_that_all_can_use():
    frame = draws(n=40).with_columns(z=pl.Series([None, *range(39)]))
    result = compare(frame, "y ~ x", "y ~ x + z", families="gamma")
    assert (result.data.rows_used, result.data.rows_dropped) == (39, {"missing:z": 1})
    alone = mlefit.fit(frame, "y ~ x", family="gamma", where="z is not null")
    assert by_name(result)["gamma (1)"].aic == pytest.approx(alone.fit.aic, rel=1e-12)


def test_akaike_weights_are_shares():
    found = compare(HOUSES, "price ~ lotsize", families=["gamma", "lognormal", "weibull"])
    likely = np.exp([-one.aic / 2 + 6100 for one in found.candidates])
    shares = [one.akaike_weight for one in found.candidates]
    assert shares == pytest.approx(list(likely / likely.sum()), rel=1e-9)


def test_masses_and_densities_are_ranked_apart():
    rng = np.random.default_rng(2)
    frame = pl.DataFrame({"y": rng.poisson(3, 80)})
    result = compare(frame, families=["poisson", "normal", "negbinom", "laplace"])
    ranks = {(one.measure, one.rank) for one in result.candidates if one.rank}
    assert {("mass", 1), ("density", 1), ("density", 2)} <= ranks
    normal, poisson = (by_name(result)[name] for name in ("normal", "poisson"))
    assert normal.measure != poisson.measure
    measures = {one.candidate: one.measure for one in result.candidates}
    assert all(measures[test.candidate] == measures[test.against] for test in result.tests)
    assert {answer.loss for answer in result.losses} == {"mean squared error", "Poisson loss"}


def test_a_boundary_has_no_rank_and_names_what_is_left():
    """Counts that spread less than Poisson's."""
    frame = pl.DataFrame({"y": [2, 3, 2, 3, 4, 3, 2, 3, 3, 4] * 4})
    result = compare(frame, families=["poisson", "negbinom"])
    one = by_name(result)["negbinom"]
    assert (one.rank, one.status, one.aic) == (None, "boundary", None)
    assert one.message.endswith("the fit is that of poisson")
    (test,) = result.tests
    assert (test.statistic, test.p_value) == (0.0, 1.0)


def test_the_p_value_at_an_edge_is_uniform_on_half_the_cases():
    """Of Poisson rows half end at the edge, where p is 1; the others have p below 1/2."""
    rng = np.random.default_rng(11)
    values = []
    for _ in range(120):
        frame = pl.DataFrame({"y": rng.poisson(4.0, 60)})
        result = compare(frame, families=["poisson", "negbinom"])
        values.append(result.tests[0].p_value)
    p = np.array(values)
    inside = p[p < 1]
    assert inside.max() <= 0.5
    # with 60 rows slightly more than half are at the edge: the skewness of the variance
    assert 0.35 < len(inside) / len(p) < 0.55
    assert stats.kstest(2 * inside, "uniform").pvalue > 0.01


@pytest.mark.parametrize("df", [1, 2, 3])
def test_the_mixture_at_an_edge(df):
    from mlefit.comparison.pairs import _at_an_edge

    below = 0.0 if df == 1 else stats.chi2.sf(2.3, df - 1)
    assert _at_an_edge(2.3, df) == pytest.approx((below + stats.chi2.sf(2.3, df)) / 2, rel=1e-13)
    assert _at_an_edge(0.0, df) == 1.0


SPECIALS = [(family, special) for family in families.every() for special in family.specials]


@pytest.mark.parametrize(
    ("family", "case"), SPECIALS, ids=[f"{f.name} {s.family}" for f, s in SPECIALS]
)
def test_a_family_is_the_simpler_one_where_it_says_so(family, case):
    frame = draws()
    if family.support.discrete:
        frame = frame.with_columns(pl.col("y").floor())
    small = mlefit.fit(frame, "y ~ x", family=case.family)
    held = [f"{case.parameter}={case.value}"]
    if isinstance(case.value, str):  # two parameters that are one: a gamma's 1/sqrt(k)
        shape = small.parameters[0].estimate
        assert shape is not None
        value = 1 / math.sqrt(shape)
        held = [f"{case.parameter}={value!r}", f"{case.value}={value!r}"]
    large = mlefit.fit(frame, "y ~ x", family=family.name, fix=held)
    assert large.fit.log_likelihood == pytest.approx(small.fit.log_likelihood, rel=1e-10)


def test_nested_families_get_no_vuong_test():
    frame = draws(n=40)
    named = ["exponential", "gamma", "weibull", "generalised-gamma"]
    result = compare(frame, "y ~ 1", families=named)
    ratios, others = (set(pairs(result, kind)) for kind in ("likelihood ratio", "Vuong"))
    assert ("generalised-gamma", "gamma") in ratios
    assert ("weibull", "exponential") in ratios
    assert ("generalised-gamma", "exponential") not in ratios | others
    related = {frozenset(pair) for pair in ratios} | {frozenset(named[::3])}
    assert not related & {frozenset(pair) for pair in others}


def test_what_is_the_same_model_is_nested_where_the_other_is():
    """Without features ordinal and categorical have the same probabilities."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=150)
    frame = pl.DataFrame({"x": x, "y": np.digitize(x + rng.logistic(size=150), [-0.5, 0.7])})
    result = compare(frame, "y ~ x", "y ~ 1", families=["ordinal", "categorical"])
    assert by_name(result)["ordinal (1)"].rank == 1
    assert set(pairs(result, "Vuong")) == {("ordinal (1)", "categorical (1)")}


def test_the_answer_on_mean_squared_error():
    skewed = compare(RIVERS, target="length_miles", families=["normal", "lognormal"], cv=10)
    (answer,) = skewed.losses
    behind = by_name(skewed)["normal"]
    assert (answer.best, answer.difference) == ("lognormal", behind.difference)
    assert answer.message == (
        "mean squared error assumes normal (symmetric errors of constant spread): lognormal is "
        f"better by {behind.difference:.4f} +- {behind.difference_std_error:.4f} nats per row "
        "held out"
    )
    assert answer.instead == "--family lognormal"
    rng = np.random.default_rng(5)
    plain = compare(pl.DataFrame({"y": rng.normal(size=80)}), families=["normal", "laplace"])
    assert plain.losses[0].message.startswith("nothing here speaks against mean squared error")
    assert plain.losses[0].instead is None


@pytest.mark.parametrize(
    ("values", "taken", "never"),
    [
        ([0, 1, 1, 0, 1, 0], {"bernoulli"}, "poisson"),
        ([0, 3, 1, 2, 5, 2], {"poisson", "negbinom"}, "normal"),
        ([250, 318, 277, 301, 299, 340], {"normal", "gamma"}, "poisson"),
        ([0.5, 1.7, -2.0, 0.1, 0.3, 4.0], {"normal", "laplace"}, "gamma"),
        ([0.5, 1.7, 2.0, 0.1, 0.3, 4.0], {"normal", "gamma"}, "tweedie"),
        ([0.5, 0.0, 2.0, 0.1, 0.3, 4.0], {"normal", "tweedie"}, "gamma"),
    ],
)
def test_without_families_those_of_one_kind_are_taken(values, taken, never):
    from mlefit.design.usable import facts_of, likely_families

    found, _ = likely_families(facts_of(pl.Series("y", values)))
    assert taken <= set(found)
    assert never not in found


def test_trials_ask_for_families_that_know_them():
    data = str(SAMPLES / "menarche.csv")
    result = compare(data, "menarche ~ age", trials="total")
    assert set(by_name(result)) == {"binomial", "beta-binomial"}
    (test,) = result.tests
    heights = [
        mlefit.fit(data, "menarche ~ age", family=name, trials="total").fit.mean_nll
        for name in ("binomial", "beta-binomial")
    ]
    ratio = 2 * 25 * float(np.subtract(*np.array(heights, dtype=float)))
    assert test.statistic == pytest.approx(ratio, rel=1e-6)
    assert test.p_value == pytest.approx(stats.chi2.sf(ratio, 1) / 2, rel=1e-6)


def test_censored_times_are_measurements_and_nested_as_others_are():
    data = str(SAMPLES / "leukemia.csv")
    named = ["exponential", "weibull", "lognormal"]
    result = compare(data, "time ~ treat", event="cens", families=named)
    fits = {name: mlefit.fit(data, "time ~ treat", event="cens", family=name) for name in named}
    for name, one in by_name(result).items():
        assert one.log_likelihood == pytest.approx(fits[name].fit.log_likelihood, rel=1e-12)
    assert result.data.censoring == fits["weibull"].data.censoring
    assert ("weibull", "exponential") in pairs(result, "likelihood ratio")
    with pytest.raises(UsageError, match="on the scale of one target"):
        compare(data, "time ~ treat", "log(time) ~ treat", event="cens", families="normal")


def test_what_cannot_be_compared_is_refused():
    frame = draws()
    for formulas, families_, error, words in [
        (("y ~ 1", "x ~ 1"), "normal", UsageError, "different columns"),
        (("y ~ 1", "abs(y) ~ 1"), "normal", UsageError, "no derivative"),
        (("y ~ 1", "I((y - 1)^2) ~ 1"), "normal", DataError, "not one-to-one"),
        (("y ~ 1", "floor(y) ~ 1"), "normal", UsageError, "floor"),
        (("y ~ 1",), "poisson", DataError, "does not suit poisson"),
        (("y ~ nope",), None, UsageError, "no column 'nope'"),
        ((), None, UsageError, "nothing names the target"),
        (
            ("I(0 * y) ~ x",),
            None,
            DataError,
            "no family suits 'I\\(0\\*y\\)': it has only one value",
        ),
    ]:
        with pytest.raises(error, match=words):
            compare(frame, *formulas, families=families_)
    with pytest.raises(UsageError, match="2 to 60 folds"):
        compare(frame, "y ~ 1", families="normal", cv=61)


def test_a_family_that_suits_one_scale_only_is_left_out_of_the_other():
    result = compare(draws(), "y ~ x", "log(y) ~ x", families=["normal", "gamma"])
    assert set(by_name(result)) == {"normal (1)", "gamma (1)", "normal (2)"}
    assert "gamma is left out for log(y), which it cannot produce" in result.notes


def test_a_model_without_a_maximum_has_no_rank():
    frame = pl.DataFrame({"x": [1, 2, 3, 4] * 5, "y": [0, 0, 1, 1] * 5, "z": [0, 1] * 10})
    result = compare(frame, "y ~ x", "y ~ z", families="bernoulli")
    one = by_name(result)["bernoulli (1)"]
    assert (one.rank, one.status, one.aic) == (None, "no-maximum", None)
    assert by_name(result)["bernoulli (2)"].rank == 1


def test_the_record_has_only_finite_numbers_or_nothing():
    result = compare(draws(), "y ~ x", families=["normal", "gamma"])
    for one in (*result.candidates, *result.tests):
        values = dataclasses.astuple(one)
        assert all(math.isfinite(v) for v in values if isinstance(v, float))
    assert special.logsumexp([math.log(one.akaike_weight) for one in result.candidates]) == (
        pytest.approx(0.0, abs=1e-12)
    )


def in_order(result):
    return [(test.candidate, test.against) for test in result.tests]


def grouped(n=80, seed=5):
    rng = np.random.default_rng(seed)
    x, g = rng.normal(size=n), rng.choice(["a", "b", "c"], size=n)
    return pl.DataFrame({"y": x + rng.normal(size=n), "x": x, "g": g, "bare": rng.normal(size=n)})


SPANS = [
    ("y ~ 0 + g", "y ~ 1", 2),  # the indicators of a factor sum to one
    ("y ~ 0 + g + g:x", "y ~ g + x", 2),
    ("y ~ x + I(x^2)", "y ~ I((x - 2)^2) + x", None),  # the same model
    ("y ~ x + bare", "y ~ I(3*x - 2*bare)", 1),
    ("y ~ C(g, ref='b') + x", "y ~ I(g == 'c') + x", 1),
    ("y ~ x + g", "y ~ x + bare", None),
]


@pytest.mark.parametrize(("larger", "smaller", "df"), SPANS)
def test_formulas_are_nested_where_columns_are_whatever_their_names(larger, smaller, df):
    result = compare(grouped(), larger, smaller, families=["normal"])
    found = pairs(result, "likelihood ratio")
    if df is None:
        assert not found
        return
    test = found["normal (1)", "normal (2)"]
    heights = {one.candidate: one.log_likelihood for one in result.candidates}
    ratio = 2 * (heights["normal (1)"] - heights["normal (2)"])
    assert (test.df, test.statistic) == (df, pytest.approx(ratio, rel=1e-12))
    assert test.p_value == pytest.approx(stats.chi2.sf(ratio, df), rel=1e-10)


def test_in_order_each_model_is_tested_against_the_next_smaller_one():
    formulas = ["y ~ x * g", "y ~ 1", "y ~ x + g"]
    result = compare(grouped(), *formulas, families=["normal", "laplace"], lrt=True)
    assert in_order(result) == [
        (f"{family} ({larger})", f"{family} ({smaller})")
        for family in ("normal", "laplace")
        for larger, smaller in ((3, 2), (1, 3))
    ]
    whole = pairs(compare(grouped(), *formulas, families=["normal"]), "likelihood ratio")
    assert len(whole) == 3
    for test in result.tests[:2]:
        assert test == whole[test.candidate, test.against]


def test_in_order_families_are_where_there_is_one_formula():
    frame = pl.DataFrame({"y": np.random.default_rng(1).negative_binomial(1, 0.3, size=80)})
    result = compare(frame, "y ~ 1", families=["negbinom", "poisson", "zinb"], lrt=True)
    assert in_order(result) == [("negbinom", "poisson"), ("zinb", "negbinom")]


NOT_IN_ORDER = [
    (["y ~ x", "y ~ bare"], ["normal"], {}, "'y ~ bare' does not hold 'y ~ x'"),
    (["y ~ x"], ["normal", "laplace"], {}, "'laplace' does not hold 'normal'"),
    (["y ~ x"], ["normal"], {}, "there is only one of each kind"),
    (["y ~ x", "y ~ 1"], ["normal"], {"sampling_weights": "w"}, "make pseudo-likelihoods"),
]


@pytest.mark.parametrize(("formulas", "named", "options", "problem"), NOT_IN_ORDER, ids=str)
def test_what_has_no_order_is_refused(formulas, named, options, problem):
    frame = grouped().with_columns(w=pl.lit(2.0))
    with pytest.raises(UsageError) as caught:
        compare(frame, *formulas, families=named, lrt=True, **options)
    assert problem in str(caught.value)


def test_a_larger_model_below_the_smaller_one_has_no_ratio():
    result = compare(grouped(), "y ~ x", "y ~ 1", families=["normal"])
    larger, smaller = result.candidates
    assert larger.candidate == "normal (1)"
    scored = []
    for one, height in ((larger, 60.0), (smaller, 50.0)):
        request = Request(data=grouped(), formula=one.formula, family="normal")
        prepared = prepare(request)
        candidate = Candidate(one.candidate, one.formula, prepared, "density")
        maximum = highest(prepared.model, prepared.engine, Search())
        criteria = Criteria(80, height, one.n_params, finite=True, comparable=True)
        scored.append(Scored(candidate, maximum, height=criteria))
    (test,) = Pairs().nested_tests(scored)
    assert (test.statistic, test.p_value) == (None, None)
    assert test.distribution.startswith("none: the larger was not found")
