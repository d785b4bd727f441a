"""What a person sees of long work: a line that is gone when anything else is written."""

from __future__ import annotations

import io

import pytest

from mlefit.report import terminal
from mlefit.report.progress import Progress, finished, line


class Terminal(io.StringIO):
    def isatty(self):
        return True


def screened(monkeypatch):
    """A terminal as standard error; pytest has its own again before a fixture is through."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", made := Terminal())
    return made


def at(*times):
    """A clock that shows these times, one after the other."""
    return iter(times).__next__


def test_a_terminal_is_told_after_a_second_and_again_after_a_while(monkeypatch):
    screen = screened(monkeypatch)
    with Progress(now=at(0.0, 0.5, 1.5, 1.52, 2.0)) as progress:
        for done in (1, 2, 3, 4):
            progress.tell("draws", done, 9)
    assert (
        screen.getvalue()
        == "\rdraws: 2 of 9, 7 s left\rdraws: 4 of 9, 2 s left\r" + 25 * " " + "\r"
    )


def test_a_shorter_line_covers_a_longer_one(monkeypatch):
    screen = screened(monkeypatch)
    terminal.draw("a longer line")
    terminal.draw("short", "step 1")
    terminal.wipe()
    terminal.wipe()
    assert screen.getvalue() == "\ra longer line\rshort | step 1\r" + 16 * " " + "\r"
    screen.truncate(0)
    screen.seek(0)
    terminal.draw("four")
    terminal.draw("two")
    terminal.wipe()
    assert screen.getvalue() == "\rfour\rtwo \b\r     \r"


def test_a_line_is_cut_to_the_width_and_what_does_not_fit_behind_it_is_left_out(monkeypatch):
    screen = screened(monkeypatch)
    terminal.draw("x" * 60, "step 3: rise left, log-likelihood -1, and more")
    terminal.draw("x" * 90, "step 3")
    terminal.wipe()
    first, second = screen.getvalue().split("\r")[1:3]
    assert first == "x" * 60
    assert second == "x" * 77
    terminal.draw("x" * 40, "step 3: rise left, log-likelihood -1, and more")
    terminal.wipe()
    assert screen.getvalue().split("\r")[5] == "x" * 40 + " | step 3: rise left"


@pytest.mark.parametrize("write", [terminal.tell, terminal.emit])
def test_the_line_is_gone_before_anything_is_written(monkeypatch, write):
    screen = screened(monkeypatch)
    monkeypatch.setattr("sys.stdout", screen)
    terminal.draw("busy")
    write("a note\n")
    assert screen.getvalue() == "\rbusy\r      \ra note\n"


@pytest.mark.parametrize(
    ("environ", "options"), [({"TERM": "dumb"}, {}), ({}, {"quiet": True})], ids=["dumb", "quiet"]
)
def test_nothing_is_drawn_where_it_is_not_wanted(monkeypatch, environ, options):
    screen = screened(monkeypatch)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with Progress(now=at(0.0, 5.0, 9.0), **options) as progress:
        assert not progress.heard
        progress.tell("draws", 1, 9)
        progress.log("step 1")
        progress.tell("draws", 9, 9)
    assert screen.getvalue() == ""


def test_a_log_has_a_plain_line_for_each_thing_that_was_done(monkeypatch):
    monkeypatch.setattr("sys.stderr", pipe := io.StringIO())
    with Progress(verbose=True, now=at(0.0, 1.0, 2.0, 3.5, 4.0, 4.25)) as progress:
        assert progress.heard
        progress.tell("pass 1 (survey), rows", 0, 2000)
        progress.tell("pass 1 (survey), rows", 1000, 2000)
        progress.tell("pass 1 (survey), rows", 2000, 2000)
        progress.log("step 0: an odd \x1b name")
        progress.tell("columns", 0, 1)
        progress.tell("columns", 1, 1)
    assert pipe.getvalue().splitlines() == [
        "pass 1 (survey): 2,000 rows in 2.5 s",
        "step 0: an odd \\x1b name",
        "columns in 0.25 s",
    ]


def test_a_log_in_a_terminal_takes_the_line_away(monkeypatch):
    screen = screened(monkeypatch)
    with Progress(verbose=True, now=at(0.0, 5.0)) as progress:
        progress.tell("draws", 1, 9)
        progress.log("step 1")
    assert screen.getvalue() == "\rdraws: 1 of 9\r" + 15 * " " + "\rstep 1\n"


def test_an_interruption_leaves_a_clean_line(monkeypatch):
    screen = screened(monkeypatch)

    def interrupted():
        with Progress(now=at(0.0, 5.0)) as progress:
            progress.tell("draws", 1, 9)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert screen.getvalue().endswith("\r" + 15 * " " + "\r")


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (("pass 7 (draw), rows", 250, 1000, 4), "pass 7 (draw): 25% of 1,000 rows, 12 s left"),
        (("pass 7 (search), rows", 250, 1000, 0.4), "pass 7 (search): 25% of 1,000 rows"),
        (("reading a, b, bytes", 12_345, 4e6, 1), "reading a, b: 12 kB of 4.0 MB, 5 min left"),
        (("reading a.csv, bytes", 12_345_678, 0, 3.0), "reading a.csv: 12 MB, 3 s"),
        (("reading a.csv, bytes", 0, 0, 3.0), "reading a.csv, 3 s"),
        (("columns", 0, 1, 100.0), "columns, 2 min"),
        (("tests, models fitted", 3, 10, 9000.0), "tests: 3 of 10 models fitted, 6 h left"),
        (("tests, models fitted", 10, 10, 9.0), "tests: 10 of 10 models fitted"),
        (("writing, rows", 70_000, 0, 2.0), "writing: 70,000 rows, 2 s"),
    ],
)  # fmt: skip
def test_how_far_it_is_in_words(told, shown):
    assert line(*told) == shown


def test_what_was_done_before_is_not_taken_for_speed():
    assert line("draws", 60, 100, 10.0, since=50) == "draws: 60 of 100, 40 s left"


def test_what_is_done_in_words():
    assert finished("reading a.csv, bytes", 1_200, 0.01234) == "reading a.csv: 1.2 kB in 0.0123 s"
    assert finished("reading a.csv, bytes", 700, 2) == "reading a.csv: 700 bytes in 2 s"
    assert finished("columns", 1, 2) == "columns in 2 s"
