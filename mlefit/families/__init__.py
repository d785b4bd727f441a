"""The families. This directory is the registry: a file here is a family everywhere.

How to add a family:

1. Copy the file of a family like it; its name, with - for _, is the flag value and the JSON
   value.
2. Write the docstring first: formula, score and information, the loss, the source.
3. `ALIASES` holds further names and the names of losses; it is read without importing the file.
4. Give `support`, `parameters`, `log_density`, `score`, `observed`, `start` and `sample`,
   in theta alone: links, coefficients and weights are not a family's business. Give
   `expected`, `mean`, `variance`, `log_cdf` and `log_sf` where they exist.
   `limits` names what it becomes at an edge of a parameter, `escape` rows that can run away.
5. Give its losses as records, and `examples`: parameters to test it at.
6. Run `pytest tests/families`: it tests the density, every derivative, the distribution
   function, the draws, losses and starts.
7. Write its density in mpmath in tests/reference/families, and run the module above it for
   fits to 50 digits; cross-check with another program where there is one.
8. Run `pytest --update`, which adds it to the table in README.md.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mlefit.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from mlefit.families._base import Family

NAMES = tuple(
    sorted(
        module.name.replace("_", "-")
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("_")
    )
)

# Losses that people ask for and that no density has as its negative logarithm.
NOT_LIKELIHOODS = {
    "hinge": "exp(-hinge) does not integrate to a constant over y for every prediction",
    "squared-hinge": "exp(-loss) does not integrate to a constant over y for every prediction",
    "focal": "it reweights the cross-entropy by the prediction itself, so it has no density",
    "dice": "it compares whole samples, not rows, so it is no sum of log-densities",
    "triplet": "it compares rows with each other, so it is no sum of log-densities",
}


def load(name: str) -> Family:
    """The family with this canonical name; see `resolve` for what people write."""
    family: Family = importlib.import_module(f"{__name__}.{_file(name)}").FAMILY
    return family


def every() -> Iterator[Family]:
    """All families, in the order of their names."""
    return (load(name) for name in NAMES)


def resolve(name: str) -> str:
    """The canonical name behind a name, an alias or a loss; case, `-` and `_` are ignored.

    Raises:
        UsageError: nothing has this name, or it is a loss that is no likelihood.
    """
    wanted = _folded(name)
    for not_one, reason in NOT_LIKELIHOODS.items():
        if wanted == _folded(not_one):
            raise UsageError(f"'{name}' is not the negative logarithm of any density", reason)
    known = aliases()
    if wanted not in known:
        close = dict.fromkeys(known[near] for near in did_you_mean(wanted, known))
        raise UsageError(
            f"no family or loss '{name}'",
            "families: " + ", ".join(NAMES),
            tries=[f"--family {family}" for family in close] or ["mlefit list families"],
        )
    return known[wanted]


@cache
def aliases() -> dict[str, str]:
    """Every folded spelling and the family it means, read without importing the families."""
    return {_folded(spelling): name for name in NAMES for spelling in (name, *spellings_of(name))}


@cache
def spellings_of(name: str) -> tuple[str, ...]:
    """The aliases of a family, as written in its file."""
    tree = ast.parse((Path(__file__).parent / f"{_file(name)}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ALIASES":
            return tuple(ast.literal_eval(node.value))
    return ()


def _file(name: str) -> str:
    return name.replace("-", "_")


def _folded(name: str) -> str:
    return name.strip().lower().replace("-", "").replace("_", "").replace(" ", "")
