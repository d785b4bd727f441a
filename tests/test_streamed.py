"""A fit whose rows pass through a temporary file is the fit of rows in memory."""

from __future__ import annotations

import errno
import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import mlefit
from mlefit import reading, room
from mlefit.design.spill import Spill
from mlefit.errors import DataError, UsageError

N = 6000
_rng = np.random.default_rng(11)


def _table() -> pl.DataFrame:
    x, z = _rng.normal(size=(2, N))
    g = _rng.integers(0, 4, N)
    eta = 0.3 + 0.4 * x - 0.2 * (g == 2)
    gaps = _rng.uniform(size=N) < 0.02
    return pl.DataFrame(
        {
            "y": _rng.poisson(np.exp(eta)),
            "t": np.exp(eta) * _rng.exponential(size=N),
            "u": eta + _rng.normal(size=N),
            "yes": np.where(_rng.uniform(size=N) < 1 / (1 + np.exp(-eta)), "yes", "no"),
            "size": np.array(["low", "mid", "top"])[
                np.digitize(eta + _rng.logistic(size=N), [-0.5, 1.0])
            ],
            "x": [None if gap else value for gap, value in zip(gaps, x, strict=True)],
            "z": z.astype(np.float32),
            "g": [f"level {code}" for code in g],
            "w": _rng.integers(0, 3, N),
            "seen": (_rng.uniform(size=N) < 0.8).astype(int),
            "id": [f"id {code}" for code in _rng.integers(0, 300, N)],
        }
    )


DATA = _table()


@pytest.fixture
def small_runs(monkeypatch):
    """Runs and pieces so short that a small table has many."""
    monkeypatch.setattr(reading, "_MOST_ROWS", 700)
    monkeypatch.setattr(reading, "_FEWEST_ROWS", 700)
    monkeypatch.setattr("mlefit.design.spill._FEWEST_ROWS", 1000)


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("y ~ x + g", {"family": "poisson"}),
        ("y ~ C(g, ref='level 3')*x + log(t)", {"family": "poisson", "where": "z < 1.5"}),
        ("y ~ x + z", {"family": "negbinom", "freq_weights": "w"}),
        ("u ~ x + g", {"family": "normal", "sampling_weights": "w", "se": "HC1"}),
        ("u ~ x", {"family": "normal", "se": "cluster", "cluster": "id"}),
        ("t ~ x + g", {"family": "weibull", "event": "seen"}),
        ("u ~ x", {"family": "normal", "censored_above": 1.0}),
        ("yes ~ x + g", {"family": "bernoulli", "levels": ("yes", "no")}),
        ("size ~ x", {"family": "ordinal"}),
        ("size ~ x + z", {"family": "categorical"}),
        ("u ~ x", {"family": "laplace"}),
        ("u ~ x + z", {"family": "normal", "model": "sigma ~ x", "l2": 1.0}),
        ("u ~ x + z + g", {"family": "normal", "l1": 20.0}),
        ("u ~ x + z", {"family": "normal", "prior": "normal(0, auto)"}),
        ("u ~ x + z", {"family": "normal", "prior": "normal(0, auto)", "cv": 3}),
        ("u ~ x", {"family": "normal", "se": "bootstrap", "replications": 20}),
        ("u ~ x", {"family": "normal", "se": "bootstrap", "cluster": "id", "replications": 20}),
        ("t ~ 1", {"family": "gamma", "gof": True, "replications": 9}),
        ("y ~ .", {"family": "poisson", "where": "id <> 'id 7'"}),
    ],
)
def test_every_answer_is_that_of_rows_in_memory(small_runs, formula, options):
    # a million rows in memory are one run; what is drawn for a row must not depend on the runs
    if "." in formula.split():
        options = {**options, "formula": None, "target": "y", "features": ["x", "z", "g"]}
        formula = options.pop("formula")
    whole = mlefit.fit(DATA, formula, **options)
    streamed = mlefit.fit(DATA, formula, max_memory="1MB", **options)
    assert (whole.certificate.engine, streamed.certificate.engine) == ("memory", "streamed")
    assert streamed.fit.log_likelihood == pytest.approx(whole.fit.log_likelihood, rel=1e-12)
    estimates: list[list[Any]] = [
        [*result.coefficients, *result.parameters] for result in (whole, streamed)
    ]
    for one, other in zip(*estimates, strict=True):
        scale = one.std_error or 1.0
        assert abs(one.estimate - other.estimate) <= 1e-9 * scale, one
        if one.std_error is not None:
            assert other.std_error == pytest.approx(one.std_error, rel=1e-6)
    assert dict(whole.data.rows_dropped) == dict(streamed.data.rows_dropped)
    assert [note for note in streamed.notes if note not in whole.notes] == [streamed.notes[0]]
    assert "the rows pass through a file in" in streamed.notes[0]
    assert whole.warnings == streamed.warnings


DIRTY = "".join(
    f"{i % 4},{'NA' if i % 9 == 2 else (i * 7 % 13) / 4},{'abc'[i % 3]}\n" + "\n" * (i % 11 == 3)
    for i in range(3000)
)


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet", "stdin", "ndjson"])
def test_every_format_is_streamed(small_runs, tmp_path, monkeypatch, request, kind):
    path = tmp_path / f"t.{kind}"
    text = ("y,x,g\n" + DIRTY).encode()
    if kind == "parquet":
        pl.read_csv(text, null_values="NA").drop_nulls("y").write_parquet(path, row_group_size=500)
    elif kind == "ndjson":
        pl.read_csv(text, null_values="NA").drop_nulls("y").write_ndjson(path)
    elif kind == "csv.gz":
        path.write_bytes(gzip.compress(text))
    else:
        path.write_bytes(text)
    whole = mlefit.fit(path, "y ~ x + g", family="poisson", where="x < 3 or g = 'a'")
    data = path
    if kind == "stdin":
        pipe = path.open()
        monkeypatch.setattr("sys.stdin", pipe)
        request.addfinalizer(pipe.close)
        monkeypatch.setattr(room, "of_a_pipe", lambda allowed: 5000)
        data = "-"
    streamed = mlefit.fit(
        data, "y ~ x + g", family="poisson", where="x < 3 or g = 'a'", max_memory="1MB"
    )
    assert streamed.certificate.engine == "streamed"
    assert streamed.data.rows_read == whole.data.rows_read
    assert dict(streamed.data.rows_dropped) == dict(whole.data.rows_dropped)
    for one, other in zip(whole.coefficients, streamed.coefficients, strict=True):
        assert other.estimate == pytest.approx(one.estimate, rel=1e-10)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("500MB", 500e6),
        ("1GB", 1e9),
        ("1.5GiB", 1.5 * 2**30),
        ("2g", 2e9),
        (" 64 mib ", 64 * 2**20),
        ("1e9", None),
        ("500", None),
        ("lots", None),
        ("1iB", None),
        ("-1GB", None),
        ("", None),
    ],
)
def test_a_size_as_people_write_it(text, size):
    if size is None:
        with pytest.raises(UsageError, match="is no size of at least 1MB"):
            room.size(text)
    else:
        assert room.size(text) == size


def group(folder: Path, kind: str, limit: str, used: str, idle: int) -> None:
    names = {
        "v2": ("memory.max", "memory.current", "inactive_file"),
        "v1": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in zip(names[kind], (limit, used), strict=False):
        (folder / name).write_text(text + "\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[kind][2]} {idle}\n")


def test_a_container_has_less_than_the_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "_GROUPS", tmp_path)
    group(tmp_path / "a", "v2", "1000", "600", 100)
    group(tmp_path / "a/b", "v2", "max", "600", 100)
    assert room._left(tmp_path / "a") == 500
    assert room._left(tmp_path / "a/b") is None
    group(tmp_path / "memory", "v1", "2000", "600", 50)
    assert room._left(tmp_path / "memory") == 1450
    assert room._left(tmp_path / "nowhere") is None
    free = room.free()
    assert free is not None
    assert free >= 0


def test_what_is_free_decides_where_nothing_is_said(small_runs, tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    DATA.write_parquet(path)
    monkeypatch.setattr(reading, "_SMALL", 1000)
    need = 6000 * 16 * 1.3
    for free, engine in (
        (need / 0.8 + 10, "memory"),
        (need / 0.8 - 10, "streamed"),
        (None, "memory"),
    ):
        monkeypatch.setattr(room, "free", lambda free=free: free)
        result = mlefit.fit(path, "y ~ x", family="poisson")
        assert result.certificate.engine == engine
    assert mlefit.fit(path, "y ~ x", family="poisson", max_memory="1TB").notes == ()


def test_a_limit_holds_where_nothing_tells_how_many_rows_there_are(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "rows_expected", lambda source: None)
    path = tmp_path / "t.csv"
    DATA.write_csv(path)
    (note,) = mlefit.fit(path, "y ~ z", family="poisson", max_memory="1GB").notes
    assert note.endswith(
        "their number is not known before they are read, and --max-memory allows 1GB"
    )
    assert mlefit.fit(path, "y ~ z", family="poisson").certificate.engine == "memory"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prior": "normal(0, auto)", "cv": 5}, "--cv keeps 48 bytes of each of 6,000 rows"),
        ({"gof": True}, "--gof keeps 48 bytes"),
        ({"se": "bootstrap"}, "--se bootstrap keeps 40 bytes"),
        ({"ci": "bootstrap", "bootstrap": "parametric"}, "--ci bootstrap keeps 40 bytes"),
    ],
)
def test_what_keeps_every_row_is_refused_with_what_it_takes(monkeypatch, options, words):
    monkeypatch.setattr(room, "size", lambda text: 200_000)
    with pytest.raises(UsageError) as caught:
        mlefit.fit(DATA, "u ~ z", family="normal", max_memory="any", **options)
    assert words in caught.value.problem
    assert caught.value.tries[0].startswith("--max-memory 4")


def test_a_few_rows_do_not_keep_all_that_were_read():
    spill = Spill()
    spill.append({"a": pl.Series(np.arange(100.0)), "b": pl.Series(np.arange(100, dtype=np.uint8))})
    spill.change("b", lambda values: values + 0.5)
    columns = spill.columns()
    assert columns.streamed
    assert columns._pieces[0]["a"][5:90:20].tolist() == [5.0, 25.0, 45.0, 65.0, 85.0]
    assert columns._pieces[0]["a"][::20].base is None
    assert columns.whole("b").tolist() == (np.arange(100) + 0.5).tolist()
    some = columns.kept(np.arange(100) % 3 == 1)
    assert some._pieces[0]["a"][1:4].tolist() == [4.0, 7.0, 10.0]
    assert some._pieces[0]["a"][3:3].tolist() == []
    assert some.rows == 33


def test_many_rows_that_are_spaced_stay_in_the_file(monkeypatch):
    monkeypatch.setattr("mlefit.design.spill._FEWEST_ROWS", 7)
    spill = Spill()
    for start in range(0, 100, 10):
        spill.append({"a": pl.Series(np.arange(start, start + 10.0))})
    copied = spill.columns().every(3)
    monkeypatch.setattr("mlefit.design.columns._MOST_COPIED", 5)
    spaced = spill.columns().every(3)
    assert (copied.streamed, spaced.streamed) == (False, True)
    assert spaced.rows == copied.rows == 34
    assert (spaced.whole("a") == copied.whole("a")).all()
    assert spaced._pieces[1]["a"][1:3].tolist() == [15.0, 18.0]
    assert spaced.thinned("a", 2).tolist() == copied.whole("a")[::2].tolist()


def test_a_full_disk_is_told_before_and_while_it_fills(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    spill = Spill()
    assert spill.folder == str(tmp_path)
    with pytest.raises(DataError, match="no room for the rows in") as caught:
        spill.require(10**18)
    assert caught.value.tries[0].startswith("TMPDIR=")

    def full(*arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(DataError, match=r"is full after 0\.0 GB"):
        mlefit.fit(DATA, "u ~ z", family="normal", max_memory="1MB")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("tempfile._get_default_tempdir", lambda: str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="no temporary file can be made in"):
        Spill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_of_the_file_however_it_ends(tmp_path, number):
    path = tmp_path / "t.parquet"
    pl.concat([DATA] * 20).write_parquet(path)
    folder = tmp_path / "temporary"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "mlefit", "fit", str(path), "u ~ x + z", "-F", "student",
         "--max-memory", "100MB", "--se", "bootstrap", "-v"],
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if "log-likelihood" in line:
            break
    held = [str(one.readlink()) for one in Path(f"/proc/{process.pid}/fd").iterdir()]
    assert any(one.startswith(str(folder)) and one.endswith("(deleted)") for one in held)
    assert list(folder.iterdir()) == []
    process.send_signal(number)
    process.communicate(timeout=30)
    assert list(folder.iterdir()) == []
