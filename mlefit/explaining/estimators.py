"""What other programs call a fit: from the settings that the losses of the families record.

`LinearRegression()` is the normal family because its loss says so; nothing is listed twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from mlefit import families, translations
from mlefit.families._base import Family
from mlefit.families._records import Loss
from mlefit.frozen import frozen
from mlefit.translations._base import Strength
from mlefit.translations._system import System

_NAMES = {
    "scikit-learn": re.compile(r"^(\w+)\("),
    "PyTorch": re.compile(r"nn\.(\w+Loss)\("),
    "R": re.compile(r"^((?:\w+::)?\w+)\("),
    "statsmodels": re.compile(r"^(\w+)\("),
}
"""Where the name stands in a program's setting."""


@frozen
class Estimator:
    """A fit of another program.

    Attributes:
        name: what it is called there.
        program: the program.
        family: the family whose loss it minimises.
        setting: how it is set to give the same coefficients; empty if only with a prior.
        loss: the loss; None if the record tells a family only.
        note: what goes with its penalty, if it has one.
        prior: the prior that its penalty is, as it is set by default; empty for none.
    """

    name: str
    program: str
    family: str
    setting: str
    loss: Loss | None
    note: str = ""
    prior: str = ""

    @property
    def shown(self) -> str:
        """The name as people write it."""
        return f"nn.{self.name}" if self.program == "PyTorch" else self.name


def folded(name: str) -> str:
    """A name without what its spellings differ in."""
    return re.sub(r"[-_ .:]", "", name.lower())


@cache
def estimators() -> dict[str, tuple[Estimator, ...]]:
    """Every estimator by its folded name, the best fitting family first."""
    found: dict[str, list[Estimator]] = {}
    for one in (*_of_losses(), *_of_penalties()):
        found.setdefault(folded(one.name.split("::")[-1]), []).append(one)
    return {name: tuple(sorted(rows, key=_distance)) for name, rows in found.items()}


def find(name: str) -> tuple[Estimator, ...]:
    """What a name can mean; several families if it is a family's name short of one."""
    last = re.split(r"\.|::", name.strip().removesuffix("()"))[-1]
    rows = estimators().get(folded(last), ())
    best = [row for row in rows if _distance(row)[:3] == _distance(rows[0])[:3]]
    named = tuple(_by_name(last))
    if named and (not best or all(_distance(row)[0] == 0 for row in best)):
        return named
    return tuple({row.family: row for row in reversed(best)}.values())[::-1]


def _by_name(name: str) -> Iterator[Estimator]:
    """The family that a name is made of, where no setting is recorded: HuberRegressor."""
    match = re.fullmatch(r"(\w+)(?:Regressor|Regression|Classifier)", name, re.IGNORECASE)
    family = match and families.aliases().get(folded(match[1]))
    if family:
        yield Estimator(name, "", family, "", _first_loss(family))


def _of_losses() -> Iterator[Estimator]:
    for family in families.every():
        for loss in family.losses:
            for by_program in (*loss.apis.values(), *loss.same_loss.values()):
                for program, setting in by_program.items():
                    pattern = _NAMES.get(program)
                    if pattern is not None and (match := pattern.search(setting)):
                        yield Estimator(match[1], program, family.name, setting, loss)


def _of_penalties() -> Iterator[Estimator]:
    for system in translations.systems():
        program, _, name = system.name.rpartition(":")
        if not isinstance(system, System) or "-" in name:
            continue
        keys = {key: 1.0 if value is None else value for key, value in system.shape.keys.items()}
        prior = _prior_of(system.shape.read(keys))
        for family in system.families:
            loss = _first_loss(family)
            yield Estimator(name, program or name, family, "", loss, system.note, prior)


def _prior_of(strength: Strength) -> str:
    """The prior that a penalty is."""
    if strength.l1 > 0 and strength.l2 > 0:
        return "elasticnet"
    return "laplace" if strength.l1 > 0 else "normal"


def _first_loss(family: str) -> Loss | None:
    return next(iter(families.load(family).losses), None)


def _distance(one: Estimator) -> tuple[int, bool, bool, bool]:
    """How far a family is from an estimator's name: a spelling of it inside counts most."""
    name = folded(one.name)
    inside = [
        len(folded(spelling))
        for spelling in (one.family, *families.spellings_of(one.family))
        if folded(spelling) in name
    ]
    is_changed = "~" in one.setting  # the fit of a function of the target
    return -max(inside, default=0), is_changed, _rare(one.family), bool(one.note)


def _rare(family: str) -> bool:
    found: Family = families.load(family)
    return found.rare
