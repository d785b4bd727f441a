"""What was measured, kept in results.json, and the page written from that, results.md."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from compare import Median
from workloads import CSV, FLOOR, PARQUET, WORKLOADS, Workload

KEPT = Path(__file__).with_name("results.json")
SHOWN = Path(__file__).with_name("results.md")
FLOOR_WORDS = "start, reading, three passes"
MOST_OF_FLOOR = 1.25
FORMATS = {CSV: "CSV", PARQUET: "Parquet"}

HEAD = """# Results

Written by `run.py` from `results.json`. Whole process: start, read, fit, report, exit. Times and
peak memory are medians; a ratio is the median of the pairwise ratios to mlefit's runs of the same
rounds, above 1 where mlefit takes less. The difference is the largest between the coefficients,
absolute below 1 and relative above.
"""


@dataclass(frozen=True)
class Row:
    """One program on one workload: what it took, or why there is nothing to tell."""

    program: str
    version: str = ""
    errors: str = ""
    difference: float | None = None
    took: Median | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Result:
    """One workload in one format; the first row is mlefit's."""

    workload: str
    form: str
    data_rows: int
    runs: int
    date: str
    machine: str
    load: float
    rows: list[Row]

    @property
    def title(self) -> str:
        """The name that run.py takes."""
        return f"{self.workload}.{self.form}"

    @property
    def fastest(self) -> Row | None:
        """The fastest of the other programs that ran and found the same."""
        others = [row for row in self.rows if row.difference is not None and row.took]
        others = [row for row in others if not row.fault]
        return min(others, key=lambda row: row.took.wall_ratio, default=None)

    @property
    def against(self) -> Row | None:
        """Who the targets are held against: the rival they were set for, else the fastest."""
        rival = WORKLOADS[self.workload].rival
        same = (row for row in self.rows if row.program == rival and row.took and not row.fault)
        return next(same, self.fastest)


def keep(result: Result) -> None:
    """Put it in the place of what was known of its workload, and write the page."""
    known = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    known[result.title] = asdict(result)
    order = [f"{name}.{form}" for name in WORKLOADS for form in (CSV, PARQUET)]
    known = {title: known[title] for title in sorted(known, key=order.index)}
    KEPT.write_text(json.dumps(known, indent=1) + "\n")
    SHOWN.write_text(page(kept()))


def kept() -> list[Result]:
    """What results.json holds."""
    return [restore(plain) for plain in json.loads(KEPT.read_text()).values()]


def page(results: list[Result]) -> str:
    """The page of all results, results.md."""
    return "\n".join([HEAD, overview(results), *map(section, results)])


def restore(plain: dict) -> Result:
    """A result as it was before it was written down."""
    rows = [
        Row(**{**row, "took": Median(**row["took"]) if row["took"] else None})
        for row in plain["rows"]
    ]
    return Result(**{**plain, "rows": rows})


def contests(result: Result) -> list[tuple[Row, float | None]]:
    """Who the targets are held against, and times of mlefit's that they are to take at least."""
    work, other = WORKLOADS[result.workload], result.against
    if other is None:
        return []
    also = dict(work.also)
    more = [row for row in result.rows if row.program in also and row.took and not row.fault]
    rest = [(row, also[row.program]) for row in more if row is not other]
    return [(other, also.get(other.program, work.targets.get(result.form))), *rest]


def contested(results: list[Result]) -> Iterator[tuple[Result, Row, str]]:
    """Every contest of all workloads, and the target of its time in words."""
    for result in results:
        for other, least in contests(result):
            reached = least is None or other.took.wall_ratio >= least
            yield result, other, target(least, ".2f", reached)


def overview(results: list[Result]) -> str:
    """A line for each workload: who it is held against, and what was to be reached."""
    lines = [
        "| workload | file | mlefit s | peer | s | ratio | target | mlefit MB | MB | % | target |",
        "| :-- | :-- | --: | :-- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for result, other, least in contested(results):
        work, own, took = WORKLOADS[result.workload], result.rows[0].took, other.took
        cells = [
            work.what,
            result.form,
            f"{own.wall:.2f}",
            other.program,
            f"{took.wall:.2f}",
            f"{took.wall_ratio:.2f}",
            least,
            f"{own.peak:.0f}",
            f"{took.peak:.0f}",
            f"{100 / took.peak_ratio:.0f}",
            limit(work, own.peak, 1 / took.peak_ratio),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def brief(results: list[Result]) -> str:
    """The table of README: seconds and megabytes of both, what was to be reached, and where."""
    lines = [
        "| data and model | mlefit | other program | times as fast | target |",
        "| :-- | --: | :-- | --: | --: |",
    ]
    for result, other, least in contested(results):
        own, took = result.rows[0].took, other.took
        cells = [
            f"{WORKLOADS[result.workload].what}, {FORMATS[result.form]}",
            f"{own.wall:.2f} s, {own.peak:.0f} MB",
            f"{named(other)}: {took.wall:.2f} s, {took.peak:.0f} MB",
            f"{took.wall_ratio:.2f}",
            least,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    machines = dict.fromkeys(result.machine for result in results)
    days = sorted({result.date for result in results})
    rounds = sorted({result.runs for result in results})
    said = (
        f"Medians of {' or '.join(map(str, rounds))} rounds, "
        f"{' to '.join(dict.fromkeys((days[0], days[-1])))}, on {' and on '.join(machines)}."
    )
    return "\n".join([*lines, "", *textwrap.wrap(said, 100)]) + "\n"


def named(row: Row) -> str:
    """A program without its version, R with the package that fits."""
    first, *rest = row.version.split()
    return f"{first} {rest[1]}" if first == "R" and rest[1] != "stats" else first


def target(value: float | None, form: str, reached: bool) -> str:
    """A target, and whether it is missed."""
    if value is None:
        return ""
    return format(value, form) + ("" if reached else " missed")


def limit(work: Workload, peak: float, share: float) -> str:
    """The target of memory, and whether it is missed."""
    if work.ceiling is not None:
        return target(work.ceiling, ".0f", peak <= work.ceiling) + " MB"
    return target(work.memory, ".0%", work.memory is None or share <= work.memory)


def section(result: Result) -> str:
    """Every program on a workload, and whether the targets are reached."""
    work = WORKLOADS[result.workload]
    model = " ".join(f"'{word}'" if " " in word else word for word in work.words)
    strength = "" if work.l1 is None else f" --l1 {work.l1 * result.data_rows:g}"
    about = (
        f"{work.what}: `mlefit fit DATA {model}{strength}` on {result.data_rows:,} rows. "
        f"{result.date}, {result.machine}, load {result.load:.1f}, rounds: {result.runs}."
    )
    lines = [
        f"## {result.title}",
        "",
        about,
        "",
        "| program | standard errors | wall s | cpu s | peak MB | wall | cpu | peak | difference |",
        "| :-- | :-- | --: | --: | --: | --: | --: | --: | --: |",
        *(line(row) for row in result.rows if row.took),
        "",
        *(f"- {sentence}" for sentence in verdicts(result)),
    ]
    return "\n".join(lines) + "\n"


def line(row: Row) -> str:
    """A program's line of the table: what it took, then that in times of mlefit's."""
    took = row.took
    apart = "" if row.difference is None else f"{row.difference:.0e}"
    return (
        f"| {row.version} | {row.errors} | {took.wall:.2f} | {took.cpu:.2f} | {took.peak:.0f} "
        f"| {took.wall_ratio:.2f} | {took.cpu_ratio:.2f} | {took.peak_ratio:.2f} | {apart} |"
    )


def verdicts(result: Result) -> list[str]:
    """What went wrong, then whether the targets of time and memory are reached."""
    work, other, fastest = WORKLOADS[result.workload], result.against, result.fastest
    said = [f"{row.program}: {row.fault}" for row in result.rows if row.fault]
    if other is None:
        return [*said, "nobody to compare with"]
    if other.program != work.rival:
        said.append(f"the targets were set against {work.rival}, which is not among these")
    said += [*_of_time(result), *_of_memory(result, work, other)]
    if fastest is not other:
        said.append(f"faster still: {fastest.program}, {fastest.took.wall_ratio:.2f} x")
    if result.data_rows < work.rows:
        said.append(f"the targets are for {work.rows:,} rows, not for {result.data_rows:,}")
    return said


def _of_time(result: Result) -> Iterator[str]:
    for row, least in contests(result):
        if least is not None:
            ratio = row.took.wall_ratio
            word = _word(ratio >= least)
            yield f"time: {ratio:.2f} x as fast as {row.program}; the target is {least:.2f}: {word}"
    for row in result.rows:
        if row.program == FLOOR.stem and row.took:
            times = 1 / row.took.wall_ratio
            word = _word(times <= MOST_OF_FLOOR)
            of = f"that of {FLOOR_WORDS}"
            yield f"time: {times:.2f} x {of}; the target is {MOST_OF_FLOOR}: {word}"


def _of_memory(result: Result, work: Workload, other: Row) -> Iterator[str]:
    share, peak = 1 / other.took.peak_ratio, result.rows[0].took.peak
    if work.memory is not None:
        word = _word(share <= work.memory)
        of = f"of the peak of {other.program}"
        yield f"memory: {share:.0%} {of}; the target is {work.memory:.0%}: {word}"
    if work.ceiling is not None:
        word = _word(peak <= work.ceiling)
        yield f"memory: {peak:.0f} MB; the target is {work.ceiling:.0f} MB: {word}"


def _word(reached: bool) -> str:
    return "reached" if reached else "MISSED"
