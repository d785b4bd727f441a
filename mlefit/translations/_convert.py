"""The conversions: a prior to settings, a setting to a prior, and one through the other."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlefit.errors import UsageError
from mlefit.frozen import frozen
from mlefit.translations import _reading
from mlefit.translations._base import (
    Fit,
    MissingNumberError,
    NoSettingError,
    PriorLike,
    PriorSpec,
    Strength,
    Translation,
    parsed_prior,
    strength_of,
)
from mlefit.translations._registry import systems
from mlefit.translations._system import Translator, covers

_WITHOUT_DISPERSION = ("bernoulli", "poisson")


@frozen
class Conversion:
    """A setting read, and said elsewhere.

    Attributes:
        prior: what the setting is.
        penalty: the same on the summed NLL; None for a prior that is no L1 or L2 penalty.
        families: what the translations are for.
        translations: the same prior in other systems.
    """

    prior: PriorSpec
    penalty: Strength | None
    families: tuple[str, ...]
    translations: tuple[Translation, ...]


def settings_for(
    prior: PriorLike,
    family: str,
    link: str,
    *,
    rows: float,
    phi: float,
    sd_y: float | None = None,
) -> list[Translation]:
    """The settings elsewhere that give the coefficients of a prior on every slope.

    Args:
        prior: a name and its numbers.
        family: canonical name.
        link: of the mean.
        rows: number of rows, or the sum of their weights; for binomial, of the trials.
        phi: dispersion: 1 for bernoulli, binomial and poisson, sigma^2 for normal.
        sd_y: standard deviation of the target with divisor n.

    Returns:
        One record for each system that can fit the family. Of several models of one
        library, those that cannot express the prior are left out, but for the first
        where none can.
    """
    fit = Fit(family, link, rows, phi, _or_nan(sd_y))
    able = [system for system in systems() if covers(system, fit)]
    found = [_translation(system, prior, fit) for system in able]
    libraries: dict[str, list[Translation]] = {}
    for system, translation in zip(able, found, strict=True):
        if system.families:
            libraries.setdefault(_library(system.name), []).append(translation)
    shown = [t for group in libraries.values() for t in _worth_showing(group)]
    return [t for s, t in zip(able, found, strict=True) if not s.families or t in shown]


def read_setting(
    text: str,
    *,
    rows: float | None = None,
    phi: float | None = None,
    sd_y: float | None = None,
    family: str | None = None,
) -> PriorSpec:
    """The prior behind a setting: `sklearn:LogisticRegression,C=0.49` is normal(0, 0.7).

    Args:
        text: `library:Model,key=value`, or a prior as it is.
        rows: number of rows, or the sum of their weights.
        phi: dispersion; 1 for families that have none.
        sd_y: standard deviation of the target with divisor n.
        family: where the system fits several; its own default otherwise.

    Raises:
        MissingNumberError: the system's units depend on a number that is not given.
        UsageError: the text names no system or no setting of it.
    """
    return _read(text, rows, phi, sd_y, family)[0]


def convert(
    text: str,
    *,
    to: str | None = None,
    family: str | None = None,
    rows: float | None = None,
    phi: float | None = None,
    sd_y: float | None = None,
) -> Conversion:
    """A setting of one system as settings of the others.

    Args:
        text: as for `read_setting`.
        to: a system, or None for all of them.
        family: what is fitted, where neither system says.
        rows: as for `read_setting`.
        phi: as for `read_setting`.
        sd_y: as for `read_setting`.

    Raises:
        MissingNumberError: a number is needed and not given.
        UsageError: a system is unknown, cannot fit the family, or has no such setting.
    """
    prior, known = _read(text, rows, phi, sd_y, family)
    wanted = (_reading.find(to, systems()),) if to else systems()
    families = (known,) if known else _families_of(wanted, phi)
    fits = [_reading.fit_of(f, _or_nan(rows), _or_nan(phi), _or_nan(sd_y)) for f in families]
    _refuse_missing(wanted, fits, to)
    if to:
        found = [_only(wanted[0], prior, fit) for fit in fits]
    else:
        found = [
            translation
            for fit in fits
            for translation in settings_for(
                prior, fit.family, fit.link, rows=fit.rows, phi=fit.phi, sd_y=fit.sd_y
            )
        ]
    return Conversion(prior, _penalty(prior), families, tuple(dict.fromkeys(found)))


def _read(
    text: str, rows: float | None, phi: float | None, sd_y: float | None, family: str | None
) -> tuple[PriorSpec, str | None]:
    family = None if family is None else _reading.canonical_family(family)
    if _reading.is_prior(text):
        return parsed_prior(text), family
    source = _reading.source_of(text, systems(), family)
    if source.family is None and source.system.families:
        raise UsageError(
            f"the penalty of {source.system.name} depends on the family",
            f"families: {', '.join(source.system.families)}",
            tries=[f"--family {name}" for name in source.system.families[:3]],
        )
    numbers = (_or_nan(rows), _or_nan(phi), _or_nan(sd_y))
    fit = _reading.fit_of(source.family, *numbers) if source.family else Fit("", "")
    return source.system.backward(source.settings, fit), source.family


def _families_of(wanted: Sequence[Translator], phi: float | None) -> tuple[str, ...]:
    """Where nobody named a family: the only one there is, or those with such a dispersion."""
    if len(wanted) == 1 and len(wanted[0].families) == 1:
        return wanted[0].families
    usual = _WITHOUT_DISPERSION if phi is None else ("normal",)
    fitted = [f for f in usual if any(not s.families or f in s.families for s in wanted)]
    return tuple(fitted) or wanted[0].families[:1]


def _refuse_missing(wanted: Sequence[Translator], fits: Sequence[Fit], to: str | None) -> None:
    lacking = [
        number
        for number in ("rows", "phi", "sd_y")
        for system in wanted
        for fit in fits
        if covers(system, fit) and number in system.lacking(fit) and (to or number != "sd_y")
    ]
    if lacking:
        name = wanted[0].name if to else "the other systems"
        raise MissingNumberError(name, dict.fromkeys(lacking))


def _only(system: Translator, prior: PriorSpec, fit: Fit) -> Translation:
    """The one setting that was asked for, or a refusal with the reason."""
    if not covers(system, fit):
        raise UsageError(
            f"{system.name} does not fit {fit.family}",
            f"families: {', '.join(system.families)}",
            tries=[f"--from '{prior}'"],
        )
    translation = _translation(system, prior, fit)
    if translation.setting is None:
        raise UsageError(f"{system.name} has no setting for {prior}", translation.note)
    return translation


def _translation(system: Translator, prior: PriorLike, fit: Fit) -> Translation:
    try:
        return system.forward(prior, fit)
    except NoSettingError as reason:
        return Translation(system.name, None, False, str(reason))
    except MissingNumberError as missing:
        return Translation(system.name, None, False, missing.problem)


def _worth_showing(group: Sequence[Translation]) -> Sequence[Translation]:
    """The models of one library that have a setting; the first one's reason if none has."""
    return [translation for translation in group if translation.setting] or group[:1]


def _penalty(prior: PriorSpec) -> Strength | None:
    try:
        return strength_of(prior)
    except NoSettingError:
        return None


def _library(name: str) -> str:
    return name.partition(":")[0]


def _or_nan(number: float | None) -> float:
    return math.nan if number is None else number
