"""Makes the data of a workload.

    python benchmarks/generators.py NAME ROWS FILE…

Seeded by the name. Numbers are rounded before they are written, so that a CSV and a Parquet file
of the same data hold the same values.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

Columns = dict[str, "np.ndarray | pl.Series"]


def poisson(rng: np.random.Generator, rows: int, count: int) -> Columns:
    """Counts with a mean near 2 on `count` normal columns."""
    X = numbers(rng, rows, count)
    return {"y": rng.poisson(np.exp(linear(rng, X, 0.5, 0.1))), **X}


def logit(rng: np.random.Generator, rows: int, count: int) -> Columns:
    """Yes or no on `count` normal columns."""
    X = numbers(rng, rows, count)
    return {"y": yes(rng, linear(rng, X, -0.3, 0.15)), **X}


def lasso(rng: np.random.Generator, rows: int, count: int) -> Columns:
    """Yes or no on `count` normal columns, of which 30 matter and 50 hardly."""
    X = numbers(rng, rows, count)
    effects = np.zeros(count)
    effects[:30] = 0.5 * rng.normal(size=min(30, count))
    effects[30:80] = 0.05 * rng.normal(size=effects[30:80].size)
    eta = -0.5 + sum(b * x for b, x in zip(effects, X.values(), strict=True))
    return {"y": yes(rng, eta), **X}


def gauss(rng: np.random.Generator, rows: int, count: int) -> Columns:
    """A line with normal errors."""
    X = numbers(rng, rows, count)
    return {"y": digits(linear(rng, X, 1, 0.2) + rng.standard_normal(rows)), **X}


def lad(rng: np.random.Generator, rows: int, count: int) -> Columns:
    """A line with errors of Student's t on 3 degrees of freedom."""
    X = numbers(rng, rows, count)
    return {"y": digits(linear(rng, X, 1, 0.3) + rng.standard_t(3, rows)), **X}


def gamma(rng: np.random.Generator, rows: int, count: int) -> Columns:
    """Positive amounts of shape 2, log link."""
    X = numbers(rng, rows, count)
    return {"y": digits(rng.gamma(2, np.exp(linear(rng, X, 0.5, 0.1)) / 2)), **X}


def negbinom(rng: np.random.Generator, rows: int, count: int) -> Columns:
    """Counts of size 2: variance mu + mu^2 / 2."""
    X = numbers(rng, rows, count)
    return {"y": rng.negative_binomial(2, 2 / (2 + np.exp(linear(rng, X, 0.5, 0.1)))), **X}


def categorical(rng: np.random.Generator, rows: int, count: int) -> Columns:
    """Five classes, the largest of five lines with Gumbel errors."""
    X = numbers(rng, rows, count)
    utility = [linear(rng, X, 0, 0.2) + rng.gumbel(size=rows) for _ in range(5)]
    return {"y": levels("c", np.argmax(utility, axis=0)), **X}


def scale(rng: np.random.Generator, rows: int) -> Columns:
    """Normal errors whose log standard deviation is a line in a third column, z."""
    X = numbers(rng, rows, 2)
    z = numbers(rng, rows, 1)["x1"]
    y = linear(rng, X, 1, 0.5) + np.exp(-0.2 + 0.4 * z) * rng.standard_normal(rows)
    return {"y": digits(y), **X, "z": z}


def factors(rng: np.random.Generator, rows: int, most: int) -> Columns:
    """Yes or no on two normal columns and factors of 10, 100 and `most` levels.

    A short file gets fewer levels, for 50 rows each: a level whose rows all say yes has no maximum.
    """
    X = numbers(rng, rows, 2)
    eta = linear(rng, X, -0.2, 0.3)
    for name, many in (("a", 10), ("b", 100), ("c", most)):
        many = max(2, min(many, rows // 50))
        codes = rng.integers(many, size=rows)
        eta += 0.4 * rng.standard_normal(many)[codes]
        X[name] = levels(name, codes)
    return {"y": yes(rng, eta), **X}


def cells(rng: np.random.Generator, rows: int) -> Columns:
    """Counts on four factors of 10, 8, 5 and 3 levels and nothing else."""
    X: Columns = {}
    eta = np.full(rows, 0.3)
    for name, many in (("a", 10), ("b", 8), ("c", 5), ("d", 3)):
        codes = rng.integers(many, size=rows)
        eta += 0.3 * rng.standard_normal(many)[codes]
        X[name] = levels(name, codes)
    return {"y": rng.poisson(np.exp(eta)), **X}


def gamma_sample(rng: np.random.Generator, rows: int) -> Columns:
    """Nothing but amounts of shape 2 and mean 3."""
    return {"y": digits(rng.gamma(2, 1.5, rows))}


def weibull_sample(rng: np.random.Generator, rows: int) -> Columns:
    """Nothing but lifetimes of shape 1.5 and scale 2."""
    return {"y": digits(2 * rng.weibull(1.5, rows))}


def numbers(rng: np.random.Generator, rows: int, count: int) -> Columns:
    """Independent normal columns x1, x2, … with six decimals."""
    return {f"x{j + 1}": rng.standard_normal(rows).round(6) for j in range(count)}


def linear(rng: np.random.Generator, X: Columns, intercept: float, size: float) -> np.ndarray:
    """A linear predictor whose slopes are normal with standard deviation `size`."""
    return intercept + sum(size * rng.standard_normal() * x for x in X.values())


def yes(rng: np.random.Generator, eta: np.ndarray) -> np.ndarray:
    """0 or 1 with log-odds `eta`."""
    return (rng.random(eta.size) < 1 / (1 + np.exp(-eta))).astype(np.int64)


def digits(values: np.ndarray) -> pl.Series:
    """The values with nine significant digits: of a small amount more than nine decimals."""
    return pl.Series(values).round_sig_figs(9)


def levels(letter: str, codes: np.ndarray) -> pl.Series:
    """Texts such as a0003, which sort as their numbers do."""
    names = pl.Series([f"{letter}{code:04d}" for code in range(codes.max() + 1)])
    return names.gather(codes)


BUILD: dict[str, Callable[[np.random.Generator, int], Columns]] = {
    "tiny": partial(poisson, count=2),
    "poisson20": partial(poisson, count=20),
    "logit50": partial(logit, count=50),
    "gauss100": partial(gauss, count=100),
    "factors": partial(factors, most=2000),
    "cells": cells,
    "gamma10": partial(gamma, count=10),
    "negbinom10": partial(negbinom, count=10),
    "lad10": partial(lad, count=10),
    "lasso500": partial(lasso, count=500),
    "categorical20": partial(categorical, count=20),
    "scale": scale,
    "gamma-sample": gamma_sample,
    "weibull-sample": weibull_sample,
}
"""What makes the data of a name."""


def table(name: str, rows: int) -> pl.DataFrame:
    """The data of a name."""
    return pl.DataFrame(BUILD[name](np.random.default_rng(list(name.encode())), rows))


def main() -> None:
    """Write the files, each under its name only when it is whole."""
    name, rows, *files = sys.argv[1:]
    made = table(name, int(rows))
    for file in map(Path, files):
        part = file.with_suffix(".part")
        made.write_csv(part) if file.suffix == ".csv" else made.write_parquet(part)
        part.rename(file)


if __name__ == "__main__":
    main()
