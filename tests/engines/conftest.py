"""One local cluster of two workers for all tests, and shares small enough to be several."""

from __future__ import annotations

import pytest

from mlefit.engines import shares, site


@pytest.fixture(scope="session")
def workers():
    return site("dask", threads=2)


@pytest.fixture
def several(workers, monkeypatch):
    """The workers, each of which gets two shares even of a small table."""
    monkeypatch.setattr(shares, "LEAST_ROWS", 10)
    return workers
