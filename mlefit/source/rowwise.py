"""Which SQL may stand in `--where`: what can be decided from one row, and nothing else.

polars would run subqueries and table functions, which read files, and take aggregates,
whose value depends on the other rows.
"""

from __future__ import annotations

import re

from mlefit.errors import UsageError

_FUNCTIONS = re.compile(
    r"abs|acos|asin|atan2?|bit_(and|count|length|not|or|xor)|btrim|cast|cbrt|ceil(ing)?"
    r"|char(acter)?_length|coalesce|concat(_ws)?|cos|cot|date(_part)?|degrees|div|ends_with|exp"
    r"|extract|floor|greatest|if(null)?|initcap|interval|least|left|length|ln|log(10|1p|2)?|lower"
    r"|ltrim|mod|nullif|octet_length|pi|position|pow(er)?|radians|regexp_like|replace|reverse|right"
    r"|round|rtrim|sign|sin|split_part|sqrt|starts_with|strftime|strpos|substr(ing)?|tan|timestamp"
    r"|trim|try_cast|upper"
    r"|and|between|case|else|ilike|in|is|like|not|or|rlike|then|when"  # words before a bracket
    r"|char|decimal|float|numeric|time|varchar",  # types with a size
    re.IGNORECASE,
)

_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
# With these a quote may not end where it seems to.
_DECEPTIVE = re.compile(r"[\\$`]|--|/\*")
_CALL = re.compile(r"""(\w+|"")\s*\(""")


def refuse_beyond_a_row(where: str) -> None:
    """Raise a UsageError for a predicate that reads more than the row it is asked about."""
    problem = f"--where {where!r}"
    # Quoted text cannot do anything; what is quoted deceptively is not taken for quoted.
    bare = where if _DECEPTIVE.search(where) else _QUOTED.sub(lambda m: m[0][0] * 2, where)
    if re.search(r"\b(select|table)\b", bare, re.IGNORECASE):
        raise UsageError(
            f"{problem} holds a subquery: it may only look at the columns of its own row",
            tries=["--where 'x > 1'"],
        )
    for name in _CALL.findall(bare):
        if not _FUNCTIONS.fullmatch(name):
            raise UsageError(
                f"{problem}: {name}() is no function of a single row",
                "among those that are: abs, coalesce, greatest, length, ln, lower, round, sqrt",
            )
    if re.search(r"\bover\b", bare, re.IGNORECASE):
        raise UsageError(f"{problem} looks at other rows: OVER has no place in it")
    _refuse_stray_brackets(bare, problem)


def _refuse_stray_brackets(bare: str, problem: str) -> None:
    depth = 0
    for mark in bare:
        depth += (mark == "(") - (mark == ")")
        if depth < 0:
            raise UsageError(f"{problem}: a bracket is closed that was never opened")
