"""How much memory there is for the rows: what a person allows, or what is free here.

A container may have less than the machine: the limit of every control group that this process
is in counts as well (Linux kernel documentation, cgroup-v1/memory and cgroup-v2).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from mlefit.errors import UsageError

_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)
_GROUPS = Path("/sys/fs/cgroup")
# The name of the limit, of what is used, and in memory.stat of what is given back when asked.
_KINDS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def size(text: str, flag: str = "--max-memory") -> int:
    """Bytes of a size as people write it: 500MB, 1GB, 1.5GiB, 2G.

    Raises:
        UsageError: it is none.
    """
    found = _SIZE.fullmatch(text)
    if found is not None:
        number, unit, binary = found.groups()
        base = 1024 if binary else 1000
        found_bytes = int(float(number) * base ** _UNITS[unit.lower()])
        if (unit or not binary) and found_bytes >= 1_000_000:
            return found_bytes
    raise UsageError(
        f"{flag} {text!r} is no size of at least 1MB", tries=[f"{flag} 1GB", f"{flag} 1.5GiB"]
    )


def spelt(number: float) -> str:
    """Bytes for people."""
    if number >= 1e9:
        return f"{number / 1e9:,.1f} GB"
    return f"{number / 1e6:,.0f} MB"


def of_a_pipe(allowed: str | None) -> int | None:
    """Bytes of a pipe that may stay in memory, where so much is allowed; None for all.

    Raises:
        UsageError: what is allowed is no size.
    """
    most = free() if allowed is None else size(allowed)
    return None if most is None else most // 8


def free() -> int | None:
    """Bytes that this process can still have without pushing anything out; None if unknown."""
    found = [room for room in (_machine(), *_groups()) if room is not None]
    return max(0, min(found)) if found else None


def _machine() -> int | None:
    try:
        told = Path("/proc/meminfo").read_text(encoding="ascii")
        return int(told.partition("MemAvailable:")[2].split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:  # a system without /proc: half of what it has
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, OSError, ValueError):
        return None


def _groups() -> Iterator[int]:
    """What is left in every control group of this process, up to the root."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top = _GROUPS / "memory" if controllers else _GROUPS
        own = top / path.lstrip("/")
        for folder in (own, *own.parents):
            left = _left(folder)
            if left is not None:
                yield left
            if folder == top:
                break


def _left(folder: Path) -> int | None:
    for limit, used, idle in _KINDS:
        try:
            most = int((folder / limit).read_text(encoding="ascii"))
            now = int((folder / used).read_text(encoding="ascii"))
            told = (folder / "memory.stat").read_text(encoding="ascii").split()
        except (OSError, ValueError):  # no such group, or "max"
            continue
        return most - now + int(told[told.index(idle) + 1] if idle in told else 0)
    return None
