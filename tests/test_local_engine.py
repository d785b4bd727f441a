"""A pass tells how far it is, and whoever hears it hears no other rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from mlefit import fitting
from mlefit.design.columns import TARGET, Columns
from mlefit.engines.local import LocalEngine
from mlefit.request import Request


@pytest.mark.parametrize("threads", [1, 2])
def test_a_pass_tells_of_rows_until_all_are_done(threads):
    told: list[tuple[str, int, int]] = []
    columns = Columns({TARGET: [np.arange(1000.0)]})
    engine = LocalEngine(columns, [], threads=threads, most_rows=10)
    heard = engine.telling(lambda *words: told.append(words))
    assert heard.total(lambda block: block.y.sum()) == 499_500
    heard.total(lambda block: block.y.sum())
    first = [done for what, done, _ in told if what == "pass 1 over the rows"]
    assert first == sorted(first)
    assert first[-1] == 1000
    assert len(first) == (100 if threads == 1 else 50)
    assert {total for _, _, total in told} == {1000}
    assert told[-1] == ("pass 2 over the rows", 1000, 1000)
    engine.total(lambda block: block.y.sum())
    assert told[-1][0] == "pass 2 over the rows"


def test_a_fit_tells_of_its_search_and_not_of_what_tells_of_itself():
    told: list[str] = []
    rows = pl.DataFrame({"y": np.random.default_rng(1).poisson(3, 200)})
    request = Request(data=rows, formula="y ~ 1", family="poisson", gof=True, replications=19)
    result = fitting.run(request, progress=lambda what, done, total: told.append(what))
    passes = [what for what in dict.fromkeys(told) if what.startswith("pass ")]
    assert 0 < len(passes) <= result.certificate.passes
    assert told[-1] == "goodness of fit, draws"
    assert told.index("goodness of fit, draws") > max(map(told.index, passes))
