"""Functions of the parameters as they are written: `--derive 'ld50 = -b[Intercept]/b[dose]'`.

    sigma            a parameter without covariates, on its natural scale
    b[dose]          a coefficient of the first parameter, on the link scale
    b[sigma:dose]    a coefficient of another parameter
    pi, tau          constants: pi, and the number behind a family's name

A text becomes a tree whose leaves are known places of the model, or an error that says what
there is. Nothing is evaluated here, so a misspelt name is told before the data are passed over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mlefit.design.coding import INTERCEPT
from mlefit.design.suggest import word
from mlefit.errors import UsageError, did_you_mean
from mlefit.expression import (
    Expression,
    Leaf,
    Name,
    Reference,
    parse,
    render,
    stray_comparison,
    walk,
)
from mlefit.families._base import Family
from mlefit.frozen import frozen

COEFFICIENT = "b"
"""What stands before the bracket of a coefficient."""

_MOST_LISTED = 12


class Place(NamedTuple):
    """Where a leaf's value is found.

    Attributes:
        parameter: name of the parameter.
        label: of its column.
        natural: whether the parameter itself is meant, not the coefficient on the link scale.
    """

    parameter: str
    label: str
    natural: bool


@frozen
class Quantity:
    """A named function of the parameters.

    Attributes:
        name: what it is called.
        text: the function as it was written.
        expression: its tree.
        places: where each leaf that the fit decides is found.
        constants: the values of the others.
    """

    name: str
    text: str
    expression: Expression
    places: Mapping[Leaf, Place]
    constants: Mapping[Leaf, float]


@frozen
class Names:
    """What expressions may speak of.

    Attributes:
        labels: for each parameter the columns of its predictor, redundant and held ones too.
        constants: further names with their values.
    """

    labels: Mapping[str, Sequence[str]]
    constants: Mapping[str, float]

    @classmethod
    def of(cls, family: Family, labels: Sequence[Sequence[str]]) -> Names:
        """Those of a family whose predictors have these columns."""
        names = [parameter.name for parameter in family.parameters]
        constants = {"pi": math.pi}
        if family.setting is not None and family.value is not None:
            constants[family.setting.name] = family.value
        return cls(
            dict(zip(names, labels, strict=True)),
            {name: value for name, value in constants.items() if name not in names},
        )

    @property
    def first(self) -> str:
        """The parameter whose coefficients need no name before them."""
        return next(iter(self.labels))

    def is_plain(self, parameter: str) -> bool:
        """Whether a parameter is one number, the same for all rows."""
        return tuple(self.labels[parameter]) == (INTERCEPT,)

    def coefficients(self, parameter: str) -> list[str]:
        """How the coefficients of a parameter are written."""
        before = "" if parameter == self.first else f"{parameter}:"
        return [render(Reference(COEFFICIENT, before + label)) for label in self.labels[parameter]]

    def everything(self) -> list[str]:
        """All that can be written: plain parameters by name, others by their coefficients."""
        return [
            written
            for parameter in self.labels
            for written in (
                [render(Name(parameter))]
                if self.is_plain(parameter)
                else self.coefficients(parameter)
            )
        ]

    def find(self, key: str) -> tuple[str, str] | None:
        """The parameter and the label that `x` or `sigma:x` stand for."""
        for parameter, labels in self.labels.items():
            label = key.removeprefix(f"{parameter}:")
            if label != key and label in labels:
                return parameter, label
        return (self.first, key) if key in self.labels[self.first] else None


def understood(texts: Sequence[str], names: Names) -> tuple[Quantity, ...]:
    """The quantities that `NAME = EXPR` texts define, in order.

    Raises:
        UsageError: a text is no definition, names what there is not, or a name is taken.
    """
    found: dict[str, Quantity] = {}
    for text in texts:
        name, expression = _split(text)
        if name in found or name in names.labels:
            kind = "a parameter" if name in names.labels else "another --derive"
            raise UsageError(
                f"--derive {word(text)}: the name {name!r} is already taken by {kind}",
                tries=[f"--derive {word(f'{name}_2 = {expression}')}"],
            )
        found[name] = quantity(name, expression, names)
        if not found[name].places:
            raise UsageError(
                f"--derive {word(text)} holds no parameter and no coefficient", _there_are(names)
            )
    return tuple(found.values())


def quantity(name: str, text: str, names: Names) -> Quantity:
    """One function of the parameters.

    Raises:
        UsageError: the text is no expression of numbers in the names.
    """
    expression = parse(text)
    stray = stray_comparison(expression)
    if stray is not None:
        raise UsageError(
            f"{render(stray)} is not a number that could be estimated",
            "a comparison can only be the condition of if(condition, a, b)",
        )
    leaves = [node for node in walk(expression) if isinstance(node, Name | Reference)]
    places: dict[Leaf, Place] = {}
    constants: dict[Leaf, float] = {}
    for leaf in leaves:
        if isinstance(leaf, Name) and leaf.name in names.constants:
            constants[leaf] = names.constants[leaf.name]
        else:
            places[leaf] = _place(leaf, name, text, names)
    return Quantity(name, text, expression, places, constants)


def _split(text: str) -> tuple[str, str]:
    name, equals, expression = text.partition("=")
    compares = expression.startswith("=") or name.endswith(("<", ">", "!"))
    if not equals or compares or not name.strip():
        example = f"NAME = {text.strip(' =') or 'EXPRESSION'}"
        raise UsageError(
            f"--derive {word(text)} is not NAME = EXPRESSION",
            tries=[f"--derive {word(example)}"],
        )
    return name.strip(), expression.strip()


def _place(leaf: Leaf, name: str, text: str, names: Names) -> Place:
    if isinstance(leaf, Name):
        if leaf.name in names.labels and names.is_plain(leaf.name):
            return Place(leaf.name, INTERCEPT, natural=True)
    elif leaf.name == COEFFICIENT:
        found = names.find(leaf.key)
        if found is not None:
            return Place(*found, natural=False)
    problem, instead = _unknown(leaf, names)
    before, after = text[: leaf.at.start], text[leaf.at.end :]
    raise UsageError(
        problem,
        _there_are(names),
        tries=[f"--derive {word(f'{name} = {before}{other}{after}')}" for other in instead],
    )


def _unknown(leaf: Leaf, names: Names) -> tuple[str, Sequence[str]]:
    """What is wrong with a leaf that is nowhere, and what may have been meant."""
    if isinstance(leaf, Reference):
        parameter = next((p for p in names.labels if p == leaf.name), None)
        if parameter is not None and leaf.key in names.labels[parameter]:
            at = list(names.labels[parameter]).index(leaf.key)
            written = names.coefficients(parameter)[at]
            return f"coefficients are written b[...], so {render(leaf)} is {written}", [written]
        return f"there is no coefficient {render(leaf)}", list(_close(leaf.key, names))
    if leaf.name in names.labels:
        own = names.coefficients(leaf.name)
        if not own:
            return f"{leaf.name} has no coefficient and is no number that is estimated", []
        return (
            f"{leaf.name} has covariates, so it differs from row to row: use its coefficients",
            own[:1],
        )
    found = names.find(leaf.name)
    if found is not None:
        written = render(Reference(COEFFICIENT, leaf.name))
        return f"the coefficient {render(leaf)} is written {written}", [written]
    return f"there is no parameter {render(leaf)}", list(_close(leaf.name, names))


def _close(key: str, names: Names) -> Iterator[str]:
    """What is written like a misspelt name."""
    written = {
        spelling: one
        for parameter in names.labels
        for label, one in zip(names.labels[parameter], names.coefficients(parameter), strict=True)
        for spelling in (label, f"{parameter}:{label}")
    }
    written |= {
        parameter: render(Name(parameter))
        for parameter in names.labels
        if names.is_plain(parameter)
    }
    yield from dict.fromkeys(written[close] for close in did_you_mean(key, written))


def _there_are(names: Names) -> str:
    every = names.everything()
    more = f", ... ({len(every):,} in all)" if len(every) > _MOST_LISTED else ""
    return "there are: " + ", ".join(every[:_MOST_LISTED]) + more
