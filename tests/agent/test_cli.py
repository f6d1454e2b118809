import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from starlette.responses import Response
from tests.support.device_service import Service, facts

from vedette_agent.cli import main
from vedette_facts.protocol import DeviceStatus, OpenThreat
from vedette_facts.report import Facts

CODE = "7KQF-9XPM-2WTD"


@dataclass
class Terminal:
    service: Service
    folder: Path

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a command in this process, which takes a hundredth of the time of a new one."""
        done = CliRunner().invoke(main, list(arguments), env=self._environment())
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    def run_process(self, *arguments: str) -> tuple[int, str]:
        """Run a command as its user does."""
        done = subprocess.run(
            [sys.executable, "-m", "vedette_agent.cli", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, **self._environment()},
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    def _environment(self) -> dict[str, str]:
        return {"VEDETTE_AGENT_HOME": str(self.folder / "home")}

    def facts(self, content: Facts | str | None = None) -> str:
        path = self.folder / "facts.json"
        path.write_bytes(
            content.encode() if isinstance(content, str) else msgspec.json.encode(content or facts())
        )
        return str(path)

    def enroll(self, *more: str) -> tuple[int, str]:
        return self.run(
            *more, "enroll", "--server", self.service.url, "--code", CODE, "--facts", self.facts()
        )


@pytest.fixture
def terminal(service: Service, tmp_path: Path) -> Terminal:
    return Terminal(service, tmp_path)


def test_from_code_to_secured(terminal: Terminal) -> None:
    invited = ["--server", terminal.service.url, "--code", CODE, "--facts", terminal.facts()]
    code, text = terminal.run_process("enroll", *invited)
    assert code == 0
    assert "activated" in text
    code, text = terminal.run_process("check-in", "--facts", terminal.facts())
    assert code == 0
    assert "secured: no threat found" in text
    code, text = terminal.run_process("status")
    assert code == 0
    assert "secured" in text


def test_a_threat_is_told_with_how_to_fix_it(terminal: Terminal) -> None:
    terminal.enroll()
    terminal.service.state = DeviceStatus(
        state="high",
        blocked=True,
        threats=[
            OpenThreat(
                classification="SPYWARE",
                title="Spyware found",
                summary="DemoSpy reads your messages.",
                mend="Uninstall “DemoSpy”.",
                risk="HIGH",
                detected_at="2026-03-01T00:00:00Z",  # type: ignore[arg-type]  # JSON text is what the agent meets
            )
        ],
    )
    code, text = terminal.run("check-in", "--facts", terminal.facts())
    assert code == 0
    for words in ("HIGH risk", "BLOCKED", "Spyware found", "How to fix it: Uninstall “DemoSpy”."):
        assert words in text


def test_waiting_for_a_group_says_so_and_goes_on_by_itself(terminal: Terminal) -> None:
    terminal.service.waiting = True
    code, text = terminal.enroll()
    assert code == 1
    assert "You are not in an enrollment group yet: Ask your administrator" in text
    code, text = terminal.run("check-in", "--facts", terminal.facts())
    assert code == 1
    assert "keeps its identity" in text
    terminal.service.waiting = False
    code, text = terminal.run("check-in", "--facts", terminal.facts())
    assert code == 0
    assert "secured" in text


def test_offline_queues_and_the_next_run_sends_all(terminal: Terminal) -> None:
    terminal.enroll()
    terminal.run("check-in", "--facts", terminal.facts())
    terminal.service.script = [Response("down", 502)] * 4
    code, text = terminal.run("check-in", "--facts", terminal.facts(facts(root=True)))
    assert code == 3
    assert "kept on this phone" in text
    assert "Last known" in text
    code, text = terminal.run("check-in", "--facts", terminal.facts())
    assert code == 0
    assert "2 reports accepted" in text


def test_a_refusal_is_told_in_the_services_words(terminal: Terminal) -> None:
    code, text = terminal.run(
        "enroll", "--server", terminal.service.url, "--code", "AAAA-AAAA-AAAA", "--facts", terminal.facts()
    )
    assert code == 1
    assert "Refused: (unknown_code)" in text
    assert "Do this." in text


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["status"], 1, "not activated yet"),
        (["check-in", "--facts", "nowhere.json"], 1, "not activated yet"),
        (["enroll"], 2, "No activation waits"),
        (["enroll", "--server", "https://x.example"], 2, "Give both"),
        (["enroll", "--server", "http://x.example", "--code", "A", "--facts", "FACTS"], 2, "not encrypted"),
        (
            ["enroll", "--server", "https://x.example", "--code", "A", "--facts", "no.json"],
            2,
            "cannot be read",
        ),
        (["--ca", "FACTS", "status"], 2, "no PEM certificate"),
        (["--home", "FACTS/inside", "status"], 2, "cannot write"),
        (["dance"], 2, "No such command"),
    ],
)
def test_wrong_use_is_told_plainly(
    terminal: Terminal, arguments: list[str], exit_code: int, words: str
) -> None:
    path = terminal.facts()
    code, text = terminal.run(*(argument.replace("FACTS", path) for argument in arguments))
    assert code == exit_code
    assert words in text


def test_a_bad_facts_file_names_the_field(terminal: Terminal) -> None:
    terminal.enroll()
    wrong = json.loads(msgspec.json.encode(facts()))
    wrong["apps"].append({"package": "x", "sha256": "short"})
    code, text = terminal.run("check-in", "--facts", terminal.facts(json.dumps(wrong)))
    assert code == 2
    assert "$.apps[1].sha256" in text
    code, text = terminal.run("check-in", "--facts", terminal.facts("x" * (1024 * 1024 + 1)))
    assert code == 2
    assert "1 MiB" in text


def test_an_activated_phone_is_not_enrolled_again_by_accident(terminal: Terminal) -> None:
    terminal.enroll()
    code, text = terminal.enroll()
    assert code == 2
    assert "--again" in text


def test_json_is_one_object_whatever_happens(terminal: Terminal) -> None:
    commands = (["status"], ["check-in", "--facts", terminal.facts()])
    results = [json.loads(terminal.run("--json", *arguments)[1]) for arguments in commands]
    results.append(json.loads(terminal.enroll("--json")[1]))
    results.append(json.loads(terminal.run("--json", "check-in", "--facts", terminal.facts())[1]))
    terminal.service.script = [Response("down", 502)] * 4
    results.append(json.loads(terminal.run("--json", "status")[1]))
    told = [(result["result"], result["exit"]) for result in results]
    assert told == [
        ("not_activated", 1),
        ("not_activated", 1),
        ("activated", 0),
        ("accepted", 0),
        ("offline", 3),
    ]
    assert results[3]["detail"]["answer"]["state"]["state"] == "secured"
    assert results[4]["detail"]["last_status"]["state"] == "secured"


def test_help_documents_the_exit_codes(terminal: Terminal) -> None:
    for arguments in (["--help"], ["enroll", "--help"], ["check-in", "--help"], ["status", "--help"]):
        code, text = terminal.run(*arguments)
        assert code == 0
        assert "3  offline" in text


def test_an_acquisition_is_reported(terminal: Terminal, tmp_path: Path) -> None:
    terminal.enroll()
    folder = tmp_path / "acquired"
    folder.mkdir()
    (folder / "getprop.txt").write_text("[ro.product.model]: [E1]\n[ro.build.version.release]: [15]\n")
    code, text = terminal.run("scan", str(folder))
    assert code == 0, text
    assert "secured" in text
    code, text = terminal.run("scan", str(tmp_path / "none"))
    assert code == 2
    assert "no such file" in text
    assert terminal.run("scan", str(folder), "--adb", "x")[0] == 2


def test_what_is_collected_is_told_in_the_persons_language(terminal: Terminal) -> None:
    code, said = terminal.run("collected", "--language", "fr")
    assert code == 0
    assert "Jamais collecté" in said
    code, said = terminal.run("--json", "collected")
    assert json.loads(said)["detail"]["fields"]["network.ssid"] == "hashed"
