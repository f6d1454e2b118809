"""The encryption of iOS backups: a key bag that the password opens, a key for each class of files, one for each file.

There is no document of Apple's on the format of the files; the keys and how they wrap each other are described in Apple
Platform Security ("Keybags for Data Protection", "Backup keybag"), the wrapping itself in RFC 3394, the derivation in
RFC 8018. The layout (tags of four letters, lengths of four bytes) is as iTunes writes it since iOS 4, with the second
derivation (DPSL, DPIC) since iOS 10.2.
"""

import hashlib
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from vedette_facts.ios.device_info import parse_plist
from vedette_facts.limits import UnreadableError

_KEY_BYTES: Final = 32
_BLOCK: Final = 16
_BY_PASSWORD: Final = 2
"""Bit of a class key's WRAP: wrapped by the key made of the password."""
_MOST_CLASSES: Final = 64
"""Apple has a dozen; to open each costs work."""
_MOST_ROUNDS: Final = 20_000_000
"""Apple makes 10 million, about five seconds; the number stands in the file, so a hostile one must not cost hours."""
_BROKEN: Final = "The key bag of the backup is broken."
_WRONG: Final = "The password is not the one the backup was made with."


class BackupKeys:
    """The keys of an encrypted backup, opened with its password."""

    def __init__(self, manifest: Mapping[str, Any], password: str) -> None:
        """Open the key bag of `Manifest.plist`. UnreadableError when it is broken or the password another one."""
        if not password:
            raise UnreadableError("The backup is encrypted and no password was given.")
        bag = manifest.get("BackupKeyBag")
        if not isinstance(bag, bytes):
            raise UnreadableError(_BROKEN)
        own, classes = _parsed(bag)
        secret = _derived(own, password)
        self._classes = {_number(each, b"CLAS"): each for each in classes if b"CLAS" in each}
        self._opened: dict[int, bytes] = {}
        for number, each in self._classes.items():
            if _number(each, b"WRAP") & _BY_PASSWORD:
                self._opened[number] = _unwrapped(secret, each.get(b"WPKY", b""))
        if not self._opened:
            raise UnreadableError(_BROKEN)
        self._manifest_key = manifest.get("ManifestKey")

    def database(self, content: bytes) -> bytes:
        """Decrypt Manifest.db."""
        if not isinstance(self._manifest_key, bytes):
            return content  # before iOS 10.2 the list of files was not encrypted
        return _decrypted(content, self._key(self._manifest_key))

    def file(self, content: bytes, record: bytes) -> bytes:
        """Decrypt a file; `record` is its column `file` of Manifest.db."""
        wrapped, size = _record(record)
        return content if wrapped is None else _decrypted(content, self._key(wrapped))[:size]

    def _key(self, wrapped: bytes) -> bytes:
        """Unwrap a key that begins with the number of its class."""
        if len(wrapped) <= 4:  # noqa: PLR2004 - the number's bytes
            raise UnreadableError(_BROKEN)
        (number,) = struct.unpack("<I", wrapped[:4])
        if number not in self._opened:
            raise UnreadableError("Its key is not in the backup; only the phone itself can open it.")
        return _unwrapped(self._opened[number], wrapped[4:])


def is_encrypted(manifest: Mapping[str, Any]) -> bool:
    """Tell what `Manifest.plist` says."""
    return manifest.get("IsEncrypted") is True


def _parsed(bag: bytes) -> tuple[dict[bytes, bytes], list[dict[bytes, bytes]]]:
    """Give the fields of the bag itself and of each class; a class begins with its UUID."""
    own: dict[bytes, bytes] = {}
    classes: list[dict[bytes, bytes]] = []
    for tag, value in _fields(bag):
        if tag == b"UUID" and b"UUID" in own:
            if len(classes) == _MOST_CLASSES:
                raise UnreadableError(_BROKEN)
            classes.append({})
        (classes[-1] if classes else own)[tag] = value
    return own, classes


def _fields(bag: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(bag):
        tag, size = bag[at : at + 4], int.from_bytes(bag[at + 4 : at + 8], "big")
        if at + 8 + size > len(bag):
            raise UnreadableError(_BROKEN)
        yield tag, bag[at + 8 : at + 8 + size]
        at += 8 + size


def _derived(own: Mapping[bytes, bytes], password: str) -> bytes:
    rounds, salt = _number(own, b"ITER"), own.get(b"SALT", b"")
    first, first_salt = _number(own, b"DPIC"), own.get(b"DPSL", b"")
    if not 0 < rounds <= _MOST_ROUNDS or not 0 <= first <= _MOST_ROUNDS:
        raise UnreadableError(_BROKEN)
    secret = password.encode()
    if first:
        secret = hashlib.pbkdf2_hmac("sha256", secret, first_salt, first, _KEY_BYTES)
    return hashlib.pbkdf2_hmac("sha1", secret, salt, rounds, _KEY_BYTES)


def _number(fields: Mapping[bytes, bytes], tag: bytes) -> int:
    return int.from_bytes(fields.get(tag, b"")[:4], "big")


def _unwrapped(key: bytes, wrapped: bytes) -> bytes:
    try:
        return aes_key_unwrap(key, wrapped)
    except InvalidUnwrap:
        raise UnreadableError(_WRONG) from None
    except ValueError:
        raise UnreadableError(_BROKEN) from None


def _decrypted(content: bytes, key: bytes) -> bytes:
    whole = content[: len(content) - len(content) % _BLOCK]
    try:
        machine = Cipher(algorithms.AES(key), modes.CBC(bytes(_BLOCK))).decryptor()
    except ValueError:  # a key of no length that AES has
        raise UnreadableError(_BROKEN) from None
    return machine.update(whole) + machine.finalize()


def _record(record: bytes) -> tuple[bytes | None, int]:
    """Read wrapped key and size from the archived record (NSKeyedArchiver); None without a key."""
    plist = parse_plist(record)
    try:
        objects = plist["$objects"]
        about = objects[plist["$top"]["root"].data]
        size = int(about.get("Size", 0))
        if "EncryptionKey" not in about:
            return None, size
        held = objects[about["EncryptionKey"].data]
        key = held["NS.data"] if isinstance(held, dict) else held
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError):
        raise UnreadableError("Its record in the backup is broken.") from None
    if not isinstance(key, bytes):
        raise UnreadableError("Its record in the backup is broken.")
    return key, size
