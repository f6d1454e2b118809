"""Android backups (`adb backup`, file `.ab`): the header, the packed tar archive, and the text messages in it.

Format: AOSP `BackupManagerService` and `FullBackup`: four lines of header, then a tar stream, packed with zlib when the
third line is 1, encrypted when the fourth is not `none` (backup_cipher).
"""

import datetime as dt
import io
import re
import tarfile
import zlib
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from vedette_facts.android.backup_cipher import decrypt
from vedette_facts.limits import MAX_FILE_BYTES, MAX_FILES, UnreadableError
from vedette_facts.links import links
from vedette_facts.traces import Moment, Trace

MAGIC: Final = b"ANDROID BACKUP\n"
_CHUNK: Final = 1024 * 1024
_APP = re.compile(r"^apps/(?P<package>[\w.]+)/")
_MESSAGES = re.compile(r"/d_f/\d+_(?:sms|mms)_backup$")
_MILLISECONDS: Final = 100_000_000_000
"""Times above this are in milliseconds: as seconds they would lie after the year 5000."""


def unpack(source: bytes, password: str = "") -> bytes:
    """Give the tar archive of a backup.

    UnreadableError when it is none, broken, too large, or encrypted with another password than the one given.
    """
    if not source.startswith(MAGIC):
        raise UnreadableError("It is not an Android backup.")
    parts = source.split(b"\n", 4)
    if len(parts) != 5:  # noqa: PLR2004 - four lines of header and the rest
        raise UnreadableError("The backup ends in its header.")
    packed, cipher, body = parts[2], parts[3], parts[4]
    if cipher != b"none":
        if not password:
            raise UnreadableError("The backup is encrypted and no password was given.")
        body = decrypt(parts[1], cipher, body, password)
    if packed != b"1":
        return body
    return inflate(body)


def inflate(body: bytes) -> bytes:
    """Unpack zlib in pieces; UnreadableError when it is broken or unpacks to too much."""
    machine, pieces, size = zlib.decompressobj(), [], 0
    try:
        piece = machine.decompress(body, _CHUNK)
        while piece:
            size += len(piece)
            if size > MAX_FILE_BYTES:
                raise UnreadableError(f"It unpacks to more than {MAX_FILE_BYTES // 1024**2} MiB.")
            pieces.append(piece)
            piece = machine.decompress(machine.unconsumed_tail, _CHUNK)
    except zlib.error as error:
        raise UnreadableError(f"Its packing is broken: {error}.") from None
    return b"".join(pieces)


def contents(archive: bytes) -> Iterator[tuple[str, bytes | None]]:
    """Names of the archive's regular files, and of text messages also the content. UnreadableError when broken."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
            for number, member in enumerate(tar):
                if number == MAX_FILES:
                    raise UnreadableError(f"The backup holds more than {MAX_FILES:,} files.")
                if not member.isfile():
                    continue
                file = tar.extractfile(member) if _MESSAGES.search(member.name) else None
                yield member.name, file.read(MAX_FILE_BYTES) if file else None
    except (tarfile.TarError, EOFError, OSError, ValueError, RecursionError) as error:
        raise UnreadableError(f"The archive in the backup is broken: {error}.") from None


def package_of(name: str) -> str | None:
    """Name the application whose data a file of a backup is."""
    match = _APP.match(name)
    return match["package"] if match else None


def messages(packed: bytes, where: str) -> tuple[list[Trace], list[Moment]]:
    """Links in text messages and where they came from. Nothing else of a message is kept."""
    try:
        rows = msgspec.json.decode(inflate(packed), type=list[dict[str, Any]])
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnreadableError(f"The messages are not readable: {error}.") from None
    traces, moments = [], []
    for row in rows:
        at = _time(row.get("date"))
        for link in links(_body(row)):
            traces.append(Trace(kind="url", value=link, where=where, at=at))
            if at:
                moments.append(Moment(at=at, what=f"A message with the link {link[:500]}", where=where))
    return traces, moments


def _body(row: dict[str, Any]) -> str:
    parts = [row.get("body"), row.get("mms_body"), row.get("sub")]
    return " ".join(part for part in parts if isinstance(part, str))


def _time(value: object) -> dt.datetime | None:
    if not isinstance(value, str) or not value.isdecimal():
        return None
    number = int(value)
    seconds = number / 1000 if number > _MILLISECONDS else number
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC) if seconds else None
    except (ValueError, OverflowError, OSError):
        return None
