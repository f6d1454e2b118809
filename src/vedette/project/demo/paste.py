"""Commands as a person can paste them into another terminal of the folder they stand in."""

import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path


def command(*arguments: str, python: Path, folder: Path, environment: Mapping[str, str]) -> str:
    """Write a call of `vedette` beside PYTHON so that a shell in FOLDER finds the program and the same demo.

    `environment` is that of the running demo: its PATH says whether the bare name is enough, and its
    VEDETTE_HOME, which another terminal does not have, is written in front.
    """
    program = python.with_name("vedette")
    if shutil.which("vedette", path=environment.get("PATH", "")) == str(program):
        name = "vedette"
    elif program.is_relative_to(folder):
        name = str(program.relative_to(folder))
    else:
        name = str(program)
    home = environment.get("VEDETTE_HOME")
    return (f"VEDETTE_HOME={shlex.quote(home)} " if home else "") + shlex.join([name, *arguments])
