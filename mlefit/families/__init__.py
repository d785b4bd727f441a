"""The families. This directory is the registry: a file here is a family everywhere.

How to add a family:

1. Copy the file of a family like it; its name, with - for _, is the flag value and the JSON
   value.
2. Write the docstring first: formula, score and information, the loss, the source.
3. `ALIASES` holds further names and the names of losses; it is read without importing the file.
   A number that belongs to the name, as in huber:1.35, is its `setting`.
4. Give `support`, `parameters`, `log_density`, `score`, `observed`, `start` and `sample`,
   in theta alone: links, coefficients and weights are not a family's business. Give
   `expected`, `mean`, `variance`, `log_cdf` and `log_sf` where they exist, `drift` where it is
   known how a quantile moves with the parameters, and `starts` where the likelihood can have
   several maxima.
   What depends on the target (its levels, its least value) comes from `bound`. `limits` names
   what it becomes at an edge of a parameter, `escape` rows that can run away, `contrasts`
   several predictors that can do so together.
5. Give its losses as records, `examples`: parameters to test it at, `derivation`: its
   log-density in letters, from which explanations derive all else, and `elsewhere`: its names
   in R, scipy and Stan, their parameters written in its own.
6. Run `pytest tests/families`: it tests the density, every derivative, the distribution
   function, the draws, losses and starts.
7. Write its density in mpmath in tests/reference/families, and run the module above it for
   fits to 50 digits; cross-check with another program where there is one.
8. Run `pytest --update`, which adds it to the table in docs/reference.md.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator, Set
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mlefit.errors import UsageError, did_you_mean
from mlefit.families import _setting
from mlefit.families._refused import REFUSED

if TYPE_CHECKING:
    from mlefit.families._base import Family

NAMES = tuple(
    sorted(
        module.name.replace("_", "-")
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("_")
    )
)


def load(name: str) -> Family:
    """The family with this canonical name, such as poisson or huber:1.35.

    What people write goes through `resolve` first.
    """
    plain, value = _setting.parts(name)
    family: Family = importlib.import_module(f"{__name__}.{_file(plain)}").FAMILY
    return family if value is None else family.with_setting(float(value))


def every() -> Iterator[Family]:
    """All families, in the order of their names."""
    return (load(name) for name in NAMES)


def resolve(name: str) -> str:
    """The canonical name behind a name, an alias or a loss; case, `-` and `_` are ignored.

    A number after the last colon is the family's setting, unless the colon belongs to
    the name, as in reg:gamma.

    Raises:
        UsageError: nothing has this name, it is a loss that is no likelihood, or the
            family cannot have this number.
    """
    if name in NAMES:  # which asks nothing of the other files
        return name
    known = aliases()
    plain, number = _setting.parts(name)
    if _folded(name) in known:
        return known[_folded(name)]
    _refuse_losses_without_family(name, {_folded(name), _folded(plain)} - known.keys())
    if number is None or _folded(plain) not in known:
        raise _unknown(name)
    value = _setting.number(number, name)
    return load(known[_folded(plain)]).with_setting(value, name).label


def _refuse_losses_without_family(name: str, spellings: Set[str]) -> None:
    for loss in REFUSED:
        if spellings & {_folded(one) for one in loss.names}:
            raise UsageError(f"'{name}' {loss.why.value}", loss.reason, tries=loss.instead)


def _unknown(name: str) -> UsageError:
    known = aliases()
    close = dict.fromkeys(known[near] for near in did_you_mean(_folded(name), known))
    return UsageError(
        f"no family or loss '{name}'",
        "families: " + ", ".join(NAMES),
        tries=[f"--family {family}" for family in close] or ["mlefit list families"],
    )


@cache
def aliases() -> dict[str, str]:
    """Every folded spelling and the family it means, read without importing the families."""
    return {_folded(spelling): name for name in NAMES for spelling in (name, *spellings_of(name))}


@cache
def spellings_of(name: str) -> tuple[str, ...]:
    """The aliases of a family, as written in its file: to parse all of it takes far longer."""
    text = (Path(__file__).parent / f"{_file(name)}.py").read_text(encoding="utf-8")
    _, found, rest = text.partition("\nALIASES = ")
    return tuple(ast.literal_eval(rest[: rest.index(")") + 1])) if found else ()


def _file(name: str) -> str:
    return name.replace("-", "_")


def _folded(name: str) -> str:
    return name.strip().lower().replace("-", "").replace("_", "").replace(" ", "")
