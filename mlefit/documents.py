"""Saved documents read back into the records they were written from.

A document says what it is in its first key, `mlefit/KIND/MAJOR`; the module of that name in
`results` has the record. What stands in the JSON is checked against the types of that
record, key by key, so that a file that was edited or cut is refused with the name of the key.
Within a major version keys may be added: unknown ones are passed over, absent ones with a
default get it, and a document of this version comes back as it was, to the last digit.
"""

from __future__ import annotations

import importlib
import json
import math
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from mlefit import results
from mlefit.errors import UsageError, did_you_mean

KINDS = tuple(sorted(module.name for module in pkgutil.iter_modules(results.__path__)))
"""What documents there are."""

STDIN = "-"

_MAJOR = "1"
_WORDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
_NUMBER, _WHOLE = "a number", "a whole number"

R = TypeVar("R")


def read(path: str | Path) -> Any:
    """The record of a saved document.

    Args:
        path: of the file, or `-` for standard input.

    Raises:
        UsageError: it cannot be read, or is no document of mlefit of this major version.
    """
    name = "standard input" if str(path) == STDIN else str(path)
    try:
        raw = sys.stdin.buffer.read() if str(path) == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read '{name}': {error.strerror}") from error
    try:
        return loads(raw.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        raise _no_document(name, "it is not text") from error


def read_as(record: type[R], path: str | Path) -> R:
    """The record of a saved document that must be of a kind.

    Raises:
        UsageError: as `read`, or it is of another kind.
    """
    found = read(path)
    if not isinstance(found, record):
        wanted = kind_of(record)
        raise UsageError(
            f"'{path}' is a document of mlefit {kind_of(type(found))}, and one of mlefit {wanted} "
            "is needed",
            tries=[f"mlefit {wanted} ... -o model.json"],
        )
    return found


def kind_of(record: type) -> str:
    """The kind whose documents a record holds."""
    return record.__module__.rpartition(".")[2]


def loads(text: str, name: str) -> Any:
    """The record of a document's text; `name` is what an error calls it.

    Raises:
        UsageError: it is no document of mlefit of this major version.
    """
    try:
        document = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_once
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _no_document(name, f"it is not JSON: {error.msg}, {where}") from error
    except ValueError as error:
        raise _no_document(name, f"it is not JSON: {error}") from error
    except RecursionError as error:
        raise _no_document(name, "it is not JSON: it is nested too deeply") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, str):
        raise _no_document(name, "it has no 'schema'")
    return _decoded(document, _record_of(schema, name), name, "")


def _record_of(schema: str, name: str) -> type:
    """The record of a schema."""
    program, _, rest = schema.partition("/")
    kind, _, major = rest.partition("/")
    if program != "mlefit" or not major:
        raise _no_document(name, f"its schema is '{schema}'")
    if kind not in KINDS:
        close = did_you_mean(kind, KINDS)
        instead = f"; did you mean mlefit/{close[0]}/{_MAJOR}?" if close else ""
        raise UsageError(
            f"'{name}' has the schema '{schema}', which this version does not know{instead}",
            f"known: {', '.join(f'mlefit/{known}/{_MAJOR}' for known in KINDS)}",
        )
    if major != _MAJOR:
        raise UsageError(
            f"'{name}' has the schema '{schema}', and this version reads mlefit/{kind}/{_MAJOR}",
            "a document is read by the major version that wrote it",
        )
    record: type = importlib.import_module(f"mlefit.results.{kind}").RECORD
    return record


@cache
def _types_of(record: type) -> Mapping[str, Any]:
    return get_type_hints(record)


def _decoded(value: Any, wanted: Any, name: str, key: str) -> Any:
    """The value of a key as its type has it.

    Raises:
        UsageError: it is of another type.
    """
    origin = get_origin(wanted)
    if wanted is Any:
        return value
    if origin is Annotated:
        return _decoded(value, get_args(wanted)[0], name, key)
    if origin in (Union, UnionType):
        return _one_of(value, get_args(wanted), name, key)
    if is_dataclass(wanted):
        return _record(_of_type(value, dict, name, key), wanted, name, key)
    if origin is Mapping:
        inner = get_args(wanted)[1]
        found = _of_type(value, dict, name, key)
        return {k: _decoded(item, inner, name, f"{key}.{k}") for k, item in found.items()}
    if origin is Sequence:
        (inner,) = get_args(wanted)
        listed = enumerate(_of_type(value, list, name, key))
        return tuple(_decoded(item, inner, name, f"{key}[{i}]") for i, item in listed)
    return _scalar(value, wanted, name, key)


def _one_of(value: Any, wanted: Sequence[Any], name: str, key: str) -> Any:
    """The value as the first of several types that it has."""
    if value is None and NoneType in wanted:
        return None
    *others, last = (one for one in wanted if one is not NoneType)
    for one in others:
        with suppress(UsageError):
            return _decoded(value, one, name, key)
    return _decoded(value, last, name, key)


def _record(found: dict[str, Any], record: Any, name: str, key: str) -> Any:
    types = _types_of(record)
    values = {}
    for field in fields(record):
        inner = f"{key}.{field.name}" if key else field.name
        if field.name in found:
            values[field.name] = _decoded(found[field.name], types[field.name], name, inner)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise UsageError(f"'{name}' is incomplete: it has no '{inner}'")
    return record(**values)


def _scalar(value: Any, wanted: type, name: str, key: str) -> Any:
    """A text, a truth or a number; a whole number stays one where any number may stand."""
    if wanted is float:
        if value is None:  # as numbers that are not finite are written
            return math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        raise _ill_typed(value, _NUMBER, name, key)
    if wanted is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise _ill_typed(value, _WHOLE, name, key)
    return _of_type(value, wanted, name, key)


def _of_type(value: Any, wanted: type[R], name: str, key: str) -> R:
    if not isinstance(value, wanted):
        raise _ill_typed(value, _WORDS[wanted], name, key)
    return value


def _ill_typed(value: Any, words: str, name: str, key: str) -> UsageError:
    found = "null" if value is None else _WORDS.get(type(value), _NUMBER)
    return UsageError(f"'{name}' is damaged: '{key}' must be {words}, and it is {found}")


def _no_document(name: str, reason: str) -> UsageError:
    return UsageError(
        f"'{name}' is no document of mlefit: {reason}",
        tries=["mlefit fit ... -o model.json, which writes one"],
    )


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is no number there")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is beyond all numbers")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has the key '{twice}' twice")
    return found
