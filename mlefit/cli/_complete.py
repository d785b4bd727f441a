"""Completion that knows the data: columns of the file on the line, terms of the model, checks.

Typer gives a completer only the word that is begun, so the line is read from where the shell's
script put it: `COMP_WORDS` in bash, `_TYPER_COMPLETE_ARGS` elsewhere. A TAB must be quick and must
never fail: only the head of a file is read, and whatever goes wrong gives no completions.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

Completions: TypeAlias = list[tuple[str, str]]
"""Words, each with what a shell may show beside it."""

_HEAD = 1 << 16
_DELIMITED = {".csv": ",", ".tsv": "\t"}
_DATA = (".csv", ".tsv", ".parquet", ".arrow", ".feather", ".ipc", ".ndjson", ".jsonl")
_LONGEST_EXAMPLE = 30
_OPENING = re.compile(r"[\s~+*:^()|,=-]+")


def column(incomplete: str) -> Completions:
    """A column of the table on the line."""
    return _quoted([one for one in _columns().items() if one[0].startswith(incomplete)])


def columns(incomplete: str) -> Completions:
    """The last of several columns with commas between them."""
    before, comma, last = incomplete.rpartition(",")
    taken = set(before.split(","))
    found = [one for one in _columns().items() if one[0].startswith(last) and one[0] not in taken]
    return _quoted([(f"{before}{comma}{name}", example) for name, example in found])


def formula(incomplete: str) -> Completions:
    """A formula whose last name is begun."""
    start = 0
    for found in _OPENING.finditer(incomplete):
        start = found.end()
    before, last = incomplete[:start], incomplete[start:]
    pairs = ((_in_formula(name), about) for name, about in _columns().items())
    found_names = [(f"{before}{name}", about) for name, about in pairs if name.startswith(last)]
    if not before:  # on the left side the formula goes on
        found_names = [(f"{name} ~ ", about) for name, about in found_names]
    return _quoted(found_names)


def _in_formula(name: str) -> str:
    """A name as a formula has it: in backticks if it is odd."""
    return name if re.fullmatch(r"[^\W\d][\w.]*", name) else f"`{name}`"


def term(incomplete: str) -> Completions:
    """An estimate of the model on the line, as expressions have it."""
    before = re.split(r"[\s<>=!+*/^(-]", incomplete)[-1]
    start = incomplete[: len(incomplete) - len(before)]
    names = [*_terms(), *_check_kinds()]
    return _quoted([(start + name, "") for name in names if name.startswith(before)])


def check(incomplete: str) -> Completions:
    """The last of several names of checks: of the checks file on the line, or of all there are."""
    before, comma, last = incomplete.rpartition(",")
    names = dict.fromkeys([*_checks_of_the_file(), *_check_kinds()])
    return _quoted([(f"{before}{comma}{name}", "") for name in names if name.startswith(last)])


def words() -> list[str]:
    """The words of the line that is being completed."""
    line = os.environ.get("COMP_WORDS")
    if line is not None:
        return line.split("\n") if "\n" in line else _split(line)
    return _split(os.environ.get("_TYPER_COMPLETE_ARGS", ""))


def _split(line: str) -> list[str]:
    with suppress(ValueError):
        return shlex.split(line)
    return line.split()  # a quote that is not closed yet


def _quoted(found: Completions) -> Completions:
    """In bash blanks have to be escaped here, outside quotes; other shells do it themselves."""
    line = os.environ.get("COMP_WORDS")
    if line is None:
        return found
    try:
        shlex.split(line)
    except ValueError:  # inside a quote that is open
        return found
    return [(re.sub(r"(\s)", r"\\\1", word), about) for word, about in found]


def _safely(make: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
    with suppress(Exception):  # a TAB has nobody to tell
        return make()
    return {}


def _columns() -> Mapping[str, str]:
    """Names of the columns with the first value of each, of the first data file on the line."""
    path = _file(_is_data)
    if path is None:
        here = [path for path in Path().iterdir() if _is_data(path)]
        path = here[0] if len(here) == 1 else None
    return {} if path is None else _safely(lambda: _header(path))


def _is_data(path: Path) -> bool:
    suffix = path.suffixes[-2] if path.suffix == ".gz" and len(path.suffixes) > 1 else path.suffix
    return suffix in _DATA


def _file(wanted: Callable[[Path], bool]) -> Path | None:
    """The first file of a kind on the line."""
    for word in words()[1:]:
        path = Path(word).expanduser()
        with suppress(OSError):
            if wanted(path) and path.is_file():
                return path
    return None


def _header(path: Path) -> dict[str, str]:
    name = path.with_suffix("") if path.suffix == ".gz" else path
    if name.suffix in (".parquet", ".arrow", ".feather", ".ipc"):
        import polars as pl

        read = pl.read_parquet_schema if name.suffix == ".parquet" else pl.read_ipc_schema
        schema = read(path)
        return {column: str(dtype) for column, dtype in schema.items()}
    lines = _lines(path)
    if name.suffix not in _DELIMITED:
        record = json.loads(next(lines))
        return {key: _example(str(value)) for key, value in record.items()}
    first = next(lines)
    separator = "\t" if name.suffix == ".tsv" else next((s for s in ",;\t" if s in first), ",")
    names = next(csv.reader([first], delimiter=separator))
    values = next(csv.reader([next(lines, "")], delimiter=separator), [])
    examples = [*map(_example, values), *[""] * len(names)]
    return dict(zip((name.strip() for name in names), examples, strict=False))


def _lines(path: Path) -> Iterator[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        head = file.read(_HEAD)
    return iter(head.decode("utf-8-sig", "replace").splitlines())


def _example(value: str) -> str:
    return f"e.g. {value[:_LONGEST_EXAMPLE]}" if value else ""


def _terms() -> list[str]:
    """The estimates of the document that the line names as its baseline or model."""

    def read() -> dict[str, str]:
        path = _file(lambda path: path.suffix == ".json")
        document = json.loads(path.read_bytes()) if path is not None else {}
        document = document.get("pooled", document)
        first = next(iter(document["model"]["links"]))
        rows = ((row["parameter"], row["term"]) for row in document["coefficients"])
        found = [f"b[{t}]" if p == first else f"b[{p}:{t}]" for p, t in rows]
        return dict.fromkeys([*found, *(one["parameter"] for one in document["parameters"])], "")

    return list(_safely(read))


def _check_kinds() -> tuple[str, ...]:
    from mlefit.checking.kinds import NAMES

    return NAMES


def _checks_of_the_file() -> list[str]:
    def read() -> dict[str, str]:
        import tomllib

        path = _file(lambda path: path.suffix == ".toml")
        checks = tomllib.loads(path.read_text(encoding="utf-8"))["check"] if path else []
        return {name: "" for one in checks if (name := one.get("name") or one.get("type"))}

    return list(_safely(read))
