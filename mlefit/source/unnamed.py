"""A temporary file that has no name, so that the system takes it back however a process ends."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import weakref
from pathlib import Path

from mlefit.errors import DataError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_ELSEWHERE = ("TMPDIR=/a/larger/disk mlefit ...", "a larger --max-memory")


class Unnamed:
    """A file that is there for as long as somebody holds it.

    Attributes:
        folder: on whose disk it is: what TMPDIR says, else /var/tmp, for /tmp may lie in memory
            (Filesystem Hierarchy Standard 3.0, 5.15).
        number: its descriptor.

    Raises:
        DataError: no file can be made there.
    """

    def __init__(self) -> None:
        given, large = os.environ.get("TMPDIR"), Path("/var/tmp")
        is_there = not given and large.is_dir() and os.access(large, os.W_OK)
        try:
            self.folder = str(large) if is_there else tempfile.gettempdir()
            with tempfile.TemporaryFile(dir=self.folder) as file:
                self.number = os.dup(file.fileno())
        except OSError as error:
            raise DataError(
                f"no temporary file can be made in {given or large}: {error.strerror}",
                tries=_ELSEWHERE,
            ) from error
        weakref.finalize(self, os.close, self.number)

    @property
    def path(self) -> str:
        """What opens it anew within this process."""
        own = Path(f"/proc/self/fd/{self.number}")
        return str(own) if own.exists() else f"/dev/fd/{self.number}"

    def require(self, size: int) -> None:
        """Refuse to begin where the disk has not so many bytes.

        Raises:
            DataError: it has not.
        """
        free = shutil.disk_usage(self.folder).free
        if size > free:
            raise DataError(
                f"no room for the rows in {self.folder}: they take about {size / 1e9:,.1f} GB, "
                f"and {free / 1e9:,.1f} GB are free",
                tries=_ELSEWHERE,
            )

    def write(self, data: memoryview | bytes, at: int) -> None:
        """Write bytes from a position on.

        Raises:
            DataError: the disk is full.
        """
        rest = memoryview(data)
        try:
            while rest:
                done = os.pwrite(self.number, rest, at)
                rest, at = rest[done:], at + done
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise DataError(
                f"no room for the rows in {self.folder}: it is full after {at / 1e9:,.1f} GB",
                tries=_ELSEWHERE,
            ) from error

    def read_into(self, data: memoryview, at: int) -> None:
        """Fill a buffer with the bytes from a position on."""
        while data:
            done = os.preadv(self.number, [data], at)
            if not done:
                raise OSError(errno.EIO, "a temporary file ends too early")
            data, at = data[done:], at + done
