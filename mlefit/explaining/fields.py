"""The page of a field of the documents: what its record says, and what to do about it."""

from __future__ import annotations

from mlefit.explaining.topics import described
from mlefit.results.explain import Line, Step

ADVICE = {
    "status": (
        "converged: the slope is 0, the curvature is that of a maximum, and it is the highest seen",
        "anything else is printed with its reason, and the exit code is 4: do not use the numbers",
    ),
    "iterations": (
        "three to eight are usual; many mean a poor start, a nearly flat direction, or no maximum",
    ),
    "newton_decrement": (
        (
            "the search stops where this is below --tol, 1e-10 nats by default: it has units of "
            "the log-likelihood, so it does not depend on how columns are scaled"
        ),
        (
            "if it is large the search ended early: raise --max-iter, or look for columns that "
            "separate the rows"
        ),
    ),
    "max_scaled_gradient": (
        "the slope in units of its own noise: below 1e-6 it is as good as 0",
        "large beside a small decrement: a coefficient the rows say almost nothing about",
    ),
    "condition_number": (
        (
            "1 when no column depends on the others; 1e6 means that six digits of a coefficient "
            "are lost when columns are told apart"
        ),
        "drop or combine columns, or add a prior: mlefit explain l2",
    ),
    "rank": ("fewer than the columns: some are sums of others; they are left out and said so",),
    "information": (
        "positive definite: the curve bends down in every direction, so this is a maximum",
        "if not, some direction is flat or rises: no standard error means anything",
    ),
    "optimality_residual": ("0 within rounding: no coefficient at 0 would gain by leaving it",),
    "starts": ("more than one where the likelihood can have several maxima",),
    "lower_maxima": (
        (
            "above 0: the likelihood has other peaks; the highest found is reported, and a search "
            "from elsewhere might find a higher one"
        ),
    ),
    "std_error": ("mlefit explain standard-error says where it comes from",),
    "log_likelihood": ("only differences mean something: mlefit explain likelihood",),
    "aic": ("an estimate of the loss on new rows; smaller is better, on the same rows only",),
    "bic": ("as AIC with a price of ln n for each parameter: it prefers the smaller model",),
    "deviance": (
        "twice the distance in log-likelihood from a model that fits every row perfectly",
    ),
    "mean_nll": ("the loss of a row, comparable between samples of the same kind",),
}
"""What a value means for the reader, and the remedy."""


def page(name: str) -> list[Step]:
    """What a field says."""
    field = next(one for one in described() if one.name == name)
    advice = [Line(one) for one in ADVICE.get(name, ())]
    return [Step("", [Line(f"{field.description} ({field.record} of a fit)"), *advice])]
