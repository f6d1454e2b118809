"""Rotation of keys: each certificate vouches for the next (source.android.com, "APK Signature Scheme v3")."""

from typing import Final

from vedette_facts.apk.signing.algorithms import ALGORITHMS, Algorithm, holds
from vedette_facts.apk.signing.certificates import parts, public_key
from vedette_facts.apk.signing.prefixed import Prefixed
from vedette_facts.limits import UnreadableError

_VERSION: Final = 1
_LONGEST: Final = 100


def read_lineage(data: bytes) -> list[bytes]:
    """Verify a proof of rotation and give its certificates, oldest first. UnreadableError when it proves nothing."""
    reader = Prefixed(data)
    if reader.number() != _VERSION:
        raise UnreadableError("The proof of rotation is of an unknown version.")
    certificates: list[bytes] = []
    named = 0
    while reader:
        level = Prefixed(reader.value())
        signed = level.value()
        _flags, next_named, signature = level.number(), level.number(), level.value()
        inner = Prefixed(signed)
        certificate, own = inner.value(), inner.number()
        if certificates:
            if own != named:
                raise UnreadableError("The proof of rotation names two algorithms for one signature.")
            if not holds(_known(named), public_key(parts(certificates[-1]).key), signature, signed):
                raise UnreadableError(
                    "A certificate in the proof of rotation was not vouched for by the one before it."
                )
        if certificate in certificates or len(certificates) == _LONGEST:
            raise UnreadableError("The proof of rotation goes in a circle.")
        certificates.append(certificate)
        named = next_named
    return certificates


def _known(number: int) -> Algorithm:
    if number not in ALGORITHMS:
        raise UnreadableError(f"The proof of rotation uses the unknown algorithm {number:#06x}.")
    return ALGORITHMS[number]
