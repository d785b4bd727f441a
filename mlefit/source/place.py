"""Where the bytes are: a file, several, a directory, a URL or standard input."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import BinaryIO, TextIO

import polars as pl

from mlefit.errors import DataError, UsageError, did_you_mean
from mlefit.frozen import frozen
from mlefit.memory import NOT_ENOUGH, expect_network, patient
from mlefit.source.unnamed import Unnamed

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
HEAD_BYTES = 4096
_PART = 1 << 20
FORMAT_OF = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "ipc",
    ".arrows": "ipc",
    ".feather": "ipc",
    ".ipc": "ipc",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
}
COMPRESSION_OF = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}


@frozen
class Place:
    """Where a table lies.

    Attributes:
        name: as the user gave it, or "stdin".
        target: what polars scans: paths or a URL, or the bytes of standard input.
        head: the first bytes as stored; empty for a URL.
        spilled: the file of a pipe that is too long for memory, open as long as it is read.
    """

    name: str
    target: tuple[str, ...] | bytes
    head: bytes
    spilled: Unnamed | None = field(default=None, repr=False)

    @property
    def compression(self) -> str | None:
        """Decided by magic bytes, for a URL by extension: gzip, zstd or None."""
        if self.head.startswith(GZIP):
            return "gzip"
        if self.head.startswith(ZSTD):
            return "zstd"
        if not self.head and isinstance(self.target, tuple):
            return COMPRESSION_OF.get(_suffixes(self.target[0])[-1:][0])
        return None

    @property
    def is_remote(self) -> bool:
        """Whether it is named by a URL."""
        return not isinstance(self.target, bytes) and "://" in self.target[0]

    @property
    def stored(self) -> int | None:
        """Bytes of all files as they are stored; None for a URL."""
        if isinstance(self.target, bytes):
            return len(self.target)
        if self.is_remote:
            return None
        return sum(Path(path).stat().st_size for path in self.target)

    @property
    def format_by_name(self) -> str | None:
        """The format its extension claims, below any compression."""
        return _format_of(self.name if isinstance(self.target, bytes) else self.target[0])

    def scannable(self) -> list[str] | bytes:
        """What a polars scan takes."""
        return self.target if isinstance(self.target, bytes) else list(self.target)

    def contents(self) -> list[bytes]:
        """The bytes of every file, gunzipped where they are gzipped."""
        if isinstance(self.target, bytes):
            stored = [self.target]
        else:
            stored = [Path(path).read_bytes() for path in self.target]
        return [gzip.decompress(raw) if raw.startswith(GZIP) else raw for raw in stored]

    def unpacked_head(self) -> bytes:
        """The first bytes below a gzip layer; those of other layers as stored."""
        if self.compression != "gzip" or not self.head:
            return self.head
        # A partial read of a truncated member still shows its first bytes.
        return zlib.decompressobj(wbits=31).decompress(self.head, HEAD_BYTES)


def locate(data: str | Path | None, most_bytes: int | None = None) -> Place:
    """Find what the user named.

    Args:
        data: a path, a URL, or "-" and None for standard input.
        most_bytes: more of a pipe are kept in a file; None for memory whatever comes.

    Raises:
        DataError: nothing is there, or it cannot be read.
        UsageError: nothing was named and standard input is a terminal.
    """
    if data is None or str(data) == "-":
        return _stdin(most_bytes)
    name = str(data)
    if "://" in name:
        expect_network()
        return Place(name, (name,), b"")
    path = Path(name).expanduser()
    with readable(name):
        if path.is_dir():
            return _files(name, _data_files(path, name))
        if path.is_fifo():
            return _pipe(path, name, most_bytes)
        if path.exists():
            return _files(name, [path])
        if any(mark in name for mark in "*?["):
            return _files(name, _matches(path, name))
    raise _missing_file(path, name)


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn what polars, zlib and the system say about `name` into a DataError."""
    try:
        yield
    except PermissionError as error:
        raise DataError(f"cannot read {name}: permission denied") from error
    except pl.exceptions.PanicException as error:  # no Exception to Python
        raise DataError(f"{name} is damaged: its parts contradict one another") from error
    except (pl.exceptions.PolarsError, OSError, EOFError, zlib.error) as error:
        raise unreadable(name, error) from error


def unreadable(name: str, error: BaseException) -> DataError:
    """The error for a file that a library could not read, with its first line as evidence."""
    said = next(iter(str(error).splitlines()), type(error).__name__)
    if "Cannot allocate memory" in said:
        return DataError(f"{NOT_ENOUGH} to read {name}", said)
    cut = any(word in said for word in ("unexpected end", "end-of-stream", "fill whole buffer"))
    if "CRC" in said or "incorrect data check" in said:
        return DataError(f"{name} is damaged: its checksum does not fit", said)
    if cut or "must end with PAR1" in said or "InvalidFooter" in said:
        return DataError(f"{name} is cut off or damaged: its end is missing", said)
    return DataError(f"cannot read {name}", said)


def _suffixes(path: str) -> list[str]:
    return [suffix.lower() for suffix in Path(path.split("?")[0]).suffixes[-2:]] or [""]


def _format_of(path: str) -> str | None:
    suffixes = [suffix for suffix in _suffixes(path) if suffix not in COMPRESSION_OF]
    return FORMAT_OF.get(suffixes[-1]) if suffixes else None


def _stdin(most_bytes: int | None) -> Place:
    stdin: TextIO | None = sys.stdin
    if stdin is None or stdin.isatty():
        raise UsageError(
            f"no data: standard input is {'a terminal' if stdin else 'closed'}",
            tries=("name a file: mlefit fit data.csv ...", "cat data.csv | mlefit fit - ..."),
        )
    with readable("stdin"), patient():
        return _drained(stdin.buffer, "stdin", "standard input", most_bytes)


def _pipe(path: Path, name: str, most_bytes: int | None) -> Place:
    """What `<(command)` names: it can be read once, and only to its end."""
    with patient(), path.open("rb") as pipe:
        return _drained(pipe, name, name, most_bytes)


def _drained(pipe: BinaryIO, name: str, spoken: str, most_bytes: int | None) -> Place:
    """All that a pipe gives, in memory or in a file."""
    parts: list[bytes] = []
    size, spilled = 0, None
    while part := pipe.read(_PART):
        if spilled is None and most_bytes is not None and size + len(part) > most_bytes:
            spilled = Unnamed()
            content = b"".join(parts)
            spilled.write(content, 0)
            parts = [content[:HEAD_BYTES]]
        if spilled is None:
            parts.append(part)
        else:
            spilled.write(part, size)
        size += len(part)
    if not size:
        raise DataError(f"{spoken} is empty")
    content = b"".join(parts)
    if spilled is None:
        return Place(name, content, content[:HEAD_BYTES])
    return Place(name, (spilled.path,), content[:HEAD_BYTES], spilled)


def _files(name: str, paths: list[Path]) -> Place:
    with paths[0].open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise DataError(f"{paths[0]} is empty")
    for path in paths[1:]:
        if not os.access(path, os.R_OK):
            raise DataError(f"cannot read {path}: permission denied")
    return Place(name, tuple(map(str, paths)), head)


def _data_files(directory: Path, name: str) -> list[Path]:
    files = [
        path
        for path in sorted(directory.rglob("*"))
        if path.is_file() and _format_of(path.name) and path.name[0] not in "._"
    ]
    if not files:
        raise DataError(f"no data file in the directory {name}", _listing(directory))
    kinds = sorted({str(_format_of(path.name)) for path in files})
    if len(kinds) > 1:
        raise DataError(
            f"the directory {name} mixes {' and '.join(kinds)} files",
            tries=(f"a pattern: '{Path(name) / '*.csv'}'",),
        )
    return files


def _matches(path: Path, name: str) -> list[Path]:
    found = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    files = [match for match in found if match.is_file()]
    if not files:
        raise DataError(f"no file matches {name!r}")
    return files


def _missing_file(path: Path, name: str) -> DataError:
    if path.is_symlink():
        return DataError(
            f"{name} is a link that leads nowhere", f"it says {str(path.readlink())!r}"
        )
    if not path.parent.is_dir():
        return DataError(f"no file {name}: there is no directory {path.parent}")
    siblings = sorted(entry.name for entry in path.parent.iterdir())
    close = tuple(str(path.parent / near) for near in did_you_mean(path.name, siblings))
    return DataError(f"no file {name}", tries=close)


def _listing(directory: Path) -> str:
    names = sorted(entry.name for entry in directory.iterdir())[:6]
    return f"it holds: {', '.join(names)}" if names else "it is empty"
