"""Goodness of fit with estimated parameters: right under the truth, and with power elsewhere."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import kstest

from mlefit.errors import UsageError
from mlefit.fitting import fit


def p_values(frame, formula="y ~ 1", **options):
    result = fit(frame, formula, gof=True, **options)
    tests = result.diagnostics["goodness_of_fit"]["tests"]
    return {test["statistic"]: test["p_value"] for test in tests}


def test_p_values_are_spread_under_the_truth_where_the_table_of_a_known_model_never_rejects():
    rng = np.random.default_rng(12)
    ours, naive = [], []
    for seed in range(25):
        y = rng.normal(5, 2, 40)
        frame = pl.DataFrame({"y": y})
        found = p_values(frame, family="normal", replications=59, seed=seed)
        ours.append(found["Kolmogorov-Smirnov"])
        naive.append(kstest(y, "norm", args=(y.mean(), y.std())).pvalue)
    # the mean of 25 uniform numbers has a standard error of 0.058
    assert abs(np.mean(ours) - 0.5) < 4 * 0.058
    assert min(ours) < 0.2
    assert np.mean(naive) > 0.5 + 4 * 0.058


@pytest.mark.parametrize(
    ("family", "draw"),
    [
        ("normal", lambda rng: rng.exponential(1, 200)),
        ("poisson", lambda rng: rng.negative_binomial(1, 0.3, 200).astype(float)),
    ],
)
def test_a_wrong_family_is_told(family, draw):
    frame = pl.DataFrame({"y": draw(np.random.default_rng(3))})
    assert max(p_values(frame, family=family, replications=99).values()) == 0.01


def test_a_seed_repeats_the_draws_and_another_one_does_not():
    frame = pl.DataFrame({"y": np.random.default_rng(1).normal(size=30)})
    first, again, other = (
        p_values(frame, family="normal", replications=39, seed=seed) for seed in (4, 4, 5)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"freq_weights": "w"}, "weights"),
        ({"l2": 1.0}, "prior"),
        ({"event": "w"}, "censored"),
    ],
)
def test_what_cannot_be_simulated_is_refused(options, words):
    frame = pl.DataFrame({"y": [1.0, 2.0, 4.0, 3.0], "x": [1.0, 2, 3, 5], "w": [1, 1, 1, 1]})
    with pytest.raises(UsageError, match=words):
        p_values(frame, "y ~ x", family="normal", **options)
