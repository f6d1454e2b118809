"""The phone's identity: a P-256 key made here that never leaves, and what the service called it."""

import datetime as dt
from typing import Any

import msgspec
from joserfc.jwk import ECKey

from vedette_facts import jose
from vedette_facts.protocol import AppConfiguration, EnrollDevice, SignedIn, Waiting


class PrivateKey(msgspec.Struct, frozen=True, kw_only=True):
    """Private JWK of a P-256 key. Its repr shows nothing, so that no log can."""

    kty: str
    crv: str
    x: str
    y: str
    d: str

    def __repr__(self) -> str:
        return "PrivateKey(…)"

    @classmethod
    def make(cls) -> "PrivateKey":
        """Make a new key."""
        return cls.from_key(jose.new_key())

    @classmethod
    def from_key(cls, key: ECKey) -> "PrivateKey":
        """Hold a joserfc key."""
        members: dict[str, Any] = dict(key.as_dict(private=True))
        return cls(**{name: str(members[name]) for name in ("kty", "crv", "x", "y", "d")})

    def key(self) -> ECKey:
        """Give the key in the form that signs."""
        return ECKey.import_key({"kty": self.kty, "crv": self.crv, "x": self.x, "y": self.y, "d": self.d})

    @property
    def key_id(self) -> str:
        """RFC 7638 thumbprint of the public half."""
        return jose.key_id({"kty": self.kty, "crv": self.crv, "x": self.x, "y": self.y})


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolment under way: the same key asks again until the service answers that it is activated.

    Kept until then, also over a crash between request and answer. What proves it (one of code, configuration and
    sign_in) is gone once it was used.
    """

    server: str
    private_key: PrivateKey
    code: str | None = None
    configuration: AppConfiguration | None = None
    sign_in: SignedIn | None = None
    device: EnrollDevice
    entra_device_id: str | None = None
    waiting: Waiting | None = None
    not_before: dt.datetime | None = None


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """An activated identity."""

    server: str
    private_key: PrivateKey
    device_id: str
    key_id: str
    binding: str
    enrolled_at: dt.datetime
