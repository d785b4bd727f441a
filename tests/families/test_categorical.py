"""What is special about classes: log-odds against the first, one predictor for each."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import polars as pl
import pytest

from mlefit import families
from mlefit.design.coding import INTERCEPT, Column, Numeric
from mlefit.design.columns import TARGET, WEIGHT, Columns
from mlefit.design.predictors import Predictor
from mlefit.engines.local import LocalEngine
from mlefit.errors import UsageError
from mlefit.fitting import fit
from mlefit.likelihood import Model
from mlefit.links import LINKS, Latent
from mlefit.support import Facts

DATA = Path(__file__).parents[2] / "sample_data"


def test_two_classes_are_a_bernoulli_target():
    formula = "call ~ ethnicity + experience"
    one = fit(DATA / "callbacks.csv", formula, family="categorical")
    two = fit(DATA / "callbacks.csv", formula, family="bernoulli")
    assert [row.parameter for row in one.coefficients] == ["yes"] * 3
    for mine, other in zip(one.coefficients, two.coefficients, strict=True):
        assert mine.term == other.term
        assert mine.estimate == pytest.approx(other.estimate, rel=1e-12)
        assert mine.std_error == pytest.approx(other.std_error, rel=1e-12)
    assert one.fit.log_likelihood == pytest.approx(two.fit.log_likelihood, rel=1e-14)
    assert one.losses[0].value == pytest.approx(two.losses[0].value, rel=1e-13)


def test_a_sample_has_the_log_odds_of_its_shares():
    counts = np.array([30, 12, 5, 1])
    result = fit(pl.DataFrame({"y": np.repeat(list("badc"), counts)}), "y ~ 1", family="softmax")
    seen = dict(zip("badc", counts.tolist(), strict=True))
    assert [row.parameter for row in result.parameters] == ["b", "c", "d"]
    for row in result.parameters:
        n, base = seen[row.parameter], seen["a"]
        assert row.estimate == pytest.approx(np.log(n / base), rel=1e-12)
        assert row.std_error == pytest.approx(np.sqrt(1 / n + 1 / base), rel=1e-12)
    share = counts / counts.sum()
    assert result.fit.log_likelihood == pytest.approx((counts * np.log(share)).sum(), rel=1e-13)


def test_another_base_class_is_the_same_model():
    path, formula = DATA / "house_prices.csv", "stories ~ lotsize + aircon"
    one = fit(path, formula, family="categorical")
    two = fit(path, formula, family="categorical", levels=["3", "1", "4", "2"])
    assert (one.model.base, two.model.base) == ("1", "3")
    assert two.model.levels["stories"] == ("3", "1", "4", "2")
    assert one.fit.log_likelihood == pytest.approx(two.fit.log_likelihood, rel=1e-14)
    old = estimates(one)
    for (parameter, label), estimate in estimates(two).items():
        expected = old.get((parameter, label), 0.0) - old["3", label]
        assert estimate == pytest.approx(expected, rel=1e-10)


def test_units_and_a_far_origin_do_not_matter():
    rng = np.random.default_rng(4)
    n = 300
    x = rng.normal(size=n)
    heights = np.c_[np.zeros(n), 0.5 * x, -0.3 * x - 0.5] + rng.gumbel(size=(n, 3))
    y = heights.argmax(axis=1)
    near = fit(pl.DataFrame({"x": x, "y": y}), "y ~ x", family="categorical")
    far = fit(pl.DataFrame({"x": 1.7e9 + 1e4 * x, "y": y}), "y ~ x", family="categorical")
    tiny = fit(pl.DataFrame({"x": 1e-10 * x, "y": y}), "y ~ x", family="categorical")
    for k in ("1", "2"):
        slope = term(near, k, "x")
        assert term(far, k, "x").estimate * 1e4 == pytest.approx(slope.estimate, rel=1e-8)
        assert term(tiny, k, "x").estimate * 1e-10 == pytest.approx(slope.estimate, rel=1e-12)
        assert term(far, k, "x").std_error * 1e4 == pytest.approx(slope.std_error, rel=1e-8)


def test_small_probabilities_and_their_complements_keep_their_digits():
    family = families.load("categorical").bound(Facts(("a", "b", "c"), 0, 2))
    with mpmath.workdps(60):
        for etas in ((40.0, -30.0), (-50.0, -90.0), (700.0, 701.0)):
            weights = [mpmath.mpf(1), *(mpmath.exp(mpmath.mpf(e)) for e in etas)]
            eta = [np.array([e]) for e in etas]
            pairs = family.expected(*eta)
            assert pairs is not None
            for y in range(3):
                at = np.array([float(y)])
                exact = mpmath.log(weights[y] / sum(weights))
                assert family.log_density(at, *eta)[0] == pytest.approx(float(exact), rel=1e-14)
                score = family.score(at, *eta)
                for k in (1, 2):
                    rest = sum(w for j, w in enumerate(weights) if j != k) / sum(weights)
                    slope = rest if y == k else -weights[k] / sum(weights)
                    assert score[k - 1][0] == pytest.approx(float(slope), rel=1e-13)
                    curve = rest * weights[k] / sum(weights)
                    assert pairs[k - 1, k - 1][0] == pytest.approx(float(curve), rel=1e-13)


def test_a_class_may_have_its_own_covariates_values_and_priors():
    path, formula = DATA / "house_prices.csv", "stories ~ lotsize + aircon"
    own = fit(path, formula, family="categorical", model="`3` ~ bedrooms", fix="4:lotsize=0.0001")
    assert [row.term for row in own.coefficients if row.parameter == "3"] == [
        "Intercept", "bedrooms",
    ]  # fmt: skip
    assert term(own, "4", "lotsize").estimate == 0.0001
    assert term(own, "4", "lotsize").std_error is None
    held = fit(path, formula, family="categorical", prior="4:aircon[yes] ~ normal(0, 0.001)")
    assert abs(term(held, "4", "aircon[yes]").estimate) < 0.001
    assert abs(term(held, "3", "aircon[yes]").estimate) > 0.1
    every = fit(path, formula, family="categorical", prior="aircon ~ normal(0, 0.001)")
    assert max(abs(term(every, k, "aircon[yes]").estimate) for k in "234") < 0.005


def test_names_of_classes_may_hold_anything():
    rng = np.random.default_rng(5)
    names = np.array(["a b", "x:y", "Zoë|=", "mu"])
    frame = pl.DataFrame({"x": rng.normal(size=200), "y": names[rng.integers(0, 4, 200)]})
    result = fit(frame, "y ~ x", family="categorical", fix="x:y:x=0.25", prior="mu:x ~ normal(0,1)")
    assert term(result, "x:y", "x").estimate == 0.25
    assert len(result.model.prior) == 1


def test_equal_columns_are_read_once_and_give_the_same_sums():
    rng = np.random.default_rng(6)
    x = rng.normal(size=5000)
    y, weight = rng.integers(0, 3, 5000).astype(float), rng.uniform(size=5000)
    columns = Columns({TARGET: [y], WEIGHT: [weight], "x": [x], "again": [x]})
    family = families.load("categorical").bound(Facts(("a", "b", "c"), 0, 2))
    model = Model(family, [Latent(LINKS["logit"])] * 2)
    general = Model(family, [Latent(LINKS["logit"])] * 2, fuse=False)
    one = Predictor((Column(INTERCEPT, ()), Column("x", (Numeric("x"),))))
    two = Predictor((Column(INTERCEPT, ()), Column("x", (Numeric("again"),))))
    one, two = one.without_basis(), two.without_basis()
    shared, apart = LocalEngine(columns, [one, one]), LocalEngine(columns, [one, two])
    block = next(shared.blocks())
    assert block.designs[0] is block.designs[1]
    gammas = [np.array([0.1, 0.4]), np.array([-0.3, 0.2])]
    sums = shared.total(lambda block: model.totals(block, gammas))
    for engine, other in ((apart, model), (shared, general)):
        again = engine.total(partial(other.totals, gammas=gammas))
        assert again.nll == pytest.approx(sums.nll, rel=1e-13)
        np.testing.assert_allclose(again.score, sums.score, rtol=1e-11)
        np.testing.assert_allclose(again.information, sums.information, rtol=1e-12)


def test_the_loss_is_the_cross_entropy_in_all_classes_together():
    result = fit(DATA / "house_prices.csv", "stories ~ lotsize + aircon", family="cross-entropy")
    (loss,) = result.losses
    assert (loss.scale_to_nll, loss.constant_to_nll, loss.holds_fixed) == (1.0, 0.0, [])
    assert loss.value == pytest.approx(result.fit.mean_nll, rel=1e-13)
    assert loss.gradient_error == 0
    assert result.model.distribution == "Categorical(p), p = softmax(0, X b[2], X b[3], X b[4])"


def test_an_offset_has_no_class():
    with pytest.raises(UsageError, match="an offset has no class to belong to"):
        fit(DATA / "house_prices.csv", "stories ~ 1", family="categorical", offset="lotsize")


def term(result: Any, parameter: str, label: str) -> Any:
    (row,) = [r for r in result.coefficients if (r.parameter, r.term) == (parameter, label)]
    return row


def estimates(result: Any) -> Any:
    return {(row.parameter, row.term): row.estimate for row in result.coefficients}
