"""Parameters given by hand: `mu=170,sigma=10` to a distribution.

The values are on the natural scale of `family.parameters`; a latent parameter, such as the
log-odds of a class, is its own natural scale. A family of levels has its parameters only once
it knows the levels, and one whose density is made with a number needs that number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlefit import families
from mlefit.design.suggest import word
from mlefit.errors import UsageError, did_you_mean
from mlefit.families._base import Family, Probability
from mlefit.support import Domain, Facts

_SHOWN_PARAMETERS = 8


def family_by_hand(name: str, levels: Sequence[str] | None = None) -> Family:
    """The family of this name, where there is no target to tell its levels.

    Args:
        name: a family, an alias or a loss, as for `--family`.
        levels: of a family of levels, in order, as for `--levels`.

    Raises:
        UsageError: there is no such family, or nothing says what its parameters are.
    """
    family = families.load(families.resolve(name))
    if levels is not None:
        return _with_levels(family, tuple(levels))
    if family.open:
        raise UsageError(
            f"the parameters of {family.name} depend on its levels", tries=["--levels a,b,c"]
        )
    setting = family.setting
    if setting is not None and family.value is None and not _holds_parameter(family):
        raise UsageError(
            f"{family.name} needs its {setting.name}, the {setting.meaning}",
            tries=[f"--family {family.name}:{setting.lower + 1:g}"],
        )
    return family


def parameters_at(family: Family, texts: Sequence[str]) -> tuple[float, ...]:
    """The parameters that texts such as `mu=170,sigma=10` give, in the family's order.

    Args:
        family: bound to its levels, if it has any.
        texts: NAME=NUMBER, several with commas between them or as several texts.

    Raises:
        UsageError: a name that the family has not, a parameter without a value or with two,
            or a value outside its domain.
    """
    values = dict(family.fixes)
    for name, number, written in _assignments(texts):
        _require_known(family, name, number)
        if values.setdefault(name, number) != number:
            if name in family.fixes:
                raise UsageError(
                    f"{family.label} and --at {written} give {name} two values",
                    tries=[f"--family {family.name}"],
                )
            raise UsageError(f"--at gives {name} two values: {values[name]:g} and {number:g}")
    _require_all(family, values)
    for parameter in family.parameters:
        if not parameter.domain.contains(np.array([values[parameter.name]])):
            raise UsageError(
                f"--at {parameter.name}={values[parameter.name]:g}: {parameter.name}, the "
                f"{parameter.meaning}, must be {parameter.domain.words}"
            )
    theta = tuple(values[parameter.name] for parameter in family.parameters)
    _require_every_level(family, theta)
    return theta


def as_theta(family: Family, values: Sequence[float]) -> tuple[Any, ...]:
    """Numbers as a family takes its parameters: the same for all rows, shape (1,)."""
    return tuple(
        Probability(np.array([value]), np.array([1.0 - value]))
        if parameter.domain == Domain.UNIT
        else np.array([value])
        for parameter, value in zip(family.parameters, values, strict=True)
    )


def known_by_hand(family: Family, given: Mapping[str, float | None]) -> dict[str, float]:
    """The quantities beside the target that a family needs, such as `trials`, from flags.

    Raises:
        UsageError: one is missing, or given to a family that knows nothing of it.
    """
    for name, value in given.items():
        if value is None and name in family.known:
            raise UsageError(f"{family.name} needs the number of {name}", tries=[f"--{name} 10"])
        if value is not None and name not in family.known:
            raise UsageError(f"{family.name} has no {name}", tries=[f"the same without --{name}"])
    return {name: float(value) for name, value in given.items() if value is not None}


def _assignments(texts: Sequence[str]) -> list[tuple[str, float, str]]:
    """Name, number and what was written, of every NAME=NUMBER."""
    found = []
    for piece in (piece.strip() for text in texts for piece in text.split(",")):
        name, equals, number = (part.strip() for part in piece.rpartition("="))
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not equals or not name or not math.isfinite(value):
            raise UsageError(
                f"--at '{piece}' is not NAME=NUMBER", "for example --at mu=170,sigma=10"
            )
        found.append((name, value, piece))
    return found


def _require_known(family: Family, name: str, number: float) -> None:
    names = [parameter.name for parameter in family.parameters]
    if name in names:
        return
    if name in family.known:
        raise UsageError(
            f"{name} is a known number of {family.name} and no parameter",
            tries=[f"--{name} {number:g}"],
        )
    raise UsageError(
        f"{family.label} has no parameter '{name}'",
        f"parameters: {_listed(family, names)}",
        tries=[f"--at {word(f'{close}={number:g}')}" for close in did_you_mean(name, names)],
    )


def _require_all(family: Family, values: Mapping[str, float]) -> None:
    missing = [p.name for p in family.parameters if p.name not in values]
    if missing:
        example = ",".join(
            f"{p.name}={values.get(p.name, p.domain.inside):g}"
            for p in family.parameters[:_SHOWN_PARAMETERS]
            if p.name not in family.fixes
        )
        raise UsageError(
            f"no value for {' and '.join(missing[:_SHOWN_PARAMETERS])} of {family.label}",
            f"parameters: {_listed(family, missing)}",
            tries=[f"--at {word(example)}"],
        )


def _listed(family: Family, names: Sequence[str]) -> str:
    """Parameters with what they mean."""
    shown = [
        f"{p.name} ({p.meaning}, {p.domain.words})" for p in family.parameters if p.name in names
    ]
    return "; ".join(shown[:_SHOWN_PARAMETERS]) + "; ..." * (len(shown) > _SHOWN_PARAMETERS)


def _require_every_level(family: Family, theta: Sequence[float]) -> None:
    """Refuse thresholds out of order, which leave a level without probability."""
    levels = getattr(family, "levels", ())
    if not levels:
        return
    with np.errstate(all="ignore"):
        mass = family.log_density(np.arange(float(len(levels))), *as_theta(family, theta))
    empty = [level for level, height in zip(levels, mass, strict=True) if not height > -math.inf]
    if empty:
        raise UsageError(
            f"--at leaves the level '{empty[0]}' of {family.name} without probability",
            "the parameters that cut levels apart must rise from one to the next",
        )


def _with_levels(family: Family, levels: tuple[str, ...]) -> Family:
    if not family.open:
        raise UsageError(
            f"--levels orders the levels of a target, and {family.name} has {family.support.words}",
            tries=["--family categorical", "--family ordinal"],
        )
    twice = [level for level in levels if levels.count(level) > 1]
    if twice:
        raise UsageError(f"--levels names {twice[0]!r} twice")
    if len(levels) < 2:
        raise UsageError(f"{family.name} needs two levels or more", tries=["--levels a,b"])
    return family.bound(Facts(levels, 0, len(levels) - 1))


def _holds_parameter(family: Family) -> bool:
    """Whether the setting is one of the parameters, which is then given like the others."""
    assert family.setting is not None
    return family.setting.name in [parameter.name for parameter in family.parameters]
