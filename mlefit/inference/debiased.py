"""The debiased lasso: one step that undoes the pull of the corners.

    b = beta + I^-1 score(beta),        covariance I^-1

with beta the mode under corners, score and expected information I those of the rows alone.
The step removes what the penalty did to first order, so b is normal about the truth where
beta, pulled and partly on its corners, is not. With fewer coefficients than rows I can be
inverted, and no approximate inverse is needed; b is then Le Cam's one-step estimate, and
for a normal mean exactly least squares.

Sources: S. van de Geer, P. Buehlmann, Y. Ritov and R. Dezeure (2014), Ann. Stat. 42,
1166-1202, section 3; A. W. van der Vaart (1998), Asymptotic Statistics, section 5.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mlefit._types import Matrix, Vector
from mlefit.design.predictors import user_matrix
from mlefit.errors import UntrustworthyError, UsageError
from mlefit.request import Request
from mlefit.search.maximum import Maximum, evaluator
from mlefit.search.penalty import Assigned
from mlefit.symmetric import inverse

KIND = "debiased"


class Debiased(NamedTuple):
    """The estimate after the step, for the user's columns, and its covariance."""

    beta: Vector
    covariance: Matrix


def check(request: Request, priors: Sequence[Assigned], coefficients: int, rows: int) -> None:
    """Whether there is something to undo, and rows enough to do it.

    Raises:
        UsageError: there is not.
    """
    if request.se != KIND:
        return
    others = [str(one.prior) for one in priors if not one.prior.corner_weight]
    if others or not priors:
        raise UsageError(
            "debiased standard errors undo a laplace or elasticnet prior, and "
            + (f"{others[0]} is none" if others else "there is none"),
            tries=["--se observed"],
        )
    if request.sampling_weights:
        raise UsageError(
            "debiased standard errors rest on the likelihood of the rows, which sampling weights "
            "do not give"
        )
    if coefficients >= rows:
        raise UsageError(
            f"debiased standard errors need fewer coefficients than rows, not {coefficients} "
            f"for {rows}"
        )


def debiased(maximum: Maximum) -> Debiased:
    """One step from a mode under corners towards the likelihood of the rows alone.

    Raises:
        UntrustworthyError: the rows do not tell all coefficients apart.
    """
    gamma = maximum.optimum.gamma
    totals = evaluator(maximum.model, maximum.engine)(gamma, "expected")
    inverted = inverse(totals.information)
    if inverted is None:
        raise UntrustworthyError(
            "no debiased standard errors: the rows alone do not tell all coefficients apart",
            tries=["the same without --se debiased"],
        )
    to_user = user_matrix(maximum.engine.predictors)
    beta = to_user @ (gamma - inverted @ totals.score)
    return Debiased(beta, to_user @ inverted @ to_user.T)
