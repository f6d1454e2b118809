"""The report of a scan for other tools: a STIX 2.1 bundle of what was observed and what it means.

Each finding is a note (STIX 2.1, 4.10) about the observed data (4.12) that hold what was seen (6.x).
"""

import datetime as dt
import json
import uuid
from typing import Any, Final

from vedette.scans.result import Scan
from vedette.verdict.findings import Finding

_NAMESPACE: Final = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""STIX 2.1, 2.9: the namespace of deterministic identifiers of observables."""
_IDENTITY: Final = f"identity--{uuid.uuid5(_NAMESPACE, 'Vedette')}"
_HASHES: Final = {"sha256": "SHA-256", "sha1": "SHA-1", "md5": "MD5"}
_BY_KIND: Final = {
    "domain": ("domain-name", "value"),
    "url": ("url", "value"),
    "ipv4": ("ipv4-addr", "value"),
    "ipv6": ("ipv6-addr", "value"),
    "email": ("email-addr", "value"),
}

Json = dict[str, Any]


def write(scan: Scan, now: dt.datetime) -> str:
    """Build the bundle; the same scan gives the same identifiers."""
    moment = now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    objects: dict[str, Json] = {_IDENTITY: _identity(moment)}
    for finding in scan.findings:
        for each in _told(finding, scan, moment):
            objects[each["id"]] = each
    bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": list(objects.values())}
    return json.dumps(bundle, indent=2) + "\n"


def _identity(moment: str) -> Json:
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": _IDENTITY,
        "created": moment,
        "modified": moment,
        "name": "Vedette",
        "identity_class": "system",
    }


def _told(finding: Finding, scan: Scan, moment: str) -> list[Json]:
    observable = _observable(finding)
    common = {
        "spec_version": "2.1",
        "created": moment,
        "modified": moment,
        "created_by_ref": _IDENTITY,
    }
    seen = _seen(finding) or moment
    observed = {
        "type": "observed-data",
        "id": _id("observed-data", finding),
        **common,
        "first_observed": seen,
        "last_observed": seen,
        "number_observed": 1,
        "object_refs": [observable["id"]],
    }
    note = {
        "type": "note",
        "id": _id("note", finding),
        **common,
        "abstract": finding.summary,
        "content": f"{finding.classification}, risk {scan.risk(finding).name}. {scan.mend(finding)}",
        "object_refs": [observed["id"], observable["id"]],
    }
    return [observable, observed, note]


def _observable(finding: Finding) -> Json:
    """Name what was seen as an observable of its kind; what has none is software or, last, a named artifact."""
    facts = {evidence.fact: evidence.value for evidence in reversed(finding.evidence)}
    _, _, rest = finding.key.partition(":")
    kind, _, value = rest.partition(":")
    if finding.key.startswith("trace:") and kind in _BY_KIND:
        name, field = _BY_KIND[kind]
        return _object(name, {field: facts.get("value", value)})
    if finding.key.startswith("trace:") and kind in _HASHES:
        return _object("file", {"hashes": {_HASHES[kind]: facts.get("value", value)}})
    if finding.key.startswith("trace:") and kind in {"file_name", "file_path"}:
        return _object("file", {"name": facts.get("value", value).rpartition("/")[2]})
    if finding.key.startswith("trace:process:"):
        return _object("process", {"command_line": facts.get("value", value)})
    if finding.key.startswith("app:"):
        return _object("software", {"name": rest.partition("@")[0]})
    return _object("software", {"name": f"{finding.classification}: {finding.key}"})


def _object(name: str, properties: Json) -> Json:
    digest = uuid.uuid5(_NAMESPACE, json.dumps({name: properties}, sort_keys=True))
    return {"type": name, "spec_version": "2.1", "id": f"{name}--{digest}", **properties}


def _id(kind: str, finding: Finding) -> str:
    return f"{kind}--{uuid.uuid5(_NAMESPACE, f'{kind} {finding.classification} {finding.key}')}"


def _seen(finding: Finding) -> str | None:
    for evidence in finding.evidence:
        if evidence.fact == "at":
            at = dt.datetime.fromisoformat(evidence.value).astimezone(dt.UTC)
            return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return None
