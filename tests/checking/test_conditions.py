"""Conditions: words that numbers and intervals are so, or are not."""

from __future__ import annotations

import math

import pytest

from mlefit.checking.conditions import condition
from mlefit.errors import UsageError


@pytest.mark.parametrize(
    ("table", "value", "holds"),
    [
        ({"above": 2}, 2.1, True),
        ({"above": 2}, 2.0, False),
        ({"below": 2}, 1.9, True),
        ({"below": 2}, 2.0, False),
        ({"outside": [1, 2]}, 2.1, True),
        ({"outside": [1, 2]}, 2.0, False),
        ({"inside": [1, 2]}, 2.0, True),
        ({"inside": [1, 2]}, 0.9, False),
        ({"is": False}, False, True),
        ({"is": True}, False, False),
        ({"a_above": 2}, 3.0, True),
    ],
)
def test_a_number_is_so_or_is_not(table, value, holds):
    assert condition(table, ["a", "b"], "it").holds({"a": value}) is holds


@pytest.mark.parametrize(
    ("word", "ends", "holds"),
    [
        ("above", (2.1, 3.0), True),
        ("above", (1.9, 3.0), False),
        ("below", (0.0, 1.9), True),
        ("below", (0.0, 2.1), False),
    ],
)
def test_a_whole_interval_is_above_or_below(word, ends, holds):
    assert condition({f"a_{word}": 2.0}, ["a"], "it").holds({"a": ends}) is holds


@pytest.mark.parametrize(
    ("ends", "outside", "inside", "misses"),
    [
        ((1.2, 1.8), False, True, False),
        ((0.5, 1.5), True, False, False),
        ((0.5, 2.5), True, False, False),
        ((2.1, 2.5), True, False, True),
        ((0.1, 0.9), True, False, True),
    ],
)
def test_an_interval_lies_in_a_band_overlaps_it_or_misses_it(ends, outside, inside, misses):
    for word, expected in (("outside", outside), ("inside", inside), ("misses", misses)):
        found = condition({word: [1.0, 2.0]}, ["a"], "it").holds({"a": ends})
        assert found is expected, word


def test_all_keys_of_a_table_have_to_hold():
    both = condition({"z_above": 4, "relative_above": 0.1}, ["z", "relative"], "it")
    assert both.holds({"z": 5.0, "relative": 0.2})
    assert not both.holds({"z": 5.0, "relative": 0.1})
    assert not both.holds({"z": 4.0, "relative": 0.2})
    assert str(both) == "above 4 and relative above 0.1"


@pytest.mark.parametrize("value", [None, math.nan])
def test_what_has_no_value_cannot_be_judged(value):
    with pytest.raises(LookupError, match="a"):
        condition({"above": 1}, ["a"], "it").holds({"a": value})


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"abov": 1}, "'fail' of it has no key 'abov'"),
        ({"c_above": 1}, "has no key 'c_above'"),
        ({"above": "1"}, "'above' of 'fail' of it must be a number, and it is '1'"),
        ({"above": True}, "must be a number"),
        ({"outside": [2, 1]}, "must be [low, high]"),
        ({"outside": [1, 2, 3]}, "must be [low, high]"),
        ({"is": 1}, "must be true or false"),
        ({}, "is empty"),
    ],
)
def test_a_condition_that_is_none_is_told(table, said):
    with pytest.raises(UsageError) as error:
        condition(table, ["a", "b"], "'fail' of it")
    assert said in str(error.value)
