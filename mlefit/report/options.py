"""How a result is to be shown: a record, and the names of the forms there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mlefit.errors import UsageError, did_you_mean
from mlefit.frozen import frozen

FORMATS = ("text", "json", "csv", "tsv", "md")
ROW_FORMATS = ("csv", "tsv", "json", "ndjson")
"""Of rows without an end, on standard output."""
PICTURE_FILES = (".svg", ".png")

_FORMAT_OF_EXTENSION = {
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".md": "md",
    ".txt": "text",
}


_ROW_FORMAT_OF_EXTENSION = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "ipc",
    ".feather": "ipc",
    ".ipc": "ipc",
}


@frozen
class ReportOptions:
    """Where a result goes and what it looks like there.

    Attributes:
        format: one of `FORMATS`; what standard output gets.
        table: one of the tables of the document, or None for the whole report.
        output: file to write as well; its extension decides its format.
        colour: whether standard output gets escape codes.
        ascii_only: whether every character must be ASCII.
        width: columns of the terminal, or None for as many as the content needs.
        quiet: with `output`, print nothing.
        plot: whether a text report has pictures.
        picture: file to draw them into as well.
    """

    format: str = "text"
    table: str | None = None
    output: Path | None = None
    colour: bool = False
    ascii_only: bool = False
    width: int | None = None
    quiet: bool = False
    plot: bool = False
    picture: Path | None = None

    def for_file(self, path: Path) -> ReportOptions:
        """The same wishes for a file: no colour, no terminal to fit into.

        A JSON file is the model file, so it holds the document whatever the table.
        """
        form = format_of(path)
        table = None if form == "json" else self.table
        return replace(self, format=form, table=table, colour=False, width=None)


def format_of(path: Path) -> str:
    """The format of a report that a file's extension asks for.

    Raises:
        UsageError: the extension is none of the known ones.
    """
    return _by_extension(path, _FORMAT_OF_EXTENSION, ".json")


def row_format_of(path: Path) -> str:
    """The format of rows that a file's extension asks for.

    Raises:
        UsageError: the extension is none of the known ones.
    """
    return _by_extension(path, _ROW_FORMAT_OF_EXTENSION, ".csv")


def _by_extension(path: Path, formats: Mapping[str, str], usual: str) -> str:
    extension = path.suffix.lower()
    if extension in formats:
        return formats[extension]
    close = did_you_mean(extension, formats)
    raise UsageError(
        f"cannot tell a format from the name '{path}'",
        f"extensions: {' '.join(formats)}",
        tries=[f"-o {path.with_suffix(other)}" for other in close or (usual,)],
    )
