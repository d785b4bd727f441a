"""Words to a model: links, predictors, held coefficients.

Turns the texts of a request into one predictor for each parameter of the family.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mlefit.design.coding import INTERCEPT, Column, can_be_held, columns_of, too_wide
from mlefit.design.columns import OFFSET, PRECISION
from mlefit.design.predictors import Predictor
from mlefit.design.suggest import word
from mlefit.errors import UsageError, did_you_mean
from mlefit.families._base import Family
from mlefit.families._records import Parameter
from mlefit.formula import RightSide
from mlefit.links import LINKS, Latent, Link, resolve
from mlefit.request import Request
from mlefit.support import Domain

_SHOWN_LABELS = 12

_Designs = Mapping[str, Sequence[Column]]
"""The columns of every parameter, by its name."""


def choose_links(request: Request, family: Family) -> tuple[Link, ...]:
    """One link for each parameter: the asked one, or the family's default.

    Raises:
        UsageError: no such link or parameter, or the link cannot serve the parameter.
    """
    names = [parameter.name for parameter in family.parameters]
    asked: dict[str, str] = {}
    for item in (item.strip() for text in request.links for item in text.split(",")):
        parameter, _, link = (part.strip() for part in item.rpartition("="))
        parameter = parameter or names[0]
        if parameter not in names:
            raise UsageError(
                f"{family.name} has no parameter '{parameter}' for --link {item}",
                "parameters: " + ", ".join(names),
                tries=[f"--link {close}={link}" for close in did_you_mean(parameter, names)],
            )
        if asked.setdefault(parameter, link) != link:
            raise UsageError(f"--link gives {parameter} two links: {asked[parameter]} and {link}")
    return tuple(link_for(parameter, asked.get(parameter.name)) for parameter in family.parameters)


def suitable_links(parameter: Parameter) -> list[str]:
    """Names of the links that make sense for a parameter."""
    if parameter.links:
        return list(parameter.links)
    if parameter.domain.is_bounded:
        others = ["identity", "log"] if parameter.domain == Domain.UNIT else ["identity"]
        return [name for name, link in LINKS.items() if link.onto == "unit"] + others
    return [name for name, link in LINKS.items() if link.onto in ("real", "positive")]


def link_for(parameter: Parameter, asked: str | None) -> Link:
    """The link of this name, stretched to the parameter's domain; None for the default.

    Raises:
        UsageError: it cannot serve the parameter.
    """
    link = resolve(asked if asked is not None else parameter.link)
    suitable = suitable_links(parameter)
    if link.name not in suitable:
        raise UsageError(
            f"the {link.name} link does not suit {parameter.name}, "
            f"which is the {parameter.meaning} ({parameter.domain.words})",
            "links for it: " + ", ".join(suitable),
            tries=[f"--link {parameter.name}={parameter.link}"],
        )
    if parameter.latent:
        return Latent(link)
    ends = parameter.domain.lower, parameter.domain.upper
    return link.stretched(*ends) if parameter.domain.is_bounded else link


def predictors_of(
    request: Request,
    family: Family,
    links: Sequence[Link],
    rights: Mapping[str, RightSide],
    levels: Mapping[str, Sequence[str]],
    columns: Container[str],
) -> tuple[Predictor, ...]:
    """One linear predictor for each parameter, with offsets and held coefficients.

    Raises:
        UsageError: `--fix` names nothing, or precision weights meet a family without scale.
    """
    designs = {p.name: design_of(p, rights[p.name], levels) for p in family.parameters}
    widths = [width for design in designs.values() for width in _widths(design)]
    if not can_be_held(widths):
        widest = max(designs, key=lambda name: len(designs[name]))
        raise too_wide(
            f"the model of {len(designs):,} parameters", widths, widest, len(designs[widest])
        )
    held = _held(request, family, links, rights, designs)
    if PRECISION in columns:
        _require_scale(family, links)
    order = [parameter.name for parameter in family.parameters]
    predictors = tuple(
        replace(
            _predictor(
                designs[parameter.name], held[parameter.name], _offsets(parameter, columns, family)
            ),
            taken_from=tuple(order.index(name) for name in parameter.taken_from),
        )
        for parameter in family.parameters
    )
    if not any(predictor.size for predictor in predictors):
        raise UsageError(
            "there is nothing to estimate: every coefficient is fixed or left out of the formula"
        )
    return predictors


def _widths(design: Sequence[Column]) -> list[int]:
    """How many columns the products of the same factors have."""
    return list(Counter(tuple(part.key for part in column.parts) for column in design).values())


def design_of(
    parameter: Parameter, right: RightSide, levels: Mapping[str, Sequence[str]]
) -> tuple[Column, ...]:
    """The columns of a parameter; where other intercepts stand for its own, less that one."""
    if not parameter.taken_from:
        return columns_of(right, levels)
    return columns_of(replace(right, intercept=True), levels)[1:]


def _predictor(
    design: Sequence[Column], fixed: Mapping[str, float], offsets: tuple[tuple[str, float], ...]
) -> Predictor:
    return Predictor(
        columns=tuple(column for column in design if column.label not in fixed),
        held=tuple((column, fixed[column.label]) for column in design if column.label in fixed),
        labels=tuple(column.label for column in design),
        offsets=offsets,
    )


def _offsets(
    parameter: Parameter, columns: Container[str], family: Family
) -> tuple[tuple[str, float], ...]:
    """The series added to a predictor: the offset to the first, precision to the scale."""
    is_first = parameter is family.parameters[0]
    if OFFSET in columns and parameter.follows:
        raise UsageError(
            f"an offset has no class to belong to: {family.name} has a predictor for each of them"
        )
    offsets = [(OFFSET, 1.0)] if is_first and OFFSET in columns else []
    if PRECISION in columns and parameter.precision_power is not None:
        offsets.append((PRECISION, parameter.precision_power))
    return tuple(offsets)


def _require_scale(family: Family, links: Sequence[Link]) -> None:
    """Precision weights divide a variance, so there must be one, on the log scale."""
    if not family.has_free_scale:
        raise UsageError(
            f"precision weights scale a variance, and {family.name} has no scale of its own",
            "for repeated rows: --freq-weights COL",
            "for unequal periods: --exposure COL",
        )
    for parameter, link in zip(family.parameters, links, strict=True):
        if parameter.precision_power is not None and link.name != "log":
            raise UsageError(
                f"precision weights need the log link on {parameter.name}",
                tries=[f"--link {parameter.name}=log"],
            )


def _held(
    request: Request,
    family: Family,
    links: Sequence[Link],
    rights: Mapping[str, RightSide],
    designs: _Designs,
) -> dict[str, dict[str, float]]:
    """For each parameter the columns that are held, with their coefficients."""
    held: dict[str, dict[str, float]] = {parameter.name: {} for parameter in family.parameters}
    link_of = {p.name: (p, link) for p, link in zip(family.parameters, links, strict=True)}
    for name, value in family.fixes.items():
        if rights[name].terms or not rights[name].intercept:
            raise UsageError(
                f"{family.label} holds {name} at {value:g}, so {name} takes no formula",
                tries=[f"--family {family.name}"],
            )
        held[name][INTERCEPT] = _on_link_scale(
            *link_of[name], value, rights[name], f"--family {family.label}"
        )
    for text in request.fix:
        key, value = _assignment(text)
        if key in link_of:
            name, label = key, INTERCEPT
            value = _on_link_scale(*link_of[key], value, rights[key], f"--fix {text}")
        else:
            name, label = _coefficient(key, designs, text)
        if held[name].setdefault(label, value) != value:
            if name in family.fixes:
                raise UsageError(
                    f"{family.label} and --fix {text} give {name} two values",
                    tries=[f"--family {family.name} --fix {text}"],
                )
            raise UsageError(f"--fix gives '{key}' two values")
    return held


def _assignment(text: str) -> tuple[str, float]:
    key, equals, number = text.rpartition("=")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not equals or not key.strip() or not math.isfinite(value):
        raise UsageError(
            f"--fix '{text}' is not NAME=NUMBER", "for example --fix sigma=1, or --fix x=0"
        )
    return key.strip(), value


def _on_link_scale(
    parameter: Parameter, link: Link, value: float, right: RightSide, written: str
) -> float:
    """A parameter's value as the intercept that gives it."""
    if parameter.taken_from:
        raise UsageError(
            f"{written}: {parameter.name} has no intercept, only its distance from "
            f"{', '.join(parameter.taken_from[:_SHOWN_LABELS])}",
            tries=[f"--fix {word(f'{parameter.taken_from[0]}={value:g}')}"],
        )
    if right.terms or not right.intercept:
        raise UsageError(
            f"{written}: {parameter.name} has covariates, so hold its coefficients",
            f"for example --fix {parameter.name}:{INTERCEPT}=0",
        )
    if not parameter.domain.contains(np.array([value])):
        raise UsageError(f"{written}: {parameter.name} must be {parameter.domain.words}")
    with np.errstate(all="ignore"):
        eta = float(link.forward(np.array([value]))[0])
    if not math.isfinite(eta):
        raise UsageError(f"{written}: the {link.name} link cannot give this {parameter.name}")
    return eta


def _coefficient(key: str, designs: _Designs, text: str) -> tuple[str, str]:
    """The parameter and the label of `x`, `sigma:z` or `x:z`."""
    # a class may be called anything, so its name is looked for and not cut off
    name = next((name for name in designs if key.startswith(f"{name}:")), "")
    name, label = (name, key[len(name) + 1 :]) if name else (next(iter(designs)), key)
    labels = [column.label for column in designs[name]]
    if label in labels:
        return name, label
    everything = [*designs, *labels]
    more = ", ..." if len(everything) > _SHOWN_LABELS else ""
    value = text.rpartition("=")[2].strip()
    raise UsageError(
        f"--fix {text}: no parameter or coefficient '{key}'",
        "there are: " + ", ".join(everything[:_SHOWN_LABELS]) + more,
        tries=[f"--fix {word(f'{close}={value}')}" for close in did_you_mean(key, everything)],
    )
