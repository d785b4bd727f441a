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
    return UNPRINTABLE.sub(_escape, _layout(_plain(record), "")) + "\n"


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _layout(value: Any, indent: str) -> str:
    flat = json.dumps(value, allow_nan=False, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(indent) + len(flat) <= _LINE:
        return flat
    deeper = indent + "  "
    if isinstance(value, dict):
        items = [
            f"{json.dumps(key, ensure_ascii=False)}: {_layout(item, deeper)}"
            for key, item in value.items()
        ]
        opening, closing = "{}"
    else:
        items = [_layout(item, deeper) for item in value]
        opening, closing = "[]"
    body = f",\n{deeper}".join(items)
    return f"{opening}\n{deeper}{body}\n{indent}{closing}"


def _escape(match: Any) -> str:
    # json escapes C0 itself; the line breaks of the layout are the only ones left.
    if match[0] == "\n":
        return "\n"
    number = ord(match[0])
    return f"\\u{number:04x}" if number < 0x10000 else json.dumps(match[0])[1:-1]
