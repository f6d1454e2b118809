"""Read-only view of a folder, a zip archive or one file, with limits that a hostile archive cannot pass."""

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

from vedette_facts.limits import (
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_RATIO,
    MAX_TOTAL_BYTES,
    UnreadableError,
)

_CHUNK = 1024 * 1024
_UNPACKED_FREELY = 1024 * 1024
"""Small files may pack to almost nothing; the ratio is asked above this."""
_READ_ERRORS = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What reading a file or an entry of an archive raises: RuntimeError is how `zipfile` refuses an encrypted entry and,
as a kind of it, a packing method that it does not know (CPython, Lib/zipfile); the others are broken bytes."""


class Tree(Protocol):
    """Files by their path with forward slashes, relative to the root of the acquisition."""

    def names(self) -> list[str]: ...  # noqa: D102 - the class says it

    def size(self, name: str) -> int: ...  # noqa: D102 - bytes, as the folder or archive claims; 0 when it cannot tell

    def read(self, name: str) -> bytes: ...  # noqa: D102 - whole content; UnreadableError


class Folder:
    """A folder on disk. Symbolic links are not followed: they may lead out of the acquisition."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._budget = Budget()

    def names(self) -> list[str]:
        """List the regular files, sorted; UnreadableError when there are too many."""
        found: list[str] = []
        for path in self._walk():
            if len(found) == MAX_FILES:
                raise UnreadableError(f"The folder holds more than {MAX_FILES:,} files.")
            found.append(path.relative_to(self._root).as_posix())
        return sorted(found)

    def _walk(self) -> Iterator[Path]:
        for folder, _, files in os.walk(self._root, followlinks=False):
            for name in files:
                path = Path(folder, name)
                if not path.is_symlink() and path.is_file():
                    yield path

    def size(self, name: str) -> int:
        """Size of a file in bytes; 0 when it is gone."""
        try:
            return (self._root / name).lstat().st_size
        except OSError:
            return 0

    def read(self, name: str) -> bytes:
        """Read one file; UnreadableError when it is too large or cannot be read."""
        path = self._root / name
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                raise UnreadableError("It is not a regular file.")
            self._budget.spend(path.stat().st_size)
            with path.open("rb") as file:
                return file.read(MAX_FILE_BYTES)
        except OSError as error:
            raise UnreadableError(f"It could not be read: {error.strerror}.") from None


class Archive:
    """A zip archive. Entries are read in pieces, so that a bomb is noticed before it fills the memory."""

    def __init__(self, path: Path, password: str = "") -> None:
        """Open it. UnreadableError when it is no zip archive, or a broken one."""
        self._budget = Budget()
        self._password = password.encode() or None
        try:
            self._zip = zipfile.ZipFile(path)
        except _READ_ERRORS as error:
            raise UnreadableError(f"It is not a readable zip archive: {error}.") from None
        self._entries = {}
        for entry in self._zip.infolist():
            if not entry.is_dir() and _is_inside(entry.filename):
                self._entries[entry.filename] = entry
        if len(self._entries) > MAX_FILES:
            raise UnreadableError(f"The archive holds more than {MAX_FILES:,} files.")

    def names(self) -> list[str]:
        """List the files; names that lead out of the archive are left out."""
        return sorted(self._entries)

    def size(self, name: str) -> int:
        """Size of a file unpacked, in bytes, as its header claims."""
        return self._entries[name].file_size

    def read(self, name: str) -> bytes:
        """Unpack one file; UnreadableError when it is encrypted, broken, too large or packed too well."""
        entry = self._entries[name]
        if entry.flag_bits & 1 and self._password is None:
            raise UnreadableError("It is encrypted and no password was given.")
        # what the header says is a claim: what is really unpacked is counted again below
        self._budget.allow(entry.file_size)
        pieces, size = [], 0
        try:
            with self._zip.open(entry, pwd=self._password) as file:
                while piece := file.read(_CHUNK):
                    size += len(piece)
                    self._budget.allow(size)
                    if size > _UNPACKED_FREELY and size > MAX_RATIO * max(entry.compress_size, 1):
                        raise UnreadableError(f"It unpacks to more than {MAX_RATIO} times its size.")
                    pieces.append(piece)
        except _READ_ERRORS as error:
            raise UnreadableError(f"It could not be unpacked: {error}.") from None
        self._budget.spend(size)
        return b"".join(pieces)


class Single:
    """One file that is the whole acquisition; `name`: what it was called where it was taken."""

    def __init__(self, path: Path, name: str = "") -> None:
        self._name = name or path.name
        self._stored = path.name
        self._folder = Folder(path.parent)

    def names(self) -> list[str]:
        """Name the file."""
        return [self._name]

    def size(self, name: str) -> int:
        """Size of the file in bytes."""
        assert name == self._name
        return self._folder.size(self._stored)

    def read(self, name: str) -> bytes:
        """Read it; UnreadableError when it is too large or cannot be read."""
        assert name == self._name
        return self._folder.read(self._stored)


class Budget:
    """Bytes that one acquisition may still unpack."""

    def __init__(self) -> None:
        self._left = MAX_TOTAL_BYTES

    def allow(self, size: int) -> None:
        """Raise UnreadableError when a file of this size is too much."""
        if size > MAX_FILE_BYTES:
            raise UnreadableError(f"It is larger than {MAX_FILE_BYTES // 1024**2} MiB.")
        if size > self._left:
            raise UnreadableError(f"More than {MAX_TOTAL_BYTES // 1024**2} MiB were read before it.")

    def spend(self, size: int) -> None:
        """Take a file's size off; raises as `allow` does."""
        self.allow(size)
        self._left -= size


def open_tree(path: Path, name: str = "", password: str = "") -> Tree:
    """Open a folder, a zip archive or a single file. UnreadableError when there is none."""
    if path.is_dir():
        return Folder(path)
    if not path.is_file():
        raise UnreadableError("There is no such file or folder.")
    return Archive(path, password) if zipfile.is_zipfile(path) else Single(path, name)


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\0" not in name
