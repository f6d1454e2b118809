"""The encryption of Android backups: AES-256 under a master key, which a key made of the password wraps.

Format: AOSP `BackupPasswordManager` and `PerformAdbBackupTask.emitAesBackupHeader`: five lines after the cipher's name
(salt of the password, salt of the checksum, rounds, initial vector, wrapped master key), then the data.
"""

import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from vedette_facts.limits import UnreadableError

_CIPHER: Final = b"AES-256"
_LINES: Final = 5
_KEY_BYTES: Final = 32
_BLOCK: Final = 16
_MOST_ROUNDS: Final = 1_000_000
"""Android makes 10,000; the number stands in the file, so a hostile one must not cost hours."""
_WRONG: Final = "The password is not the one the backup was made with."


def decrypt(version: bytes, cipher: bytes, body: bytes, password: str) -> bytes:
    """Give the data of an encrypted backup; `version` is the second line of its header. Raises UnreadableError."""
    if cipher != _CIPHER:
        raise UnreadableError("The backup is encrypted in a way that is not known here.")
    parts = body.split(b"\n", _LINES)
    if len(parts) != _LINES + 1:
        raise UnreadableError("The backup ends in its header.")
    try:
        salt, checksum_salt, vector, wrapped = (bytes.fromhex(parts[i].decode()) for i in (0, 1, 3, 4))
        rounds = int(parts[2])
    except ValueError:
        raise UnreadableError("The header of the backup is broken.") from None
    if not 0 < rounds <= _MOST_ROUNDS or len(vector) != _BLOCK:
        raise UnreadableError("The header of the backup is broken.")
    blob = _decrypted(wrapped, _derived(password.encode(), salt, rounds), vector)
    key, data_vector = _master_key(blob, checksum_salt, rounds, is_old=version == b"1")
    return _decrypted(parts[_LINES], key, data_vector)


def _master_key(blob: bytes, salt: bytes, rounds: int, *, is_old: bool) -> tuple[bytes, bytes]:
    """Take the key and the data's initial vector out of the blob; only the right password gives a right checksum."""
    fields, rest = [], blob
    for _ in range(3):
        size = rest[0] if rest else 0
        fields.append(rest[1 : 1 + size])
        rest = rest[1 + size :]
    vector, key, checksum = fields
    if len(key) != _KEY_BYTES or len(vector) != _BLOCK:
        raise UnreadableError(_WRONG)
    # since version 2 Android takes the key's bytes for signed characters and these for UTF-8
    signed = "".join(chr(byte if byte < 0x80 else 0xFF00 | byte) for byte in key).encode()  # noqa: PLR2004 - the sign bit
    if not hmac.compare_digest(checksum, _derived(key if is_old else signed, salt, rounds)):
        raise UnreadableError(_WRONG)
    return key, vector


def _derived(secret: bytes, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha1", secret, salt, rounds, _KEY_BYTES)


def _decrypted(data: bytes, key: bytes, vector: bytes) -> bytes:
    machine = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    padding = PKCS7(8 * _BLOCK).unpadder()
    try:
        return padding.update(machine.update(data) + machine.finalize()) + padding.finalize()
    except ValueError:
        raise UnreadableError(_WRONG) from None
