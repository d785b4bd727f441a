"""Workers that read their own rows, from files and from a store that is reached by URL."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

import numpy as np
import polars as pl
import pytest

import mlefit
from mlefit import reading
from mlefit.design.columns import TARGET
from mlefit.errors import DataError
from mlefit.fitting import prepare
from mlefit.prediction.predicting import predict
from mlefit.request import Request
from mlefit.source import open_source
from tests.engines.test_dask import TWO, assert_same
from tests.engines.test_failures import free_port

N = 3000
FORMULA = "y ~ log(x) + C(g, ref='c') + h"


@pytest.fixture
def small_shares(several, monkeypatch):
    monkeypatch.setattr(reading, "FEWEST", 50)
    return several


def rows() -> pl.DataFrame:
    """Rows with gaps, a level that only the last share has, and one it lacks."""
    rng = np.random.default_rng(2)
    x = rng.uniform(1, 3, N)
    g = np.array(["b", "c", "a"])[rng.integers(0, 3, N)]
    g[: N // 2] = np.where(g[: N // 2] == "b", "c", g[: N // 2])
    late = np.arange(N) > N - 40
    answers = np.array(["no", "yes"])[(x + rng.logistic(size=N) > 2).astype(int)]
    return pl.DataFrame(
        {
            "x": pl.Series(np.where(rng.random(N) < 0.02, np.nan, x)).fill_nan(None),
            "g": g,
            "h": np.where(late, "late", "early"),
            "w": rng.integers(0, 3, N),
            "cl": [f"c{i}" for i in rng.integers(0, 9, N)],
            "y": rng.poisson(x),
            "class": answers,
        }
    )


WAYS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "levels": ("poisson", FORMULA, {}),
    "rows that do not count": ("poisson", FORMULA, {"where": "y < 5", "freq_weights": "w"}),
    "clusters": ("poisson", FORMULA, {"se": "cluster", "cluster": "cl"}),
    "sampled": ("poisson", FORMULA, {"sampling_weights": "y", "where": "y > 0"}),
    "a target of levels": ("bernoulli", "class ~ x + h", {}),
}


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize("way", WAYS)
def test_a_fit_is_the_same(small_shares, tmp_path, way, form):
    family, formula, options = WAYS[way]
    file = tmp_path / f"rows.{form}"
    getattr(rows(), f"write_{form}")(file)
    one, two = (mlefit.fit(str(file), formula, family=family, **options, **at) for at in ({}, TWO))
    assert one.certificate.status == "converged"
    assert_same(two, one)


def test_only_the_target_and_weights_stay_here(small_shares, tmp_path):
    file = tmp_path / "rows.parquet"
    rows().write_parquet(file, row_group_size=500)
    common: dict[str, Any] = {"data": str(file), "formula": "y ~ x", "family": "poisson"}
    here, there = (prepare(Request(**common, **at)) for at in ({}, TWO))
    assert "x" in here.table.columns
    assert set(there.table.columns.keys) == {TARGET}
    np.testing.assert_array_equal(there.engine.whole("x"), here.table.columns.whole("x"))
    assert len({block.start for block in there.engine.with_predictors([]).blocks()}) > 3


def test_what_others_cannot_read_is_sent(workers, tmp_path):
    file, packed = tmp_path / "rows.csv", tmp_path / "rows.csv.gz"
    rows().write_csv(file)
    rows().write_csv(packed, compression="gzip")
    assert workers.reads(open_source(str(file)).place)
    assert not workers.reads(open_source(str(packed)).place)
    assert not workers.reads(open_source(rows()).place)
    place = open_source(str(file)).place
    file.unlink()
    assert workers.reads(place) is False


def test_bad_values_are_told_as_ever(small_shares, tmp_path):
    file = tmp_path / "rows.csv"
    rows().with_columns(y=pl.col("y") - 1).write_csv(file)
    said = []
    for at in ({}, TWO):
        with pytest.raises(DataError) as refused:
            mlefit.fit(str(file), "y ~ x", family="poisson", **at)
        said.append(str(refused.value))
    assert said[0] == said[1]


@pytest.fixture
def store(workers, monkeypatch):
    """An S3-compatible store on this machine, which the workers know of too."""
    pytest.importorskip("moto.server")
    port = str(free_port())
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    settings = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": "something",
        "AWS_REGION": "us-east-1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    workers._cluster.client.run(lambda: os.environ.update(settings))
    yield settings["AWS_ENDPOINT_URL"]
    server.kill()
    server.wait()


def test_workers_read_from_a_store(small_shares, store, tmp_path):
    file = tmp_path / "rows.parquet"
    rows().write_parquet(file, row_group_size=500)
    put(f"{store}/bucket", b"")
    put(f"{store}/bucket/rows.parquet", file.read_bytes())
    url = "s3://bucket/rows.parquet"
    one = mlefit.fit(str(file), FORMULA, family="poisson")
    two = mlefit.fit(url, FORMULA, family="poisson", **TWO)
    assert two.data.source == url
    assert_same(two.coefficients, one.coefficients)
    assert_same(two.fit, one.fit)
    assert predict(url, one, engine="dask").equals(predict(str(file), one))
    with pytest.raises(DataError, match="cannot read s3://bucket/nothing"):
        mlefit.fit("s3://bucket/nothing.parquet", FORMULA, family="poisson", **TWO)


def put(url: str, content: bytes) -> None:
    """Store something, as soon as the store is there."""
    form = {"Content-Type": "application/octet-stream"}
    request = urllib.request.Request(url, content, form, method="PUT")
    for _ in range(300):
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert answer.status == 200
            return
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")
