"""Columns where they lie: their sums are those of the columns written out, and none is copied."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mlefit import fitting
from mlefit.design.blocks import Form, Reader
from mlefit.design.coded import against, predictor_of, squares_against, sum_of
from mlefit.design.predictors import split
from mlefit.design.views import Views
from mlefit.engines.local import LocalEngine
from mlefit.request import Request
from mlefit.search.sparse import slopes_at
from mlefit.search.start import centred

ROWS = 300


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    rng = np.random.default_rng(2)
    return pl.DataFrame(
        {
            "y": rng.poisson(2, ROWS),
            "x": rng.normal(50, 1, ROWS),
            "n": rng.integers(0, 9, ROWS),
            "g": rng.choice(["a", "b", "c"], ROWS),
            "single": rng.normal(size=ROWS).astype(np.float32),
            "o": rng.random(ROWS),
        }
    )


def engines(rows: pl.DataFrame, family: str, **options: object) -> tuple[LocalEngine, LocalEngine]:
    """The same rows with their columns written out and where they lie."""
    request = Request(data=rows, formula="y ~ x + x:g + n + single", family=family, **options)  # type: ignore[arg-type]
    plain = centred(fitting.prepare(request).engine)[0]
    views = plain.in_place()
    assert isinstance(plain, LocalEngine)
    assert isinstance(views, LocalEngine)
    return plain, views


def test_a_design_of_views_is_the_matrix_that_it_stands_for(rows):
    plain, views = engines(rows, "poisson")
    (X,), (V,) = (next(engine.blocks()).designs for engine in (plain, views))
    X = np.asarray(X)
    assert isinstance(V, Views)
    assert (V.shape, len(V)) == (X.shape, len(X))
    np.testing.assert_array_equal(np.asarray(V), X)
    np.testing.assert_array_equal(V[1:3], X[1:3])
    rng = np.random.default_rng(1)
    points, values = rng.normal(size=(3, len(X))), rng.normal(size=(4, ROWS))
    points[:, [0, 2]] = 0.0
    close = np.testing.assert_allclose
    close(predictor_of(points[0], V), points[0] @ X, rtol=1e-12)
    close(points @ V, points @ X, rtol=1e-12)
    close(sum_of(V, values[0]), X @ values[0], rtol=1e-12)
    close(against(values, V), values @ X.T, rtol=1e-12)
    close(squares_against(values, V), values @ (X * X).T, rtol=1e-12)
    assert (0 * points @ V == 0).all()


@pytest.mark.parametrize("family", ["poisson", "negbinom", "normal"])
@pytest.mark.parametrize("kind", [None, "observed"])
def test_slopes_are_those_of_the_columns_written_out(rows, family, kind, monkeypatch):
    plain, _ = engines(rows, family, offset="o")
    request = Request(data=rows, formula="y ~ x + x:g + n + single", family=family, offset="o")
    model = fitting.prepare(request).model
    size = sum(predictor.size for predictor in plain.predictors)
    gammas = 0.01 * np.random.default_rng(3).normal(size=(1, size))
    forms = []
    original = Reader.__init__

    def init(self, *args, form=Form.MIXED, **options):
        forms.append(form)
        original(self, *args, form=form, **options)

    monkeypatch.setattr(Reader, "__init__", init)
    found = slopes_at(model, plain, gammas, kind)
    assert set(forms) == {Form.VIEWS}
    forms.clear()
    slopes_at(model, plain, np.repeat(gammas, 2, axis=0), kind)
    assert set(forms) == {Form.MIXED}
    stacked = [part[None] for part in split(gammas[0], plain.predictors)]
    written = plain.total(lambda block: model.slopes(block, stacked, kind))
    np.testing.assert_allclose(found.nll, written.nll, rtol=1e-12)
    np.testing.assert_allclose(found.score, written.score, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.diagonal, written.diagonal, rtol=1e-9, atol=1e-9)


def test_a_plain_column_is_not_copied():
    x = np.arange(50.0)
    rows = pl.DataFrame({"y": np.arange(50) % 3, "x": x})
    request = Request(data=rows, formula="y ~ 0 + x", family="poisson")
    engine = centred(fitting.prepare(request).engine)[0].in_place()
    (V,) = next(engine.blocks()).designs
    assert isinstance(V, Views)
    assert np.shares_memory(next(V._columns([0])), rows["x"].to_numpy())


def test_what_is_turned_or_in_codes_stays_as_it_is():
    rows = pl.DataFrame({"y": np.arange(400) % 5, "g": [f"g{i % 40:02}" for i in range(400)]})
    engine = fitting.prepare(Request(data=rows, formula="y ~ g", family="poisson")).engine
    assert engine.in_place() is engine
