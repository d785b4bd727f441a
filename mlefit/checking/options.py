"""The keys that a check has of its own in the checks file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from mlefit.errors import UsageError
from mlefit.frozen import frozen

Kind = Literal["text", "texts", "number", "whole"]


@frozen
class Option:
    """A key of a check in the checks file.

    Attributes:
        kind: of its value.
        meaning: for the list of checks.
        default: where it is left out.
        example: of a value, where there is no default.
        needed: whether it must be given.
    """

    kind: Kind
    meaning: str
    default: Any = None
    example: Any = None
    needed: bool = False


def options_of(
    options: Mapping[str, Option], given: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """The options of a check, defaults filled in.

    Args:
        options: those that it has.
        given: the keys and values of a table.
        where: what an error calls the table.

    Raises:
        UsageError: one is needed and not given, or of another kind.
    """
    found = {}
    for key, option in options.items():
        if key in given:
            found[key] = _value(given[key], option, f"'{key}' of {where}")
        elif option.needed:
            raise UsageError(
                f"{where} needs '{key}'", f"for example {key} = {toml(option.example)}"
            )
        else:
            found[key] = option.default
    return found


def toml(value: Any) -> str:
    """A value as TOML has it on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _value(value: Any, option: Option, where: str) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match option.kind:
        case "number" if number:
            return float(value)
        case "whole" if number and value == int(value) and value > 0:
            return int(value)
        case "text" if isinstance(value, str) and value:
            return value
        case "texts" if isinstance(value, str):
            return (value,)
        case "texts" if (
            isinstance(value, list) and value and all(isinstance(one, str) for one in value)
        ):
            return tuple(value)
    words = {
        "number": "a number",
        "whole": "a whole number above 0",
        "text": "a text",
        "texts": "a text or a list of texts",
    }
    raise UsageError(f"{where} must be {words[option.kind]}, and it is {value!r}")
