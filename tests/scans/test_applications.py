"""Files of applications from the command line and from an upload, with an organisation's own rules."""

import json
import plistlib
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.scans.test_uploads import _home, analysed, world
from tests.support.apks import Signer, archive, dex, key, sample, sample_manifest, sign
from tests.support.world import ADA, World, begin

from vedette.detection import Context
from vedette.feeds import file_rules
from vedette.feeds.file_rules import FileRulesError
from vedette.foundation import database
from vedette.project.scan import command
from vedette.scans import kept, rule_engine
from vedette.scans.child import RuleSource, Upload, read_upload
from vedette.scans.result import scan as judge
from vedette_facts.apk import ApkLimits
from vedette_facts.apk.read import read_data
from vedette_facts.limits import UnreadableError

__all__ = ["_home", "world"]  # fixtures of the uploads

RULE = 'rule evil { meta: family = "Evil" classification = "TROJAN" strings: $a = "org/evil/" condition: $a }'


def evil() -> bytes:
    """Code that a rule finds only after unpacking."""
    entries = {"AndroidManifest.xml": sample_manifest(), "classes.dex": dex("org/evil/Main") + bytes(2000)}
    return sign(archive(entries), v2=[Signer(key())])


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("rule a {\n  condition: nothing\n}", 2, "unknown identifier"),
        ("rule a { condition: true", 1, "syntax error"),
        ('include "/etc/passwd"', 1, "include"),
        ("// nothing", 1, "no rule"),
    ],
    ids=["identifier", "syntax", "include", "empty"],
)
def test_what_is_wrong_with_rules_is_told_with_its_line(text: str, line: int, words: str) -> None:
    (problem, *_) = rule_engine.check_rules(RuleSource("ours", text)).errors
    assert (problem.line, words in problem.message) == (line, True)


def test_rules_are_checked_in_a_child() -> None:
    checked = rule_engine.check(RuleSource("ours", RULE))
    assert (checked.rules, checked.errors) == (["evil"], [])
    assert "longer than" in rule_engine.check(RuleSource("ours", "x" * 2_000_000)).errors[0].message


def test_checks_of_rules_never_take_all_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_engine, "_WAIT_SECONDS", 0)
    monkeypatch.setattr(rule_engine, "_room", threading.BoundedSemaphore(1))
    assert rule_engine.check(RuleSource("ours", RULE)).errors == []
    with rule_engine._room:
        assert "being checked" in rule_engine.check(RuleSource("ours", RULE)).errors[0].message


def test_rules_look_at_the_file_and_at_the_code_in_it(tmp_path: Path) -> None:
    path = tmp_path / "x.apk"
    path.write_bytes(evil())
    whole = 'import "math"\nrule archive { condition: uint32(0) == 0x04034b50 and filesize < 1MB }'
    (facts,) = read_upload(
        Upload(str(path), "x.apk", rules=(RuleSource("a", RULE), RuleSource("b", whole)))
    ).apks
    assert [(match.namespace, match.rule, match.path) for match in facts.rules] == [
        ("b", "archive", "."),
        ("a", "evil", "classes.dex"),
    ]
    assert facts.rules[1].meta == {"family": "Evil", "classification": "TROJAN"}


def test_a_file_too_large_for_rules_is_looked_at_in_its_parts() -> None:
    look = rule_engine.scanner([RuleSource("a", RULE)], 20)
    facts = read_data(memoryview(evil()), ApkLimits(rule_bytes=3000), look)
    assert [match.path for match in facts.rules] == ["classes.dex"]
    assert [(part.path, "too large for the file rules" in part.why) for part in facts.unread] == [(".", True)]


def test_an_application_that_poses_as_one_of_ios_is_read_as_both(tmp_path: Path) -> None:
    path = tmp_path / "x.apk"
    entries = {"AndroidManifest.xml": sample_manifest(), "classes.dex": dex("org/evil/Main")}
    path.write_bytes(
        archive({**entries, "Payload/X.app/Info.plist": plistlib.dumps({"CFBundleIdentifier": "org.x"})})
    )
    for name in ("x.apk", "x.ipa", "x.bin"):
        found = read_upload(Upload(str(path), name))
        assert [facts.app and facts.app.package for facts in found.apks] == ["org.example.made"]
        assert [facts.app and facts.app.package for facts in found.ipas] == ["org.x"]


def test_what_all_parts_of_a_bundle_share_is_told_once(tmp_path: Path) -> None:
    part = sign(sample(), v2=[Signer(key(subject="Android Debug", number=0))])
    path = tmp_path / "x.apks"
    path.write_bytes(archive({"base.apk": part, "split.apk": part}))
    findings = judge(read_upload(Upload(str(path), path.name)), Context()).findings
    assert [finding.key for finding in findings] == ["debug_key:org.example.made"]


def test_rules_out_of_time_are_told() -> None:
    look = rule_engine.scanner([RuleSource("a", RULE)], 0)
    assert look is not None
    with pytest.raises(UnreadableError, match="no time left"):
        look(".", b"x")
    with pytest.raises(UnreadableError, match="cannot be used: line 1"):
        rule_engine.scanner([RuleSource("a", "rule")], 5)


def test_an_application_on_the_command_line(tmp_path: Path) -> None:
    path, rules, feed = tmp_path / "x.apk", tmp_path / "ours.yar", tmp_path / "feed.txt"
    path.write_bytes(evil())
    rules.write_text(RULE)
    feed.write_text("bad.example\n")
    arguments = [str(path), "--feed", str(feed), "--yara", str(rules)]
    done = CliRunner().invoke(command, [*arguments, "--json"])
    assert done.exit_code == 1, done.output
    told = json.loads(done.stdout)
    assert set(told) >= {"facts", "findings", "unread"}
    assert told["facts"]["app"]["package"] == "org.example.made"
    assert told["facts"]["signatures"]["verdicts"] == [
        {"min_sdk": 24, "max_sdk": None, "scheme": "v2", "problems": []}
    ]
    assert "classes" not in told["facts"]
    (finding,) = told["findings"]
    assert (finding["classification"], finding["risk"]) == ("TROJAN", "HIGH")
    assert {"fact": "place", "value": "classes.dex", "rule": "apk.rule", "source": None} in finding[
        "evidence"
    ]
    rules.write_text("rule broken {")
    broken = CliRunner().invoke(command, arguments)
    assert broken.exit_code == 2
    assert f"{rules}:1:" in broken.output


def test_what_only_claims_to_be_an_application_cannot_be_read(tmp_path: Path) -> None:
    path, feed = tmp_path / "x.apk", tmp_path / "feed.txt"
    path.write_bytes(b"PK\3\4 but nothing else")
    feed.write_text("bad.example\n")
    done = CliRunner().invoke(command, [str(path), "--feed", str(feed), "--json"])
    assert done.exit_code == 2
    assert json.loads(done.stdout)["unread"][0]["why"] == "It is no zip archive, or its end is missing."


def test_an_upload_is_judged_by_the_rules_of_its_own_organisation(world: World) -> None:
    other = begin("Fabrikam")
    with database.writer(world.tenant_id):
        file_rules.save("ours", RULE, ["evil"], ADA)
        off = file_rules.save("off", RULE.replace("evil {", "silent {"), ["silent"], ADA)
        file_rules.switch(off.id, ADA, on=False)
    scan = analysed(world, evil(), "x.apk")
    assert (scan.status, scan.kind, scan.findings) == ("done", "Android application", 1)
    assert scan.result
    value = kept.from_json(scan.result)
    assert [finding.classification for finding in value.findings] == ["TROJAN"]
    assert value.apks[0].class_count == 1
    assert value.scan().as_json()["facts"]["app"]["package"] == "org.example.made"
    assert analysed(other, evil(), "x.apk").findings == 0


def test_the_shelf_of_rules_has_limits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(name: str, text: str = RULE) -> str:
        with pytest.raises(FileRulesError) as refusal, database.writer(world.tenant_id):
            file_rules.save(name, text, ["evil"], ADA)
        return refusal.value.reason

    assert refused("no spaces") == "name"
    with database.writer(world.tenant_id):
        file_rules.save("ours", RULE, ["evil"], ADA)
    monkeypatch.setattr(file_rules, "MOST_CHARACTERS", len(RULE) + 1)
    assert refused("more") == "large"
    monkeypatch.setattr(file_rules, "MOST_SETS", 1)
    assert refused("more") == "many"
    with database.writer(world.tenant_id):
        file_rules.save("ours", "rule other { condition: true }", ["other"], ADA)
        assert file_rules.in_force() == [("ours", "rule other { condition: true }")]
        unsigned = sample()
    assert analysed(world, unsigned, "y.apk").findings == 2
