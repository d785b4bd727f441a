"""The functions of densities, beside those of formulas: values, derivatives, signs.

A function that is only ever met under a logarithm, such as the gamma function, has its
logarithm's value here as well, since its own would overflow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from mlefit._types import Rows
from mlefit.expression import FUNCTIONS, Arity, Expression, parse
from mlefit.frozen import frozen

CONSTANTS: Mapping[str, float] = MappingProxyType(
    {"pi": math.pi, "euler": 0.57721566490153286060651209008240243}
)
"""Names that stand for a number; euler is that of Euler and Mascheroni."""


@frozen
class Special:
    """A function beside those of formulas.

    Attributes:
        letters: what its arguments are called in `slopes`.
        value: name of the function of `values` that computes it.
        slopes: derivative in each argument, as text in these letters; empty for a function
            of data alone, or one whose derivatives nobody writes down.
        log_value: the same for its logarithm.
        plain: how a line of mathematics shows it, with {} for its arguments.
        latex: how a blackboard does.
    """

    letters: tuple[str, ...]
    value: Callable[..., Any]
    plain: str
    latex: str
    slopes: tuple[str, ...] = ()
    log_value: Callable[..., Any] | None = None


def _scipy(name: str) -> Callable[..., Any]:
    """A function of scipy.special, loaded when it is first called."""

    def call(*arguments: Rows) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(*arguments)

    return call


def _log_choose(n: Rows, k: Rows) -> Any:
    gammaln = _scipy("gammaln")
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def _log_cosh(a: Rows) -> Any:
    import numpy as np

    return np.logaddexp(a, -a) - math.log(2)


def _log_logistic(a: Rows) -> Any:
    import numpy as np

    return -np.logaddexp(0.0, -a)


def _log_bessel0(k: Rows) -> Any:
    import numpy as np

    return np.abs(k) + np.log(_scipy("i0e")(k))


def _bell(x: Rows) -> Any:
    import numpy as np

    return np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def _numpy(name: str) -> Callable[..., Any]:
    def call(*arguments: Rows) -> Any:
        import numpy as np

        return getattr(np, name)(*arguments)

    return call


SPECIAL: Mapping[str, Special] = MappingProxyType(
    {
        "gamma": Special(
            ("u",), _scipy("gamma"), "Γ({})", r"\Gamma({})", ("gamma(u) * digamma(u)",),
            _scipy("gammaln"),
        ),
        "digamma": Special(("u",), _scipy("digamma"), "ψ({})", r"\psi({})", ("trigamma(u)",)),
        "trigamma": Special(
            ("u",), lambda u: _scipy("polygamma")(1, u), "ψ\N{PRIME}({})", r"\psi'({})"
        ),
        "factorial": Special(
            ("u",), _scipy("factorial"), "{}!", "{}!", (), lambda u: _scipy("gammaln")(u + 1)
        ),
        "choose": Special(
            ("n", "k"), _scipy("binom"), "C({}, {})", r"\binom{{{}}}{{{}}}", (), _log_choose
        ),
        "Phi": Special(
            ("u",), _scipy("ndtr"), "Φ({})", r"\Phi({})", ("bell(u)",), _scipy("log_ndtr")
        ),
        "bell": Special(("u",), _bell, "φ({})", r"\varphi({})", ("-u * bell(u)",)),
        "logistic": Special(
            ("u",), _scipy("expit"), "logistic({})", r"\operatorname{{logistic}}({})",
            ("logistic(u) * (1 - logistic(u))",), _log_logistic,
        ),
        "cosh": Special(
            ("u",), _numpy("cosh"), "cosh({})", r"\cosh({})", ("cosh(u) * tanh(u)",), _log_cosh
        ),
        "arctan": Special(("u",), _numpy("arctan"), "arctan({})", r"\arctan({})",
                          ("1 / (1 + u^2)",)),
        "tan": Special(("u",), _numpy("tan"), "tan({})", r"\tan({})", ("1 + tan(u)^2",)),
        "probit": Special(("u",), _scipy("ndtri"), "Φ⁻¹({})", r"\Phi^{{-1}}({})",
                          ("1 / bell(probit(u))",)),
        "bessel0": Special(
            ("u",), _scipy("i0"), "I₀({})", "I_0({})", ("bessel1(u)",), _log_bessel0
        ),
        "bessel1": Special(
            ("u",), _scipy("i1"), "I₁({})", "I_1({})", ("bessel0(u) - bessel1(u) / u",)
        ),
        "abs": Special(("u",), _numpy("abs"), "|{}|", r"\left|{}\right|", ("sign(u)",)),
        "direction": Special(
            ("s", "c"), _numpy("arctan2"), "angle of ({1}, {0})",
            r"\operatorname{{angle}}\left({1}, {0}\right)",
        ),
        "size": Special(("u",), _numpy("abs"), "|{}|", r"\left|{}\right|", ("size(u) / u",)),
        "sign": Special(("u",), _numpy("sign"), "sign({})", r"\operatorname{{sign}}({})", ("0",)),
    }
)  # fmt: skip
"""Every one of them; size is abs away from zero, bell the normal density, probit Phi's inverse."""

OF_SAMPLE: Mapping[str, Arity] = MappingProxyType(
    {"mean": Arity(1, 1), "sum": Arity(1, 1), "median": Arity(1, 1), "quantile": Arity(2, 2)}
)
"""What takes all rows of a sample and gives one number."""

LANGUAGE: Mapping[str, Arity] = MappingProxyType(
    {
        **FUNCTIONS,
        **OF_SAMPLE,
        **{name: Arity(len(one.letters), len(one.letters)) for name, one in SPECIAL.items()},
    }
)
"""What the formulas of densities may call."""


def read(text: str) -> Expression:
    """A formula of a density."""
    return parse(text, LANGUAGE)
