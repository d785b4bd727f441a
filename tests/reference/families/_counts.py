"""Log-densities of counts in mpmath, written from their definitions, and samples of counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT, Design

LogDensity = Callable[..., Any]


def poisson(y: Any, mu: Any) -> Any:
    return y * mp.log(mu) - mu - mp.loggamma(y + 1)


def negbinom(y: Any, mu: Any, k: Any) -> Any:
    ways = mp.loggamma(y + k) - mp.loggamma(k) - mp.loggamma(y + 1)
    return ways + k * mp.log(k / (k + mu)) + y * mp.log(mu / (k + mu))


def truncated(base: LogDensity) -> LogDensity:
    return lambda y, *theta: base(y, *theta) - mp.log(1 - mp.exp(base(mp.mpf(0), *theta)))


def inflated(base: LogDensity) -> LogDensity:
    def log_density(y: Any, *theta: Any) -> Any:
        *inner, zero = theta
        return mp.log((zero if y == 0 else 0) + (1 - zero) * mp.exp(base(y, *inner)))

    return log_density


def hurdle(base: LogDensity) -> LogDensity:
    def log_density(y: Any, *theta: Any) -> Any:
        *inner, zero = theta
        return mp.log(zero) if y == 0 else mp.log(1 - zero) + truncated(base)(y, *inner)

    return log_density


def column(name: str) -> tuple[str, Callable[[Any], Any]]:
    return name, lambda row: row[name]


def sample(target: str, data: str = "doctor_visits.csv") -> Case:
    """A plain sample of every row."""
    return Case("sample", data, f"{target} ~ 1", lambda row: row[target])


def regression(target: str, *terms: str, rows: int = 500, **models: str) -> Case:
    """Some rows of the doctor visits; a further parameter has one covariate each."""
    designs: dict[str, Design] = {"mu": (INTERCEPT, *map(column, terms))}
    designs |= {name: (INTERCEPT, column(term)) for name, term in models.items()}
    return Case(
        "regression",
        "doctor_visits.csv",
        f"{target} ~ {' + '.join(terms)}",
        lambda row: row[target],
        designs=designs,
        rows=rows,
        model=tuple(f"{name} ~ {term}" for name, term in models.items()),
    )


def experience(parameter: str = "mu") -> list[Case]:
    """Years of experience, which are never 0: every row, and some with a covariate."""
    quality = ("quality[low]", lambda row: int(row["quality"] == "low"))
    return [
        sample("experience", "callbacks.csv"),
        Case(
            "regression",
            "callbacks.csv",
            "experience ~ quality",
            lambda row: row["experience"],
            designs={parameter: (INTERCEPT, quality)},
            rows=800,
        ),
    ]
