"""Failures that other programs are known for, through the command line.

Each test names what was seen elsewhere and asserts what happens here instead.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats
from typer.testing import CliRunner

from mlefit.cli import app

SAMPLES = Path(__file__).parents[2] / "sample_data"
VISITS = str(SAMPLES / "doctor_visits.csv")


def test_a_search_cut_short_is_no_normal_looking_table():
    """A step limit of two gave parameters as usual, without a warning."""
    arguments = ["fit", VISITS, "visits ~ age + illness", "-F", "poisson", "--max-iter", "2"]
    code, out, _ = run(*arguments)
    assert code == 4
    assert out.startswith("NOT CONVERGED: the step limit was reached")
    code, out, _ = run(*arguments, "-f", "json")
    assert code == 4
    assert json.loads(out)["certificate"]["status"] == "step-limit"


@pytest.mark.parametrize("family", ["bernoulli", "poisson"])
def test_a_separated_level_is_named_and_has_no_standard_error(family, tmp_path):
    """A coefficient of 24 with standard error 14,811, and 'converged'."""
    path = tmp_path / "quasi.csv"
    rows = [(y, g) for g, ys in (("a", (0, 1, 1)), ("b", (1, 0)), ("c", (0, 0, 0))) for y in ys]
    pl.DataFrame(rows, schema=["y", "g"], orient="row").write_csv(path)
    code, out, err = run("fit", str(path), "y ~ g", "-F", family, "-f", "json")
    assert code == 4
    document = json.loads(out)
    assert document["certificate"]["status"] == "no-maximum"
    by_term = {row["term"]: row for row in document["coefficients"]}
    assert by_term["g[c]"]["estimate"] is None
    assert all(row["std_error"] is None for row in by_term.values())
    assert "no maximum exists: 'y' is 0 in every row of g[c]" in err
    assert "3 of 8 rows" in err
    assert run("fit", str(path), "y ~ g", "-F", family, "--where", "g <> 'c'")[0] == 0


def test_exit_codes_tell_bad_input_from_no_maximum(tmp_path):
    """One program stops with 1 on separated data, another exits 0."""
    path = tmp_path / "separated.csv"
    pl.DataFrame({"x": [1, 2, 3, 4], "y": [0, 0, 1, 1]}).write_csv(path)
    assert run("fit", str(path), "y ~ x", "-F", "bernoulli")[0] == 4
    assert run("fit", str(path), "y ~ z", "-F", "bernoulli")[0] == 2
    assert run("fit", str(path), "x ~ y", "-F", "bernoulli")[0] == 3


@pytest.mark.parametrize("kind", ["observed", "expected", "HC0", "HC3"])
def test_the_kind_of_standard_error_is_always_named(kind):
    """Robust errors were on although documented as off."""
    _, out, _ = run("fit", VISITS, "visits ~ age", "-F", "poisson", "--se", kind)
    assert f"(Wald, {kind}" in out
    _, out, _ = run("fit", VISITS, "visits ~ age", "-F", "poisson")
    assert "(Wald, observed information)" in out


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_units_of_columns_do_not_matter(factor, tmp_path):
    """All coefficients were 0 after one step on unscaled columns."""
    plain = fit_json(VISITS, "visits ~ age + income", "-F", "poisson")
    path = tmp_path / "scaled.parquet"
    frame = pl.read_csv(VISITS).with_columns(pl.col("age") * factor, pl.col("income") / factor)
    frame.write_parquet(path)
    scaled = fit_json(str(path), "visits ~ age + income", "-F", "poisson")
    back = np.array([1, factor, 1 / factor])
    np.testing.assert_allclose(estimates(scaled) * back, estimates(plain), rtol=1e-9)
    assert scaled["fit"]["log_likelihood"] == pytest.approx(
        plain["fit"]["log_likelihood"], rel=1e-12
    )


@pytest.mark.parametrize(
    ("family", "in_units"),
    [
        ("normal", {"mu", "sigma"}),
        ("laplace", {"mu", "b"}),
        ("student", {"mu", "sigma"}),
        ("logistic", {"mu", "sigma"}),
        ("gamma", {"mu"}),
        ("weibull", {"scale"}),
        ("loglogistic", {"scale"}),
        ("inverse-gaussian", {"mu", "lambda"}),
        ("exponential", {"mu"}),
    ],
)
@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_units_of_the_target_do_not_matter(family, in_units, factor, tmp_path):
    """A plain gamma fit failed when the data were multiplied by 1e6."""
    rivers = SAMPLES / "rivers.csv"
    path = tmp_path / "rivers.parquet"
    pl.read_csv(rivers).select(pl.col("length_miles") * factor).write_parquet(path)
    plain = fit_json(str(rivers), "length_miles ~ 1", "-F", family)
    scaled = fit_json(str(path), "length_miles ~ 1", "-F", family)
    assert in_units <= {row["parameter"] for row in plain["parameters"]}
    for one, other in zip(plain["parameters"], scaled["parameters"], strict=True):
        unit = factor if one["parameter"] in in_units else 1.0
        assert other["estimate"] / unit == pytest.approx(one["estimate"], rel=1e-9)
        assert other["std_error"] / unit == pytest.approx(one["std_error"], rel=1e-6)


def test_a_size_is_a_number_and_the_height_is_that_of_the_maximum():
    """The size was held to integers, and the answer called a success."""
    document = fit_json(VISITS, "visits ~ 1", "-F", "negbinom")
    by_name = {row["parameter"]: row for row in document["parameters"]}
    k, mu = by_name["k"]["estimate"], by_name["mu"]["estimate"]
    assert 0.3 < k < 0.5
    y = pl.read_csv(VISITS)["visits"].to_numpy()
    height = document["fit"]["log_likelihood"]
    assert height == pytest.approx(stats.nbinom.logpmf(y, k, k / (k + mu)).sum(), rel=1e-12)
    moments = y.mean() ** 2 / (y.var() - y.mean())
    for size in (1.0, moments, k * 0.99, k * 1.01):
        assert stats.nbinom.logpmf(y, size, size / (size + mu)).sum() < height


@pytest.mark.parametrize(("family", "parameter"), [("negbinom", "k"), ("negbinom1", "alpha")])
@pytest.mark.parametrize("right", ["1", "x"])
def test_counts_without_overdispersion_lie_at_the_poisson_boundary(
    family, parameter, right, tmp_path
):
    """A theta of 171,745 with error 558,849, or 'converged' with an alpha of 4e-6."""
    rng = np.random.default_rng(9)
    path = tmp_path / "even.csv"
    x = rng.normal(size=300)
    pl.DataFrame({"y": rng.binomial(8, 1 / (1 + np.exp(-0.3 * x))), "x": x}).write_csv(path)
    arguments = ["fit", str(path), f"y ~ {right}", "-F"]
    code, out, err = run(*arguments, family, "-f", "json")
    assert code == 4
    document = json.loads(out)
    assert document["certificate"]["status"] == "boundary"
    assert "no overdispersion: the Poisson boundary is the maximum" in err
    assert "--family poisson" in err
    edge = next(row for row in document["parameters"] if row["parameter"] == parameter)
    assert edge["estimate"] in (None, 0)
    assert edge["std_error"] is None
    code, poisson, _ = run(*arguments, "poisson", "-f", "json")
    assert code == 0
    assert document["coefficients"] == json.loads(poisson)["coefficients"]
    _, out, _ = run(*arguments, family)
    assert out.startswith("AT A BOUNDARY: no overdispersion")


@pytest.mark.parametrize("family", ["zip", "zinb"])
def test_counts_without_extra_zeros_lie_at_the_boundary(family, tmp_path):
    """A probability of 1e-12 with any error, from a search that ran its course."""
    path = tmp_path / "plain.csv"
    rng = np.random.default_rng(10)
    pl.DataFrame({"y": 1 + rng.poisson(3.0, 300)}).write_csv(path)
    code, _, err = run("fit", str(path), "y ~ 1", "-F", family)
    assert code == 4
    assert "no extra zeros" in err
    assert "--family" in err


@pytest.mark.parametrize("family", ["normal", "laplace", "poisson", "bernoulli"])
def test_a_redundant_column_is_named_with_its_dependency(family, tmp_path):
    """Silence, an arbitrary split, an exception, or NA, depending on the program."""
    rng = np.random.default_rng(1)
    frame = pl.DataFrame({"x1": rng.normal(size=60), "x2": rng.normal(size=60)})
    frame = frame.with_columns(
        x3=pl.col("x1") + 2 * pl.col("x2"), y=pl.Series(rng.integers(0, 2, 60))
    )
    path = tmp_path / "collinear.parquet"
    frame.write_parquet(path)
    code, out, err = run("fit", str(path), "y ~ x1 + x2 + x3", "-F", family, "-f", "json")
    assert code == 0
    assert "warning: x3 is left out: x3 = x1 + 2 x2" in err
    document = json.loads(out)
    (left_out,) = [row for row in document["coefficients"] if row["estimate"] is None]
    assert left_out["term"] == "x3"
    without = fit_json(str(path), "y ~ x1 + x2", "-F", family)
    assert document["fit"]["log_likelihood"] == pytest.approx(without["fit"]["log_likelihood"])
    code, _, err = run("fit", str(path), "y ~ x1 + x2 + x3", "-F", family, "--strict")
    assert code == 2
    assert "x3 = x1 + 2 x2" in err


@pytest.mark.parametrize("family", ["normal", "laplace", "poisson"])
def test_a_fit_that_says_converged_has_a_finite_likelihood(family, tmp_path):
    """Parameters of likelihood zero were returned in half of all samples."""
    rng = np.random.default_rng(2)
    for i in range(10):
        path = tmp_path / f"{i}.csv"
        pl.DataFrame({"y": np.floor(rng.lognormal(3, 2, 50))}).write_csv(path)
        document = fit_json(str(path), "y ~ 1", "-F", family)
        assert document["certificate"]["status"] == "converged"
        assert np.isfinite(document["fit"]["log_likelihood"])


def test_the_table_of_a_known_distribution_is_not_used_for_a_fitted_one(tmp_path):
    """Of 1000 samples none was rejected at 5%: the table took the fitted normal as given."""
    path = tmp_path / "skewed.csv"
    y = np.random.default_rng(37).gamma(4.0, 1.0, 80)
    pl.DataFrame({"y": y}).write_csv(path)
    naive = stats.kstest(y, "norm", args=(y.mean(), y.std())).pvalue
    document = fit_json(str(path), "-y", "y", "-F", "normal", "--gof", "--replications", "199")
    tests = document["diagnostics"]["goodness_of_fit"]["tests"]
    (found,) = [test for test in tests if test["statistic"] == "Kolmogorov-Smirnov"]
    assert found["p_value"] < 0.05 < 0.2 < naive


def test_a_penalty_leaves_the_intercept_free():
    """A scalar ridge strength pulled the constant too, by 0.10."""
    document = fit_json(VISITS, "visits ~ age + illness", "-F", "poisson", "--l2", "500")
    frame = pl.read_csv(VISITS)
    X = np.column_stack([np.ones(len(frame)), frame["age"], frame["illness"]])
    fitted = np.exp(X @ estimates(document))
    # the intercept's own equation: fitted and seen counts have the same sum
    assert fitted.sum() == pytest.approx(frame["visits"].sum(), rel=1e-10)


def test_a_ridge_for_glmnet_is_told_in_its_own_units():
    """glmnet divides a gaussian target by its deviation, so the textbook lambda is another one."""
    path = str(SAMPLES / "house_prices.csv")
    document = fit_json(path, "price ~ lotsize", "-F", "normal", "--prior", "normal(0, 5)")
    (told,) = [row["setting"] for row in document["translations"] if row["system"] == "glmnet"]
    (sigma,) = [row["estimate"] for row in document["parameters"] if row["parameter"] == "sigma"]
    y = pl.read_csv(path, infer_schema_length=None)["price"].to_numpy()
    textbook = sigma**2 / (len(y) * 5**2)
    found = float(told.split("lambda = ")[1].split(",")[0])
    assert found == pytest.approx(textbook * y.std(), rel=1e-8)


def test_dropped_rows_are_told_and_can_be_limited(tmp_path):
    """A hundred rows with missing values vanished without a message."""
    path = tmp_path / "gaps.csv"
    path.write_text("y,x\n" + "".join(f"{i % 3},{'' if i % 4 == 0 else i}\n" for i in range(40)))
    code, out, _ = run("fit", str(path), "y ~ x", "-F", "poisson")
    assert code == 0
    assert "30 of 40 rows (10 missing x)" in out
    code, out, err = run("fit", str(path), "y ~ x", "-F", "poisson", "--max-dropped", "1%")
    assert (code, out) == (3, "")
    assert "10 missing:x" in err


def test_default_settings_give_every_digit():
    """A slope of -0.30261 where the exact one is -0.30246, from a loose default tolerance."""
    tight = fit_json(VISITS, "visits ~ age + income", "-F", "poisson", "--tol", "1e-14")
    loose = fit_json(VISITS, "visits ~ age + income", "-F", "poisson")
    np.testing.assert_allclose(estimates(loose), estimates(tight), rtol=1e-11)


def test_a_header_is_a_header_and_nothing_is_left_behind(tmp_path, monkeypatch):
    """A header row could not be read, and a picture and a log were left in the directory."""
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(
        "fit", str(SAMPLES / "rivers.csv"), "-y", "length_miles", "-F", "normal", "-f", "json"
    )
    assert code == 0
    assert json.loads(out)["data"]["rows_used"] == 141
    assert list(tmp_path.iterdir()) == []


def test_the_default_errors_are_of_the_observed_information():
    """Errors came from the outer product of gradients by default: 0.05082 against 0.05061."""
    default = fit_json(VISITS, "visits ~ age", "-F", "poisson")
    observed = fit_json(VISITS, "visits ~ age", "-F", "poisson", "--se", "observed")
    assert default["model"]["se_kind"] == "observed"
    assert default["coefficients"] == observed["coefficients"]


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner(env={"NO_COLOR": "1"}).invoke(app, list(arguments), prog_name="mlefit")
    return result.exit_code, result.stdout, result.stderr


def fit_json(*arguments: str):
    code, out, err = run("fit", *arguments, "-f", "json")
    assert code == 0, err
    return json.loads(out)


def estimates(document) -> np.ndarray:
    return np.array([row["estimate"] for row in document["coefficients"]])
