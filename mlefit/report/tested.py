"""Tests of terms as parts of a report of a fit, before any layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from mlefit.errors import UsageError
from mlefit.report import numbers
from mlefit.report.sections import Grid, Section
from mlefit.report.tables import Row, tidy
from mlefit.results.fit import FitResult, TermTest


def sections(result: FitResult) -> list[Section]:
    """The tests that were asked for, and the table by term."""
    found = []
    if result.tests:
        found.append(_tests(result, result.tests))
    if result.anova:
        found.append(_by_term(result, result.anova))
    return found


def section(result: FitResult, table: str) -> Section:
    """One of them alone.

    Raises:
        UsageError: it was not asked for.
    """
    rows = _rows(result, table)
    return _tests(result, rows) if table == "tests" else _by_term(result, rows)


def tests(result: FitResult) -> list[Row]:
    """One row for each test of each --test, at full precision.

    Raises:
        UsageError: there was none.
    """
    return _tidy(_rows(result, "tests"))


def anova(result: FitResult) -> list[Row]:
    """One row for each term, at full precision.

    Raises:
        UsageError: they were not tested.
    """
    return _tidy(_rows(result, "anova"))


def _tidy(rows: Sequence[TermTest]) -> list[Row]:
    names = [field.name for field in fields(TermTest)]
    return [{name: tidy(getattr(one, name)) for name in names} for one in rows]


def _rows(result: FitResult, table: str) -> Sequence[TermTest]:
    rows = result.tests if table == "tests" else result.anova
    if not rows:
        raise UsageError(
            "no terms were tested",
            tries=["--test 'x' --table tests" if table == "tests" else "--anova --table anova"],
        )
    return rows


def _tests(result: FitResult, rows: Sequence[TermTest]) -> Section:
    tested = [one for one in rows if one.statistic is not None]
    columns = {
        "terms": [_named(one, result) for one in tested],
        "test": [_test(one) for one in tested],
        "statistic": numbers.aligned([numbers.statistic(one.statistic) for one in tested]),
        "df": numbers.aligned([str(one.df) for one in tested]),
        "p": numbers.aligned([numbers.p_value(one.p_value) for one in tested]),
        "against": [one.distribution or "" for one in tested],
    }
    return Section(
        "Do these terms say anything?", (), _grid(columns, 2), list(_remarks(result, rows))
    )


def _by_term(result: FitResult, rows: Sequence[TermTest]) -> Section:
    tested = [one for one in rows if one.statistic is not None]
    kinds = {one.test: one.information for one in rows}
    (name,) = kinds
    heading = {"likelihood ratio": "LR", "Wald": f"Wald ({kinds[name]})"}.get(name, name)
    columns = {
        "term": [_named(one, result) for one in tested],
        heading: numbers.aligned([numbers.statistic(one.statistic) for one in tested]),
        "df": numbers.aligned([str(one.df) for one in tested]),
        "p": numbers.aligned([numbers.p_value(one.p_value) for one in tested]),
        "AIC without it": numbers.aligned([_change(one.aic_change) for one in tested]),
        "against": [one.distribution or "" for one in tested],
    }
    if all(one.aic_change is None for one in tested):
        del columns["AIC without it"]
    title = "Term by term: what each adds to all that do not contain it (type II)"
    return Section(title, (), _grid(columns, 1), list(_remarks(result, rows)))


def _grid(columns: dict[str, list[str]], words: int) -> Grid | None:
    rows = tuple(zip(*columns.values(), strict=True))
    return Grid(tuple(columns), rows, words) if rows else None


def _named(one: TermTest, result: FitResult) -> str:
    """The terms as --test takes them; with their parameter if several have terms."""
    several = len({row.parameter for row in result.coefficients}) > 1
    return f"{one.parameter} ~ {one.terms}" if several and one.parameter else one.terms


def _test(one: TermTest) -> str:
    return one.test if one.information is None else f"{one.test} ({one.information})"


def _change(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f}"


def _remarks(result: FitResult, rows: Sequence[TermTest]) -> Iterator[list[str]]:
    """Why a number is missing or not proven; the same reason once."""
    reasons: dict[tuple[str, str], list[TermTest]] = {}
    for one in rows:
        if one.message:
            reasons.setdefault((one.status, one.message), []).append(one)
    for (status, message), about in reasons.items():
        *first, last = dict.fromkeys(one.test for one in about)
        terms = ", ".join(dict.fromkeys(_named(one, result) for one in about))
        if status == "none":
            tests = f"{', '.join(first)} or {last}" if first else last
            yield [f"no {tests} test of {terms}: {message}"]
        elif status == "ok":
            yield [f"{terms}: {message}"]
        else:
            tests = f"{', '.join(first)} and {last}" if first else last
            yield [f"{tests} test of {terms}: {message}, so its p-value is not proven"]
