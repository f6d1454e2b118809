"""Labelled records, one JSON object a line (docs/detection.md, "Format of the data")."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import msgspec

from vedette_facts.acquisition.found import Acquisition
from vedette_facts.report import AgentFacts, App, DeviceFacts, Facts, FactsError, decode, decode_facts
from vedette_facts.traces import Trace

Label = Literal["malicious", "benign"]
_LABELS: Final = {
    "malicious": "malicious",
    "malware": "malicious",
    "1": "malicious",
    "harmful": "malicious",
} | {
    "benign": "benign",
    "goodware": "benign",
    "0": "benign",
    "harmless": "benign",
}
_SLICES: Final = 20
_NOTHING: Final = Facts(
    device=DeviceFacts(platform="IOS", manufacturer="", model="", os_version=""), agent=AgentFacts(version="")
)
"""Of a phone of which only traces are known."""


class RecordError(ValueError):
    """A line that is no record; the message says what is wrong."""


@dataclass(frozen=True)
class Record:
    """One labelled application, or whole phone. `identity` is the same for copies of one application.

    `file`: an acquisition that has still to be read (`with_acquisition`).
    """

    label: Label
    identity: str
    app: App | None = None
    facts: Facts | None = None
    traces: tuple[Trace, ...] = ()
    family: str = ""
    year: str = ""
    slices: tuple[tuple[str, str], ...] = ()
    permissions: frozenset[str] = field(default_factory=frozenset)
    file: str = ""


def read_line(line: bytes) -> Record:
    """Read one record. Raises RecordError."""
    try:
        given = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise RecordError(f"no JSON object: {error}") from None
    label = _LABELS.get(str(given.get("label", "")).lower())
    if label is None:
        raise RecordError("`label` must be malicious or benign")
    try:
        facts = decode_facts(given["facts"]) if "facts" in given else None
        whole = facts is not None or "file" in given
        app = None if whole else decode(given["app"] if "app" in given else _flat(given), App)
    except FactsError as error:
        raise RecordError(str(error)) from None
    slices = given.get("slice") or {}
    if not isinstance(slices, dict):
        raise RecordError("`slice` must be an object of names and values")
    if "source" in given:
        slices = {"source": given["source"], **slices}
    signer = str(given.get("signer") or given.get("sig") or (app.certificates[:1] if app else "") or "")
    return Record(
        "malicious" if label == "malicious" else "benign",
        f"{app.package}@{signer}" if app else str(given.get("id") or given.get("file") or line[:200]),
        app,
        facts,
        (),
        str(given.get("family") or ""),
        str(given.get("date") or given.get("updated") or "")[:4],
        tuple((str(name), str(value)) for name, value in list(slices.items())[:_SLICES]),
        frozenset(app.manifest.requested) if app and app.manifest else frozenset(),
        str(given.get("file") or ""),
    )


def with_acquisition(record: Record, found: Acquisition) -> Record:
    """Put what was read of a record's file into it. Raises RecordError."""
    if found.facts is None and not found.traces:
        raise RecordError(f"{record.file} tells nothing of a phone")
    return replace(record, facts=found.facts or _NOTHING, traces=found.traces)


def _flat(given: dict[str, Any]) -> dict[str, Any]:
    """Make an application of the flat form that catalogues have: package, name, permissions, target_sdk."""
    if not isinstance(given.get("package"), str):
        raise RecordError("`app`, `facts` or `package` is needed")
    permissions = given.get("permissions") or []
    if not isinstance(permissions, list):
        raise RecordError("`permissions` must be a list of names")
    names = [name if "." in name else f"android.permission.{name}" for name in map(str, permissions)]
    target = str(given.get("target_sdk") or "")
    manifest = {"requested": names, "target_sdk": int(target) if target.isdigit() else None}
    return {"package": given["package"], "name": given.get("name"), "manifest": manifest}


def deduplicated(records: Iterable[Record]) -> Iterator[Record]:
    """Keep one record of each package and signer: copies inflate every figure (detection.md 1.8)."""
    seen = set()
    for record in records:
        if (record.identity, record.label) not in seen:
            seen.add((record.identity, record.label))
            yield record
