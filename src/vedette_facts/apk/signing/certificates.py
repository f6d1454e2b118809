"""Certificates of signers: what is compared comes from the encoding itself, names from `cryptography`."""

import hashlib
import warnings
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from vedette_facts.apk.facts import Certificate
from vedette_facts.apk.signing import der
from vedette_facts.limits import UnreadableError

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | dsa.DSAPublicKey
_VERSION_TAG: Final = 0xA0
_LEAST_FIELDS: Final = 6
_LONGEST_NAME: Final = 500


class Parts(NamedTuple):
    """What a signature refers to: issuer and serial number as encoded, and the SubjectPublicKeyInfo."""

    serial: bytes
    issuer: bytes
    key: bytes


def parts(encoded: bytes) -> Parts:
    """Take a certificate apart (RFC 5280, 4.1). UnreadableError when it is none."""
    outer = der.first(encoded).children()
    fields = outer[0].children() if outer else []
    if fields and fields[0].tag == _VERSION_TAG:
        fields = fields[1:]
    if len(fields) < _LEAST_FIELDS:
        raise UnreadableError("A certificate cannot be read.")
    serial, _, issuer, _, _, key = fields[:_LEAST_FIELDS]
    return Parts(bytes(serial.content), bytes(issuer.whole), bytes(key.whole))


def public_key(encoded: bytes) -> PublicKey:
    """Load a SubjectPublicKeyInfo. UnreadableError for kinds that Android does not verify with either."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # keys that are too short are the finding, not our log's matter
            key = load_der_public_key(encoded)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnreadableError(f"A public key cannot be used: {error}.") from None
    if not isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, dsa.DSAPublicKey)):
        raise UnreadableError("A public key is of a kind that signs no applications.")
    return key


def describe(encoded: bytes) -> Certificate:
    """Tell of a certificate; names are empty where it cannot be read, fingerprints are always there."""
    subject = issuer = before = after = key = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read = x509.load_der_x509_certificate(encoded)
            subject, issuer = _name(read.subject), _name(read.issuer)
            before, after = f"{read.not_valid_before_utc:%Y-%m-%d}", f"{read.not_valid_after_utc:%Y-%m-%d}"
        key = kind_of(public_key(parts(encoded).key))
    except (ValueError, UnsupportedAlgorithm, UnreadableError):
        pass  # it signs all the same; what can be told is told
    return Certificate(
        sha256=hashlib.sha256(encoded).hexdigest(),
        sha1=hashlib.sha1(encoded, usedforsecurity=False).hexdigest(),
        subject=subject,
        issuer=issuer,
        not_before=before,
        not_after=after,
        key=key,
    )


def kind_of(key: PublicKey) -> str:
    """Name a key by kind and size."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return f"DSA {key.key_size}" if isinstance(key, dsa.DSAPublicKey) else f"EC {key.curve.name}"


def _name(name: x509.Name) -> str:
    return name.rfc4514_string()[:_LONGEST_NAME].replace("\0", "")
