"""From a body to a message that is genuine and meant for us."""

from typing import Protocol, TypeVar

from vedette.api.device.answers import ProblemError
from vedette.api.device.keys import Keys, Speaker
from vedette_facts import jose
from vedette_facts.protocol import EnrollRequest, same_audience
from vedette_facts.report import FactsError, decode


class Addressed(Protocol):
    """A message of the protocol: it says for which server it was made."""

    @property
    def audience(self) -> str:
        """The address of that server."""
        ...


class FromDevice(Addressed, Protocol):
    """A message of an enrolled phone."""

    @property
    def device_id(self) -> str:
        """Which phone it says that it is."""
        ...


Message = TypeVar("Message", bound=Addressed)
Spoken = TypeVar("Spoken", bound=FromDevice)


async def spoken(
    body: bytes, typ: str, shape: type[Spoken], keys: Keys, public_url: str
) -> tuple[Spoken, Speaker]:
    """Verify and decode a message of an enrolled phone. Raises ProblemError."""
    try:
        received = jose.receive(body, typ)
        speaker = await keys.speaker(received.key_id)
        payload = jose.verify(received, speaker.jwk)
    except jose.SignatureRefused as refusal:
        raise ProblemError(refusal.code, refusal.message) from None
    message = decoded(payload, shape, public_url)
    if message.device_id != str(speaker.device_id):
        raise ProblemError("unknown_key", "This key does not belong to the device that the message names.")
    return message, speaker


def introduced(body: bytes, typ: str, public_url: str) -> tuple[EnrollRequest, dict[str, str]]:
    """Verify and decode an enrolment by the key it carries: proof that its sender has that key."""
    try:
        received = jose.receive(body, typ)
        jwk = received.embedded_key
        payload = jose.verify(received, jwk)
    except jose.SignatureRefused as refusal:
        raise ProblemError(refusal.code, refusal.message) from None
    return decoded(payload, EnrollRequest, public_url), jwk


def decoded(payload: bytes, shape: type[Message], public_url: str) -> Message:
    """Decode a verified payload; refuse one that was signed for another server."""
    try:
        message = decode(payload, shape)
    except FactsError as error:
        raise malformed(error) from None
    if not same_audience(message.audience, public_url):
        raise ProblemError("wrong_audience")
    return message


def malformed(error: FactsError) -> ProblemError:
    """Say which field is wrong and what was expected."""
    return ProblemError("malformed", f"{error.message} (at {error.path}).")
