"""What a translation is made of: a prior, its penalty on the summed NLL, the fit it belongs to.

Every penalty here is that of independent priors on the slopes, with a free intercept:

    objective = NLL + l1 sum |b| + l2 sum b^2 / 2

    normal(0, tau)      l1 = 0,   l2 = 1/tau^2
    laplace(0, b)       l1 = 1/b, l2 = 0
    elasticnet(L, r)    l1 = L r, l2 = L (1 - r)

Other systems minimise u (NLL + ...) for some unit u, so their strengths are u l1 and u l2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Protocol

from mlefit.errors import UsageError
from mlefit.frozen import frozen

PARAMETERS = {
    "normal": ("centre", "scale"),
    "laplace": ("centre", "scale"),
    "elasticnet": ("strength", "ratio"),
    "student": ("df", "centre", "scale"),
    "cauchy": ("centre", "scale"),
}
LINKS = {
    "normal": "identity",
    "bernoulli": "logit",
    "binomial": "logit",
    "poisson": "log",
    "gamma": "log",
    "laplace": "identity",
}
"""The one link each family has in all the systems here."""

KNOWN_DISPERSION = ("bernoulli", "binomial", "poisson")


class PriorLike(Protocol):
    """A prior as far as a translation needs it."""

    @property
    def name(self) -> str:
        """Name of the prior."""

    @property
    def numbers(self) -> Mapping[str, float]:
        """Its numbers by their names."""


@frozen
class PriorSpec:
    """A prior by name and numbers, as `normal(0, 0.7)`."""

    name: str
    numbers: Mapping[str, float]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(decimal, self.numbers.values()))})"


@frozen
class Translation:
    """The same prior, as a setting elsewhere.

    Attributes:
        system: library and model.
        setting: code that gives the same coefficients; None when there is none.
        exact: whether the coefficients are the same at the system's optimum.
        note: the trap, or why there is no setting.
    """

    system: str
    setting: str | None
    exact: bool
    note: str


class MissingNumberError(UsageError):
    """A conversion depends on numbers of the fit that nobody gave.

    Args:
        system: whose units need them.
        numbers: of rows, phi and sd_y.
    """

    def __init__(self, system: str, numbers: Iterable[str]) -> None:
        self.numbers = tuple(numbers)
        super().__init__(
            f"the units of {system} need {' and '.join(self.numbers)}",
            *(f"{number}: {_MEANING[number]}" for number in self.numbers),
            tries=[" ".join(_FLAG[number] for number in self.numbers)],
        )


_MEANING = {
    "rows": "the number of rows, or the sum of their weights",
    "phi": "the dispersion, which is sigma^2 for normal, the scale squared for laplace",
    "sd_y": "the standard deviation of the target, with divisor n",
}
_FLAG = {"rows": "--rows 1000", "phi": "--phi 1.5", "sd_y": "--sd-y 2.5"}


class NoSettingError(Exception):
    """The system cannot express the prior; the message is the reason."""


@frozen
class Fit:
    """What the units of a penalty depend on; `nan` where it is not known.

    Attributes:
        family: canonical name.
        link: of the mean.
        rows: number of rows, or the sum of their weights; of a binomial, the trials.
        phi: dispersion: 1 for bernoulli, binomial and poisson, sigma^2 for normal,
            the scale squared for laplace.
        sd_y: standard deviation of the target with divisor n.
    """

    family: str
    link: str
    rows: float = math.nan
    phi: float = math.nan
    sd_y: float = math.nan


@frozen
class Strength:
    """The penalty l1 |b| + l2 b^2 / 2 of one slope, on the summed NLL or in a system's units."""

    l1: float
    l2: float

    @property
    def total(self) -> float:
        """Strength of the elastic net that this is."""
        return self.l1 + self.l2

    @property
    def ratio(self) -> float:
        """Share of L1 in it."""
        return self.l1 / self.total

    def times(self, units: tuple[float, float]) -> Strength:
        """The same penalty in units that are this much larger."""
        return Strength(self.l1 * units[0], self.l2 * units[1])

    def over(self, units: tuple[float, float]) -> Strength:
        """The penalty whose strength in these units is this one."""
        return Strength(self.l1 / units[0], self.l2 / units[1])

    def prior(self) -> PriorSpec:
        """The prior with this penalty."""
        if self.l1 == 0:
            return PriorSpec("normal", {"centre": 0.0, "scale": 1 / math.sqrt(self.l2)})
        if self.l2 == 0:
            return PriorSpec("laplace", {"centre": 0.0, "scale": 1 / self.l1})
        return PriorSpec("elasticnet", {"strength": self.total, "ratio": self.ratio})


def strength_of(prior: PriorLike) -> Strength:
    """The penalty of a prior on the summed NLL.

    Raises:
        NoSettingError: it is not an L1 or L2 penalty around zero.
    """
    numbers = prior.numbers
    if prior.name not in {"normal", "laplace", "elasticnet"}:
        raise NoSettingError(f"a {prior.name} prior is no L1 or L2 penalty")
    if numbers.get("centre"):
        raise NoSettingError("its penalty pulls towards zero only")
    if prior.name == "normal":
        return Strength(0.0, numbers["scale"] ** -2)
    if prior.name == "laplace":
        return Strength(1 / numbers["scale"], 0.0)
    total, ratio = numbers["strength"], numbers["ratio"]
    return Strength(total * ratio, total * (1 - ratio))


def decimal(value: float) -> str:
    """Ten digits: more than any of the systems reaches."""
    return f"{value:.10g}"


def parsed_prior(text: str) -> PriorSpec:
    """A prior as it is written for `--prior`, for all slopes: `normal(0, 0.7)`.

    Raises:
        UsageError: no such prior, a wrong count of numbers, or a number out of range.
    """
    match = re.fullmatch(r"\s*(\w+)\s*\(([^()]*)\)\s*", text)
    if match is None or match[1].lower() not in PARAMETERS:
        known = [f"{name}({', '.join(names)})" for name, names in PARAMETERS.items()]
        raise UsageError(
            f"cannot read the prior '{text}'",
            f"priors with settings elsewhere: {', '.join(known)}",
            tries=["--from 'normal(0, 1)'"],
        )
    name = match[1].lower()
    numbers = [_number_or_nan(word) for word in match[2].split(",")]
    spec = PriorSpec(name, dict(zip(PARAMETERS[name], numbers, strict=False)))
    if len(numbers) != len(PARAMETERS[name]) or not _possible(spec.numbers):
        raise UsageError(
            f"'{text}' is not {name}({', '.join(PARAMETERS[name])})",
            "df, scale and strength are > 0; a ratio lies between 0 and 1",
        )
    return spec


def _possible(numbers: Mapping[str, float]) -> bool:
    positive = all(numbers.get(name, 1.0) > 0 for name in ("df", "scale", "strength"))
    return (
        positive
        and 0 <= numbers.get("ratio", 0.0) <= 1
        and all(map(math.isfinite, numbers.values()))
    )


def _number_or_nan(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan
