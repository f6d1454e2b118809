"""Labelled records, one JSON object a line (docs/detection.md, "Format of the data")."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import msgspec

from vedette.detection.evaluation import links
from vedette_facts.acquisition.found import Acquisition
from vedette_facts.apk import ApkFacts
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
    """One labelled application, whole phone or link. `identity` is the same for copies of one.

    `file`: an acquisition or an application that has still to be read (`with_acquisition`); `apks`: what an application
    is, part by part. `features`: what the baseline learns from.
    """

    label: Label
    identity: str
    app: App | None = None
    facts: Facts | None = None
    traces: tuple[Trace, ...] = ()
    family: str = ""
    year: str = ""
    slices: tuple[tuple[str, str], ...] = ()
    features: frozenset[str] = field(default_factory=frozenset)
    file: str = ""
    url: str = ""
    month: str = ""
    apks: tuple[ApkFacts, ...] = ()


def read_line(line: bytes) -> Record:
    """Read one record. Raises RecordError."""
    try:
        given = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise RecordError(f"no JSON object: {error}") from None
    label = _LABELS.get(str(given.get("label", "")).lower())
    if label is None:
        raise RecordError("`label` must be malicious or benign")
    if "url" in given:
        return _link("malicious" if label == "malicious" else "benign", given)
    try:
        facts = decode_facts(given["facts"]) if "facts" in given else None
        whole = facts is not None or "file" in given
        app = None if whole else decode(given["app"] if "app" in given else _flat(given), App)
    except FactsError as error:
        raise RecordError(str(error)) from None
    signer = str(given.get("signer") or given.get("sig") or (app.certificates[:1] if app else "") or "")
    return Record(
        "malicious" if label == "malicious" else "benign",
        f"{app.package}@{signer}" if app else str(given.get("id") or given.get("file") or line[:200]),
        app,
        facts,
        (),
        str(given.get("family") or ""),
        _date(given)[:4],
        _slices(given),
        frozenset(app.manifest.requested) if app and app.manifest else frozenset(),
        str(given.get("file") or ""),
    )


def _link(label: Label, given: dict[str, Any]) -> Record:
    url = given["url"]
    if not isinstance(url, str) or not url.strip():
        raise RecordError("`url` must be a link or a host name")
    date = _date(given)
    return Record(
        label,
        str(given.get("id") or links.registered(url)),
        family=str(given.get("family") or ""),
        year=date[:4],
        slices=(*links.slices(url), *_slices(given)),
        features=links.features(url),
        url=url,
        month=date[:7],
    )


def _date(given: dict[str, Any]) -> str:
    return str(given.get("date") or given.get("updated") or "")


def _slices(given: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    slices = given.get("slice") or {}
    if not isinstance(slices, dict):
        raise RecordError("`slice` must be an object of names and values")
    if "source" in given:
        slices = {"source": given["source"], **slices}
    return tuple((str(name), str(value)) for name, value in list(slices.items())[:_SLICES])


def with_acquisition(record: Record, found: Acquisition) -> Record:
    """Put what was read of a record's file into it. Raises RecordError."""
    if found.apks:
        return _with_application(record, found.apks)
    if found.facts is None and not found.traces:
        raise RecordError(f"{record.file} tells nothing of a phone")
    return replace(record, facts=found.facts or _NOTHING, traces=found.traces)


def _with_application(record: Record, apks: tuple[ApkFacts, ...]) -> Record:
    """The copies of an application are told by package and signer, as everywhere."""
    app = apks[0].app
    if app is None:
        return replace(record, apks=apks, identity=apks[0].sha256)
    requested = frozenset(app.manifest.requested) if app.manifest else frozenset()
    identity = f"{app.package}@{','.join(app.certificates[:1])}"
    return replace(record, apks=apks, app=app, identity=identity, features=requested)


def _flat(given: dict[str, Any]) -> dict[str, Any]:
    """Make an application of the flat form that catalogues have: package, name, permissions, target_sdk."""
    if not isinstance(given.get("package"), str):
        raise RecordError("`app`, `facts`, `package` or `url` is needed")
    permissions = given.get("permissions") or []
    if not isinstance(permissions, list):
        raise RecordError("`permissions` must be a list of names")
    names = [name if "." in name else f"android.permission.{name}" for name in map(str, permissions)]
    target = str(given.get("target_sdk") or "")
    manifest = {"requested": names, "target_sdk": int(target) if target.isdigit() else None}
    return {"package": given["package"], "name": given.get("name"), "manifest": manifest}


def deduplicated(records: Iterable[Record]) -> Iterator[Record]:
    """Keep one record of each package and signer, or registered name: copies inflate figures (detection.md 1.8)."""
    seen = set()
    for record in records:
        if (record.identity, record.label) not in seen:
            seen.add((record.identity, record.label))
            yield record
