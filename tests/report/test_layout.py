from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlefit import report
from mlefit.report import ReportOptions, listing
from mlefit.report.clean import UNPRINTABLE, clean
from mlefit.report.text import column_widths, fold

PIECES = st.lists(st.text("ab c", min_size=1).filter(str.strip), min_size=1)


@given(PIECES, st.integers(20, 60))
def test_folded_lines_keep_every_word_and_the_width(pieces, width):
    lines = fold(pieces, "  ;  ", width, 2)
    assert all(len(line) <= width + 3 for line in lines)
    words = re.findall(r"[abc]", "".join(pieces))
    assert re.findall(r"[abc]", "".join(lines)) == words


def test_a_line_breaks_between_facts_and_keeps_the_sign_at_its_end():
    assert fold(["one fact", "two facts", "three"], " · ", 16, 0) == [
        "one fact ·",
        "  two facts ·",
        "  three",
    ]


def test_a_fact_longer_than_a_line_breaks_between_words():
    assert fold(["some long fact here"], ", ", 12, 2) == ["  some long", "    fact", "    here"]


def test_the_interval_heading_folds_before_a_name_does():
    headings = ["term", "estimate", "95% interval (Wald, observed information)"]
    rows = [["a" * 30, "1.0", "0.9   1.1"]]
    assert column_widths(headings, rows, 1, 100) == [30, 8, 41]
    assert column_widths(headings, rows, 1, 70) == [30, 8, 26]
    assert column_widths(headings, rows, 1, 50) == [24, 8, 12]
    assert column_widths(headings, rows, 1, 10) == [12, 8, 12]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_width_cuts_a_number_or_a_name(odd_result, width):
    def squeezed(width):
        text = report.render(odd_result, ReportOptions(width=width, table="terms"))
        return sorted("".join(text.split()))

    assert squeezed(width) == squeezed(None)


@pytest.mark.parametrize("name", ["poisson", "sample", "odd"])
def test_colour_adds_nothing_to_the_words(name, request):
    result = request.getfixturevalue(f"{name}_result")
    coloured = report.render(result, ReportOptions(width=80, colour=True))
    codes = set(";".join(re.findall(r"\x1b\[([\d;]*)m", coloured)).split(";"))
    assert {"0", "1", "2"} <= codes <= {"0", "1", "2", "31"}  # bold, dim, red on any background
    lines = [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", coloured).splitlines()]
    assert lines == report.render(result, ReportOptions(width=80)).splitlines()


@given(st.text())
def test_clean_text_cannot_steer_a_terminal(text):
    assert UNPRINTABLE.search(clean(text)) is None
    assert clean(text, ascii_only=True).isascii()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\r", "a\\x0ab\\x09c\\x0d"),
        ("\u202eabc", "\\u202eabc"),
        ("\x9b2J", "\\x9b2J"),
        ("byte \udcff", "byte \\udcff"),
        ("größe", "größe"),
    ],
)
def test_what_steers_is_shown_as_its_code(text, shown):
    assert clean(text) == shown


@pytest.mark.parametrize("form", ["text", "md", "csv", "tsv", "json"])
def test_no_report_obeys_a_column_name(odd_result, form):
    text = report.render(odd_result, ReportOptions(format=form))
    assert UNPRINTABLE.sub("", text.replace("\n", "").replace("\t", "")) == text.replace(
        "\n", ""
    ).replace("\t", "")


def test_a_markdown_table_keeps_its_columns_whatever_a_level_is_called(odd_result):
    text = report.render(odd_result, ReportOptions(format="md", table="terms"))
    table = text.split("\n\n")[0].splitlines()
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {8}


def test_a_list_too_wide_for_the_terminal_becomes_blocks():
    rows = [
        {"name": "a", "for": "one thing", "also": ""},
        {"name": "b", "for": "x" * 30, "also": "c"},
    ]
    assert listing.render(rows, ReportOptions(width=20)) == (
        "a\n"
        "  for: one thing\n"
        "b\n"
        "  for: xxxxxxxxxxxxx\n"
        "    xxxxxxxxxxxxxxxx\n"
        "    x\n"
        "  also: c\n"
    )  # fmt: skip
