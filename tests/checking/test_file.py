"""The checks file: what it says, and the line of what it says wrong."""

from __future__ import annotations

import pytest

from mlefit.checking.file import read_checks
from mlefit.errors import UsageError
from tests.checking.days import checked, day

WHOLE = """\
schema = "mlefit/checks/1"

[data]
target = "y"
where = "x > 0"

[model]
family = "poisson"
baseline = "model.json"
baseline_is = "exact"

[defaults]
alpha = 0.01

[[check]]
type = "rows"
fail = { below = 200 }

  [[check]]
name = "the slope stays"
type = "drift"
term = ["x", "g*"]
alpha = 0.05
fail = { z_above = 4.0, relative_above = 0.10 }
"""


def test_a_file_is_read_as_it_stands(files):
    path = files / "checks.toml"
    path.write_text(WHOLE)
    found = read_checks(path)
    assert (found.target, found.where, found.family) == ("y", "x > 0", "poisson")
    assert found.baseline == files / "model.json"
    assert found.exact
    rows, drift = found.planned
    assert (rows.name, rows.alpha, rows.line) == ("rows", 0.01, 15)
    assert (drift.name, drift.alpha, drift.line) == ("the slope stays", 0.05, 19)
    assert drift.given == {"term": ("x", "g*")}
    result = checked(day(2), (), checks=path)
    assert [(one.name, one.subject) for one in result.outcomes] == [
        ("rows", ""),
        ("the slope stays", "x"),
        ("the slope stays", "g[b]"),
        ("the slope stays", "g[c]"),
    ]
    assert result.baseline is not None
    assert result.baseline.exact
    assert result.checks_file == str(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("schema = ", "shema = ", "line 1: '{path}' has no key 'shema'"),
        ("mlefit/checks/1", "mlefit/checks/9", "line 1: the schema is 'mlefit/checks/9'"),
        ("where =", "wher =", "line 5: [data] has no key 'wher'"),
        ("alpha = 0.01", "alpha = 1", "line 13: 'alpha' must be a number"),
        ("alpha = 0.05", "alpha = 2.0", "must be a number between 0 and 1"),
        ('"exact"', '"sure"', "line 10: baseline_is must be one of estimate, exact"),
        ('type = "rows"', 'type = "row"', "the check in line 15 of '{path}' has the type 'row'"),
        ('type = "rows"\n', "", "the check in line 15 of '{path}' has no type"),
        ("fail = { below = 200 }", "", "has neither 'warn' nor 'fail'"),
        ("fail = { below", "fial = { below", "line 17: the check in line 15 of '{path}'"),
        ("below = 200", "belw = 200", "has no key 'belw'"),
        ("below = 200 }", "below = 200", "is no TOML"),
        ('type = "rows"', 'type = "trend"', "the check in line 15 of '{path}' needs 'of'"),
        ('["x", "g*"]', "[]", "'term' of the check in line 19"),
        ('["x", "g*"]', "3", "'term' of the check in line 19"),
        ("[[check]]\ntype", "[check]\ntype", "is no TOML"),
        ('"model.json"', '"gone.json"', "gone.json"),
        ('family = "poisson"', 'family = "normal"', "the family 'normal', and the baseline"),
        ('target = "y"', 'target = "z"', "the target 'z', and the baseline"),
        ('["x", "g*"]', '["q"]', "the fit has no term 'q'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(files, old, new, said):
    path = files / "checks.toml"
    assert old in WHOLE
    path.write_text(WHOLE.replace(old, new, 1))
    said = said.format(path=path)
    try:
        result = checked(day(2), (), checks=path)
    except UsageError as error:
        assert said in str(error)  # noqa: PT017 - some of it is an outcome instead
    else:
        assert any(said in one.message for one in result.outcomes)
        assert result.exit_code == 2


def test_no_such_file_names_the_command_that_makes_one(tmp_path):
    with pytest.raises(UsageError, match="no checks file") as error:
        read_checks(tmp_path / "none.toml")
    assert "--init" in str(error.value)
