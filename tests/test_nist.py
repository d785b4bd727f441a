"""Certified values of NIST's Statistical Reference Datasets (tests/reference/nist).

The files are the work of the US National Institute of Standards and Technology
and in the public domain, unchanged from https://www.itl.nist.gov/div898/strd/. Data
and certified values are read from the same file. Agreement is counted in digits:
the log relative error -log10 |x - c| / |c| of B. D. McCullough (1998), Assessing
the Reliability of Statistical Software, The American Statistician 52, 358-366.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from mlefit.fitting import fit

FILES = Path(__file__).parent / "reference" / "nist"

# set: degree of the polynomial in x (None: one column each), digits asked of the estimates, of the
# standard errors and residual deviation, and what keeps the estimates from all fifteen. The errors
# are proportional to sigma, which Newton leaves with a decrement of 1e-20: half of those digits.
LINEAR = {
    "Norris": (1, 11, 10, "intercept a thousandth of the responses"),
    "Pontius": (2, 11, 10, "intercept a thousandth of the responses"),
    "NoInt1": (1, 13, 10, "no more than rounding"),
    "NoInt2": (1, 13, 10, "no more than rounding"),
    "Filip": (10, 7, 7, "condition 2e15 in raw columns, 4e9 in scaled ones"),
    "Longley": (None, 11, 10, "condition 5e9 in raw columns, 1e2 in scaled ones"),
    "Wampler1": (5, 9, None, "condition 6e6 in raw columns, 2e3 in scaled ones"),
    "Wampler2": (5, 9, None, "the same"),
    "Wampler3": (5, 9, 10, "the same"),
    "Wampler4": (5, 9, 10, "the same, and residuals 2e5 times the estimates"),
    "Wampler5": (5, 9, 10, "the same, and residuals 2e7 times the estimates"),
}
WITHOUT_INTERCEPT = ("NoInt1", "NoInt2")
PERFECT = ("Wampler1", "Wampler2")  # residuals are exactly zero: the likelihood has no maximum

# set: digits asked of mean and standard deviation against the certified values, and why not more.
UNIVARIATE = {
    "Lew": (14, 13, "integers"),
    "Lottery": (14, 13, "integers"),
    "Mavro": (14, 12, "values 1e-4 apart on a level of 2 are rounded to doubles"),
    "Michelso": (14, 12, "values 0.01 apart on a level of 300 are rounded to doubles"),
    "NumAcc1": (14, 14, "integers"),
    "NumAcc2": (14, 14, "decimals near 1"),
    "NumAcc3": (14, 9, "1000000.2 is not a double: the deviations keep nine digits"),
    "NumAcc4": (14, 8, "10000000.2 is not a double: the deviations keep eight digits"),
}

every_linear_set = pytest.mark.parametrize("name", LINEAR)
every_imperfect_set = pytest.mark.parametrize("name", [n for n in LINEAR if n not in PERFECT])
every_univariate_set = pytest.mark.parametrize("name", UNIVARIATE)


@every_linear_set
def test_linear_estimates_are_certified(name):
    _, digits, _, _ = LINEAR[name]
    estimates = [row.estimate for row in linear_fit(name).coefficients]
    assert lowest(estimates, certified(name, column=0)) >= digits


@every_imperfect_set
def test_linear_standard_errors_are_certified(name):
    _, _, digits, _ = LINEAR[name]
    errors = [row.std_error for row in linear_fit(name).coefficients]
    assert lowest(errors, certified(name, column=1)) >= digits


@every_imperfect_set
def test_residual_standard_deviations_are_certified(name):
    _, _, digits, _ = LINEAR[name]
    (sigma,) = linear_fit(name).parameters
    assert log_relative_error(sigma.estimate, residual_sd(name)) >= digits


@pytest.mark.parametrize("name", PERFECT)
def test_a_perfect_fit_is_not_called_a_maximum(name):
    assert linear_fit(name).certificate.status != "converged"


@every_univariate_set
def test_means_and_standard_deviations_are_certified(name):
    mean_digits, sd_digits, _ = UNIVARIATE[name]
    mean, sd = summary(name)
    assert log_relative_error(mean, labelled(name, "Sample Mean")) >= mean_digits
    assert log_relative_error(sd, labelled(name, "Sample Standard Deviation")) >= sd_digits


@every_univariate_set
def test_means_and_standard_deviations_are_exact_for_the_doubles_read(name):
    """Without the rounding of the data, nothing but the arithmetic is left to lose digits."""
    values = [Fraction(float(text)) for text in data_lines(name)]
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    found_mean, found_sd = summary(name)
    assert log_relative_error(found_mean, mean) >= 14
    assert log_relative_error(found_sd, square_root(variance)) >= 12


def linear_fit(name):
    degree, *_ = LINEAR[name]
    rows = [[float(cell) for cell in line.split()] for line in data_lines(name)]
    columns = ["y", "x"] if degree else ["y", *(f"x{j}" for j in range(1, len(rows[0])))]
    terms = [power("x", k) for k in range(1, degree + 1)] if degree else columns[1:]
    if name in WITHOUT_INTERCEPT:
        terms = ["0", *terms]
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    return fit(frame, "y ~ " + " + ".join(terms), family="normal", small_sample=True)


def power(column, exponent):
    return column if exponent == 1 else f"I({column}^{exponent})"


def summary(name):
    frame = pl.DataFrame({"y": [float(text) for text in data_lines(name)]})
    mu, sigma = fit(frame, "y ~ 1", family="normal", small_sample=True).parameters
    return mu.estimate, sigma.estimate


def data_lines(name):
    """The lines below the last heading `Data:`."""
    lines = lines_of(name)
    heading = max(i for i, line in enumerate(lines) if line.startswith("Data:"))
    return [line for line in lines[heading + 1 :] if line.strip(" -")]


def lines_of(name):
    return (FILES / f"{name}.dat").read_text(encoding="ascii").splitlines()


def certified(name, column):
    """Estimates (column 0) or their standard deviations (column 1), in the order B0, B1, ..."""
    rows = [line.split() for line in lines_of(name) if re.match(r"\s+B\d+\s+\S+\s+\S+\s*$", line)]
    return [Fraction(Decimal(row[1 + column])) for row in rows]


def residual_sd(name):
    lines = lines_of(name)
    after = next(i for i, line in enumerate(lines) if line.strip() == "Residual")
    label, digits = lines[after + 1].rsplit(maxsplit=1)
    assert label.strip() == "Standard Deviation"
    return Fraction(Decimal(digits))


def labelled(name, label):
    line = next(line for line in lines_of(name) if line.startswith(label))
    return Fraction(Decimal(line.split()[-1]))


def lowest(found, expected):
    return min(log_relative_error(x, c) for x, c in zip(found, expected, strict=True))


def log_relative_error(found, expected):
    """Digits that agree, at most 16; exact, because the difference is taken in fractions."""
    error = abs(Fraction(found) - expected) / abs(expected)
    return min(16.0, -math.log10(error)) if error else 16.0


def square_root(number):
    """The root of a fraction to 50 digits."""
    scale = 10**100
    return Fraction(math.isqrt(number.numerator * scale // number.denominator), 10**50)
