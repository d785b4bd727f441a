"""Pictures of curves: what is drawn where, in braille and in plain letters."""

from __future__ import annotations

import math

import pytest
from rich.cells import cell_len

from mlefit.report.canvas import picture
from mlefit.report.pictures import Curve, Frame

RISING = Curve([0, 1, 2, 3], [0.0, 1.0, 2.0, 3.0], "up")
FALLING = Curve([0, 1, 2, 3], [3.0, 2.0, 1.0, 0.0], "down")
FRAME = Frame("left", "right", {1.0: "here"}, height=4)


def test_a_picture_in_plain_letters():
    assert picture([RISING, FALLING], FRAME, width=29, ascii_only=True) == [
        "3 +bbbb  :       aaaa a up",
        "  |    bbbbbaaaaa",
        "  |   aaaaaabbbbbb",
        "0 +aaa   :        bbb b down",
        "  +------+-----------",
        "         here",
        "   left         right",
    ]


def test_a_picture_in_braille():
    assert picture([RISING, FALLING], FRAME, width=29) == [
        "3 ┤⠉⠒⠤⢄⣀ ┊        ⣀⡠⠤⠒⠉ up",
        "  │     ⠉⠒⠢⢄⣀⣀⡠⠔⠒⠉",
        "  │     ⣀⠤⠔⠊⠉⠉⠑⠢⠤⣀",
        "0 ┤⣀⠤⠒⠊⠉ ┊        ⠉⠑⠒⠤⣀ down",
        "  └──────┴─────────────",
        "         here",
        "   left           right",
    ]


def test_a_straight_line_in_braille_fills_the_diagonal():
    lines = picture([Curve([0, 1], [0, 1])], Frame("a", "b", height=4), width=24)
    cells = [line.partition("┤")[2] or line.partition("│")[2] for line in lines[:4]]
    columns = len(max(cells, key=len))
    for row, text in enumerate(cells):
        drawn = [i for i, sign in enumerate(text) if 0x2800 < ord(sign) <= 0x28FF]
        # the quarter of the columns that the line crosses at this height
        assert min(drawn) >= (3 - row) * columns / 4 - 1.5
        assert max(drawn) <= (4 - row) * columns / 4 + 1.5
    dots = sum(bin(ord(s) - 0x2800).count("1") for c in cells for s in c if ord(s) >= 0x2800)
    assert dots == 2 * columns, "one dot in every column of dots"


@pytest.mark.parametrize("width", [30, 47, 80, 120])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_no_line_is_wider_than_asked(width, ascii_only):
    curves = [Curve([0, 1, 5], [1e-9, -4e7, 3.0], "a name that is far too long for a margin")]
    lines = picture(curves, FRAME, width=width, ascii_only=ascii_only)
    assert max(map(cell_len, lines)) <= max(width, 48)
    assert ascii_only == "".join(lines).isascii()


def test_names_stand_at_the_ends_and_make_room_for_each_other():
    curves = [Curve([0, 1], [0, 5 + 0.01 * i], f"n{i}") for i in range(3)]
    lines = picture(curves, Frame("a", "b", height=6), width=40)
    assert [line.rsplit(" ", 1)[1] for line in lines[:3]] == ["n0", "n1", "n2"]


def test_ticks_say_top_bottom_and_zero_where_it_is_between():
    lines = picture([Curve([0, 1], [-1, 3])], Frame("a", "b", height=9), width=40)
    assert lines[0].startswith(" 3 ┤")
    assert lines[6].startswith(" 0 ┤")
    assert "┈" in lines[6]
    assert lines[8].startswith("-1 ┤")


def test_ticks_have_the_digits_that_tell_them_apart():
    lines = picture([Curve([0, 1], [1000.001, 1000.002])], Frame("a", "b", height=8), width=40)
    shown = [line.split("┤")[0].strip() for line in lines if "┤" in line]
    assert len(set(shown)) == len(shown) == 3


def test_marks_have_a_line_and_their_words_share_one_below_where_they_fit():
    frame = Frame("a", "b", {0.2: "one", 0.8: "two"}, height=5)
    lines = picture([RISING], frame, width=60)
    assert lines[6].split() == ["one", "two"]
    assert lines[6].index("one") == lines[5].index("┴")
    crowded = picture([RISING], Frame("a", "b", {0.2: "one", 0.3: "two"}), width=60)
    assert [line.strip() for line in crowded[13:15]] == ["one", "two"]


def test_a_mark_at_the_right_end_has_its_words_to_the_left():
    lines = picture([RISING], Frame("a", "b", {3.0: "the end"}, height=5), width=40)
    assert lines[6].rstrip().endswith("the end")
    assert len(lines[6]) == len(lines[5])


@pytest.mark.parametrize("hole", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_a_gap(hole):
    whole = picture([Curve([0, 1, 2, 3], [0, 0, 0, 0.0])], Frame("a", "b"), width=60)
    broken = picture([Curve([0, 1, 2, 3], [0, hole, 0, 0.0])], Frame("a", "b"), width=60)
    drawn = [sum(0x2800 < ord(s) <= 0x28FF for s in "".join(lines)) for lines in (whole, broken)]
    assert 0 < drawn[1] < 0.6 * drawn[0]


@pytest.mark.parametrize("curves", [[], [Curve([], [])], [Curve([0, 1], [math.nan] * 2)]])
def test_nothing_to_draw_is_no_picture(curves):
    assert picture(curves, FRAME, width=60) == []


def test_a_floor_cuts_off_what_lies_below_and_keeps_the_width():
    curve = Curve([0, 1, 2, 3], [-1e9, 1.0, 2.0, 3.0])
    lines = picture([curve], Frame("a", "b", height=5, least=0.0), width=60)
    assert lines[4].startswith("1 ┤")
    cells = [line.partition("┤")[2] or line.partition("│")[2] for line in lines[:5]]
    first = min(i for text in cells for i, sign in enumerate(text) if 0x2800 < ord(sign) <= 0x28FF)
    assert first == pytest.approx(len(max(cells, key=len)) / 3, abs=2)


def test_one_point_and_a_level_line_are_drawn():
    for curve in (Curve([2.0], [5.0]), Curve([0, 1], [0.0, 0.0])):
        lines = picture([curve], Frame("a", "b"), width=40)
        assert any(0x2800 < ord(sign) <= 0x28FF for sign in "".join(lines))
