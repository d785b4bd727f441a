"""Every formula that is written down is run: what is derived in letters is what fits use."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from mlefit import families
from mlefit.algebra.evaluate import value
from mlefit.algebra.functions import read
from mlefit.explaining.formulas import Formulas
from mlefit.families._base import Family, Probability
from mlefit.links import LINKS
from tests.families.test_contract import at_other_settings, packed_theta, rows

# where a textbook's form loses too many digits to be compared, or is only a limit
_SINGULAR = 1e-6
ROWS = 60


def cases() -> list[pytest.ParameterSet]:
    found = []
    for plain in families.every():
        for family in (plain, *at_other_settings(plain)):
            for theta, known, facts in family.examples:
                bound = family.bound(facts)
                letters = bound.derivation.letters
                if letters and len(letters) != len(bound.parameters):
                    continue
                zeros = [
                    value
                    for parameter, value in zip(bound.parameters, theta, strict=True)
                    if parameter.name in bound.derivation.singular and abs(value) < _SINGULAR
                ]
                if not zeros:
                    label = f"{family.label}-{theta}"
                    found.append(pytest.param(through(bound), theta, known, id=label))
    return found


def through(family: Family) -> Family:
    return family.through([LINKS[parameter.link] for parameter in family.parameters])


every_case = pytest.mark.parametrize(("family", "theta", "known"), cases())


@cache
def formulas_of(family: Family) -> Formulas:
    return Formulas(family)


def sample(family, theta, known):
    packed, extra = packed_theta(family, theta, ROWS), rows(known, ROWS)
    y = family.sample(np.random.default_rng(3), *packed, **extra)
    if isinstance(y, np.ndarray) and family.support.levels:
        y[:3] = [0, 1, 2]
    return y, packed, extra


def at(formulas, y, packed, extra):
    return formulas.values(y, packed, extra)


@every_case
def test_the_formula_is_the_log_density_and_its_exponential_the_density(family, theta, known):
    y, packed, extra = sample(family, theta, known)
    formulas = formulas_of(family)
    letters = at(formulas, y, packed, extra)
    wanted = family.log_density(y, *packed, **extra)
    np.testing.assert_allclose(value(formulas.log_density, letters), wanted, rtol=1e-8, atol=1e-8)
    # gamma functions under no logarithm overflow early
    with np.errstate(all="ignore"):
        density = value(formulas.density, letters)
    seen = np.isfinite(density) & (density != 0)
    np.testing.assert_allclose(density[seen], np.exp(wanted)[seen], rtol=1e-7)


@every_case
def test_abbreviations_move_as_they_say(family, theta, known):
    y, packed, extra = sample(family, theta, known)
    formulas = formulas_of(family)
    letters = at(formulas, y, packed, extra)
    for position, letter in enumerate(formulas.letters):
        near = [one if k != position else moved(one) for k, one in enumerate(packed)]
        far = [one if k != position else moved(one, -1) for k, one in enumerate(packed)]
        above, below = at(formulas, y, near, extra), at(formulas, y, far, extra)
        width = above[letter] - below[letter]
        for short in formulas.short:
            seen = (above[short.letter] - below[short.letter]) / width
            stated = value(short.slopes[letter], letters) if letter in short.slopes else 0.0
            place = float(np.ravel(letters[letter])[0])
            scale = np.abs(letters[short.letter]).max() / (abs(place) or 1.0)
            np.testing.assert_allclose(
                np.broadcast_to(seen, y.shape),
                np.broadcast_to(stated, y.shape),
                rtol=2e-5,
                atol=1e-7 * scale + 1e-12,
                err_msg=f"{short.letter} in {letter}",
            )


def moved(one, sign=1):
    if isinstance(one, Probability):
        step = sign * 1e-6 * min(float(one.p[0]), float(one.q[0]))
        return Probability(one.p + step, one.q - step)
    return one + sign * 1e-6 * np.where(one == 0, 1.0, np.abs(one))


@every_case
def test_the_score_and_the_information_follow_from_it(family, theta, known):
    y, packed, extra = sample(family, theta, known)
    formulas = formulas_of(family)
    letters = at(formulas, y, packed, extra)
    scores = family.score(y, *packed, **extra)
    for letter, wanted in zip(formulas.letters, scores, strict=True):
        if formulas.is_written(letter):
            close(value(formulas.score(letter), letters), wanted, y.shape, f"score in {letter}")
    observed = family.observed(y, *packed, **extra)
    for one, other in formulas.pairs:
        j, k = formulas.letters.index(one), formulas.letters.index(other)
        derived = value(formulas.observed(one, other), letters)
        close(derived, observed.get((j, k), 0.0), y.shape, f"information of {one}, {other}")


@every_case
def test_the_expected_information_is_the_family_s(family, theta, known):
    formulas = formulas_of(family)
    if not formulas.expected:
        return
    y, packed, extra = sample(family, theta, known)
    letters = at(formulas, y, packed, extra)
    expected = family.expected(*packed, **extra)
    for j, one in enumerate(formulas.letters):
        for k, other in list(enumerate(formulas.letters))[j:]:
            stated = formulas.expected.get((one, other))
            claimed = 0.0 if stated is None else value(stated, letters)
            close(claimed, expected.get((j, k), 0.0), y.shape, f"expected {one}, {other}")


@every_case
def test_sums_over_rows_are_sums_over_rows(family, theta, known):
    y, packed, extra = sample(family, theta, known)
    formulas = formulas_of(family)
    letters = at(formulas, y, packed, extra)
    one = {
        name: values if name in formulas.of_rows else np.ravel(values)[0]
        for name, values in letters.items()
    }
    summed = value(formulas.summed(formulas.log_density), {**one, "n": float(ROWS)})
    wanted = family.log_density(y, *packed, **extra).sum()
    assert float(np.ravel(summed)[0]) == pytest.approx(wanted, rel=1e-8)


@every_case
def test_a_closed_form_leaves_no_slope(family, theta, known):
    formulas = formulas_of(family)
    y, packed, extra = sample(family, theta, known)
    letters = at(formulas, y, packed, extra)
    for letter, tree in formulas.estimate.items():
        letters[letter] = np.broadcast_to(value(tree, letters), (ROWS,))
        for short in formulas.short:
            letters[short.letter] = np.broadcast_to(value(short.meaning, letters), (ROWS,))
    if family.vertex is not None:  # the slope jumps across zero
        rest = formulas.letters[1:]
        slopes = value(formulas.score("mu"), letters)
        assert abs(slopes.sum()) <= 2.001 * np.abs(slopes).max()
    else:
        rest = formulas.letters
    for letter in rest:
        if letter in formulas.estimate:
            slopes = np.broadcast_to(value(formulas.score(letter), letters), (ROWS,))
            assert abs(slopes.sum()) <= 1e-9 * np.abs(slopes).sum(), letter


@every_case
def test_the_least_nll_is_the_mean_nll_at_the_estimates(family, theta, known):
    formulas = formulas_of(family)
    if not formulas.derivation.minimum:
        return
    y, packed, extra = sample(family, theta, known)
    letters = at(formulas, y, packed, extra)
    for letter, tree in formulas.estimate.items():
        letters[letter] = np.broadcast_to(value(tree, letters), (ROWS,))
        for short in formulas.short:
            letters[short.letter] = np.broadcast_to(value(short.meaning, letters), (ROWS,))
    mean = -value(formulas.log_density, letters).mean()
    assert value(read(formulas.derivation.minimum), letters)[0] == pytest.approx(mean, rel=1e-10)


def close(claimed, wanted, shape, what, near=1e-6):
    claimed, wanted = np.broadcast_to(claimed, shape), np.broadcast_to(wanted, shape)
    atol = near / 10 * np.abs(wanted).max() + 1e-12
    np.testing.assert_allclose(claimed, wanted, rtol=near, atol=atol, err_msg=what)
