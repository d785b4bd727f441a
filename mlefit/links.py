"""Links: how a linear predictor eta becomes a parameter theta, with every derivative.

    theta = inverse(eta)    slope = d theta / d eta    curvature = d2 theta / d eta2

A link onto the unit interval also gives `complement(eta) = 1 - theta` without a
subtraction, because 1 - theta loses every digit where theta is near one. Outside
a link's own range of eta the inverse is NaN, which the likelihood reads as
"not allowed".

Formulas: P. McCullagh and J. A. Nelder (1989), Generalized Linear Models, 2nd ed.,
section 4.3; slopes and curvatures by differentiating them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np

from mlefit._types import Rows
from mlefit.errors import UsageError, did_you_mean

# exp() of more than this overflows a double; past it every tail below is exactly 0 or 1.
_LARGEST_EXPONENT = 700.0


class Link(ABC):
    """One link. All methods take and return arrays of shape (n,)."""

    name: str
    formula: str
    onto: str
    """Where theta lands: 'real', 'positive', 'unit', another 'interval', or 'circle', an angle
    within one turn."""

    ends: tuple[str | None, str | None] = (None, None)
    """Which end of its domain theta nears as eta goes to -infinity and to +infinity."""

    is_elementary: bool = True
    """Whether numpy alone computes it, in whatever precision eta has."""

    bends: bool = True
    """Whether theta is anything but eta itself."""

    @abstractmethod
    def forward(self, theta: Rows) -> Rows:
        """The linear predictor of a parameter value."""

    @abstractmethod
    def inverse(self, eta: Rows) -> Rows:
        """The parameter value of a linear predictor; NaN where eta is not allowed."""

    @abstractmethod
    def slope(self, eta: Rows) -> Rows:
        """First derivative of `inverse`."""

    @abstractmethod
    def curvature(self, eta: Rows) -> Rows:
        """Second derivative of `inverse`."""

    def derivatives(self, eta: Rows, theta: Rows) -> tuple[Rows, Rows]:
        """Slope and curvature, given the parameter values as well."""
        return self.slope(eta), self.curvature(eta)

    def complement(self, eta: Rows) -> Rows:
        """One minus `inverse`, exact in the tails for links onto the unit interval."""
        return 1.0 - self.inverse(eta)

    def stretched(self, lower: float, upper: float) -> Link:
        """A link onto the unit interval as one onto another interval; any other as it is."""
        if self.onto != "unit" or (lower, upper) == (0, 1):
            return self
        return _Stretched(self, lower, upper)


class Identity(Link):
    """theta = eta."""

    name, formula, onto = "identity", "theta = eta", "real"
    bends = False

    def forward(self, theta: Rows) -> Rows:
        return theta

    def inverse(self, eta: Rows) -> Rows:
        return eta

    def slope(self, eta: Rows) -> Rows:
        return np.ones_like(eta)

    def curvature(self, eta: Rows) -> Rows:
        return np.zeros_like(eta)


class Log(Link):
    """theta = exp(eta)."""

    name, formula, onto = "log", "theta = exp(eta)", "positive"
    ends = ("lower", "upper")

    def forward(self, theta: Rows) -> Rows:
        return np.log(theta)

    def inverse(self, eta: Rows) -> Rows:
        return np.exp(eta)

    def slope(self, eta: Rows) -> Rows:
        return np.exp(eta)

    def curvature(self, eta: Rows) -> Rows:
        return np.exp(eta)

    def derivatives(self, eta: Rows, theta: Rows) -> tuple[Rows, Rows]:
        return theta, theta

    def complement(self, eta: Rows) -> Rows:
        return -np.expm1(eta)


class Logit(Link):
    """theta = 1 / (1 + exp(-eta))."""

    name, formula, onto = "logit", "theta = 1 / (1 + exp(-eta))", "unit"
    ends = ("lower", "upper")

    def forward(self, theta: Rows) -> Rows:
        return np.log(theta) - np.log1p(-theta)

    def inverse(self, eta: Rows) -> Rows:
        small = np.exp(-np.abs(eta))
        return np.where(eta >= 0, 1.0, small) / (1.0 + small)

    def complement(self, eta: Rows) -> Rows:
        return self.inverse(-eta)

    def slope(self, eta: Rows) -> Rows:
        small = np.exp(-np.abs(eta))
        return small / (1.0 + small) ** 2

    def curvature(self, eta: Rows) -> Rows:
        return self.slope(eta) * -np.tanh(eta / 2)


class Probit(Link):
    """theta = Phi(eta), the standard normal distribution function."""

    name, formula, onto = "probit", "theta = Phi(eta)", "unit"
    ends = ("lower", "upper")
    is_elementary = False

    def forward(self, theta: Rows) -> Rows:
        from scipy.special import ndtri

        return np.asarray(ndtri(theta))

    def inverse(self, eta: Rows) -> Rows:
        from scipy.special import ndtr

        return np.asarray(ndtr(eta), dtype=float)

    def complement(self, eta: Rows) -> Rows:
        return self.inverse(-eta)

    def slope(self, eta: Rows) -> Rows:
        return np.exp(-0.5 * eta**2) / math.sqrt(2 * math.pi)

    def curvature(self, eta: Rows) -> Rows:
        return -eta * self.slope(eta)


class CLogLog(Link):
    """theta = 1 - exp(-exp(eta))."""

    name, formula, onto = "cloglog", "theta = 1 - exp(-exp(eta))", "unit"
    ends = ("lower", "upper")

    def forward(self, theta: Rows) -> Rows:
        return np.log(-np.log1p(-theta))

    def inverse(self, eta: Rows) -> Rows:
        return -np.expm1(-_exp(eta))

    def complement(self, eta: Rows) -> Rows:
        return np.exp(-_exp(eta))

    def slope(self, eta: Rows) -> Rows:
        return np.exp(eta - _exp(eta))

    def curvature(self, eta: Rows) -> Rows:
        return self.slope(eta) * (1.0 - _exp(eta))


class LogLog(Link):
    """theta = exp(-exp(-eta)), the mirror image of cloglog."""

    name, formula, onto = "loglog", "theta = exp(-exp(-eta))", "unit"
    ends = ("lower", "upper")

    def forward(self, theta: Rows) -> Rows:
        return -np.log(-np.log(theta))

    def inverse(self, eta: Rows) -> Rows:
        return np.exp(-_exp(-eta))

    def complement(self, eta: Rows) -> Rows:
        return -np.expm1(-_exp(-eta))

    def slope(self, eta: Rows) -> Rows:
        return np.exp(-eta - _exp(-eta))

    def curvature(self, eta: Rows) -> Rows:
        return self.slope(eta) * (_exp(-eta) - 1.0)


class Cauchit(Link):
    """theta = 1/2 + arctan(eta) / pi."""

    name, formula, onto = "cauchit", "theta = 1/2 + arctan(eta) / pi", "unit"
    ends = ("lower", "upper")

    def forward(self, theta: Rows) -> Rows:
        return -1.0 / np.tan(np.pi * theta)

    def inverse(self, eta: Rows) -> Rows:
        # the angle of (-eta, 1): the same value, without the subtraction in the lower tail
        return np.arctan2(1.0, -eta) / np.pi

    def complement(self, eta: Rows) -> Rows:
        return np.arctan2(1.0, eta) / np.pi

    def slope(self, eta: Rows) -> Rows:
        return 1.0 / (np.pi * (1.0 + eta**2))

    def curvature(self, eta: Rows) -> Rows:
        return -2.0 * eta / (np.pi * (1.0 + eta**2) ** 2)


class Latent(Identity):
    """theta = eta, for a parameter whose link the family applies to several at once."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.name = link.name
        self.is_elementary = link.is_elementary


class Inverse(Link):
    """theta = 1 / eta."""

    name, formula, onto = "inverse", "theta = 1 / eta", "real"
    ends = (None, "lower")

    def forward(self, theta: Rows) -> Rows:
        return 1.0 / theta

    def inverse(self, eta: Rows) -> Rows:
        return 1.0 / eta

    def slope(self, eta: Rows) -> Rows:
        return -(eta**-2.0)

    def curvature(self, eta: Rows) -> Rows:
        return 2.0 * eta**-3.0


class InverseSquared(Link):
    """theta = 1 / sqrt(eta), eta > 0."""

    name, formula, onto = "inverse-squared", "theta = 1 / sqrt(eta), eta > 0", "positive"
    ends = (None, "lower")

    def forward(self, theta: Rows) -> Rows:
        return theta**-2.0

    def inverse(self, eta: Rows) -> Rows:
        return _where_positive(eta) ** -0.5

    def slope(self, eta: Rows) -> Rows:
        return -0.5 * _where_positive(eta) ** -1.5

    def curvature(self, eta: Rows) -> Rows:
        return 0.75 * _where_positive(eta) ** -2.5


class Sqrt(Link):
    """theta = eta squared, eta > 0 so that theta has one eta."""

    name, formula, onto = "sqrt", "theta = eta^2, eta > 0", "positive"
    ends = (None, "upper")

    def forward(self, theta: Rows) -> Rows:
        return np.sqrt(theta)

    def inverse(self, eta: Rows) -> Rows:
        return _where_positive(eta) ** 2

    def slope(self, eta: Rows) -> Rows:
        return 2.0 * _where_positive(eta)

    def curvature(self, eta: Rows) -> Rows:
        return np.where(eta > 0, 2.0, np.nan)


class TanHalf(Link):
    """theta = 2 arctan(eta)."""

    name, formula, onto = "tan-half", "theta = 2 * arctan(eta)", "circle"

    def forward(self, theta: Rows) -> Rows:
        return np.tan(theta / 2)

    def inverse(self, eta: Rows) -> Rows:
        return 2.0 * np.arctan(eta)

    def slope(self, eta: Rows) -> Rows:
        return 2.0 / (1.0 + eta**2)

    def curvature(self, eta: Rows) -> Rows:
        return -4.0 * eta / (1.0 + eta**2) ** 2


LINKS: dict[str, Link] = {link.name: link() for link in Link.__subclasses__()}


# below LINKS, which holds what a user can name
class _Stretched(Link):
    """theta = lower + (upper - lower) t with t in the unit interval."""

    onto = "interval"

    def __init__(self, link: Link, lower: float, upper: float) -> None:
        self.name = f"{link.name} from {lower:g} to {upper:g}"
        self.ends = link.ends
        self.is_elementary = link.is_elementary
        self._link, self._lower, self._width = link, lower, upper - lower

    def forward(self, theta: Rows) -> Rows:
        return self._link.forward((theta - self._lower) / self._width)

    def inverse(self, eta: Rows) -> Rows:
        return self._lower + self._width * self._link.inverse(eta)

    def slope(self, eta: Rows) -> Rows:
        return self._width * self._link.slope(eta)

    def curvature(self, eta: Rows) -> Rows:
        return self._width * self._link.curvature(eta)


def resolve(name: str) -> Link:
    """The link with this name; case and `_` for `-` do not matter.

    Raises:
        UsageError: there is no such link.
    """
    wanted = name.strip().lower().replace("_", "-")
    if wanted not in LINKS:
        close = did_you_mean(wanted, LINKS)
        raise UsageError(
            f"no link '{name}'",
            "links: " + ", ".join(LINKS),
            tries=[f"--link {candidate}" for candidate in close],
        )
    return LINKS[wanted]


def _exp(eta: Rows) -> Rows:
    return np.exp(np.minimum(eta, _LARGEST_EXPONENT))


def _where_positive(eta: Rows) -> Rows:
    return np.where(eta > 0, eta, np.nan)
