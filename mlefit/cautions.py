"""What a reader of the numbers should be warned of, each a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mlefit._types import Matrix
from mlefit.design.predictors import Predictor
from mlefit.diagnosis.influence import Influential, declining_statistics
from mlefit.families._records import Limit
from mlefit.inference.covariance import inverse_information
from mlefit.search.maximum import Maximum
from mlefit.search.optimise import Status
from mlefit.search.rank import Redundant
from mlefit.source import Numbered

# Below these a departure is not worth a word, however many rows show it.
_NOTABLE_DISPERSION = 1.1
_NOTABLE_ZEROS = 1.1
_NOTABLE_Z = 4.0
# Condition number of the scaled columns from which a dependency is named.
_NEARLY_DEPENDENT = 1e5
_SHARE_OF_DEPENDENCY = 0.05
_MOST_NAMED = 8
# Standard error of a logarithm from which its interval spans seventeen powers of ten.
_NO_SIZE = 10.0


def cautions(
    maximum: Maximum,
    rows: Numbered,
    kind: str,
    facts: Mapping[str, float],
    influential: Influential,
) -> Iterator[str]:
    """Warnings about a fit, the gravest first.

    Args:
        maximum: the fit.
        rows: of the data.
        kind: of the standard errors.
        facts: what the data say about the family's assumptions.
        influential: rows that alone move the estimates.
    """
    yield from dict.fromkeys(redundancies(maximum))  # said once of the columns of all classes
    if maximum.optimum.status is not Status.CONVERGED or maximum.runs_to_edge:
        return
    yield from dict.fromkeys(near_dependencies(maximum))
    yield from yes_or_no(maximum)
    yield from spread_and_zeros(maximum, kind, facts)
    if maximum.penalty is None:
        yield from undetermined(maximum)
        yield from near_edges(maximum)
        yield from doubtful_intervals(maximum)
    yield from influence(influential, rows)


def conditions(maximum: Maximum) -> Iterator[str]:
    """What else the rows allow, and what the errors rest on where the estimate does not."""
    family = maximum.model.family
    if maximum.trials.lower:
        yield (
            f"the likelihood has several maxima: {maximum.trials.lower} of "
            f"{maximum.trials.starts} starts ended at a lower one than this"
        )
    if family.vertex is not None:
        parameter = family.parameters[0]
        yield (
            f"the standard errors hold if the rows are {family.label} with this {parameter.name}; "
            f"as an estimate of the {parameter.meaning} {parameter.name} does not need that"
        )


def redundancies(maximum: Maximum) -> Iterator[str]:
    """Columns that were left out, with what they are made of."""
    for asked, left_out in zip(maximum.asked, maximum.redundant, strict=True):
        labels = [column.label for column in asked.columns]
        if len(left_out) > _MOST_NAMED:
            first = ", ".join(labels[redundant.index] for redundant in left_out[:_MOST_NAMED])
            yield (
                f"{len(left_out):,} of {len(labels):,} columns are left out, because "
                f"{maximum.engine.stands_for:,} rows do not tell them apart: {first}, ..."
            )
            continue
        for redundant in left_out:
            yield f"{labels[redundant.index]} is left out: {_dependency(redundant, labels)}"


def near_dependencies(maximum: Maximum) -> Iterator[str]:
    """Columns that are nearly sums of others, so that few digits are left for their difference."""
    for predictor in maximum.engine.predictors:
        triangle = predictor.basis.triangle
        if triangle is None or not predictor.size:
            continue
        lengths = np.linalg.norm(triangle, axis=0)
        _, values, directions = np.linalg.svd(triangle / lengths)
        if values[0] / values[-1] >= _NEARLY_DEPENDENT:
            yield _near_dependency(predictor, directions[-1] / lengths, lengths, values)


def _near_dependency(
    predictor: Predictor, direction: Matrix, lengths: Matrix, values: Matrix
) -> str:
    """The direction in which the columns hardly vary, solved for the column it moves most."""
    reach = np.abs(direction * lengths)
    order = [int(j) for j in np.argsort(-reach) if reach[j] > _SHARE_OF_DEPENDENCY * reach.max()]
    first, *others = order
    labels = [column.label for column in predictor.columns]
    parts = [(float(-direction[j] / direction[first]), labels[j]) for j in sorted(others)]
    return (
        f"{labels[first]} is nearly a sum of other columns, {labels[first]} = {_sum(parts)} + ...: "
        f"condition number {values[0] / values[-1]:.1g}; look at their estimates together"
    )


def yes_or_no(maximum: Maximum) -> Iterator[str]:
    """A density for what is a probability: logistic where logistic regression was meant."""
    family, moments = maximum.model.family, maximum.moments
    if family.support.discrete or (moments.least, moments.most) != (0, 1):
        return
    # between 0 and 1 the variance reaches this only where every value is one of them
    most = moments.mean * (1 - moments.mean)
    if moments.variance > most * (1 - 1e-9):
        yield (
            f"every value of the target is 0 or 1, and {family.name} is a density of numbers: "
            "for the probability of a yes take --family bernoulli"
        )


def undetermined(maximum: Maximum) -> Iterator[str]:
    """A positive parameter of which the rows do not even tell the size."""
    bread = inverse_information(maximum, "observed")
    if bread is None:
        return
    at = 0
    for parameter, link, predictor in zip(
        maximum.model.family.parameters,
        maximum.model.links,
        maximum.engine.predictors,
        strict=True,
    ):
        if predictor.size == 1 and link.name == "log" and bread[at, at] > _NO_SIZE**2:
            yield (
                f"the rows do not tell the size of {parameter.name}: its likelihood is flat, and "
                "may only rise towards the end of its range"
            )
        at += predictor.size


def spread_and_zeros(maximum: Maximum, kind: str, facts: Mapping[str, float]) -> Iterator[str]:
    """Counts that spread more, or are zero more often, than the family allows."""
    family = maximum.model.family
    if not family.support.discrete or "dispersion" not in facts:
        return
    dispersion = facts["dispersion"]
    # measured by its own variation: counts with long tails now and then have a huge residual
    excess = (dispersion - 1) / max(facts["dispersion_std_error"], np.finfo(float).tiny)
    assumed = kind in ("observed", "expected")
    if dispersion > _NOTABLE_DISPERSION and excess > _NOTABLE_Z and assumed:
        kinds = "--se quasi or --se HC0" if family.implies_variance else "--se HC0"
        advice = f"; {kinds} does not assume it" if maximum.penalty is None else ""
        yield (
            f"the counts spread more than {family.name} allows (dispersion {dispersion:.3g}, "
            f"1 expected): its standard errors are too small{advice}"
        )
    seen, expected = facts.get("zeros_observed", 0.0), facts.get("zeros_expected", 0.0)
    spread = math.sqrt(max(expected, 1.0))
    if seen > _NOTABLE_ZEROS * expected and seen - expected > _NOTABLE_Z * spread:
        yield (
            f"{seen:,.0f} counts are zero where {family.name} expects {expected:,.1f}: "
            "something other than its mean makes zeros"
        )


def near_edges(maximum: Maximum) -> Iterator[str]:
    """Parameters that could as well be at an edge, where the family is a simpler one."""
    bread = inverse_information(maximum, "observed")
    names = [parameter.name for parameter in maximum.model.family.parameters]
    for limit in maximum.model.family.limits:
        k = names.index(limit.parameter)
        predictor = maximum.engine.predictors[k]
        if bread is None or predictor.size != 1 or limit is not _nearest(maximum, k):
            continue
        at = sum(one.size for one in maximum.engine.predictors[:k])
        if bread[at, at] > 1 and maximum.model.links[k].name in ("log", "logit"):
            simpler = limit.family or limit.instead
            there = f", where the family is {simpler}" if simpler else ""
            instead = f", and --family {simpler} may do" if simpler else ""
            yield (
                f"{limit.parameter} is less than a standard error from its edge{there}: "
                f"its interval says little{instead}"
            )


def _nearest(maximum: Maximum, k: int) -> Limit:
    """Of the edges of a parameter without covariates the one on its side."""
    link, (eta,) = maximum.model.links[k], maximum.betas[k]
    family = maximum.model.family
    return min(
        (limit for limit in family.limits if limit.parameter == family.parameters[k].name),
        key=lambda limit: abs(link.forward(np.array([limit.value]))[0] - eta),
    )


def doubtful_intervals(maximum: Maximum) -> Iterator[str]:
    """Coefficients so far out that their standard error outgrows them."""
    columns = maximum.engine.predictors[0].columns
    names = [columns[j].label for j in declining_statistics(maximum)]
    if names:
        yield (
            f"the Wald test and interval of {', '.join(names)} are not to be trusted: so far out, "
            "the standard error grows faster than the estimate (Hauck-Donner effect)"
        )


def influence(found: Influential, rows: Numbered) -> Iterator[str]:
    """Rows that alone move the estimates by more than their joint error."""
    if found.rows:
        shown = ", ".join(
            f"row {rows.row_number(i)}{f' and {more:,} like it' if more else ''} "
            f"(Cook's distance {distance:.3g})"
            for distance, i, more in found.rows
        )
        yield f"single rows decide the estimates: {shown}"


def _dependency(redundant: Redundant, labels: Sequence[str]) -> str:
    """For example `x3 = x1 + 2 x2`."""
    parts = [(factor, labels[index]) for index, factor in redundant.parts]
    size = max((abs(factor) for factor, _ in parts), default=0.0)
    if abs(redundant.constant) > 1e-9 * size or not parts:
        parts.append((redundant.constant, ""))
    return f"{labels[redundant.index]} = {_sum(parts)}"


def _sum(parts: Sequence[tuple[float, str]]) -> str:
    text = ""
    for factor, label in parts:
        sign = " - " if factor < 0 else " + "
        shown = f"{abs(factor):.6g}"
        piece = label if shown == "1" and label else f"{shown} {label}".strip()
        text += (sign if text else sign.strip(" +")) + piece
    return text
