"""Keys and signatures of the device protocol: compact JWS (RFC 7515) with ES256 on P-256, nothing else."""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from vedette_facts.protocol import ENROLL_TYP, MAX_BYTES

ALGORITHM = "ES256"


class SignatureRefused(ValueError):  # noqa: N818 - named for what it tells, as Refused in the agent
    """A message that is not taken; `code` is the protocol's error code (`malformed`, `bad_signature`)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class _Registry(jws.JWSRegistry):
    # joserfc's own limit (128 kB) is below a report with a large inventory; the service limits bodies itself
    max_header_length = 4096
    max_payload_length = 2 * MAX_BYTES


_REGISTRY = _Registry(algorithms=[ALGORITHM], strict_check_header=False)


@dataclass(frozen=True)
class Received:
    """A message taken apart but NOT verified: use only `header` to find the key, then `verify`."""

    header: Mapping[str, Any]
    _signed: jws.CompactSignature

    @property
    def key_id(self) -> str:
        """Take `kid` from the header; SignatureRefused when it is missing."""
        kid = self.header.get("kid")
        if not isinstance(kid, str) or not 1 <= len(kid) <= 64:  # noqa: PLR2004 - a thumbprint has 43 characters
            raise SignatureRefused("malformed", "The protected header needs `kid`, the key's thumbprint")
        return kid

    @property
    def embedded_key(self) -> dict[str, str]:
        """Take the public key that an enroll message carries; SignatureRefused when it is none we accept."""
        return checked_jwk(self.header.get("jwk"))


def new_key() -> ECKey:
    """Make a P-256 key pair where it will be used."""
    return ECKey.generate_key("P-256")


def public_jwk(key: ECKey) -> dict[str, str]:
    """Give the public half as JWK with exactly the members kty, crv, x, y."""
    members = key.as_dict(private=False)
    return {name: str(members[name]) for name in ("kty", "crv", "x", "y")}


def key_id(public: Mapping[str, str]) -> str:
    """RFC 7638 thumbprint (SHA-256, base64url) of a public JWK: the identity's name in `kid`."""
    return ECKey.import_key(dict(public)).thumbprint()


def checked_jwk(jwk: object) -> dict[str, str]:
    """Public EC key on P-256 and nothing more; SignatureRefused (`malformed`) otherwise."""
    if not isinstance(jwk, dict):
        raise SignatureRefused("malformed", "The protected header needs `jwk`, the public key")
    if "d" in jwk:
        raise SignatureRefused(
            "malformed",
            "`jwk` holds the PRIVATE key: discard it, make a new one, send only kty, crv, x and y",
        )
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise SignatureRefused("malformed", "`jwk` must be an EC key on the curve P-256")
    members = {name: jwk.get(name) for name in ("kty", "crv", "x", "y")}
    if not all(isinstance(value, str) for value in members.values()):
        raise SignatureRefused("malformed", "`jwk` needs x and y as base64url text")
    try:
        key = ECKey.import_key(cast("dict[str, Any]", members))
        key.public_key.public_numbers()  # joserfc builds the point only now, and so checks it
        return public_jwk(key)
    except (JoseError, ValueError, TypeError, binascii.Error) as error:
        raise SignatureRefused("malformed", "`jwk` is not a point on the curve P-256") from error


def sign(message: msgspec.Struct, key: ECKey, typ: str) -> str:
    """Compact JWS of a message; an enroll message carries the public key, the others its thumbprint."""
    public = public_jwk(key)
    header: dict[str, Any] = {"alg": ALGORITHM, "typ": typ}
    if typ == ENROLL_TYP:
        header["jwk"] = public
    else:
        header["kid"] = key_id(public)
    return jws.serialize_compact(header, msgspec.json.encode(message), key, registry=_REGISTRY)


def receive(body: bytes, typ: str) -> Received:
    """Take a compact JWS apart, check header and `typ`; SignatureRefused (`malformed`). Verifies NOTHING."""
    try:
        signed = jws.extract_compact(body.strip(), registry=_REGISTRY)
        header = signed.headers()
        _REGISTRY.check_header(header)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        # AttributeError: joserfc takes it for granted that the header is a JSON object
        raise SignatureRefused(
            "malformed", "The body is not a compact JWS (three base64url parts)"
        ) from error
    if header.get("alg") != ALGORITHM:
        raise SignatureRefused("malformed", f"`alg` must be {ALGORITHM}")
    if header.get("typ") != typ:
        raise SignatureRefused("malformed", f"`typ` must be {typ}")
    if "crit" in header or "b64" in header:
        raise SignatureRefused("malformed", "No critical header extensions are known here")
    return Received(header, signed)


def verify(received: Received, public: Mapping[str, str]) -> bytes:
    """Payload of a message signed with this public key; SignatureRefused (`bad_signature`) otherwise."""
    try:
        good = jws.validate_compact(
            received._signed,  # noqa: SLF001 - one module
            ECKey.import_key(dict(public)),
            registry=_REGISTRY,
        )
    except (JoseError, ValueError, TypeError) as error:
        raise SignatureRefused("bad_signature", "The signature could not be checked") from error
    if not good:
        raise SignatureRefused("bad_signature", "The signature does not belong to this key and this message")
    payload = received._signed.payload  # noqa: SLF001 - one module
    if payload is None:
        raise SignatureRefused("malformed", "The payload is missing")
    return payload
