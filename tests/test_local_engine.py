"""A pass tells how far it is, and whoever hears it hears no other rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mlefit import fitting
from mlefit.design.columns import TARGET, WEIGHT, Columns
from mlefit.engines.local import LocalEngine
from mlefit.request import Request


@pytest.mark.parametrize("threads", [1, 2])
def test_a_pass_tells_of_rows_until_all_are_done(threads):
    told: list[tuple[str, int, int]] = []
    columns = Columns({TARGET: [np.arange(1000.0)]})
    engine = LocalEngine(columns, [], threads=threads, most_rows=10)
    heard = engine.telling(lambda *words: told.append(words))
    assert heard.total(lambda block: block.y.sum(), "the sum") == 499_500
    heard.total(lambda block: block.y.sum())
    first = [done for what, done, _ in told if what == "pass 1 (the sum), rows"]
    assert first == sorted(first)
    assert (first[0], first[-1]) == (0, 1000)
    assert len(first) == (101 if threads == 1 else 51)
    assert {total for _, _, total in told} == {1000}
    assert told[-1] == ("pass 2, rows", 1000, 1000)
    engine.total(lambda block: block.y.sum())
    assert told[-1][0] == "pass 2, rows"


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_what_is_asked_of_each_block_comes_in_row_order(threads):
    columns = Columns({TARGET: [np.arange(1000.0)]})
    engine = LocalEngine(columns, [], threads=threads, most_rows=30)
    found = engine.each(lambda block: (block.start, block.y.copy()))
    assert [start for start, _ in found] == sorted(start for start, _ in found)
    np.testing.assert_array_equal(np.concatenate([y for _, y in found]), np.arange(1000.0))
    assert engine.passes == 1


def test_blocks_are_short_enough_for_every_thread_to_have_some():
    columns = Columns({TARGET: [np.arange(90_000.0)]})
    for threads, count in ((1, 2), (2, 4), (3, 6)):
        assert len(LocalEngine(columns, [], threads=threads).each(lambda block: 0)) == count
    few = Columns({TARGET: [np.arange(20_000.0)]})
    assert len(LocalEngine(few, [], threads=8).each(lambda block: 0)) == 2


@pytest.mark.parametrize("weight", [None, np.array([1.0, 2.0, 0.0])])
def test_the_total_of_a_block_counts_every_row(weight):
    columns = {TARGET: [np.arange(3.0)]} | ({} if weight is None else {WEIGHT: [weight]})
    (block,) = LocalEngine(Columns(columns), []).blocks()
    w = np.ones(3) if weight is None else weight
    for values in (np.array([0.5, -1.0, 7.0]), np.array([True, False, True])):
        assert block.total(values) == w @ values
    for same in (2.5, np.array(2.5), np.array([2.5])):
        assert block.total(same) == 2.5 * w.sum()


def test_a_walk_over_the_blocks_tells_of_the_rows_that_were_seen():
    told: list[tuple[str, int, int]] = []
    columns = Columns({TARGET: [np.arange(30.0)]})
    engine = LocalEngine(columns, [], most_rows=10, tell=lambda *words: told.append(words))
    assert sum(block.y.sum() for block in engine.blocks("the sum")) == 435
    what = "pass 1 (the sum), rows"
    assert told == [(what, done, 30) for done in (0, 10, 20, 30)]
    told.clear()
    walk = engine.blocks()
    next(walk)
    next(walk)
    walk.close()
    assert told[-1] == ("pass 2, rows", 10, 10)


def test_a_fit_tells_of_its_passes_and_not_of_those_of_draws():
    told: list[str] = []
    rows = pl.DataFrame({"y": np.random.default_rng(1).poisson(3, 200)})
    request = Request(data=rows, formula="y ~ 1", family="poisson", gof=True, replications=19)
    fitting.run(request, progress=lambda what, done, total: told.append(what))
    passes = [what for what in told if what.startswith("pass ")]
    assert {"survey", "search", "goodness of fit"} <= {
        what.split("(")[1].split(")")[0] for what in passes
    }
    assert told[-1] == "goodness of fit, draws"
    assert told.index("goodness of fit, draws") > max(map(told.index, passes))


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("y ~ x + g", {"family": "poisson", "se": "HC1"}),
        ("y ~ x", {"family": "normal", "priors": ("laplace(0, 1)",)}),
        ("y ~ x", {"family": "laplace"}),
        ("yes ~ x", {"family": "bernoulli", "priors": ("jeffreys",)}),
    ],
    ids=["sandwich", "lasso", "median", "jeffreys"],
)
def test_every_pass_says_what_it_is_for(formula, options):
    told: list[str] = []
    rng = np.random.default_rng(1)
    x, g = rng.normal(size=300), rng.choice(["a", "b"], 300)
    y = rng.negative_binomial(3, 0.4, 300)
    rows = pl.DataFrame({"x": x, "g": g, "y": y, "yes": y > 4})
    request = Request(data=rows, formula=formula, **options)
    fitting.run(request, progress=lambda what, done, total: told.append(what))
    passes = [what for what in told if what.startswith("pass ")]
    assert passes
    assert [what for what in passes if "(" not in what] == []
