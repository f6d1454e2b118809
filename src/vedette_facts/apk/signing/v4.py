"""APK Signature Scheme v4: a Merkle tree over the whole file, in a file of its own beside it (`.idsig`)."""

from collections.abc import Collection
from typing import Final

from vedette_facts.apk.facts import SchemeCheck
from vedette_facts.apk.signing.algorithms import ALGORITHMS, holds
from vedette_facts.apk.signing.certificates import describe, parts, public_key
from vedette_facts.apk.signing.content import merkle_root, pages_of
from vedette_facts.apk.signing.prefixed import Prefixed
from vedette_facts.limits import UnreadableError

LARGEST: Final = 64 * 1024 * 1024
_VERSION: Final = 2
_SHA256: Final = 1
_LOG2_PAGE: Final = 12
_FIRST_SDK: Final = 30


def check_v4(idsig: bytes, data: memoryview, digests: Collection[bytes]) -> SchemeCheck:
    """Verify an `.idsig` against the file; `digests`: those of the content that v2 or v3 signed.

    Never raises: what is wrong is a problem of the check.
    """
    problems, certificate = [], b""
    try:
        certificate = _checked(idsig, data, digests)
    except UnreadableError as error:
        problems.append(str(error))
    signers = [describe(certificate)] if certificate else []
    return SchemeCheck(scheme="v4", signers=signers, problems=problems, min_sdk=_FIRST_SDK)


def _checked(idsig: bytes, data: memoryview, digests: Collection[bytes]) -> bytes:
    outer = Prefixed(idsig)
    if outer.number() != _VERSION:
        raise UnreadableError("The v4 signature is of an unknown version.")
    hashing, signing = outer.value(), Prefixed(outer.value())
    inner = Prefixed(hashing)
    kind, log2, salt, root = inner.number(), inner.number(1), inner.value(), inner.value()
    if (kind, log2) != (_SHA256, _LOG2_PAGE):
        raise UnreadableError("The v4 signature uses an unknown kind of tree.")
    digest, certificate, extra, key = (signing.value() for _ in range(4))
    number, signature = signing.number(), signing.value()
    if number not in ALGORITHMS:
        raise UnreadableError("The v4 signature uses an unknown algorithm.")
    signed = (
        len(data).to_bytes(8, "little") + hashing + b"".join(map(_prefixed, (digest, certificate, extra)))
    )
    signed = (len(signed) + 4).to_bytes(4, "little") + signed
    if not holds(ALGORITHMS[number], public_key(key), signature, signed):
        raise UnreadableError("The v4 signature does not verify.")
    if parts(certificate).key != key:
        raise UnreadableError("The certificate of the v4 signature is not that of the key that signed.")
    if merkle_root(pages_of(data), salt) != root:
        raise UnreadableError("The file is not what the v4 signature was made for.")
    if digest not in digests:
        raise UnreadableError("The v4 signature belongs to another v2 or v3 signature.")
    return certificate


def _prefixed(value: bytes) -> bytes:
    return len(value).to_bytes(4, "little") + value
