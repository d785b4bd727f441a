"""A call that tells nothing of itself is watched from outside."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mlefit.telling import busy, counting_bytes, unheard

COUNTED = Path("/proc/self/io").exists()

# The system counts for the whole process: what the test runner reads meanwhile, some
# kilobytes, has to be small beside the file.
HALF = 5_000_000


def slowly(path, told, total):
    """Read a file in two halves, with a rest that is long enough to be heard of."""
    with counting_bytes(lambda *words: told.append(words), "reading", total), path.open("rb") as f:
        f.read(HALF)
        count = len(told)
        while len(told) < count + 2:
            time.sleep(0.01)
        f.read()


@pytest.mark.skipif(not COUNTED, reason="the system counts no bytes")
@pytest.mark.parametrize("known", [2 * HALF, 0])
def test_the_bytes_that_were_read_are_told(tmp_path, known):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"x" * (2 * HALF))
    told: list[tuple[str, int, int]] = []
    slowly(path, told, known)
    assert told[0] == ("reading, bytes", 0, known)
    what, done, total = told[2]
    assert what == "reading, bytes"
    assert HALF <= done < 1.2 * HALF
    assert total == known
    _, done, total = told[-1]
    assert 2 * HALF <= done == total < 2.2 * HALF


def test_what_is_mapped_is_not_said_to_be_read():
    told: list[tuple[str, int, int]] = []
    with counting_bytes(lambda *words: told.append(words), "reading", None):
        pass
    assert told == [("reading", 0, 1), ("reading", 1, 1)]


def test_nothing_is_started_where_nobody_listens(monkeypatch):
    monkeypatch.setattr("threading.Thread", None)
    with busy(unheard, "columns"):
        pass


def test_what_fails_is_not_told_to_be_done():
    told: list[tuple[str, int, int]] = []

    def failing() -> None:
        with busy(lambda *words: told.append(words), "columns"):
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    assert told == [("columns", 0, 1)]
