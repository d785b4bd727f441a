"""brms (R): takes the prior itself, in Stan's words.

normal(c, s)         normal(c, s)
laplace(c, s)        double_exponential(c, s)
student(df, c, s)    student_t(df, c, s)
cauchy(c, s)         cauchy(c, s)
"""

from __future__ import annotations

from collections.abc import Mapping

from mlefit.errors import UsageError
from mlefit.translations._base import (
    Fit,
    NoSettingError,
    PriorLike,
    PriorSpec,
    Translation,
    decimal,
    parsed_prior,
)

_STAN = {
    "normal": "normal",
    "laplace": "double_exponential",
    "student": "student_t",
    "cauchy": "cauchy",
}


class Brms:
    """The same prior on the slopes, but a sample of the posterior instead of its mode."""

    name = "brms"
    families: tuple[str, ...] = ()
    default_family: str | None = None
    keys = ("prior",)
    note = (
        "brms reports posterior means, not the mode, and gives the intercept and sigma "
        "priors of its own"
    )

    def lacking(self, fit: Fit) -> tuple[str, ...]:
        """Nothing: the prior is on the raw slopes."""
        return ()

    def forward(self, prior: PriorLike, fit: Fit) -> Translation:
        """The prior in Stan's words.

        Raises:
            NoSettingError: Stan has no such distribution.
        """
        if prior.name not in _STAN:
            raise NoSettingError(f"Stan has no density for {prior.name}")
        numbers = ", ".join(map(decimal, prior.numbers.values()))
        setting = f'prior = set_prior("{_STAN[prior.name]}({numbers})", class = "b")'
        return Translation(self.name, setting, False, self.note)

    def backward(self, settings: Mapping[str, str], fit: Fit) -> PriorSpec:
        """The prior behind Stan's words."""
        name, bracket, numbers = settings.get("prior", "").partition("(")
        ours = {stan: own for own, stan in _STAN.items()}.get(name.strip())
        if ours is None or set(settings) != {"prior"}:
            raise UsageError(
                "brms needs its prior on class b",
                f"densities: {', '.join(_STAN.values())}",
                tries=["--from 'brms,prior=normal(0, 1)'"],
            )
        return parsed_prior(ours + bracket + numbers)


SYSTEMS = (Brms(),)
