"""Certificates by which an application proves itself: made here or given, with their key (microsoft.md 3.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import NameOID
from django.utils.translation import gettext as _

BITS: Final = 3072
LEAST_BITS: Final = 2048
COMMON_NAME_LENGTH: Final = 64


class BadCertificateError(ValueError):
    """What was given cannot prove anything; the text says why and what to do."""


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, both PEM."""

    certificate: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class Facts:
    """What Entra shows of an uploaded certificate: the SHA-1 thumbprint in capitals, and its dates."""

    thumbprint: str
    subject: str
    begins: datetime
    ends: datetime


def make(name: str, days: int) -> Pair:
    """Make an RSA key and a certificate signed with it that is good for so many days from now."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:COMMON_NAME_LENGTH])])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Entra's clock may be behind ours
        .not_valid_before(now - timedelta(minutes=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Pair(made.public_bytes(serialization.Encoding.PEM).decode(), private.decode())


def check(certificate: str, key: str) -> Pair:
    """Return a pair that was given, in plain form, if Entra could take it. Raises BadCertificateError."""
    try:
        loaded = x509.load_pem_x509_certificate(certificate.encode())
    except ValueError as error:
        raise BadCertificateError(
            _("The certificate is not readable PEM. It begins with -----BEGIN CERTIFICATE-----.")
        ) from error
    try:
        private = serialization.load_pem_private_key(key.encode(), password=None)
    except TypeError as error:
        raise BadCertificateError(
            _(
                "The key is protected by a password. Remove it first (openssl pkey -in key.pem -out plain.pem)."
            )
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadCertificateError(
            _("The key is not readable PEM. It begins with -----BEGIN PRIVATE KEY-----.")
        ) from error
    if not isinstance(private, rsa.RSAPrivateKey) or private.key_size < LEAST_BITS:
        raise BadCertificateError(_("Entra takes RSA keys of 2,048 bits or more only."))
    if private.public_key() != loaded.public_key():
        raise BadCertificateError(_("The key does not belong to the certificate."))
    if loaded.not_valid_after_utc <= datetime.now(UTC):
        raise BadCertificateError(_("The certificate has ended."))
    plain = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Pair(loaded.public_bytes(serialization.Encoding.PEM).decode(), plain.decode())


@lru_cache(maxsize=16)
def private_key(pem: str) -> PrivateKeyTypes:
    """Read a key that is in use; it is kept, because each reading tests its primes for 50 ms.

    Raises ValueError, TypeError (a password protects it) or UnsupportedAlgorithm.
    """
    return serialization.load_pem_private_key(pem.encode(), password=None)


def facts(certificate: str) -> Facts:
    """Return what a PEM certificate says. ValueError when it is none."""
    loaded = x509.load_pem_x509_certificate(certificate.encode())
    thumbprint = loaded.fingerprint(hashes.SHA1())  # noqa: S303 - Entra names certificates so
    return Facts(
        thumbprint.hex().upper(),
        loaded.subject.rfc4514_string(),
        loaded.not_valid_before_utc,
        loaded.not_valid_after_utc,
    )
