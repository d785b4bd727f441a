"""The priors of a fit with one strength still open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Vector
from mlefit.errors import UsageError
from mlefit.frozen import frozen
from mlefit.search.maximum import Maximum
from mlefit.search.penalty import Assigned


@frozen
class Varying:
    """All priors of a fit, and which of them has the strength that varies.

    Attributes:
        priors: of the fit; the number of the varying one means nothing if it is `auto`.
        index: position of the varying one.
    """

    priors: tuple[Assigned, ...]
    index: int

    @property
    def one(self) -> Assigned:
        """The prior whose strength varies."""
        return self.priors[self.index]

    @property
    def corner_share(self) -> float:
        """Weight of its corner for each unit of strength; 0 if it has none."""
        return self.one.prior.with_strength(1.0).corner_weight

    def at(self, strength: float) -> tuple[Assigned, ...]:
        """The priors of the fit, the varying one that strong."""
        turned = replace(self.one, prior=self.one.prior.with_strength(strength))
        return (*self.priors[: self.index], turned, *self.priors[self.index + 1 :])

    def number_at(self, strength: float) -> float:
        """What stands in place of `auto` at this strength: a scale, say."""
        prior = self.one.prior.with_strength(strength)
        assert prior.auto is not None
        return prior.numbers[prior.auto[0]]

    def text(self) -> str:
        """The varying prior as it is written with its number open."""
        prior = self.one.prior
        assert prior.auto is not None
        numbers = (
            "auto" if name == prior.auto[0] else f"{number:g}"
            for name, number in prior.numbers.items()
        )
        return f"{prior.name}({', '.join(numbers)})"

    def places(self, maximum: Maximum) -> NDArray[np.intp]:
        """Positions of its coefficients among all of a maximum."""
        assert maximum.penalty is not None
        return maximum.penalty.places[self.index]

    def away(self, maximum: Maximum) -> Vector:
        """How far each of its coefficients is from its centre."""
        beta = np.concatenate(maximum.betas)[self.places(maximum)]
        return beta - self.one.prior.mode


def varying(priors: Sequence[Assigned]) -> Varying | None:
    """The priors with the one whose strength is `auto`, or else the only one that can vary.

    Raises:
        UsageError: more than one strength is open.
    """
    asked = [i for i, one in enumerate(priors) if one.auto]
    if len(asked) > 1:
        raise UsageError(
            f"auto stands in {len(asked)} priors, and one strength is chosen at a time",
            *(f"{priors[i].named}: {priors[i].prior.name}" for i in asked),
        )
    able = asked or [i for i, one in enumerate(priors) if one.prior.auto is not None]
    return Varying(tuple(priors), able[0]) if len(able) == 1 else None
