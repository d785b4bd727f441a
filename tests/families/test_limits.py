"""What a family says it becomes at an edge, it becomes."""

from __future__ import annotations

import numpy as np
import pytest

from mlefit import families
from mlefit.families._base import Probability
from mlefit.support import Domain

LIMITS = [
    pytest.param(family, limit, example, id=f"{family.name}-{limit.parameter}-{example.theta}")
    for family in families.every()
    for limit in family.limits
    for example in family.examples
    if limit.family is not None
]
every_limit = pytest.mark.parametrize(("family", "limit", "example"), LIMITS)


@every_limit
def test_near_the_edge_the_density_is_the_simpler_familys(family, limit, example):
    simpler, y, k, known = parts(family, limit, example)
    near = family.log_density(y, *packed(family, moved(example, k, limit.value), len(y)), **known)
    rest = [value for j, value in enumerate(example.theta) if j != k]
    there = simpler.log_density(y, *packed(simpler, rest, len(y)), **known)
    np.testing.assert_allclose(near, there, rtol=1e-6, atol=1e-6)
    assert [p.name for j, p in enumerate(family.parameters) if j != k] == [
        p.name for p in simpler.parameters
    ]


@every_limit
def test_near_the_edge_the_score_still_has_its_digits(family, limit, example):
    """Its sign decides whether the edge is a maximum."""
    _, y, k, known = parts(family, limit, example)

    def slope_in_distance(value):
        """In 1/theta or theta, of which near the edge only the first order counts."""
        score = family.score(y, *packed(family, moved(example, k, value), len(y)), **known)[k]
        return score if limit.end == "lower" else -(value**2) * score

    nearer, near = slope_in_distance(limit.value), slope_in_distance(limit.value**0.8)
    assert np.abs(nearer).max() > 0.1
    np.testing.assert_allclose(nearer, near, rtol=1e-4, atol=1e-4)


def parts(family, limit, example):
    k = [parameter.name for parameter in family.parameters].index(limit.parameter)
    rng = np.random.default_rng(2)
    n = 40
    known = {name: np.full(n, value) for name, value in example.known.items()}
    simpler = families.load(limit.family)
    rest = [value for j, value in enumerate(example.theta) if j != k]
    y = np.unique(simpler.sample(rng, *packed(simpler, rest, n), **known))
    return simpler, y, k, {name: values[: len(y)] for name, values in known.items()}


def moved(example, k, value):
    return [value if j == k else theta for j, theta in enumerate(example.theta)]


def packed(family, theta, n):
    return [
        Probability(np.full(n, value), np.full(n, 1 - value))
        if parameter.domain == Domain.UNIT
        else np.full(n, value)
        for value, parameter in zip(theta, family.parameters, strict=True)
    ]
