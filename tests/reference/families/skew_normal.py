"""Skew normal log-density in mpmath, and fits of it."""

from __future__ import annotations

from typing import Any

from mpmath import mp

from tests.reference.density import Case
from tests.reference.exact import INTERCEPT
from tests.reference.families._hidden import seen, tall_children

LINKS = {"mu": "identity", "sigma": "log", "alpha": "identity"}


def direct(y: Any, mu: Any, sigma: Any, alpha: Any) -> tuple[Any, Any]:
    """The value and the scale in Azzalini's direct parameters."""
    delta = alpha / mp.sqrt(1 + alpha**2)
    omega = sigma / mp.sqrt(1 - 2 * delta**2 / mp.pi)
    return (y - mu) / omega + delta * mp.sqrt(2 / mp.pi), omega


def density(y: Any, mu: Any, sigma: Any, alpha: Any) -> Any:
    w, omega = direct(y, mu, sigma, alpha)
    return mp.log(2 * mp.npdf(w) * mp.ncdf(alpha * w) / omega)


def share(y: Any, mu: Any, sigma: Any, alpha: Any) -> Any:
    """Phi(w) less twice Owen's T."""
    w, _ = direct(y, mu, sigma, alpha)
    owen = mp.quad(lambda x: mp.exp(-(w**2) * (1 + x**2) / 2) / (1 + x**2), [0, alpha])
    return mp.ncdf(w) - owen / mp.pi


log_density = seen(density, share)


CASES = [
    Case("rivers", "rivers.csv", "length_miles ~ 1", lambda row: row["length_miles"], rows=60),
    Case(
        "prices",
        "house_prices.csv",
        "price ~ lotsize",
        lambda row: row["price"],
        designs={
            "mu": (INTERCEPT, ("lotsize", lambda row: row["lotsize"])),
            "sigma": (INTERCEPT, ("bedrooms", lambda row: row["bedrooms"])),
        },
        rows=120,
        model=("sigma ~ bedrooms",),
    ),
    tall_children("skew-normal"),
]
