"""The stalkerware feed: `ioc.yaml` and `watchware.yaml` (a list of families) and `samples.csv`."""

import csv
import io
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from vedette.intel.certificates import public_key
from vedette.intel.indicators import BadValueError, Indicator, Kind, normal
from vedette.intel.labels import DUAL_USE_NOTE, classify, dual_use
from vedette.intel.safe_yaml import YamlError, load_yaml
from vedette.intel.tally import Document, ImportFailedError, Tally

_FIELDS: Mapping[str, tuple[Kind, str]] = MappingProxyType(
    {
        "packages": (Kind.PACKAGE, ""),
        "ios_bundles": (Kind.IOS_BUNDLE, ""),
        "certificates": (Kind.CERTIFICATE_SHA1, ""),
        "sha256": (Kind.SHA256, "sample"),
        "websites": (Kind.DOMAIN, "website"),
        "distribution": (Kind.DOMAIN, "distribution"),
        "c2.domains": (Kind.DOMAIN, "c2"),
        "c2.ips": (Kind.IPV4, "c2"),
        "c2.ip": (Kind.IPV4, "c2"),
        "c2.urls": (Kind.URL, "c2"),
    }
)
_DESCRIPTIVE = frozenset({"name", "names", "type"})
_CERTIFICATE_DIGITS = {40: Kind.CERTIFICATE_SHA1, 64: Kind.CERTIFICATE_SHA256}


def read_yaml(text: str | bytes, *, untyped: str = "") -> Document:
    """Read a list of families. Raises ImportFailedError.

    `untyped`: classification of families whose type is left out or not known (default UNKNOWN).
    """
    try:
        families = load_yaml(text)
    except YamlError as error:
        raise ImportFailedError(f"This is not YAML: {error}") from None
    if not isinstance(families, list):
        raise ImportFailedError("This is not a stalkerware feed: it should be a list of families")
    tally = Tally("stalkerware-yaml")
    for family in families:
        if isinstance(family, dict):
            _family(family, untyped, tally)
        else:
            tally.puzzle("family", str(family), "a family should be a map with a name")
    return tally.finish()


def _family(family: dict[str, Any], untyped: str, tally: Tally) -> None:
    name, kind = str(family.get("name") or ""), str(family.get("type") or "")
    classification = classify([kind])
    if kind and classification is None:
        tally.puzzle("type", kind, "this type of family is not known")
    meaning = classification or untyped or "UNKNOWN"
    softened = any(dual_use(str(package)) for package in _texts(family.get("packages")))
    for field, values in _fields(family):
        if field in _DESCRIPTIVE:
            continue
        for value in _texts(values):
            if field in _FIELDS:
                _take(field, value, meaning, name, softened=softened, tally=tally)
            else:
                tally.puzzle(field, value, "this type of indicator is not read")


def _fields(family: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for field, values in family.items():
        if isinstance(values, dict):
            yield from ((f"{field}.{inner}", listed) for inner, listed in values.items())
        else:
            yield field, values


def _texts(values: Any) -> list[str]:
    if isinstance(values, list):
        return [value if isinstance(value, str) else str(value) for value in values]
    return [values] if isinstance(values, str) and values else []


def _take(field: str, value: str, meaning: str, family: str, *, softened: bool, tally: Tally) -> None:
    kind, role = _FIELDS[field]
    if field == "certificates":
        kind = _CERTIFICATE_DIGITS.get(len(value.replace(":", "").strip()), kind)
    try:
        kind, clean = normal(kind, value)
    except BadValueError as error:
        tally.reject(field, value, error)
        return
    if field == "certificates" and public_key(clean):
        tally.skip(field, "public signing key")
        return
    soft = softened and (field == "certificates" or (kind is Kind.PACKAGE and dual_use(clean)))
    note = DUAL_USE_NOTE if soft else ""
    tally.take(field, Indicator(kind, clean, "RISKWARE" if soft else meaning, family, role, note))


def read_csv(text: str | bytes, *, untyped: str = "") -> Document:
    """Read the list of samples: SHA256, Package Name, Certificate, Version, App. Raises ImportFailedError.

    Takes hashes and signers. The package name of a sample is not taken: samples borrow names of harmless
    applications, and the curated list is in the YAML. An empty certificate and a public key are skipped
    (detection.md 1.2). `untyped`: classification (default SURVEILLANCEWARE: the list is of stalkerware).
    """
    try:
        content = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
    except UnicodeError as error:
        raise ImportFailedError(f"This is not a text in UTF-8: {error}") from None
    rows = csv.reader(io.StringIO(content))
    try:
        return _samples(rows, untyped or "SURVEILLANCEWARE")
    except csv.Error as error:
        raise ImportFailedError(f"This is not a table (CSV): {error}") from None


def _samples(rows: Iterator[list[str]], meaning: str) -> Document:
    columns = {title.strip().lower(): n for n, title in enumerate(next(rows, []))}
    missing = {"sha256", "certificate", "app"} - set(columns)
    if missing:
        raise ImportFailedError(
            f"This is not the list of samples: it has no column {', '.join(sorted(missing))}"
        )
    tally = Tally("stalkerware-csv")
    for row in rows:
        if not row:
            continue
        cells = [*row, *[""] * (max(columns.values()) + 1 - len(row))]
        family = cells[columns["app"]].strip()
        for column in ("sha256", "certificate"):
            indicator = _cell(column, cells[columns[column]], tally)
            if indicator is not None:
                kind, value = indicator
                tally.take(column, Indicator(kind, value, meaning, family, "sample"))
    return tally.finish()


def _cell(column: str, raw: str, tally: Tally) -> tuple[Kind, str] | None:
    """Read one cell; None, and counted, if it holds no indicator."""
    text = raw.strip()
    if not text:
        tally.skip(column, "empty")
        return None
    wanted = Kind.SHA256
    if column == "certificate":
        wanted = _CERTIFICATE_DIGITS.get(len(text), Kind.CERTIFICATE_SHA1)
    try:
        kind, clean = normal(wanted, text)
    except BadValueError as error:
        tally.reject(column, text, error)
        return None
    if column == "certificate" and public_key(clean):
        tally.skip(column, "public signing key")
        return None
    return kind, clean
