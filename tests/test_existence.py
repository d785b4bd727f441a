"""Whether a maximum exists, against a linear programme of the tests' own."""

from __future__ import annotations

import shlex

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from mlefit.fitting import fit

DESIGNS = 240


@pytest.mark.parametrize("family", ["bernoulli", "binomial", "poisson"])
def test_existence_is_decided_as_an_independent_programme_decides_it(family):
    rng = np.random.default_rng(11)
    verdicts = []
    for _ in range(DESIGNS // 2):
        X, y, trials = small_design(rng, family)
        exists = not separated(X, y, trials, family)
        result = fitted(X, y, trials, family)
        assert (result.certificate.status == "converged") == exists, (X, y, trials)
        verdicts.append(exists)
    assert 0.15 < np.mean(verdicts) < 0.85, "both answers must be common"


@pytest.mark.parametrize(("family", "link"), [
    ("categorical", ()), ("ordinal", ()), ("ordinal", "probit"), ("ordinal", "cauchit"),
])  # fmt: skip
def test_existence_for_several_classes_is_decided_as_an_independent_programme_does(family, link):
    rng = np.random.default_rng(14)
    verdicts = []
    for _ in range(DESIGNS // 2 if link == () else DESIGNS // 8):
        X, y = small_classes(rng)
        sided = TURNED[family](X, y)
        exists = not separable(sided, np.zeros((0, sided.shape[1])))
        result = fitted(X, y, np.ones(len(y), int), family, link=link)
        assert (result.certificate.status == "converged") == exists, (X, y)
        verdicts.append(exists)
    assert 0.15 < np.mean(verdicts) < 0.85, "both answers must be common"


def test_only_the_coefficients_of_the_classes_that_are_told_apart_run_away():
    rng = np.random.default_rng(15)
    x, z = np.arange(40.0), rng.normal(size=40)
    frame = pl.DataFrame({"x": x, "z": z, "y": np.where(x > 25, "c", rng.choice(["a", "b"], 40))})
    result = fit(frame, "y ~ x + z", family="categorical")
    assert result.warnings[0].startswith(
        "no maximum exists: a combination of x, z separates the rows where 'y' is 'c' from those "
        "where it is 'a' or 'b'\n"
    )
    estimates = {(c.parameter, c.term): c.estimate for c in result.coefficients}
    assert estimates["c", "x"] is None
    alone = fit(frame.filter(pl.col("y") != "c"), "y ~ x + z", family="bernoulli")
    for row in alone.coefficients:
        assert estimates["b", row.term] == pytest.approx(row.estimate, rel=1e-6)
    assert all(row.std_error is None for row in result.coefficients)


def test_ordered_levels_that_a_column_parts_are_named():
    x = np.arange(12.0)
    frame = pl.DataFrame({"x": x, "y": [1, 2, 1, 2, 1, 2, 1, 3, 3, 3, 3, 3]})
    result = fit(frame, "y ~ x", family="ordinal")
    assert result.certificate.status == "converged"  # 1 and 2 still overlap, so x cannot run away
    parted = fit(
        frame.with_columns(y=pl.Series([1] * 4 + [2] * 4 + [3] * 4)), "y ~ x", family="ordinal"
    )
    assert parted.warnings[0].startswith(
        "no maximum exists: x separates the rows where 'y' is at most '1' from those where it is "
        "at least '2'"
    )
    assert {row.estimate for row in parted.parameters} == {None}


@pytest.mark.parametrize(
    ("family", "rest", "words"),
    [
        ("categorical", "abb", "in every row of g[q] 'y' is 'a' or 'b', never 'c'"),
        ("categorical", "ccc", "in every row of g[q] 'y' is 'c', never 'a' or 'b'"),
        ("ordinal", "ccc", "in every row of g[q] 'y' is at least 'c', never at most 'b'"),
    ],
)
def test_a_level_that_never_has_a_class_is_named_and_every_remedy_works(family, rest, words):
    y, g, x = "abcabcabcabc" + rest, "p" * 12 + "q" * 3, [1, 1, 1, 2, 2, 2] * 2 + [1, 2, 1]
    frame = pl.DataFrame({"y": list(y), "g": list(g), "x": x})
    warning = fit(frame, "y ~ g + x", family=family).warnings[0]
    assert warning.startswith(f"no maximum exists: {words}\n"), warning
    (tries,) = [line for line in warning.split("\n") if line.startswith("  try:  ")]
    assert tries == (
        "  try:  --prior 'normal(0, 2.5)'   or   --where \"g <> 'q'\"   or   'y ~ g + x - g'"
    )
    for formula, options in (
        ("y ~ g + x", {"prior": "normal(0, 2.5)"}),
        ("y ~ g + x", {"where": "g <> 'q'"}),
        ("y ~ g + x - g", {}),
    ):
        again = fit(frame, formula, family=family, **options)
        assert again.certificate.status == "converged"


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog", "loglog"])
def test_existence_does_not_depend_on_the_link(link):
    rng = np.random.default_rng(12)
    for _ in range(25):
        X, y, trials = small_design(rng, "bernoulli")
        exists = not separated(X, y, trials, "bernoulli")
        result = fitted(X, y, trials, "bernoulli", link=link)
        assert (result.certificate.status == "converged") == exists


@pytest.mark.parametrize("units", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("overlap", [1e-3, 1e-6])
def test_nearly_separated_data_have_their_finite_maximum(units, overlap):
    x = np.array([1.0, 2.0, 3.0, 4.0 + overlap, 4.0, 5.0, 6.0, 7.0]) * units
    frame = pl.DataFrame({"x": x, "y": [0, 0, 0, 0, 1, 1, 1, 1]})
    result = fit(frame, "y ~ x", family="bernoulli")
    assert result.certificate.status == "converged"
    intercept, slope = (float(row.estimate or 0) for row in result.coefficients)
    mu = 1 / (1 + np.exp(-intercept - slope * x))
    residual = frame["y"].to_numpy() - mu
    assert abs(residual.sum()) < 1e-7
    assert abs((residual * x / units).sum()) < 1e-6


def test_a_separated_fit_on_many_rows_is_found_by_few():
    rng = np.random.default_rng(13)
    n = 60_000
    x = rng.normal(size=(n, 3))
    g = rng.choice(["a", "b", "c"], n, p=[0.5, 0.499, 0.001])
    y = (rng.uniform(size=n) < 1 / (1 + np.exp(-x[:, 0]))).astype(int)
    y[g == "c"] = 1
    frame = pl.DataFrame({"y": y, "g": g, "x1": x[:, 0], "x2": x[:, 1], "x3": x[:, 2]})
    result = fit(frame, "y ~ g + x1 + x2 + x3", family="bernoulli")
    assert result.certificate.status == "no-maximum"
    (warning,) = [w for w in result.warnings if "no maximum" in w]
    assert "g[c]" in warning
    assert str(int((g == "c").sum())) in warning
    away = {c.term: c for c in result.coefficients}
    assert away["g[c]"].estimate is None
    assert all(c.std_error is None for c in result.coefficients)


def test_counts_that_are_all_zero_need_no_column_to_say_so():
    frame = pl.DataFrame({"y": [0] * 6, "x": [1.0, 3, 2, 5, 4, 7]})
    warning = fit(frame, "y ~ x", family="poisson").warnings[0]
    assert warning.startswith("no maximum exists: 'y' is 0 in every row\n")
    assert "6 of 6 rows" in warning
    assert warning.endswith("\n  try:  --prior jeffreys")
    with_prior = fit(frame, "y ~ x", family="poisson", prior="jeffreys")
    assert with_prior.certificate.status == "converged"


@pytest.mark.parametrize("family", ["normal", "laplace"])
def test_as_many_columns_as_rows_fit_perfectly(family):
    frame = pl.DataFrame({"y": [1.0, 3.0], "x": [2.0, 4.0]})
    result = fit(frame, "y ~ x", family=family)
    assert result.certificate.status == "perfect-fit"
    assert result.certificate.iterations < 10
    assert result.parameters[0].estimate == 0


def test_only_the_coefficients_that_run_away_lose_their_estimate():
    frame = pl.DataFrame(
        {"y": [1, 2, 1, 3, 0, 0], "g": ["a", "a", "b", "b", "c", "c"], "n": [1.0, 2, 2, 3, 1, 4]}
    )
    result = fit(frame, "y ~ g", family="poisson", exposure="n")
    estimates = {c.term: c.estimate for c in result.coefficients}
    assert estimates["g[c]"] is None
    assert estimates["Intercept"] == pytest.approx(np.log(3 / 3))
    assert estimates["g[b]"] == pytest.approx(np.log(4 / 5))


SEPARATED = {
    "a level": ("y ~ x + g", "'y' is 0 in every row of g[c]"),
    "a threshold": ("z ~ x", "x separates the rows: 'z' is 1 in every row with x > 4 and 0 in"),
    "all levels but the base": ("e ~ g", "'e' is 1 in every row of g[b], g[c]"),
    "the base level": ("b ~ g", "'b' is 0 in every row of g[a]"),
    "an interaction": ("z ~ x:g", "a combination of "),
    "one of two columns": ("z ~ x + w", "x separates the rows: 'z' is 1 in every row with x > "),
    "a level, not its slope": ("c ~ w*g", "'c' is 0 in every row of g[c]"),
    "either of two columns": ("z ~ x + v", "x separates the rows"),
    "the intercept": ("n ~ 1", "'n' is 0 in every row"),
}


@pytest.mark.parametrize("case", SEPARATED)
def test_the_reason_is_given_in_the_users_columns_and_every_remedy_works(case, tmp_path):
    formula, reason = SEPARATED[case]
    path = tmp_path / "separated.csv"
    pl.DataFrame(
        {
            "x": [1.0, 2, 3, 4, 5, 6, 2, 5, 3],
            "v": [0.1, 0.3, 0.2, 0.7, 0.9, 0.8, 0.4, 0.6, 0.5],
            "w": [3.0, 1, 4, 1, 5, 9, 2, 6, 5],
            "z": [0, 0, 0, 1, 1, 1, 0, 1, 0],
            "g": list("aabbcccab"),
            "y": [0, 1, 1, 0, 0, 0, 0, 1, 1],
            "b": [0, 0, 1, 0, 1, 0, 1, 0, 1],
            "c": [0, 1, 0, 1, 0, 0, 0, 1, 1],
            "e": [0, 1, 1, 1, 1, 1, 1, 0, 1],
            "n": [0] * 9,
        }
    ).write_csv(path)
    result = fit(path, formula, family="bernoulli")
    warning = result.warnings[0]
    assert warning.startswith(f"no maximum exists: {reason}"), warning
    (tries,) = [line for line in warning.split("\n") if line.startswith("  try:  ")]
    for remedy in tries.removeprefix("  try:  ").split("   or   "):
        flag, _, value = remedy.partition(" ") if remedy.startswith("--") else ("", "", remedy)
        words = shlex.split(value)[0]
        options = {"--prior": {"prior": words}, "--where": {"where": words}}.get(flag, {})
        again = fit(path, formula if flag else words, family="bernoulli", **options)
        assert again.certificate.status == "converged", remedy


def small_design(rng, family):
    n, p = int(rng.integers(6, 14)), int(rng.integers(1, 4))
    X = np.column_stack([np.ones(n), rng.integers(-2, 3, (n, p)).astype(float)])
    if np.linalg.matrix_rank(X) < p + 1:
        return small_design(rng, family)
    trials = rng.integers(1, 4, n)
    share = 1 / (1 + np.exp(-X @ rng.normal(0, 1.5, p + 1)))
    y = {
        "bernoulli": lambda: rng.binomial(1, share),
        "binomial": lambda: rng.binomial(trials, share),
        "poisson": lambda: rng.poisson(share * 0.6),
    }[family]()
    return X, y, trials


def separated(X, y, trials, family):
    """Whether a direction exists along which no row's likelihood falls and one's rises."""
    lower = y == 0
    upper = {"bernoulli": y == 1, "binomial": y == trials, "poisson": np.zeros(len(y), bool)}[
        family
    ]
    sign = np.where(upper, 1.0, -1.0)
    return separable(X[lower | upper] * sign[lower | upper, None], X[~(lower | upper)])


def small_classes(rng):
    X, _, _ = small_design(rng, "bernoulli")
    n, k = len(X), int(rng.integers(2, 5))
    heights = X @ rng.normal(0, 1.2, (X.shape[1], k)) + rng.gumbel(size=(n, k))
    _, y = np.unique(heights.argmax(axis=1), return_inverse=True)
    return (X, y) if y.max() > 0 else small_classes(rng)


def turned_classes(X, y):
    """A row for every pair of a row's class and another: what its likelihood only rises with."""
    (n, p), k = X.shape, y.max() + 1
    rows = []
    for i in range(n):
        for other in set(range(k)) - {y[i]}:
            row = np.zeros((k, p))
            row[y[i]] += X[i]
            row[other] -= X[i]
            rows.append(row[1:].ravel())
    return np.array(rows)


def turned_cuts(X, y):
    """Coefficients are the slopes, then the cuts: a row is above the cut below it, and under
    the one above."""
    X, cuts = X[:, 1:], np.eye(y.max())
    above = [np.r_[x, -cuts[c - 1]] for x, c in zip(X, y, strict=True) if c > 0]
    under = [np.r_[-x, cuts[c]] for x, c in zip(X, y, strict=True) if c < len(cuts)]
    return np.array(above + under)


TURNED = {"categorical": turned_classes, "ordinal": turned_cuts}


def separable(sided, held):
    """Whether some direction turns a sided row to its side, none from it, and moves no held one."""
    rows, p = sided.shape
    # max sum t  s.t.  t_i <= sided_i d, 0 <= t <= 1, held d = 0: positive if and only if separated
    answer = linprog(
        np.r_[np.zeros(p), -np.ones(rows)],
        A_ub=np.column_stack([-sided, np.eye(rows)]) if rows else None,
        b_ub=np.zeros(rows) if rows else None,
        A_eq=np.column_stack([held, np.zeros((len(held), rows))]) if len(held) else None,
        b_eq=np.zeros(len(held)) if len(held) else None,
        bounds=[(None, None)] * p + [(0, 1)] * rows,
        method="highs",
    )
    assert answer.status == 0, answer.message
    return -answer.fun > 1e-6


def fitted(X, y, trials, family, link=()):
    frame = pl.DataFrame(X[:, 1:], schema=[f"x{j}" for j in range(1, X.shape[1])], orient="row")
    frame = frame.with_columns(y=pl.Series(y), m=pl.Series(trials))
    formula = "y ~ " + " + ".join(f"x{j}" for j in range(1, X.shape[1]))
    extra = {"trials": "m"} if family == "binomial" else {}
    return fit(frame, formula, family=family, link=link, **extra)


@pytest.mark.parametrize("family", ["hurdle-poisson", "zip"])
def test_a_further_parameter_can_run_away_too(family):
    rng = np.random.default_rng(15)
    level = np.repeat(["a", "b", "c"], 80)
    counts = rng.poisson(3.0, 240)
    y = np.where(level == "c", counts + 1, np.where(rng.random(240) < 0.4, 0, counts))
    data = pl.DataFrame({"y": y, "g": level, "x": rng.normal(size=240)})
    found = fit(data, "y ~ x", family=family, model="zero ~ g")
    assert found.certificate.status == "no-maximum"
    assert "'y' is above 0 in every row of g[c]" in found.warnings[0]
    by_term = {(row.parameter, row.term): row.estimate for row in found.coefficients}
    assert by_term["zero", "g[c]"] is None
    assert by_term["zero", "g[b]"] is not None
    remedy = "zero:g[c] ~ normal(0, 2.5)"
    assert f"--prior '{remedy}'" in found.warnings[0]
    mended = fit(data, "y ~ x", family=family, model="zero ~ g", prior=remedy)
    assert mended.certificate.status == "converged"


@pytest.mark.parametrize("family", ["hurdle-poisson", "hurdle-negbinom", "zip", "negbinom"])
def test_a_target_of_zeros_alone_has_no_maximum(family):
    found = fit(pl.DataFrame({"y": [0] * 9}), "y ~ 1", family=family)
    assert found.certificate.status == "no-maximum"
    assert "'y' is 0 in every row" in found.warnings[0]
    assert all(row.std_error is None for row in found.parameters)


def test_counts_of_one_alone_leave_a_truncated_mean_nowhere():
    found = fit(pl.DataFrame({"y": [1] * 9}), "y ~ 1", family="truncated-poisson")
    assert found.certificate.status == "no-maximum"
    assert "'y' is 1 in every row" in found.warnings[0]
