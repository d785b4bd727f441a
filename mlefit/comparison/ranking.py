"""The order of models of the same rows, and how far each is behind the best.

They are ranked by the mean negative log-likelihood of rows held out, each row by a fit without
its fold. A difference to the best of less than two of its standard errors tells nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from mlefit.comparison.candidates import Scored, Weights
from mlefit.results.compare import CandidateRecord

# A difference of fewer standard errors tells nothing.
_APART = 2.0


def ranked(group: Sequence[Scored], weights: Weights) -> list[Scored]:
    """Those with a held-out NLL, the least first; of equals the one with fewer parameters."""

    def key(one: Scored) -> tuple[float, int, str]:
        assert one.height is not None
        return _heldout(one, weights)[0], one.height.parameters, one.candidate.name

    return sorted((one for one in group if one.held_out is not None), key=key)


def _heldout(one: Scored, weights: Weights) -> tuple[float, float]:
    assert one.held_out is not None
    return weights.mean_and_error(-one.held_out)


def behind(one: Scored, best: Scored, weights: Weights) -> tuple[float, float]:
    """Mean and standard error of the rows' differences in held-out NLL."""
    assert one.held_out is not None
    assert best.held_out is not None
    return weights.mean_and_error(best.held_out - one.held_out)


def is_apart(difference: float, error: float) -> bool:
    """Whether a difference is more than the rows could show by chance."""
    return difference > _APART * error


def records(
    group: Sequence[Scored], ranked: Sequence[Scored], weights: Weights
) -> Iterator[CandidateRecord]:
    """The ranked ones, then the others in the order they were named."""
    akaike = _akaike_weights(group)
    place = {one.candidate.name: rank for rank, one in enumerate(ranked, 1)}
    for one in (*ranked, *(one for one in group if one.candidate.name not in place)):
        name, height = one.candidate.name, one.height
        known = height is not None and height.finite
        held = (None, None) if name not in place else _heldout(one, weights)
        more = (None, None) if name not in place else behind(one, ranked[0], weights)
        yield CandidateRecord(
            rank=place.get(name),
            candidate=name,
            family=one.candidate.family,
            formula=one.candidate.formula,
            measure=one.candidate.measure,
            status=one.status,
            message=one.message,
            n_params=None if height is None else height.parameters,
            log_likelihood=-height.nll if height is not None and known else None,
            aic=height.aic if height is not None and one.is_converged else None,
            aicc=height.aicc if height is not None and one.is_converged else None,
            bic=height.bic if height is not None and one.is_converged else None,
            akaike_weight=akaike.get(name),
            mean_nll=height.nll / height.nobs if height is not None and known else None,
            heldout_nll=held[0],
            heldout_std_error=held[1],
            difference=more[0],
            difference_std_error=more[1],
            apart=None if more[0] is None else is_apart(more[0], more[1] or 0.0),
            fitted_to="other rows" if one.candidate.is_foreign else "these rows",
        )


def _akaike_weights(group: Sequence[Scored]) -> Mapping[str, float]:
    """exp(-AIC/2) over its sum (K. P. Burnham and D. R. Anderson 2002, section 2.9)."""
    aics = {
        one.candidate.name: one.height.aic
        for one in group
        if one.is_converged and one.height is not None and one.height.aic is not None
    }
    least = min(aics.values(), default=0.0)
    likely = {name: math.exp((least - aic) / 2) for name, aic in aics.items()}
    total = math.fsum(likely.values())  # the same whatever the order
    return {name: value / total for name, value in likely.items()}
