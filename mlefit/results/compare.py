"""What a comparison of models hands over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Annotated

from mlefit.frozen import frozen
from mlefit.results.fit import DataInfo

SCHEMA = "mlefit/compare/1"


@frozen
class CandidateRecord:
    """One model of several, and how it does on the rows of all of them."""

    rank: Annotated[int | None, "by held-out NLL, among those of the same measure; null if none"]
    candidate: Annotated[str, "family, and the number of the formula if there are several"]
    family: Annotated[str, "name of the distribution, with the number behind it if it has one"]
    formula: Annotated[str, "formula of the first parameter"]
    measure: Annotated[str, "mass, density, or density with atoms: only the same are ranked"]
    status: Annotated[str, "converged, or why not"]
    message: Annotated[str, "why it has no rank; else empty"]
    n_params: Annotated[int | None, "estimated coefficients, all parameters"]
    log_likelihood: Annotated[float | None, "with every constant, on the scale of the target"]
    aic: Annotated[float | None, "2 k - 2 log L"]
    aicc: Annotated[float | None, "AIC with the small-sample term; null if n <= k + 1"]
    bic: Annotated[float | None, "k log n - 2 log L"]
    akaike_weight: Annotated[float | None, "exp(-AIC / 2), over the sum of those of its measure"]
    mean_nll: Annotated[float | None, "negative log-likelihood for each row, in nats"]
    heldout_nll: Annotated[float | None, "the same for rows that the fit had not seen"]
    heldout_std_error: Annotated[float | None, "of heldout_nll, from its spread over the rows"]
    difference: Annotated[float | None, "held-out NLL for each row more than the best has"]
    difference_std_error: Annotated[float | None, "of the difference, row by row"]
    apart: Annotated[bool | None, "whether the difference is over two of its standard errors"]
    fitted_to: Annotated[str, "these rows, or of a saved fit: other rows"] = "these rows"


@frozen
class PairTest:
    """A test of two models of the same rows."""

    test: Annotated[str, "likelihood ratio for nested models, Vuong for others"]
    candidate: Annotated[str, "the larger model; of Vuong's test the best one"]
    against: Annotated[str, "the smaller model; of Vuong's test the other"]
    statistic: Annotated[float | None, "2 (log L - log L0), or z; null if the models are the same"]
    df: Annotated[int | None, "parameters more"]
    p_value: Annotated[float | None, "probability of a larger statistic if both are as good"]
    distribution: Annotated[str, "that the statistic has then"]
    favours: Annotated[str | None, "of Vuong's test: the model that is closer to the rows"]


@frozen
class LossAnswer:
    """Whether the rows speak against the loss that people would take without a thought."""

    loss: Annotated[str, "what the loss is called"]
    family: Annotated[str, "the distribution it assumes"]
    candidate: Annotated[str, "the best model of that family"]
    best: Annotated[str | None, "the best model of all with a rank"]
    difference: Annotated[float | None, "held-out NLL for each row more than the best has"]
    std_error: Annotated[float | None, "of the difference, row by row"]
    message: Annotated[str, "the sentence a person reads"]
    instead: Annotated[str | None, "what a fit of the best would be given; null for no other"]


@frozen
class ComparisonResult:
    """The document `mlefit compare` writes."""

    schema: str
    mlefit_version: str
    command: Sequence[str]
    data: DataInfo
    formulas: Annotated[Sequence[str], "in the order of their numbers"]
    scale: Annotated[str, "what the log-likelihoods are of"]
    folds: Annotated[int, "parts the rows were held out in"]
    seed: Annotated[int, "decides which row is in which fold"]
    candidates: Annotated[Sequence[CandidateRecord], "the best first"]
    tests: Annotated[Sequence[PairTest], "of pairs of candidates"]
    losses: Annotated[Sequence[LossAnswer], "one for each measure that has such a loss"]
    warnings: Sequence[str] = field(default=())
    notes: Sequence[str] = field(default=())


RECORD = ComparisonResult
