"""How an application proves who it is at the token endpoint: secret, or an assertion signed with its key."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import unquote_plus

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from vedette_lab.app_model import AppCertificate, AppRegistration
from vedette_lab.entra.errors import EntraError
from vedette_lab.entra.federation import check_signature, matching
from vedette_lab.entra.keys import b64url, unb64url
from vedette_lab.entra.lookup import ANY_ORGANISATION
from vedette_lab.entra.tokens import CERTIFICATE, SECRET
from vedette_lab.intune_model import Json
from vedette_lab.model import Cloud, Tenant

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLOCK_SKEW_SECONDS = 300


def certificate_of(pem: str) -> AppCertificate:
    """Read a PEM certificate and its two thumbprints. ValueError when it is none."""
    der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    sha1 = hashlib.sha1(der, usedforsecurity=False).digest()
    return AppCertificate(pem, b64url(sha1), b64url(hashlib.sha256(der).digest()))


def basic_credentials(header: str | None) -> tuple[str, str] | None:
    """Return client id and secret of HTTP Basic (RFC 6749, 2.3.1), or None when there is no such header."""
    if not header or not header.lower().startswith("basic "):
        return None
    try:
        text = base64.b64decode(header[6:], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise EntraError(9002313, reason="The Authorization header cannot be read.") from None
    name, _, secret = text.partition(":")
    return unquote_plus(name), unquote_plus(secret)


def authenticate(cloud: Cloud, tenant: Tenant | None, app: AppRegistration, form: Mapping[str, str]) -> str:
    """Check the application's proof and return the kind (`azpacr`). EntraError says what is wrong with it."""
    if "client_assertion" in form:
        _check_assertion(cloud, tenant, app, form)
        return CERTIFICATE
    if "client_secret" in form:
        _check_secret(app, form["client_secret"])
        return SECRET
    raise EntraError(7000218)


def _check_secret(app: AppRegistration, given: str) -> None:
    matching = [s for s in app.secrets if hmac.compare_digest(s.value.encode(), given.encode())]
    if not matching:
        raise EntraError(7000215, client_id=app.client_id)
    if all(secret.expires <= datetime.now(UTC) for secret in matching):
        raise EntraError(7000222, client_id=app.client_id)


def _check_assertion(
    cloud: Cloud, tenant: Tenant | None, app: AppRegistration, form: Mapping[str, str]
) -> None:
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise EntraError(50027, reason=f"client_assertion_type must be {ASSERTION_TYPE}.")
    assertion = form["client_assertion"]
    try:
        head, body, signature = assertion.split(".")
        header, claims = json.loads(unb64url(head)), json.loads(unb64url(body))
        raw_signature = unb64url(signature)
    except ValueError:
        raise EntraError(50027, reason="The assertion is no signed JWT.") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise EntraError(50027, reason="The assertion is no signed JWT.")
    signed = f"{head}.{body}".encode()
    named = "x5t" in header or "x5t#S256" in header
    if not named and claims.get("iss") not in {None, app.client_id}:
        # no certificate is named, and somebody else issued it: a federated credential
        matching(app, claims)
        check_signature(cloud, str(claims["iss"]), header, signed, raw_signature)
        _check_times(claims)
        return
    certificate = _registered(app, header)
    _check_signature(certificate, header, signed, raw_signature)
    _check_claims(cloud, tenant, app, claims)
    _check_reuse(cloud, claims, assertion)


def _registered(app: AppRegistration, header: Json) -> AppCertificate:
    # msal writes the thumbprints with padding, others without.
    by_sha256, by_sha1 = (str(header.get(name, "")).rstrip("=") for name in ("x5t#S256", "x5t"))
    for certificate in app.certificates:
        if by_sha256 == certificate.x5t_s256 or (not by_sha256 and by_sha1 == certificate.x5t):
            return certificate
    shown = by_sha256 or by_sha1
    raise EntraError(700027, reason=f"The key was not found., Thumbprint of key used by client: '{shown}'")


def _check_signature(certificate: AppCertificate, header: Json, signed: bytes, signature: bytes) -> None:
    loaded = x509.load_pem_x509_certificate(certificate.pem.encode())
    if loaded.not_valid_after_utc <= datetime.now(UTC):
        raise EntraError(700027, reason="The key used is expired.")
    key = loaded.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise EntraError(50027, reason="Only RSA keys are supported.")
    schemes = {
        "RS256": padding.PKCS1v15(),
        "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
    }
    scheme = schemes.get(str(header.get("alg")))
    if scheme is None:
        raise EntraError(50027, reason=f"The algorithm '{header.get('alg')}' is not supported.")
    try:
        key.verify(signature, signed, scheme, hashes.SHA256())
    except InvalidSignature:
        reason = "Key was found, but use of the key to verify the signature failed."
        raise EntraError(700027, reason=reason) from None


def _check_claims(cloud: Cloud, tenant: Tenant | None, app: AppRegistration, claims: Json) -> None:
    if claims.get("iss") != app.client_id or claims.get("sub") != app.client_id:
        raise EntraError(700021)
    if claims.get("aud") not in _audiences(cloud, tenant):
        raise EntraError(700023)
    _check_times(claims)


def _check_times(claims: Json) -> None:
    now = datetime.now(UTC).timestamp()
    start, end = claims.get("nbf", claims.get("iat", 0)), claims.get("exp")
    if not (isinstance(start, int | float) and isinstance(end, int | float)) or not (
        now < end and start <= now + CLOCK_SKEW_SECONDS
    ):
        raise EntraError(700024, now=_moment(now), start=_moment(start), end=_moment(end))


def _audiences(cloud: Cloud, tenant: Tenant | None) -> set[str]:
    names = set(ANY_ORGANISATION) | ({tenant.id, tenant.domain} if tenant else set())
    paths = {f"{cloud.base_url}/{name}" for name in names}
    return {f"{path}/oauth2/v2.0/token" for path in paths} | {f"{path}/v2.0" for path in paths}


def _moment(value: object) -> str:
    try:
        return f"{datetime.fromtimestamp(float(str(value)), UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    except (ValueError, OverflowError, OSError):
        return "not given"


def _check_reuse(cloud: Cloud, claims: Json, assertion: str) -> None:
    """Refuse an id that comes again in another assertion; the same one may come again (msal keeps it)."""
    if "jti" not in claims:
        return
    digest = hashlib.sha256(assertion.encode()).hexdigest()
    seen = cloud.entra.assertions.setdefault(str(claims["jti"]), digest)
    if seen != digest:
        raise EntraError(50027, reason="The id of the assertion (jti) was used before.")
