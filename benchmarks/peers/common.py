"""What every peer in Python does the same: read the file, and say the answer."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import numpy as np
import polars as pl


def words() -> tuple[str, str]:
    """The family (or other setting) and the data file that the command names."""
    setting, file = sys.argv[1:]
    return setting, file


def read(file: str) -> pl.DataFrame:
    """The whole file, by the fastest reader there is; texts become codes with sorted levels."""
    frame = pl.read_csv(file) if file.endswith(".csv") else pl.read_parquet(file)
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    return frame.with_columns(
        frame[name].cast(pl.Enum(frame[name].unique().sort())) for name in texts
    )


def factors(frame: pl.DataFrame) -> list[str]:
    """The columns of texts but y."""
    return [name for name, kind in frame.schema.items() if kind == pl.Enum and name != "y"]


def matrix(frame: pl.DataFrame) -> tuple[np.ndarray, list[str]]:
    """All columns but y as one matrix of numbers, and their names."""
    X = frame.drop("y")
    return X.to_numpy(), X.columns


def say(parameter: str, terms: Iterable[str], values: Iterable[float]) -> None:
    """One line for each coefficient: its name as mlefit has it, a tab, its value."""
    for term, value in zip(terms, values, strict=True):
        print(f"{parameter} {term}".strip(), repr(float(value)), sep="\t")
