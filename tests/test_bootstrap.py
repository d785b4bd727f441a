"""The bootstrap: against draws, percentiles and BCa written out in plain numpy."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlefit.errors import UsageError
from mlefit.fitting import fit, prepare
from mlefit.inference.bca import Influence, reach
from mlefit.inference.boundary import highest
from mlefit.request import Request
from mlefit.search.climb import Search
from mlefit.search.maximum import Maximum

NORMAL = NormalDist()
RNG = np.random.default_rng(6)
ROWS = 60
X = RNG.normal(size=ROWS)
LINES = pl.DataFrame(
    {
        "x": X,
        "y": 1.0 + 0.5 * X + RNG.gamma(1.0, 1.0, ROWS),
        "count": RNG.poisson(np.exp(0.4 + 0.3 * X)),
        "g": np.repeat(np.arange(12), 5),
        "n": RNG.integers(1, 4, ROWS),
        "w": RNG.uniform(0.5, 2.0, ROWS),
    }
)
DRAWS = 199


def ends(row: Any) -> tuple[float | None, float | None]:
    return row.conf_low, row.conf_high


def resampled(formula: str = "y ~ x", family: str = "normal", **options: Any) -> Any:
    given = {"ci": "bootstrap", "replications": DRAWS, **options}
    return fit(LINES, formula, family=family, **given)


def found(formula: str, family: str, **options: Any) -> Maximum:
    prepared = prepare(Request(data=LINES, formula=formula, family=family, **options))
    return highest(prepared.model, prepared.engine, Search())


def accelerations(maximum: Maximum) -> np.ndarray:
    influence = Influence(maximum, [maximum.engine], None, squared_weights=False)
    return influence.accelerations(np.eye(len(maximum.optimum.gamma)))


def least_squares(weights: np.ndarray) -> np.ndarray:
    design = np.column_stack([np.ones(ROWS), X])
    weighted = design * weights[:, None]
    return np.linalg.solve(design.T @ weighted, weighted.T @ LINES["y"].to_numpy())


def plain_draws(draw: Any) -> np.ndarray:
    """Least squares of rows drawn DRAWS times, from the seed of a command without one."""
    rng = np.random.default_rng(1)
    return np.array([least_squares(draw(rng)) for _ in range(DRAWS)])


def of_rows(rng: np.random.Generator) -> np.ndarray:
    return np.bincount(rng.integers(0, ROWS, ROWS), minlength=ROWS).astype(float)


def of_clusters(rng: np.random.Generator) -> np.ndarray:
    counts = np.bincount(rng.integers(0, 12, 12), minlength=12)
    return counts[LINES["g"].to_numpy()].astype(float)


def of_counted_rows(rng: np.random.Generator) -> np.ndarray:
    n = LINES["n"].to_numpy()
    return rng.multinomial(n.sum(), n / n.sum()).astype(float)


def of_weighted_rows(rng: np.random.Generator) -> np.ndarray:
    return of_rows(rng) * LINES["w"].to_numpy()


# ---- draws, percentiles and errors against plain numpy ----

SCHEMES = [
    pytest.param(of_rows, {}, "rows", id="rows"),
    pytest.param(of_clusters, {"cluster": "g"}, "clusters", id="clusters"),
    pytest.param(of_counted_rows, {"freq_weights": "n"}, "rows", id="frequency weights"),
    pytest.param(of_weighted_rows, {"sampling_weights": "w"}, "rows", id="sampling weights"),
]


@pytest.mark.parametrize(("draw", "options", "scheme"), SCHEMES)
def test_percentiles_and_errors_are_those_of_least_squares_drawn_by_hand(draw, options, scheme):
    drawn = plain_draws(draw)
    result = resampled(bootstrap_interval="percentile", se="bootstrap", **options)
    for row, column in zip(result.coefficients, drawn.T, strict=True):
        shares = np.quantile(column, [0.025, 0.975], method="weibull")
        assert ends(row) == pytest.approx(tuple(shares), rel=1e-8)
        assert row.std_error == pytest.approx(column.std(ddof=1), rel=1e-8)
    assert result.bootstrap.scheme == scheme
    assert (result.bootstrap.failed, result.bootstrap.infinite) == ({}, {})
    assert result.model.interval.method == "percentile"
    assert result.model.se_kind == "bootstrap"


def bca_by_hand(drawn: np.ndarray, estimate: float, influence: np.ndarray) -> tuple[float, float]:
    """Efron's (1987) formulas, with the empirical influence of each row."""
    a = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)
    z0 = NORMAL.inv_cdf(float((drawn < estimate).mean()))
    z = z0 + np.array([NORMAL.inv_cdf(0.025), NORMAL.inv_cdf(0.975)])
    shares = [NORMAL.cdf(z0 + one / (1 - a * one)) for one in z]
    low, high = np.quantile(drawn, shares, method="weibull")
    return float(low), float(high)


def test_bca_is_efrons_formula_with_the_influence_of_least_squares():
    """The influence of row i on b is (X'X)^-1 x_i r_i, whatever sigma is."""
    design, y = np.column_stack([np.ones(ROWS), X]), LINES["y"].to_numpy()
    beta = least_squares(np.ones(ROWS))
    influence = np.linalg.solve(design.T @ design, design.T * (y - design @ beta))
    drawn = plain_draws(of_rows)
    for j, row in enumerate(resampled().coefficients):
        assert ends(row) == pytest.approx(bca_by_hand(drawn[:, j], beta[j], influence[j]))


def test_bca_of_clusters_sums_the_influence_of_their_rows():
    design, y = np.column_stack([np.ones(ROWS), X]), LINES["y"].to_numpy()
    beta = least_squares(np.ones(ROWS))
    rows = np.linalg.solve(design.T @ design, design.T * (y - design @ beta))
    influence = np.add.reduceat(rows, range(0, ROWS, 5), axis=1)
    drawn = plain_draws(of_clusters)
    for j, row in enumerate(resampled(cluster="g").coefficients):
        assert ends(row) == pytest.approx(bca_by_hand(drawn[:, j], beta[j], influence[j]))


def test_the_acceleration_of_a_mean_is_a_sixth_of_its_skewness_over_the_root_of_n():
    (a, _) = accelerations(found("y ~ 1", "normal"))
    y = LINES["y"].to_numpy()
    skewness = ((y - y.mean()) ** 3).mean() / y.std() ** 3
    assert a == pytest.approx(skewness / (6 * math.sqrt(ROWS)), rel=1e-10)


def test_frequency_weights_give_the_acceleration_of_repeated_rows():
    weighted = found("count ~ x", "poisson", freq_weights="n")
    repeated = LINES.select(pl.all().repeat_by("n").explode())
    prepared = prepare(Request(data=repeated, formula="count ~ x", family="poisson"))
    whole = highest(prepared.model, prepared.engine, Search())
    assert accelerations(weighted) == pytest.approx(accelerations(whole), rel=1e-9)


# ---- laws ----


def test_without_bias_and_acceleration_bca_is_the_percentile_interval():
    drawn = np.arange(-99.0, 100.0)
    plain = reach(drawn, 0.0, 0.9, None)
    same = reach(drawn, 0.0, 0.9, 0.0)
    assert (same.low, same.high) == pytest.approx((plain.low, plain.high))
    assert (plain.low, plain.high) == pytest.approx((-90.0, 90.0))
    assert plain.enough


def test_an_end_beyond_the_last_draw_says_so():
    assert not reach(np.arange(19.0), 9.0, 0.99, None).enough
    assert reach(np.arange(19.0), 9.0, 0.9, None).enough


def test_infinite_draws_are_an_end_at_infinity_only_where_it_falls_among_them():
    few = np.array([*np.arange(97.0), math.inf, math.inf])
    many = np.array([*np.arange(90.0), *[math.inf] * 9])
    assert math.isfinite(reach(few, 48.0, 0.9, None).high)
    assert math.isinf(reach(many, 48.0, 0.9, None).high)


@pytest.mark.parametrize("scheme", ["rows", "parametric"])
def test_a_seed_gives_the_same_interval_and_another_seed_another(scheme):
    one, same, other = (
        resampled("count ~ x", "poisson", bootstrap=scheme, seed=seed, threads=threads)
        for seed, threads in ((3, 1), (3, 2), (4, 1))
    )
    assert [ends(row) for row in one.coefficients] == [ends(row) for row in same.coefficients]
    assert ends(one.coefficients[1]) != ends(other.coefficients[1])


def test_an_interval_of_sigma_is_that_of_its_logarithm_mapped():
    log, identity = (
        resampled("y ~ 1", link=f"sigma={link}").parameters[1] for link in ("log", "identity")
    )
    # two draws of the ordered ones are joined by a line, in log sigma or in sigma
    assert ends(log) == pytest.approx(ends(identity), rel=1e-3)


def test_a_derived_quantity_is_computed_from_every_draw():
    """exp of a coefficient has exp of its ends at the draws; a ratio those of the ratios."""
    result = resampled(
        bootstrap_interval="percentile", derive=("odds = exp(b[x])", "ratio = b[Intercept] / b[x]")
    )
    odds, ratio = result.derived
    drawn = plain_draws(of_rows)
    for row, values in ((odds, np.exp(drawn[:, 1])), (ratio, drawn[:, 0] / drawn[:, 1])):
        expected = np.quantile(values, [0.025, 0.975], method="weibull")
        assert ends(row) == pytest.approx(tuple(expected), rel=1e-7)


def test_parametric_draws_scatter_as_the_model_says():
    """The mean of a normal sample has the error sigma/sqrt(n), to 1/sqrt(2 R) of it."""
    result = fit(
        LINES, "y ~ 1", family="normal", se="bootstrap", bootstrap="parametric", replications=1000
    )
    y = LINES["y"].to_numpy()
    mean, _ = result.parameters
    assert mean.std_error == pytest.approx(y.std() / math.sqrt(ROWS), rel=4 / math.sqrt(2000))
    assert result.bootstrap.scheme == "parametric"


def test_a_corner_is_drawn_too():
    """The median of drawn rows is a drawn row."""
    result = fit(
        LINES, "y ~ 1", family="laplace", ci="bootstrap", bootstrap_interval="percentile",
        replications=99, conf_level=0.9,
    )  # fmt: skip
    y = LINES["y"].to_numpy()
    rng = np.random.default_rng(1)
    middles = []
    for _ in range(99):
        sample = np.sort(np.repeat(y, of_rows(rng).astype(int)))
        middles.append((sample[ROWS // 2 - 1], sample[ROWS // 2]))  # each of them is a median
    low, high = (
        np.quantile(side, [0.05, 0.95], method="weibull") for side in zip(*middles, strict=True)
    )
    assert low[0] <= result.parameters[0].conf_low <= high[0]
    assert low[1] <= result.parameters[0].conf_high <= high[1]


# ---- draws that have no maximum ----


def test_draws_that_separate_count_as_infinite():
    data = pl.DataFrame({"x": [1.0, 2, 3, 4, 5, 6, 7, 8], "y": [0, 0, 1, 0, 1, 1, 1, 1]})
    result = fit(data, "y ~ x", family="bernoulli", ci="bootstrap", replications=99)
    slope = result.coefficients[1]
    assert result.bootstrap.infinite["no-maximum"] > 20
    assert slope.conf_high is None
    assert any("mu:x has no upper end" in note for note in result.notes)


def test_draws_that_spread_no_more_than_poissons_leave_k_without_an_upper_end():
    data = pl.DataFrame({"y": [0, 1, 3, 2, 5, 2, 4, 0, 2, 8, 1, 3]})
    result = fit(
        data, "y ~ 1", family="negbinom", ci="bootstrap", bootstrap_interval="percentile",
        replications=99,
    )  # fmt: skip
    k = next(row for row in result.parameters if row.parameter == "k")
    assert result.bootstrap.infinite["boundary"] > 5
    assert k.conf_low is not None
    assert k.conf_low > 0
    assert k.conf_high is None


def test_draws_that_fail_are_counted_and_warned_of():
    data = pl.DataFrame({"y": [1.0, 1.0, 1.0, 1.0, 2.0], "x": [1.0, 2.0, 1.0, 2.0, 1.5]})
    result = fit(data, "y ~ 1", family="normal", ci="bootstrap", replications=99, conf_level=0.8)
    # (4/5)^5 of all draws have the odd row not once
    assert 20 < sum(result.bootstrap.failed.values()) < 50
    assert any("draws have no estimates" in warning for warning in result.warnings)


# ---- refusals ----


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"l2": 1.0}, "under a prior"),
        ({"small_sample": True}, "uses none"),
        ({"bootstrap": "parametric", "freq_weights": "n"}, "cannot have weights"),
        ({"bootstrap": "parametric", "cluster": "g"}, "hang together"),
        ({"bootstrap": "parametric", "ci": "wald"}, "nothing is drawn"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, words):
    with pytest.raises(UsageError, match=words):
        resampled(**options)
