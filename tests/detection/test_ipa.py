"""iOS applications by bundle ID, signer and profile, on files made here."""

import datetime as dt
import plistlib
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from tests.support.apks import archive, key

from vedette.detection import Context
from vedette.detection.app_lists import AppLists, Named
from vedette.detection.ipa import judge_ipa
from vedette.intel import Index, Indicator, Kind, Source
from vedette.scans.child import Upload, read_upload
from vedette_facts.ios.ipa import IpaFacts, is_ipa, read_ipa
from vedette_facts.limits import UnreadableError

TEAM = key(number=5, subject="iPhone Distribution: Example Ltd")
INFO = {
    "CFBundleIdentifier": "org.example.phone",
    "CFBundleDisplayName": "Example",
    "CFBundleShortVersionString": "2.1",
    "MinimumOSVersion": "15.0",
}
ENTERPRISE = {
    "Name": "Example In-House",
    "TeamName": "Example Ltd",
    "TeamIdentifier": ["ABCDE12345"],
    "ProvisionsAllDevices": True,
    "ExpirationDate": dt.datetime(2026, 6, 1),  # noqa: DTZ001 - property lists know no zones
    "DeveloperCertificates": [TEAM.certificate],
}
AD_HOC = {**ENTERPRISE, "ProvisionsAllDevices": False, "ProvisionedDevices": ["a", "b"]}
DEVELOPMENT = {**AD_HOC, "Entitlements": {"get-task-allow": True}}


def profile(values: dict[str, Any]) -> bytes:
    certificate = x509.load_der_x509_certificate(TEAM.certificate)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(plistlib.dumps(values))
    signed = builder.add_signer(certificate, TEAM.private, hashes.SHA256())
    return signed.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def ipa(folder: Path, provisioning: bytes | None = None, info: bytes | None = None) -> Path:
    entries = {"Payload/Example.app/Info.plist": info or plistlib.dumps(INFO, fmt=plistlib.FMT_BINARY)}
    if provisioning is not None:
        entries["Payload/Example.app/embedded.mobileprovision"] = provisioning
    path = folder / "example.ipa"
    path.write_bytes(archive(entries))
    return path


def codes(facts: IpaFacts, context: Context) -> list[str]:
    return [answer.classification for answer in judge_ipa(facts, context)]


def test_what_comes_from_the_store_gives_no_finding(tmp_path: Path) -> None:
    facts = read_ipa(ipa(tmp_path))
    assert facts.app is not None
    assert (facts.app.package, facts.app.name, facts.app.version) == ("org.example.phone", "Example", "2.1")
    assert (facts.minimum_os, facts.profile, facts.unread) == ("15.0", None, [])
    assert codes(facts, Context()) == []


@pytest.mark.parametrize(
    ("values", "way", "words"),
    [
        (ENTERPRISE, "enterprise", "handed out by a company to any phone"),
        (AD_HOC, "ad_hoc", "phones that its profile names"),
        (DEVELOPMENT, "development", "a version for developers"),
    ],
    ids=["enterprise", "ad_hoc", "development"],
)
def test_the_way_past_the_store_is_told(tmp_path: Path, values: dict[str, Any], way: str, words: str) -> None:
    facts = read_ipa(ipa(tmp_path, profile(values)))
    assert facts.profile is not None
    assert (facts.profile.way, facts.profile.team_id) == (way, "ABCDE12345")
    (answer,) = judge_ipa(facts, Context(today=dt.date(2026, 11, 22)))
    finding = answer.finding
    assert finding is not None
    assert (finding.classification, finding.detector) == ("NON_APP_STORE_SIGNER", "ipa/1")
    assert words in finding.summary
    evidence = {item.fact: item.value for item in finding.evidence}
    assert evidence["until"] == "2026-06-01 \u2717"
    assert "Example Ltd" in evidence["subject"]


@pytest.mark.parametrize("kind", [Kind.IOS_BUNDLE, Kind.SHA256, Kind.CERTIFICATE_SHA256])
def test_feeds_know_it_by_bundle_file_and_signer(tmp_path: Path, kind: Kind) -> None:
    facts = read_ipa(ipa(tmp_path, profile(ENTERPRISE)))
    assert facts.app is not None
    values = {
        Kind.IOS_BUNDLE: facts.app.package,
        Kind.SHA256: facts.sha256,
        Kind.CERTIFICATE_SHA256: facts.app.certificates[0],
    }
    index = Index([(Source("feed"), [Indicator(kind, values[kind], "SURVEILLANCEWARE", "Evil")])])
    assert "SURVEILLANCEWARE" in codes(facts, Context(index=index))
    allowed = AppLists.of(allowed=[Named("package", facts.app.package)])
    assert codes(facts, Context(index=index, lists=allowed)) == []
    claimed = AppLists.of(allowed=[Named("signer", facts.app.certificates[0])])
    assert "SURVEILLANCEWARE" in codes(facts, Context(index=index, lists=claimed))


def test_a_profile_that_was_changed_is_not_believed(tmp_path: Path) -> None:
    changed = profile(ENTERPRISE).replace(b"Example Ltd", b"Another Ltd", 1)
    facts = read_ipa(ipa(tmp_path, changed))
    assert facts.profile is None
    assert "made for another" in facts.unread[0].why or "does not verify" in facts.unread[0].why


def test_what_is_broken_is_named(tmp_path: Path) -> None:
    facts = read_ipa(ipa(tmp_path, b"\x30\x03\x02\x01\x01", b"bplist00 nonsense"))
    assert {part.path for part in facts.unread} == {
        "Payload/Example.app/Info.plist",
        "Payload/Example.app/embedded.mobileprovision",
    }
    path = tmp_path / "empty.ipa"
    path.write_bytes(archive({"x": b""}))
    assert is_ipa(path)
    with pytest.raises(UnreadableError, match="holds no iOS application"):
        read_ipa(path)


def test_an_encoding_that_nobody_knows_is_no_crash(tmp_path: Path) -> None:
    """Found by changing bytes: the parser of XML raises LookupError for it."""
    info = plistlib.dumps(INFO).replace(b"UTF-8", b"U7F-8")
    assert read_ipa(ipa(tmp_path, info=info)).unread[0].why == "It is no property list."


def test_broken_copies_are_read_or_refused(tmp_path: Path) -> None:
    chance, path = random.Random(7), tmp_path / "x.ipa"
    seed = archive(
        {
            "Payload/E.app/Info.plist": plistlib.dumps(INFO, fmt=plistlib.FMT_BINARY),
            "Payload/E.app/embedded.mobileprovision": profile(DEVELOPMENT),
        },
        packed=False,
    )
    for _ in range(150):
        content = bytearray(seed)
        for _ in range(chance.choice((1, 3, 20))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        try:
            facts = read_ipa(path)
        except UnreadableError:
            continue
        assert msgspec.json.decode(msgspec.json.encode(facts), type=IpaFacts) == facts


def test_an_upload_of_one_is_recognised(tmp_path: Path) -> None:
    path = ipa(tmp_path).rename(tmp_path / "stored")
    read = read_upload(Upload(str(path), "anything"))
    assert (read.kind, read.ipas[0].minimum_os, read.is_empty) == ("iOS application", "15.0", False)
