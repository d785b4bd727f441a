"""The same distribution under the names and parameters of another system.

Each parameter there is a function of the parameters here, written in the expression language,
so that what reads the tree (values, exact errors, intervals) needs no second formula.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field

from mlefit.frozen import frozen

_PLACE = re.compile(r"\{([^{}]*)\}")

R, SCIPY, STAN, STATSMODELS = "R", "scipy", "Stan", "statsmodels"


@frozen
class Elsewhere:
    """A density, or a model, of another system.

    Attributes:
        system: R, scipy, Stan, statsmodels.
        call: how it is written there, with the name of each argument in braces where its
            value stands.
        arguments: name of each argument -> its expression in the family's parameters.
    """

    system: str
    call: str
    arguments: Mapping[str, str] = field(default_factory=dict)

    def filled(self, values: Mapping[str, str] | None = None) -> str:
        """The call with a text for each argument; with its expression if none are given."""
        return filled(self.call, self.arguments if values is None else values)


def filled(call: str, values: Mapping[str, str]) -> str:
    """A call with a text in each of its places."""
    return _PLACE.sub(lambda place: values[place[1]], call)


def in_r(function: str, arguments: Mapping[str, str]) -> Elsewhere:
    """An R density of x with named arguments; the package stands before two colons."""
    return _call(R, function, arguments, "x, ", lambda name: f"{name} = {{{name}}}")


def in_scipy(function: str, arguments: Mapping[str, str]) -> Elsewhere:
    """A distribution of scipy.stats."""
    return _call(SCIPY, function, arguments, "", lambda name: f"{name}={{{name}}}")


def in_stan(function: str, arguments: Mapping[str, str]) -> Elsewhere:
    """A distribution of Stan, whose arguments have no names but in its manual."""
    return _call(STAN, function, arguments, "", lambda name: f"{{{name}}}")


def in_statsmodels(model: str, arguments: Mapping[str, str]) -> Elsewhere:
    """A model of statsmodels with a constant only, and the values its `params` have."""
    written = ", ".join(f"{name} {{{name}}}" for name in arguments)
    return Elsewhere(STATSMODELS, f"{model}: {written}", arguments)


def _call(
    system: str,
    function: str,
    arguments: Mapping[str, str],
    before: str,
    written: Callable[[str], str],
) -> Elsewhere:
    return Elsewhere(system, f"{function}({before}{', '.join(map(written, arguments))})", arguments)
