"""`vedette intel` as a person or a script uses it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from vedette.feeds import store
from vedette.feeds.cli import intel

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("db")]
DEMO = Path(store.__file__).parent / "demo"
SPIES = str(DEMO / "demo-stalkerware.yaml")


def run(*arguments: str, text: bytes | None = None) -> Result:
    return CliRunner().invoke(intel, list(arguments), input=text)


def parsed(result: Result) -> Any:
    return json.loads(result.stdout)


def test_import_status_explain() -> None:
    done = run("import", SPIES, "--name", "spies")
    assert done.exit_code == 0, done.output
    assert "spies: version 1 in force" in done.output
    assert "taken: c2.domains 1" in done.output
    again = run("import", SPIES, "--name", "spies", "--json")
    assert parsed(again)["fresh"] is False
    status = run("status")
    assert "spies: stalkerware-yaml, version 1" in status.output
    assert parsed(run("status", "--json"))[0]["active"] == 1
    found = run("explain", "org[.]vedette.demo.spyapp")
    assert found.exit_code == 0
    assert "SURVEILLANCEWARE DemoSpy (spies (version 1))" in found.output
    assert parsed(run("explain", "c2.demospy.example", "--json"))[0]["role"] == "c2"
    assert run("explain", "harmless.example").exit_code == 1


def test_a_file_from_standard_input_with_its_format_named() -> None:
    done = run(
        "import", "-", "--name", "m", "--format", "stix2", text=(DEMO / "demo-malware.json").read_bytes()
    )
    assert done.exit_code == 0, done.output


def test_rollback_and_off() -> None:
    for package in ("org.x.a", "org.x.b"):
        text = f"- name: A\n  type: adware\n  packages: [{package}]".encode()
        assert run("import", "-", "--name", "ads", text=text).exit_code == 0
    assert "version 1 in force, 1 added, 1 removed" in run("rollback", "ads").output
    refused = run("rollback", "ads", "--json")
    assert refused.exit_code == 1
    assert "Versions kept" in parsed(refused)["error"]
    assert run("off", "ads").exit_code == 0
    assert "no version in force" in run("status").output
    assert run("off", "nothing").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "text", "code", "said"),
    [
        (("import", "-", "--name", "x"), b"hello", 1, "not recognised"),
        (("import", "-", "--name", "x y"), b"- name: A", 1, "no name for a feed"),
        (("import", "/no/such/file", "--name", "x"), None, 2, "No such file"),
        (("import", "-"), b"", 2, "--name"),
        (("import", "-", "--name", "x", "--classification", "BAD"), b"", 2, "BAD"),
        (("rollback", "x"), None, 1, "no feed x"),
    ],
)
def test_refusals(arguments: tuple[str, ...], text: bytes | None, code: int, said: str) -> None:
    result = run(*arguments, text=text)
    assert result.exit_code == code
    assert said in result.output


def test_a_known_type_that_yields_nothing_is_told_with_its_counts() -> None:
    text = b"- name: A\n  type: adware\n  packages: [org.x.a]\n  certificates: ['CN=A']"
    result = run("import", "-", "--name", "x", "--json", text=text)
    assert result.exit_code == 1
    assert parsed(result)["report"]["rejected"] == {"certificates": 1}
    assert "malformed: certificates 1" in run("import", "-", "--name", "x", text=text).output


def test_no_intelligence_says_what_to_do() -> None:
    assert "vedette intel import" in run("status").output


def test_warning_lists_are_told_by_explain() -> None:
    run(
        "import", "-", "--name", "hosts", "--classification", "trojan", text=b"evil.example\nshared.example\n"
    )
    allowed = json.dumps(
        {"list": ["shared.example"], "matching_attributes": [], "name": "Shared", "type": "hostname"}
    ).encode()
    run("import", "-", "--name", "shared", text=allowed)
    assert "TROJAN" in run("explain", "evil[.]example").output
    told = run("explain", "shared.example")
    assert told.exit_code == 1
    assert "allowed by shared (version 1) (Shared)" in told.output
    assert "overruled: domain shared.example" in told.output


def test_an_index_brings_the_feeds_that_stand_beside_it(tmp_path: Path) -> None:
    (tmp_path / "here.stix2").write_bytes((DEMO / "demo-malware.json").read_bytes())
    (tmp_path / "indicators.yaml").write_text(
        "indicators:\n"
        "  - {type: github, name: Here, github: {owner: o, repo: r, branch: b, path: here.stix2}}\n"
        "  - {type: github, name: Away, github: {owner: o, repo: r, branch: b, path: away.stix2}}\n"
    )
    done = run("import", str(tmp_path / "indicators.yaml"), "--name", "mvt")
    assert "mvt-here: version 1" in done.output
    assert "not here: Away" in done.output


def test_kind_confidence_and_end_of_plain_lists() -> None:
    run(
        "import",
        "-",
        "--name",
        "p",
        "--kind",
        "process",
        "--confidence",
        "20",
        "--valid-days",
        "3",
        text=b"bh\n",
    )
    (found,) = parsed(run("explain", "bh", "--json"))
    assert (found["kind"], found["confidence"]) == ("process", 20)
