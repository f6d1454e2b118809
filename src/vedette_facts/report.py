"""What a phone reports about itself: the typed facts and their limits.

`None` means "not known" everywhere; it never means "no". Fields that this version does not know are ignored,
so that an agent may be newer than the service.
"""

import datetime as dt
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from vedette_facts.canonical import canonical_json, digest_of
from vedette_facts.fields import (
    CHOICES,
    DATE,
    LARGEST_EXACT_INTEGER,
    WORDS,
    FilledLine,
    Fingerprint,
    Line,
    Long,
    PatchLevel,
    Platform,
    Sdk,
    Sha256,
    Short,
)
from vedette_facts.manifest import Manifest
from vedette_facts.network import Network
from vedette_facts.settings import Settings
from vedette_facts.versions import patch_date

MAX_APPS = 3000
T = TypeVar("T")


class FactsError(ValueError):
    """A report that is refused: `path` is the field (`$.apps[3].sha256`), `message` what was expected."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{message} (at {path})")
        self.path = path
        self.message = message


class DeviceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Make, model and system. `serial` stays empty: the protocol never asks for a hardware identifier."""

    platform: Platform
    manufacturer: Line
    model: Line
    os_version: Annotated[str, Meta(min_length=1, max_length=64)]
    security_patch: PatchLevel | None = None
    sdk: Sdk | None = None
    build_type: Short | None = None
    build_tags: Line | None = None
    fingerprint: Long | None = None
    serial: None = None


class Posture(msgspec.Struct, frozen=True, kw_only=True):
    """How the phone is set up. Each fact is true, false, or None when the agent could not tell."""

    root: bool | None = None
    root_signs: Annotated[list[Line], Meta(max_length=50)] = []
    debug_build: bool | None = None
    encrypted: bool | None = None
    screen_lock: bool | None = None
    developer_options: bool | None = None
    adb: bool | None = None


class App(msgspec.Struct, frozen=True, kw_only=True):
    """One installed application. `certificates` are fingerprints of its signers, `sha256` that of its APK."""

    package: FilledLine
    name: Line | None = None
    version: Annotated[str, Meta(max_length=128)] | None = None
    version_code: Annotated[int, Meta(ge=0, le=LARGEST_EXACT_INTEGER)] | None = None
    installer: Line | None = None
    sha256: Sha256 | None = None
    certificates: Annotated[list[Fingerprint], Meta(max_length=16)] = []
    system: bool = False
    enabled: bool | None = None
    first_installed: dt.datetime | None = None
    last_updated: dt.datetime | None = None
    manifest: Manifest | None = None


class AgentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The agent itself and the permissions it was given by the person or the MDM."""

    version: Annotated[str, Meta(min_length=1, max_length=64)]
    permissions: Annotated[dict[Short, bool], Meta(max_length=100)] = {}


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report. `apps=None` means not collected; only `apps_complete` makes absence an evidence.

    `settings` and `network` are None from an agent that does not read them: their rules are then not asked.
    """

    device: DeviceFacts
    agent: AgentFacts
    posture: Posture = msgspec.field(default_factory=Posture)
    apps: Annotated[list[App], Meta(max_length=MAX_APPS)] | None = None
    apps_complete: bool = False
    settings: Settings | None = None
    network: Network | None = None
    collected: Annotated[list[Short], Meta(max_length=50)] = []


def decode_facts(source: bytes | dict[str, Any]) -> Facts:
    """Facts from JSON text or parsed JSON; FactsError tells which field is wrong and what was expected."""
    facts = decode(source, Facts)
    if facts.apps is None and facts.apps_complete:
        raise FactsError("$.apps_complete", "Expected `false`, because `apps` is null: nothing was collected")
    patch = facts.device.security_patch
    if patch is not None and patch_date(patch) is None:
        raise FactsError("$.device.security_patch", f"Expected {WORDS[DATE]}, got `{patch}`")
    return facts


def canonical(facts: Facts | dict[str, Any]) -> bytes:
    """Canonical JSON of the facts (canonical.py); a dict is taken as it was sent, unknown fields included."""
    return canonical_json(msgspec.to_builtins(facts) if isinstance(facts, Facts) else facts)


def digest(facts: Facts | dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON in lower-case hex: what "unchanged" refers to.

    The service must compute it over the facts *as sent* (`ReportRequest.digest()`), since a newer agent may
    send fields that `Facts` does not know.
    """
    return digest_of(canonical(facts))


def decode(source: bytes | dict[str, Any], shape: type[T]) -> T:
    """One object of the protocol, with msgspec's complaints turned into a FactsError."""
    try:
        if isinstance(source, bytes):
            if b"\\u0000" in source:
                refuse_nul(msgspec.json.decode(source))
            return msgspec.json.decode(source, type=shape)
        refuse_nul(source)
        return msgspec.convert(source, shape)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None
    except msgspec.DecodeError as error:
        raise FactsError("$", f"Not valid JSON: {error}") from None
    except RecursionError:
        raise FactsError("$", "Nested too deeply") from None


def refuse_nul(value: object, path: str = "$") -> None:
    """FactsError for a NUL character anywhere, because PostgreSQL stores none."""
    if isinstance(value, str):
        if "\0" in value:
            raise FactsError(path, "A NUL character (U+0000) is not allowed")
    elif isinstance(value, dict):
        for key, inner in value.items():
            refuse_nul(key, f"name of a member of {path}")
            refuse_nul(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            refuse_nul(inner, f"{path}[{index}]")


def _explained(text: str) -> FactsError:
    """Split msgspec's "Expected … - at `$.apps[3].sha256`" and put its patterns into words."""
    message, _, path = text.rpartition(" - at ")
    if not message:
        message, path = text, "`$`"
    path = path.replace("`key` in ", "name of a member of ").replace("`", "")
    for pattern, words in WORDS.items():
        message = message.replace(f"`str` matching regex {pattern!r}", words)
    if message.startswith("Invalid enum value"):
        allowed = CHOICES.get(path.rpartition(".")[2].partition("[")[0], "a value of the protocol")
        message = f"Expected {allowed}, got {message.removeprefix('Invalid enum value ')}"
    return FactsError(path, message)


def utc(moment: dt.datetime) -> dt.datetime:
    """Convert to UTC; ValueError outside 2000 to 2200, where a phone's clock is not wrong but nonsense."""
    if not 2000 <= moment.year <= 2200:  # noqa: PLR2004 - the years are the rule
        raise ValueError(f"{moment.isoformat()} is not a time between the years 2000 and 2200")
    return moment.astimezone(dt.UTC)


__all__ = [
    "LARGEST_EXACT_INTEGER",
    "MAX_APPS",
    "AgentFacts",
    "App",
    "DeviceFacts",
    "Facts",
    "FactsError",
    "Manifest",
    "Network",
    "Platform",
    "Posture",
    "Settings",
    "canonical",
    "decode",
    "decode_facts",
    "digest",
    "refuse_nul",
    "utc",
]
