"""Factors as codes: the sums, the fit and the rank are those of the columns written out."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pytest

import mlefit
from mlefit import arrow, assemble, fitting, products
from mlefit.arrow import Arrow
from mlefit.design import coded, predictors
from mlefit.design.predictors import split
from mlefit.diagnosis import influence
from mlefit.engines import contract
from mlefit.errors import TooWideError, UsageError
from mlefit.products import forms, lengths_at_most
from mlefit.request import Request
from mlefit.search.start import centred

ROWS = 1500
# family, formula, and what else is asked for
MODELS = [
    ("poisson", "y ~ x + g", {}),
    ("poisson", "y ~ g + x + h:z", {"offset": "o", "freq_weights": "w"}),
    ("bernoulli", "b ~ 0 + g + x:h", {}),
    ("bernoulli", "b ~ C(g, ref='g07') + x:g", {}),
    ("normal", "u ~ x + h:k", {"model": "sigma ~ g + z"}),
    ("negbinom", "y ~ g + h", {"fix": "g[g03]=0.1"}),
    ("categorical", "k ~ g + x", {}),
]
KINDS = ["observed", "quasi", "HC0", "HC3"]


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    rng = np.random.default_rng(5)
    g, h = rng.integers(0, 40, ROWS), rng.integers(0, 4, ROWS)
    x, z = rng.standard_normal((2, ROWS))
    eta = 0.3 * x + 0.4 * rng.standard_normal(40)[g] + 0.1 * h
    return pl.DataFrame(
        {
            "y": rng.poisson(np.exp(1 + eta)),
            "b": rng.random(ROWS) < 1 / (1 + np.exp(-eta)),
            "u": eta + np.exp(0.2 * z) * rng.standard_normal(ROWS),
            "k": rng.choice(["p", "q", "r"], ROWS),
            "g": [f"g{code:02}" for code in g],
            "h": [f"h{code}" for code in h],
            "region": [f"r{code // 5}" for code in g],
            "x": x,
            "z": z,
            "of_region": 1.5 * (g // 5) + 2,
            "w": rng.integers(1, 4, ROWS),
            "o": rng.random(ROWS),
        }
    )


@pytest.fixture(params=[8, 10**6], ids=["arrow", "dense"])
def large(request, monkeypatch) -> int:
    """From how many levels on a diagonal block has a form of its own."""
    monkeypatch.setattr(products, "_LARGE", request.param)
    return int(request.param)


def written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coded, "_FEWEST_OF_ALL", 10**9)


@pytest.mark.parametrize(("family", "formula", "asked"), MODELS)
def test_sums_are_those_of_the_columns_written_out(rows, large, family, formula, asked):
    prepared = fitting.prepare(request(rows, family, formula, asked))
    engine, _, survey = centred(prepared.engine)
    plain = engine.written_out()
    assert any(predictor.layout.factors for predictor in engine.predictors)
    assert survey.squares == pytest.approx(centred(prepared.engine.written_out())[2].squares)
    rng = np.random.default_rng(2)
    size = sum(predictor.size for predictor in engine.predictors)
    gammas = split(0.1 * rng.standard_normal(size), engine.predictors)
    points = [np.vstack([gamma, 0.5 * gamma]) for gamma in gammas]
    model = prepared.model
    for kind in ("observed", "expected"):
        ours, theirs = (
            one.total(partial(model.totals, gammas=gammas, kind=kind)) for one in (engine, plain)
        )
        assert isinstance(ours.information, Arrow) == (large < size)
        close(ours.nll, theirs.nll)
        close(ours.score, theirs.score)
        close(ours.information, theirs.information)
    here, there = (
        one.total(partial(model.slopes, points=points, kind="observed")) for one in (engine, plain)
    )
    close(here.nll, there.nll)
    close(here.score, there.score)
    close(here.diagonal, there.diagonal)


@pytest.mark.parametrize(("family", "formula", "asked"), MODELS)
def test_a_fit_is_that_of_the_columns_written_out(rows, large, monkeypatch, family, formula, asked):
    ours = mlefit.fit(rows, formula, family=family, **asked)
    written_out(monkeypatch)
    theirs = mlefit.fit(rows, formula, family=family, **asked)
    assert_same_fit(ours, theirs)


@pytest.mark.parametrize("asked", [{"se": kind} for kind in KINDS] + [
    {"cluster": "region"}, {"l2": 2.0}, {"l1": 2.0}, {"derive": "d = b[x] - b[g[g05]]"},
], ids=str)  # fmt: skip
def test_errors_and_priors_are_those_of_the_columns_written_out(rows, large, monkeypatch, asked):
    ours = mlefit.fit(rows, "y ~ x + g + h", family="poisson", **asked)
    written_out(monkeypatch)
    theirs = mlefit.fit(rows, "y ~ x + g + h", family="poisson", **asked)
    assert_same_fit(ours, theirs)
    assert ours.fit.effective_params == pytest.approx(theirs.fit.effective_params, rel=1e-9)
    for one, other in zip(ours.model.prior, theirs.model.prior, strict=True):
        assert (one["worth_rows"] or 0) == pytest.approx(other["worth_rows"] or 0, rel=1e-3)
    assert [row.std_error for row in ours.derived] == pytest.approx(
        [row.std_error for row in theirs.derived]
    )


@pytest.mark.parametrize("formula", [
    "y ~ region + g + x", "y ~ g + region + x", "y ~ x + of_region + g", "y ~ g + of_region + x",
    "y ~ 0 + region + g", "y ~ g + h + g:h",
])  # fmt: skip
def test_redundant_columns_are_those_of_the_columns_written_out(rows, large, monkeypatch, formula):
    ours = mlefit.fit(rows, formula, family="poisson", max_iter=1)
    written_out(monkeypatch)
    theirs = mlefit.fit(rows, formula, family="poisson", max_iter=1)
    assert left_out(ours) == left_out(theirs)
    assert ours.certificate.rank == theirs.certificate.rank


def test_numbers_that_nearly_depend_on_a_factor_are_kept(rows, large):
    near = rows.with_columns(pl.col("of_region") + 1e-7 * pl.col("z"))
    found = mlefit.fit(near, "u ~ g + of_region + x", family="normal")
    assert not left_out(found)
    kept = {row.term: row for row in found.coefficients}
    assert kept["of_region"].std_error > 1e5


def test_the_condition_number_is_of_columns_less_their_means(rows, large, monkeypatch):
    ours = mlefit.fit(rows, "u ~ x + g", family="normal").certificate.condition_number
    written_out(monkeypatch)
    theirs = mlefit.fit(rows, "u ~ x + g", family="normal").certificate.condition_number
    # the means are those of the rows and those of their information, here the same
    assert ours == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize(
    ("levels", "outcome"),
    [(["g07"], "0"), (["g07", "g11"], "0"), (["g00"], "1")],
    ids=str,
)
def test_levels_whose_rows_all_run_away_are_told(rows, levels, outcome):
    value = pl.when(pl.col("g").is_in(levels)).then(outcome == "1").otherwise(pl.col("b"))
    alike = rows.with_columns(b=value)
    found = mlefit.fit(alike, "b ~ x + g", family="bernoulli")
    assert found.certificate.status == "no-maximum"
    reason, direction, *_ = found.warnings[0].splitlines()
    named = ", ".join(f"g[{level}]" for level in levels)
    assert reason == f"no maximum exists: 'b' is {outcome} in every row of {named}"
    assert f"{alike['g'].is_in(levels).sum()} of {ROWS} rows" in direction
    away = {row.term for row in found.coefficients if row.estimate is None}
    base = levels == ["g00"]
    every = {row.term for row in found.coefficients if row.term.startswith(("g[", "Interc"))}
    assert away == (every if base else {f"g[{level}]" for level in levels})


def test_the_length_of_rows_in_a_metric_is_that_of_the_columns_written_out(rows, large):
    prepared = fitting.prepare(request(rows, "poisson", "y ~ g + x + z:h + h", {}))
    engine = centred(prepared.engine)[0]
    size = engine.predictors[0].size
    half = np.random.default_rng(3).standard_normal((size, size))
    block, plain = (next(iter(one.blocks())) for one in (engine, engine.written_out()))
    m = min(len(block.y), len(plain.y))
    ours = forms(block.designs[0], half @ half.T)[:m]
    close(ours, forms(plain.designs[0], half @ half.T)[:m])
    some = np.array([5, 0, m - 1])
    close(forms(block.designs[0][:, some], half @ half.T), ours[some])
    close(block.designs[0][:, 3:9], np.asarray(block.designs[0])[:, 3:9])
    close(block.designs[0][:, 4], np.asarray(block.designs[0])[:, 4])
    close(block.designs[0][:, some], plain.designs[0][:, some])
    close(block.designs[0][2], np.asarray(block.designs[0])[2])


def test_the_length_of_a_row_in_codes_is_at_most_what_its_parts_add_up_to(rows, large):
    prepared = fitting.prepare(request(rows, "poisson", "y ~ g + x + z:h + h", {}))
    engine = centred(prepared.engine)[0]
    size = engine.predictors[0].size
    half = np.random.default_rng(3).standard_normal((size, size)) / np.sqrt(size)
    X = next(iter(engine.blocks())).designs[0]
    exact, most = forms(X, half @ half.T), lengths_at_most(X, half @ half.T)
    assert (exact <= most * (1 + 1e-12)).all()
    assert (most < 25 * exact).mean() > 0.9  # a bound that tells something


def test_a_saved_fit_gives_the_same_predictions(rows, monkeypatch):
    found = mlefit.fit(rows, "y ~ x + g", family="poisson")
    ours = mlefit.predict(rows, found)
    written_out(monkeypatch)
    theirs = mlefit.predict(rows, found)
    for name in ("fitted", "std_error"):
        close(ours[name].to_numpy(), theirs[name].to_numpy())


def test_more_columns_than_can_be_held_are_refused_with_what_they_are(rows):
    many = rows.with_columns(id=pl.int_range(ROWS).cast(pl.String))
    with pytest.raises(UsageError, match=r"has 66,000 columns, whose products take 3\.2 GB"):
        mlefit.fit(many, "y ~ id:g + id:h", family="poisson")
    with pytest.raises(UsageError, match="has 240,000 columns, more than 100,000 of one term"):
        mlefit.fit(many, "y ~ id:g:h", family="poisson")


def test_what_needs_every_product_of_too_many_columns_is_refused(rows, monkeypatch):
    monkeypatch.setattr(products, "_LARGE", 8)
    monkeypatch.setattr(influence, "_MOST_WORK", 0)
    for module in (arrow, coded, contract, predictors):
        monkeypatch.setattr(module, "MOST_SQUARE", 30)
    monkeypatch.setattr(assemble, "_MOST_COVARIANCES", 30)
    found = mlefit.fit(rows, "y ~ x + g", family="poisson")
    assert found.certificate.status == "converged"
    assert found.covariance.matrix == []
    assert "41 by 41 covariances" in found.notes[-1]
    with pytest.raises(TooWideError, match="41 by 41 numbers"):
        mlefit.fit(rows, "y ~ x + g", family="poisson", se="HC0")
    with pytest.raises(TooWideError, match="41 by 41 numbers"):
        mlefit.fit(rows, "y ~ x + g", family="poisson", l2=1.0)


def request(rows: pl.DataFrame, family: str, formula: str, asked: dict[str, Any]) -> Request:
    words = {"model": "models", "fix": "fix"}
    given: dict[str, Any] = {
        words.get(key, key): (value,) if key in words else value for key, value in asked.items()
    }
    return Request(data=rows, formula=formula, family=family, **given)


def close(ours, theirs) -> None:
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12 * np.abs(theirs).max())


def left_out(result) -> list[str]:
    return [warning for warning in result.warnings if "left out" in warning]


def assert_same_fit(ours, theirs) -> None:
    assert ours.certificate.status == theirs.certificate.status == "converged"
    assert ours.warnings == theirs.warnings
    assert ours.fit.log_likelihood == pytest.approx(theirs.fit.log_likelihood, rel=1e-13)
    for one, other in zip(ours.coefficients, theirs.coefficients, strict=True):
        error = other.std_error or 1.0
        assert one.term == other.term
        assert one.estimate == pytest.approx(other.estimate, abs=1e-10 * error)
        assert (one.std_error or 0.0) == pytest.approx(other.std_error or 0.0, rel=1e-9)
    if len(theirs.covariance.matrix):
        close(list(ours.covariance.matrix), theirs.covariance.matrix)
