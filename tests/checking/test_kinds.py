"""Every check keeps its contract, and each is right about a day that is known by hand."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import mlefit
from mlefit.checking import history, kinds, starter
from mlefit.checking._base import Planned
from mlefit.checking.file import by_default, levels_of, read_checks
from mlefit.checking.gate import checked as run_gate
from mlefit.checking.options import options_of
from mlefit.request import CheckRequest
from tests.checking.days import baseline, checked, day, outcome

GIVEN: dict[str, dict[str, Any]] = {
    "equivalence": {"margin": 0.5},
    "expect": {"expr": "rows > 0"},
    "family": {"candidates": ["geometric"]},
    "gof": {"replications": 19},
    "trend": {"of": "x", "last": 3},
}


@pytest.mark.parametrize("name", kinds.NAMES)
def test_every_check_measures_what_it_says(name, monkeypatch):
    check = kinds.load(name)
    assert check.name == name
    assert check.summary
    assert check.by_default or check.example
    tables = check.by_default or {"fail": check.example}
    given = options_of(check.options, GIVEN.get(name, {}), name)
    seen = []

    def look(self, at, options):
        sights = list(type(self)._observe(self, at, given))
        seen.extend(sights)
        yield from sights

    monkeypatch.setattr(type(check), "_observe", type(check).observe, raising=False)
    monkeypatch.setattr(type(check), "observe", look)
    monkeypatch.setattr("mlefit.checking.kinds.trend._FEWEST", 1)
    monkeypatch.setattr(
        "mlefit.checking.gate.plan",
        lambda *args, **kinds_of: [
            Planned(check, name, levels_of(check, tables, name), 0.5),
        ],
    )
    before = ({"followed": {"x": 0.3}}, {"followed": {"x": 0.31}})
    monkeypatch.setattr("mlefit.checking.history.read", lambda path: before)
    today = mlefit.fit(day(2), "y ~ x + g", family="poisson") if check.in_place_of_rows else day(2)
    gate = run_gate(
        CheckRequest(data=today, baseline=baseline(), history="h"),
        lambda line: None,
        lambda what, done, total: None,
    )
    assert seen, gate.result.outcomes
    for sight in seen:
        assert set(sight.values) == set(check.quantities)
        assert sight.message
        assert sight.p_value is None or 0 <= sight.p_value <= 1


def test_a_starter_file_holds_every_check_and_can_be_read(tmp_path):
    path = tmp_path / "checks.toml"
    path.write_text(starter.text(CheckRequest()))
    found = read_checks(path)
    assert [one.name for one in found.planned] == [
        check.name for check in kinds.every() if check.by_default and not check.in_place_of_rows
    ]
    for one in found.planned:
        assert one.levels == by_default(one.check, 0.5).levels
    lines = path.read_text().splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("[defaults]"))
    off = [line.removeprefix("# ") if _is_toml(line) else line for line in lines[start:]]
    path.write_text("\n".join(off))
    assert {one.check.name for one in read_checks(path).planned} == set(kinds.NAMES)


def _is_toml(line: str) -> bool:
    return line.startswith("# [[") or (line.startswith("# ") and " = " in line)


def test_drift_is_the_difference_over_its_error():
    found = outcome(checked(day(3, 0.3)), "drift", "x")
    own = mlefit.fit(day(3, 0.3), "y ~ x + g", family="poisson")
    old, new = (next(c for c in fit.coefficients if c.term == "x") for fit in (baseline(), own))
    error = math.hypot(old.std_error, new.std_error)
    assert found.observed["z"] == pytest.approx(abs(new.estimate - old.estimate) / error)
    assert found.observed["change"] == pytest.approx(new.estimate - old.estimate)
    assert found.observed["relative"] == pytest.approx(abs(new.estimate / old.estimate - 1))
    assert found.p_value == pytest.approx(2 * stats.norm.sf(found.observed["z"]))


def test_drift_of_a_scale_is_judged_on_its_link():
    old, new = (
        pl.DataFrame({"y": np.random.default_rng(seed).normal(0, sd, 200)})
        for seed, sd in ((1, 1.0), (2, 1.4))
    )
    model = mlefit.fit(old, "y ~ 1", family="normal")
    found = outcome(checked(new, model), "drift", "sigma")
    sds = [np.std(frame["y"].to_numpy()) for frame in (old, new)]
    z = math.log(sds[1] / sds[0]) / math.sqrt(1 / 400 + 1 / 400)
    assert found.observed["z"] == pytest.approx(z, rel=1e-6)
    assert found.observed["change"] == pytest.approx(sds[1] - sds[0])


def test_equivalence_is_two_one_sided_tests(files):
    (files / "c.toml").write_text(
        '[[check]]\ntype = "equivalence"\nterm = "x"\nmargin = 0.2\nfail = { is = false }\n'
    )
    found = outcome(checked(day(2), checks="c.toml"), "equivalence", "x")
    drift = outcome(checked(day(2)), "drift", "x")
    error = abs(drift.observed["change"]) / drift.observed["z"]
    p = stats.norm.sf((0.2 - abs(drift.observed["change"])) / error)
    assert found.observed["p"] == pytest.approx(p)
    assert found.observed["equivalent"] is True


def test_too_few_rows_do_not_pass_for_equivalent(files):
    (files / "c.toml").write_text(
        '[[check]]\ntype = "equivalence"\nterm = "x"\nmargin = 0.02\nfail = { is = false }\n'
    )
    assert checked(day(2), checks="c.toml").status == "fail"


def test_surprise_is_about_zero_on_a_day_of_the_model_and_large_on_a_wilder_one(files):
    (files / "c.toml").write_text('[[check]]\ntype = "surprise"\nfail = { outside = [-4, 4] }\n')
    assert abs(outcome(checked(day(2), checks="c.toml"), "surprise").observed["z"]) < 4
    wild = day(2).with_columns(y=pl.col("y") * 3)
    assert outcome(checked(wild, checks="c.toml"), "surprise").status == "fail"


def test_another_family_is_told_by_its_aic(files):
    (files / "c.toml").write_text(
        '[[check]]\ntype = "family"\ncandidates = ["negbinom", "poisson"]\n'
        "warn = { delta_aic_above = 10 }\n"
    )
    rng = np.random.default_rng(3)
    wild = day(2).with_columns(y=rng.poisson(day(2)["y"].to_numpy() * rng.gamma(1, 1, 1000)))
    found = outcome(checked(wild, checks="c.toml"), "family", "negbinom")
    assert found.status == "warn"
    aic = [mlefit.fit(wild, "y ~ x + g", family=name).fit.aic for name in ("poisson", "negbinom")]
    assert found.observed["delta_aic"] == pytest.approx(aic[0] - aic[1])


def test_a_trend_is_a_line_through_the_days(files):
    """Against the slope and p-value of scipy's linregress."""
    before = [0.16, 0.19, 0.20, 0.22, 0.25, 0.26]
    for value in before:
        record = {"schema": history.SCHEMA, "followed": {"x": value}}
        history.append(files / "h.jsonl", json.dumps(record) + "\n")
    (files / "c.toml").write_text(
        '[[check]]\ntype = "trend"\nof = "x"\nfail = { slope_above = 0.01 }\nalpha = 0.01\n'
    )
    result = checked(day(2), checks="c.toml", history="h.jsonl")
    found = outcome(result, "trend", "x")
    now = next(
        c.estimate
        for c in mlefit.fit(day(2), "y ~ x + g", family="poisson").coefficients
        if c.term == "x"
    )
    line = stats.linregress(range(7), [*before, now])
    assert found.observed["slope"] == pytest.approx(line.slope)
    assert found.p_value == pytest.approx(line.pvalue)
    assert found.status == "fail"


def test_a_trend_of_few_days_is_skipped(files):
    (files / "c.toml").write_text('[[check]]\ntype = "trend"\nof = "x"\nfail = { above = 0 }\n')
    found = outcome(checked(day(2), checks="c.toml", history="none.jsonl"), "trend")
    assert found.status == "skip"
    assert found.message == "0 days before have x; a trend takes 4"


def test_an_estimate_and_its_interval_are_held_against_a_band(files):
    template = '[[check]]\ntype = "estimate"\nterm = "x"\nfail = {{ {} = [0.2, 0.4] }}\n'
    for word in ("outside", "interval_outside", "interval_misses"):
        (files / "c.toml").write_text(template.format(word))
        assert checked(day(2), checks="c.toml").status == "pass", word
    few = day(2, rows=60)
    for word, status in (("interval_outside", "fail"), ("interval_misses", "pass")):
        (files / "c.toml").write_text(template.format(word))
        assert checked(few, checks="c.toml").status == status, word
