"""The priors of a model as one addend: minus their log-density, over all coefficients.

    objective = NLL + smooth(beta) + sum_j corner_j |beta_j - centre_j|

Priors of coefficients are independent, so the smooth part's second derivatives are a diagonal
in the user's coefficients beta. The search sees gamma with beta = T gamma, hence slope
T' g and curvature T' diag(h) T. A prior of a parameter itself (theta, not eta) enters by
the chain rule: it is the density of theta that is maximised, without a Jacobian. A prior
that is a function of the rows' information takes one more pass over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlefit._types import Matrix, Vector
from mlefit.arrow import Arrow, Symmetric
from mlefit.design.predictors import Predictor, user_matrix
from mlefit.frozen import frozen
from mlefit.likelihood import Kind, Totals
from mlefit.links import Link
from mlefit.priors._base import InformationPrior, Prior
from mlefit.search.optimise import Optimum

if TYPE_CHECKING:
    from mlefit.search.fisher import Fisher


@frozen
class Assigned:
    """A prior and the coefficients it is for.

    Attributes:
        prior: with its numbers.
        named: what the user named: 'slopes', a term, a parameter.
        labels: parameter:term of each coefficient.
        link: link of the parameter, for a prior of the parameter itself.
        auto: whether its strength is still to be chosen from the data.
    """

    prior: Prior
    named: str
    labels: tuple[str, ...]
    link: Link | None = None
    auto: bool = False

    @property
    def resolves(self) -> bool:
        """Whether it tells apart what the rows cannot."""
        return not isinstance(self.prior, InformationPrior)


class Penalty:
    """The priors of a fit, seen through the predictors that were fitted.

    Args:
        assigned: priors and their coefficients.
        names: parameter names in order.
        predictors: one for each parameter.
        fisher: the rows' information, for priors that are functions of it.
    """

    def __init__(
        self,
        assigned: Sequence[Assigned],
        names: Sequence[str],
        predictors: Sequence[Predictor],
        fisher: Fisher | None = None,
    ) -> None:
        labels = (
            f"{name}:{column.label}"
            for name, predictor in zip(names, predictors, strict=True)
            for column in predictor.columns
        )
        self._order = {label: j for j, label in enumerate(labels)}
        self._to_user = user_matrix(predictors)
        self._fisher = fisher
        # only what is a function of the information asks for it
        self._log_volume = 0.0 if fisher is None else float(np.linalg.slogdet(self._to_user)[1])
        self._take(assigned)

    def with_priors(self, assigned: Sequence[Assigned]) -> Penalty:
        """Other priors for the same predictors."""
        other = copy(self)
        other._take(assigned)
        return other

    def _take(self, assigned: Sequence[Assigned]) -> None:
        self.assigned = tuple(assigned)
        self._places = [
            np.array(
                [self._order[label] for label in one.labels if label in self._order], dtype=int
            )
            for one in assigned
        ]
        self.corners = np.zeros(len(self._order))
        self.centres = np.zeros(len(self._order))
        for one, at in zip(self.assigned, self._places, strict=True):
            self.corners[at] = one.prior.corner_weight
            self.centres[at] = one.prior.centre

    @property
    def has_corners(self) -> bool:
        """Whether some coefficient's prior has a corner."""
        return bool(self.corners.any())

    @property
    def of_information(self) -> bool:
        """Whether some prior is a function of the rows' expected information."""
        return any(isinstance(one.prior, InformationPrior) for one in self.assigned)

    @property
    def positions(self) -> list[int]:
        """Positions of all coefficients that have a prior."""
        return sorted({int(j) for at in self._places for j in at})

    @property
    def places(self) -> list[NDArray[np.intp]]:
        """For each prior the positions of its coefficients."""
        return self._places

    @property
    def to_user(self) -> Matrix:
        """The matrix T of beta = T gamma."""
        return self._to_user

    @property
    def heavy_tailed(self) -> list[tuple[int, float]]:
        """Position and centre of each coefficient whose log-density is not concave."""
        return [
            (int(j), one.prior.mode)
            for one, at in zip(self.assigned, self._places, strict=True)
            if one.prior.wide is not None
            for j in at
        ]

    def objective(self, optimum: Optimum) -> float:
        """What was minimised, the corners included."""
        beta = self._to_user @ optimum.gamma
        return optimum.totals.nll + float(self.corners @ np.abs(beta - self.centres))

    def information(
        self, gamma: Vector, kind: Kind = "observed", at: NDArray[np.intp] | None = None
    ) -> Matrix:
        """The smooth part's second derivatives in the search's coordinates, shape (p, p).

        With `at` only those of the coefficients at these positions.
        """
        return self._turned(self.curvature(gamma, kind), at)

    def _turned(self, curvature: Vector, at: NDArray[np.intp] | None) -> Matrix:
        turn = self._to_user if at is None else self._to_user[:, at]
        bent = np.flatnonzero(curvature)
        return (turn[bent].T * curvature[bent]) @ turn[bent]

    def slope(self, gamma: Vector) -> Vector:
        """Derivative of the smooth log-densities in the user's coefficients."""
        return self._slope_and_curvature(self._to_user @ gamma, "observed")[0]

    @staticmethod
    def seen(one: Assigned, b: Vector) -> Vector:
        """The values a prior looks at: coefficients, or the parameter they stand for."""
        return b if one.link is None else one.link.inverse(b)

    def smooth(self, gamma: Vector) -> float:
        """Minus the log-densities of the coefficients, each by itself and without its corner."""
        beta = self._to_user @ gamma
        return -sum(self._by_coefficient(gamma)) - float(self.corners @ np.abs(beta - self.centres))

    def log_density(self, gamma: Vector) -> float:
        """Sum of the log-densities, with every constant."""
        return sum(self.log_densities(gamma))

    def log_densities(self, gamma: Vector) -> list[float]:
        """One sum for each prior."""
        heights = self._by_coefficient(gamma)
        if self._fisher is None:
            return heights
        together = self._together(self._fisher.information(gamma))
        return [a + b for a, b in zip(heights, together, strict=True)]

    def _by_coefficient(self, gamma: Vector) -> list[float]:
        beta = self._to_user @ gamma
        return [
            float(one.prior.log_density(self.seen(one, beta[at])).sum())
            for one, at in zip(self.assigned, self._places, strict=True)
        ]

    def _together(self, seen: Symmetric) -> list[float]:
        """Heights of the priors that are functions of the rows' expected information."""
        information = np.asarray(seen)
        return [
            one.prior.of_information(information)[0] - one.prior.in_coordinates(self._log_volume)
            if isinstance(one.prior, InformationPrior)
            else 0.0
            for one in self.assigned
        ]

    def curvature(self, gamma: Vector, kind: Kind = "observed") -> Vector:
        """Diagonal of minus the smooth part's second derivatives, in the user's coefficients."""
        return self._slope_and_curvature(self._to_user @ gamma, kind)[1]

    def added_to(
        self, totals: Totals, gamma: Vector, kind: Kind, at: NDArray[np.intp] | None = None
    ) -> Totals:
        """The totals of the rows with the smooth part of the priors.

        With `at` the totals are those of the coefficients at these positions.
        """
        beta = self._to_user @ gamma
        slope, curvature = self._slope_and_curvature(beta, kind)
        smooth = self.smooth(gamma)
        turned = self._to_user.T @ slope
        return replace(
            totals,
            nll=totals.nll + smooth if np.isfinite(smooth) else np.inf,
            score=totals.score - (turned if at is None else turned[at]),
            information=self._bent(totals.information, curvature, at),
        )

    def _bent(
        self, information: Symmetric, curvature: Vector, at: NDArray[np.intp] | None
    ) -> Symmetric:
        """An information with the curvature of the priors."""
        if at is None and isinstance(information, Arrow):
            # its large block is of columns that no coordinates turn
            rest = information.rest
            return information.bent(curvature, self._to_user[np.ix_(rest, rest)])
        return information + self._turned(curvature, at)

    def bent(self, gamma: Vector) -> tuple[float, Vector]:
        """The smooth part: its value and its gradient."""
        slope = self.slope(gamma)
        smooth = self.smooth(gamma)
        sloping = np.flatnonzero(slope)
        return (
            smooth if np.isfinite(smooth) else np.inf,
            -slope[sloping] @ self._to_user[sloping],
        )

    def information_added_to(self, totals: Totals, gamma: Vector, kind: Kind) -> Totals:
        """The totals with the priors that are functions of the information in them.

        Args:
            totals: of the rows alone, with the expected information.
            gamma: where they were taken.
            kind: 'observed' adds what guides a step beside the information of the rows.
        """
        information = np.asarray(totals.information)
        height = sum(self._together(information))
        totals = replace(totals, nll=totals.nll - height if np.isfinite(height) else np.inf)
        for one in self.assigned:
            if isinstance(one.prior, InformationPrior):
                assert self._fisher is not None
                pull = self._fisher.pull(gamma, one.prior.of_information(information)[1])
                totals = replace(totals, score=totals.score - pull.slope)
                if kind == "observed":
                    totals = replace(totals, information=totals.information + pull.bend)
        return totals

    def _slope_and_curvature(self, beta: Vector, kind: Kind) -> tuple[Vector, Vector]:
        slope, curvature = np.zeros_like(beta), np.zeros_like(beta)
        for one, at in zip(self.assigned, self._places, strict=True):
            b = beta[at]
            seen = self.seen(one, b)
            first, second = one.prior.slope(seen), one.prior.curvature(seen)
            if one.link is not None:
                bend = first * one.link.curvature(b)
                first = first * one.link.slope(b)
                second = second * one.link.slope(b) ** 2 - bend
            slope[at] += first
            # a heavy tail bends the wrong way; the guide of a step must not
            curvature[at] += second if kind == "observed" else np.maximum(second, 0.0)
        return slope, curvature
