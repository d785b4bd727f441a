"""Workloads against other programs, whole process from start to exit.

    python benchmarks/run.py poisson20.parquet logit50 --runs 5
    python benchmarks/run.py --scale 0.01

A workload without a format is run in those that have a target; without a workload all are. Every
command runs once to warm up, and there the answers are compared; then all run in turn, `--runs`
times. At scale 1 the result is kept in results.json, and results.md is written from all kept ones.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from dataclasses import replace
from datetime import date
from importlib.metadata import version as metadata
from pathlib import Path

import answers
import record
import registry
from compare import FailedError, in_turn, run
from record import Result, Row
from workloads import CSV, FLOOR, MLEFIT, PARQUET, WORKLOADS, Workload


def main() -> int:
    """Run what is asked; 1 if mlefit or a peer fails, or their answers differ."""
    asked = arguments()
    faults = False
    for name, form in chosen(asked.workload):
        try:
            result = measure(name, form, asked)
        except FailedError as error:
            raise SystemExit(f"{name}.{form}, after it had run before: {error}") from error
        print(record.section(result), flush=True)
        faults |= any(row.fault for row in result.rows if row.version)
        if asked.scale == 1:
            record.keep(result)
    return int(faults)


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workload", nargs="*", help=" ".join(WORKLOADS))
    parser.add_argument("--peer", action="append", help="instead of the workload's own; repeatable")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1, help="times the rows")
    cache = Path(tempfile.gettempdir()) / "mlefit-benchmarks"
    parser.add_argument("--folder", type=Path, default=cache, help=f"of the data: {cache}")
    parser.add_argument(
        "--python", action="append", help="that has peers in Python; repeatable, the first counts"
    )
    return parser.parse_args()


def chosen(words: list[str]) -> list[tuple[str, str]]:
    """Names and formats.

    Raises:
        SystemExit: there is no such workload or format.
    """
    found = []
    for word in words or WORKLOADS:
        name, _, form = word.partition(".")
        if name not in WORKLOADS:
            raise SystemExit(f"no workload {name}; there are {', '.join(WORKLOADS)}")
        if form not in ("", CSV, PARQUET):
            raise SystemExit(f"no format {form}; there are {CSV} and {PARQUET}")
        found += [(name, form)] if form else [(name, known) for known in WORKLOADS[name].targets]
    return found


def measure(name: str, form: str, asked: argparse.Namespace) -> Result:
    """Make the data, compare the answers, then take the times of all that answered alike."""
    workload = WORKLOADS[name]
    size = workload.scaled(asked.scale)
    ours = workload.command(workload.file(asked.folder, form, size), size)
    rows, commands = [], {}
    load = os.getloadavg()[0]  # of others: nothing of this runs yet
    try:
        version = run([*MLEFIT, "--version"]).output.strip()
        answer = answers.ours(run([*ours, "--format", "json"]).output)
        run(ours)
    except FailedError as error:
        rows.append(Row("mlefit", "mlefit", fault=str(error)))
    else:
        rows.append(Row("mlefit", version, "yes"))
        commands["mlefit"] = ours
        for peer in asked.peer or workload.peers:
            row, command = meet(peer, workload, form, size, answer, asked)
            rows.append(row)
            if row.difference is not None:
                commands[peer] = command
        if workload.floored:
            rows.append(Row(FLOOR.stem, record.FLOOR_WORDS))
            data = workload.file(asked.folder, form, size)
            commands[FLOOR.stem] = [sys.executable, str(FLOOR), str(data)]
    took = dict(zip(commands, in_turn(list(commands.values()), runs=asked.runs), strict=True))
    return Result(
        workload=name,
        form=form,
        data_rows=size,
        runs=asked.runs,
        date=date.today().isoformat(),
        machine=machine(),
        load=load,
        rows=[replace(row, took=took.get(row.program)) for row in rows],
    )


def meet(
    name: str,
    workload: Workload,
    form: str,
    size: int,
    answer: answers.Answer,
    asked: argparse.Namespace,
) -> tuple[Row, list[str]]:
    """A peer's row but for its times, and its command: it is warm, and its answer compared."""
    known = registry.find(workload.kind)
    if name not in known:
        there = ", ".join(known)
        return Row(name, fault=f"no script for {workload.kind}; there are {there}"), []
    peer = known[name]
    try:
        python, version = peer.installed(asked.python or [sys.executable])
    except FailedError as error:
        return Row(name, fault=str(error)), []
    data = workload.file(asked.folder, form if peer.reads_parquet else CSV, size)
    command = peer.command(workload.family, data, python)
    row = Row(name, version, peer.errors)
    try:
        apart = answers.difference(answer, answers.theirs(run(command).output))
    except FailedError as error:
        return replace(row, fault=str(error)), []
    if apart <= workload.within:
        return replace(row, difference=apart), command
    fault = f"its answer differs by {apart:.1e}, more than {workload.within:.0e}"
    return replace(row, difference=apart, fault=fault), command


def machine() -> str:
    """Processor, cores, memory and the Python that runs mlefit."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((x.split(": ")[1] for x in lines if x.startswith("model name")), "")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{os.cpu_count()} cores {model}, {memory:.0f} GiB, Python {platform.python_version()}, "
        f"numpy {metadata('numpy')}, polars {metadata('polars')}"
    )


if __name__ == "__main__":
    sys.exit(main())
