"""Saved fits in a comparison: as good as new on their own rows, and as they are on others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from mlefit import compare, fit
from mlefit.errors import DataError, UntrustworthyError, UsageError
from mlefit.report.document import dumps
from mlefit.results.compare import CandidateRecord

VISITS = "sample_data/doctor_visits.csv"


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    x, g = rng.normal(size=300), rng.choice(["a", "b"], 300)
    mean = np.exp(1 + 0.4 * x + 0.3 * (g == "b"))
    y = rng.gamma(2.0, mean / 2)
    return pl.DataFrame({"y": y, "x": x, "g": g, "w": rng.integers(1, 4, 300)})


def by_name(result) -> dict[str, CandidateRecord]:
    return {one.candidate: one for one in result.candidates}


@pytest.mark.parametrize(
    ("formula", "families", "options"),
    [
        ("y ~ x + g", ("gamma", "lognormal", "normal"), {}),
        ("y ~ x", ("gamma", "exponential"), {"freq_weights": "w"}),
        ("log(y) ~ x", ("normal", "laplace"), {}),
        ("y ~ x", ("weibull", "lognormal"), {"truncated_below": 0.3, "where": "y > 0.3"}),
    ],
)
def test_a_saved_fit_of_these_rows_is_what_a_new_one_would_be(frame, formula, families, options):
    saved = [fit(frame, formula, family=name, **options) for name in families]
    mine = compare(frame, models=saved, cv=4, where=options.get("where"))
    new = compare(frame, formula, families=families, cv=4, **options)
    names = {f"fit {i}": name for i, name in enumerate(families, 1)}
    found = {names[name]: one for name, one in by_name(mine).items()}
    assert [names[one.candidate] for one in mine.candidates] == [
        one.candidate for one in new.candidates
    ]
    for name, theirs in by_name(new).items():
        one = found[name]
        assert (one.n_params, one.status, one.rank) == (theirs.n_params, "converged", theirs.rank)
        assert one.fitted_to == "these rows"
        for key in ("log_likelihood", "aic", "aicc", "bic", "heldout_nll", "difference"):
            assert getattr(one, key) == pytest.approx(getattr(theirs, key), rel=1e-8, abs=1e-9)
    assert [test.p_value for test in mine.tests] == pytest.approx(
        [test.p_value for test in new.tests], rel=1e-6, abs=1e-12
    )


def test_scales_of_saved_fits_have_their_jacobian(frame):
    saved = [fit(frame, "log(y) ~ x", family="normal"), fit(frame, "y ~ x", family="lognormal")]
    one, other = compare(frame, models=saved, cv=3).candidates
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-9)


def test_to_a_fit_of_other_rows_all_rows_are_new(frame):
    early = fit(frame[:200], "y ~ x + g", family="gamma")
    result = compare(frame[200:], models=[early], families=("gamma", "normal"), cv=3)
    one = by_name(result)["fit 1"]
    assert (one.fitted_to, one.rank is not None) == ("other rows", True)
    assert (one.aic, one.aicc, one.bic, one.akaike_weight) == (None, None, None, None)
    assert one.heldout_nll == pytest.approx(one.mean_nll)
    assert any("'fit 1' was fitted to other rows" in note for note in result.notes)
    nested = [test for test in result.tests if test.test == "likelihood ratio"]
    assert "fit 1" not in {name for test in nested for name in (test.candidate, test.against)}
    vuong = [test for test in result.tests if test.test == "Vuong"]
    assert any("fit 1" in (test.candidate, test.against) for test in vuong)
    assert "fitted to other rows" in dumps(result)


def test_no_likelihood_ratio_compares_fits_of_other_rows(frame):
    models = [fit(frame, "y ~ x", family="gamma"), fit(frame[:200], "y ~ 1", family="gamma")]
    with pytest.raises(UsageError, match="and 'fit 2' was fitted to others"):
        compare(frame, models=models, lrt=True, cv=2)
    models[1] = fit(frame, "y ~ 1", family="gamma")
    (test,) = compare(frame, models=models, lrt=True, cv=2).tests
    assert (test.candidate, test.against, test.df) == ("fit 1", "fit 2", 1)


def test_priors_are_part_of_what_is_refitted(frame):
    ridge = fit(frame, "y ~ x + g", family="normal", prior="normal(0, 0.05)")
    named = fit(frame, "y ~ x + g", family="normal", prior="x ~ normal(0, 0.05)")
    plain = fit(frame, "y ~ x + g", family="normal")
    result = by_name(compare(frame, models=[ridge, named, plain], cv=3))
    assert result["fit 1"].heldout_nll > result["fit 3"].heldout_nll
    assert result["fit 2"].heldout_nll != result["fit 1"].heldout_nll
    assert result["fit 1"].aic is None
    assert result["fit 3"].aic == pytest.approx(plain.fit.aic, rel=1e-9)


def test_levels_keep_their_codes_where_other_rows_have_fewer(frame):
    whole = fit(frame, "y ~ x + g", family="gamma")
    only = frame.filter(pl.col("g") == "b")
    found = compare(only, models=[whole], cv=2).candidates[0]
    expected = fit(only, "y ~ x", family="gamma").fit.log_likelihood
    assert found.log_likelihood == pytest.approx(expected, abs=3)
    new = frame.with_columns(g=pl.lit("c"))
    with pytest.raises(DataError, match="'g' has the level 'c'"):
        compare(new, models=[whole], cv=2)


def test_families_beside_a_saved_fit_have_its_formula(frame):
    saved = fit(frame, "y ~ x + g", family="gamma")
    result = compare(frame, models=[saved], families=["normal"], cv=2)
    assert {one.formula for one in result.candidates} == {"y ~ x + g"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"freq_weights": "w"}, "'fit 1' was fitted without --freq-weights"),
        ({"formulas": ("x ~ y",)}, "the formulas explain different columns"),
        ({"twice": True}, "--models names 'm.json' twice"),
    ],
)
def test_what_cannot_stand_together_is_refused(frame, change, message, tmp_path, monkeypatch):
    saved = fit(frame, "y ~ x", family="normal")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.json").write_text(dumps(saved))
    change = dict(change)
    formulas = change.pop("formulas", ())
    models = ["m.json", "m.json"] if change.pop("twice", False) else [saved]
    with pytest.raises(UsageError, match=message):
        compare(frame, *formulas, models=models, cv=2, **change)


def test_saved_fits_must_agree_on_their_weights(frame):
    models = [
        fit(frame, "y ~ x", family="normal"),
        fit(frame, "y ~ x", family="gamma", freq_weights="w"),
    ]
    with pytest.raises(UsageError, match="'fit 2' was fitted with --freq-weights w"):
        compare(frame, models=models, cv=2)


def test_a_fit_without_a_maximum_is_no_candidate(frame):
    saved = fit(frame, "y ~ x", family="normal")
    failed = replace(saved, certificate=replace(saved.certificate, status="step-limit"))
    with pytest.raises(UntrustworthyError, match="'fit 1' holds no maximum"):
        compare(frame, models=[failed], cv=2)
