"""CSV and TSV: one tidy table at full precision, for the next program."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from mlefit.report.clean import clean

_DELIMITER = {"csv": ",", "tsv": "\t"}


def write_rows(columns: Sequence[str], rows: Sequence[Mapping[str, object]], form: str) -> str:
    """Delimited text with a header; a missing value is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=_DELIMITER[form], lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    return clean(value) if isinstance(value, str) else value
