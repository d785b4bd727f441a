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
from concurrent.futures import ThreadPoolExecutor
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


# The pool remembers a thread after it has started it; here the signal comes in between.
STRUCK = """
import concurrent.futures.thread, os, signal, weakref

class Struck(weakref.WeakKeyDictionary):
    def __setitem__(self, thread, queue):
        os.kill(os.getpid(), signal.SIGTERM)

concurrent.futures.thread._threads_queues = Struck()
"""


def test_a_thread_that_nobody_tells_to_end_is_not_waited_for(large, inside):
    (inside / "sitecustomize.py").write_text(STRUCK)
    path = f"{inside}{os.pathsep}{ROOT}"
    process = start(large, "y ~ a + b", "--threads", "2", cwd=inside, modules=path)
    try:
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (143, b"", b"error: terminated\n")


def limited_to(megabytes):
    """What a process does first to have no more address space."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    return limit


def test_under_a_memory_limit_a_fit_is_whole_or_one_sentence(large, tmp_path):
    def fitted(megabytes):
        folder = tmp_path / str(megabytes)
        folder.mkdir()
        process = start(
            large,
            *("y ~ a + b", "-q", "-o", "m.json"),
            cwd=folder,
            preexec_fn=limited_to(megabytes),
        )
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        return megabytes, process.returncode, out, err, list(folder.iterdir())

    free = start(large, "y ~ a + b", "-q", "-f", "json", cwd=tmp_path)
    expected = json.loads(free.communicate(timeout=60)[0])["coefficients"]
    with ThreadPoolExecutor(2) as pool:
        for megabytes, code, out, err, left in pool.map(fitted, (60, *range(100, 1301, 100))):
            assert out == b""
            if code == 0:
                found = json.loads(left[0].read_text())["coefficients"]
                assert (found, err, len(left)) == (expected, b"", 1), megabytes
            else:
                assert code == 3, (megabytes, err)
                assert err.startswith(b"error: not enough memory"), megabytes
                assert len(err.splitlines()) <= 2
                assert left == [], megabytes


# the child of a limit that is told to be found hanging after a second
IMPATIENT = "from mlefit import memory; memory.PATIENCE = 1; "


@pytest.mark.parametrize(
    ("work", "code"),
    [
        ("threading.Event().wait()", 3),
        ("z, b = open('/dev/zero', 'rb', 0), bytearray(1 << 22)\nwhile 1: z.readinto(b)", 3),
        ("with memory.patient(): time.sleep(2.5)", 0),
        ("memory.expect_network(); time.sleep(2.5)", 0),
        ("end = time.time() + 2.5\nwhile time.time() < end: pass", 0),
    ],
    ids=[
        "hangs",
        "asks the system for ever",
        "waits for a pipe",
        "waits for a network",
        "computes",
    ],
)
def test_only_what_hangs_is_ended(inside, work, code):
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"{IMPATIENT}import threading, time; memory.supervise(1 << 30)\n{work}",
        ],
        cwd=inside,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )
    _, err = process.communicate(timeout=20)
    said = b"error: not enough memory: the limit is 1,024 MB (ulimit -v)\n"
    assert (process.returncode, err) == (code, said if code else b"")


@pytest.mark.parametrize("way", ["stdin", "named pipe"])
def test_a_slow_pipe_is_waited_for_under_a_limit(small, inside, way):
    lines = small.read_text().splitlines(keepends=True)
    os.mkfifo(inside / "slow.csv")
    reader, writer = os.pipe()
    command = IMPATIENT + "from mlefit.__main__ import run; run()"
    data = "-" if way == "stdin" else "slow.csv"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "fit", data, "y ~ a", "-F", "poisson", "-f", "json"],
        cwd=inside,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=reader,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=limited_to(3000),
    )
    sink = os.fdopen(writer, "w") if way == "stdin" else (inside / "slow.csv").open("w")
    os.close(reader)
    with sink:
        for part in (lines[:20], lines[20:]):
            sink.writelines(part)
            sink.flush()
            time.sleep(1.8)
    if way != "stdin":
        os.close(writer)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert json.loads(out)["data"]["rows_used"] == 60


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_who_is_killed_under_a_limit_leaves_nobody_behind(large, inside):
    process = start(large, "y ~ a + b", "-q", cwd=inside, preexec_fn=limited_to(64 << 10))
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not (child := children.read_text().split()):
        time.sleep(0.01)
    time.sleep(0.3)
    process.kill()
    process.communicate(timeout=5)
    end = time.monotonic() + 5
    while not is_ended(child[0]):
        assert time.monotonic() < end
        time.sleep(0.01)


def is_ended(process):
    """Whether a process is a zombie, or not even that."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("arguments", [("y ~ a",), ("y ~ nowhere",), ("y ~ a", "--max-iter", "1")])
def test_a_limit_that_is_wide_enough_changes_nothing(small, inside, arguments):
    free = start(small, *arguments, cwd=inside)
    limited = start(small, *arguments, cwd=inside, preexec_fn=limited_to(64 << 10))
    assert limited.communicate(timeout=60) == free.communicate(timeout=60)
    assert limited.returncode == free.returncode


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_a_fit_under_a_limit(large, inside, number):
    process = start(large, "y ~ a + b", "-q", cwd=inside, preexec_fn=limited_to(64 << 10))
    time.sleep(0.5)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 128 + number


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_a_library_turns_into_another_error_is_still_one(number):
    program = f"""
import os, time
import mlefit.cli
from mlefit.__main__ import run

def app():
    try:
        os.kill(os.getpid(), {int(number)})
        time.sleep(5)
    except BaseException as error:
        raise SystemError("a call returned a result with an exception set") from error

mlefit.cli.app = app
run()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 128 + number
    assert done.stderr in ("error: interrupted\n", "error: terminated\n")


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


def start(data, *arguments, cwd, modules=str(ROOT), **popen):
    """A fit in a process of its own."""
    usual = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-m", "mlefit", "fit", str(data), *arguments, "-F", "poisson"]
    environ = {**os.environ, "PYTHONPATH": modules}
    return subprocess.Popen(command, cwd=cwd, env=environ, **(usual | popen))
