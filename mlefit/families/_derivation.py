"""The formula of a family, in letters that can be run.

One expression for the log-density of a row; score, curvature, sums and density follow from it
by `mlefit.algebra`. The texts are of the expression language with the functions of densities,
and the contract of the families runs every one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from mlefit.frozen import frozen


@frozen
class Short:
    """A letter for a part of the formula.

    Attributes:
        letter: what it is called.
        meaning: what it stands for, in y, the parameters and the letters before it.
        slopes: its derivative in the parameters where a short form is known, such as
            -z/sigma; the others are derived from its meaning.
    """

    letter: str
    meaning: str
    slopes: Mapping[str, str] = field(default_factory=dict)


@frozen
class Unwritten:
    """A letter for what has no formula, such as a series.

    Attributes:
        letter: what it is called.
        words: what it is.
        of: the parameters it moves with; scores in these are not written down.
        value: (y, **parameters) -> its value.
    """

    letter: str
    words: str
    of: tuple[str, ...]
    value: Callable[..., Any]


@frozen
class Derivation:
    """The formula of a family.

    Attributes:
        log_density: of one row, with every constant.
        short: abbreviations in it, each after those it uses.
        estimate: closed forms of the maximum of a plain sample, each in y and the
            parameters before it. Of mean, median and quantile over all rows.
        information: the expected information of each parameter, and of two of them under
            both names; empty where it has no formula.
        unwritten: letters without a formula.
        minimum: the mean NLL of a row at the estimates, where it is a function of them alone.
        letters: names of the parameters in the formula, where the target gives them others.
        singular: parameters at whose zero the formula is a limit.
        remark: what a reader should know about the formula.
    """

    log_density: str
    short: tuple[Short, ...] = ()
    estimate: Mapping[str, str] = field(default_factory=dict)
    information: Mapping[str, str] = field(default_factory=dict)
    unwritten: tuple[Unwritten, ...] = ()
    minimum: str = ""
    letters: tuple[str, ...] = ()
    singular: tuple[str, ...] = ()
    remark: str = ""


STANDARDISED = Short("z", "(y - mu)/sigma", {"mu": "-1/sigma", "sigma": "-z/sigma"})
"""How far a value lies from the centre, in units of the scale."""
