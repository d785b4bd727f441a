"""The peers: every script in peers/ is one, PEER_KIND.py, .R or .inp, and says what it needs.

Adding a peer is adding a file. It is told a setting (the family) and a data file, and prints one
line for each coefficient: its name as mlefit has it, a tab, its value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from compare import FailedError, run

PEERS = Path(__file__).with_name("peers")


@dataclass(frozen=True)
class Peer:
    """Another program that fits the same model."""

    name: str
    script: Path
    needs: tuple[str, ...]
    errors: str

    @property
    def reads_parquet(self) -> bool:
        """Whether it is a Python program: R and gretl are given the CSV file."""
        return self.script.suffix == ".py"

    def command(self, setting: str, data: Path, python: str) -> list[str]:
        """Its words for one fit."""
        match self.script.suffix:
            case ".py":
                return [python, str(self.script), setting, str(data)]
            case ".R":
                start = ["Rscript", str(PEERS / "common.R")]
                return [*start, str(self.script), setting, str(data)]
            case _:
                told = [f"DATA={data}", f"SETTING={setting}"]
                return ["env", *told, "gretlcli", "-b", "-q", str(self.script)]

    def installed(self, pythons: Sequence[str]) -> tuple[str, str]:
        """The first Python that has what it needs, and the version of that.

        Raises:
            FailedError: none has.
        """
        for python in pythons:
            with suppress(FailedError):
                return python, self._version(python)
        raise FailedError(f"skipped, {' and '.join(self.needs)} not installed")

    def _version(self, python: str) -> str:
        match self.script.suffix:
            case ".py":
                module = "from importlib.metadata import version as v; "
                told = "'+'.join(f'{x} {v(x)}' for x in " + repr(list(self.needs)) + ")"
                said = run([python, "-c", f"{module}print({told})"]).output
            case ".R":
                named = ", ".join(f"'{name}'" for name in (*self.needs, "data.table"))
                code = (
                    f"v <- sapply(c({named}), function(x) as.character(packageVersion(x)));"
                    "cat('R', as.character(getRversion()), paste(names(v), v))"
                )
                said = run(["Rscript", "-e", code]).output
            case _:
                said = run(["gretlcli", "--version"]).output.splitlines()[0]
        return said.strip()


def find(kind: str) -> dict[str, Peer]:
    """Every peer that has a script for this kind of model."""
    return {peer.name: peer for peer in map(read, sorted(PEERS.glob(f"*_{kind}.*")))}


def read(script: Path) -> Peer:
    """A peer as the head of its script tells it."""
    head = script.read_text()
    needs, errors = (
        re.search(rf"^(?:# )?{what}: (.*)$", head, re.MULTILINE)[1]
        for what in ("Needs", "Standard errors")
    )
    return Peer(script.stem.split("_")[0], script, tuple(needs.split(", ")), errors)
