"""Write map.json: fits under normal priors to 50 digits, without numpy and without mlefit.

    python -m tests.reference.make_map          (from the root, about a minute)

The standard errors are those of the curvature of the log-posterior: the observed
information of the rows plus the priors' 1/scale^2. A parameter without covariates is
stored on its natural scale, with the delta method.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mpmath
from mpmath import mp, mpf

from tests.reference.exact import (
    GUARD_DIGITS,
    INTERCEPT,
    INVERSE,
    Model,
    check_derivatives,
    newton,
)
from tests.reference.make_glm import PRINTED_DIGITS, column, indicators, log_of, number, printed
from tests.reference.tables import SMALL

OUTPUT = Path(__file__).parent / "map.json"

Prior = tuple[float, float]
"""Centre and scale."""


@dataclass(frozen=True)
class Ridge(Model):
    """A model with normal priors: of all slopes of mu but those with one of their own."""

    slopes: Prior | None = None
    named: Mapping[str, Prior] = field(default_factory=dict)

    @property
    def priors(self) -> list[Prior | None]:
        """The prior of each coefficient, in order."""
        return [
            self.named.get(
                term if parameter in self.designs else parameter,
                self.slopes if parameter == "mu" and term != "Intercept" else None,
            )
            for parameter, term in self.names
        ]

    @property
    def words(self) -> list[str]:
        """The priors as mlefit is asked for them."""
        everywhere = [] if self.slopes is None else [written(self.slopes)]
        return everywhere + [f"{name} ~ {written(prior)}" for name, prior in self.named.items()]

    def log_prior(self, beta: Sequence[Any]) -> Any:
        """With every constant."""
        held = ((b, prior) for b, prior in zip(beta, self.priors, strict=True) if prior is not None)
        return mp.fsum(
            -mp.log(2 * mp.pi) / 2 - mp.log(mpf(scale)) - ((b - centre) / mpf(scale)) ** 2 / 2
            for b, (centre, scale) in held
        )

    def totals(self, beta: Sequence[Any]) -> tuple[Any, Any, Any, Any]:
        """Those of the rows, with the prior as one more addend."""
        value, score, observed, expected = super().totals(beta)
        for i, prior in enumerate(self.priors):
            if prior is None:
                continue
            centre, scale = mpf(prior[0]), mpf(prior[1])
            score[i] -= (beta[i] - centre) / scale**2
            observed[i, i] += scale**-2
            expected[i, i] += scale**-2
        return value + self.log_prior(beta), score, observed, expected


def written(prior: Prior) -> str:
    return f"normal({prior[0]}, {prior[1]})"


def fitted(model: Ridge) -> dict[str, Any]:
    """The entry of one model."""
    beta = list(newton(model))
    check_derivatives(model, mp.matrix(beta))
    covariance = mp.inverse(model.totals(beta)[2])
    coefficients, parameters = [], []
    for i, (parameter, term) in enumerate(model.names):
        error = mp.sqrt(covariance[i, i])
        if parameter in model.designs:
            numbers = {"estimate": beta[i], "std_error": error}
            coefficients.append({"parameter": parameter, "term": term, **printed(numbers)})
        else:
            theta, slope, _ = INVERSE[model.link(parameter)](beta[i])
            numbers = {"estimate": theta, "std_error": abs(slope) * error}
            parameters.append({"parameter": parameter, **printed(numbers)})
    return {
        "id": model.id,
        "data": model.data,
        "formula": model.formula,
        "family": model.family,
        "prior": model.words,
        "options": dict(model.options),
        "log_likelihood": mp.nstr(Model.totals(model, beta)[0], PRINTED_DIGITS),
        "log_prior": mp.nstr(model.log_prior(beta), PRINTED_DIGITS),
        "coefficients": coefficients,
        "parameters": parameters,
    }


def models() -> Iterable[Ridge]:
    yield Ridge(
        "doctor visits, poisson",
        "doctor_visits.csv",
        "visits ~ gender + income + illness",
        "poisson",
        column("visits"),
        {"mu": (INTERCEPT, *indicators("gender", ["male"]), number("income"), number("illness"))},
        slopes=(0.0, 0.05),
    )
    yield Ridge(
        "insurance, poisson with exposure and a prior of its own for one term",
        "insurance.csv",
        "claims ~ C(district) + group",
        "poisson",
        column("claims"),
        {
            "mu": (
                INTERCEPT,
                *indicators("district", [2, 3, 4], "C(district)"),
                *indicators("group", ["1.5-2l", "<1l", ">2l"]),
            )
        },
        options={"exposure": "holders"},
        slopes=(0.0, 0.1),
        named={"C(district)[4]": (0.5, 0.02)},
    )
    yield Ridge(
        "callbacks, bernoulli",
        "callbacks.csv",
        "call ~ ethnicity + quality + experience",
        "bernoulli",
        lambda row: int(row["call"] == "yes"),
        {
            "mu": (
                INTERCEPT,
                *indicators("ethnicity", ["cauc"]),
                *indicators("quality", ["low"]),
                number("experience"),
            )
        },
        slopes=(0.0, 0.1),
    )
    yield Ridge(
        "menarche, binomial with a prior of the intercept too",
        "menarche.csv",
        "menarche ~ age",
        "binomial",
        column("menarche"),
        {"mu": (INTERCEPT, number("age"))},
        options={"trials": "total"},
        slopes=(1.0, 0.03),
        named={"Intercept": (-20.0, 0.5)},
    )
    yield Ridge(
        "house prices, normal",
        "house_prices.csv",
        "log(price) ~ log(lotsize) + bedrooms + aircon",
        "normal",
        lambda row: mp.log(row["price"]),
        {
            "mu": (
                INTERCEPT,
                log_of("lotsize"),
                number("bedrooms"),
                *indicators("aircon", ["yes"]),
            )
        },
        slopes=(0.0, 0.02),
    )
    yield Ridge(
        "heights, normal with a prior of log sigma",
        "heights.csv",
        "height_inches ~ midparent_inches",
        "normal",
        column("height_inches"),
        {"mu": (INTERCEPT, number("midparent_inches"))},
        slopes=(1.0, 0.01),
        named={"sigma": (1.0, 0.05)},
    )
    yield Ridge(
        "rivers, poisson with a prior of the intercept",
        "rivers.csv",
        "length_miles ~ 1",
        "poisson",
        column("length_miles"),
        named={"mu": (5.0, 0.01)},
    )
    yield Ridge(
        "small, bernoulli with frequency weights",
        "small",
        "hit ~ x + g",
        "bernoulli",
        column("hit"),
        {"mu": (INTERCEPT, number("x"), *indicators("g", ["b", "c"]))},
        options={"freq_weights": "times"},
        slopes=(0.0, 2.5),
    )


def main() -> None:
    mp.dps = GUARD_DIGITS
    entries = []
    for model in models():
        entries.append(fitted(model))
        sys.stderr.write(f"{model.id}: {len(model.rows)} distinct rows\n")
    document = {
        "program": f"mpmath {mpmath.__version__} on Python {sys.version.split()[0]}",
        "command": "python -m tests.reference.make_map",
        "date": datetime.now(UTC).date().isoformat(),
        "digits": f"computed to 50, printed to {PRINTED_DIGITS}",
        "tables": SMALL,
        "models": entries,
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    OUTPUT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
