"""What a file of an application is judged for, on files made here."""

import hashlib

import msgspec
import pytest
from tests.support.apks import Node, Signer, archive, dex, key, sample, sample_manifest, sign

from vedette.detection import Context
from vedette.detection.apk import judge_apk
from vedette.detection.app_behaviour import judged as behaviour_of
from vedette.detection.app_behaviour import see
from vedette.detection.app_lists import AppLists, Named
from vedette.intel import Index, Indicator, Kind, Source, read
from vedette.verdict.findings import Finding
from vedette.verdict.summaries import summary_in
from vedette_facts.apk import ApkFacts, RuleMatch
from vedette_facts.apk.read import read_data
from vedette_facts.settings import Settings

INSTALLS = "android.permission.REQUEST_INSTALL_PACKAGES"


def facts(content: bytes) -> ApkFacts:
    return read_data(memoryview(content))


def signed(content: bytes | None = None, **more: bytes) -> bytes:
    return sign(content or sample(**more), v2=[Signer(key())], v3=[Signer(key())])


def judged(content: bytes, *indicators: Indicator, lists: AppLists | None = None) -> dict[str, Finding]:
    """Give the findings by the first part of their key."""
    context = Context(index=Index([(Source("feed"), indicators)]), lists=lists or AppLists())
    found = [answer.finding for answer in judge_apk(facts(content), context)]
    return {finding.key.partition(":")[0]: finding for finding in found if finding}


def test_a_plain_signed_application_gives_no_finding() -> None:
    assert judged(signed()) == {}


def test_unsigned_and_changed_files_are_told_apart() -> None:
    unsigned = judged(sample())["signature"]
    assert unsigned.classification == "RISKWARE"
    assert "it has no signature" in unsigned.summary
    content = bytearray(signed())
    content[70] ^= 1
    assert "changed after it was signed" in judged(bytes(content))["signature"].summary.replace(
        "signing", "it was signed"
    )


def test_an_application_that_carries_and_installs_another_is_a_dropper() -> None:
    manifest = sample_manifest(permissions=[INSTALLS])
    content = archive(
        {"AndroidManifest.xml": manifest, "classes.dex": dex("org/a/B"), "assets/x.bin": sample()}
    )
    finding = judged(signed(content))["carries"]
    assert finding.classification == "APP_DROPPER"
    assert "assets/x.bin" in finding.summary
    assert judged(signed(assets__x=sample()))["carries"].classification == "RISKWARE"
    assert judged(signed(assets__ffmpeg=b"\x7fELF" + bytes(60))) == {}


def test_behaviour_weighs_what_the_file_hides() -> None:
    spies = ["READ_SMS", "SEND_SMS", "READ_CONTACTS", "RECORD_AUDIO", "READ_CALL_LOG"]
    service: Node = (
        "service",
        {"name": ".S", "permission": "android.permission.BIND_ACCESSIBILITY_SERVICE"},
        [],
    )
    manifest = sample_manifest(permissions=[f"android.permission.{name}" for name in spies], inside=[service])
    content = archive(
        {"AndroidManifest.xml": manifest, "classes.dex": dex("org/a/B"), "assets/p": dex("org/c/D")}
    )
    finding = judged(signed(content))["behaviour"]
    assert finding.classification == "SURVEILLANCEWARE"
    evidence = {item.fact: item.value for item in finding.evidence}
    assert evidence["reasons"] == "accessibility, hidden_icon, read_sms"
    assert "carries_code" in evidence["all_reasons"]


def test_a_file_has_no_origin_that_could_weigh() -> None:
    """What is still being developed asks for much, is debuggable and signed with anybody's key."""
    asks = ["READ_SMS", "SEND_SMS", "READ_CALL_LOG", "READ_CONTACTS", "RECORD_AUDIO"]
    permissions = [f"android.permission.{name}" for name in asks]
    known = facts(signed(archive({"AndroidManifest.xml": sample_manifest(permissions=permissions)})))
    assert known.app is not None
    assert known.app.manifest is not None
    manifest = msgspec.structs.replace(known.app.manifest, debuggable=True)
    app = msgspec.structs.replace(known.app, manifest=manifest)
    assert judge_apk(msgspec.structs.replace(known, app=app), Context()) == []
    on_a_phone = see(app, [app], Settings(), frozenset())
    assert on_a_phone is not None
    assert [answer.classification for answer in behaviour_of(app, on_a_phone)] == ["RISKWARE"]


@pytest.mark.parametrize(
    ("kind", "value", "where"),
    [
        (Kind.PACKAGE, "org.example.made", "app"),
        (Kind.SHA256, "file", "app"),
        (Kind.SHA1, "file", "inside"),
        (Kind.MD5, "file", "inside"),
        (Kind.CERTIFICATE_SHA256, "signer", "app"),
        (Kind.SHA256, "embedded", "inside"),
    ],
)
def test_feeds_are_asked_for_all_that_a_file_is_known_by(kind: Kind, value: str, where: str) -> None:
    content = signed(assets__x=sample())
    known = facts(content)
    values = {
        "file": {Kind.SHA256: known.sha256, Kind.SHA1: known.sha1, Kind.MD5: known.md5}.get(kind, ""),
        "signer": known.signatures.signers[0].sha256,
        "embedded": known.embedded[0].sha256,
    }
    finding = judged(content, Indicator(kind, values.get(value, value), "SPYWARE", "Evil"))[where]
    assert (finding.classification, finding.family, finding.detector) == ("SPYWARE", "Evil", "apk/1")


def test_trackers_are_known_by_whole_parts_of_a_class_name() -> None:
    listed = {"name": "Watch", "code_signature": "com.watch.|com.see.Sdk|.Odd", "categories": ["Analytics"]}
    feed = msgspec.json.encode({"trackers": {"7": listed}})
    document = read(feed)
    assert document.report.as_json()["not_understood"] == {"code_signature": 1}
    content = signed(archive({"AndroidManifest.xml": sample_manifest(), "classes.dex": dex("com/watch/a/B")}))
    finding = judged(content, *document.indicators)["trackers"]
    assert (finding.classification, "Watch" in finding.summary) == ("RISKWARE", True)
    near = signed(
        archive({"AndroidManifest.xml": sample_manifest(), "classes.dex": dex("com/watchers/B", "com/see/S")})
    )
    assert judged(near, *document.indicators) == {}


def test_debug_keys_and_tricks_are_told_in_both_languages() -> None:
    content = sign(sample(), v2=[Signer(key(subject="Android Debug", number=0))])
    finding = judged(content)["debug_key"]
    assert finding.classification == "VULNERABILITY"
    assert "outil de développement" in (summary_in("fr", finding.evidence) or "")
    at = content.rindex(b"AndroidManifest.xml") - 46 + 8
    tricked = judged(content[:at] + b"\1\0" + content[at + 2 :])
    assert "claim to be encrypted" in tricked["deceives"].summary
    assert "faussement" in (summary_in("fr", tricked["deceives"].evidence) or "")


def test_the_organisations_rules_and_lists_have_their_say() -> None:
    with_rules = facts(signed())
    for meta, code in (
        ({}, "DENYLISTED_APP"),
        ({"classification": "trojan"}, "TROJAN"),
        ({"classification": "x"}, "DENYLISTED_APP"),
    ):
        matched = [RuleMatch(rule="evil", namespace="ours", path="classes.dex", meta=meta)]
        found = judge_apk(msgspec.structs.replace(with_rules, rules=matched), Context())
        assert [answer.classification for answer in found] == [code]
    allowed = AppLists.of(allowed=[Named("package", "org.example.made")])
    assert judged(sample(), lists=allowed) == {}
    denied = AppLists.of(denied=[Named("package", "org.example.made")])
    assert judged(signed(), lists=denied)["app"].classification == "DENYLISTED_APP"


def test_a_signer_is_allowed_only_where_the_file_proves_it() -> None:
    content = bytearray(signed(assets__x=sample()))
    signer = facts(bytes(content)).signatures.signers[0].sha256
    lists = AppLists.of(allowed=[Named("signer", signer)])
    assert judged(bytes(content), lists=lists) == {}
    content[content.rindex(b"PK\1\2") + 38] ^= 1  # attributes of an entry: nothing but the signature notices
    listed = Indicator(Kind.PACKAGE, "org.example.made", "SPYWARE", "Evil")
    assert {"signature", "carries", "app"} <= judged(bytes(content), listed, lists=lists).keys()


def test_feeds_are_asked_for_the_signers_of_all_schemes() -> None:
    older, newer = key(number=5), key(number=6)
    content = sign(sample(), v2=[Signer(older)], v3=[Signer(newer)])
    for each in (older, newer):
        listed = Indicator(
            Kind.CERTIFICATE_SHA256, hashlib.sha256(each.certificate).hexdigest(), "SPYWARE", "Evil"
        )
        found = judged(content, listed)
        assert [finding.family for finding in found.values()] == ["Evil"]
