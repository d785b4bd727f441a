"""Words to priors: `normal(0, 1)`, `x1 ~ laplace(0, 0.5)`, `--l2 3`, and whom they are for.

A prior without a name is for every slope of the first parameter. A named one is for a
term, a coefficient, an intercept or a parameter, and takes its place there. Nothing else
is ever given a prior.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from mlefit import families, priors
from mlefit.design.coding import INTERCEPT, Column
from mlefit.design.predictors import Predictor
from mlefit.errors import UsageError, did_you_mean
from mlefit.families._base import Family
from mlefit.links import Link, resolve
from mlefit.priors._base import InformationPrior, Prior
from mlefit.request import Request
from mlefit.search.penalty import Assigned
from mlefit.support import Domain

SLOPES = "slopes"
ALL = "all coefficients"
_SPEC = re.compile(
    r"""\s*(?:(?P<named>.+?)\s*~)?           # whom it is for
        \s*(?P<prior>[A-Za-z][\w-]*)
        \s*(?:\((?P<numbers>[^()]*)\))?\s*""",
    re.VERBOSE,
)
_AUTO = re.compile(r"[(,]\s*auto\s*[,)][^(]*$")  # among the numbers, not in a name


def assigned_priors(
    request: Request, family: Family, links: Sequence[Link], predictors: Sequence[Predictor]
) -> tuple[Assigned, ...]:
    """The priors of a request, each with its coefficients.

    Raises:
        UsageError: no such prior, name or number, two priors for one coefficient, or a
            family whose maximum is a vertex.
    """
    specs = [_parsed(text) for text in request.priors]
    specs += [(SLOPES, prior, flag) for prior, flag in _sugar(request)]
    if not specs:
        return ()
    if any(isinstance(prior, InformationPrior) for _, prior, _ in specs):
        return _of_information(request, specs, family, links, predictors)
    names = [parameter.name for parameter in family.parameters]
    found: dict[str, tuple[int, str]] = {}
    for i, (named, prior, text) in enumerate(specs):
        for label in _labels(named, family, predictors, prior, text):
            if label in found and (found[label][1] == SLOPES) == (named == SLOPES):
                raise UsageError(f"two priors for {label}: {specs[found[label][0]][2]} and {text}")
            if label not in found or named != SLOPES:
                found[label] = (i, named)
    if family.vertex is not None:
        for label, (i, _) in found.items():
            _check_vertex(request, family, label, *specs[i][1:])
    return tuple(
        Assigned(
            prior,
            named,
            tuple(label for label, (j, _) in found.items() if j == i),
            links[names.index(named)] if prior.natural else None,
            auto=bool(_AUTO.search(text)),
        )
        for i, (named, prior, text) in enumerate(specs)
    )


def _check_vertex(request: Request, family: Family, label: str, prior: Prior, text: str) -> None:
    """A location found by linear programme takes corners only, and the rest takes none."""
    parameter = label.partition(":")[0]
    only_corner = prior.corner_weight > 0 and "l2" not in prior.strengths
    if parameter == family.parameters[0].name and not only_corner:
        raise UsageError(
            f"the {parameter} of {family.name} takes a laplace prior only, not {text}",
            "it is the vertex of a linear programme, which a smooth prior would round off",
            tries=["--prior 'laplace(0, 1)'", "--family normal with the same prior"],
        )
    if not prior.corner_weight and (request.path or _AUTO.search(text)):
        raise UsageError(
            f"the strength of {text} has no evidence to go by: the likelihood of {family.name} "
            "has a corner, where Laplace's approximation has no curvature",
            tries=[f"--prior '{label} ~ normal(0, 1)'"],
        )
    if parameter != family.parameters[0].name and prior.corner_weight:
        raise UsageError(
            f"the corner of {text} cannot hold a coefficient of {parameter} while {family.name} "
            "has one at its location",
            tries=[f"--prior '{label} ~ normal(0, 1)'"],
        )


def _of_information(
    request: Request,
    specs: Sequence[tuple[str, Prior, str]],
    family: Family,
    links: Sequence[Link],
    predictors: Sequence[Predictor],
) -> tuple[Assigned]:
    """A prior of all coefficients together, which stands alone."""
    named, prior, _ = next(spec for spec in specs if isinstance(spec[1], InformationPrior))
    if len(specs) > 1 or named != SLOPES:
        raise UsageError(
            f"{prior.name} is one prior of all coefficients together, without a name or another",
            tries=[f"--prior {prior.name}"],
        )
    from mlefit.search.fisher import has_slope

    if not has_slope(family, links):
        able = [f.name for f in families.every() if has_slope(f, [resolve(f.parameters[0].link)])]
        if family.name in able:
            raise UsageError(
                f"{prior.name} needs a link that keeps {family.parameters[0].name} "
                f"{family.parameters[0].domain.words}, and {links[0].name} does not",
                tries=[f"--link {family.parameters[0].link}"],
            )
        raise UsageError(
            f"{prior.name} is for {', '.join(able)}, not for {family.name}",
            tries=["--prior 'normal(0, 1)'"],
        )
    if request.se not in (None, "expected"):
        raise UsageError(
            f"standard errors under {prior.name} are those of the expected information",
            tries=["--se expected"],
        )
    if request.sampling_weights:
        raise UsageError(
            f"{prior.name} rests on the information of the rows, which sampling weights do not give"
        )
    first = family.parameters[0].name
    labels = tuple(f"{first}:{column.label}" for column in predictors[0].columns)
    return (Assigned(prior, ALL, labels),)


def _parsed(text: str) -> tuple[str, Prior, str]:
    match = _SPEC.fullmatch(text)
    if match is None:
        raise UsageError(
            f"cannot read the prior '{text}'",
            tries=["--prior 'normal(0, 1)'", "--prior 'x ~ laplace(0, 0.5)'"],
        )
    made = priors.load(match["prior"].lower())
    inside = (match["numbers"] or "").strip()
    words = [word.strip() for word in inside.split(",")] if inside else []
    numbers = [_number(w, text) for w in _without_auto(words, made, text)]
    return (match["named"] or SLOPES).strip(), made(*numbers), text


def _without_auto(words: Sequence[str], made: type[Prior], text: str) -> list[str]:
    """The words, with 1 for a number that is chosen later."""
    open_number = made.auto[0] if made.auto else None
    for i, word in enumerate(words):
        if word == "auto" and made.parameters[i : i + 1] != (open_number,):
            able = [f"the {p.auto[0]} of {p.name}" for p in priors.every() if p.auto]
            raise UsageError(
                f"auto in the prior '{text}' stands where the data cannot choose",
                "the data can choose " + ", ".join(able),
            )
    return ["1" if word == "auto" else word for word in words]


def _number(word: str, text: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"'{word}' in the prior '{text}' is not a number")
    return value


def _sugar(request: Request) -> Iterator[tuple[Prior, str]]:
    """`--l2 L` is normal(0, 1/sqrt(L)), `--l1 L` is laplace(0, 1/L), both are an elastic net."""
    l1, l2 = request.l1, request.l2
    for name, value in (("--l1", l1), ("--l2", l2)):
        if value is not None and not (0 < value < math.inf):
            raise UsageError(f"{name} must be a number > 0; leave it out for no penalty")
    if l1 is not None and l2 is not None:
        yield priors.load("elasticnet")(l1 + l2, l1 / (l1 + l2)), f"--l1 {l1:g} --l2 {l2:g}"
    elif l1 is not None:
        yield priors.load("laplace")(0.0, 1 / l1), f"--l1 {l1:g}"
    elif l2 is not None:
        yield priors.load("normal")(0.0, 1 / math.sqrt(l2)), f"--l2 {l2:g}"


def _labels(
    named: str,
    family: Family,
    predictors: Sequence[Predictor],
    prior: Prior,
    text: str,
) -> list[str]:
    """parameter:term of every coefficient that a name means."""
    columns = {
        parameter.name: predictor.columns
        for parameter, predictor in zip(family.parameters, predictors, strict=True)
    }
    first = family.parameters[0].name
    shared = list(dict.fromkeys([first, *(p.name for p in family.parameters if p.follows)]))
    if prior.natural:
        _check_natural(named, family, columns, prior)
    if named == SLOPES:
        labels = [
            f"{name}:{c.label}" for name in shared for c in columns[name] if not c.is_intercept
        ]
        if not labels:
            raise UsageError(
                f"'{text}' is for slopes, and there are none", tries=[f"--prior '{first} ~ ...'"]
            )
        return labels
    if named in columns and len(columns[named]) == 1:
        return [f"{named}:{columns[named][0].label}"]
    # a class may be called anything, so its name is looked for and not cut off
    head = next((name for name in columns if named.startswith(f"{name}:")), None)
    places, label = (shared, named) if head is None else ([head], named[len(head) + 1 :])
    wanted = _tight(label)
    if prior.corner_weight and wanted == _tight(INTERCEPT):
        raise UsageError(
            f"'{text}': a corner holds slopes at a value, not an intercept",
            tries=[f"--prior '{named} ~ normal(0, 1)'"],
        )
    matching = [
        f"{name}:{c.label}"
        for name in places
        for c in columns[name]
        if wanted in (_tight(c.label), _tight(_term(c)))
    ]
    if not matching:
        held = [column.label for predictor in predictors for column, _ in predictor.held]
        raise _nobody(named, label, prior, text, columns, held)
    return matching


def _tight(label: str) -> str:
    """A label without blanks: `log(x + 1)` is written in more than one way."""
    return "".join(label.split())


def _term(column: Column) -> str:
    """The term a column belongs to: `g` for `g[b]`."""
    return re.sub(r"\[[^\]]*\]", "", column.label)


def _check_natural(
    named: str, family: Family, columns: Mapping[str, Sequence[Column]], prior: Prior
) -> None:
    possible = [
        parameter.name
        for parameter in family.parameters
        if parameter.domain == Domain.POSITIVE and len(columns[parameter.name]) == 1
    ]
    if named not in possible:
        raise UsageError(
            f"{prior.name} is a prior of a positive parameter without covariates",
            "there is: " + (", ".join(possible) or "none"),
            tries=[f"--prior '{name} ~ {prior}'" for name in possible],
        )


def _nobody(
    named: str,
    label: str,
    prior: Prior,
    text: str,
    columns: Mapping[str, Sequence[Column]],
    held: Sequence[str],
) -> UsageError:
    if len(columns.get(named, ())) > 1:
        return UsageError(
            f"the prior '{text}' is for '{named}', which has several coefficients: name one",
            tries=[f"--prior '{named}:{columns[named][-1].label} ~ {prior}'"],
        )
    if named in columns or label in held:
        return UsageError(f"the prior '{text}' is for '{named}', which is held at a value")
    known = [*columns, *dict.fromkeys(_term(c) for cs in columns.values() for c in cs)]
    close = did_you_mean(named, known)
    return UsageError(
        f"the prior '{text}' is for '{named}', which is no term or parameter",
        "there are: " + ", ".join(known[:12]),
        tries=[f"--prior '{text.replace(named, name, 1)}'" for name in close],
    )
