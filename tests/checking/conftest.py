"""Days and a baseline as files."""

from __future__ import annotations

import pytest

from mlefit.report import document
from tests.checking.days import baseline, day


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The current directory, with a baseline, its day, one like it and one that moved."""
    (tmp_path / "model.json").write_text(document.dumps(baseline()))
    day(1).write_csv(tmp_path / "monday.csv")
    day(2).write_csv(tmp_path / "tuesday.csv")
    day(3, 0.3).write_csv(tmp_path / "wednesday.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path
