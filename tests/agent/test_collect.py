import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_agent.collect import AndroidCollector, CollectError, FileCollector, enroll_device
from vedette_facts.android.live import run_here
from vedette_facts.android.packages import parse_packages
from vedette_facts.android.properties import parse_properties, root_verdict
from vedette_facts.report import decode_facts

GETPROP = """[ro.build.fingerprint]: [google/akita/akita:15/AP4A.250205.002/12821496:user/release-keys]
[ro.build.tags]: [release-keys]
[ro.build.type]: [user]
[ro.build.version.release]: [15]
[ro.build.version.sdk]: [35]
[ro.build.version.security_patch]: [2026-02-05]
[ro.boot.flash.locked]: [1]
[ro.boot.verifiedbootstate]: [green]
[ro.crypto.state]: [encrypted]
[ro.debuggable]: [0]
[ro.product.manufacturer]: [Google]
[ro.product.model]: [Pixel 8a]
"""
PACKAGES = """package:com.android.settings versionCode:35  installer=null
package:org.example.mail versionCode:7  installer=com.android.vending
package:org.vedette.demo.spyapp versionCode:1  installer=com.google.android.packageinstaller
"""
ANSWERS = {
    "getprop": GETPROP,
    "settings list global": "adb_enabled=1\ndevelopment_settings_enabled=null\n",
    "locksettings get-disabled": "true\n",
    "pm list packages -i --show-versioncode": PACKAGES,
    "pm list packages -s": "package:com.android.settings\n",
}


def answers(changes: dict[str, str | None]) -> AndroidCollector:
    table = {**ANSWERS, **changes}

    def fake(command: Sequence[str]) -> str | None:
        return table.get(" ".join(command))

    return AndroidCollector(run=fake, exists=lambda path: path == changes.get("exists"))


def test_what_an_android_shell_tells() -> None:
    facts = answers({}).collect()
    assert facts.device.model == "Pixel 8a"
    assert facts.device.security_patch == "2026-02-05"
    assert facts.device.sdk == 35
    assert facts.posture.root is False
    assert facts.posture.encrypted is True
    assert facts.posture.adb is True
    assert facts.posture.developer_options is None
    assert facts.posture.screen_lock is False
    assert facts.apps is not None
    assert [(app.package, app.installer, app.version_code, app.system) for app in facts.apps] == [
        ("com.android.settings", None, 35, True),
        ("org.example.mail", "com.android.vending", 7, False),
        ("org.vedette.demo.spyapp", "com.google.android.packageinstaller", 1, False),
    ]
    assert facts.apps_complete
    assert enroll_device(facts).os_version == "15"


def test_tools_that_do_not_answer_leave_the_fact_unknown() -> None:
    nothing = dict.fromkeys([name for name in ANSWERS if name != "getprop"])
    facts = answers({**nothing, "getprop": ""}).collect()
    assert facts.apps is None
    assert not facts.apps_complete
    assert facts.device.security_patch is None
    assert set(vars_of(facts.posture)) == {None}


def vars_of(posture: object) -> list[object]:
    names = ("root", "debug_build", "encrypted", "screen_lock", "developer_options", "adb")
    return [getattr(posture, name) for name in names]


@pytest.mark.parametrize(
    ("properties", "signs", "root"),
    [
        ({"ro.boot.verifiedbootstate": "green", "ro.boot.flash.locked": "1"}, [], False),
        ({"ro.boot.verifiedbootstate": "orange", "ro.boot.flash.locked": "0"}, [], None),
        ({}, [], None),
        (
            {"ro.boot.verifiedbootstate": "green", "ro.boot.flash.locked": "1"},
            ["Magisk at /data/adb/magisk"],
            True,
        ),
        ({"ro.boot.verifiedbootstate": "green", "ro.boot.flash.locked": "1"}, ["ro.secure=0"], None),
        ({"ro.debuggable": "1"}, [], None),
    ],
)
def test_root_is_said_only_with_evidence(
    properties: dict[str, str], signs: list[str], root: bool | None
) -> None:
    assert root_verdict(properties, signs) is root


def test_a_su_binary_is_a_sign_of_root() -> None:
    facts = answers({"exists": "/system/xbin/su"}).collect()
    assert facts.posture.root is True
    assert facts.posture.root_signs == ["su binary at /system/xbin/su"]


def test_real_tools_are_run_from_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("getprop", GETPROP), ("pm", PACKAGES), ("settings", "adb_enabled=0")):
        tool = tmp_path / name
        tool.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n")
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    facts = AndroidCollector(exists=lambda _: False).collect()
    assert facts.device.manufacturer == "Google"
    assert facts.posture.adb is False
    assert facts.posture.screen_lock is None
    assert len(facts.apps or []) == 3
    assert run_here(["false"]) is None


def test_a_machine_that_is_no_android_asks_for_a_file() -> None:
    with pytest.raises(CollectError, match="--facts FILE"):
        answers({"getprop": None}).collect()


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match="cannot be read: It holds no file"):
        FileCollector(tmp_path).collect()


@given(st.text(), st.text())
def test_whatever_the_tools_print_makes_a_valid_report_or_none(properties: str, packages: str) -> None:
    parse_properties(properties)
    for app in parse_packages(packages):
        assert app.package
    collector = answers({"getprop": properties or "x", "pm list packages -i --show-versioncode": packages})
    assert decode_facts(msgspec.json.encode(collector.collect())).device.platform == "ANDROID"
