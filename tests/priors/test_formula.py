"""The formula of a prior that is written down is the prior."""

from __future__ import annotations

import numpy as np
import pytest

from mlefit import priors
from mlefit.algebra.calculus import slope
from mlefit.algebra.evaluate import value
from mlefit.algebra.exponent import exponential
from mlefit.algebra.functions import read

NUMBERS = {
    "normal": (0.5, 2.0),
    "laplace": (-1.0, 0.7),
    "cauchy": (0.5, 2.5),
    "student": (4.0, 0.5, 2.5),
    "gamma": (2.5, 0.8),
    "elasticnet": (1.5, 0.3),
    "horseshoe": (0.4, 3.0),
}


@pytest.mark.parametrize("name", [one for one in priors.NAMES if priors.load(one).formula])
def test_the_formula_is_the_log_density_and_its_slope_the_pull(name):
    prior = priors.load(name)(*NUMBERS[name])
    b = np.array([0.2, 0.9, 3.0])
    tree = read(prior.formula)
    letters = {**prior.numbers, "b": b, "Z": 1.0}
    claimed, wanted = value(tree, letters), prior.log_density(b)
    constant = claimed[0] - wanted[0] if "Z" in prior.formula else 0.0
    np.testing.assert_allclose(claimed - constant, wanted, rtol=1e-12)
    np.testing.assert_allclose(value(exponential(tree), letters), np.exp(claimed), rtol=1e-12)
    pull = prior.slope(b) - prior.corner_weight * np.sign(b - prior.centre)
    np.testing.assert_allclose(value(slope(tree, "b"), letters), pull, rtol=1e-10)


def test_only_a_prior_of_the_information_has_none():
    assert [name for name in priors.NAMES if not priors.load(name).formula] == ["jeffreys"]
