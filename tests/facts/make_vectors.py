"""Writes docs/device-protocol-vectors.json: `python tests/facts/make_vectors.py`.

ECDSA signatures differ at each run, so the file changes when this is run; run it only when the protocol changes.
"""

import base64
import datetime as dt
import json
from pathlib import Path
from typing import Any

import msgspec

from vedette_agent.identity import PrivateKey
from vedette_facts import jose
from vedette_facts import protocol as p
from vedette_facts.canonical import canonical_json, digest_of
from vedette_facts.network import network_hash

VECTORS = Path(__file__).resolve().parents[2] / "docs" / "device-protocol-vectors.json"

# the key of RFC 7515 appendix A.3, which is public: a vector must never be somebody's identity
KEY = PrivateKey(
    kty="EC",
    crv="P-256",
    x="f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    y="x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    d="jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
)
AUDIENCE = "https://vedette.example.com"
DEVICE = "018f6b1e-7c1a-7e2b-9a54-3f0d1c2b4a59"
# its shape only: header, claims with the key's thumbprint as nonce, no signature that anybody would believe
ID_TOKEN = "{}.{}.c2ln".format(
    *(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "RS256", "kid": "k"}, {"nonce": KEY.key_id})
    )
)
T0 = dt.datetime(2026, 3, 5, 7, 30, tzinfo=dt.UTC)
FACTS: dict[str, Any] = {
    "device": {
        "platform": "ANDROID",
        "manufacturer": "Google",
        "model": "Pixel 8a",
        "os_version": "15",
        "security_patch": "2026-02-05",
        "sdk": 35,
        "build_type": "user",
        "build_tags": "release-keys",
        "fingerprint": "google/akita/akita:15/AP4A.250205.002/12821496:user/release-keys",
    },
    "posture": {
        "root": False,
        "root_signs": [],
        "debug_build": False,
        "encrypted": True,
        "screen_lock": True,
        "developer_options": False,
        "adb": None,
    },
    "apps": [
        {
            "package": "org.example.notes",
            "name": "Notes & “Ideas” \U0001f4dd",
            "version": "5.4",
            "version_code": 504,
            "installer": "com.android.vending",
            "sha256": "c0535e4be2b79ffd93291305436bf889314e4a3faec05ecffcbb7df31ad9e51a",
            "certificates": ["0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"],
            "system": False,
            "enabled": True,
            "first_installed": "2026-01-11T18:20:00Z",
            "last_updated": "2026-02-20T03:12:00Z",
            "manifest": {
                "requested": ["android.permission.INTERNET", "android.permission.CAMERA"],
                "granted": ["android.permission.INTERNET"],
                "guards": ["android.permission.BIND_NOTIFICATION_LISTENER_SERVICE"],
                "actions": ["android.intent.action.BOOT_COMPLETED"],
                "launcher": True,
                "debuggable": False,
                "cleartext": False,
                "min_sdk": 26,
                "target_sdk": 35,
                "hosts": ["sync.notes.example"],
            },
        }
    ],
    "apps_complete": True,
    "settings": {
        "selinux": "enforcing",
        "verified_boot": "green",
        "bootloader_locked": True,
        "adb_network": False,
        "package_verifier": True,
        "unknown_source_apps": [],
        "accessibility_services": ["org.example.reader"],
        "device_admins": [],
        "default_sms": "com.google.android.apps.messaging",
        "user_certificates": [
            {
                "sha256": "f3a1c0f6b7d8e9aab0c1d2e3f4051627384950617283940a1b2c3d4e5f607182",
                "subject": "CN=Example Corporation Root",
                "managed": True,
            }
        ],
        "listening": ["tcp/8080"],
    },
    "network": {
        "kind": "wifi",
        "security": "wpa2",
        "ssid": network_hash("Example Guest", DEVICE),
        "bssid": network_hash("02:00:5e:10:00:01", DEVICE),
        "gateway": "192.0.2.1",
        "gateway_hardware": network_hash("02:00:5e:10:00:02", DEVICE),
        "dns": ["192.0.2.53"],
        "proxy": None,
        "vpn": False,
        "captive_portal": False,
        "changed": [],
        "probes": [
            {
                "host": "probe.vedette.example.com",
                "outcome": "ok",
                "chain": ["0d1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7"],
            }
        ],
    },
    "agent": {"version": "1.0.0", "permissions": {"notifications": True, "query_packages": True}},
    "collected": ["device", "posture", "apps", "settings", "network"],
    "a_field_of_a_later_version": {"is": "ignored, but counts in the digest"},
}
CANONICAL: dict[str, Any] = {
    "members are sorted by UTF-16 code units": {"\ufb33": 1, "\U0001f600": 2, "a": 3, "A": 4, "": 5},
    "no spaces, literal Unicode": {"b": [1, 2, {"z": None, "y": True}], "a": "é 漢 \U0001f4dd"},
    "escapes": {"text": 'quote " backslash \\ slash / tab \t newline \n unit separator \x1f delete \x7f'},
    "whole numbers": {"numbers": [0, -1, 9007199254740991]},
}


def messages() -> dict[str, tuple[str, msgspec.Struct]]:
    facts = msgspec.Raw(msgspec.json.encode(FACTS))
    digest = digest_of(canonical_json(FACTS))
    report = p.ReportRequest(
        device_id=DEVICE, audience=AUDIENCE, sequence=1, observed_at=T0, sent_at=T0, facts=facts
    )
    return {
        "enroll": (
            p.ENROLL_TYP,
            p.EnrollRequest(
                code="7KQF-9XPM-2WTD",
                sent_at=T0,
                audience=AUDIENCE,
                device=p.EnrollDevice(
                    platform="ANDROID",
                    manufacturer="Google",
                    model="Pixel 8a",
                    os_version="15",
                    name="Ada's phone",
                ),
                entra_device_id=None,
                agent_version="1.0.0",
            ),
        ),
        "check_in_with_facts": (p.REPORT_TYP, report),
        "check_in_unchanged_two_hours_later_sent_after_three": (
            p.REPORT_TYP,
            p.ReportRequest(
                device_id=DEVICE,
                audience=AUDIENCE,
                sequence=2,
                observed_at=T0 + dt.timedelta(hours=2),
                sent_at=T0 + dt.timedelta(hours=3),
                unchanged=digest,
            ),
        ),
        "status": (
            p.STATUS_TYP,
            p.StatusRequest(device_id=DEVICE, audience=AUDIENCE, sent_at=T0 + dt.timedelta(hours=3)),
        ),
        "enroll_by_configuration": (
            p.ENROLL_TYP,
            p.EnrollRequest(
                configuration=p.AppConfiguration(
                    enrollment_code="7KQF-9XPM-2WTD-RH4C-VN83",
                    entra_device_id="5d3c9a6e-0f4b-4a5e-9d0e-6f0a2f1f7c11",
                    user_principal_name="ada@contoso-outdoors.example",
                ),
                sent_at=T0,
                audience=AUDIENCE,
                device=p.EnrollDevice(
                    platform="ANDROID",
                    manufacturer="Google",
                    model="Pixel 8a",
                    os_version="15",
                    name="Ada's phone",
                ),
                entra_device_id=None,
                agent_version="1.0.0",
            ),
        ),
        "enroll_by_sign_in": (
            p.ENROLL_TYP,
            p.EnrollRequest(
                sign_in=p.SignedIn(id_token=ID_TOKEN),
                sent_at=T0,
                audience=AUDIENCE,
                device=p.EnrollDevice(
                    platform="ANDROID",
                    manufacturer="Google",
                    model="Pixel 8a",
                    os_version="15",
                    name="Ada's phone",
                ),
                entra_device_id=None,
                agent_version="1.0.0",
            ),
        ),
    }


def refused(tokens: dict[str, str]) -> list[dict[str, str]]:
    """Tokens that a service must not take, with the error code each gets."""
    header, payload, signature = tokens["check_in_with_facts"].split(".")
    other = jose.sign(messages()["check_in_with_facts"][1], jose.new_key(), p.REPORT_TYP)
    raised = json.loads(_decode(payload)) | {"sequence": 2}
    private = _encode({"alg": "ES256", "typ": p.ENROLL_TYP, "jwk": msgspec.to_builtins(KEY)})
    leaked = f"{private}.{tokens['enroll'].split('.')[1]}.{signature}"
    cases = [
        (
            "one payload field changed",
            p.REPORT_TYP,
            f"{header}.{_encode(raised)}.{signature}",
            "bad_signature",
        ),
        ("signed by another key under this kid", p.REPORT_TYP, _under(header, other), "bad_signature"),
        ("signature missing", p.REPORT_TYP, f"{header}.{payload}.", "bad_signature"),
        ("half a signature", p.REPORT_TYP, f"{header}.{payload}.{signature[:43]}", "bad_signature"),
        ("alg none", p.REPORT_TYP, f"{_encode(_with(header, alg='none'))}.{payload}.", "malformed"),
        (
            "alg HS256",
            p.REPORT_TYP,
            f"{_encode(_with(header, alg='HS256'))}.{payload}.{signature}",
            "malformed",
        ),
        ("typ of another message", p.STATUS_TYP, tokens["check_in_with_facts"], "malformed"),
        (
            "critical extension",
            p.REPORT_TYP,
            f"{_encode(_with(header, crit=['b64'], b64=True))}.{payload}.{signature}",
            "malformed",
        ),
        (
            "private key in the header",
            p.ENROLL_TYP,
            leaked,
            "malformed",
        ),
        ("two parts", p.REPORT_TYP, f"{header}.{payload}", "malformed"),
        ("not base64url", p.REPORT_TYP, "né.né.né", "malformed"),
        ("plain JSON instead of a JWS", p.REPORT_TYP, json.dumps(FACTS), "malformed"),
    ]
    return [
        {"why": why, "expected_typ": typ, "token": token, "error": code} for why, typ, token, code in cases
    ]


def vectors() -> dict[str, Any]:
    public = {name: getattr(KEY, name) for name in ("kty", "crv", "x", "y")}
    made = messages()
    tokens = {name: jose.sign(message, KEY.key(), typ) for name, (typ, message) in made.items()}
    return {
        "about": "Vectors of docs/device-protocol.md, written by tests/facts/make_vectors.py. The key is the "
        "public example of RFC 7515 A.3: never use it for a phone.",
        "private_jwk": msgspec.to_builtins(KEY),
        "public_jwk": public,
        "key_id": jose.key_id(public),
        "canonical": [
            {
                "about": about,
                "value": value,
                "canonical": canonical_json(value).decode(),
                "sha256": digest_of(canonical_json(value)),
            }
            for about, value in CANONICAL.items()
        ],
        "facts": FACTS,
        "facts_canonical": canonical_json(FACTS).decode(),
        "facts_digest": digest_of(canonical_json(FACTS)),
        "verify": [
            {
                "message": name,
                "typ": typ,
                "header": json.loads(_decode(tokens[name].split(".")[0])),
                "payload": json.loads(msgspec.json.encode(message)),
                "token": tokens[name],
            }
            for name, (typ, message) in made.items()
        ],
        "refuse": refused(tokens),
    }


def _encode(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _with(header: str, **changes: object) -> dict[str, object]:
    return {**json.loads(_decode(header)), **changes}


def _under(header: str, token: str) -> str:
    _, payload, signature = token.split(".")
    return f"{header}.{payload}.{signature}"


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(vectors(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
