"""Encrypted Android backups open with their password, and say why where they do not."""

import hashlib
import io
import os
import tarfile
import zlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from vedette_facts.acquisition.read import read

PASSWORD = "correct horse"
ROUNDS = 100


def encrypted(body: bytes, key: bytes, vector: bytes) -> bytes:
    padding, machine = PKCS7(128).padder(), Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return machine.update(padding.update(body) + padding.finalize()) + machine.finalize()


def backup(*, rounds: bytes = b"100", version: bytes = b"5") -> bytes:
    """As AOSP writes it: the key's bytes stand for signed characters in the checksum since version 2."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("apps/org.example.mail/_manifest"), io.BytesIO())
    key, vector, user_vector, salt, check = (os.urandom(size) for size in (32, 16, 16, 64, 64))
    secret = key if version == b"1" else "".join(chr(b if b < 128 else b | 0xFF00) for b in key).encode()
    checksum = hashlib.pbkdf2_hmac("sha1", secret, check, ROUNDS, 32)
    blob = b"".join(bytes([len(part)]) + part for part in (vector, key, checksum))
    user_key = hashlib.pbkdf2_hmac("sha1", PASSWORD.encode(), salt, ROUNDS, 32)
    fields = (salt.hex(), check.hex(), rounds.decode(), user_vector.hex())
    lines = [b"ANDROID BACKUP", version, b"1", b"AES-256", *(field.upper().encode() for field in fields)]
    wrapped = encrypted(blob, user_key, user_vector).hex().upper().encode()
    return b"\n".join([*lines, wrapped, encrypted(zlib.compress(archive.getvalue()), key, vector)])


def why(path: Path, password: str) -> str:
    (unread,) = read(path, password=password).unread
    return unread.why


@pytest.mark.parametrize("version", [b"1", b"5"], ids=["version 1", "version 5"])
def test_the_password_opens_it(tmp_path: Path, version: bytes) -> None:
    path = tmp_path / "backup.ab"
    path.write_bytes(backup(version=version))
    found = read(path, password=PASSWORD)
    assert [trace.value for trace in found.traces] == ["org.example.mail"]
    assert not found.unread
    assert why(path, "battery staple") == "The password is not the one the backup was made with."
    assert why(path, "") == "The backup is encrypted and no password was given."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (backup(rounds=b"99999999999"), "header of the backup is broken"),
        (backup(rounds=b"x"), "header of the backup is broken"),
        (backup().replace(b"AES-256", b"ROT-13"), "in a way that is not known"),
        (b"\n".join(backup().split(b"\n")[:7]), "ends in its header"),
        (backup()[:-5], "password is not the one"),
    ],
    ids=["hours of rounds", "no rounds", "another cipher", "cut in its header", "cut in its data"],
)
def test_a_broken_one_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "backup.ab"
    path.write_bytes(content)
    assert reason in why(path, PASSWORD)


def test_a_published_one_opens(shared_dir: Path) -> None:
    path = shared_dir / "intel/mvt-test-artifacts/artifacts/androidqf_encrypted/backup.ab"
    assert {trace.kind for trace in read(path, password="123456").traces} == {"app", "url"}
