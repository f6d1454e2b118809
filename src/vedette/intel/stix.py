"""STIX 2.0 and 2.1 bundles, with the custom objects that mobile feeds use (detection.md 1.4)."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated

import msgspec
from msgspec import Meta

from vedette.intel.entering import Reading, enter
from vedette.intel.indicators import Kind
from vedette.intel.labels import UNTYPED_MALWARE, classify
from vedette.intel.stix_pattern import PatternError, comparisons
from vedette.intel.tally import Document, ImportFailedError, Tally

KNOWN_PATHS: Mapping[str, Kind] = MappingProxyType(
    {
        "app:id": Kind.PACKAGE,
        "app:cert.sha1": Kind.CERTIFICATE_SHA1,
        "app:cert.sha256": Kind.CERTIFICATE_SHA256,
        "x509-certificate:hashes.sha1": Kind.CERTIFICATE_SHA1,
        "x509-certificate:hashes.sha256": Kind.CERTIFICATE_SHA256,
        "file:hashes.md5": Kind.MD5,
        "file:hashes.sha1": Kind.SHA1,
        "file:hashes.sha256": Kind.SHA256,
        "file:name": Kind.FILE_NAME,
        "file:path": Kind.FILE_PATH,
        "domain-name:value": Kind.DOMAIN,
        "url:value": Kind.URL,
        "ipv4-addr:value": Kind.IPV4,
        "ipv6-addr:value": Kind.IPV6,
        "email-addr:value": Kind.EMAIL,
        "process:name": Kind.PROCESS,
        "configuration-profile:id": Kind.PROFILE,
        "android-property:name": Kind.PROPERTY,
    }
)
_HARMLESS = frozenset({"benign", "anonymization", "attribution"})
"""STIX 2.1 indicator types that do not say that something is bad (section 10.7)."""

_OTHERS = frozenset({"malware", "tool", "relationship", "identity", "report", "marking-definition"})
"""Objects that are read for their meaning, or that carry no indicator."""


class _Object(msgspec.Struct):
    """The fields of any STIX object that this importer reads."""

    type: str
    id: str = ""
    name: str = ""
    pattern: str = ""
    pattern_type: str = "stix"
    labels: list[str] = []
    indicator_types: list[str] = []
    malware_types: list[str] = []
    revoked: bool = False
    valid_until: dt.datetime | None = None
    confidence: Annotated[int, Meta(ge=0, le=100)] | None = None
    relationship_type: str = ""
    source_ref: str = ""
    target_ref: str = ""


class _Bundle(msgspec.Struct):
    type: str
    objects: list[msgspec.Raw] = []


_OBJECT = msgspec.json.Decoder(_Object)


@dataclass(frozen=True)
class _Meaning:
    classification: str
    family: str


def read_stix(text: str | bytes, *, untyped: str = "", at: dt.datetime | None = None) -> Document:
    """Read a bundle. Raises ImportFailedError.

    `untyped`: classification for indicators whose malware has no type in the feed (default: TROJAN where the
    feed says that it is malware or malicious, else UNKNOWN). `at`: indicators whose validity ended before
    are left out.
    """
    tally = Tally("stix2")
    objects = list(_objects(_decoded(text), tally))
    meanings = _meanings(objects, untyped)
    for item in objects:
        if item.type == "indicator":
            _indicator(item, meanings, untyped, at, tally)
        elif item.type not in _OTHERS:
            tally.puzzle(f"object {item.type}", item.name or item.id, "this kind of object is not read")
    return tally.finish()


def _decoded(text: str | bytes) -> _Bundle:
    try:
        bundle = msgspec.json.decode(text, type=_Bundle)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ImportFailedError(f"This is not a STIX 2 bundle: {error}") from None
    if bundle.type != "bundle":
        raise ImportFailedError(f"This is not a STIX 2 bundle: its type is `{bundle.type}`")
    return bundle


def _objects(bundle: _Bundle, tally: Tally) -> Iterator[_Object]:
    """Decode one by one: a single odd object must not cost the whole feed."""
    for raw in bundle.objects:
        try:
            yield _OBJECT.decode(raw)
        except (msgspec.MsgspecError, UnicodeError) as error:
            tally.puzzle("object", bytes(raw).decode(errors="replace"), str(error))


def _meanings(objects: Iterable[_Object], untyped: str) -> dict[str, _Meaning]:
    """Say what each indicator's ID stands for, through the relationships to malware and tools."""
    named = {}
    for item in objects:
        if item.type == "malware":
            code = classify([*item.malware_types, *item.labels]) or untyped or UNTYPED_MALWARE
            named[item.id] = _Meaning(code, item.name)
        elif item.type == "tool":
            named[item.id] = _Meaning(untyped or "RISKWARE", item.name)
    meanings: dict[str, _Meaning] = {}
    for item in objects:
        if item.type == "relationship" and item.relationship_type == "indicates" and item.target_ref in named:
            meanings.setdefault(item.source_ref, named[item.target_ref])
    return meanings


def _indicator(
    item: _Object, meanings: Mapping[str, _Meaning], untyped: str, at: dt.datetime | None, tally: Tally
) -> None:
    types = [*item.indicator_types, *item.labels]
    ended = at is not None and item.valid_until is not None and _aware(item.valid_until) <= at
    if item.revoked or ended or (types and _HARMLESS.issuperset(types)):
        tally.skip("indicator", "revoked" if item.revoked else "expired" if ended else "not said to be bad")
        return
    if item.pattern_type != "stix":
        tally.puzzle(f"pattern {item.pattern_type}", item.pattern, "only STIX patterns are read")
        return
    try:
        found = comparisons(item.pattern)
    except PatternError as error:
        tally.puzzle("pattern", item.pattern, str(error))
        return
    meaning = meanings.get(item.id) or _own_meaning(tuple(types), untyped)
    for path, value in found:
        _take(path, value, meaning, item, tally)


@lru_cache(maxsize=1024)
def _own_meaning(types: tuple[str, ...], untyped: str) -> _Meaning:
    malicious = UNTYPED_MALWARE if "malicious-activity" in types else "UNKNOWN"
    return _Meaning(classify(types) or untyped or malicious, "")


def _take(path: str, value: str, meaning: _Meaning, item: _Object, tally: Tally) -> None:
    if path not in KNOWN_PATHS:
        tally.puzzle(path, value, "this type of indicator is not read")
        return
    until = None if item.valid_until is None else _aware(item.valid_until)
    reading = Reading(meaning.classification, meaning.family, "", until, item.confidence)
    enter(tally, path, KNOWN_PATHS[path], value, reading)


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
