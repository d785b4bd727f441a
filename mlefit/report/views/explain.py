"""What an explanation looks like: numbered steps in a terminal, LaTeX in Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rich.cells import cell_len

from mlefit.frozen import frozen
from mlefit.report.clean import clean
from mlefit.report.markdown import clean_lines, escaped
from mlefit.report.options import ReportOptions
from mlefit.report.pictures import Picture
from mlefit.report.signs import in_ascii
from mlefit.report.tables import Row
from mlefit.results.explain import Explanation, Line, Step

COLUMNS = ("step", "name", "text", "latex", "expression", "value")

# columns of a page in a pipe, and of the gutter that titles stand in
_WIDTH = 100
_NARROW = 60
_ELSE = ", else "
_BREAKABLE = {"=", "+", "−", "-", "if", "else"}
_UNBROKEN = "\N{NO-BREAK SPACE}"


@frozen
class ExplanationView:
    """An explanation in every format."""

    page: Explanation
    table_names = ("formulas",)

    def render(self, record: object, options: ReportOptions) -> str:
        """The page in the format of the options, ending in a line break."""
        if options.format == "json":
            from mlefit.report import document

            return document.dumps(record if options.table is None else self._rows())
        if options.format in {"csv", "tsv"}:
            from mlefit.report import delimited

            return delimited.write_rows(COLUMNS, self._rows(), options.format)
        if options.table is not None:
            return self._listed(options)
        if options.format == "md":
            text = "\n\n".join(_markdown(self.page)) + "\n"
            return clean_lines(text, ascii_only=options.ascii_only)
        return _text(self.page, options)

    def pictures(self) -> Sequence[Picture]:
        """There are none."""
        return ()

    def _listed(self, options: ReportOptions) -> str:
        """Every formula alone, for a person."""
        from mlefit.report import listing

        key = "latex" if options.format == "md" else "text"
        shown = [
            {
                "step": str(row["step"]),
                "formula": str(row["name"]),
                key: in_ascii(str(row[key])) if options.ascii_only else str(row[key]),
            }
            for row in self._rows()
        ]
        return listing.render(shown, options)

    def _rows(self) -> list[Row]:
        """One row for each formula."""
        return [
            {
                "step": step.title,
                "name": formula.name,
                "text": formula.text,
                "latex": formula.latex,
                "expression": formula.expression,
                "value": formula.value,
            }
            for step in self.page.steps
            for line in step.lines
            for formula in line.formulas
        ]


def view(page: Explanation) -> ExplanationView:
    """What a report of an explanation shows."""
    return ExplanationView(page)


def _text(page: Explanation, options: ReportOptions) -> str:
    from mlefit.report.text import Page

    out = Page(options)
    width = options.width or _WIDTH
    out.line([_safe(page.title, options)], style="bold")
    if page.chain:
        out.line([_safe(" → ".join(page.chain), options)])
    if page.data is not None:
        data = page.data
        out.line([f"{data.source}: {data.rows_used:,} of {data.rows_read:,} rows"])
    out.line()
    gutter = _gutter(page, width)
    numbered = any(step.number for step in page.steps)
    for step in page.steps:
        for line in _step_lines(step, gutter, width, options, numbered=numbered):
            out.drawn(line)
    if page.see_also:
        out.line()
        out.line(["see also:", *page.see_also], "  ")
    return out.text()


def _gutter(page: Explanation, width: int) -> int:
    """Columns of numbers and titles; 0 where a title stands on a line of its own."""
    titles = [cell_len(step.title) for step in page.steps]
    if width < _NARROW or not any(titles):
        return 0
    numbered = 3 if any(step.number for step in page.steps) else 0
    return 1 + numbered + max(titles) + 2


def _step_lines(
    step: Step, gutter: int, width: int, options: ReportOptions, *, numbered: bool
) -> Iterator[str]:
    number = f"{step.number or ' '}  " if numbered else ""
    head = f" {number}{step.title}" if step.title else ""
    lines = [piece for line in step.lines for piece in _folded(line, width - gutter - 2, options)]
    if not gutter:
        if head:
            yield head
        yield from (f"  {line}" for line in lines)
        return
    for index, line in enumerate(lines):
        yield f"{head if index == 0 else '':<{gutter}}{line}"


def _folded(line: Line, width: int, options: ReportOptions) -> list[str]:
    """Words and formulas on as few lines as the width allows, formulas broken at their signs."""
    if len(line.formulas) == 1 and not line.words and _ELSE in line.formulas[0].text:
        return _cases(_safe(line.formulas[0].text, options), width)
    formulas = [_held(_safe(formula.text, options), width - 4) for formula in line.formulas]
    words, after = _safe(line.words, options), _safe(line.after, options)
    pieces = [*([words] if words else []), *formulas, *([after] if after else [])]
    whole = "   ".join(pieces) if not words else f"{words} {'   '.join(pieces[1:])}".rstrip()
    if cell_len(whole) <= width:
        return [whole.replace(_UNBROKEN, " ")]
    found: list[str] = []
    for index, piece in enumerate(pieces):
        later = "  " if index or not words else ""
        first = "  " if index and words else ""
        found += _wrapped(piece, width, first, later + "  " if formulas else later)
    return found


def _wrapped(piece: str, width: int, first: str, later: str) -> list[str]:
    lines = textwrap.wrap(
        piece,
        max(width, 20),
        initial_indent=first,
        subsequent_indent=later,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return [line.replace(_UNBROKEN, " ") for line in lines]


def _cases(formula: str, width: int) -> list[str]:
    """One case a line, under each other."""
    first, *others = formula.split(_ELSE)
    left = first.find(" = ") + 3
    indent = left if max(map(cell_len, others)) + left + 5 <= width else 4
    found = _wrapped(_held(f"{first},", width - 4), width, "", "    ")
    for number, case in enumerate(others, 1):
        comma = "," if number < len(others) else ""
        held = _held(f"else {case}{comma}", width - indent - 4)
        found += _wrapped(held, width, " " * indent, " " * (indent + 4))
    return found


def _held(formula: str, width: int) -> str:
    """The formula with blanks to break at around its outer signs, and inner ones if it must be."""
    text = formula
    for depth in range(4):
        text = _held_within(formula, depth)
        if max(map(cell_len, text.split(" "))) <= width:
            break
    return text


def _held_within(formula: str, depth: int) -> str:
    """The formula with blanks to break at in no more brackets than so many."""
    text, inside = "", 0
    for before, part in pairwise(["", *formula.split(" ")]):
        inside += before.count("(") - before.count(")")
        may_break = inside <= depth and (part in _BREAKABLE or before.endswith(","))
        text += (" " if may_break else _UNBROKEN) + part
    return text[1:]


def _safe(text: str, options: ReportOptions) -> str:
    return clean(in_ascii(text) if options.ascii_only else text, ascii_only=options.ascii_only)


def _markdown(page: Explanation) -> Iterator[str]:
    yield f"### {escaped(page.title)}"
    if page.chain:
        yield escaped(" → ".join(page.chain))
    if page.data is not None:
        yield f"{escaped(page.data.source)}: {page.data.rows_used:,} rows"
    for step in page.steps:
        number = f"{step.number}. " if step.number is not None else ""
        if step.title:
            yield f"#### {number}{escaped(step.title)}"
        for line in step.lines:
            yield _markdown_line(line)
    if page.see_also:
        yield "see also: " + ", ".join(f"`{one}`" for one in page.see_also)


def _markdown_line(line: Line) -> str:
    if not line.words and not line.after and len(line.formulas) == 1:
        return f"$${line.formulas[0].latex}$$"
    pieces = [escaped(line.words)] if line.words else []
    pieces += [f"${formula.latex}$" for formula in line.formulas]
    pieces += [escaped(line.after)] if line.after else []
    return " ".join(pieces)
