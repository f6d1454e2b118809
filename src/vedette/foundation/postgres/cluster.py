"""One PostgreSQL cluster in a folder: made, started, watched for readiness, stopped.

Only the watcher (`__main__`) uses this; it alone holds the watcher's lock, so no two do at a time.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vedette.foundation import roles
from vedette.foundation.postgres import binaries
from vedette.foundation.postgres.binaries import Account, PostgresError, Programs
from vedette.foundation.postgres.files import HOST, SUPERUSER, Folder

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0
LOG_BYTES: Final = 5_000_000

# Short queries of a service: compiling them costs more than it saves.
SETTINGS: Final = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "jit": "off",
    "max_connections": "200",
}
_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True)
class Running:
    """A server that answers: its process and its port on the loopback address."""

    process: subprocess.Popen[bytes]
    port: int


def start(folder: Folder, settings: Mapping[str, str]) -> Running:
    """Start the server, making the cluster and the roles when needed. Raises PostgresError."""
    who = binaries.account(folder.data)
    _let_in(folder, who)
    programs = binaries.find(folder.data, folder.store, who)
    folder.keep_passwords()
    stop_leftover(folder)
    if not folder.data.exists():
        _initialise(folder, programs, who, durable=settings.get("fsync") != "off")
    running = _launch(folder, programs, who, settings)
    try:
        _ensure_roles(folder, running)
    except BaseException:
        stop(running)
        raise
    return running


def _ensure_roles(folder: Folder, running: Running) -> None:
    """Make roles and database once, and again when the kept passwords have changed."""
    mark, digest = folder.store / "roles", folder.passwords_digest()
    if mark.exists() and mark.read_text(encoding="ascii") == digest:
        return
    # psycopg loads slower than PostgreSQL starts; a warm start does without it
    import psycopg  # noqa: PLC0415 see above
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 see above

    from vedette.foundation.postgres.roles import bootstrap_roles  # noqa: PLC0415 see above

    login = make_conninfo(
        host=HOST, port=running.port, user=SUPERUSER, password=folder.password(SUPERUSER), dbname="postgres"
    )
    try:
        with psycopg.connect(login, autocommit=True) as connection:
            bootstrap_roles(
                connection,
                owner_password=folder.password(roles.OWNER),
                login_password=folder.password(roles.LOGIN),
            )
    except psycopg.Error as error:
        raise PostgresError(f"The roles of the embedded PostgreSQL cannot be made: {error}") from error
    mark.write_text(digest, encoding="ascii")


def stop(running: Running) -> None:
    """Stop the server: fast shutdown first, then harder. Nothing of it is left afterwards."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if running.process.poll() is not None:
            return
        running.process.send_signal(number)
        try:
            running.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue


def stop_leftover(folder: Folder) -> None:
    """Stop a server whose watcher was killed, and clear the trace of one that crashed.

    PostgreSQL itself would refuse to start when the number in postmaster.pid is a living process of
    the same user, even if that number was given to another program since (usual in containers).
    """
    pid = _leftover(folder)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if pid is None:
            break
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            break
        _until(lambda: _leftover(folder) is None, STOP_SECONDS)
        pid = _leftover(folder)
    (folder.data / "postmaster.pid").unlink(missing_ok=True)


def _leftover(folder: Folder) -> int | None:
    """Return the process that serves this cluster, if one lives."""
    try:
        first_line = (folder.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0]
        pid = int(first_line)
    except (FileNotFoundError, ValueError):
        return None
    command = _command(pid)
    return pid if "postgres" in command and str(folder.data) in command else None


def _command(pid: int) -> str:
    """Return the command line of a living process, else an empty text."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        if sys.platform.startswith("linux"):
            return ""
    listing = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(listing, capture_output=True, text=True, check=False).stdout  # noqa: S603 our own list


def _initialise(folder: Folder, programs: Programs, who: Account | None, *, durable: bool) -> None:
    """Run initdb into a draft that gets its name when complete: a half-made cluster is never used."""
    draft, password_file = folder.store / "data.new", folder.store / "initdb.password"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    password_file.touch(mode=0o600)
    password_file.write_text(folder.password(SUPERUSER), encoding="ascii")
    if who:
        who.own(draft, password_file)
    command: list[str | Path] = [programs.bin / "initdb", "-D", draft, "-U", SUPERUSER, "-E", "UTF8"]
    command += ["-A", "scram-sha-256", f"--pwfile={password_file}"]
    # the same order and case rules everywhere, whatever the machine's locales (reference: dependencies 1)
    if programs.major >= 17:  # noqa: PLR2004 the builtin provider came with 17
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    else:
        command += ["--locale=C.UTF-8"]
    if not durable:
        command.append("--no-sync")
    try:
        binaries.run(command, **binaries.run_as(who))
    finally:
        password_file.unlink()
    draft.rename(folder.data)


def _launch(folder: Folder, programs: Programs, who: Account | None, settings: Mapping[str, str]) -> Running:
    if folder.log.exists() and folder.log.stat().st_size > LOG_BYTES:
        folder.log.replace(folder.log.with_suffix(".log.old"))
    options = {"port": str(_free_port()), **SETTINGS, **settings}
    command: list[str | Path] = [programs.bin / "postgres", "-D", folder.data]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    # queries that fail stand in it, with their values
    folder.log.touch(mode=0o600)
    with folder.log.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 our own list, no shell
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            preexec_fn=_die_with_parent(),  # noqa: PLW1509 the watcher has one thread
            **binaries.run_as(who),
        )  # fmt: skip
    running = Running(process, int(options["port"]))
    _until(lambda: process.poll() is not None or _ready(folder), START_SECONDS)
    if process.poll() is not None or not _ready(folder):
        stop(running)
        raise PostgresError(f"PostgreSQL does not start. Its log ends with:\n{folder.log_tail()}")
    return running


def _ready(folder: Folder) -> bool:
    """Tell whether the server says so itself, in line 8 of postmaster.pid."""
    try:
        lines = (folder.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"  # noqa: PLR2004 the eighth line, LOCK_FILE_LINE_PM_STATUS


def _die_with_parent() -> Callable[[], None] | None:
    """Return what makes a child stop (fast shutdown) when the watcher is killed; Linux only.

    Elsewhere `stop_leftover` does it at the next start.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGINT)

    return ask_kernel


def _let_in(folder: Folder, who: Account | None) -> None:
    """Make the store where `who` can reach it: entering the folders is enough, the files stay closed.

    Where a folder further up is closed (a private folder of root's), the store is made elsewhere and a
    link stands in its place.
    """
    store = folder.path / "store"
    if store.exists():
        return
    store.unlink(missing_ok=True)
    if who is None:
        store.mkdir(mode=0o700)
        return
    for path in (folder.path, folder.path.parent):
        path.chmod(path.stat().st_mode | 0o011)
    if _enters(folder.path, who):
        store.mkdir(mode=0o711)
        return
    temporary = Path(tempfile.gettempdir())
    parent = temporary if folder.path.is_relative_to(temporary) else Path("/var/lib/vedette/elsewhere")
    parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    elsewhere = Path(tempfile.mkdtemp(prefix="vedette-postgres-", dir=parent))
    elsewhere.chmod(0o711)
    store.symlink_to(elsewhere)


def _enters(path: Path, who: Account) -> bool:
    try:
        subprocess.run(["/bin/test", "-x", path], check=True, **binaries.run_as(who))  # noqa: S603 our own list
    except subprocess.CalledProcessError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
