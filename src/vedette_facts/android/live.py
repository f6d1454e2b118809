"""A phone that is asked itself: from its own shell, or over adb from a computer. Only what reads is run."""

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from typing import Final

from vedette_facts.android.properties import ROOT_PATHS, parse_properties
from vedette_facts.android.settings import parse_settings
from vedette_facts.android.texts import Texts
from vedette_facts.limits import MAX_FILE_BYTES, UnreadableError

Run = Callable[[Sequence[str]], str | None]
"""Runs a command on the phone: its output, or None when it failed."""

_SECONDS: Final = 60
_SERVICES: Final = ("package", "accessibility", "device_policy", "appops")
_NAMESPACES: Final = ("global", "secure", "system")
_REFUSED: Final = re.compile(r"Permission Denial|Can't find service|SecurityException")
_SERIAL: Final = re.compile(r"[\w.:\-\[\]]{1,128}")


def texts_of(run: Run, exists: Callable[[str], bool]) -> Texts | None:
    """Ask an Android device; None where there is no getprop. What it refuses stays unknown."""
    properties = run(["getprop"])
    if properties is None:
        return None
    texts = Texts(
        properties=parse_properties(properties),
        packages=run(["pm", "list", "packages", "-i", "--show-versioncode"]) or "",
        system_packages=run(["pm", "list", "packages", "-s"]) or "",
        disabled_packages=run(["pm", "list", "packages", "-d"]) or "",
        processes=run(["ps", "-A"]) or "",
        selinux=run(["getenforce"]) or "",
        root_paths=[path for path in ROOT_PATHS if exists(path)],
    )
    for namespace in _NAMESPACES:
        texts.settings.update(parse_settings(run(["settings", "list", namespace]) or ""))
    if (run(["locksettings", "get-disabled"]) or "").strip() == "true":
        texts.settings["lockscreen.disabled"] = "1"
    for service in _SERVICES:
        answer = run(["dumpsys", service])
        if answer and not _REFUSED.search(answer[:2000]):
            texts.services[service] = answer
    return texts


def run_here(command: Sequence[str]) -> str | None:
    """Run one of Android's own tools, found on the PATH; None when absent, failing or too slow."""
    tool = shutil.which(command[0])
    return None if tool is None else _output([tool, *command[1:]])


def over_adb(serial: str = "") -> Run:
    """Run commands on the phone that adb reaches. UnreadableError without adb, or for a serial number that is none."""
    adb = shutil.which("adb")
    if adb is None:
        raise UnreadableError("There is no adb on this computer (Debian: package adb).")
    if serial and not _SERIAL.fullmatch(serial):
        raise UnreadableError("That is not a serial number of adb (`adb devices` lists them).")
    start = [adb, *(["-s", serial] if serial else []), "shell"]
    return lambda command: _output([*start, *command])


def file_exists(run: Run) -> Callable[[str], bool]:
    """Tell whether a path exists on the phone behind `run`."""
    return lambda path: run(["ls", "-d", path]) is not None


def _output(command: list[str]) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands of this module, no shell of this machine
            command, capture_output=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        return None
    return done.stdout[:MAX_FILE_BYTES].decode("utf-8", "replace").replace("\r\n", "\n")
