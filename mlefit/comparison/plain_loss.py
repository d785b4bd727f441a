"""Is the loss that people take without a thought the right one for these rows?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mlefit import families
from mlefit.comparison.candidates import Scored, Weights
from mlefit.comparison.ranking import behind, is_apart
from mlefit.design.suggest import word
from mlefit.results.compare import LossAnswer

# The plain loss of each kind of target belongs to the first of these that is a candidate.
_PLAIN = ("normal", "bernoulli", "binomial", "poisson", "categorical")


def loss_answers(
    group: Sequence[Scored], ranked: Sequence[Scored], weights: Weights
) -> Iterator[LossAnswer]:
    """Whether the rows speak against the plain loss of their kind, if it is a candidate."""
    named = {one.candidate.family for one in group}
    family = next((name for name in _PLAIN if name in named), None)
    if family is None:
        return
    loss = families.load(family).losses[0].name
    plain = [one for one in ranked if one.candidate.family == family]
    if not plain:
        first = next(one for one in group if one.candidate.family == family)
        message = f"{loss} cannot be judged: {first.message}"
        yield LossAnswer(loss, family, first.candidate.name, None, None, None, message, None)
        return
    # on the scale of the column itself, if there are several
    same = [one for one in plain if not np.any(one.candidate.shift)] or plain
    own, best = same[0], ranked[0]
    difference, error = behind(own, best, weights)
    message, instead = _verdict(loss, own, best, difference, error, len(named))
    yield LossAnswer(
        loss,
        family,
        own.candidate.name,
        best.candidate.name,
        difference,
        error,
        message,
        instead,
    )


def _verdict(
    loss: str, own: Scored, best: Scored, difference: float, error: float, families_tried: int
) -> tuple[str, str | None]:
    """The sentence, and the flags of a fit that does better."""
    against = f"nothing here speaks against {loss}"
    one, other = own.candidate, best.candidate
    if families_tried == 1 and one.prepared.roles.response == other.prepared.roles.response:
        return f"{loss} has no rival here: {one.family} is the only family", None
    if one.family == other.family and one.prepared.roles.response == other.prepared.roles.response:
        return f"{against}: no other family says more of rows held out", None
    better = f"{other.name} is better by {difference:.4f} +- {error:.4f} nats per row held out"
    if not is_apart(difference, error):
        return f"{against}: {better}, less than two standard errors", None
    formula = "" if one.formula == other.formula else f"{word(other.formula)} "
    return (
        f"{loss} assumes {one.family} ({one.prepared.family.summary}): {better}",
        f"{formula}--family {other.family}",
    )
