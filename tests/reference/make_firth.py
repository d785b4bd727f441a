"""Write firth.json: fits under Jeffreys' prior to 50 digits, without numpy and without mlefit.

    python -m tests.reference.make_firth          (from the root, about two minutes)

The penalised log-likelihood, log-likelihood plus half the logarithm of the determinant of
the expected information, is differentiated by central differences in 120 digits, so that no
formula of its slope enters. Profile intervals solve for the place where twice the fall is
the 95 % quantile of chi-square with one degree of freedom, p-values refit without a term
under the information of all terms, as R's logistf does (G. Heinze and M. Schemper 2002).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mpmath
from mpmath import mp, mpf

from tests.reference.exact import INTERCEPT, Model, newton
from tests.reference.make_glm import PRINTED_DIGITS, column, indicators, number
from tests.reference.tables import table

OUTPUT = Path(__file__).parent / "firth.json"
DIGITS = 120
STEP = mpf(10) ** -28  # central differences of it are wrong by its square
SETTLED = mpf(10) ** -45
# Under the other links 1 - p has no digits left at the ends of an interval.
PROFILED = ("logit", "probit", "log")

Heights = Callable[[Sequence[Any]], Any]


def penalised(model: Model) -> Heights:
    """Log-likelihood plus half the log-determinant of the expected information."""

    def height(beta: Sequence[Any]) -> Any:
        try:
            value, _, _, expected = model.totals(list(beta))
        except (ValueError, ZeroDivisionError):
            return -mp.inf
        return value + mp.log(mp.det(expected)) / 2

    return height


def slopes(height: Heights, beta: Sequence[Any], free: Sequence[int]) -> tuple[Any, Any]:
    """Gradient and second derivatives in the free coefficients."""

    def at(*moves: tuple[int, int]) -> Any:
        there = list(beta)
        for j, sign in moves:
            there[j] += sign * STEP
        return height(there)

    here, n = height(beta), len(free)
    gradient, second = mp.matrix(n, 1), mp.zeros(n)
    for a, j in enumerate(free):
        up, down = at((j, 1)), at((j, -1))
        gradient[a] = (up - down) / (2 * STEP)
        second[a, a] = (up - 2 * here + down) / STEP**2
        for b, k in enumerate(free[:a]):
            cross = at((j, 1), (k, 1)) - at((j, 1), (k, -1)) - at((j, -1), (k, 1))
            second[a, b] = second[b, a] = (cross + at((j, -1), (k, -1))) / (4 * STEP**2)
    return gradient, second


def highest(model: Model, beta: Sequence[Any], free: Sequence[int]) -> list[Any]:
    """Newton's method over the free coefficients, the others as they are."""
    beta, height = list(beta), penalised(model)
    for _ in range(100):
        if not free:
            return beta
        gradient, second = slopes(height, beta, free)
        step = -mp.lu_solve(second, gradient)
        if mp.fdot(gradient, step) < 0 or max(abs(s) for s in step) > 5:  # not concave, or far
            expected = model.totals(beta)[3]
            inner = mp.matrix([[expected[j, k] for k in free] for j in free])
            step = mp.lu_solve(inner, gradient)
        decrement = mp.fdot(gradient, step) / 2
        length = mpf(1)
        here = height(beta)
        while length > mpf(10) ** -6:
            ahead = list(beta)
            for a, j in enumerate(free):
                ahead[j] += length * step[a]
            if height(ahead) >= here - SETTLED:
                break
            length /= 2
        beta = ahead
        if abs(decrement) < SETTLED:
            return beta
    raise ArithmeticError("no convergence")


def end_of_profile(model: Model, best: Sequence[Any], j: int, covariance: Any, side: int) -> Any:
    """Where the profile of coefficient j has fallen by half the chi-square quantile."""
    fall = mpf(2) * mp.erfinv(mpf("0.95")) ** 2 / 2
    height = penalised(model)
    top = height(best)
    free = [k for k in range(len(best)) if k != j]
    here, p, error = {"beta": list(best)}, len(best), mp.sqrt(covariance[j, j])

    def excess(b: Any) -> Any:
        # the others follow along the line of the information
        move = (b - here["beta"][j]) / covariance[j, j]
        start = [here["beta"][k] + move * covariance[k, j] for k in range(p)]
        start[j] = b
        here["beta"] = highest(model, start, free)
        # the root of the fall is nearly linear
        return mp.sqrt(top - height(here["beta"])) - mp.sqrt(fall)

    inside = best[j] + side * error / 2
    outside = inside + side * error
    while excess(outside) < 0:
        inside, outside = outside, outside + side * error / 2
    return mp.findroot(
        excess, (inside, outside), solver="anderson", tol=mpf(10) ** -80, maxsteps=100
    )


def profile(model: Model, best: Sequence[Any], j: int, covariance: Any) -> dict[str, Any]:
    """The p-value and the interval of one coefficient."""
    height = penalised(model)
    # far from the fit with the term, so searched from the start, or from the middle
    zero = model.start() if model.family == "poisson" else [mpf(0)] * len(best)
    zero[j] = mpf(0)
    without = highest(model, zero, [k for k in range(len(best)) if k != j])
    return {
        "p_value": mp.erfc(mp.sqrt(height(best) - height(without))),
        "conf_low": end_of_profile(model, best, j, covariance, -1),
        "conf_high": end_of_profile(model, best, j, covariance, 1),
    }


def fitted(model: Model) -> dict[str, Any]:
    """The entry of one model."""
    p = len(model.names)
    try:
        start = list(newton(model))
    except (ArithmeticError, ZeroDivisionError):
        start = model.start()  # the rows are separated
    best = highest(model, start, range(p))
    _, _, _, expected = model.totals(best)
    covariance = mp.inverse(expected)
    rows = []
    for j, (_, term) in enumerate(model.names):
        error = mp.sqrt(covariance[j, j])
        numbers = {"estimate": best[j], "std_error": error}
        if model.link("mu") in PROFILED:
            numbers |= profile(model, best, j, covariance)
        rows.append({"term": term} | {k: mp.nstr(v, PRINTED_DIGITS) for k, v in numbers.items()})
    return {
        "id": model.id,
        "data": model.data,
        "formula": model.formula,
        "family": model.family,
        "link": model.link("mu"),
        "options": dict(model.options),
        "log_prior": mp.nstr(mp.log(mp.det(expected)) / 2, PRINTED_DIGITS),
        "coefficients": rows,
    }


def models() -> Iterable[Model]:
    menarche = {"mu": (INTERCEPT, number("age"))}
    small = {"mu": (INTERCEPT, number("x"), *indicators("g", ["b", "c"]))}
    parted = {"mu": (INTERCEPT, number("x"), number("z"))}
    for link in ("logit", "probit", "cloglog", "cauchit"):
        yield Model(
            f"separated rows, bernoulli {link}",
            "parted", "hit ~ x + z", "bernoulli", column("hit"), parted, links={"mu": link},
        )  # fmt: skip
    yield Model(
        "small, bernoulli with frequency weights",
        "small", "hit ~ x + g", "bernoulli", column("hit"), small,
        options={"freq_weights": "times"},
    )  # fmt: skip
    yield Model(
        "few counts, poisson",
        "parted", "count ~ x + z", "poisson", column("count"), parted,
    )  # fmt: skip
    yield Model(
        "menarche, binomial logit",
        "menarche.csv", "menarche ~ age", "binomial", column("menarche"), menarche,
        options={"trials": "total"},
    )  # fmt: skip
    yield Model(
        "insurance, poisson with exposure",
        "insurance.csv", "claims ~ C(district)", "poisson", column("claims"),
        {"mu": (INTERCEPT, *indicators("district", [2, 3, 4], "C(district)"))},
        options={"exposure": "holders"},
    )  # fmt: skip


def main() -> None:
    mp.dps = DIGITS
    entries = []
    for model in models():
        entries.append(fitted(model))
        sys.stderr.write(f"{model.id}: {len(model.rows)} distinct rows\n")
    names = {entry["data"] for entry in entries if not entry["data"].endswith(".csv")}
    tables = {
        name: {key: [row[key] for row in table(name)] for key in table(name)[0]}
        for name in sorted(names)
    }
    document = {
        "program": f"mpmath {mpmath.__version__} on Python {sys.version.split()[0]}",
        "command": "python -m tests.reference.make_firth",
        "date": datetime.now(UTC).date().isoformat(),
        "digits": f"computed to 45, printed to {PRINTED_DIGITS}",
        "tables": tables,
        "models": entries,
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    OUTPUT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
