"""Where the rows went that a saved model was given: predicted, judged, or not, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from mlefit.design.newrows import NewRows

OUTSIDE_DOMAIN = "parameters outside their domain"
"""The cause where a link leads out of a parameter's domain, as identity may."""


@dataclass
class Tally:
    """Where the rows went.

    Attributes:
        read: rows of the table.
        predicted: those that the model could speak of.
        scored: those that had a target.
        lost: rows without a prediction, by cause.
        unscored: predicted rows without a residual and an NLL, by cause.
        infinite: rows whose prediction is infinite or undefined.
    """

    read: int = 0
    predicted: int = 0
    scored: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    unscored: Counter[str] = field(default_factory=Counter)
    infinite: Counter[str] = field(default_factory=Counter)

    def add(self, rows: NewRows) -> None:
        """Count a run of rows."""
        self.read += rows.count
        self.predicted += int(rows.usable.sum())
        self.scored += int(rows.scored.sum())
        self.lost.update(rows.lost)
        self.unscored.update(rows.unscored)

    def notes(self, what: str = "prediction") -> list[str]:
        """What a person should know once all rows are through; `what` rows were to be given."""
        told = []
        for counter, words in (
            (self.lost, f"without a {what}"),
            (self.unscored, "without a residual and an NLL"),
            (self.infinite, f"with an infinite or undefined {what}"),
        ):
            if counter:
                causes = ", ".join(f"{count:,} {cause}" for cause, count in counter.items())
                told.append(f"{sum(counter.values()):,} of {self.read:,} rows {words}: {causes}")
        return told
