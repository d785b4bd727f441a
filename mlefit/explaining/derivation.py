"""The derivation of a family in six steps, with letters: from one row to a loss."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mlefit.algebra import latex, plain
from mlefit.algebra.calculus import written_out
from mlefit.algebra.exponent import addends, sum_of
from mlefit.algebra.functions import read
from mlefit.algebra.simplify import simplified
from mlefit.algebra.totals import ROWS
from mlefit.algebra.trees import ZERO, replaced, uses
from mlefit.explaining.formulas import Formulas, has_cases
from mlefit.explaining.writing import Side, equation, hat, partial, theta_list
from mlefit.expression import Binary, Call, Expression, Name, walk
from mlefit.families._records import Loss
from mlefit.results.explain import Formula, Line, Step

# a second derivative longer than this is not read by anybody; documents have all of them
_LONGEST = 90

SLOPE_OF_LINK = {"log": "theta", "logit": "theta*(1 - theta)"}
"""d theta/d eta in theta itself, of the default links that have a short one."""


def derivation(formulas: Formulas) -> list[Step]:
    """All steps, with letters only."""
    return [
        Step("one row", list(one_row(formulas)), 1),
        Step("all rows", list(all_rows(formulas)), 2),
        Step("slope", list(slope(formulas)), 3),
        Step("set to 0", list(zero(formulas)), 4),
        Step("curvature", list(curvature(formulas)), 5),
        Step("as a loss", list(as_a_loss(formulas)), 6),
    ]


def one_row(formulas: Formulas) -> Iterator[Line]:
    """The density or mass of a row, and what its letters stand for."""
    yield Line(formulas=[equation("density", _density(formulas), formulas.density)])
    used = _letters_of(formulas, formulas.density, formulas.log_density)
    yield from _where(formulas, used)
    for one in formulas.derivation.unwritten:
        yield Line(f"{one.letter} is {one.words}")
    if formulas.derivation.remark:
        yield Line(as_signs(formulas.derivation.remark))


def all_rows(formulas: Formulas) -> Iterator[Line]:
    """The log-likelihood."""
    yield Line("rows are independent: multiply p, so add ln p")
    theta = theta_list(formulas.letters)
    left = Side(f"ℓ({theta.text})", rf"\ell({theta.latex})")
    if has_cases(formulas.log_density):
        row = Side("ln p", r"\log p")
        yield Line(formulas=[equation("log-density", row, formulas.log_density)])
        yield Line(formulas=[Formula("log-likelihood", "ℓ = Σ ln p", r"\ell = \sum \log p")])
    else:
        total = formulas.summed(formulas.log_density)
        yield Line(formulas=[equation("log-likelihood", left, total)])


def slope(formulas: Formulas) -> Iterator[Line]:
    """The score in each parameter."""
    scores = [formulas.score(one) for one in formulas.letters if formulas.is_written(one)]
    for letter in formulas.letters:
        if not formulas.is_written(letter):
            through = ", ".join(
                one.letter for one in formulas.derivation.unwritten if letter in one.of
            )
            yield Line(f"the slope in {plain.letter(letter)} goes through {through}: no formula")
            continue
        score = formulas.score(letter)
        if has_cases(score):
            yield Line(formulas=[equation(f"score in {letter}", _of_row(letter), score)])
        else:
            total = formulas.summed(score)
            yield Line(formulas=[equation(f"score in {letter}", partial(letter), total)])
    told = _letters_of(formulas, formulas.density, formulas.log_density)
    yield from _where(formulas, [one for one in _letters_of(formulas, *scores) if one not in told])
    yield from _through_link(formulas)


def _told_by_slopes(formulas: Formulas) -> list[str]:
    """Abbreviations that a reader has met before the curvature."""
    scores = [formulas.score(one) for one in formulas.letters if formulas.is_written(one)]
    return _letters_of(formulas, formulas.density, formulas.log_density, *scores)


def zero(formulas: Formulas) -> Iterator[Line]:
    """Closed forms of the maximum, and what has none."""
    hats = {Name(one): Name(f"{one}_hat") for one in formulas.letters}
    if formulas.family.vertex is not None:
        yield Line("the slope jumps at every row's y; it crosses 0 where it jumps from + to -")
    for letter, tree in formulas.estimate.items():
        estimate = replaced(tree, {key: value for key, value in hats.items() if key.name != letter})
        yield Line(formulas=[equation(f"estimate of {letter}", hat(letter), estimate)])
    others = [one for one in formulas.letters if one not in formulas.estimate]
    if formulas.derivation.letters and "mu" in others:
        others.remove("mu")  # its intercept is taken up by the thresholds
    if others:
        names = ", ".join(map(plain.letter, others))
        yield Line(f"no closed form for {names}: Newton's steps θ + J⁻¹ s, slope over curvature")


def curvature(formulas: Formulas) -> Iterator[Line]:
    """The information, and the standard error it gives."""
    long, shown = [], []
    for one, other in formulas.pairs:
        found = formulas.observed(one, other)
        if found == ZERO:
            continue
        name = f"observed information of {one}" + ("" if one == other else f" and {other}")
        left = partial(one, 2, other)
        if has_cases(found):
            left = Side(left.text.replace("ℓ", " ln p"), left.latex.replace(r"\ell", r"\log p"))
            formula = equation(name, left, found)
        else:
            formula = equation(name, left, formulas.summed(found))
        if len(formula.text) > _LONGEST:
            long.append(left.text)
        else:
            shown.append(found)
            yield Line(formulas=[formula])
    if long:
        yield Line(f"{' and '.join(long)}: by the same rules, longer than a line")
    yield from _errors(formulas)
    told = _told_by_slopes(formulas)
    more = _letters_of(formulas, *shown, *formulas.expected.values())
    yield from _where(formulas, [one for one in more if one not in told])


def as_a_loss(formulas: Formulas) -> Iterator[Line]:
    """The negative log-density as a part with the first parameter and a part without it."""
    family = formulas.family
    parts = loss_parts(formulas)
    if parts is not None:
        yield Line(formulas=[parts])
        if "] + [" in parts.text:
            first = plain.letter(formulas.letters[0])
            yield Line(
                f"the last part has no {first}: dropping it changes the number, not the answer"
            )
    for loss in family.losses:
        yield Line(sentence_of(loss, family.name))
    if not family.losses:
        yield Line("no loss of common use is this; minimising -ln p itself is the same fit")


def loss_parts(formulas: Formulas) -> Formula | None:
    """-ln p = [with the first parameter] + [without it]; None where cases are told apart."""
    if has_cases(formulas.log_density) or formulas.derivation.letters:
        return None
    first = formulas.letters[0]
    moving = {first, *(one.letter for one in formulas.short if first in one.slopes)}
    turned = [(not plus, part) for plus, part in addends(formulas.log_density)]
    with_it = [part for part in turned if uses(part[1], moving)]
    without = [part for part in turned if not uses(part[1], moving)]
    left = Side(f"{plain.MINUS}ln p", r"-\log p")
    if not with_it:
        return None
    moved = sum_of(with_it)
    standardised = [
        one
        for one in formulas.short
        if one.letter == "z" and isinstance(one.meaning, Binary) and one.meaning.operator == "/"
    ]
    if standardised and uses(moved, {"z"}):
        moved = simplified(written_out(moved, standardised))
    one = equation("", Side("", ""), moved)
    text, tex = f"[{one.text}]", rf"\left[{one.latex}\right]"
    if without:
        two = equation("", Side("", ""), sum_of(without))
        text, tex = f"{text} + [{two.text}]", rf"{tex} + \left[{two.latex}\right]"
    return Formula(
        "loss of one row, and what is free of it", f"{left.text} = {text}", f"{left.latex} = {tex}"
    )


def sentence_of(loss: Loss, family: str) -> str:
    """What a loss is of a family."""
    over = "all parameters" if loss.joint else loss.parameter
    formula = as_signs(loss.formula)
    return f"least {loss.name}, {formula}, over {as_signs(over)} = highest ℓ of {family}"


def as_signs(text: str) -> str:
    """A formula in words of ASCII with the letters of mathematics."""
    text = re.sub(r"[a-z]+", lambda match: plain.letter(match[0]), text)
    return text.replace("^2", "²").replace("<=", "≤").replace(" - ", f" {plain.MINUS} ")


def minimum(formulas: Formulas) -> Formula | None:
    """The mean NLL of a row at the estimates."""
    text = formulas.derivation.minimum
    if not text:
        return None
    hats: dict[Expression, Expression] = {Name(one): Name(f"{one}_hat") for one in formulas.letters}
    left = Side(f"{plain.MINUS}ℓ/n", r"-\ell / n")
    return equation("least mean NLL", left, replaced(read(text), hats))


def errors_apart(formulas: Formulas) -> dict[str, Expression]:
    """Standard errors in closed form, where the expected information has no cross terms."""
    if not formulas.expected or any(one != other for one, other in formulas.expected):
        return {}
    found = {}
    for (letter, _), tree in formulas.expected.items():
        if uses(tree, set(formulas.known)):
            return {}
        whole = Binary("*", ROWS, tree)
        found[letter] = simplified(Call("sqrt", (Binary("/", Name("one"), whole),)))
    return {
        letter: simplified(replaced(tree, {Name("one"): read("1")}))
        for letter, tree in found.items()
    }


def _errors(formulas: Formulas) -> Iterator[Line]:
    hats: dict[Expression, Expression] = {Name(one): Name(f"{one}_hat") for one in formulas.letters}
    apart = errors_apart(formulas)
    if formulas.expected:
        whole = [
            equation(
                f"expected information of {one}" + ("" if one == other else f" and {other}"),
                Side(
                    f"I({plain.letter(one)})" if one == other
                    else f"I({plain.letter(one)}, {plain.letter(other)})",
                    rf"I_{{{latex.letter(one)}}}" if one == other
                    else rf"I_{{{latex.letter(one)},{latex.letter(other)}}}",
                ),
                tree,
            )
            for (one, other), tree in formulas.expected.items()
        ]  # fmt: skip
        yield Line("on average a row tells", whole)
    for letter, tree in apart.items():
        left = Side(
            f"se({plain.letter(letter + '_hat')})",
            rf"\operatorname{{se}}({latex.letter(letter + '_hat')})",
        )
        shown = replaced(tree, hats)
        yield Line("so", [equation(f"standard error of {letter}", left, shown)])
    if not apart:
        if len(formulas.letters) == 1:
            yield Line("standard error = 1/√ of this at the maximum")
        else:
            yield Line(
                "standard errors = square roots of the diagonal of the inverse of this matrix"
            )


def _through_link(formulas: Formulas) -> Iterator[Line]:
    """The score in the linear predictor of the first parameter."""
    parameter, letter = formulas.family.parameters[0], formulas.letters[0]
    is_own = parameter.link in SLOPE_OF_LINK and not parameter.latent
    if not is_own or not formulas.is_written(letter):
        return
    move = replaced(read(SLOPE_OF_LINK[parameter.link]), {Name("theta"): Name(letter)})
    product = simplified(Binary("*", formulas.score(letter), move))
    left = Side("∂ln p/∂η", r"\frac{\partial \log p}{\partial \eta}")
    words = f"in a regression with the {parameter.link} link, η = "
    eta = {"log": "log(theta)", "logit": "log(theta/(1 - theta))"}[parameter.link]
    inside = plain.plain(replaced(read(eta), {Name("theta"): Name(letter)}))
    yield Line(f"{words}{inside}:", [equation("score in eta", left, product)])


def _density(formulas: Formulas) -> Side:
    theta = theta_list(formulas.letters)
    return Side(f"p(y | {theta.text})", rf"p(y \mid {theta.latex})")


def _of_row(letter: str) -> Side:
    one, tex = plain.letter(letter), latex.letter(letter)
    return Side(f"∂ln p/∂{one}", rf"\frac{{\partial \log p}}{{\partial {tex}}}")


def _where(formulas: Formulas, letters: Sequence[str]) -> Iterator[Line]:
    found = []
    for one in formulas.short:
        if one.letter in letters:
            side = Side(plain.letter(one.letter), latex.letter(one.letter))
            found.append(equation(f"meaning of {one.letter}", side, one.meaning))
    if found:
        yield Line("with", found)


def _letters_of(formulas: Formulas, *trees: Expression) -> list[str]:
    """Abbreviations that stand in some formulas, and those that these stand for."""
    found = {one.name for tree in trees for one in walk(tree) if isinstance(one, Name)}
    for one in reversed(formulas.short):
        if one.letter in found:
            found |= {part.name for part in walk(one.meaning) if isinstance(part, Name)}
    return [one.letter for one in formulas.short if one.letter in found]
