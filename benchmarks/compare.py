"""Commands as whole processes, in turn: the machine's mood is the same for all.

Wall clock from start to exit, processor time and peak memory as the operating system counts
them for the finished process. Linux hands a child the peak memory of the process that starts it,
so who runs these must stay small: data are made by a process of their own.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO


class FailedError(Exception):
    """A command ended with another code than 0; its own last words say why."""


@dataclass(frozen=True)
class Run:
    """One finished process: seconds on the clock, of the processors, peak megabytes, its words."""

    wall: float
    cpu: float
    peak: float
    output: str


@dataclass(frozen=True)
class Median:
    """Medians of the runs of one command, and of the ratios to the first command's, in pairs."""

    wall: float
    cpu: float
    peak: float
    wall_ratio: float
    cpu_ratio: float
    peak_ratio: float


def in_turn(commands: Sequence[Sequence[str]], *, runs: int) -> list[Median]:
    """Run every command, then all again, `runs` times; a ratio is taken within its round."""
    rounds = [[run(words) for words in commands] for _ in range(runs)]
    return [
        summary([row[0] for row in rounds], list(column)) for column in zip(*rounds, strict=True)
    ]


def summary(first: Sequence[Run], runs: Sequence[Run]) -> Median:
    """Medians of `runs` and of what they cost as a multiple of their partners in `first`."""
    pairs = list(zip(first, runs, strict=True))
    return Median(
        wall=statistics.median(b.wall for b in runs),
        cpu=statistics.median(b.cpu for b in runs),
        peak=statistics.median(b.peak for b in runs),
        wall_ratio=statistics.median(b.wall / a.wall for a, b in pairs),
        cpu_ratio=statistics.median(b.cpu / a.cpu for a, b in pairs),
        peak_ratio=statistics.median(b.peak / a.peak for a, b in pairs),
    )


def run(words: Sequence[str]) -> Run:
    """Run a command to its end.

    Raises:
        FailedError: it failed or cannot be started.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        try:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=_environment()
            )
        except OSError as error:
            raise FailedError(f"{words[0]}: {error.strerror}") from error
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            # gretl says it on stdout; of R's and Python's words the last lines are the reason
            said = (text(err).strip() or text(out).strip() or "without a word").splitlines()[-2:]
            reason = " ".join(line.strip() for line in said)
            raise FailedError(f"exit code {process.returncode}: {reason}")
        return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text(out))


def _environment() -> dict[str, str]:
    """Ours, in which Python keeps what it compiled, as it does for an installed program."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def text(file: IO[bytes]) -> str:
    """All of a file that a process wrote."""
    file.seek(0)
    return file.read().decode(errors="replace")
