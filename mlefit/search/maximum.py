"""The maximum of a likelihood, with the coordinates it was found in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING

from mlefit._types import Vector
from mlefit.design.predictors import Predictor, betas, split
from mlefit.engines.contract import Engine
from mlefit.families._records import Limit, Moments, Parameter
from mlefit.frozen import frozen
from mlefit.likelihood import Beside, Kind, Model, Totals
from mlefit.search.optimise import Optimum, Status
from mlefit.search.penalty import Penalty
from mlefit.search.rank import Redundant
from mlefit.search.several import Trials

if TYPE_CHECKING:
    from mlefit.pinball import Vertex
    from mlefit.search.existence import Recession
    from mlefit.search.modes import Modes


@frozen
class Edge:
    """An edge of a parameter at which the likelihood is highest.

    Attributes:
        model: the one that was asked for, with the parameter.
        position: the parameter's, in that model.
        limit: what the family becomes there.
        predictor: the parameter's, as it was asked for.
        rows: how many rows are at the edge, if not all of them are.
    """

    model: Model
    position: int
    limit: Limit
    predictor: Predictor
    rows: int | None = None


@frozen
class Maximum:
    """The maximum of a likelihood and the coordinates it was found in.

    Attributes:
        model: family and links; at an edge those of the family that is left.
        engine: the rows, seen through the predictors that were fitted.
        optimum: where the search ended, in the coordinates of the predictors' bases.
        redundant: for each parameter the columns that were left out.
        asked: the predictors before columns were left out.
        vertex: the linear programme's answer, for families that have a corner.
        moments: of the target.
        penalty: the priors, or None for maximum likelihood.
        recession: a direction in which the likelihood only grows, if there is one.
        refined: coefficients of an ill-conditioned fit, with digits the search could not see.
        edges: parameters that are at an edge, the outermost family first.
        trials: what became of the searches from several starts.
        modes: what several searches found, under priors that may leave more than one mode.
        ahead: steps on a few of the rows, at whose end the search over all began.
    """

    model: Model
    engine: Engine
    optimum: Optimum
    redundant: tuple[tuple[Redundant, ...], ...]
    asked: tuple[Predictor, ...]
    vertex: Vertex | None
    moments: Moments
    penalty: Penalty | None = None
    recession: Recession | None = None
    refined: list[Vector] | None = None
    edges: tuple[Edge, ...] = ()
    trials: Trials = field(default_factory=Trials)
    modes: Modes | None = None
    ahead: int = 0

    @property
    def wanted(self) -> Model:
        """Family and links that were asked for."""
        return self.edges[0].model if self.edges else self.model

    @property
    def status(self) -> Status:
        """Why the search ended, or that it led to an edge."""
        return Status.BOUNDARY if self.edges else self.optimum.status

    @property
    def runs_to_edge(self) -> bool:
        """Whether a fitted parameter still runs to an edge, so that no error means anything."""
        return any(edge.rows for edge in self.edges)

    @property
    def is_trusted(self) -> bool:
        """Whether the curvature where the search ended says how sure the estimates are."""
        ended = self.optimum.status in (Status.CONVERGED, Status.STEP_LIMIT)
        return ended and not self.runs_to_edge

    def fitted_position(self, parameter: Parameter) -> int | None:
        """Position of a parameter of the family asked for among the fitted ones, if it is one."""
        names = [fitted.name for fitted in self.model.family.parameters]
        return names.index(parameter.name) if parameter.name in names else None

    def edge_of(self, parameter: Parameter) -> Edge | None:
        """The edge that a parameter is at."""
        for edge in self.edges:
            if edge.limit.parameter == parameter.name:
                return edge
        return None

    @property
    def evaluate(self) -> Callable[[Vector, Kind], Totals]:
        """The sums over all rows, and the priors, as a function of all coefficients."""
        return evaluator(self.model, self.engine, self.penalty, "information")

    @cached_property
    def expected(self) -> Totals:
        """The sums there with the expected information: a pass for whoever asks first."""
        return self.evaluate(self.optimum.gamma, "expected")

    @property
    def log_prior(self) -> float:
        """Log-density of the priors at the optimum; 0 without one."""
        return 0.0 if self.penalty is None else self.penalty.log_density(self.optimum.gamma)

    @property
    def nll(self) -> float:
        """Negative log-likelihood at the optimum, without the priors."""
        if self.penalty is None:
            return float(self.optimum.totals.nll)
        return self.penalty.objective(self.optimum) + self.log_prior

    @property
    def gammas(self) -> list[Vector]:
        """Coefficients of each parameter in the search's coordinates."""
        return split(self.optimum.gamma, self.engine.predictors)

    @property
    def betas(self) -> list[Vector]:
        """Coefficients of each parameter for the user's columns."""
        if self.refined is not None:
            return self.refined
        return betas(self.engine.predictors, self.optimum.gamma)


def evaluator(
    model: Model, engine: Engine, penalty: Penalty | None = None, purpose: str = "search"
) -> Callable[[Vector, Kind], Totals]:
    """The sums over all rows, and the priors, as a function of all coefficients."""

    def evaluate(gamma: Vector, kind: Kind) -> Totals:
        if penalty is not None and penalty.of_information:
            totals = sums_at(model, engine, gamma, "expected", purpose=purpose)
            return penalty.information_added_to(totals, gamma, kind)
        totals = sums_at(model, engine, gamma, kind, purpose=purpose)
        return totals if penalty is None else penalty.added_to(totals, gamma, kind)

    return evaluate


def sums_at(
    model: Model,
    engine: Engine,
    gamma: Vector,
    kind: Kind | None,
    beside: Beside | None = None,
    purpose: str = "search",
) -> Totals:
    """The sums over all rows; without their information if no kind is."""
    gammas = split(gamma, engine.predictors)
    return engine.total(lambda block: model.totals(block, gammas, kind, beside), purpose)
