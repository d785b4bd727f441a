from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlefit.report import numbers

FINITE = st.floats(allow_nan=False, allow_infinity=False)
ERRORS = st.floats(min_value=1e-12, max_value=1e12)


@pytest.mark.parametrize(
    ("values", "error", "shown"),
    [
        ([1.01649, 0.05359], 0.05359, ["1.0165", "0.0536"]),
        ([591.18439, 31.2345], 31.2345, ["591.2", "31.2"]),
        ([12345.6, 1234.5], 1234.5, ["12346", "1234"]),
        ([0.0, 1e-9], 1e-9, ["0.00e+00", "1.00e-09"]),
        ([3.2e-7, 1.1e-9], 1.1e-9, ["3.2000e-07", "1.10e-09"]),
        ([4.2e12, 3e9], 3e9, ["4.20000e+12", "3.00e+09"]),
        ([-1e-9, 0.847], 0.847, ["0.000", "0.847"]),
        ([2.5, None], None, ["2.5", ""]),
        ([2.5, 0.0], 0.0, ["2.5", "0"]),
        ([2.5, math.inf], math.inf, ["2.5", "inf"]),
        ([1.79e20, math.inf], 1.31e30, ["1.79e+20", "inf"]),
    ],
)
def test_values_are_rounded_to_three_digits_of_their_error(values, error, shown):
    assert numbers.rounded(values, error) == shown


@given(st.floats(min_value=-1e15, max_value=1e15), ERRORS)
def test_rounding_never_moves_a_value_by_more_than_a_hundredth_of_its_error(value, error):
    shown, shown_error = numbers.rounded([value, error], error)
    slack = 4e-12 * abs(value)  # at most twelve digits are shown
    assert abs(float(shown) - value) <= 0.0101 * error + slack
    assert float(shown_error) == pytest.approx(error, rel=0.0051)


@given(st.lists(FINITE, min_size=1), ERRORS)
def test_aligned_cells_have_one_width_and_one_decimal_point(values, error):
    cells = numbers.aligned([numbers.rounded([value], error)[0] for value in values])
    assert len({len(cell) for cell in cells}) == 1
    assert len({cell.index(".") for cell in cells if "." in cell and "e" not in cell}) <= 1


def test_words_and_gaps_stand_flush_right_beside_numbers():
    assert numbers.aligned(["1.25", "fixed", "", "-10", "1e-09"]) == [
        "  1.25",
        " fixed",
        "      ",
        "-10   ",
        " 1e-09",
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (0.0, "<1e-15"),
        (9.9e-16, "<1e-15"),
        (1.1e-15, "1.1e-15"),
        (9.99e-5, "1.0e-04"),
        (1e-4, "0.0001"),
        (0.04999, "0.0500"),
        (1.0, "1.0000"),
    ],
)
def test_a_p_value_is_never_shown_as_zero(value, shown):
    assert numbers.p_value(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-945.11923, "-945.119"),
        (1896.2384, "1896.24"),
        (-12345678.912, "-12345678.91"),
        (0.0, "0.00000"),
    ],
)
def test_a_height_keeps_two_decimals_however_large(value, shown):
    assert numbers.height(value) == shown


@pytest.mark.parametrize(
    ("level", "shown"), [(0.95, "95%"), (0.999, "99.9%"), (0.8, "80%"), (0.68268949, "68.268949%")]
)
def test_a_coverage_is_a_percentage(level, shown):
    assert numbers.percent(level) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(3.1e-17, "3e-17"), (0.0, "0"), (2e-5, "2e-5"), (51.2, "51.2")]
)
def test_a_tolerance_has_one_digit(value, shown):
    assert numbers.small(value) == shown
