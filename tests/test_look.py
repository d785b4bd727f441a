"""The one pass at the maximum: what it leaves out of many rows, and what it may not leave out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

import mlefit
from mlefit import assemble, families, fitting
from mlefit.design.blocks import Block
from mlefit.diagnosis import losses
from mlefit.diagnosis.goodness import Glance, look
from mlefit.diagnosis.influence import Group
from mlefit.engines.local import LocalEngine
from mlefit.families._base import Family
from mlefit.report import ReportOptions, render
from mlefit.request import Request
from mlefit.search.maximum import Maximum
from mlefit.symmetric import inverse

COUNTS = [family for family in families.every() if family.support.counts]


@pytest.mark.parametrize("family", COUNTS, ids=lambda family: family.name)
def test_the_first_masses_are_those_of_the_log_density(family):
    for example in family.examples:
        theta = families_theta(family, example.theta)
        known = {key: np.full(3, float(value)) for key, value in example.known.items()}
        lower = family.support.lower
        for k, mass in enumerate(family.first_masses(7, *theta, **known)):
            log_density = family.log_density(np.full(3, lower + k), *theta, **known)
            np.testing.assert_allclose(mass, np.exp(log_density), rtol=1e-12, atol=1e-300)


def families_theta(family: Family, values: tuple[float, ...]) -> list[object]:
    """Parameters of three rows as a family takes them."""
    from mlefit.families._base import Probability
    from mlefit.support import Domain

    rows = [np.full(3, value) for value in values]
    return [
        Probability(row, 1 - row) if parameter.domain == Domain.UNIT else row
        for parameter, row in zip(family.parameters, rows, strict=True)
    ]


def fitted(data: pl.DataFrame, family: str, **options: object) -> Maximum:
    prepared = fitting.prepare(
        Request(data=data, formula="y ~ x + z", family=family, **options)  # type: ignore[arg-type]
    )
    return fitting.fitted(prepared)[0]


def with_outliers(family: str) -> pl.DataFrame:
    """A few rows that decide the fit, in places that nobody knows."""
    rng = np.random.default_rng(5)
    x, z = rng.normal(size=(2, 400))
    x[[17, 230]], z[311] = [40.0, -30.0], 55.0
    mean = np.exp(0.3 * x.clip(-2, 2) + 0.2 * z.clip(-2, 2))
    if family == "poisson":
        y = rng.poisson(mean)
    elif family == "gamma":
        y = rng.gamma(2, mean / 2) + 1e-3
    elif family == "categorical":
        pull = np.outer([0, 1, -1], 2 * x.clip(-2, 2)) + rng.gumbel(size=(3, len(x)))
        code = pull.argmax(axis=0)
        code[[17, 230]] = 2, 1  # where the others are of class 1 and 2
        y = np.array(["a", "b", "c"])[code]
    else:
        y = mean + rng.normal(size=len(mean))
    weight = rng.integers(1, 4, len(y))
    return pl.DataFrame({"x": x, "z": z, "y": y, "w": weight})


@pytest.mark.parametrize("weights", [{}, {"freq_weights": "w"}], ids=["plain", "weighted"])
@pytest.mark.parametrize("family", ["poisson", "gamma", "normal", "categorical"])
def test_the_bound_hides_no_influential_row(family, weights):
    maximum = fitted(with_outliers(family), family, **weights)
    found = look(maximum).influential
    group = Group.of(maximum.model.family, [len(gamma) for gamma in maximum.gammas])
    p = group.size
    own = inverse(maximum.optimum.totals.information[:p, :p])

    def distances(block: Block) -> np.ndarray:
        terms = maximum.model.row_terms(block, maximum.gammas, maximum.model.leverage_kind)
        return group.influence(block, terms, own).distance.copy()

    every = np.concatenate([distances(block) for block in maximum.engine.blocks()])
    largest = [int(i) for i in np.argsort(-every)[:3] if every[i] > 1]
    assert largest  # else nothing is tried here
    assert [position for _, position, _ in found.rows] == largest
    np.testing.assert_allclose([one[0] for one in found.rows], every[largest], rtol=1e-10)


def many(outlier: float | None) -> pl.DataFrame:
    """So many rows that a search does not look at them for nothing; one may decide the fit."""
    rng = np.random.default_rng(6)
    x, z = rng.normal(size=(2, 60_000))
    if outlier is not None:
        x[31_000] = outlier
    return pl.DataFrame({"x": x, "z": z, "y": rng.poisson(np.exp(0.3 * x.clip(-2, 2)))})


@pytest.mark.parametrize("family", ["poisson", "negbinom", "normal"])
def test_what_the_last_look_of_a_search_tells_beside_is_what_a_look_of_its_own_tells(family):
    maximum = fitted(many(None), family)
    totals: Any = maximum.optimum.totals
    told = totals.beside
    assert isinstance(told, Glance)
    assert not told.suspected
    passes = maximum.engine.passes
    found = look(maximum)
    assert maximum.engine.passes == passes, "no look of its own"
    bare = replace(totals, beside=None)
    own = look(replace(maximum, optimum=replace(maximum.optimum, totals=bare)))
    assert maximum.engine.passes == passes + 1
    np.testing.assert_allclose(found.sums.plain, own.sums.plain, rtol=1e-10)
    np.testing.assert_allclose(found.sums.counts, own.sums.counts, rtol=1e-10)
    for one, two in zip(found.sums.losses, own.sums.losses, strict=True):
        assert one.value == pytest.approx(two.value, rel=1e-10)
        assert (one.rows, one.checked) == (two.rows, two.checked)
    assert found.influential == own.influential


def test_a_row_that_may_move_the_estimates_gets_a_look_of_its_own():
    maximum = fitted(many(60.0), "poisson")
    totals: Any = maximum.optimum.totals
    assert totals.beside.suspected
    passes = maximum.engine.passes
    influential = look(maximum).influential
    assert maximum.engine.passes == passes + 1
    assert [position for _, position, _ in influential.rows] == [31_000]


def test_losses_are_held_against_the_nll_on_some_blocks_of_many(monkeypatch):
    rng = np.random.default_rng(2)
    x = rng.normal(size=5_000)
    data = pl.DataFrame({"x": x, "y": rng.poisson(np.exp(0.2 * x))})
    every = mlefit.fit(data, "y ~ x", family="poisson")
    monkeypatch.setattr(losses, "_CHECKED", 1_000)
    monkeypatch.setattr("mlefit.design.blocks._MOST_ROWS", 250)
    monkeypatch.setattr("mlefit.design.blocks._FEWEST_ROWS", 250)
    some = mlefit.fit(data, "y ~ x", family="poisson")
    for one, other in zip(every.losses, some.losses, strict=True):
        assert one.rows_checked is None
        assert other.rows_checked == 1_000
        assert other.value == pytest.approx(one.value, rel=1e-13)
        assert other.constant_to_nll == pytest.approx(one.constant_to_nll, rel=1e-13)
        assert other.identity_error < 1e-12
    assert "identity holds" in render(some, ReportOptions())
    assert "on 1,000 rows looked at)" in render(some, ReportOptions())
    assert "looked at" not in render(every, ReportOptions())


def test_checked_blocks_are_spread_over_all_rows():
    blocks = [
        Block(start, np.zeros(100), {}, None, None, (), (), ())
        for start in range(0, 10_000_000, 100)
    ]
    at = [block.start for block in blocks if losses.is_checked(block, 10_000_000)]
    assert 60_000 <= 100 * len(at) <= 70_000
    gaps = np.diff(at)
    assert gaps.max() <= 1.1 * gaps.min()
    # of few rows all
    assert all(losses.is_checked(block, 60_000) for block in blocks[:600])


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("poisson", {}),
        ("poisson", {"freq_weights": "w"}),
        ("gamma", {}),
        ("normal", {"freq_weights": "w"}),
        ("negbinom", {}),
    ],
)
def test_the_null_deviance_at_the_mean_is_that_of_a_search(family, options, monkeypatch):
    rng = np.random.default_rng(8)
    x = rng.normal(size=500)
    y = rng.negative_binomial(2, 2 / (2 + np.exp(0.4 * x))) + (family == "gamma")
    data = pl.DataFrame({"x": x, "y": y, "w": rng.integers(1, 4, 500)})
    closed = mlefit.fit(data, "y ~ x", family=family, **options)
    monkeypatch.setattr(assemble, "_eta_of_mean", lambda maximum: None)
    searched = mlefit.fit(data, "y ~ x", family=family, **options)
    assert closed.fit.null_deviance == pytest.approx(searched.fit.null_deviance, rel=1e-11)
    assert closed.fit.null_deviance > closed.fit.deviance


@pytest.mark.parametrize(
    "options",
    [{"offset": "w"}, {"models": ("sigma ~ x",)}, {"precision_weights": "w"}],
    ids=["offset", "sigma", "precision"],
)
def test_rows_without_a_common_mean_have_none_in_closed_form(options):
    data = with_outliers("normal")
    assert assemble._eta_of_mean(fitted(data, "normal")) is not None
    assert assemble._eta_of_mean(fitted(data, "normal", **options)) is None


def test_two_threads_share_the_rows_and_are_started_once():
    from mlefit.engines import local

    data = with_outliers("poisson")
    seen = fitted(data, "poisson", threads=2).engine
    assert isinstance(seen, LocalEngine)
    two, one = (
        LocalEngine(seen._columns, seen.predictors, threads=threads, most_rows=50)
        for threads in (2, 1)
    )

    def added(block):
        return np.asarray(block.designs[0]).sum(axis=1)

    expected = one.total(added)
    for _ in range(3):
        np.testing.assert_allclose(two.total(added), expected, rtol=1e-12, atol=1e-9)
    assert local._pool(1) is local._pool(1)
    assert len(local._pool(1)._threads) == 1
