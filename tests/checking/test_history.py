"""The history: a line for each day, whatever else is written at the same time."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

import pytest

from mlefit.checking import gate, history
from mlefit.errors import UsageError
from mlefit.request import CheckRequest
from tests.checking.days import baseline, day


def write(path, number):
    for i in range(40):
        line = json.dumps({"schema": history.SCHEMA, "number": number, "i": i, "pad": "x" * 3000})
        history.append(path, line + "\n")


def test_two_writers_lose_no_line(tmp_path):
    path = tmp_path / "h.jsonl"
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(write, repeat(path, 2), range(2)))
    days = history.read(path)
    assert sorted((one["number"], one["i"]) for one in days) == [
        (number, i) for number in range(2) for i in range(40)
    ]


def test_a_line_cut_short_by_a_crash_is_passed_over_and_swallows_none(tmp_path):
    path = tmp_path / "h.jsonl"
    path.write_text('{"schema": "mlefit/day/1", "a": 1}\n{"schema": "mlefit/da')
    assert [one["a"] for one in history.read(path)] == [1]
    history.append(path, '{"schema": "mlefit/day/1", "a": 2}\n')
    assert [one["a"] for one in history.read(path)] == [1, 2]


@pytest.mark.parametrize("text", ["{}\n", '[1]\n{"schema": "mlefit/day/1"}\n', "nonsense}\n\n"])
def test_what_is_no_history_is_told_with_its_line(tmp_path, text):
    path = tmp_path / "h.jsonl"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"line 1 of '.*' is no day of a history"):
        history.read(path)


def test_a_day_is_remembered_with_what_was_seen_and_estimated(tmp_path):
    path = tmp_path / "h.jsonl"
    for shift in (0.0, 0.3):
        request = CheckRequest(data=day(3, shift), baseline=baseline(), history=path)
        gate.checked(request, lambda line: None, lambda *work: None).remember(path)
    first, second = history.read(path)
    assert (first["status"], second["status"]) == ("pass", "fail")
    assert second["observed"]["fit_gap"]["gap"] > first["observed"]["fit_gap"]["gap"]
    assert second["estimates"]["x"][0] == pytest.approx(0.3, abs=0.1)
    assert second["rows"] == 1000
