"""Which steps make the page of a topic, with letters or with the numbers of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlefit import __version__, families
from mlefit.errors import UsageError
from mlefit.explaining import fields, losses, priors
from mlefit.explaining.concepts import CONCEPTS
from mlefit.explaining.derivation import derivation
from mlefit.explaining.formulas import Formulas
from mlefit.explaining.topics import Topic, estimator_names, resolve
from mlefit.explaining.writing import with_article
from mlefit.families._base import Family
from mlefit.links import LINKS
from mlefit.priors import NAMES as PRIORS
from mlefit.request import Request
from mlefit.results.explain import SCHEMA, Explanation, Line, Step
from mlefit.support import Facts

if TYPE_CHECKING:
    from mlefit.explaining.estimators import Estimator

_THREE = Facts(("0", "1", "2"), 0.0, 2.0)
"""A target of three classes, which the formulas of families of classes are written for."""


def explain(topic: str | None, request: Request | None, command: Sequence[str]) -> Explanation:
    """The page of a topic, with letters or with the numbers of a fit.

    Args:
        topic: a word; None for the index.
        request: the fit whose numbers are wanted; None for letters. Its family is that of the
            topic, unless the topic is a prior.
        command: the words of the command line.

    Raises:
        UsageError: there is no such topic, or it takes no data.
        MlefitError: the data cannot be fitted.
    """
    with np.errstate(all="ignore"):  # infinities are told by name, not by numpy's warnings
        page = _index() if topic is None else _page(resolve(topic), request)
    return replace(page, mlefit_version=__version__, command=tuple(command))


def formulas_of(name: str) -> Formulas:
    """The formulas of a family, of one with levels those of three."""
    family = families.load(name)
    if family.open:
        family = family.bound(_THREE)
    return Formulas(family.through([LINKS[parameter.link] for parameter in family.parameters]))


def _page(topic: Topic, request: Request | None) -> Explanation:
    if topic.kind in ("link", "field", "concept"):
        if request is not None:
            raise UsageError(
                f"'{topic.written}' is explained without data",
                tries=[f"mlefit explain {topic.written}", "mlefit explain poisson DATA"],
            )
        return _of_word(topic)
    if topic.kind == "prior":
        return _of_prior(topic, request)
    if topic.kind == "estimator":
        return _of_estimator(topic, request)
    return _of_family(topic, request)


def _of_word(topic: Topic) -> Explanation:
    if topic.kind == "link":
        from mlefit.explaining import links  # who asks what uses a link loads every family

        steps, title = links.page(topic.name), f"The {topic.name} link"
        return _explanation(topic, title, steps, ["mlefit list links"])
    if topic.kind == "field":
        steps = fields.page(topic.name)
        return _explanation(topic, topic.name, steps, ["mlefit explain"])
    concept = CONCEPTS[topic.name]
    return _explanation(topic, concept.title, concept.steps(), concept.see)


def _of_family(topic: Topic, request: Request | None) -> Explanation:
    name = topic.name
    see = _see_also(name, topic)
    if request is not None:
        _check_family(topic, request)
        return _with_data(_explanation(topic, "", [], see), replace(request, family=name))
    formulas = formulas_of(name)
    if topic.kind == "loss":
        steps = losses.page(formulas)
        return _explanation(topic, losses.title(formulas, topic.written), steps, see)
    heading = families.load(name).heading
    if ":" not in name:  # the number that a family has where none is written is not meant
        heading = heading.partition(":")[0]
    heading = f"{heading} maximum likelihood, step by step"
    return _explanation(topic, heading, _whole(formulas), see)


def _whole(formulas: Formulas) -> list[Step]:
    around = losses.around(formulas, others=False)
    return [*derivation(formulas), *around]


def _check_family(topic: Topic, request: Request) -> None:
    """Refuse a second family beside the topic."""
    if request.family is not None and families.resolve(request.family) != topic.name:
        raise UsageError(
            f"'{topic.written}' is the {topic.name} family already, not {request.family}",
            tries=[f"mlefit explain {request.family} with the same data"],
        )


def _with_data(page: Explanation, request: Request) -> Explanation:
    from mlefit.explaining import numbered  # what fits is loaded for who wants numbers

    return numbered.of_family(page, request)


def _of_prior(topic: Topic, request: Request | None) -> Explanation:
    steps, title = priors.page(topic.name), priors.title(topic.name)
    see = ["mlefit explain map", "mlefit list priors", "mlefit prior --from sklearn:Ridge(alpha=1)"]
    page = _explanation(topic, title, steps, see)
    if request is None:
        return page
    from mlefit.explaining import numbered  # what fits is loaded for who wants numbers

    return numbered.of_prior(page, request)


def _of_estimator(topic: Topic, request: Request | None) -> Explanation:
    from mlefit.explaining import estimators  # it loads every family

    [one] = estimators.find(topic.name)
    if request is not None:
        _check_family(replace(topic, name=one.family), request)
    family = families.load(one.family)
    chain = [one.shown, f"{one.family} distribution", *([one.loss.name] if one.loss else [])]
    chain += [f"{one.prior} prior"] if one.prior else []
    see = _see_also(one.family, topic)
    if request is not None:
        page = replace(_explanation(topic, "", [], see), chain=tuple(chain))
        return _with_data(page, replace(request, family=one.family))
    formulas = formulas_of(one.family)
    first = Step("the chain", list(_chain(one, family)))
    steps = [first, *losses.page(formulas, penalised=bool(one.prior))]
    title = "maximum a posteriori" if one.prior else "maximum likelihood"
    page = _explanation(topic, f"{one.shown} is {title}", steps, see)
    return replace(page, chain=tuple(chain))


def _chain(one: Estimator, family: Family) -> Sequence[Line]:
    lines = []
    if one.loss is not None:
        lines.append(Line(f"{one.shown} minimises {one.loss.name}: {one.loss.formula}"))
        model = with_article(f"{one.family} model")
        lines.append(Line(f"which is -ln p of {model}, up to scale and a constant"))
    link = family.parameters[0].link
    if link != "identity":
        lines.append(
            Line(f"its predictor X b reaches {family.parameters[0].name} by the {link} link")
        )
    if one.prior:
        prior = with_article(f"{one.prior} prior")
        lines.append(Line(f"its penalty is {prior}: mlefit explain prior:{one.prior}"))
    if one.setting:
        lines.append(Line(f"{one.program}: {one.setting} gives the same coefficients as mlefit"))
    elif not one.note:
        lines.append(
            Line("by its name; no setting of it is recorded that gives equal coefficients")
        )
    if one.note:
        lines.append(Line(one.note))
    return lines


def _index() -> Explanation:
    listed = [
        ("concepts", list(CONCEPTS)),
        ("families", list(families.NAMES)),
        ("losses", [loss.name for family in families.every() for loss in family.losses]),
        ("other programs", list(estimator_names())),
        ("priors", ["l1", "l2", *(f"prior:{n}" if n in families.NAMES else n for n in PRIORS)]),
        ("links", list(LINKS)),
        ("certificate", list(fields.ADVICE)),
    ]
    steps = [Step(title, [Line(", ".join(dict.fromkeys(words)))]) for title, words in listed]
    see = ["mlefit explain poisson", "mlefit explain mse", "mlefit explain LinearRegression"]
    return _explanation(Topic("index", "index"), "What mlefit explains", steps, see)


def _see_also(name: str, topic: Topic) -> list[str]:
    plain = name.partition(":")[0]
    losses_of = [f"mlefit explain '{one.name}'" for one in families.load(name).losses[:1]]
    first = [f"mlefit explain {plain}"] if topic.kind != "family" else losses_of
    more = [] if families.load(name).open else [f"mlefit likelihood DATA -y COL -F {name}"]
    return [*first, "mlefit explain l2", f"mlefit fit DATA FORMULA -F {name} --explain", *more]


def _explanation(
    topic: Topic, title: str, steps: Sequence[Step], see: Sequence[str]
) -> Explanation:
    return Explanation(
        schema=SCHEMA,
        mlefit_version="",
        command=(),
        topic=topic.name,
        kind=topic.kind,
        title=title,
        steps=tuple(step for step in steps if step.lines),
        see_also=tuple(see),
    )
