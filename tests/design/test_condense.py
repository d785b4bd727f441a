"""A plain sample as few weighted values: the sums of all, and the rows that must stay."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlefit.design.columns import POSITION, TARGET, WEIGHT, Columns
from mlefit.design.condense import condensed

STEP = 50
RNG = np.random.default_rng(4)
SAMPLES = {
    "y": RNG.logistic(1e3, 2.0, 50_000),
    "log y": RNG.gamma(0.7, 30.0, 50_000),
}


def _few(y, scale, step=STEP):
    pieces = np.array_split(y, 3)
    return condensed(Columns({TARGET: pieces}), scale, (float(y.min()), float(y.max())), step)


@pytest.mark.parametrize("scale", SAMPLES)
def test_sums_of_smooth_functions_are_those_of_all_rows(scale):
    y = SAMPLES[scale]
    few = _few(y, scale)
    assert few.rows < len(y) / 2.5
    assert few.stands_for == len(y)
    values, weight = few.whole(TARGET), few.whole(WEIGHT)
    assert (weight > 0).all()
    center, width = np.median(y), np.quantile(y, 0.75) - np.quantile(y, 0.25)
    functions: list[Callable[[Any], Any]] = [
        lambda y: y,
        lambda y: (y - center) ** 2,
        lambda y: np.log1p(((y - center) / width) ** 2),
        lambda y: 1 / (1 + np.exp(-(y - center) / width)) ** 2,
    ]
    if scale == "log y":
        functions += [np.log, lambda y: np.log(y) ** 2, np.sqrt]
    for f in functions:
        expected = math.fsum(f(y).tolist())
        size = math.fsum(np.abs(f(y)).tolist())
        assert abs(math.fsum((weight * f(values)).tolist()) - expected) < 1e-13 * size


def test_rows_that_stay_apart_are_there_as_they_are():
    y = SAMPLES["log y"]
    few = _few(y, "log y")
    values, weight, position = (few.whole(key) for key in (TARGET, WEIGHT, POSITION))
    apart = position % STEP == 0
    assert (np.sort(position[apart]) == np.arange(0, len(y), STEP)).all()
    assert (values[apart] == y[position[apart]]).all()
    assert (weight[apart] == 1).all()
    assert values.min() == y.min()
    assert values.max() == y.max()


def test_values_stand_beside_the_first_row_of_their_bin():
    y = SAMPLES["y"]
    few = _few(y, "y")
    width = (np.quantile(y, 0.75) - np.quantile(y, 0.25)) / 1500
    assert (np.abs(few.whole(TARGET) - y[few.whole(POSITION).astype(int)]) < width).all()


def test_different_values_are_kept_where_they_are_few():
    y = np.tile(np.array([0.25, 0.5, 1.0, 2.0, 4.0, 32.0]), 5000)
    few = _few(y, "log y")
    values, weight = few.whole(TARGET), few.whole(WEIGHT)
    for value in np.unique(y):
        assert math.isclose(weight[np.isclose(values, value, rtol=1e-14)].sum(), 5000)


def test_values_far_out_stay_as_they_are():
    y = np.concatenate([RNG.normal(size=20_000), [1e6, -1e9]])
    few = _few(y, "y", step=1000)
    assert {1e6, -1e9} <= set(few.whole(TARGET))
    assert few.stands_for == len(y)
    zeros = np.concatenate([SAMPLES["log y"], np.zeros(3)])
    assert np.count_nonzero(_few(zeros, "log y").whole(TARGET) == 0) == 3


@pytest.mark.parametrize(
    "y",
    [
        np.concatenate([RNG.normal(size=20_000), 1e-5 * RNG.normal(size=5_000)]),
        np.concatenate([RNG.normal(size=20_000), 1e5 * RNG.normal(size=5_000)]),
        np.ones(1000),
    ],
    ids=["spike", "far out", "constant"],
)
def test_a_sample_that_bins_do_not_suit_is_left_alone(y):
    assert _few(y, "y") is None
