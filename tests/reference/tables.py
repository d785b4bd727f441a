"""The tables of the reference fits: the sample files, and one small table made here."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parents[2] / "sample_data"

Row = Mapping[str, Any]


def table(name: str) -> list[Row]:
    """The rows of a sample file or of a small table below."""
    if name in SMALL or name == "parted":
        columns = SMALL.get(name, PARTED)
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    with (SAMPLES / name).open(newline="", encoding="utf-8") as file:
        return [{key: value(text) for key, text in row.items()} for row in csv.DictReader(file)]


def value(text: str) -> float | int | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def generated(seed: int, size: int) -> dict[str, list[Any]]:
    """A small table with a positive, a count and a 0/1 target, for links that need care."""
    rng = random.Random(seed)
    x = [round(rng.uniform(0.2, 3.0), 2) for _ in range(size)]
    counts = [sum(rng.random() < 0.1 for _ in range(20 + int(15 * v))) for v in x]
    return {
        "x": x,
        "g": [rng.choice(["a", "b", "c"]) for _ in range(size)],
        "count": counts,
        "hit": [int(rng.random() < 0.25 + 0.18 * v) for v in x],
        "amount": [round(1 / (0.3 + 0.15 * v) + rng.gauss(0, 0.15), 3) for v in x],
        "times": [rng.randint(1, 4) for _ in range(size)],
    }


# x parts the hits without an exception
PARTED: dict[str, list[Any]] = {
    "x": [1, 2, 3, 4, 5, 6, 7, 8],
    "z": [0.3, -0.2, 0.9, 0.1, -1.0, 0.4, 0.6, -0.7],
    "hit": [0, 0, 0, 0, 1, 1, 1, 1],
    "count": [0, 0, 0, 0, 0, 1, 0, 6],
}

SMALL = {"small": generated(1, 24)}
