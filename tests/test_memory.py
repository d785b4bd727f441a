"""A fit needs a few blocks of memory beside the columns themselves."""

from __future__ import annotations

import tracemalloc

import numpy as np
import polars as pl
import pytest

from mlefit.fitting import fit

ROWS, COLUMNS = 1_000_000, 12


@pytest.mark.parametrize("family", ["poisson", "normal", "bernoulli"])
def test_no_array_of_the_datas_size_is_made(family):
    rng = np.random.default_rng(1)
    frame = pl.DataFrame({f"x{j}": rng.normal(size=ROWS) for j in range(COLUMNS)})
    frame = frame.with_columns(y=pl.Series(rng.integers(0, 2, ROWS).astype(float)))
    fit(frame.head(1000), "y ~ .", family=family)  # imports and tables are not counted
    tracemalloc.start()
    fit(frame, "y ~ .", family=family, threads=2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # two threads with a block of each column, its weighted copy and some rows of work: at most
    # 40 MB, where the columns are 96 MB
    assert peak < 50e6
