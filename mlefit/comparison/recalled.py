"""Saved fits among the candidates of a comparison: what they say of these rows, without a fit.

A fit of the very rows at hand is known by their number and by its log-likelihood, which comes
out again; then its criteria are those of any candidate, and what it says of rows held out takes
fits of its specification without each fold. To any other fit all of these rows count as new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mlefit import recoding
from mlefit.comparison.candidates import Candidate, Recalled, Weights, measure_of
from mlefit.design.censoring import drop_unknown
from mlefit.design.weights import without_zero_weights
from mlefit.errors import DataError, UsageError
from mlefit.fitting import Prepared, site_of
from mlefit.prediction.predicting import require_columns
from mlefit.prediction.saved import SavedModel
from mlefit.request import Request
from mlefit.source import Rows, Source

_SAME = 1e-9
# What has to be the same for models whose likelihoods are compared.
_SHARED = (
    "freq_weights",
    "precision_weights",
    "sampling_weights",
    "trials",
    "event",
    "lower",
    "upper",
    "censored_below",
    "censored_above",
    "truncated_below",
    "truncated_above",
)


def adopted(common: Request, models: Sequence[SavedModel]) -> Request:
    """The request with what saved fits say of weights, trials and of what was seen.

    Raises:
        UsageError: two of them, or one and the request, do not say the same.
    """
    if not models:
        return common
    first = models[0].request
    if all(getattr(common, name) is None for name in _SHARED):
        taken = {name: getattr(first, name) for name in (*_SHARED, "offset", "exposure")}
        given = {name: getattr(common, name) for name in ("offset", "exposure")}
        common = replace(common, **taken | {k: v for k, v in given.items() if v is not None})
    for model in models:
        for name in _SHARED:
            own, other = getattr(model.request, name), getattr(common, name)
            if own != other:
                flag = f"--{name.replace('_', '-')}"
                says = f"with {flag} {own}" if own is not None else f"without {flag}"
                raise UsageError(
                    f"'{model.name}' was fitted {says}, and the other models are not: their "
                    "likelihoods are of different things"
                )
    return common


def columns_of(model: SavedModel, source: Source) -> tuple[str, ...]:
    """The columns of the table that a saved fit reads.

    Raises:
        UsageError: the table lacks one.
    """
    needed = recoding.columns_of(model, clusters=False)
    require_columns(source, needed, model)
    return needed


def recall(model: SavedModel, common: Request, source: Source, rows: Rows) -> Candidate:
    """A saved fit as a candidate on some rows.

    Raises:
        DataError: a row that it cannot be asked about.
    """
    rows = drop_unknown(model.request, without_zero_weights(model.request, rows))
    request = replace(recoding.request_of(model, clusters=False), data=common.data)
    prepared = recoding.prepared_again(
        model, request, source, rows, site_of(common), unseen="error"
    )
    ledger = prepared.rows.ledger
    if ledger.used < rows.ledger.used:
        more = Counter(ledger.dropped) - Counter(rows.ledger.dropped)
        raise DataError(
            f"'{model.name}' can say nothing of some of the rows: "
            + ", ".join(f"{count:,} {cause}" for cause, count in more.items()),
            "models are compared on the same rows",
        )
    weights = Weights.of(prepared.table.columns, model.request.sampling_weights is not None)
    recalled = _recalled(model, prepared, weights)
    return Candidate(
        name=model.name,
        formula=model.record.model.formula.strip(),
        prepared=prepared,
        measure=measure_of(prepared),
        recalled=recalled,
    )


def _recalled(model: SavedModel, prepared: Prepared, weights: Weights) -> Recalled:
    engine = prepared.engine.with_predictors(model.predictors)
    law, betas = model.model, model.betas
    seen = np.concatenate(engine.each(lambda block: law.log_density(block, betas)))
    fit = model.record.fit
    height = weights.sum_of(seen)
    own = (
        fit.log_likelihood is not None
        and len(seen) == model.record.data.rows_used
        and abs(height - fit.log_likelihood) <= _SAME * max(abs(fit.log_likelihood), 1.0)
    )
    return Recalled(np.where(np.isnan(seen), -np.inf, seen), fit.n_params, own, fit.aic is not None)


def unfitted(names: Sequence[str]) -> str | None:
    """What to say of saved fits of other rows; None if there are none."""
    if not names:
        return None
    shown = " and ".join(repr(name) for name in names)
    was, it = ("were", "them") if len(names) > 1 else ("was", "it")
    return (
        f"{shown} {was} fitted to other rows: all rows here count as held out for {it}, and there "
        "are no criteria and no tests of nested models"
    )
