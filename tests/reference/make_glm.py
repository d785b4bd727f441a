"""Write glm.json: maximum likelihood fits to 50 digits, without numpy and without mlefit.

    python -m tests.reference.make_glm          (from the root, about a minute)

Standard errors come from the observed and from the expected information of all
coefficients at once; a parameter without covariates is stored on its natural
scale, with the delta method. Log-likelihoods carry every constant.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mpmath
from mpmath import mp

from tests.reference.exact import (
    GUARD_DIGITS,
    INTERCEPT,
    INVERSE,
    Column,
    Design,
    Model,
    check_derivatives,
    newton,
)
from tests.reference.tables import SMALL

OUTPUT = Path(__file__).parent / "glm.json"
PRINTED_DIGITS = 25

# ---- what is stored of one fit ----


def fitted(model: Model) -> dict[str, Any]:
    """The entry of one model."""
    beta = newton(model)
    check_derivatives(model, beta)
    value, _, observed, expected = model.totals(list(beta))
    errors = {
        "observed": mp.inverse(observed),
        "expected": mp.inverse(expected),
    }
    coefficients, parameters = [], []
    for i, (parameter, term) in enumerate(model.names):
        deviation = {kind: mp.sqrt(matrix[i, i]) for kind, matrix in errors.items()}
        if parameter in model.designs:
            numbers = {"estimate": beta[i], **deviation}
            coefficients.append({"parameter": parameter, "term": term, **printed(numbers)})
        else:
            theta, slope, _ = INVERSE[model.link(parameter)](beta[i])
            natural = {kind: abs(slope) * error for kind, error in deviation.items()}
            parameters.append({"parameter": parameter, **printed({"estimate": theta, **natural})})
    return {
        "id": model.id,
        "data": model.data,
        "formula": model.formula,
        "family": model.family,
        "link": [f"{parameter}={link}" for parameter, link in model.links.items()],
        "model": list(model.model),
        "options": dict(model.options),
        "log_likelihood": mp.nstr(value, PRINTED_DIGITS),
        "coefficients": coefficients,
        "parameters": parameters,
    }


def printed(numbers: Mapping[str, Any]) -> dict[str, str]:
    return {name: mp.nstr(number, PRINTED_DIGITS) for name, number in numbers.items()}


# ---- models ----


def number(name: str) -> tuple[str, Column]:
    return name, column(name)


def column(name: str) -> Column:
    return lambda row: row[name]


def log_of(name: str) -> tuple[str, Column]:
    return f"log({name})", lambda row: mp.log(row[name])


def indicators(name: str, levels: Iterable[Any], label: str | None = None) -> Design:
    """Treatment coding: one column for each level named, that is without the base level."""
    return tuple((f"{label or name}[{level}]", is_level(name, level)) for level in levels)


def is_level(name: str, level: Any) -> Column:
    return lambda row: int(row[name] == level)


def doctor_visits() -> Iterable[Model]:
    columns = [number(name) for name in ("age", "income", "illness", "health")]
    yield Model(
        "doctor visits, poisson log",
        "doctor_visits.csv",
        "visits ~ gender + age + income + illness + health",
        "poisson",
        column("visits"),
        {"mu": (INTERCEPT, *indicators("gender", ["male"]), *columns)},
    )
    yield Model(
        "doctor visits, poisson sample",
        "doctor_visits.csv",
        "visits ~ 1",
        "poisson",
        column("visits"),
    )


def insurance() -> Iterable[Model]:
    factors = (
        *indicators("district", [2, 3, 4], "C(district)"),
        *indicators("group", ["1.5-2l", "<1l", ">2l"]),
        *indicators("age", ["30-35", "<25", ">35"]),
    )
    yield Model(
        "insurance, poisson with exposure",
        "insurance.csv",
        "claims ~ C(district) + group + age",
        "poisson",
        column("claims"),
        {"mu": (INTERCEPT, *factors)},
        options={"exposure": "holders"},
    )


def callbacks() -> Iterable[Model]:
    design = (
        INTERCEPT,
        *indicators("ethnicity", ["cauc"]),
        *indicators("gender", ["male"]),
        *indicators("quality", ["low"]),
        number("experience"),
    )
    for link in ("logit", "probit", "cloglog", "loglog", "cauchit"):
        yield Model(
            f"callbacks, bernoulli {link}",
            "callbacks.csv",
            "call ~ ethnicity + gender + quality + experience",
            "bernoulli",
            is_level("call", "yes"),
            {"mu": design},
            {"mu": link},
        )
    yield Model(
        "callbacks, bernoulli sample",
        "callbacks.csv",
        "call ~ 1",
        "bernoulli",
        is_level("call", "yes"),
    )


def menarche() -> Iterable[Model]:
    for link in ("logit", "probit", "cloglog", "loglog", "cauchit"):
        yield Model(
            f"menarche, binomial {link}",
            "menarche.csv",
            "menarche ~ age",
            "binomial",
            column("menarche"),
            {"mu": (INTERCEPT, number("age"))},
            {"mu": link},
            options={"trials": "total"},
        )
    yield Model(
        "menarche, binomial sample",
        "menarche.csv",
        "menarche ~ 1",
        "binomial",
        column("menarche"),
        options={"trials": "total"},
    )


def house_prices() -> Iterable[Model]:
    size = (INTERCEPT, log_of("lotsize"), number("bedrooms"))
    design = (*size, number("bathrooms"), *indicators("aircon", ["yes"]))
    formula = "log(price) ~ log(lotsize) + bedrooms + bathrooms + aircon"
    yield Model(
        "house prices, normal",
        "house_prices.csv",
        formula,
        "normal",
        lambda row: mp.log(row["price"]),
        {"mu": design},
    )
    yield Model(
        "house prices, normal with covariates of sigma",
        "house_prices.csv",
        formula,
        "normal",
        lambda row: mp.log(row["price"]),
        {"mu": design, "sigma": (INTERCEPT, log_of("lotsize"), *indicators("driveway", ["yes"]))},
        model=("sigma ~ log(lotsize) + driveway",),
    )
    yield Model(
        "house prices, normal with log link",
        "house_prices.csv",
        "price ~ log(lotsize) + bedrooms",
        "normal",
        column("price"),
        {"mu": size},
        {"mu": "log"},
    )


def plain_samples() -> Iterable[Model]:
    for data, name in (("heights.csv", "height_inches"), ("rivers.csv", "length_miles")):
        yield Model(
            f"{data.removesuffix('.csv')}, normal sample",
            data,
            f"{name} ~ 1",
            "normal",
            column(name),
        )
    yield Model(
        "heights, normal",
        "heights.csv",
        "height_inches ~ midparent_inches",
        "normal",
        column("height_inches"),
        {"mu": (INTERCEPT, number("midparent_inches"))},
    )


def small_tables() -> Iterable[Model]:
    line: Design = (INTERCEPT, number("x"))
    groups: Design = (*line, *indicators("g", ["b", "c"]))
    crossed: Design = (
        *groups,
        *((f"x:g[{g}]", lambda row, g=g: row["x"] * (row["g"] == g)) for g in "bc"),
    )

    def small(
        family: str, target: str, terms: str, design: Design, link: str, **options: str
    ) -> Model:
        extra = "".join(f", {name.replace('_', ' ')}" for name in options)
        return Model(
            f"small, {family} {link} of {terms}{extra}",
            "small",
            f"{target} ~ {terms}",
            family,
            column(target),
            {"mu": design},
            {"mu": link},
            options=options,
        )

    yield small("poisson", "count", "x", line, "sqrt")
    yield small("poisson", "count", "x", line, "identity")
    yield small("poisson", "count", "x + g + x:g", crossed, "log")
    yield small("poisson", "count", "x + g", groups, "log", freq_weights="times")
    yield small("bernoulli", "hit", "x", line, "logit", freq_weights="times")
    yield small("normal", "amount", "x", line, "inverse")
    yield small("normal", "amount", "x", line, "inverse-squared")
    yield small("normal", "amount", "x + g", groups, "identity", precision_weights="times")


SOURCES = (
    doctor_visits,
    insurance,
    callbacks,
    menarche,
    house_prices,
    plain_samples,
    small_tables,
)


def main() -> None:
    mp.dps = GUARD_DIGITS
    models = []
    for model in (model for source in SOURCES for model in source()):
        models.append(fitted(model))
        sys.stderr.write(f"{model.id}: {len(model.rows)} distinct rows\n")
    document = {
        "program": f"mpmath {mpmath.__version__} on Python {sys.version.split()[0]}",
        "command": "python -m tests.reference.make_glm",
        "date": datetime.now(UTC).date().isoformat(),
        "digits": f"computed to 50, printed to {PRINTED_DIGITS}",
        "tables": SMALL,
        "models": models,
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    OUTPUT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
