"""Keys that sign Entra's tokens, and how they are published."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from vedette_lab.model import SigningKey


def b64url(data: bytes) -> str:
    """Encode as base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    """Decode base64url without padding. ValueError when it is none."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def new_signing_key() -> SigningKey:
    """Make an RSA key with a self-signed certificate; `kid` is its thumbprint, as at Entra."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "accounts.accesscontrol.lab")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1825))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    return SigningKey(_thumbprint(certificate), key, certificate)


def _thumbprint(der: bytes) -> str:
    return b64url(hashlib.sha1(der, usedforsecurity=False).digest())


def sign(key: SigningKey, signing_input: bytes) -> bytes:
    """Sign with RS256 (RFC 7518, 3.3)."""
    return key.private_key.sign(signing_input, padding.PKCS1v15(), hashes.SHA256())


def jwk(key: SigningKey, issuer: str) -> dict[str, Any]:
    """Return the public key as Entra publishes it, with the issuer it signs for (microsoft.md 3.3)."""
    numbers = key.private_key.public_key().public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "kid": key.kid,
        "x5t": key.kid,
        "n": b64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
        "e": b64url(numbers.e.to_bytes(3, "big")),
        "x5c": [base64.b64encode(key.certificate).decode()],
        "issuer": issuer,
        "cloud_instance_name": "microsoftonline.com",
    }
