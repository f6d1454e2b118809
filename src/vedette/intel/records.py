"""Tables and lists of records whose columns have any of the usual names: CSV, TSV, YAML, JSON and JSON lines."""

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from vedette.intel.entering import Reading, enter
from vedette.intel.indicators import ALLOW, Kind
from vedette.intel.labels import classify
from vedette.intel.safe_yaml import load_yaml
from vedette.intel.shapes import kind_of
from vedette.intel.tally import Document, ImportFailedError, Tally
from vedette.intel.text_list import text_of

_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        **dict.fromkeys(("package", "package_name", "packages", "pkg", "app_id"), Kind.PACKAGE),
        **dict.fromkeys(("bundle", "bundle_id", "ios_bundle", "ios_bundles"), Kind.IOS_BUNDLE),
        **dict.fromkeys(("sha256", "sha_256", "sha256_hash"), Kind.SHA256),
        **dict.fromkeys(("sha1", "sha_1", "sha1_hash"), Kind.SHA1),
        **dict.fromkeys(("md5", "md5_hash"), Kind.MD5),
        **dict.fromkeys(("certificate", "certificates", "cert", "cert_sha1"), Kind.CERTIFICATE_SHA1),
        **dict.fromkeys(("cert_sha256", "certificate_sha256"), Kind.CERTIFICATE_SHA256),
        **dict.fromkeys(("domain", "domains", "domain_name", "host", "hostname", "fqdn"), Kind.DOMAIN),
        **dict.fromkeys(("url",), Kind.URL),
        **dict.fromkeys(("ip", "ips", "ipv4", "ip_address", "ip_dst", "ip_src", "ipv6"), Kind.IPV4),
        **dict.fromkeys(("email", "emails", "email_src"), Kind.EMAIL),
        **dict.fromkeys(("file_name", "filename"), Kind.FILE_NAME),
        **dict.fromkeys(("file_path", "path"), Kind.FILE_PATH),
        **dict.fromkeys(("process", "process_name", "processes"), Kind.PROCESS),
        **dict.fromkeys(("profile", "configuration_profile"), Kind.PROFILE),
        **dict.fromkeys(("property", "android_property"), Kind.PROPERTY),
    }
)
_VALUE: Final = ("indicator", "value", "ioc", "observable", "indicator_value")
_DENIED: Final = frozenset({"blacklist", "blocklist", "denylist"})
_ALLOWED: Final = frozenset({"whitelist", "allowlist"})
_WEAK: Final = frozenset({"url", "path", "file_path", "profile", "property", "host", "hostname", "name"})
"""Columns that tables about anything have: alone they make no table of indicators."""
_TYPE: Final = ("type", "kind", "indicator_type", "ioc_type")
_FAMILY: Final = ("family", "malware", "malware_family", "threat", "name", "app", "campaign")
_MEANING: Final = ("classification", "category", "label", "labels", "tags", "malware_type", "threat_type")
_UNTIL: Final = ("valid_until", "expires", "expiration", "expires_at", "end")
_CONFIDENCE: Final = ("confidence", "confidence_level", "score")
_DESCRIPTIVE: Final = frozenset(
    {
        *_VALUE,
        *_TYPE,
        *_FAMILY,
        *_MEANING,
        *_UNTIL,
        *_CONFIDENCE,
        "description",
        "comment",
        "reference",
        "first_seen",
    }
    | {"last_seen", "source", "id", "date", "references", "names", "note", "version", "author", "tlp"}
)
_CERTIFICATE_SHA256_DIGITS: Final = 64
_LARGEST_CELL: Final = 131_072


def read_table(content: str | bytes, *, untyped: str = "", family: str = "", role: str = "") -> Document:
    """Read CSV, TSV or a table with semicolons; the first row names the columns. Raises ImportFailedError."""
    text = text_of(content)
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    delimiter = max(",;\t|", key=first.count)
    lines = (line for line in io.StringIO(text, newline="") if not line.startswith("#"))
    rows = csv.reader(lines, delimiter=delimiter)
    tally = Tally("csv")
    try:
        names = [_column(name) for name in next(rows, [])]
        _check_names(names)
        for row in rows:
            _record(dict(zip(names, row, strict=False)), Reading(untyped, family, role), tally)
    except csv.Error as error:
        raise ImportFailedError(f"This is not a table (CSV): {error}") from None
    return tally.finish()


def read_records(content: str | bytes, *, untyped: str = "", family: str = "", role: str = "") -> Document:
    """Read YAML, JSON or JSON lines: a list of maps, or a map from kind to values. Raises ImportFailedError."""
    tally = Tally("records")
    reading = Reading(untyped, family, role)
    items = list(_items(text_of(content)))
    maps = [item for item in items if isinstance(item, Mapping)]
    if maps:
        _check_names([_column(str(name)) for item in maps for name in item])
    for item in items:
        if isinstance(item, Mapping):
            _record({_column(str(key)): value for key, value in item.items()}, reading, tally)
        else:
            _any_value(str(item), _given(reading, {}), tally)
    return tally.finish()


def _check_names(names: Iterable[str]) -> None:
    """Refuse what is a table of something else. Raises ImportFailedError."""
    known = set(names)
    strong = known & (_KINDS.keys() | set(_VALUE) | _DENIED | _ALLOWED) - _WEAK
    if not strong and not (known & _WEAK - {"name"} and known & {*_TYPE, *_MEANING, "malware", "family"}):
        raise ImportFailedError(
            "No column of this table is known. Name one of them indicator, domain, url (with a type), ip, sha256, "
            "package or certificate."
        )


def _items(text: str) -> Iterable[Any]:
    try:
        loaded = _loaded(text)
    except (ValueError, RecursionError) as error:
        raise ImportFailedError(f"This is neither JSON nor YAML: {str(error)[:300]}") from None
    if isinstance(loaded, Mapping):
        inner = [value for value in loaded.values() if isinstance(value, list) and value]
        if inner and all(isinstance(item, Mapping) for value in inner for item in value):
            return [item for value in inner for item in value]
        return [loaded]
    if not isinstance(loaded, list):
        raise ImportFailedError("This is neither a list of records nor a map from kinds to values.")
    return loaded


def _loaded(text: str) -> Any:
    head = text.lstrip()[:1]
    if head not in ("{", "["):
        return load_yaml(text)
    try:
        return json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]


def _record(record: Mapping[str, Any], base: Reading, tally: Tally) -> None:
    reading = _given(base, record)
    values = [text for name in _VALUE for text in _texts(record.get(name))]
    kind = _KINDS.get(_column(_first(record, _TYPE)))
    for value in values:
        if kind is None:
            _any_value(value, reading, tally)
        else:
            enter(tally, str(kind), _certificate(kind, value), value, reading)
    for name, cell in record.items():
        if name in _KINDS:
            for value in _texts(cell):
                enter(tally, name, _certificate(_KINDS[name], value), value, reading)
        elif name in _DENIED | _ALLOWED:
            given = replace(reading, role=ALLOW) if name in _ALLOWED else reading
            for value in _texts(cell):
                _any_value(value, given, tally)
        elif name and name not in _DESCRIPTIVE and cell not in (None, "", []):
            tally.puzzle(f"column {name}", str(cell), "this column is not read")


def _any_value(value: str, reading: Reading, tally: Tally) -> None:
    found = kind_of(value)
    if found is None:
        tally.puzzle("value", value, "its shape does not tell what it is: give a type")
    else:
        enter(tally, str(found[0]), found[0], found[1], reading)


def _given(base: Reading, record: Mapping[str, Any]) -> Reading:
    words = [
        word for name in _MEANING for text in _texts(record.get(name)) for word in re.split(r"[,;|]", text)
    ]
    typed = classify([*words, *_texts(record.get("type"))])
    return Reading(
        typed or base.classification or "UNKNOWN",
        _first(record, _FAMILY) or base.family,
        base.role or _first(record, ("role",)),
        moment(_first(record, _UNTIL)),
        _confidence(_first(record, _CONFIDENCE)),
    )


def moment(text: str) -> dt.datetime | None:
    """Read a time or a date, which counts to its end; None for none and for what is none."""
    try:
        if len(text) == 10:  # noqa: PLR2004 - YYYY-MM-DD
            return dt.datetime.combine(dt.date.fromisoformat(text), dt.time.max, dt.UTC)
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _confidence(text: str) -> int | None:
    """Read 0 to 100, or the words of STIX 2.1 appendix A."""
    words = {"none": 0, "low": 15, "med": 50, "medium": 50, "high": 85}
    if text.lower() in words:
        return words[text.lower()]
    return min(int(text), 100) if re.fullmatch(r"\d{1,3}", text) else None


def _certificate(kind: Kind, value: str) -> Kind:
    long = len(re.sub(r"[:\s]", "", value)) == _CERTIFICATE_SHA256_DIGITS
    return Kind.CERTIFICATE_SHA256 if kind is Kind.CERTIFICATE_SHA1 and long else kind


def _texts(cell: Any) -> Iterator[str]:
    if isinstance(cell, (list, tuple)):
        for item in cell:
            yield from _texts(item)
    elif isinstance(cell, (str, int, float)) and str(cell).strip():
        yield str(cell).strip()[:_LARGEST_CELL]


def _first(record: Mapping[str, Any], names: Iterable[str]) -> str:
    return next((text for name in names for text in _texts(record.get(name))), "")


def _column(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")
