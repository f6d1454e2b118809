"""The device protocol `/device/v1`: the one definition that service and agent share.

Written down for other languages in docs/device-protocol.md with vectors in docs/device-protocol-vectors.json.
This module holds the shapes of the messages; jose.py signs and verifies them.
"""

import datetime as dt
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from vedette_facts.canonical import CanonicalError, canonical_json, digest_of
from vedette_facts.fields import LARGEST_EXACT_INTEGER, Platform, Sha256
from vedette_facts.privacy import Collect
from vedette_facts.report import Facts, FactsError, decode, decode_facts, utc

PREFIX = "/device/v1"
ENROLL_PATH = f"{PREFIX}/enroll"
CHECK_IN_PATH = f"{PREFIX}/check-in"
STATUS_PATH = f"{PREFIX}/status"
SIGN_IN_PATH = f"{PREFIX}/sign-in"

CONTENT_TYPE = "application/jose"
MAX_BYTES = 1024 * 1024
"""Largest request body, in bytes, that the service reads."""
STATUS_WINDOW_SECONDS = 600
"""How far a status request's `sent_at`, corrected by the known skew, may be from the service's clock."""

ENROLL_TYP = "vedette-enroll+jws"
REPORT_TYP = "vedette-report+jws"
STATUS_TYP = "vedette-status+jws"

ErrorCode = Literal[
    "malformed",
    "bad_signature",
    "unknown_key",
    "wrong_audience",
    "unknown_code",
    "unknown_device",
    "unknown_organisation",
    "sign_in_refused",
    "way_not_allowed",
    "expired_code",
    "used_code",
    "retired_identity",
    "facts_needed",
    "sequence_reused",
    "stale_request",
    "too_large",
    "unsupported_media_type",
    "busy",
    "unavailable",
]
ERROR_STATUS: dict[str, int] = {
    "malformed": 400,
    "bad_signature": 401,
    "unknown_key": 401,
    "stale_request": 401,
    "sign_in_refused": 401,
    "wrong_audience": 403,
    "way_not_allowed": 403,
    "unknown_code": 404,
    "unknown_device": 404,
    "unknown_organisation": 404,
    "facts_needed": 409,
    "sequence_reused": 409,
    "expired_code": 410,
    "used_code": 410,
    "retired_identity": 410,
    "too_large": 413,
    "unsupported_media_type": 415,
    "busy": 429,
    "unavailable": 503,
}
"""HTTP status of each error code."""

Moment = Annotated[dt.datetime, Meta(tz=True)]
Address = Annotated[str, Meta(min_length=1, max_length=512)]
Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
Name = Annotated[str, Meta(max_length=255)]
Version = Annotated[str, Meta(min_length=1, max_length=64)]
Sequence = Annotated[int, Meta(ge=1, le=LARGEST_EXACT_INTEGER)]
_NULL = msgspec.Raw(b"null")
Request = TypeVar("Request", "EnrollRequest", "ReportRequest", "StatusRequest")


class EnrollDevice(msgspec.Struct, frozen=True, kw_only=True):
    """What the phone says it is; compared with the directory's device where the code names one."""

    platform: Platform
    manufacturer: Name
    model: Name
    os_version: Version
    name: Name | None = None


class AppConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """What the MDM's app configuration told the agent: the organisation's code, and which phone this is."""

    enrollment_code: Identifier
    entra_device_id: Identifier
    user_principal_name: Name | None = None


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """An id_token of Entra whose nonce is the thumbprint of the phone's key: it is worth nothing with another."""

    id_token: Annotated[str, Meta(min_length=1, max_length=16384)]


class EnrollRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of `POST /device/v1/enroll`; the public key stands in the protected header (`jwk`).

    Exactly one of `code`, `configuration` and `sign_in` says why this phone may be activated.
    """

    code: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    configuration: AppConfiguration | None = None
    sign_in: SignedIn | None = None
    sent_at: Moment
    audience: Address
    device: EnrollDevice
    entra_device_id: Identifier | None = None
    agent_version: Version

    def __post_init__(self) -> None:
        utc(self.sent_at)
        if [self.code, self.configuration, self.sign_in].count(None) != 2:  # noqa: PLR2004 - of three
            raise ValueError("Expected exactly one of `code`, `configuration` and `sign_in`")


class SignInPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of `GET /device/v1/sign-in`: where and as which application an agent signs its person in."""

    authorization_endpoint: str
    token_endpoint: str
    client_id: str
    scope: str


class ReportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of `POST /device/v1/check-in`: whole facts, or the digest of facts that the service holds."""

    device_id: Identifier
    audience: Address
    sequence: Sequence
    observed_at: Moment
    sent_at: Moment
    facts: msgspec.Raw = _NULL
    unchanged: Sha256 | None = None

    def __post_init__(self) -> None:
        utc(self.sent_at)
        utc(self.observed_at)
        if self.has_facts == (self.unchanged is not None):
            raise ValueError("Expected exactly one of `facts` and `unchanged`, the other null")

    @property
    def has_facts(self) -> bool:
        """Whether whole facts came (as opposed to `unchanged`)."""
        return bytes(self.facts) != b"null"

    def decoded_facts(self) -> Facts | None:
        """Decode the facts, None for an "unchanged" report; FactsError with a path under `$.facts`."""
        if not self.has_facts:
            return None
        try:
            return decode_facts(bytes(self.facts))
        except FactsError as error:
            raise FactsError(error.path.replace("$", "$.facts", 1), error.message) from None

    def digest(self) -> str:
        """Digest of the facts as they were sent, or the one they are said to equal; FactsError."""
        if self.unchanged is not None:
            return self.unchanged
        try:
            return digest_of(canonical_json(msgspec.json.decode(self.facts)))
        except (CanonicalError, RecursionError) as error:
            raise FactsError("$.facts", str(error)) from None

    def fingerprint(self, digest: str | None = None) -> bytes:
        """Hash (SHA-256) what makes two check-ins of one number the same report: all but `sent_at`.

        A repeat is signed anew with a new `sent_at`, and may turn facts into "unchanged" or back. `digest`
        spares computing `digest()` again where the caller has it.
        """
        digest = digest or self.digest()
        parts = (self.device_id, str(self.sequence), utc(self.observed_at).isoformat(), digest)
        return bytes.fromhex(digest_of("\n".join(parts).encode()))


class StatusRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of `POST /device/v1/status`."""

    device_id: Identifier
    audience: Address
    sent_at: Moment

    def __post_init__(self) -> None:
        utc(self.sent_at)


class OpenThreat(msgspec.Struct, frozen=True, kw_only=True):
    """An open threat on this phone, in the words of the person's language; `mend` says how to fix it."""

    classification: str
    title: str
    summary: str
    mend: str
    risk: str
    detected_at: dt.datetime


class DeviceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Answer 200 of status, and `state` of a check-in's answer. `blocked` is None when it is not known."""

    state: str
    since: dt.datetime | None = None
    blocked: bool | None = None
    threats: list[OpenThreat] = []
    last_report_at: dt.datetime | None = None
    assessed_at: dt.datetime | None = None


class Activated(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="activated"):
    """Answer 201 of enroll, and 200 when the same key asks again."""

    device_id: str
    key_id: str
    binding: str
    server_time: dt.datetime
    check_in_seconds: int


class Waiting(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="waiting"):
    """Answer 202 of enroll: the identity is kept, the agent repeats the same call with the same key."""

    reason: str
    key_id: str
    retry_seconds: int
    message: str


class CheckInAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Answer 200 of check-in. `collect` is what the organisation asks of this phone from the next report on."""

    duplicate: bool
    server_time: dt.datetime
    clock_skew_seconds: float
    check_in_seconds: int
    state: DeviceStatus
    tasks: list[dict[str, object]] = []
    accepted: bool = True
    collect: Collect = Collect()


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Body of every answer from 400 on. `last_sequence` comes with `sequence_reused`: count on from there."""

    error: str
    message: str
    next_step: str
    last_sequence: int | None = None


def decode_request(payload: bytes, shape: type[Request]) -> Request:
    """Turn a verified payload into the request it must be; FactsError says which field is wrong."""
    return decode(payload, shape)


def same_audience(claimed: str, public_url: str) -> bool:
    """Whether the address that the agent signed is ours; a slash at the end makes no difference."""
    return claimed.rstrip("/") == public_url.rstrip("/")
