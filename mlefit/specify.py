"""Words to a model: links, predictors, held coefficients.

Turns the texts of a request into one predictor for each parameter of the family.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mlefit.design.blocks import OFFSET, PRECISION, Columns, Predictor
from mlefit.design.coding import INTERCEPT, Column, columns_of
from mlefit.errors import UsageError, did_you_mean
from mlefit.families._base import Family, Parameter
from mlefit.formula import RightSide
from mlefit.links import LINKS, Link, resolve
from mlefit.request import Request
from mlefit.support import Domain


def choose_links(request: Request, family: Family) -> tuple[Link, ...]:
    """One link for each parameter: the asked one, or the family's default.

    Raises:
        UsageError: no such link or parameter, or the link cannot serve the parameter.
    """
    asked: dict[str, str] = {}
    names = [parameter.name for parameter in family.parameters]
    for item in (item for text in request.links for item in text.split(",")):
        parameter, _, link = item.rpartition("=")
        parameter = parameter.strip() or names[0]
        if parameter not in names:
            raise _no_parameter(family, parameter, f"--link {item}")
        asked[parameter] = link
    return tuple(_link_for(parameter, asked.get(parameter.name)) for parameter in family.parameters)


def suitable_links(parameter: Parameter) -> list[str]:
    """Names of the links that make sense for a parameter."""
    if parameter.links:
        return list(parameter.links)
    if parameter.domain is Domain.UNIT:
        return [name for name, link in LINKS.items() if link.onto == "unit"] + ["identity", "log"]
    return [name for name, link in LINKS.items() if link.onto != "unit"]


def _link_for(parameter: Parameter, asked: str | None) -> Link:
    link = resolve(asked if asked is not None else parameter.link)
    suitable = suitable_links(parameter)
    if link.name not in suitable:
        raise UsageError(
            f"the {link.name} link does not suit {parameter.name}, "
            f"which is the {parameter.meaning} ({parameter.domain.value})",
            "links for it: " + ", ".join(suitable),
            tries=[f"--link {parameter.name}={parameter.link}"],
        )
    return link


def predictors_of(
    request: Request,
    family: Family,
    links: Sequence[Link],
    rights: Mapping[str, RightSide],
    levels: Mapping[str, Sequence[str]],
    columns: Columns,
) -> tuple[Predictor, ...]:
    """One linear predictor for each parameter, with offsets and held coefficients.

    Raises:
        UsageError: `--fix` names nothing, or precision weights meet a family without scale.
    """
    designs = {name: columns_of(right, levels) for name, right in rights.items()}
    held = _held(request, family, links, rights, designs)
    predictors = []
    for position, (parameter, link) in enumerate(zip(family.parameters, links, strict=True)):
        fixed = held.get(parameter.name, {})
        design = designs[parameter.name]
        offsets = [(OFFSET, 1.0)] if position == 0 and OFFSET in columns else []
        if PRECISION in columns and parameter.precision_power is not None:
            if link.name != "log":
                raise UsageError(
                    f"precision weights need the log link on {parameter.name}",
                    tries=[f"--link {parameter.name}=log"],
                )
            offsets.append((PRECISION, parameter.precision_power))
        predictors.append(
            Predictor(
                columns=tuple(column for column in design if column.label not in fixed),
                held=tuple((c, fixed[c.label]) for c in design if c.label in fixed),
                labels=tuple(column.label for column in design),
                offsets=tuple(offsets),
            )
        )
    if PRECISION in columns and not family.has_free_scale:
        raise UsageError(
            f"precision weights scale a variance, and {family.name} has no scale of its own",
            tries=[
                "--freq-weights COL   for repeated rows",
                "--exposure COL   for unequal periods",
            ],
        )
    if not any(predictor.size for predictor in predictors):
        raise UsageError("every parameter is fixed: there is nothing to estimate")
    return tuple(predictors)


def _held(
    request: Request,
    family: Family,
    links: Sequence[Link],
    rights: Mapping[str, RightSide],
    designs: Mapping[str, Sequence[Column]],
) -> dict[str, dict[str, float]]:
    """For each parameter the columns that are held, with their coefficients."""
    held: dict[str, dict[str, float]] = {}
    for text in request.fix:
        key, value = _assignment(text)
        for parameter, link in zip(family.parameters, links, strict=True):
            if key == parameter.name:
                name, label = key, INTERCEPT
                value = _on_link_scale(parameter, link, value, rights[key], text)
                break
        else:
            name, label = _coefficient(key, family, designs, text)
        held.setdefault(name, {})[label] = value
    return held


def _assignment(text: str) -> tuple[str, float]:
    key, equals, number = text.rpartition("=")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not equals or not key.strip() or not math.isfinite(value):
        raise UsageError(f"--fix '{text}' is not NAME=NUMBER", tries=["--fix sigma=1", "--fix x=0"])
    return key.strip(), value


def _on_link_scale(
    parameter: Parameter, link: Link, value: float, right: RightSide, text: str
) -> float:
    if right.terms or not right.intercept:
        raise UsageError(
            f"--fix {text}: {parameter.name} has covariates, so hold its coefficients",
            tries=[f"--fix {parameter.name}:{INTERCEPT}=NUMBER"],
        )
    if not parameter.domain.contains(np.array([value])):
        raise UsageError(f"--fix {text}: {parameter.name} must be {parameter.domain.value}")
    return float(link.forward(np.array([value]))[0])


def _coefficient(
    key: str, family: Family, designs: Mapping[str, Sequence[Column]], text: str
) -> tuple[str, str]:
    name, colon, label = key.partition(":")
    if not colon or name not in designs:
        name, label = family.parameters[0].name, key
    labels = [column.label for column in designs[name]]
    if label not in labels:
        everything = [*(parameter.name for parameter in family.parameters), *labels]
        raise UsageError(
            f"--fix {text}: no parameter or coefficient '{key}'",
            "there are: " + ", ".join(everything[:12]),
            tries=[f"--fix {close}=NUMBER" for close in did_you_mean(key, everything)],
        )
    return name, label


def _no_parameter(family: Family, name: str, flag: str) -> UsageError:
    names = [parameter.name for parameter in family.parameters]
    return UsageError(
        f"{family.name} has no parameter '{name}' in {flag}", "parameters: " + ", ".join(names)
    )
