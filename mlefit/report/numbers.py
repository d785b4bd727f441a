"""Numbers for people: rounded to their standard error, aligned on the decimal point."""

from __future__ import annotations

import math
from collections.abc import Sequence

SMALLEST_P = 1e-15
_SMALLEST_SHOWN = 1e-300
_NEARLY_NOTHING = 5e-7
_MOST_PLACES = 8
_LARGEST_FIXED = 1e9


def rounded(values: Sequence[float | None], std_error: float | None) -> list[str]:
    """Values that share a standard error, to the place where it has three digits.

    Without a usable standard error each value gets six significant digits; a
    missing value becomes an empty cell.
    """
    if std_error is None or not math.isfinite(std_error) or std_error <= 0:
        return [significant(value) for value in values]
    exponent = math.floor(math.log10(std_error))
    places = max(2 - exponent, 0)
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    if places > _MOST_PLACES or max(largest, std_error) >= _LARGEST_FIXED:
        return [_scientific(value, exponent) for value in values]
    return [_plain(value, places) for value in values]


def significant(value: float | None, digits: int = 6) -> str:
    """A number on its own; empty when there is none."""
    return "" if value is None else f"{value:.{digits}g}"


def height(value: float) -> str:
    """A log-likelihood or deviance: six digits, and never fewer than two decimals.

    Differences of a hundredth matter however large the total is.
    """
    digits_before = len(f"{abs(value):.0f}")
    # z: what rounds to nothing has no sign
    return f"{value:z.{max(6 - digits_before, 2)}f}"


def summand(value: float) -> str:
    """A term of a sum that a reader may want to check: four decimals while they say something."""
    return f"{value:.4f}" if value == 0 or 0.01 <= abs(value) < 1e6 else f"{value:.5g}"


def small(value: float) -> str:
    """An error or tolerance; where it is as small as it should be, to one digit: 3e-17."""
    if value == 0 or abs(value) >= 0.01:
        return f"{value:.3g}"
    return f"{value:.0e}".replace("e-0", "e-")


def statistic(value: float | None) -> str:
    """A z or t value."""
    if value is None:
        return ""
    return f"{value:z.2f}" if abs(value) < 1e5 else f"{value:.2e}"


def p_value(value: float | None) -> str:
    """A probability; below what doubles can vouch for, only its bound."""
    if value is None:
        return ""
    if value < SMALLEST_P:
        return f"<{SMALLEST_P:.0e}"
    return f"{value:.4f}" if value >= 1e-4 else f"{value:.1e}"


def chance(
    probability: float, log_probability: float | None, complement: float | None = None
) -> str:
    """A probability, or a density, with no smallest one, and near one what is left of it."""
    if log_probability is None:
        return "0"
    if complement is not None and 0 < complement < _NEARLY_NOTHING:
        return f"1 - {significant(complement)}"
    if probability >= SMALLEST_P:
        return significant(probability)
    tens = log_probability / math.log(10)
    value = significant(probability) if probability > _SMALLEST_SHOWN else power_of_ten(tens)
    return f"{value}   (log10 {significant(tens)}, ln {significant(log_probability)})"


def power_of_ten(exponent: float) -> str:
    """A number that no double holds: 10^-404.89."""
    return f"10^{exponent:.2f}"


def percent(level: float) -> str:
    """A coverage: 0.95 is 95%, 0.999 is 99.9%."""
    return f"{100 * level:.10g}%"


def aligned(cells: Sequence[str]) -> list[str]:
    """Cells of one width, decimal points in one column; words and powers of ten flush right."""
    heads = [_before_point(cell) for cell in cells]
    tail = max((len(c) - h for c, h in zip(cells, heads, strict=True) if _is_number(c)), default=0)
    placed = [
        cell + " " * (tail - (len(cell) - head)) if _is_number(cell) else cell
        for cell, head in zip(cells, heads, strict=True)
    ]
    width = max((len(cell) for cell in placed), default=0)
    return [cell.rjust(width) for cell in placed]


def _is_number(cell: str) -> bool:
    return "e" not in cell and cell[-1:].isdigit()


def _before_point(cell: str) -> int:
    return cell.find(".") if "." in cell else len(cell)


def _plain(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:z.{places}f}"


def _scientific(value: float | None, exponent_of_error: int) -> str:
    if value is None:
        return ""
    if not math.isfinite(value):
        return significant(value)  # the end of an interval beyond the largest double
    exponent = math.floor(math.log10(abs(value))) if value else exponent_of_error
    return f"{value:.{min(max(exponent - exponent_of_error + 2, 2), 12)}e}"
