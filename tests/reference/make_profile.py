"""Write profile.json: ends of profile intervals to 50 digits, in mpmath.

    python -m tests.reference.make_profile          (from the root, three minutes)

At an end of the interval of a quantity g the coefficients b and a multiplier m satisfy

    f(b) = f(b^) + q^2 / 2        df/db = m dg/db

with f the negative log-likelihood and q the normal quantile: as many equations as unknowns.
Newton's method solves them in 130 digits from where a parabola puts the end; slopes are
central differences with steps of 1e-30, which leave 60 digits. Nothing is shared with mlefit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from multiprocessing import Pool
from operator import itemgetter
from pathlib import Path
from typing import Any

from mpmath import mp, mpf

mp.dps = 130
STEP = mpf(10) ** -30
LEVELS = (0.95, 0.5)

TABLES: dict[str, dict[str, list[float]]] = {
    "sample": {"y": [4.1, 2.7, 3.3, 5.9, 0.8, 3.6, 4.4, 2.2, 6.5, 3.9, 1.7, 4.8]},
    "counts": {
        "x": [0.1, 0.4, 0.5, 0.9, 1.1, 1.3, 1.6, 1.8, 2.2, 2.4, 2.7, 3.0, 3.1, 3.5],
        "g": [0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0],
        "y": [1, 0, 2, 1, 4, 0, 3, 7, 2, 9, 1, 12, 6, 5],
    },
    "doses": {
        "dose": [0.2, 0.5, 0.8, 1.0, 1.3, 1.5, 1.9, 2.0, 2.4, 2.6, 3.0, 3.3, 3.7, 4.1],
        "y": [0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1],
    },
    "waits": {
        "x": [0.0, 0.3, 0.7, 1.0, 1.2, 1.9, 2.0, 2.5, 2.8, 3.3],
        "y": [1.2, 0.4, 2.9, 1.1, 5.3, 2.0, 3.4, 7.7, 2.6, 9.1],
    },
}

Vector = list[Any]
Function = Callable[[Vector], Any]


def normal(rows: dict[str, list[Any]], b: Vector) -> Any:
    return sum(b[1] + ((y - b[0]) / mp.exp(b[1])) ** 2 / 2 for y in rows["y"])


def normal_scale(rows: dict[str, list[Any]], b: Vector) -> Any:
    return sum(
        b[2] + b[3] * x + ((y - b[0] - b[1] * x) / mp.exp(b[2] + b[3] * x)) ** 2 / 2
        for x, y in zip(rows["x"], rows["y"], strict=True)
    )


def poisson(rows: dict[str, list[Any]], b: Vector) -> Any:
    return sum(
        mp.exp(b[0] + b[1] * x + b[2] * g) - y * (b[0] + b[1] * x + b[2] * g)
        for x, g, y in zip(rows["x"], rows["g"], rows["y"], strict=True)
    )


def negbinom(rows: dict[str, list[Any]], b: Vector) -> Any:
    k, total = mp.exp(b[2]), mpf(0)
    for x, y in zip(rows["x"], rows["y"], strict=True):
        mu = mp.exp(b[0] + b[1] * x)
        total -= mp.loggamma(y + k) - mp.loggamma(k)
        total += (y + k) * mp.log(mu + k) - k * mp.log(k) - y * mp.log(mu)
    return total


def logistic(rows: dict[str, list[Any]], b: Vector) -> Any:
    return sum(
        mp.log(1 + mp.exp(b[0] + b[1] * x)) - y * (b[0] + b[1] * x)
        for x, y in zip(rows["dose"], rows["y"], strict=True)
    )


def gamma(rows: dict[str, list[Any]], b: Vector) -> Any:
    k = mp.exp(b[2])
    return sum(
        mp.loggamma(k) - k * (b[2] - b[0] - b[1] * x) - (k - 1) * mp.log(y)
        + k * y / mp.exp(b[0] + b[1] * x)
        for x, y in zip(rows["x"], rows["y"], strict=True)
    )  # fmt: skip


def weibull(rows: dict[str, list[Any]], b: Vector) -> Any:
    k = mp.exp(b[1])
    return sum(-b[1] + k * b[0] - (k - 1) * mp.log(y) + (y / mp.exp(b[0])) ** k for y in rows["y"])


# name: table, objective, start, and the quantities
MODELS: dict[str, tuple[str, Any, list[float], dict[str, Function]]] = {
    "normal": ("sample", normal, [3.5, 0.5], {"mu/sigma": lambda b: b[0] / mp.exp(b[1])}),
    "normal-scale": ("waits", normal_scale, [1, 1, 0, 0.3], {}),
    "poisson": ("counts", poisson, [0, 0.5, 0.1], {}),
    "negbinom": ("counts", negbinom, [0, 0.5, 0.5], {"mu at 2": lambda b: b[0] + 2 * b[1]}),
    "logistic": ("doses", logistic, [-2, 1], {"-b0/b1": lambda b: -b[0] / b[1]}),
    "gamma": ("waits", gamma, [0.3, 0.5, 0.7], {}),
    "weibull": ("waits", weibull, [1.3, 0.3], {}),
}  # fmt: skip


def moved(at: Vector, i: int, by: Any) -> Vector:
    return [*at[:i], at[i] + by, *at[i + 1 :]]


def slopes(f: Function, at: Vector) -> Vector:
    return [(f(moved(at, i, STEP)) - f(moved(at, i, -STEP))) / (2 * STEP) for i in range(len(at))]


def bends(f: Function, at: Vector) -> Any:
    columns = []
    for i in range(len(at)):
        up, down = slopes(f, moved(at, i, STEP)), slopes(f, moved(at, i, -STEP))
        columns.append([(u - d) / (2 * STEP) for u, d in zip(up, down, strict=True)])
    return mp.matrix(columns)


def maximum(f: Function, start: Sequence[float]) -> Vector:
    at = [mpf(x) for x in start]
    for _ in range(200):
        s, H = mp.matrix(slopes(f, at)), bends(f, at)
        step = mp.lu_solve(H, -s)
        length = mpf(1)
        while not f([x + length * d for x, d in zip(at, step, strict=True)]) <= f(at) + STEP:
            length /= 2
        at = [x + length * d for x, d in zip(at, step, strict=True)]
        if mp.norm(step) < mpf(10) ** -55:
            return at
    raise ArithmeticError("no maximum")


def end(f: Function, g: Function, best: Vector, q: Any) -> Vector:
    """The coefficients at the end that lies on the side of the sign of q."""
    p = len(best)
    H, dg = bends(f, best), mp.matrix(slopes(g, best))
    ahead = mp.lu_solve(H, dg)
    variance = (dg.T * ahead)[0]
    # in a few strides, so that Newton's method stays on the path
    at, strides = best, 4
    for i in range(1, strides + 1):
        wanted = q * i / strides
        if i == 1:
            at = [b + wanted * a / mp.sqrt(variance) for b, a in zip(best, ahead, strict=True)]
            m = wanted / mp.sqrt(variance)
        for _ in range(100):
            s, D, height = mp.matrix(slopes(f, at)), mp.matrix(slopes(g, at)), f(at) - f(best)
            J = mp.zeros(p + 1)
            J[:p, :p] = bends(f, at) - m * bends(g, at)
            J[:p, p] = -D
            J[p, :p] = s.T
            left = mp.matrix([*(s - m * D), height - wanted**2 / 2])
            step = mp.lu_solve(J, -left)
            at, m = [x + step[j] for j, x in enumerate(at)], m + step[p]
            if mp.norm(step) < mpf(10) ** (-55 if i == strides else -10):
                break
        else:
            raise ArithmeticError("no end")
    assert (g(at) - g(best)) * q > 0
    return at


def solved(name: str) -> dict[str, Any]:
    table, objective, start, derived = MODELS[name]
    rows = {key: [mpf(value) for value in values] for key, values in TABLES[table].items()}

    def f(b: Vector) -> Any:
        return objective(rows, b)

    best = maximum(f, start)
    quantities = {f"b{i}": itemgetter(i) for i in range(len(best))} | derived
    found: dict[str, Any] = {}
    for quantity, g in quantities.items():
        found[quantity] = {"estimate": mp.nstr(g(best), 50)}
        for level in LEVELS:
            q = mp.sqrt(2) * mp.erfinv(mpf(level))
            found[quantity][str(level)] = [
                mp.nstr(g(end(f, g, best, sign * q)), 50) for sign in (-1, 1)
            ]
    return {"table": table, "quantities": found}


if __name__ == "__main__":
    with Pool() as pool:
        document = {
            "tables": TABLES,
            "models": dict(zip(MODELS, pool.map(solved, MODELS, 1), strict=True)),
        }
    path = Path(__file__).with_name("profile.json")
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
