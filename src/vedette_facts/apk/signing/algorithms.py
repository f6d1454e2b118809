"""Signature algorithms of the signing block (source.android.com, "APK Signature Scheme v2")."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa

from vedette_facts.apk.signing.certificates import PublicKey

Content = Literal["sha256", "sha512", "verity"]
_STRENGTH: Final[Mapping[Content, int]] = MappingProxyType({"sha256": 0, "verity": 1, "sha512": 2})
"""Which content digest Android prefers where several are there."""


class Algorithm(NamedTuple):
    """One algorithm: kind of key, hash, padding, how the content is digested, the first Android version with it."""

    key: type[PublicKey]
    digest: hashes.HashAlgorithm
    content: Content
    pss: bool = False
    min_sdk: int = 24

    @property
    def strength(self) -> int:
        """Rank among algorithms."""
        return _STRENGTH[self.content]


_SHA256, _SHA512 = hashes.SHA256(), hashes.SHA512()
ALGORITHMS: Final[Mapping[int, Algorithm]] = MappingProxyType(
    {
        0x0101: Algorithm(rsa.RSAPublicKey, _SHA256, "sha256", pss=True),
        0x0102: Algorithm(rsa.RSAPublicKey, _SHA512, "sha512", pss=True),
        0x0103: Algorithm(rsa.RSAPublicKey, _SHA256, "sha256"),
        0x0104: Algorithm(rsa.RSAPublicKey, _SHA512, "sha512"),
        0x0201: Algorithm(ec.EllipticCurvePublicKey, _SHA256, "sha256"),
        0x0202: Algorithm(ec.EllipticCurvePublicKey, _SHA512, "sha512"),
        0x0301: Algorithm(dsa.DSAPublicKey, _SHA256, "sha256"),
        0x0421: Algorithm(rsa.RSAPublicKey, _SHA256, "verity", min_sdk=28),
        0x0423: Algorithm(ec.EllipticCurvePublicKey, _SHA256, "verity", min_sdk=28),
        0x0425: Algorithm(dsa.DSAPublicKey, _SHA256, "verity", min_sdk=28),
    }
)


def holds(algorithm: Algorithm, key: PublicKey, signature: bytes, data: bytes) -> bool:
    """Whether a signature over the data is the key's."""
    if not isinstance(key, algorithm.key):
        return False
    return verify(key, signature, data, algorithm.digest, pss=algorithm.pss)


def verify(
    key: PublicKey, signature: bytes, data: bytes, digest: hashes.HashAlgorithm, *, pss: bool = False
) -> bool:
    """Whether a signature made with this hash is the key's."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            scheme = (
                padding.PSS(padding.MGF1(digest), salt_length=digest.digest_size)
                if pss
                else padding.PKCS1v15()
            )
            key.verify(signature, data, scheme, digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(digest))
        else:
            key.verify(signature, data, digest)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
