"""What happens around a real fit: signals, limits of memory, disks that fill, files that change."""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlefit.errors import DataError
from mlefit.source import open_source, read_rows

ROOT = Path(__file__).parents[2]
ROWS = 1_000_000


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A million rows, large enough that a fit takes a second."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(ROWS, 3))
    frame = pl.DataFrame(
        {"y": rng.poisson(np.exp(0.3 + 0.2 * x[:, 0])), "a": x[:, 0], "b": x[:, 1]}
    )
    path = tmp_path_factory.mktemp("data") / "large.csv"
    frame.write_csv(path)
    return path


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text("y,a\n" + "".join(f"{k % 5 + k % 3},{k % 7}\n" for k in range(60)))
    return path


@pytest.fixture
def inside(tmp_path):
    (tmp_path / "inside").mkdir()
    return tmp_path / "inside"


@pytest.mark.parametrize("seed", range(8))
def test_a_signal_at_any_moment_leaves_all_or_nothing(large, inside, seed):
    rng = random.Random(seed)
    number = (signal.SIGINT, signal.SIGTERM)[seed % 2]
    process = start(large, "y ~ a + b", "-q", "-o", "m.json", cwd=inside)
    time.sleep(rng.uniform(0.25, 1.5))
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    left = {path.name for path in inside.iterdir()}
    # After its last line of Python the interpreter no longer listens.
    if process.returncode in (0, -number):
        assert left <= {"m.json"}
        assert not left or json.loads((inside / "m.json").read_text())["schema"]
        assert err in (b"", b"error: interrupted\n", b"error: terminated\n")
    else:
        sentence = {130: b"error: interrupted\n", 143: b"error: terminated\n"}
        assert process.returncode == 128 + number
        assert err == sentence[process.returncode]
        assert left == set()


# just below what is enough polars may wait for a thread that never starts, so the limits are tight
@pytest.mark.parametrize("megabytes", [60, 150, 250])
def test_a_memory_limit_is_one_sentence(large, inside, megabytes):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    process = start(large, "y ~ a + b", "-q", "-o", "m.json", cwd=inside, preexec_fn=limit)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, b""), err
    assert err.startswith(b"error: not enough memory")
    assert len(err.splitlines()) <= 2
    assert list(inside.iterdir()) == []


@pytest.mark.parametrize("arguments", [("y ~ a",), ("y ~ nowhere",), ("y ~ a", "--max-iter", "1")])
def test_a_limit_that_is_wide_enough_changes_nothing(small, inside, arguments):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (64 << 30, 64 << 30))

    free = start(small, *arguments, cwd=inside)
    limited = start(small, *arguments, cwd=inside, preexec_fn=limit)
    assert limited.communicate(timeout=60) == free.communicate(timeout=60)
    assert limited.returncode == free.returncode


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_a_fit_under_a_limit(large, inside, number):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (64 << 30, 64 << 30))

    process = start(large, "y ~ a + b", "-q", cwd=inside, preexec_fn=limit)
    time.sleep(0.5)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 128 + number


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_a_full_disk_behind_stdout(small, inside, form):
    with Path("/dev/full").open("wb") as full:
        process = start(small, "y ~ a", "-f", form, cwd=inside, stdout=full)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert err == b"error: cannot write to standard output: No space left on device\n"


def test_an_output_file_that_cannot_grow_keeps_what_was_there(small, inside):
    (inside / "m.json").write_text("{}")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))

    process = start(small, "y ~ a", "-q", "-o", "m.json", cwd=inside, preexec_fn=limit)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (3, b"error: cannot write 'm.json': File too large\n")
    assert [path.name for path in inside.iterdir()] == ["m.json"]
    assert (inside / "m.json").read_text() == "{}"


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("nowhere/m.json", "no directory"),
        ("small.csv/m.json", "no directory"),
        ("/dev/full", "cannot tell a format"),
        ("inside", "cannot tell a format"),
        ("m.exe", "cannot tell a format"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_work(small, tmp_path, output, said):
    (tmp_path / "inside").mkdir()
    process = start(small, "y ~ a", "-o", output, cwd=tmp_path)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, b"")
    assert said in err.decode()


def test_a_reader_that_leaves_early_keeps_the_verdict(small, inside):
    reader, writer = os.pipe()
    process = start(small, "y ~ a", "-f", "json", cwd=inside, stdout=writer)
    os.close(writer)
    os.read(reader, 1)
    os.close(reader)
    assert process.communicate(timeout=60)[1] == b""
    assert process.returncode == 0


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_standard_stream_may_be_closed(small, inside, closed):
    process = start(
        small, "y ~ a", "-q", "-o", "m.json", cwd=inside, preexec_fn=lambda: os.close(closed)
    )
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads((inside / "m.json").read_text())["schema"]


def test_closed_standard_input_is_no_data(inside):
    process = start("-", "y ~ a", cwd=inside, preexec_fn=lambda: os.close(0))
    _, err = process.communicate(timeout=60)
    assert process.returncode in (2, 3)
    assert err.startswith(b"error: ")


@pytest.mark.parametrize("form", ["csv", "parquet", "ipc", "ndjson"])
@pytest.mark.parametrize("change", ["deleted", "emptied", "cut", "other columns", "other bytes"])
def test_a_file_that_changes_after_it_was_opened(tmp_path, form, change):
    path = tmp_path / f"t.{form}"
    frame = pl.DataFrame({"a": [float(k) for k in range(3000)], "b": ["x"] * 3000})
    write(frame, path, form)
    source = open_source(path)
    match change:
        case "deleted":
            path.unlink()
        case "emptied":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(path.read_bytes()[:-41])
        case "other columns":
            write(pl.DataFrame({"c": [1, 2], "d": [3, 4]}), path, form)
        case "other bytes":
            path.write_bytes(bytes(range(256)) * 20)
    read = 0
    with contextlib.suppress(DataError):
        read = read_rows(source, ["a", "b"], missing="error").ledger.read
    # Cut at the end of a row, a text is a shorter text; a footer may have been read before.
    assert read == 0 or change == "cut"


def write(frame, path, form):
    getattr(frame, f"write_{form}")(path)


def start(data, *arguments, cwd, **popen):
    """A fit in a process of its own."""
    usual = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-m", "mlefit", "fit", str(data), *arguments, "-F", "poisson"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=cwd, env=environ, **(usual | popen))
