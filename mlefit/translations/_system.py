"""What a system is: its settings, the units of its penalty, and how it is called."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, ClassVar, Protocol

from mlefit.errors import UsageError, did_you_mean
from mlefit.frozen import frozen
from mlefit.translations._base import (
    LINKS,
    Fit,
    MissingNumberError,
    NoSettingError,
    PriorLike,
    PriorSpec,
    Strength,
    Translation,
    decimal,
    strength_of,
)


class Translator(Protocol):
    """What every system can be asked."""

    @property
    def name(self) -> str:
        """`library:Model`."""

    @property
    def families(self) -> tuple[str, ...]:
        """What it can fit; empty for any family with any link."""

    @property
    def default_family(self) -> str | None:
        """What it fits when nobody says."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of its settings."""

    def lacking(self, fit: Fit) -> tuple[str, ...]:
        """Numbers that its units need and the fit has not."""

    def forward(self, prior: PriorLike, fit: Fit) -> Translation:
        """The setting that gives the coefficients of this prior.

        Raises:
            MissingNumberError: the fit lacks a number that the units depend on.
            NoSettingError: the system cannot express the prior.
        """

    def backward(self, settings: Mapping[str, str], fit: Fit) -> PriorSpec:
        """The prior that these settings are.

        Raises:
            MissingNumberError: as for `forward`.
            UsageError: settings that it does not have, or that are no prior.
        """


@frozen
class Shape:
    """How a system spells two strengths in its own units.

    Attributes:
        keys: its settings and their defaults; None where it has no default.
        spell: strengths to settings; NoSettingError for a penalty the system has not.
        read: settings to strengths.
    """

    keys: Mapping[str, float | None]
    spell: Callable[[Strength], dict[str, float]]
    read: Callable[[Mapping[str, float]], Strength]


@frozen
class System:
    """One model of one library, and its penalty.

    Attributes:
        name: `library:Model`.
        families: what it can fit, each with its link in `LINKS`.
        shape: its settings.
        units: what the strengths on the summed NLL are multiplied by, L1 and L2.
        write: settings, as text, and the fit to code.
        note: the trap, in one sentence.
        default_family: what it fits when nobody says.
        words: settings that are words, and the numbers each of them implies.
    """

    name: str
    families: tuple[str, ...]
    shape: Shape
    units: Callable[[Fit], tuple[float, float]]
    write: Callable[[Mapping[str, str], Fit], str]
    note: str
    default_family: str | None = None
    words: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of its settings."""
        return (*self.shape.keys, *self.words)

    def lacking(self, fit: Fit) -> tuple[str, ...]:
        """Numbers that its units need and the fit has not."""
        unknown = [n for n in ("rows", "phi", "sd_y") if math.isnan(getattr(fit, n))]
        return tuple(n for n in unknown if any(map(math.isnan, self._units_but(fit, n, unknown))))

    def forward(self, prior: PriorLike, fit: Fit) -> Translation:
        """See `Translator`."""
        strength = strength_of(prior)
        settings = self.shape.spell(strength.times(self._units(fit)))
        text = {key: decimal(value) for key, value in settings.items()}
        return Translation(self.name, self.write(text, fit), True, self.note)

    def backward(self, settings: Mapping[str, str], fit: Fit) -> PriorSpec:
        """See `Translator`."""
        strength = self.shape.read(self._numbers(settings)).over(self._units(fit))
        if not (strength.l1 >= 0 and strength.l2 >= 0 and 0 < strength.total < math.inf):
            raise UsageError(
                f"these settings of {self.name} are no prior",
                "a prior has a penalty above zero and an L1 share from 0 to 1",
            )
        return strength.prior()

    def _units_but(self, fit: Fit, missing: str, unknown: Sequence[str]) -> tuple[float, float]:
        """The units when of the unknown numbers only one is missing."""
        known: dict[str, Any] = {name: 1.0 for name in unknown if name != missing}
        return self.units(replace(fit, **known))

    def _units(self, fit: Fit) -> tuple[float, float]:
        if lacking := self.lacking(fit):
            raise MissingNumberError(self.name, lacking)
        return self.units(fit)

    def _numbers(self, settings: Mapping[str, str]) -> dict[str, float]:
        numbers = {key: value for key, value in self.shape.keys.items() if value is not None}
        for key, text in settings.items():
            if key in self.words:
                numbers |= self._implied(key, text)
            elif key in self.shape.keys:
                numbers[key] = _number(key, text)
            else:
                known = ", ".join(self.keys)
                close = [f"{self.name},{name}={text}" for name in did_you_mean(key, self.keys)]
                raise UsageError(
                    f"no setting '{key}' of {self.name}", f"settings: {known}", tries=close
                )
        if absent := [key for key in self.shape.keys if key not in numbers]:
            raise UsageError(
                f"{self.name} needs {' and '.join(absent)}",
                tries=[f"--from {self.name},{','.join(f'{key}=0.1' for key in absent)}"],
            )
        return numbers

    def _implied(self, key: str, word: str) -> Mapping[str, float]:
        if word not in self.words[key]:
            raise UsageError(
                f"{key}={word} of {self.name} is no prior on the slopes alone",
                f"choices: {', '.join(self.words[key])}",
            )
        return self.words[key][word]


@frozen
class WithoutSetting:
    """A system that people expect in the table and that has no setting for any prior."""

    name: str
    note: str
    families: ClassVar[tuple[str, ...]] = ()
    default_family: ClassVar[None] = None
    keys: ClassVar[tuple[str, ...]] = ()

    def lacking(self, fit: Fit) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def forward(self, prior: PriorLike, fit: Fit) -> Translation:
        """No setting, and why."""
        return Translation(self.name, None, False, self.note)

    def backward(self, settings: Mapping[str, str], fit: Fit) -> PriorSpec:
        """Refused, with the reason."""
        raise UsageError(f"no setting of {self.name} is a prior", self.note)


def covers(system: Translator, fit: Fit) -> bool:
    """Whether the system can fit this family with this link."""
    if not system.families:
        return True
    return fit.family in system.families and fit.link == LINKS[fit.family]


def mixed(key: str, ratio: str, default: float | None, default_ratio: float) -> Shape:
    """One strength and the share of L1: a (r |b| + (1 - r) b^2 / 2)."""
    return Shape(
        {key: default, ratio: default_ratio},
        lambda s: {key: s.total, ratio: s.ratio},
        lambda v: Strength(v[key] * v[ratio], v[key] * (1 - v[ratio])),
    )


def ridge(key: str, default: float | None) -> Shape:
    """Only L2: a b^2 / 2."""

    def spell(strength: Strength) -> dict[str, float]:
        if strength.l1:
            raise NoSettingError("it has no L1 penalty")
        return {key: strength.l2}

    return Shape({key: default}, spell, lambda v: Strength(0.0, v[key]))


def lasso(key: str, default: float | None) -> Shape:
    """Only L1: a |b|."""

    def spell(strength: Strength) -> dict[str, float]:
        if strength.l2:
            raise NoSettingError("it has no L2 penalty")
        return {key: strength.l1}

    return Shape({key: default}, spell, lambda v: Strength(v[key], 0.0))


def summed(fit: Fit) -> tuple[float, float]:
    """Units of phi NLL + penalty: RSS / 2 for normal, the NLL itself where phi is 1."""
    return fit.phi, fit.phi


def averaged(fit: Fit) -> tuple[float, float]:
    """Units of phi NLL / n + penalty."""
    return fit.phi / fit.rows, fit.phi / fit.rows


def _number(key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{key} must be a number, not '{text}'")
    return value
