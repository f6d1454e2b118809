"""`vedette scan` as an analyst runs it: exit codes, JSON of the contract, the reports."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vedette.project.scan import command

GETPROP = "[ro.product.model]: [<b>E1</b>]\n[ro.build.version.release]: [15]\n[ro.secure]: [0]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "acquired"
    made.mkdir()
    (made / "getprop.txt").write_text(GETPROP)
    (made / "root_binaries.json").write_text('["/system/bin/su"]')
    (made / "odd.bin").write_bytes(b"\0")
    return made


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "feed.txt"
    path.write_text("su-example.evil.example\n" * 3)
    return path


def scan(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_findings_are_told_with_evidence_and_mending(folder: Path, feed: Path) -> None:
    done = scan(folder, "--feed", feed, "--json")
    assert done.exit_code == 1, done.output
    told = json.loads(done.stdout)
    assert told["facts"]["device"]["os_version"] == "15"
    root = next(row for row in told["findings"] if row["classification"] == "ROOT_JAILBREAK")
    assert root["risk"] == "HIGH"
    assert root["mend"]
    assert root["evidence"][0]["rule"] == "device.root"
    assert told["unread"] == [{"path": "odd.bin", "why": "Nothing here reads this kind of file."}]


def test_what_cannot_be_read_is_exit_code_two(tmp_path: Path, feed: Path) -> None:
    done = scan(tmp_path / "none", "--feed", feed, "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["unread"][0]["why"] == "There is no such file or folder."
    assert "nothing was judged" in scan(tmp_path / "none", "--feed", feed).stdout


def test_nothing_found_is_exit_code_zero(tmp_path: Path, feed: Path) -> None:
    clean = tmp_path / "ps.txt"
    clean.write_text("USER PID NAME\nroot 1 init\n")
    done = scan(clean, "--feed", feed)
    assert done.exit_code == 0, done.output
    assert "Nothing was found in what could be read." in done.stdout


def test_without_feeds_it_says_that_nothing_was_compared(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("VEDETTE_HOME", str(tmp_path / "no-home"))
    done = scan(folder, "--json")
    assert "No threat intelligence is loaded" in json.loads(done.stdout)["unread"][-1]["why"]


def test_the_reports_escape_what_the_phone_says(folder: Path, feed: Path, tmp_path: Path) -> None:
    html, stix = tmp_path / "report.html", tmp_path / "report.json"
    done = scan(folder, "--feed", feed, "--html", html, "--stix", stix)
    assert done.exit_code == 1
    page = html.read_text()
    assert "&lt;b&gt;E1&lt;/b&gt;" in page
    assert "<b>" not in page
    bundle = json.loads(stix.read_text())
    kinds = [each["type"] for each in bundle["objects"]]
    assert kinds.count("note") == kinds.count("observed-data") > 0
    ids = {each["id"] for each in bundle["objects"]}
    for each in bundle["objects"]:
        assert set(each.get("object_refs", ())) <= ids


def test_an_encrypted_backup_opens_with_its_password(shared_dir: Path, feed: Path, tmp_path: Path) -> None:
    path = shared_dir / "intel/mvt-test-artifacts/artifacts/androidqf_encrypted/backup.ab"
    (tmp_path / "password").write_text("123456\n")
    assert scan(path, "--feed", feed).exit_code == 2
    assert scan(path, "--feed", feed, "--password-file", tmp_path / "password").exit_code == 0


def test_one_of_path_and_phone_is_asked_for() -> None:
    assert scan().exit_code == 2
    assert "Name a PATH or a phone" in scan().output


def test_hits_of_a_published_feed_in_a_real_acquisition(shared_dir: Path) -> None:
    artifacts = shared_dir / "intel/mvt-test-artifacts/artifacts"
    done = scan(artifacts / "androidqf", "--feed", artifacts / "stix2/cytrox.stix2", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert {row["classification"] for row in told["findings"]} >= {"ROOT_JAILBREAK", "SIDELOADED_APP"}
