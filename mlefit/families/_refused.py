"""Losses that people ask for and that no family here has, each with the reason.

A loss is the negative logarithm of a density if exp(-loss), for a fixed prediction, has an
integral over the target that does not depend on the prediction. Some losses are none;
some are one under another name or on another target; a few would be, of a family that
is not here.
"""

from __future__ import annotations

from enum import Enum

from mlefit.frozen import frozen


class Why(Enum):
    """What a loss lacks; the value finishes the sentence that refuses it."""

    NO_LIKELIHOOD = "is not the negative logarithm of any density"
    OTHER_NAME = "is no family of its own"
    NO_FAMILY = "is the loss of a distribution that is not among the families"

    @property
    def in_short(self) -> str:
        """A label for a table."""
        return self.name.lower().replace("_", " ")


@frozen
class Refused:
    """One loss that is asked for in vain.

    Attributes:
        names: what it is called, the commonest first.
        why: what it lacks.
        reason: the evidence.
        instead: flags that come nearest.
    """

    names: tuple[str, ...]
    why: Why
    reason: str
    instead: tuple[str, ...] = ()


_DIVERGES = "exp(-loss) does not integrate to a constant over y for every prediction"

REFUSED = (
    Refused(
        ("hinge", "hinge-loss", "svm", "perceptron", "binary:hinge", "hinge-embedding-loss"),
        Why.NO_LIKELIHOOD,
        _DIVERGES,
        ("--loss log-loss",),
    ),
    Refused(
        ("squared-hinge", "modified-huber", "multi-margin-loss"),
        Why.NO_LIKELIHOOD,
        _DIVERGES,
        ("--loss log-loss",),
    ),
    Refused(
        ("focal", "focal-loss"),
        Why.NO_LIKELIHOOD,
        "it reweights the cross-entropy by the prediction itself, so it has no density",
        ("--loss log-loss",),
    ),
    Refused(
        ("dice", "dice-loss", "jaccard", "iou", "tversky", "f1", "precision", "recall", "mcc"),
        Why.NO_LIKELIHOOD,
        "it compares whole samples, not rows, so it is no sum of log-densities",
    ),
    Refused(
        (
            "triplet",
            "triplet-margin-loss",
            "contrastive",
            "margin-ranking-loss",
            "cosine-embedding-loss",
            "rank:pairwise",
            "rank:ndcg",
            "rank:map",
            "lambdarank",
            "rank-xendcg",
        ),
        Why.NO_LIKELIHOOD,
        "it compares rows with each other, so it is no sum of log-densities",
    ),
    Refused(
        ("mape", "mean-absolute-percentage-error", "smape"),
        Why.NO_LIKELIHOOD,
        "exp(-abs(y - f) / abs(y)) tends to a constant as y grows, so no factor makes it a "
        "density; relative errors with a density are those of the logarithm",
        ("'log(y) ~ ...' --loss mae",),
    ),
    Refused(
        ("auc", "roc-auc", "average-precision", "concordance"),
        Why.NO_LIKELIHOOD,
        "it counts pairs of rows in the right order, so it is no sum of log-densities",
        ("--loss log-loss",),
    ),
    Refused(
        ("zero-one", "0-1-loss", "accuracy"),
        Why.NO_FAMILY,
        "it is that of labels flipped by chance about a threshold, flat almost everywhere in "
        "the prediction, so that no slope leads to its minimum",
        ("--loss log-loss",),
    ),
    Refused(
        ("r2", "r-squared", "explained-variance"),
        Why.OTHER_NAME,
        "it is 1 - MSE / variance of y, highest where the squared error is least",
        ("--loss mse",),
    ),
    Refused(
        ("reg:squaredlogerror", "rmsle"),
        Why.OTHER_NAME,
        "it is the squared error of log(1 + y), so it is a normal likelihood of that; the one "
        "of log(y) is lognormal",
        ("'log(1 + y) ~ ...' --loss mse", "--loss msle"),
    ),
    Refused(
        ("kl-div", "kl-divergence", "kl-div-loss", "kullback-leibler"),
        Why.OTHER_NAME,
        "from what was observed to the model it is the cross-entropy less a constant",
        ("--loss log-loss",),
    ),
    Refused(
        ("nll", "negative-log-likelihood", "log-likelihood"),
        Why.OTHER_NAME,
        "every family minimises its own; the family is what has to be chosen",
        ("mlefit list families",),
    ),
    Refused(
        ("deviance",),
        Why.OTHER_NAME,
        "every family of a generalised linear model has its own",
        ("--loss squared-error", "--loss poisson-deviance", "--loss log-loss"),
    ),
    Refused(
        ("multiclassova", "one-vs-rest", "multi-label-margin-loss"),
        Why.OTHER_NAME,
        "it is one yes-or-no fit for each class, none of which knows of the others",
        ("--loss log-loss for each class",),
    ),
    Refused(
        ("epsilon-insensitive", "squared-epsilon-insensitive", "svr"),
        Why.NO_FAMILY,
        "its density is flat within epsilon of the prediction",
        ("--loss mae", "--loss huber"),
    ),
    Refused(
        ("pseudo-huber", "reg:pseudohubererror"),
        Why.NO_FAMILY,
        "its density is the hyperbolic one, with tails like those of huber",
        ("--loss huber",),
    ),
    Refused(
        ("fair", "fair-loss"),
        Why.NO_FAMILY,
        "its density has tails like those of huber times a power",
        ("--loss huber",),
    ),
    Refused(
        ("cox", "survival:cox", "partial-likelihood"),
        Why.OTHER_NAME,
        "it is the likelihood of the order of the events, not of the times",
    ),
)
