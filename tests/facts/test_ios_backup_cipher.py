"""Encrypted iOS backups open with their password, and say why where they do not."""

import hashlib
import os
import plistlib
import sqlite3
import struct
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from tests.facts.test_acquisition_ios import ios_backup

from vedette_facts.acquisition.read import read
from vedette_facts.ios.backup_cipher import _record
from vedette_facts.limits import UnreadableError

PASSWORD = "correct horse"
CLASS = 3


def field(tag: bytes, value: bytes | int) -> bytes:
    data = struct.pack(">I", value) if isinstance(value, int) else value
    return tag + struct.pack(">I", len(data)) + data


def key_bag(class_key: bytes, *, rounds: int = 10) -> bytes:
    salt, first_salt = os.urandom(20), os.urandom(20)
    first = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), first_salt, 20, 32)
    secret = hashlib.pbkdf2_hmac("sha1", first, salt, 10, 32)
    own: list[tuple[bytes, bytes | int]] = [
        (b"VERS", 5),
        (b"TYPE", 1),
        (b"UUID", os.urandom(16)),
        (b"WRAP", 1),
        (b"SALT", salt),
    ]
    own += [(b"ITER", rounds), (b"DPWT", 1), (b"DPIC", 20), (b"DPSL", first_salt)]
    held: list[tuple[bytes, bytes | int]] = [
        (b"UUID", os.urandom(16)),
        (b"CLAS", CLASS),
        (b"WRAP", 2),
        (b"KTYP", 0),
    ]
    held += [(b"WPKY", aes_key_wrap(secret, class_key))]
    return b"".join(field(tag, value) for tag, value in [*own, *held])


def encrypted(content: bytes, key: bytes) -> bytes:
    machine = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    return machine.update(content + bytes(-len(content) % 16)) + machine.finalize()


def wrapped(key: bytes, class_key: bytes) -> bytes:
    return struct.pack("<I", CLASS) + aes_key_wrap(class_key, key)


def record(size: int, key: bytes) -> bytes:
    """As NSKeyedArchiver writes an MBFile."""
    about = {"Size": size, "EncryptionKey": plistlib.UID(2), "ProtectionClass": CLASS}
    objects = ["$null", about, {"NS.data": key}]
    archive = {"$version": 100000, "$archiver": "NSKeyedArchiver", "$top": {"root": plistlib.UID(1)}}
    return plistlib.dumps(archive | {"$objects": objects}, fmt=plistlib.FMT_BINARY)


def backup(folder: Path, **bag: Any) -> Path:
    """The backup of the tests beside, encrypted."""
    ios_backup(folder)
    class_key, manifest_key = os.urandom(32), os.urandom(32)
    connection = sqlite3.connect(folder / "Manifest.db")
    connection.execute("alter table Files add column file blob")
    for (name,) in connection.execute("select fileID from Files").fetchall():
        path, key = folder / name[:2] / name, os.urandom(32)
        content = path.read_bytes()
        path.write_bytes(encrypted(content, key))
        row = record(len(content), wrapped(key, class_key))
        connection.execute("update Files set file = ? where fileID = ?", (row, name))
    connection.commit()
    plain = connection.serialize()
    connection.close()
    (folder / "Manifest.db").write_bytes(encrypted(plain, manifest_key))
    manifest = {
        "IsEncrypted": True,
        "BackupKeyBag": key_bag(class_key, **bag),
        "ManifestKey": wrapped(manifest_key, class_key),
    }
    (folder / "Manifest.plist").write_bytes(plistlib.dumps(manifest))
    return folder


def test_the_password_opens_it(tmp_path: Path) -> None:
    got = read(backup(tmp_path / "ios"), password=PASSWORD)
    assert [moment.what for moment in got.timeline] == ["Safari opened https://evil.example/page"]
    assert got.facts is not None
    assert got.facts.settings is not None
    assert [profile.identifier for profile in got.facts.settings.profiles or ()] == ["org.example.profile"]
    assert ["sms.db" in part.path for part in got.unread] == [True]


@pytest.mark.parametrize(
    ("password", "bag", "why"),
    [
        ("", {}, "no password was given"),
        ("battery staple", {}, "not the one the backup was made with"),
        (PASSWORD, {"rounds": 2**32 - 1}, "key bag of the backup is broken"),
        (PASSWORD, {"rounds": 0}, "key bag of the backup is broken"),
    ],
    ids=["none", "another", "hours of rounds", "no rounds"],
)
def test_what_keeps_it_closed_is_told(tmp_path: Path, password: str, bag: dict[str, int], why: str) -> None:
    got = read(backup(tmp_path / "ios", **bag), password=password)
    assert why in got.unread[0].why
    assert got.facts is not None, "what is not encrypted is read"
    assert not got.timeline


@pytest.mark.parametrize(
    "bag",
    [b"", b"UUID", b"UUID\xff\xff\xff\xff", bytes(range(200)), 7],
    ids=["empty", "cut", "too long", "noise", "a number"],
)
def test_a_broken_key_bag_says_so(tmp_path: Path, bag: object) -> None:
    folder = ios_backup(tmp_path / "ios")
    (folder / "Manifest.plist").write_bytes(plistlib.dumps({"IsEncrypted": True, "BackupKeyBag": bag}))
    assert "key bag" in read(folder, password=PASSWORD).unread[0].why


@pytest.mark.parametrize(
    "key", [10**9, "key", plistlib.UID(7), ["x"]], ids=["a number", "text", "a mark", "a list"]
)
@pytest.mark.parametrize("size", [1, float("inf"), "x"], ids=["one", "endless", "text"])
def test_a_broken_record_says_so(key: Any, size: Any) -> None:
    about = {"Size": size, "EncryptionKey": plistlib.UID(2)}
    archive = {"$top": {"root": plistlib.UID(1)}, "$objects": ["$null", about, key]}
    with pytest.raises(UnreadableError, match="record"):
        _record(plistlib.dumps(archive, fmt=plistlib.FMT_BINARY))


def test_a_key_bag_of_very_many_classes_is_not_opened(tmp_path: Path) -> None:
    folder = ios_backup(tmp_path / "ios")
    bag = b"".join(field(b"UUID", bytes(16)) + field(b"CLAS", number) for number in range(1000))
    (folder / "Manifest.plist").write_bytes(plistlib.dumps({"IsEncrypted": True, "BackupKeyBag": bag}))
    assert "key bag" in read(folder, password=PASSWORD).unread[0].why
