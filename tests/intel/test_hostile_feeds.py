"""No feed text takes an importer down: it is read, or refused in a sentence (budget: tests/support/fuzz.py)."""

import datetime as dt
import json
from typing import Any, get_args

import pytest
import yaml
from tests.support import fuzz

from vedette.intel.formats import Hints, read
from vedette.intel.recognise import Format
from vedette.intel.tally import ImportFailedError

SHA = "ab" * 32
AT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
DATA: dict[Format, Any] = {
    "stix2": {
        "type": "bundle",
        "id": "bundle--1",
        "objects": [
            {
                "type": "indicator",
                "id": "indicator--1",
                "pattern": f"[file:hashes.'SHA-256'='{SHA}' OR domain-name:value = 'bad.example'] AND [app:id='a.b']",
                "valid_from": "2026-01-01T00:00:00Z",
                "valid_until": "2030-01-01T00:00:00.5Z",
                "confidence": 40,
                "labels": ["malicious-activity"],
            },
            {
                "type": "malware",
                "id": "malware--1",
                "name": "Bad",
                "malware_types": ["spyware"],
                "is_family": True,
            },
            {
                "type": "relationship",
                "relationship_type": "indicates",
                "source_ref": "indicator--1",
                "target_ref": "malware--1",
            },
        ],
    },
    "sofa": {
        "OSVersions": [
            {
                "OSVersion": "18",
                "Latest": {"ProductVersion": "18.1", "Build": "22B83", "ReleaseDate": "2026-01-01T00:00:00Z"},
                "SecurityReleases": [
                    {
                        "UpdateName": "iOS 18.1 and iPadOS 18.1",
                        "ProductVersion": "18.1",
                        "ReleaseDate": "2026-01-01T00:00:00Z",
                        "CVEs": {"CVE-2026-0001": True},
                        "ActivelyExploitedCVEs": ["CVE-2026-0001"],
                    }
                ],
            }
        ],
        "Models": {"iPhone12,1": {"MarketingName": "iPhone 11", "SupportedOS": ["iOS 18"]}},
    },
    "osv-android": {
        "id": "ASB-A-1",
        "aliases": ["CVE-2026-0002"],
        "modified": "2026-01-01T00:00:00Z",
        "affected": [
            {
                "package": {"ecosystem": "Android", "name": "platform/x"},
                "ranges": [
                    {"type": "ECOSYSTEM", "events": [{"introduced": "14:0"}, {"fixed": "14:2026-01-05"}]}
                ],
                "ecosystem_specific": {"severity": "High", "spl": "2026-01-05"},
            }
        ],
    },
    "kev": {
        "catalogVersion": "2026.01.01",
        "vulnerabilities": [
            {"cveID": "CVE-2026-0001", "dateAdded": "2026-01-01", "product": "Multiple", "vendorProject": "A"}
        ],
    },
    "endoflife": {
        "schema_version": "1.0",
        "result": {
            "name": "android",
            "label": "Android",
            "releases": [{"name": "12", "isEol": True, "eolFrom": "2025-03-31", "latest": {"name": "12.1"}}],
        },
    },
    "misp-warninglist": {
        "name": "Popular",
        "type": "hostname",
        "version": 20260101,
        "matching_attributes": ["domain"],
        "list": ["good.example", "192.0.2.0/24"],
    },
    "exodus": {
        "trackers": {
            "1": {
                "name": "T",
                "code_signature": "com.t.|com.u",
                "network_signature": "t\\.example",
                "website": "x",
            }
        }
    },
}
LINES: dict[Format, bytes] = {
    "stalkerware-yaml": yaml.safe_dump(
        [
            {
                "name": "Spy",
                "type": "stalkerware",
                "packages": ["a.b"],
                "certificates": ["0F" * 20],
                "c2": {"domains": ["x.example"]},
            }
        ]
    ).encode(),
    "stalkerware-csv": f"SHA256,Package Name,Certificate,Version,App\n{SHA},a.b,{'0F' * 20},1,Spy\n".encode(),
    "mvt-index": yaml.safe_dump(
        {
            "indicators": [
                {
                    "type": "github",
                    "name": "x",
                    "github": {"owner": "o", "repo": "r", "branch": "m", "path": "p"},
                }
            ]
        }
    ).encode(),
    "maltrail": b"# Copyright (c) Maltrail developers\n# Reference: https://x.example/\n\nbad.example\n192.0.2.1:80\nhttp://y.example/z\n",
    "csv": b"type,value,comment\ndomain,bad[.]example,x\nsha256," + SHA.encode() + b",y\n",
    "records": yaml.safe_dump([{"domain": "bad.example", "family": "X"}, {"sha256": SHA}]).encode(),
    "text": b"bad[.]example\nhxxps://y.example/z\n" + SHA.encode() + b"\n# note\n",
}


def test_every_format_is_tried() -> None:
    assert DATA.keys() | LINES.keys() == set(get_args(Format))


@pytest.mark.parametrize("format_", [*DATA, *LINES])
def test_hostile_variants_are_read_or_refused_in_a_sentence(format_: Format) -> None:
    for seed in range(fuzz.EXAMPLES):
        for content in _variants(format_, seed):
            assert _told(content, format_)


def _told(content: bytes, format_: Format) -> str:
    try:
        return read(content, format_, hints=Hints(at=AT)).report.format
    except ImportFailedError as refusal:
        return str(refusal).strip()


def _variants(format_: Format, seed: int) -> list[bytes]:
    if format_ in DATA:
        honest = json.dumps(DATA[format_]).encode()
        return [json.dumps(fuzz.structures(DATA[format_], seed)).encode(), fuzz.texts(honest, seed)]
    honest = LINES[format_]
    if format_ in ("stalkerware-yaml", "mvt-index", "records"):
        data = fuzz.structures(yaml.safe_load(honest), seed)
        return [
            yaml.dump(data, allow_unicode=False).encode("utf-8", "surrogatepass"),
            fuzz.texts(honest, seed),
        ]
    return [fuzz.texts(honest, seed)]


def test_a_list_of_samples_may_name_a_column_twice() -> None:
    """Found by the variants above."""
    text = f"App,App,SHA256,Certificate\nSpy\nSpy,Spy,{SHA},\n".encode()
    assert [item.value for item in read(text, "stalkerware-csv").indicators] == [SHA]


def test_an_object_that_is_no_text_costs_nobody_else_his_place() -> None:
    """Found by the variants above."""
    objects = [{**DATA["stix2"]["objects"][0], "pattern": "[app:id='a.b']"}, *DATA["stix2"]["objects"][1:]]
    honest = json.dumps({**DATA["stix2"], "objects": objects}).encode()
    document = read(
        honest.replace(b'"name": "Bad"', b'"name": "B\x8cd"'), "stix2", hints=Hints(untyped="TROJAN")
    )
    assert [item.value for item in document.indicators] == ["a.b"]
