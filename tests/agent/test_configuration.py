"""Managed app configuration as MDMs hand it over: our keys, those of others, and what is not filled in."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from vedette_agent.cli import main
from vedette_agent.configuration import ConfigurationError, of, read
from vedette_facts.protocol import AppConfiguration

DEVICE = "5d3c9a6e-0f4b-4a5e-9d0e-6f0a2f1f7c11"
OURS = {
    "serverUrl": "https://v.example",
    "tenantId": "t",
    "enrollmentCode": "C",
    "azureADDeviceId": DEVICE,
    "upn": "a@b.example",
}
OTHERS = {"MDMDeviceID": DEVICE, "GLOBAL_ENROLLMENT_CODE": "C", "better_user": "a@b.example", "number": 7}
WHOLE = AppConfiguration(enrollment_code="C", entra_device_id=DEVICE, user_principal_name="a@b.example")


@pytest.mark.parametrize("given", [OURS, OTHERS, {key.upper(): value for key, value in OURS.items()}])
def test_keys_are_read_in_any_case_and_by_other_names(given: dict[str, Any]) -> None:
    assert of(given).claim() == WHOLE


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"enrollmentCode": ""}, "no enrollmentCode"),
        ({"azureADDeviceId": "  "}, "no azureADDeviceId"),
        ({"azureADDeviceId": "{{aaddeviceid}}"}, "not filled in"),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        of(OURS | changes).claim()


def test_a_person_that_is_not_filled_in_is_left_out() -> None:
    assert of(OURS | {"upn": "{{userprincipalname}}"}).claim().user_principal_name is None


@pytest.mark.parametrize("content", ["[]", "no json", "7"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "managed.json"
    file.write_text(content)
    with pytest.raises(ConfigurationError):
        read(file)
    with pytest.raises(ConfigurationError):
        read(tmp_path / "nowhere.json")


def test_the_command_names_what_the_configuration_lacks(tmp_path: Path) -> None:
    file, facts = tmp_path / "managed.json", tmp_path / "facts.json"
    file.write_text(json.dumps(OURS | {"enrollmentCode": ""}))
    device = {"platform": "ANDROID", "manufacturer": "Google", "model": "Pixel 8", "os_version": "15"}
    facts.write_text(json.dumps({"device": device, "agent": {"version": "1"}}))
    home = ["--home", str(tmp_path / "home"), "enroll", "--facts", str(facts)]
    ran = CliRunner().invoke(main, [*home, "--configuration", str(file)])
    assert ran.exit_code == 2, ran.output
    assert "no enrollmentCode" in ran.output
    both = CliRunner().invoke(main, [*home, "--configuration", str(file), "--code", "C", "--sign-in"])
    assert both.exit_code == 2
    assert "not both" in both.output
