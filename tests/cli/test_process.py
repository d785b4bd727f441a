"""What only a real process shows: closed pipes, signals, full disks, bugs."""

from __future__ import annotations

import contextlib
import os
import pickle
import pty
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

# The core is replaced inside the child: these tests are about the shell around it.
PROLOGUE = """
import os, pathlib, pickle, sys, time, types
import mlefit
good, bad = pickle.loads(pathlib.Path({results!r}).read_bytes())
sys.argv = ["mlefit", *{arguments!r}]
core = types.ModuleType("mlefit.fitting")
sys.modules["mlefit.fitting"] = mlefit.fitting = core
def run(request, log, progress):
{body}
core.run = run
from mlefit.__main__ import run
run()
"""
ROOT = Path(__file__).parents[2]
FIT = ("fit", "d.csv", "y ~ 1", "-F", "poisson")


@pytest.fixture
def child(tmp_path, poisson_result, odd_result):
    """Start a process whose core runs `body`; `results` holds the two hand-made ones."""
    results = tmp_path / "results"
    results.write_bytes(pickle.dumps((poisson_result, odd_result)))
    inside = tmp_path / "inside"
    inside.mkdir()

    def start(body: str, *arguments: str, **popen) -> subprocess.Popen[bytes]:
        source = PROLOGUE.format(
            arguments=arguments,
            results=str(results),
            body=textwrap.indent(textwrap.dedent(body), "    "),
        )
        usual = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": inside}
        popen = usual | {"env": environment()} | popen
        return subprocess.Popen([sys.executable, "-c", source], stdin=subprocess.DEVNULL, **popen)

    return start


def environment(**variables: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **variables}


def finished(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, (out or b"").decode(), (err or b"").decode()


@pytest.mark.parametrize(("answer", "code"), [("good", 0), ("bad", 4)])
def test_a_closed_pipe_keeps_the_verdict(child, answer, code):
    reader, writer = os.pipe()
    os.close(reader)
    process = child(f"return {answer}", *FIT, "-q", stdout=writer)
    os.close(writer)
    assert finished(process)[0] == code
    assert "Broken" not in finished(process)[2]


@pytest.mark.parametrize("arguments", [("--help",), ("fit", "--help"), ("--version",)])
def test_help_that_nobody_reads_is_no_failure(child, arguments):
    reader, writer = os.pipe()
    os.close(reader)
    process = child("return good", *arguments, stdout=writer)
    os.close(writer)
    code, _, err = finished(process)
    assert (code, err) == (0, "")


def test_an_error_that_nobody_reads_keeps_its_code(child):
    reader, writer = os.pipe()
    os.close(reader)
    process = child("raise ValueError", "fit", "--wrong", stderr=writer)
    os.close(writer)
    assert finished(process)[:2] == (2, "")


def test_standard_output_may_be_closed_from_the_start(child):
    process = child("return good", *FIT, stdout=None, preexec_fn=lambda: os.close(1))
    code, _, err = finished(process)
    assert (code, err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_one_sentence(child):
    with Path("/dev/full").open("wb") as full:
        code, _, err = finished(child("return good", *FIT, stdout=full))
    assert (code, err) == (3, "error: cannot write to standard output: No space left on device\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [("--help",), ("fit", "--help"), ("--version",)])
def test_a_full_disk_behind_help_is_one_sentence(child, arguments):
    with Path("/dev/full").open("wb") as full:
        code, _, err = finished(child("return good", *arguments, stdout=full))
    assert (code, err) == (3, "error: cannot write to standard output: No space left on device\n")


def test_a_full_disk_behind_an_output_file_leaves_no_file(child, tmp_path):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    process = child("return good", *FIT, "-q", "-o", "model.json", preexec_fn=limit)
    assert finished(process) == (3, "", "error: cannot write 'model.json': File too large\n")
    assert list((tmp_path / "inside").iterdir()) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_has_its_code_and_leaves_no_file(child, tmp_path, number, code):
    body = f"""
        from mlefit.report import files
        def interrupted(file): os.kill(os.getpid(), {int(number)}); time.sleep(10)
        os.fsync = interrupted
        return good
    """
    process = child(body, *FIT, "-q", "-o", "model.json")
    said = {130: "error: interrupted\n", 143: "error: terminated\n"}[code]
    assert finished(process) == (code, "", said)
    assert list((tmp_path / "inside").iterdir()) == []


def test_a_bug_is_one_line_and_exits_70(child):
    code, out, err = finished(child("return 1 / 0", *FIT))
    assert (code, out) == (70, "")
    assert err == (
        "error: internal error: ZeroDivisionError: division by zero\n"
        "  run again with --debug for the traceback\n"
    )


def test_debug_shows_the_traceback_of_a_bug(child):
    code, out, err = finished(child("return 1 / 0", *FIT, "--debug"))
    assert (code, out) == (70, "")
    assert err.startswith("Traceback (most recent call last):")


def test_blas_gets_one_thread_unless_told_otherwise(child):
    body = """
        print(os.environ["OPENBLAS_NUM_THREADS"], os.environ["OMP_NUM_THREADS"])
        return good
    """
    environ = environment(OMP_NUM_THREADS="7")
    environ.pop("OPENBLAS_NUM_THREADS", None)
    code, out, err = finished(child(body, *FIT, env=environ))
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "1 7"


def test_an_output_that_lacks_the_signs_gets_ascii(child):
    environ = environment(PYTHONIOENCODING="latin-1")
    process = child("return good", *FIT, env=environ)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert out.decode("latin-1").startswith("Poisson regression \xb7 visits")
    environ["PYTHONIOENCODING"] = "ascii"
    out = child("return good", *FIT, env=environ).communicate(timeout=60)[0]
    assert out.startswith(b"Poisson regression | visits")


SHOWS = """
import mlefit.report.progress as shown
shown._PATIENCE = shown._BETWEEN = 0
progress("passes, rows", 500, 2000)
"""


@pytest.fixture
def screen():
    """A terminal for the standard error of a child, and what it has shown at the end."""
    master, slave = pty.openpty()

    def shown() -> str:
        os.close(slave)
        said = b""
        with contextlib.suppress(OSError):  # Linux's word for a terminal that nobody writes to
            while more := os.read(master, 4096):
                said += more
        return said.decode()

    yield slave, shown
    os.close(master)


def test_a_terminal_shows_progress_and_nothing_of_it_is_left(child, screen):
    slave, shown = screen
    process = child(f"{SHOWS}\nreturn good", *FIT, stderr=slave, env=environment(TERM="xterm"))
    code, out, _ = finished(process)
    assert code == 0
    assert out.startswith("Poisson regression")
    assert shown() == f"\rpasses: 25% of 2,000 rows\r{27 * ' '}\r"


def test_an_interruption_takes_the_progress_away(child, screen):
    slave, shown = screen
    body = f"{SHOWS}\nos.kill(os.getpid(), 2)"
    process = child(body, *FIT, stderr=slave, env=environment(TERM="xterm"))
    assert finished(process)[0] == 130
    assert shown() == f"\rpasses: 25% of 2,000 rows\r{27 * ' '}\rerror: interrupted\r\n"


@pytest.mark.parametrize(
    ("options", "variables"), [((), {"TERM": "dumb"}), (("-q",), {"TERM": "xterm"})]
)
def test_no_progress_where_it_cannot_or_shall_not_be(child, screen, options, variables):
    slave, shown = screen
    body = f"{SHOWS}\nreturn good"
    process = child(body, *FIT, *options, stderr=slave, env=environment(**variables))
    finished(process)
    assert shown() == ""


def test_no_progress_in_a_pipe(child):
    assert finished(child(f"{SHOWS}\nreturn good", *FIT))[2] == ""
