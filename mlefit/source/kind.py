"""Which format a table has: what the user says, else its extension, else its first bytes."""

from __future__ import annotations

from mlefit.errors import DataError, UsageError, did_you_mean
from mlefit.source.place import Place

FORMATS = ("csv", "tsv", "parquet", "ipc", "ndjson")
BINARY = {b"PAR1": "parquet", b"ARROW1": "ipc", b"\xff\xff\xff\xff": "ipc"}
FOREIGN = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"SQLite format 3": "an SQLite database",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\x89HDF": "an HDF5 file",
}


def recognise(place: Place, input_format: str | None) -> tuple[str, tuple[str, ...]]:
    """The format of a table, with a note when its extension is wrong.

    Raises:
        UsageError: `input_format` is unknown.
        DataError: the bytes are no format that can be read.
    """
    if input_format is not None:
        return _named(input_format), ()
    head = place.unpacked_head()
    claimed = place.format_by_name
    found = _by_magic(head)
    if found is not None and found != claimed:
        return found, (_told(place, found),) if claimed is not None else ()
    _refuse_foreign(place, head)
    if claimed in ("parquet", "ipc") and head and found is None and place.compression != "zstd":
        raise DataError(
            f"{place.name} is no {claimed} file", tries=("--input-format csv if it is text",)
        )
    if claimed is None and head.lstrip()[:1] == b"{":
        return "ndjson", ()
    if claimed in ("csv", "tsv") and head.startswith(b'{"'):
        return "ndjson", (_told(place, "ndjson"),)
    return claimed or "csv", ()


def _told(place: Place, found: str) -> str:
    return f"{place.name} is {found} by its first bytes, whatever its extension says"


def refuse_binary(place: Place) -> None:
    """Raise a DataError if the first bytes are not UTF-8 text."""
    head = place.unpacked_head()
    if place.compression == "zstd":
        return
    utf16 = _utf16(head)
    if utf16 is not None:
        raise wrong_encoding(place.name, utf16)
    if b"\0" in head:
        raise DataError(f"{place.name} is binary, not text", "it holds zero bytes")


def wrong_encoding(name: str, encoding: str) -> DataError:
    """The error for text that is not UTF-8, with the command that converts it."""
    path = "FILE" if name == "stdin" else name
    return DataError(
        f"{name} is not UTF-8 text: it looks like {encoding}",
        tries=(f"iconv -f {encoding} -t utf-8 {path} | mlefit fit - ...",),
    )


def _named(input_format: str) -> str:
    aliases = {"arrow": "ipc", "feather": "ipc", "jsonl": "ndjson"}
    folded = input_format.lower().lstrip(".")
    name = aliases.get(folded, folded)
    if name not in FORMATS:
        raise UsageError(
            f"no input format {input_format!r}",
            f"formats: {', '.join(FORMATS)}",
            tries=tuple(f"--input-format {near}" for near in did_you_mean(name, FORMATS)),
        )
    return name


def _by_magic(head: bytes) -> str | None:
    return next((name for magic, name in BINARY.items() if head.startswith(magic)), None)


def _refuse_foreign(place: Place, head: bytes) -> None:
    for magic, what in FOREIGN.items():
        if head.startswith(magic):
            raise DataError(
                f"{place.name} is {what}, which cannot be read",
                tries=("save it as CSV or Parquet",),
            )


def _utf16(head: bytes) -> str | None:
    if not any(head):
        return None
    if head.startswith(b"\xff\xfe") or (len(head) > 3 and head[1] == head[3] == 0):
        return "UTF-16LE" if not head.startswith(b"\xff\xfe") else "UTF-16"
    if head.startswith(b"\xfe\xff"):
        return "UTF-16"
    return "UTF-16BE" if len(head) > 3 and head[0] == head[2] == 0 else None
