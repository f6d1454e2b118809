"""Federated identity credentials: an outside issuer's token in the place of a secret (microsoft.md 3.5).

Issuer and subject are compared letter by letter, capitals too (Entra since August 2024); the audience must be one
of the credential's. Keys are those that the issuer publishes; the lab knows its own outside issuers only.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from vedette_lab.app_model import AppRegistration, FederatedCredential
from vedette_lab.entra.errors import EntraError
from vedette_lab.intune_model import Json
from vedette_lab.model import Cloud, SigningKey


def matching(app: AppRegistration, claims: Json) -> FederatedCredential:
    """Return the credential that this token meets. EntraError 700211, 700213, 7002138 or 700212."""
    issuer, subject = str(claims.get("iss", "")), str(claims.get("sub", ""))
    of_issuer = [each for each in app.federated if each.issuer == issuer]
    if not of_issuer:
        raise EntraError(700211, issuer=issuer)
    found = next((each for each in of_issuer if each.subject == subject), None)
    if found is None:
        alike = any(each.subject.lower() == subject.lower() for each in of_issuer)
        raise EntraError(7002138 if alike else 700213, subject=subject)
    said = claims.get("aud")
    audiences = [str(each) for each in said] if isinstance(said, list) else [str(said)]
    if not set(audiences) & set(found.audiences):
        raise EntraError(700212, audience=", ".join(audiences))
    return found


def check_signature(cloud: Cloud, issuer: str, header: Json, signed: bytes, signature: bytes) -> None:
    """Check the token against the keys that its issuer publishes. EntraError 50027 or 50013."""
    if header.get("alg") != "RS256":
        raise EntraError(50027, reason=f"The algorithm '{header.get('alg')}' is not supported.")
    key = _published(cloud, issuer)
    if key is None or header.get("kid") != key.kid:
        raise EntraError(50013, reason=f"The key '{header.get('kid')}' was not found at {issuer}.")
    try:
        key.private_key.public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise EntraError(50013, reason="The signature is not that of the issuer's key.") from None


def _published(cloud: Cloud, issuer: str) -> SigningKey | None:
    prefix = f"{cloud.base_url}/outside/"
    return cloud.entra.outside.get(issuer.removeprefix(prefix)) if issuer.startswith(prefix) else None
