"""Two commands, whole process, in turn: the machine's mood is the same for both.

Wall clock from start to exit, processor time and peak memory as the operating system counts
them for the finished process. The ratio is taken pair by pair and its median is printed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A command and what the table calls it."""

    name: str
    words: Sequence[str]


@dataclass(frozen=True)
class Run:
    """One finished process: seconds on the clock, of the processors, and peak megabytes."""

    wall: float
    cpu: float
    peak: float


def compare(title: str, ours: Command, theirs: Command, *, runs: int) -> float:
    """Run both in turn after a warm-up, print a table, return the median ratio theirs / ours."""
    run(ours)
    run(theirs)
    pairs = [(run(ours), run(theirs)) for _ in range(runs)]
    print(f"\n{title}")
    print(f"  {'':32}{'wall s':>9}{'cpu s':>9}{'peak MB':>9}")
    for command, side in ((ours, 0), (theirs, 1)):
        wall, cpu, peak = (
            statistics.median(getattr(pair[side], what) for pair in pairs)
            for what in ("wall", "cpu", "peak")
        )
        print(f"  {command.name:32}{wall:9.2f}{cpu:9.2f}{peak:9.0f}")
    ratio = statistics.median(b.wall / a.wall for a, b in pairs)
    work = statistics.median(b.cpu / a.cpu for a, b in pairs)
    print(f"  {theirs.name} / {ours.name}: {ratio:.2f} by the clock, {work:.2f} by processor time")
    return ratio


def run(command: Command) -> Run:
    """Run a command to its end.

    Raises:
        SystemExit: it failed; its own words say why.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        command.words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    words = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command.words)}\n{words.decode(errors='replace')}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
