"""What the questions to a distribution with fixed parameters hand over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Annotated

from mlefit.frozen import frozen

SCHEMA = "mlefit/probability/1"


@frozen
class DistributionInfo:
    """A distribution with every number it is made of."""

    family: Annotated[str, "name of the distribution, with the number behind it if it has one"]
    title: Annotated[str, "its name in a heading"]
    at: Annotated[Mapping[str, float], "parameters, then what is known, such as trials"]
    levels: Annotated[Sequence[str], "levels of its values, in the order of their codes"]
    discrete: Annotated[bool, "whether values have a probability rather than a density"]


@frozen
class Answer:
    """One event and its probability; of a single value of a density how dense it is there."""

    question: Annotated[str, "below, above, between, equal or quantile"]
    asked: Annotated[str, "what was written behind the flag"]
    event: Annotated[str, "X <= 185"]
    aside: Annotated[bool, "whether it only shows what the value at the end itself adds"]
    lower: Annotated[float | None, "least value of the event; null for none"]
    upper: Annotated[float | None, "its largest; null for none"]
    lower_in: Annotated[bool, "whether the least value itself belongs to the event"]
    upper_in: Annotated[bool, "whether the largest does"]
    probability: Annotated[float, "of the event; 0 also where it is below the smallest double"]
    complement: Annotated[float | None, "1 - probability, with its own digits; null if unknown"]
    log_probability: Annotated[float | None, "natural logarithm; null if the event is impossible"]
    density: Annotated[float | None, "of a single value that has no probability"]
    log_density: Annotated[float | None, "its natural logarithm; null where it is zero"]


@frozen
class DensityPoint:
    """The distribution at one value, for its picture."""

    y: Annotated[float, "value, or the code of a level"]
    density: Annotated[float | None, "density or probability; null where it is infinite"]


@frozen
class ProbabilityResult:
    """The document `mlefit probability` writes."""

    schema: str
    mlefit_version: str
    command: Sequence[str]
    distribution: DistributionInfo
    answers: Annotated[Sequence[Answer], "in the order of the flags"]
    curve: Annotated[Sequence[DensityPoint], "the distribution over its central part"]
    notes: Sequence[str] = field(default=())


RECORD = ProbabilityResult
