"""The strength of a prior, chosen: by the evidence in closed form, by folds refitted by hand."""

# mypy: disable-error-code="union-attr,operator,arg-type"
from __future__ import annotations

import csv
import io
import math

import numpy as np
import polars as pl
import pytest
from scipy import integrate, optimize, special, stats
from typer.testing import CliRunner

import mlefit
from mlefit.cli import app
from mlefit.diagnosis.heldout import fold_of_rows
from mlefit.errors import UsageError
from mlefit.results.fit import FitResult
from mlefit.strength.evidence import highest
from mlefit.strength.folds import Scores

SIGMA = 1.3


def test_the_evidence_of_a_normal_model_is_its_marginal_density():
    x, y = line(12)
    result = fit_line(x, y, "normal(0.4, auto)")
    assert len(result.path.steps) > 10
    for step in result.path.steps:
        exact = marginal(x, y, 0.4, step.number)
        assert step.log_evidence == pytest.approx(exact, rel=1e-9)


def test_the_chosen_scale_is_where_the_marginal_density_is_largest():
    x, y = line(12)
    result = fit_line(x, y, "normal(0, auto)")
    best = optimize.minimize_scalar(
        lambda t: -marginal(x, y, 0.0, math.exp(t)), bounds=(-5, 5), options={"xatol": 1e-9}
    )
    scale = result.path.strength**-0.5
    assert scale == pytest.approx(math.exp(best.x), rel=2e-4)
    assert result.model.prior[0]["chosen_by"] == "evidence"
    assert result.model.prior[0]["strengths"]["l2"] == pytest.approx(result.path.strength)
    assert any(f"the scale of normal(0, auto) on slopes is {scale:.4g}" in n for n in result.notes)


def test_an_intercept_is_integrated_over_a_flat_density():
    x, y = line(7)
    result = mlefit.fit(
        pl.DataFrame({"x": x + 5, "y": y}), "y ~ x",
        family="normal", fix=f"sigma={SIGMA}", prior="normal(0, auto)",
    )  # fmt: skip
    step = result.path.steps[len(result.path.steps) // 2]

    def over_slopes(intercept: float) -> float:
        return math.exp(marginal(x + 5, y - intercept, 0.0, step.number))

    centre = float(np.mean(y - 1.5 * (x + 5)))
    whole, _ = integrate.quad(over_slopes, centre - 80, centre + 80, points=[centre], limit=400)
    assert step.log_evidence == pytest.approx(math.log(whole), rel=1e-7)


def test_the_evidence_of_a_poisson_model_is_near_its_integral():
    rng = np.random.default_rng(2)
    x = rng.normal(size=60)
    y = rng.poisson(np.exp(0.6 * x))
    result = mlefit.fit(
        pl.DataFrame({"x": x, "y": y}), "y ~ 0 + x", family="poisson", prior="normal(0, auto)"
    )
    b = np.linspace(-2, 2, 40_001)
    rows = sum(stats.poisson.logpmf(y_i, np.exp(b * x_i)) for x_i, y_i in zip(x, y, strict=True))
    for step in result.path.steps:
        heights = rows + stats.norm.logpdf(b, 0, step.number)
        whole = special.logsumexp(heights) + math.log(b[1] - b[0])
        assert step.log_evidence == pytest.approx(whole, abs=0.002)


def test_rows_that_say_nothing_ask_for_the_centre():
    x = np.tile([-1.0, 1.0], 20)
    y = np.repeat([-1.0, 1.0], 20)
    result = fit_line(x, y, "normal(0, auto)")
    assert result.path.strength == result.path.steps[0].strength
    assert any("only rises as the prior tightens" in note for note in result.notes)


def test_a_normal_elastic_net_has_the_evidence_of_the_normal_prior():
    x, y = line(12)
    ridge, net = fit_line(x, y, "normal(0, auto)"), fit_line(x, y, "elasticnet(auto, 0)")
    assert net.path.strength == pytest.approx(ridge.path.strength, rel=1e-9)


def test_golden_section_finds_a_peak():
    assert highest(lambda t: -((t - 0.7) ** 2), -3, 4) == pytest.approx(0.7, abs=1e-4)


@pytest.mark.parametrize("prior", ["laplace(0, auto)", "normal(0, auto)", "elasticnet(auto, 0.5)"])
def test_the_held_out_nll_is_that_of_refits_without_each_fold(prior):
    frame = counts(90, 4)
    folds = fold_of_rows(90, 4, 7)
    result = mlefit.fit(frame, "y ~ .", family="poisson", prior=prior, cv=4, path=6, seed=7)
    for step in result.path.steps:
        parts = []
        for k in range(4):
            spelt = prior.replace("auto", repr(step.number))
            part = mlefit.fit(
                frame.filter(pl.Series(folds != k)), "y ~ .", family="poisson", prior=spelt
            )
            out = frame.filter(pl.Series(folds == k))
            parts.append((held_out_nll(part, out), len(out)))
        means, sizes = np.array(parts).T
        mean = np.average(means, weights=sizes)
        error = math.sqrt(np.average((means - mean) ** 2, weights=sizes) / 3)
        assert step.mean_nll == pytest.approx(mean, rel=1e-8)
        assert step.std_error == pytest.approx(error, rel=1e-6)


def test_the_fit_is_the_one_at_the_chosen_strength():
    frame = counts(90, 4)
    chosen = mlefit.fit(frame, "y ~ .", family="poisson", prior="laplace(0, auto)", cv=4)
    again = mlefit.fit(frame, "y ~ .", family="poisson", l1=chosen.path.strength)
    assert [row.estimate for row in chosen.coefficients] == pytest.approx(
        [row.estimate for row in again.coefficients], rel=1e-12, abs=0
    )


def test_every_row_twice_and_a_prior_twice_as_strong_hold_out_the_same():
    frame = counts(60, 3).with_columns(n=pl.lit(2))
    options = {"family": "poisson", "prior": "laplace(0, auto)", "cv": 5, "path": 8}
    once = mlefit.fit(frame, "y ~ x0 + x1 + x2", **options)
    twice = mlefit.fit(frame, "y ~ x0 + x1 + x2", freq_weights="n", **options)
    for one, two in zip(once.path.steps, twice.path.steps, strict=True):
        assert two.strength == pytest.approx(2 * one.strength, rel=1e-9)
        assert two.mean_nll == pytest.approx(one.mean_nll, rel=1e-9)
        assert two.std_error == pytest.approx(one.std_error, rel=1e-7)


def test_a_seed_decides_the_folds():
    frame = counts(60, 3)
    options = {"family": "poisson", "prior": "laplace(0, auto)", "cv": 5, "path": 5}
    first, again, other = (
        mlefit.fit(frame, "y ~ .", seed=seed, **options).path for seed in (3, 3, 4)
    )
    assert first == again
    assert first.steps[2].mean_nll != other.steps[2].mean_nll
    assert (first.folds, first.seed) == (5, 3)


def test_folds_differ_by_one_row_at_most_and_stay_what_they_are():
    folds = fold_of_rows(103, 10, 1)
    assert sorted(np.bincount(folds)) == [10] * 7 + [11] * 3
    assert fold_of_rows(12, 3, 1).tolist() == [0, 2, 2, 1, 2, 2, 1, 0, 1, 1, 0, 0]
    assert abs(np.corrcoef(fold_of_rows(5000, 5, 1), np.arange(5000))[0, 1]) < 0.05


@pytest.mark.parametrize(
    ("mean", "error", "best", "chosen"),
    [
        ([3.0, 2.1, 2.0, 2.3], [0.1, 0.1, 0.15, 0.1], 2, 1),
        ([3.0, 2.2, 2.0, 2.3], [0.1, 0.1, 0.15, 0.1], 2, 2),
        ([2.1, 2.5, 2.0, 2.3], [0.1, 0.1, 0.15, 0.1], 2, 0),
        ([2.0, 2.0, 2.0, np.inf], [0.0, 0.0, 0.0, np.inf], 0, 0),
    ],
)
def test_the_strongest_prior_within_one_standard_error_is_chosen(mean, error, best, chosen):
    scores = Scores(np.array(mean), np.array(error))
    assert (scores.best, scores.chosen) == (best, chosen)


@pytest.mark.parametrize("prior", ["laplace(0, 1)", "elasticnet(1, 0.3)", "laplace(0.1, 1)"])
@pytest.mark.parametrize("family", ["poisson", "normal"])
def test_a_path_leaves_the_centre_just_below_its_first_strength(family, prior):
    frame = counts(80, 5)
    result = mlefit.fit(frame, "y ~ .", family=family, prior=prior, path=20)
    first, *later = result.path.steps
    assert first.nonzero == 0
    assert later[-1].nonzero == 5
    assert result.path.optimality_residual <= 1e-9
    assert later[-1].strength == pytest.approx(1e-4 * first.strength, rel=1e-9)
    just_below = prior_at(prior, 0.999 * first.strength)
    below = mlefit.fit(frame, "y ~ .", family=family, prior=just_below)
    centre = 0.1 if "0.1" in prior else 0.0
    assert sum(row.estimate != centre for row in below.coefficients[1:]) == 1


def test_optimality_holds_along_a_path_as_told_by_the_rows_themselves():
    frame = counts(80, 5)
    X, y = frame.drop("y").to_numpy(), frame["y"].to_numpy()
    result = mlefit.fit(frame, "y ~ .", family="poisson", l1=1.0, path=25)
    for step in result.path.steps:
        b = np.array(step.estimates)
        slope = X.T @ (y - np.exp(b[0] + X @ b[1:]))
        off = b[1:] != 0
        assert np.abs(slope[off] - step.strength * np.sign(b[1:][off])).max(initial=0) < 1e-8
        assert np.abs(slope[~off]).max(initial=0) <= step.strength * (1 + 1e-9)


def test_a_path_with_more_coefficients_than_rows():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(25, 40))
    frame = pl.DataFrame({f"x{j}": X[:, j] for j in range(40)}).with_columns(
        y=pl.Series(X[:, 0] - X[:, 1] + rng.normal(size=25))
    )
    result = mlefit.fit(
        frame, "y ~ .", family="normal", fix="sigma=1", prior="laplace(0, 1)", path=15
    )
    steps = result.path.steps
    assert {step.status for step in steps} == {"converged"}
    assert steps[-1].strength == pytest.approx(1e-3 * steps[0].strength, rel=1e-9)
    assert steps[-1].nonzero <= 25
    assert result.path.optimality_residual <= 1e-9


def test_a_path_beside_a_given_number_changes_nothing_of_the_fit():
    frame = counts(80, 3)
    plain = mlefit.fit(frame, "y ~ .", family="poisson", prior="laplace(0, 0.1)")
    beside = mlefit.fit(frame, "y ~ .", family="poisson", prior="laplace(0, 0.1)", path=5)
    assert plain.coefficients == beside.coefficients
    assert plain.path is None
    assert beside.path.chosen_by == "user"


def test_only_the_named_prior_varies():
    frame = counts(80, 3)
    result = mlefit.fit(
        frame, "y ~ .", family="poisson", cv=4, path=6,
        prior=["normal(0, 1)", "x1 ~ laplace(0, auto)"],
    )  # fmt: skip
    first = result.path.steps[0]
    names = dict(zip(result.path.terms, first.estimates, strict=True))
    assert names["mu:x1"] == 0
    assert names["mu:x0"] != 0
    assert [prior.get("chosen_by") for prior in result.model.prior] == [None, "cv"]


@pytest.mark.parametrize(
    ("options", "message", "tried"),
    [
        ({"prior": "laplace(0, auto)"}, "needs held-out rows", "--cv 10"),
        ({"prior": "elasticnet(auto, 0.5)"}, "needs held-out rows", "--cv 10"),
        ({"prior": ["x0 ~ laplace(0, 1)", "normal(0, auto)"]}, "needs held-out rows", "--cv 10"),
        ({"cv": 5}, "none is left open", "--prior 'laplace(0, auto)' --cv 5"),
        ({"prior": "normal(0, 1)", "cv": 5}, "none is left open", "'laplace(0, auto)' --cv 5"),
        ({"prior": "normal(0, auto)", "cv": 99}, "2 to 40 folds", "--cv 10"),
        ({"prior": "normal(0, auto)", "cv": 4, "seed": -1}, "--seed must be", ""),
        ({"path": 5}, "there is none", "--path 5"),
        ({"path": 1, "l1": 1.0}, "at least 2 strengths", ""),
        ({"prior": ["x0 ~ normal(0, 1)", "laplace(0, 1)"], "path": 5}, "there are several", ""),
        ({"prior": ["x0 ~ normal(0, auto)", "normal(0, auto)"]}, "one strength", ""),
        ({"prior": "normal(auto, 1)"}, "cannot choose", ""),
        ({"prior": "student(4, 0, auto)"}, "cannot choose", ""),
    ],
)
def test_what_cannot_be_chosen_is_refused(options, message, tried):
    with pytest.raises(UsageError, match=message) as caught:
        mlefit.fit(counts(40, 2), "y ~ .", family="poisson", **options)
    assert tried in " ".join(caught.value.tries)


def test_the_command_prints_a_path(tmp_path):
    data = tmp_path / "counts.csv"
    counts(60, 3).write_csv(data)
    common = [
        "fit",
        str(data),
        "y ~ .",
        "-F",
        "poisson",
        "--prior",
        "laplace(0, auto)",
        "--cv",
        "4",
    ]
    report = CliRunner().invoke(app, common)
    assert report.exit_code == 0
    assert "chosen by cv" in report.stdout
    assert "4 folds   seed 1" in report.stdout
    assert report.stdout.count("chosen\n") == 1
    table = CliRunner().invoke(app, [*common, "--path", "5", "--table", "path", "-f", "csv"])
    rows = list(csv.DictReader(io.StringIO(table.stdout)))
    assert len(rows) == 5 * 4
    assert rows[0]["term"] == "Intercept"
    assert float(rows[1]["estimate"]) == 0


@pytest.mark.parametrize(
    ("prior", "flags", "headings"),
    [
        ("laplace(0, auto)", ["--cv", "3"], ["coefficients", "NLL of a row held out"]),
        ("normal(0, auto)", [], ["coefficients", "log evidence"]),
        ("normal(0, 0.3)", [], ["coefficients", "log evidence"]),
    ],
)
def test_a_path_is_drawn_above_its_numbers(prior, flags, headings, tmp_path):
    data = tmp_path / "counts.csv"
    counts(60, 3).write_csv(data)
    common = ["fit", str(data), "y ~ .", "-F", "poisson", "--prior", prior, *flags, "--path", "9"]
    drawn = CliRunner().invoke(app, [*common, "--plot", "always", "--ascii"])
    assert drawn.exit_code == 0
    lines = drawn.stdout.splitlines()
    seen = [line.partition(", against")[0] for line in lines if ", against the strength" in line]
    assert seen == headings
    assert all(line.isascii() and len(line) <= 80 for line in lines if line[:9].strip() == "|")
    # a pipe gets the numbers alone, unless it asks
    assert "against the strength" not in CliRunner().invoke(app, common).stdout
    table = drawn.stdout[drawn.stdout.rindex("against the strength") :]
    assert "strength  " in table


def test_a_prior_without_a_strength_is_not_called_several():
    with pytest.raises(UsageError, match="and there is none"):
        mlefit.fit(counts(40, 2), "y ~ .", family="poisson", prior="jeffreys", path=5)


@pytest.mark.parametrize("form", ["text", "md", "csv", "json"])
def test_a_path_table_without_a_path_is_refused(form, tmp_path):
    data = tmp_path / "counts.csv"
    counts(30, 1).write_csv(data)
    run = CliRunner().invoke(
        app, ["fit", str(data), "y ~ x0", "-F", "poisson", "--table", "path", "-f", form]
    )
    assert isinstance(run.exception, UsageError) or run.exit_code == 2


def line(rows: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    x = rng.normal(size=rows)
    return x, 1.5 * x + SIGMA * rng.normal(size=rows)


def fit_line(x: np.ndarray, y: np.ndarray, prior: str) -> FitResult:
    return mlefit.fit(
        pl.DataFrame({"x": x, "y": y}), "y ~ 0 + x",
        family="normal", fix=f"sigma={SIGMA}", prior=prior,
    )  # fmt: skip


def marginal(x: np.ndarray, y: np.ndarray, centre: float, scale: float) -> float:
    """Log-density of y with the slope integrated out."""
    covariance = SIGMA**2 * np.eye(len(x)) + scale**2 * np.outer(x, x)
    return float(stats.multivariate_normal.logpdf(y, centre * x, covariance))


def counts(rows: int, columns: int) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(rows, columns))
    slopes = np.array([0.8, -0.5, 0.0, 0.2, 0.0])[:columns]
    y = rng.poisson(np.exp(0.3 + X @ slopes))
    return pl.DataFrame({f"x{j}": X[:, j] for j in range(columns)} | {"y": y})


def held_out_nll(result: FitResult, rows: pl.DataFrame) -> float:
    b = np.array([row.estimate for row in result.coefficients])
    mu = np.exp(b[0] + rows.drop("y").to_numpy() @ b[1:])
    return -float(stats.poisson.logpmf(rows["y"].to_numpy(), mu).mean())


def prior_at(prior: str, strength: float) -> str:
    name, numbers = prior.rstrip(")").split("(")
    first, second = numbers.split(", ")
    if name == "elasticnet":
        return f"elasticnet({strength!r}, {second})"
    return f"laplace({first}, {1 / strength!r})"
