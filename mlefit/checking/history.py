"""What checks saw on days before: one line of JSON for each day, added at the end of a file.

A line is written by one call under a lock, so that two gates may share a file. A line that was cut
short by a crash is passed over; one that is no record of a day is told with its number.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlefit.checking.estimates import estimates
from mlefit.errors import DataError, MlefitError, UsageError
from mlefit.results.check import CheckResult
from mlefit.results.fit import FitResult

SCHEMA = "mlefit/day/1"


def line_of(result: CheckResult, fit: FitResult | None, followed: Mapping[str, float]) -> str:
    """The record of a day, ending in a line break.

    Args:
        result: what the gate said.
        fit: today's fit; None where there is none.
        followed: what checks of trends will look for.
    """
    today = result.today
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "status": result.status,
        "verdict": result.verdict,
        "today": None if today is None else today.source,
        "rows": None if today is None else today.rows_used,
        "observed": {
            f"{one.name} {one.subject}".strip(): dict(one.observed)
            for one in result.outcomes
            if one.observed
        },
        "followed": dict(followed),
        "estimates": {}
        if fit is None
        else {name: [one.value, one.std_error] for name, one in estimates(fit).items()},
    }
    return json.dumps(_finite(record), ensure_ascii=False, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    """With null for what JSON has no number for."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value


def append(path: Path, line: str) -> None:
    """Add a line to the file, which is made if it is not there.

    Raises:
        DataError: the file system refuses.
    """
    try:
        with path.open("ab") as file, _locked(file.fileno()):
            # a line cut short by a crash must not swallow this one
            broken = path.stat().st_size > 0 and not _ends_a_line(path)
            file.write(("\n" * broken + line).encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DataError(f"cannot write the history '{path}': {error.strerror}") from error


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Hold other writers off; where the system has no such lock, one write has to do."""
    try:
        import fcntl
    except ImportError:  # not a Unix
        yield
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def read(path: Path) -> tuple[Mapping[str, Any], ...]:
    """The days of a history, the oldest first; none if the file is not there yet.

    Raises:
        UsageError: it cannot be read, or a line is no day.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the history '{path}': {error}") from error
    return tuple(_days(path, text))


def _days(path: Path, text: str) -> Iterator[Mapping[str, Any]]:
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            day = json.loads(line)
        except json.JSONDecodeError as error:
            if number == len(lines) or not line.endswith("}"):
                continue  # cut short
            raise _no_day(path, number) from error
        if not isinstance(day, dict) or day.get("schema") != SCHEMA:
            raise _no_day(path, number)
        yield day


def _no_day(path: Path, number: int) -> MlefitError:
    return UsageError(f"line {number} of '{path}' is no day of a history of mlefit")


def series(history: Sequence[Mapping[str, Any]], key: str) -> list[float]:
    """What a check of trends followed, over the days that have it."""
    found = (day.get("followed", {}).get(key) for day in history)
    return [float(value) for value in found if isinstance(value, int | float)]
