"""Files that are uploaded: written in pieces under a random name for the service alone, and soon deleted.

They lie in `$VEDETTE_HOME/uploads` (mode 0600 in a folder of mode 0700). Processes on several machines need that
folder in common, since a worker reads what the console received.
"""

import contextlib
import hashlib
import os
import secrets
import shutil
import time
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vedette.foundation import config

MIB: Final = 1024 * 1024
_NAME_BYTES: Final = 24
_LONGEST_NAME: Final = 150
_ROOM_LEFT: Final = 512 * MIB
"""What stays free on the disk whatever is uploaded: the database may lie on it."""
_LOOK_EVERY: Final = 64 * MIB
_LEFT_OVER_SECONDS: Final = 3600


class UploadError(Exception):
    """The file was not taken. `reason`: `size` above the limit, `room` when the disk is full."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Received:
    """A whole file: its name in the folder, bytes, SHA-256 in hex."""

    stored_as: str
    size: int
    sha256: str

    def discard(self) -> None:
        """Delete it."""
        delete(self.stored_as)


class Incoming:
    """A file while it comes in. Use `write`, then `finish`; `abandon` when it does not come to its end."""

    def __init__(self) -> None:
        """Begin. UploadError when there is no room."""
        self._most = most_bytes()
        self._name = secrets.token_urlsafe(_NAME_BYTES)
        self._digest = hashlib.sha256()
        self.size = self._looked_at = 0
        folder = _folder()
        if _is_full(folder):
            raise UploadError("room")
        self._file = os.fdopen(
            os.open(folder / self._name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb"
        )

    def write(self, piece: bytes) -> None:
        """Take a piece; UploadError (and nothing is left) when it is too much."""
        self.size += len(piece)
        if self.size > self._most:
            self.abandon()
            raise UploadError("size")
        if self.size - self._looked_at > _LOOK_EVERY:
            self._looked_at = self.size
            if _is_full(_folder()):
                self.abandon()
                raise UploadError("room")
        self._digest.update(piece)
        try:
            self._file.write(piece)
        except OSError:
            self.abandon()
            raise UploadError("room") from None

    def finish(self) -> Received:
        """Close the file and give what it is. UploadError when its last bytes found no room."""
        try:
            self._file.close()
        except OSError:
            self.abandon()
            raise UploadError("room") from None
        return Received(self._name, self.size, self._digest.hexdigest())

    def abandon(self) -> None:
        """Delete what came so far."""
        with contextlib.suppress(OSError):
            self._file.close()
        delete(self._name)


def most_bytes() -> int:
    """How large a file may be (VEDETTE_SCAN_MB)."""
    return config.current().scan_megabytes * MIB


def path_of(stored_as: str) -> Path:
    """Where a file lies."""
    return config.current().home / "uploads" / stored_as


def delete(stored_as: str) -> None:
    """Delete a file; none is fine too."""
    if stored_as:
        path_of(stored_as).unlink(missing_ok=True)


def left_over(wanted: Collection[str]) -> list[str]:
    """Name files that nobody wants any more and that nobody has written to for an hour."""
    folder = config.current().home / "uploads"
    old = time.time() - _LEFT_OVER_SECONDS
    found = []
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(folder):
            with contextlib.suppress(FileNotFoundError):
                if entry.name not in wanted and entry.stat(follow_symlinks=False).st_mtime < old:
                    found.append(entry.name)
    return found


def clean_name(name: str) -> str:
    """Give the last part of a file's name without what could deceive or break: control and direction characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in last if unicodedata.category(letter)[0] not in "CZ" or letter == " ")
    shown = " ".join(unicodedata.normalize("NFC", shown).split())
    if len(shown) > _LONGEST_NAME:
        stem, dot, kind = shown.rpartition(".")
        kind = f"…{dot}{kind}" if stem and len(kind) < 10 else "…"  # noqa: PLR2004 - as long as endings of names are
        shown = shown[: _LONGEST_NAME - len(kind)] + kind
    return shown or "upload"


def _is_full(folder: Path) -> bool:
    return shutil.disk_usage(folder).free < _ROOM_LEFT


def _folder() -> Path:
    folder = config.current().home / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
