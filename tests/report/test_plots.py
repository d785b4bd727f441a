"""Pictures as files: the same bytes each time, text that stays text, refusals before the work."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import pytest

from mlefit.errors import UsageError
from mlefit.report import plots
from mlefit.report.pictures import Curve, Frame, Picture, Surface

SAMPLES = Path(__file__).parents[2] / "sample_data"
CURVE = Picture(
    "a curve of $x$ & <y>",
    [
        Curve([0, 1, 2, 3], [0, 1, math.nan, 2], "a name"),
        Curve([0, 1, 2], [1, 2, 3], "another"),
        Curve([0, 1], [0.5, 0.5], base=0.0),
    ],
    Frame("zero", "three", {1.0: "here", 1.1: "near", 2.95: "end"}, least=0.0, across="x", up="y"),
)
POSITIONS = Picture("positions", [Curve([0, 1], [3, 4])], Frame("strong", "weak"))
SURFACE = Picture(
    "a surface",
    (),
    Frame("0", "2", across="mu", up="sigma"),
    Surface(
        [0, 1, 2],
        [0, 1, 2],
        [[5, 2, 5], [2, 0, 2], [5, math.nan, 5]],
        [(1, "50%"), (3, "95%")],
        [(1, 1, "x")],
    ),
)
FAR = Picture("far", (), SURFACE.frame, Surface([0, 1], [0, 1], [[9, 9], [9, 9]], [(1, "50%")]))


def drawn(tmp_path: Path, name: str, *pictures: Picture) -> bytes:
    path = tmp_path / name
    plots.write(pictures, path)
    return path.read_bytes()


def test_an_svg_is_the_same_each_time_and_its_text_is_text(tmp_path):
    first = drawn(tmp_path, "a.svg", CURVE, POSITIONS, SURFACE, FAR)
    assert first == drawn(tmp_path, "b.svg", CURVE, POSITIONS, SURFACE, FAR)
    text = first.decode()
    for words in (
        ">a curve of $x$ &amp; &lt;y&gt;<",
        ">a name<",
        ">another<",
        ">here<",
        ">near<",
        ">strong<",
        ">weak<",
        ">50%<",
        ">sigma<",
    ):
        assert words in text
    assert "<dc:date>" not in text


def test_a_png_is_one_and_is_the_same_each_time(tmp_path):
    first = drawn(tmp_path, "a.png", CURVE)
    assert first.startswith(b"\x89PNG")
    assert first == drawn(tmp_path, "b.png", CURVE)
    assert b"Software" not in first


def test_places_known_by_their_ends_have_no_numbers(tmp_path):
    text = drawn(tmp_path, "a.svg", POSITIONS).decode()
    assert ">strong<" in text
    assert ">0.2<" not in text


def test_ticks_can_have_words(tmp_path):
    bars = Picture("bars", [Curve([0, 1], [1, 2])], Frame("", "", across="x", ticks={0: "lo"}))
    assert ">lo<" in drawn(tmp_path, "a.svg", bars).decode()


def test_nothing_to_draw_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no curve to draw"):
        plots.write([], tmp_path / "a.svg")
    assert not list(tmp_path.iterdir())


def test_a_missing_library_and_a_bad_place_are_refused_before_the_work(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="no directory"):
        plots.check_picture_file(tmp_path / "nowhere" / "a.svg")
    plots.check_picture_file(tmp_path / "a.svg")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="needs matplotlib, which is not installed") as caught:
        plots.check_picture_file(tmp_path / "a.svg")
    assert caught.value.tries[0] == "pip install 'mlefit[plot]'"
