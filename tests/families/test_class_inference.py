"""Errors of fits with a predictor for each class, against sums over rows written out here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlefit import families
from mlefit.errors import UsageError
from mlefit.fitting import fit
from mlefit.support import Facts

ROWS = 90
every_family = pytest.mark.parametrize("family", ["categorical", "ordinal"])


@every_family
@pytest.mark.parametrize("kind", ["observed", "expected", "HC0", "HC1", "cluster"])
def test_errors_are_those_of_sums_over_rows(family, kind):
    result = fitted(family, se=kind, cluster="team" if kind == "cluster" else None)
    scores, observed, expected = by_hand(family, result)
    bread = np.linalg.inv(expected if kind == "expected" else observed)
    first = 3 if family == "categorical" else 2  # coefficients of the first predictor
    if kind == "cluster":
        teams = table()["team"].to_numpy()
        scores = np.array([scores[teams == team].sum(axis=0) for team in np.unique(teams)])
    meat = scores.T @ scores * (ROWS / (ROWS - first) if kind == "HC1" else 1.0)
    covariance = bread if kind in ("observed", "expected") else bread @ meat @ bread
    np.testing.assert_allclose(result.covariance.matrix, covariance, rtol=1e-7, atol=1e-12)
    rows = [*result.coefficients, *result.parameters]
    errors = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose([row.std_error for row in rows], errors, rtol=1e-8)


@every_family
@pytest.mark.parametrize("kind", ["HC2", "HC3"])
def test_a_row_has_no_one_leverage(family, kind):
    with pytest.raises(UsageError, match=f"{kind} divides by the leverage") as caught:
        fitted(family, se=kind)
    assert caught.value.tries == ("--se HC1",)


@every_family
def test_a_weight_of_two_is_the_row_twice(family):
    weighted = fitted(family, freq_weights="times")
    repeated = fit(
        table().select(pl.all().repeat_by("times")).explode(pl.all()), "y ~ x + z", family=family
    )
    assert weighted.fit.log_likelihood == pytest.approx(repeated.fit.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(
        weighted.covariance.matrix, repeated.covariance.matrix, rtol=1e-8, atol=1e-12
    )


@every_family
def test_every_coefficient_is_counted(family):
    result = fitted(family)
    k = 6 if family == "categorical" else 4
    assert result.fit.n_params == k == len(result.covariance.names)
    nll = -result.fit.log_likelihood
    assert result.fit.aic == pytest.approx(2 * k + 2 * nll)
    assert result.fit.bic == pytest.approx(k * math.log(ROWS) + 2 * nll)
    assert result.fit.deviance is None


@every_family
def test_a_row_far_out_is_told_with_its_distance(family):
    odd = pl.DataFrame({"x": [14.0], "z": [0.0], "y": [0], "times": [1], "team": ["p"]})
    data = pl.concat([table(), odd], how="vertical_relaxed")
    result = fit(data, "y ~ x + z", family=family)
    (warning,) = [w for w in result.warnings if w.startswith("single rows")]
    assert f"row {ROWS + 1} (" in warning
    scores, observed, expected = by_row(family, result, data)
    covariance = np.linalg.inv(observed.sum(axis=0))
    step = covariance @ scores[-1]
    share = step @ expected[-1] @ step / (scores[-1] @ step)
    distance = scores[-1] @ step / (len(step) * (1 - share) ** 2)
    told = float(warning.partition(f"row {ROWS + 1} (Cook's distance ")[2].partition(")")[0])
    assert told == pytest.approx(distance, rel=5e-3)


def by_hand(name, result):
    """Scores (n, p), observed and expected information (p, p) at the estimates."""
    scores, observed, expected = by_row(name, result, table())
    return scores, observed.sum(axis=0), expected.sum(axis=0)


def by_row(name, result, data):
    family = families.load(name).bound(Facts(("0", "1", "2"), 0, 2))
    x, z, y = (data[column].to_numpy().astype(float) for column in ("x", "z", "y"))
    ones = np.ones(len(y))
    whole = [ones, x, z]
    designs = [whole, whole] if name == "categorical" else [[x, z], [ones], [ones]]
    columns = [(k, column) for k, design in enumerate(designs) for column in design]
    beta = [row.estimate for row in [*result.coefficients, *result.parameters]]
    etas = [np.zeros(len(y)) for _ in designs]
    for value, (k, column) in zip(beta, columns, strict=True):
        etas[k] += value * column
    score = family.score(y, *etas)
    scores = np.column_stack([score[k] * column for k, column in columns])
    found = [scores]
    for pairs in (family.observed(y, *etas), family.expected(*etas)):
        assert pairs is not None
        rows = np.zeros((len(y), len(columns), len(columns)))
        for i, (j, one) in enumerate(columns):
            for h, (k, other) in enumerate(columns):
                rows[:, i, h] = pairs.get((min(j, k), max(j, k)), 0.0) * one * other
        found.append(rows)
    return found


def table():
    rng = np.random.default_rng(21)
    x, z = rng.normal(size=(2, ROWS))
    return pl.DataFrame(
        {
            "x": x,
            "z": z,
            "y": np.digitize(0.8 * x - 0.4 * z + rng.logistic(size=ROWS), [-0.5, 1.0]),
            "times": rng.integers(1, 4, ROWS),
            "team": rng.choice(list("pqrstu"), ROWS),
        }
    )


def fitted(family, **options):
    result = fit(table(), "y ~ x + z", family=family, **options)
    assert result.certificate.status == "converged"
    return result


@every_family
def test_nearly_dependent_columns_keep_their_digits(family):
    # b = x + z / 2^20 + 50, so its coefficient is 2^20 times that of z
    data = table().with_columns(b=pl.col("x") + pl.col("z") * 2**-20 + 50)
    near, plain = fit(data, "y ~ x + b", family=family), fitted(family)
    assert near.certificate.status == "converged"
    assert near.fit.log_likelihood == pytest.approx(plain.fit.log_likelihood, rel=1e-9)
    turned: dict[Any, Any] = {(row.parameter, row.term): row for row in near.coefficients}
    rows: list[Any] = [row for row in plain.coefficients if row.term == "z"]
    for row in rows:
        found = turned[row.parameter, "b"]
        assert found.estimate == pytest.approx(row.estimate * 2**20, rel=1e-6)
        assert found.std_error == pytest.approx(row.std_error * 2**20, rel=1e-6)
    cuts: list[tuple[Any, Any]] = list(zip(near.parameters, plain.parameters, strict=True))
    for mine, other in cuts:
        slope = turned["mu", "b"].estimate
        assert mine.estimate - 50 * slope == pytest.approx(other.estimate, abs=1e-6 * abs(slope))
