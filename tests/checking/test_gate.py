"""The gate: what passes, what fails, what cannot be told, and what the pipeline learns."""

from __future__ import annotations

import math

import polars as pl
import pytest

import mlefit
from mlefit.checking import kinds
from mlefit.checking.kinds.rows import RowsUsed
from mlefit.errors import DataError, ExitCode, UsageError
from tests.checking.days import baseline, checked, day, outcome


def test_a_day_like_the_baseline_passes():
    result = checked(day(2))
    assert (result.status, result.exit_code) == ("pass", ExitCode.OK)
    assert result.verdict == "today's data still fit: 10 checks passed"
    assert {one.status for one in result.outcomes} == {"pass"}
    assert result.baseline is not None
    assert result.baseline.formula == "y ~ x + g"
    assert result.today is not None
    assert result.today.rows_used == 1000


def test_a_day_that_moved_fails_and_the_worst_is_the_verdict():
    result = checked(day(3, 0.3))
    assert (result.status, result.exit_code) == ("fail", ExitCode.CHECK_FAILED)
    assert outcome(result, "fit_gap").status == "fail"
    assert outcome(result, "drift", "Intercept").status == "warn"
    assert outcome(result, "drift", "x").status == "pass"
    assert result.verdict == "fit_gap failed"


def test_a_lower_mean_nll_does_not_hide_a_shift():
    """Yesterday's counts spread more than Poisson's; today's do not, and their mean moved."""
    old = pl.DataFrame({"y": [0, 0, 0, 1, 2, 5, 6, 6, 4, 6] * 60})
    new = pl.DataFrame({"y": [4, 4, 3, 4, 5, 4, 4, 3, 4, 5] * 60})
    model = mlefit.fit(old, "y ~ 1", family="poisson")
    result = checked(new, model)
    assert outcome(result, "nll").observed["change"] < 0
    assert outcome(result, "fit_gap").status == "fail"


@pytest.mark.parametrize(
    ("fail_on", "moved", "code"),
    [("fail", 0.3, 1), ("never", 0.3, 0), ("warn", 0.08, 1), ("fail", 0.08, 0)],
)
def test_what_fails_the_pipeline_is_a_choice_and_the_status_is_not(fail_on, moved, code):
    result = checked(day(6, moved, 4000), baseline(1, 4000), fail_on=fail_on)
    assert result.status == ("fail" if moved == 0.3 else "warn")
    assert result.exit_code == code


def test_an_effect_that_chance_explains_is_none():
    """Sixty rows lose more than the bound by noise alone."""
    result = checked(day(4, rows=60))
    found = outcome(result, "fit_gap")
    assert found.observed["gap"] > 0.02
    assert found.p_value is not None
    assert found.p_value > 0.001
    assert found.status == "pass"


def test_a_significant_trifle_passes():
    old, new = (day(seed, shift, 400_000) for seed, shift in ((8, 0.0), (9, 0.02)))
    result = checked(new, mlefit.fit(old, "y ~ x + g", family="poisson"))
    found = outcome(result, "fit_gap")
    assert found.p_value is not None
    assert found.p_value < 1e-6
    assert result.status == "pass"


def test_rows_that_the_model_cannot_have_produced_are_counted_and_left_out():
    odd = day(2).with_columns(
        y=pl.when(pl.int_range(pl.len()) < 3).then(-1).otherwise("y"),
        g=pl.when(pl.int_range(pl.len()) == 5).then(pl.lit("z")).otherwise("g"),
    )
    result = checked(odd)
    found = outcome(result, "support")
    assert (found.status, found.observed["rows"]) == ("fail", 4)
    assert "3 rows: y: target outside the family's support" in found.evidence
    assert "1 rows: g: a level that the baseline never saw" in found.evidence
    assert result.today is not None
    assert result.today.rows_used == 996
    assert math.isfinite(outcome(result, "fit_gap").observed["gap"])


def test_missing_values_are_compared_with_the_baseline():
    lacking = day(2).with_columns(
        x=pl.when(pl.int_range(pl.len()) % 50 == 0).then(None).otherwise("x")
    )
    result = checked(lacking)
    assert outcome(result, "missing").observed == {"share": 0.02, "change": 0.02}
    assert outcome(result, "missing").status == "warn"
    model = mlefit.fit(lacking, "y ~ x + g", family="poisson")
    assert outcome(checked(lacking, model), "missing").status == "pass"


def test_an_absent_column_fails_and_what_needs_it_is_an_error():
    result = checked(day(2).drop("x"))
    assert (result.status, result.exit_code) == ("fail", 1)
    assert outcome(result, "columns").message == "1 of 3 columns: 'x' is absent"
    assert outcome(result, "fit_gap").status == "error"
    alone = checked(day(2).drop("x"), skip=("columns",))
    assert (alone.status, alone.exit_code) == ("error", ExitCode.USAGE)


def test_a_column_of_another_type_fails():
    result = checked(day(2).with_columns(x=pl.lit("oops")))
    assert "'x' holds text, where the fit had numbers" in outcome(result, "columns").message
    assert result.exit_code == 1


def test_a_day_without_a_maximum_fails_and_is_no_pass():
    zeros = day(2).with_columns(y=0)
    result = checked(zeros)
    assert outcome(result, "converged").status == "fail"
    assert outcome(result, "fit_gap").status == "error"
    assert result.exit_code == 1
    assert checked(zeros, skip=("converged",)).exit_code == ExitCode.UNTRUSTWORTHY


def test_a_bug_in_one_check_leaves_the_others_running(monkeypatch):
    def observe(self, day, given):
        raise RuntimeError("a bug")

    monkeypatch.setattr(RowsUsed, "observe", observe)
    result = checked(day(3, 0.3))
    assert result.exit_code == ExitCode.BUG
    assert outcome(result, "rows").status == "error"
    assert "RuntimeError: a bug" in outcome(result, "rows").message
    assert outcome(result, "fit_gap").status == "fail"


def test_nothing_checked_is_an_exit_of_its_own():
    every = tuple(check.name for check in kinds.every() if check.by_default)
    every = tuple(name for name in every if name != "joint")
    result = checked(day(2), skip=every)
    assert (result.status, result.exit_code) == ("empty", ExitCode.NOTHING_CHECKED)
    assert checked(day(2), skip=every, allow_empty=True).exit_code == ExitCode.OK


def test_only_and_skip_take_names_and_tell_misspelt_ones():
    result = checked(day(2), only=("fit_gap", "rows"))
    assert [one.name for one in result.outcomes] == ["rows", "fit_gap"]
    with pytest.raises(UsageError, match="--only fit_gab: no such check"):
        checked(day(2), only=("fit_gab",))


def test_an_exact_baseline_has_no_error_of_its_own():
    known, estimated = checked(day(2), exact=True), checked(day(2))
    p_values = [outcome(one, "fit_gap").p_value for one in (known, estimated)]
    assert p_values[0] < p_values[1]
    z = [outcome(one, "drift", "x").observed["z"] for one in (known, estimated)]
    assert z[0] > z[1]


def test_a_day_can_be_checked_without_a_baseline():
    result = checked(day(2), (), family="poisson", formula="y ~ x", expect=("b[x] > 0",))
    assert result.exit_code == 0
    assert outcome(result, "b[x] > 0").status == "pass"
    assert result.baseline is None
    with pytest.raises(UsageError, match="it never guesses"):
        checked(day(2), ())


def test_expectations_speak_of_estimates_and_checks():
    result = checked(
        day(2),
        expect=("b[x] > 0.2", "rows >= 1000", "fit_gap < 1", "2*b[x] < exp(b[Intercept])"),
        warn=("b[g[b]] < 0",),
    )
    assert result.status == "warn"
    assert result.verdict == "b[g[b]] < 0 warned"
    assert checked(day(2), expect=("b[x] > 1",)).exit_code == 1
    with pytest.raises(UsageError, match="no comparison of two numbers"):
        checked(day(2), expect=("b[x]",))
    assert checked(day(2), expect=("b[q] > 1",)).exit_code == ExitCode.USAGE


def test_a_budget_of_rows_is_a_check():
    lacking = day(2).with_columns(x=pl.when(pl.int_range(pl.len()) < 20).then(None).otherwise("x"))
    assert outcome(checked(lacking, max_dropped="1%"), "--max-dropped 1%").status == "fail"
    assert outcome(checked(lacking, max_dropped="20"), "--max-dropped 20").status == "pass"


def test_a_predicate_selects_the_rows():
    result = checked(day(2), where="x > 0")
    assert result.today is not None
    assert result.today.rows_used == day(2).filter(pl.col("x") > 0).height
    assert outcome(result, "missing").observed["share"] == 0


def test_two_saved_fits_are_compared_without_their_rows():
    same = checked(mlefit.fit(day(2), "y ~ x + g", family="poisson"))
    moved = checked(mlefit.fit(day(3, 0.3), "y ~ x + g", family="poisson"))
    assert (same.exit_code, moved.exit_code) == (0, 1)
    assert outcome(moved, "joint").status == "fail"
    gap = outcome(checked(day(3, 0.3)), "fit_gap").observed["gap"]
    assert outcome(moved, "joint").observed["gap"] == pytest.approx(gap, rel=0.1)
    other = mlefit.fit(day(2), "y ~ x", family="poisson")
    with pytest.raises(UsageError, match="fits of different models: their formulas differ"):
        checked(other)


def test_the_joint_test_is_walds_by_hand():
    """One coefficient: (b1 - b0)^2/(v0 + v1)."""
    frames = [pl.DataFrame({"y": values * 20}) for values in ([1, 2, 3], [2, 3, 5])]
    old, new = (mlefit.fit(frame, "y ~ 1", family="poisson") for frame in frames)
    found = outcome(checked(new, old), "joint")
    means, n = (2.0, 10 / 3), 60
    statistic = math.log(means[1] / means[0]) ** 2 / (1 / (n * means[0]) + 1 / (n * means[1]))
    assert found.observed["statistic"] == pytest.approx(statistic, rel=1e-6)


def test_a_baseline_that_holds_no_maximum_is_refused():
    bad = mlefit.fit(day(2).with_columns(y=0), "y ~ x", family="poisson")
    with pytest.raises(UsageError, match="holds no maximum"):
        checked(day(2), bad)


def test_an_unreadable_day_is_an_error_of_the_data():
    with pytest.raises(DataError):
        checked("nowhere.csv", baseline())


def test_what_an_expression_asks_of_rows_that_are_not_here_is_told():
    saved = [mlefit.fit(day(seed), "y ~ x + g", family="poisson") for seed in (1, 2)]
    result = checked(saved[1], saved[0], expect=("fit_gap < 0.1", "joint < 0.1"))
    assert outcome(result, "fit_gap < 0.1").message == (
        "'fit_gap' needs today's rows, and a saved fit has none"
    )
    assert outcome(result, "joint < 0.1").status in ("pass", "fail")
    assert result.exit_code == 2


def test_what_an_expression_asks_of_a_baseline_that_is_not_there_is_told():
    result = checked(day(2), (), family="poisson", formula="y ~ x", expect=("fit_gap < 0.1",))
    found = outcome(result, "fit_gap < 0.1")
    assert (found.status, found.message) == (
        "error",
        "'fit_gap' compares with a baseline, and there is none",
    )
