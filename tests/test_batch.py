"""Many samples searched side by side: the maxima that each has alone, whatever is beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlefit import batch, families
from mlefit.assign import assigned_priors
from mlefit.inference import boundary
from mlefit.inference.covariance import covariance
from mlefit.request import Request
from mlefit.search.climb import Search
from mlefit.search.maximise import maximise
from mlefit.search.optimise import Status
from mlefit.study.fits import fitted
from mlefit.study.setup import Setup


def setup_of(name, covariates=0, example=0, links=()):
    family = families.load(name)
    found = family.examples[example]
    bound = family.bound(found.facts) if family.open else family
    return Setup(bound, found.theta, found.known, covariates, links)


def drawn(setup, count=6, rows=81, seed=2):
    return setup.drawn(np.random.default_rng(seed), count, rows)


@pytest.mark.parametrize("name", families.NAMES)
def test_every_sample_has_the_maximum_that_a_fit_of_it_finds(name):
    setup = setup_of(name)
    samples = drawn(setup)
    fits = fitted(setup, samples)
    assert fits.gamma.shape == (samples.count, len(setup.at))
    alone = [
        boundary.highest(setup.model, setup.engine(samples, r), Search())
        for r in range(samples.count)
    ]
    inside = [one.status is Status.CONVERGED for one in alone]
    assert np.isfinite(fits.gamma).all(axis=1).tolist() == inside
    assert fits.failures.total() == inside.count(False)
    for r in np.flatnonzero(inside):
        own = np.asarray(covariance(alone[r], "observed"))
        errors = np.sqrt(np.diag(own))
        np.testing.assert_allclose(
            fits.gamma[r] / errors, np.concatenate(alone[r].betas) / errors, rtol=0, atol=1e-8
        )
        np.testing.assert_allclose(fits.covariance[r], own, rtol=1e-6, atol=1e-9 * own.max())


@pytest.mark.parametrize("name", ["poisson", "normal", "gamma", "negbinom", "categorical"])
def test_regressions_are_searched_side_by_side_too(name):
    setup = setup_of(name, covariates=3)
    samples = drawn(setup, rows=90)
    start = np.repeat(setup.coefficients(setup.etas[None]), samples.count, axis=0)
    found = batch.newton(setup.model, samples, start)
    assert found.converged.all()
    for r in range(samples.count):
        alone = maximise(setup.model, setup.engine(samples, r), Search())
        np.testing.assert_allclose(found.gamma[r], np.concatenate(alone.betas), atol=1e-9)
        assert found.sums.nll[r] == pytest.approx(alone.nll, rel=1e-13)


def test_samples_of_different_sizes_do_not_mind_each_other():
    setup = setup_of("gamma", covariates=2)
    whole = drawn(setup, count=1, rows=200)
    edges = np.array([0, 37, 60, 200])
    ragged = replace(whole, edges=edges)
    start = np.repeat(setup.coefficients(setup.etas[None]), 3, axis=0)
    together = batch.newton(setup.model, ragged, start)
    assert together.converged.all()
    for r in range(3):
        only = np.arange(3) == r
        alone = batch.newton(setup.model, ragged.only(only), start[:1])
        np.testing.assert_array_equal(together.gamma[r], alone.gamma[0])
        np.testing.assert_array_equal(together.sums.nll[r], alone.sums.nll[0])
        assert together.steps[r] == alone.steps[0]


def test_a_row_of_weight_two_counts_as_two_rows():
    setup = setup_of("weibull")
    samples = drawn(setup, count=3, rows=50)
    weight = np.tile([1.0, 2.0], 75)
    twice = np.repeat(samples.y, weight.astype(int))
    repeated = replace(
        setup.drawn(np.random.default_rng(1), 3, 75),
        y=twice,
    )
    start = np.repeat(setup.coefficients(setup.etas[None]), 3, axis=0)
    weighed = batch.newton(setup.model, replace(samples, weight=weight), start)
    np.testing.assert_allclose(
        weighed.gamma, batch.newton(setup.model, repeated, start).gamma, atol=1e-12
    )


def test_one_sample_that_leaves_the_domain_leaves_the_others_alone():
    setup = setup_of("poisson", covariates=1, links=("mu=identity",))
    samples = drawn(setup, count=40, rows=30)
    start = np.repeat(setup.coefficients(setup.etas[None]), 40, axis=0)
    there = start.copy()
    there[7, 1] = 10.0  # a mean below zero somewhere
    sums = batch.evaluate(setup.model, samples, there, "observed")
    assert np.isinf(sums.nll[7])
    assert np.isfinite(np.delete(sums.nll, 7)).all()
    expected = batch.evaluate(setup.model, samples, start, "observed").nll
    np.testing.assert_array_equal(np.delete(sums.nll, 7), np.delete(expected, 7))


def test_a_start_outside_the_domain_ends_where_it_is():
    setup = setup_of("poisson", links=("mu=identity",))
    samples = drawn(setup, count=3)
    found = batch.newton(setup.model, samples, np.array([[0.2], [-1.0], [0.2]]))
    assert found.converged.tolist() == [True, False, True]
    assert found.gamma[1] == -1.0


def test_priors_are_added_to_every_sample():
    setup = setup_of("poisson", covariates=3)
    samples = drawn(setup, rows=30)
    priors = assigned_priors(
        Request(priors=("normal(0, 0.1)",)), setup.family, setup.model.links, setup.predictors
    )
    found = fitted(setup, samples, priors)
    for r in range(samples.count):
        alone = maximise(setup.model, setup.engine(samples, r), Search(), priors)
        np.testing.assert_allclose(found.gamma[r], np.concatenate(alone.betas), atol=1e-9)


def test_samples_without_a_maximum_are_counted_by_their_cause():
    setup = setup_of("bernoulli")
    samples = drawn(setup, count=4, rows=20)
    y = samples.y.copy()
    y[:20], y[40:60] = 0.0, 1.0
    fits = fitted(setup, replace(samples, y=y))
    assert np.isnan(fits.gamma[[0, 2]]).all()
    assert np.isfinite(fits.gamma[[1, 3]]).all()
    assert dict(fits.failures) == {Status.NO_MAXIMUM.value: 2}


def test_an_edge_is_a_cause_of_its_own():
    setup = Setup(families.load("negbinom"), (4.0, 1e6), {})
    fits = fitted(setup, drawn(setup, count=8))
    assert set(fits.failures) == {"no overdispersion: the Poisson boundary is the maximum"}
    assert 0 < fits.failures.total() < 8


def test_a_direction_goes_down_where_the_information_bends_the_other_way():
    score = np.array([[1.0, -2.0], [0.5, 0.25]])
    information = np.array([[[2.0, 0.0], [0.0, -3.0]], [[4.0, 1.0], [1.0, 3.0]]])
    found, decrement, definite = batch.directions(
        batch.Sums(np.zeros(2), score, information), np.arange(2)
    )
    assert definite.tolist() == [False, True]
    np.testing.assert_allclose(found[0], [-0.5, 2 / 3])
    np.testing.assert_allclose(found[1], -np.linalg.solve(information[1], score[1]))
    np.testing.assert_allclose(decrement, -0.5 * (found * score).sum(axis=1))


def test_what_is_not_finite_has_no_direction_and_no_inverse():
    information = np.array([[[np.nan]], [[-1.0]], [[4.0]]])
    found, decrement, _ = batch.directions(
        batch.Sums(np.zeros(3), np.ones((3, 1)), information), np.arange(1)
    )
    assert found[0] == 0.0
    assert decrement[0] == np.inf
    np.testing.assert_array_equal(batch.inverses(information)[:, 0, 0], [np.nan, np.nan, 0.25])
