"""Text to a prior: `sklearn:Lasso,alpha=0.1`, `sklearn:C=0.5`, `normal(0, 0.7)`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from mlefit.errors import UsageError, did_you_mean
from mlefit.frozen import frozen
from mlefit.translations._base import KNOWN_DISPERSION, LINKS, PARAMETERS, Fit
from mlefit.translations._system import Translator

_ALSO = {"scikit-learn": "sklearn", "pytorch": "torch", "gaussian": "normal"}
_COMMA = re.compile(r",(?![^(]*\))")


@frozen
class Source:
    """A setting as it was written.

    Attributes:
        system: whose setting it is.
        settings: its parts; `family` is not among them.
        family: what is fitted, said or by default; None when neither.
    """

    system: Translator
    settings: Mapping[str, str]
    family: str | None


def is_prior(text: str) -> bool:
    """Whether the text is a prior rather than a setting of some system."""
    return text.partition("(")[0].strip().lower() in PARAMETERS


def source_of(text: str, systems: Sequence[Translator], family: str | None) -> Source:
    """The system and the settings that a text names.

    Raises:
        UsageError: no such system, several of them, a part that is no setting, or two
            families.
    """
    head, *parts = (part.strip() for part in _COMMA.split(text))
    library, _, model = head.partition(":")
    if "=" in model:
        head, parts = library, [model, *parts]
    settings = dict(_pair(part) for part in parts)
    named = settings.pop("family", None)
    if named is not None:
        named = canonical_family(named)
    if named and family and named != family:
        raise UsageError(f"two families: {named} and {family}")
    system = find(head, systems, tuple(settings))
    family = named or family or system.default_family
    if family and system.families and family not in system.families:
        raise UsageError(
            f"{system.name} does not fit {family}", f"families: {', '.join(system.families)}"
        )
    return Source(system, settings, family)


def find(name: str, systems: Sequence[Translator], keys: Sequence[str] = ()) -> Translator:
    """The one system of this name, or of this library that has these settings.

    Raises:
        UsageError: there is none, or several.
    """
    folded = ":".join(_ALSO.get(part, part) for part in name.lower().strip().split(":"))
    named = [system for system in systems if system.name.lower() == folded]
    in_library = [system for system in systems if system.name.lower().split(":")[0] == folded]
    able = [system for system in in_library if set(keys) <= set(system.keys)]
    found = named or (able if keys else in_library)
    if len(found) == 1:
        return found[0]
    names = [system.name for system in found or in_library]
    if names:
        raise UsageError(f"'{name}' could be {' or '.join(names)}", tries=names)
    every = [system.name for system in systems]
    last = {each.partition(":")[2]: each for each in every}
    close = did_you_mean(name, every) or did_you_mean(name.partition(":")[2] or name, last)
    raise UsageError(
        f"no system '{name}'",
        f"systems: {', '.join(every)}",
        tries=[last.get(word, word) for word in close],
    )


def canonical_family(name: str) -> str:
    """One of the families whose settings are known here.

    Raises:
        UsageError: it is none of them.
    """
    folded = _ALSO.get(name.strip().strip("\"'").lower(), name.strip().strip("\"'").lower())
    if folded not in LINKS:
        close = did_you_mean(folded, LINKS)
        raise UsageError(
            f"no settings are known for the family '{name}'",
            f"families: {', '.join(LINKS)}",
            tries=[f"--family {word}" for word in close],
        )
    return folded


def fit_of(family: str, rows: float, phi: float, sd_y: float) -> Fit:
    """The fit with the family's usual link; a family without a dispersion has phi 1.

    Raises:
        UsageError: another phi was given for such a family.
    """
    if family in KNOWN_DISPERSION:
        if not math.isnan(phi) and phi != 1:
            raise UsageError(f"{family} has no dispersion: its phi is 1", tries=["--phi 1"])
        phi = 1.0
    return Fit(family, LINKS[family], rows, phi, sd_y)


def _pair(part: str) -> tuple[str, str]:
    key, equals, value = part.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise UsageError(
            f"'{part}' is no setting", tries=["--from sklearn:LogisticRegression,C=0.5"]
        )
    return key.strip(), value.strip().strip("\"'")
