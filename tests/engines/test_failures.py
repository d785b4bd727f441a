"""A scheduler and workers in processes of their own, and what becomes of a fit without them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from distributed import Client

import mlefit
from mlefit.engines import cluster, shares, site
from mlefit.errors import DataError, ExitCode, UsageError
from mlefit.fitting import prepare
from mlefit.request import Request
from tests.engines.test_dask import assert_same


@dataclass
class Apart:
    """A scheduler with two workers."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]


def started(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def apart(tmp_path):
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    here = "--host", "127.0.0.1", "--no-dashboard"
    scheduler = started("dask_scheduler", *here, "--port", str(port))
    one = "--no-nanny", "--nthreads", "1", "--local-directory", str(tmp_path)
    workers = [started("dask_worker", address, *here, *one) for _ in range(2)]
    with Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    yield Apart(address, scheduler, workers)
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def rows(count: int = 4000) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    x = rng.normal(size=count)
    return pl.DataFrame({"x": x, "y": rng.poisson(np.exp(0.3 * x))})


def test_the_fit_goes_on_without_a_worker_and_not_without_a_scheduler(apart, monkeypatch, tmp_path):
    monkeypatch.setattr(shares, "LEAST_ROWS", 10)
    data, file = rows(), tmp_path / "rows.parquet"
    data.write_parquet(file)
    there = {"engine": "dask", "scheduler": apart.address}
    sent, read = (
        prepare(Request(data=one, formula="y ~ x", family="poisson", **there)).engine
        for one in (data, str(file))
    )
    sent, read = (one.with_predictors([]) for one in (sent, read))

    def slowly(block):
        import time

        time.sleep(0.2)
        return block.y.sum()

    def more_slowly(block):
        import time

        time.sleep(10)
        return block.y.sum()

    assert read.total(lambda block: block.y.sum()) == data["y"].sum()
    threading.Timer(0.3, lambda: os.kill(apart.workers[0].pid, signal.SIGKILL)).start()
    assert sent.total(slowly) == data["y"].sum()
    assert read.total(slowly) == data["y"].sum()
    kept = sent.kept(np.arange(len(data)) < 100)
    assert kept.total(lambda block: block.y.sum()) == data["y"][:100].sum()
    here = mlefit.fit(data, "y ~ x", family="poisson")
    assert_same(mlefit.fit(data, "y ~ x", family="poisson", **there), here)

    threading.Timer(0.3, apart.scheduler.kill).start()
    with pytest.raises(DataError, match=f"the scheduler at {apart.address} is gone"):
        sent.total(more_slowly)
    monkeypatch.setattr(cluster, "_ANSWERS_WITHIN", 1)
    with pytest.raises(UsageError, match="no scheduler answers"):
        mlefit.fit(data, "y ~ x", family="poisson", **there)


def test_the_command_line_tells_of_a_scheduler_that_dies(apart, tmp_path):
    file = tmp_path / "rows.csv"
    rows(200_000).write_csv(file)
    run = begun(file, "--scheduler", apart.address)
    apart.scheduler.kill()
    out, err = run.communicate(timeout=60)
    assert run.returncode == ExitCode.DATA
    assert out == ""
    last = [line for line in err.splitlines() if not line.startswith(("step", "a step"))]
    assert last[0].startswith(f"error: the scheduler at {apart.address} is gone")
    assert "Traceback" not in err


def test_ctrl_c_ends_the_local_cluster_too(tmp_path):
    file = tmp_path / "rows.csv"
    rows(200_000).write_csv(file)
    run = begun(file, "--threads", "2")
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does it
    out, err = run.communicate(timeout=60)
    assert run.returncode == ExitCode.INTERRUPTED
    assert out == ""
    assert err.splitlines()[-1] == "error: interrupted"
    assert "Traceback" not in err
    deadline = time.monotonic() + 30
    while processes_of(run.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not processes_of(run.pid)


def begun(file: Path, *options: str) -> subprocess.Popen[str]:
    """A fit on the command line that will not end soon, and is past its start."""
    command = f"-m mlefit fit {file} y~x -F poisson --engine dask -v"
    draws = "--se bootstrap --replications 9999"
    run = subprocess.Popen(
        [sys.executable, *command.split(), *draws.split(), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stderr is not None
    for line in run.stderr:
        if line.startswith("start from"):
            return run
    raise AssertionError(run.communicate())


def processes_of(group: int) -> list[int]:
    """The processes that are left of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:1", "nonsense", "tcp://", "http://[", "tcp://127.0.0.1:port"]
)
def test_an_address_where_nobody_answers(address, monkeypatch):
    monkeypatch.setattr(cluster, "_ANSWERS_WITHIN", 1)
    with pytest.raises(UsageError, match="no scheduler"):
        site("dask", address)


def test_a_scheduler_is_for_a_cluster():
    with pytest.raises(UsageError, match="--scheduler names a cluster") as refused:
        site("local", "tcp://here:1")
    assert refused.value.tries == ("--engine dask --scheduler tcp://here:1",)


def test_an_engine_that_there_is_not():
    with pytest.raises(UsageError, match="no engine 'desk'") as refused:
        site("desk")
    assert refused.value.tries == ("--engine dask",)


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="not installed") as refused:
        site("dask")
    assert refused.value.tries == ("pip install 'mlefit[dask]'",)


@pytest.mark.parametrize(
    ("worker", "words"),
    [
        ({"python": "3.9.1", "mlefit": mlefit.__version__}, "runs Python 3.9, and this is Python"),
        ({"python": sys.version.split()[0], "mlefit": "0.0.1"}, "runs mlefit 0.0.1, and this is"),
        ({"python": sys.version.split()[0], "mlefit": None}, "has no mlefit, and this is mlefit"),
    ],
)
def test_workers_that_are_not_alike_are_refused(worker, words):
    versions = {"host": {"python": worker["python"]}, "packages": {"mlefit": worker["mlefit"]}}
    with pytest.raises(DataError, match=words):
        cluster.require_alike({"tcp://there:1": versions}, "tcp://there:0")
