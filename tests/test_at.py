"""Parameters given by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mlefit import families
from mlefit.distribution.at import as_theta, family_by_hand, known_by_hand, parameters_at
from mlefit.errors import UsageError
from mlefit.families._base import Family, Probability


def refused(family: Family, *texts: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parameters_at(family, texts)
    return caught.value


def test_the_values_come_in_the_order_of_the_family():
    normal = families.load("normal")
    assert parameters_at(normal, ["sigma=10,mu=170"]) == (170.0, 10.0)
    assert parameters_at(normal, ["sigma = 1e1", " mu=-170 "]) == (-170.0, 10.0)
    assert parameters_at(normal, ["mu=1,mu=1,sigma=2"]) == (1.0, 2.0)


def test_every_family_takes_its_own_examples():
    for plain in families.every():
        for theta, _, facts in plain.examples:
            family = plain.bound(facts)
            text = ",".join(
                f"{p.name}={value!r}" for p, value in zip(family.parameters, theta, strict=True)
            )
            assert parameters_at(family, [text]) == theta


def test_the_number_of_the_name_is_a_parameter_given():
    tweedie = family_by_hand("tweedie:1.5")
    assert parameters_at(tweedie, ["mu=2,phi=1"]) == (2.0, 1.0, 1.5)
    error = refused(tweedie, "mu=2,phi=1,p=1.6")
    assert error.problem == "tweedie:1.5 and --at p=1.6 give p two values"


def test_a_number_the_density_is_made_with_must_be_named():
    assert parameters_at(family_by_hand("pareto:2"), ["alpha=3"]) == (3.0,)
    with pytest.raises(UsageError, match="pareto needs its m, the smallest possible") as caught:
        family_by_hand("pareto")
    assert family_by_hand(caught.value.tries[0].split()[1]).value == 1


def test_unknown_missing_and_impossible_values_are_told_with_a_way_out():
    normal = families.load("normal")
    unknown = refused(normal, "mu=1,sigm=2")
    assert unknown.problem == "normal has no parameter 'sigm'"
    assert unknown.evidence == (
        "parameters: mu (mean, any number); sigma (standard deviation, > 0)",
    )
    assert unknown.tries == ("--at sigma=2",)
    missing = refused(normal, "mu=3")
    assert missing.problem == "no value for sigma of normal"
    assert missing.tries == ("--at mu=3,sigma=1",)
    assert parameters_at(normal, [missing.tries[0].split()[1]]) == (3.0, 1.0)
    assert refused(normal, "mu=1,sigma=-2").problem == (
        "--at sigma=-2: sigma, the standard deviation, must be > 0"
    )
    assert refused(normal, "mu=1,mu=2,sigma=1").problem == "--at gives mu two values: 1 and 2"
    for text in ("mu", "mu=", "=3", "mu=x", "mu=nan", "mu=inf", "mu=1,,sigma=2", ""):
        assert "is not NAME=NUMBER" in refused(normal, text).problem
    assert refused(families.load("bernoulli"), "mu=1").problem.endswith("must be between 0 and 1")


def test_the_example_of_a_missing_value_is_one_for_every_family():
    for family in families.every():
        if family.open:
            continue
        text = refused(family, *(f"{name}={value}" for name, value in family.fixes.items()))
        given = text.tries[0].removeprefix("--at ")
        assert len(parameters_at(family, [given])) == len(family.parameters)


def test_known_numbers_have_flags_of_their_own():
    binomial = families.load("binomial")
    assert refused(binomial, "mu=0.5,trials=10").tries == ("--trials 10",)
    assert known_by_hand(binomial, {"trials": 10}) == {"trials": 10.0}
    with pytest.raises(UsageError, match="binomial needs the number of trials"):
        known_by_hand(binomial, {"trials": None})
    with pytest.raises(UsageError, match="normal has no trials"):
        known_by_hand(families.load("normal"), {"trials": 3})
    assert known_by_hand(families.load("normal"), {"trials": None}) == {}


def test_levels_name_the_parameters_of_a_family_of_levels():
    with pytest.raises(UsageError, match="depend on its levels"):
        family_by_hand("softmax")
    assert parameters_at(family_by_hand("softmax", ["a", "b", "c"]), ["c=1,b=-2"]) == (-2.0, 1.0)
    ordinal = family_by_hand("ordinal", ["lo", "mid", "hi"])
    assert parameters_at(ordinal, ["mu=0.5,lo|mid=-1,mid|hi=2"]) == (0.5, -1.0, 2.0)
    out_of_order = refused(ordinal, "mu=0,lo|mid=2,mid|hi=-1")
    assert out_of_order.problem == "--at leaves the level 'mid' of ordinal without probability"
    for levels, words in ((["a", "a"], "twice"), (["a"], "two levels")):
        with pytest.raises(UsageError, match=words):
            family_by_hand("ordinal", levels)
    with pytest.raises(UsageError, match="normal has any number"):
        family_by_hand("normal", ["a", "b"])


def test_a_probability_brings_its_complement():
    (mu,) = as_theta(families.load("bernoulli"), (0.25,))
    assert mu == Probability(np.array([0.25]), np.array([0.75]))
    mean, k = as_theta(families.load("gamma"), (2.0, 3.0))
    assert mean.shape == k.shape == (1,)
