"""Documents: strict JSON, keys in the order of the records."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from mlefit.report.clean import UNPRINTABLE

_LINE = 96


def dumps(record: object) -> str:
    """JSON text of records, mappings, sequences and scalars; NaN and infinity become null.

    What fits on a line stays on one, so that a matrix reads as a matrix.
    """
    return _layout(record, "") + "\n"


def _layout(value: object, indent: str) -> str:
    """The text of a value: from its items up, for of a matrix there are millions."""
    if isinstance(value, float):
        return float.__repr__(value) if math.isfinite(value) else "null"
    if isinstance(value, str):
        # json escapes C0 itself
        return UNPRINTABLE.sub(_escape, json.dumps(value, ensure_ascii=False))
    deeper = indent + "  "
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        items = [f"{_layout(str(key), '')}: {_layout(item, deeper)}" for key, item in value.items()]
        opening, closing = "{}"
    elif isinstance(value, Sequence):
        items = [_layout(item, deeper) for item in value]
        opening, closing = "[]"
    else:
        return json.dumps(value, allow_nan=False)
    length = len(indent) + 2 + sum(map(len, items)) + 2 * max(len(items) - 1, 0)
    if length <= _LINE and not any("\n" in item for item in items):
        return opening + ", ".join(items) + closing
    body = f",\n{deeper}".join(items)
    return f"{opening}\n{deeper}{body}\n{indent}{closing}"


def _escape(match: Any) -> str:
    number = ord(match[0])
    return f"\\u{number:04x}" if number < 0x10000 else json.dumps(match[0])[1:-1]
