"""A number behind a family's name: what it means, how it is refused, how it reads back."""

from __future__ import annotations

import polars as pl
import pytest

from mlefit import families
from mlefit.errors import UsageError
from mlefit.families import normal
from mlefit.families._setting import Setting, label
from mlefit.fitting import fit

DATA = pl.DataFrame({"y": [1.0, 2.0, 4.0, 3.0, 2.5], "x": [0.5, 1.5, 1.0, 2.0, 1.0]})


class Held(normal.Normal):
    """Normal, named with its standard deviation."""

    setting = Setting("sigma", None, "standard deviation", upper=100)


@pytest.fixture
def held(monkeypatch):
    monkeypatch.setattr(normal, "FAMILY", Held())


@pytest.mark.usefixtures("held")
def test_a_setting_with_a_parameters_name_holds_it_as_fix_does():
    named = fit(DATA, "y ~ x", family="gaussian:2")
    fixed = fit(DATA, "y ~ x", family="normal", fix="sigma=2")
    assert named.coefficients == fixed.coefficients
    assert named.parameters == fixed.parameters
    assert named.fit == fixed.fit
    assert dict(named.model.fixed) == dict(fixed.model.fixed)
    assert (named.model.family, fixed.model.family) == ("normal:2", "normal")


@pytest.mark.usefixtures("held")
def test_without_a_number_the_parameter_is_estimated():
    plain = fit(DATA, "y ~ x", family="normal")
    assert plain.parameters[0].std_error is not None
    assert plain.model.fixed == {}


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("number", ["2", "0.1", "1.5e-7", "99.999999999999986"])
def test_a_label_reads_back_as_the_same_number(number):
    canonical = families.resolve(f"MSE:{number}")
    assert families.load(canonical).value == float(number)
    assert families.resolve(canonical) == canonical
    assert families.load(canonical).label == canonical


# what is written, options -> problem, suggestions
REFUSED = [
    ("normal:0", {}, "'normal:0': sigma, the standard deviation, must be above 0 and below 100",
     ()),
    ("mse:1e3", {}, "'mse:1e3': sigma, the standard deviation, must be above 0 and below 100", ()),
    ("normal:", {}, "'normal:': '' is not a number", ("--family normal",)),
    ("normal:wide", {}, "'normal:wide': 'wide' is not a number", ("--family normal",)),
    ("normal:nan", {}, "'normal:nan': 'nan' is not a number", ("--family normal",)),
    ("poisson:3", {}, "'poisson:3': poisson takes no number", ("--family poisson",)),
    ("gausian:3", {}, "no family or loss 'gausian:3'", ("--family normal",)),
    ("normal:2", {"fix": "sigma=3"}, "normal:2 and --fix sigma=3 give sigma two values",
     ("--family normal --fix sigma=3",)),
    ("normal:2", {"model": "sigma ~ x"}, "normal:2 holds sigma at 2, so sigma takes no formula",
     ("--family normal",)),
]  # fmt: skip


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(("written", "options", "problem", "suggestions"), REFUSED)
def test_a_number_that_does_not_fit_is_refused(written, options, problem, suggestions):
    with pytest.raises(UsageError) as caught:
        fit(DATA, "y ~ x", family=written, **options)
    assert caught.value.problem == problem
    assert caught.value.tries == suggestions


def test_a_colon_of_the_name_itself_is_no_setting(monkeypatch):
    monkeypatch.setattr(families, "aliases", lambda: {"reg:gamma": "normal", "normal": "normal"})
    assert families.resolve("reg:gamma") == "normal"
    with pytest.raises(UsageError, match="'reg:gamma:2': normal takes no number"):
        families.resolve("reg:gamma:2")


def test_a_label_without_a_number_is_the_name():
    assert label("huber", None) == "huber"
    assert families.load("laplace").label == "laplace"
