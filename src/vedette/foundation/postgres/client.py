"""The client's side of the embedded server: get it, start it when nobody has, let it go."""

import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from vedette.foundation import roles
from vedette.foundation.postgres.binaries import PostgresError
from vedette.foundation.postgres.files import DATABASE, HOST, SUPERUSER, Folder
from vedette.foundation.postgres.locks import Lock

START_SECONDS: Final = 90.0
STOP_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Server:
    """A running server, held until `close()` or the end of the `with` block, or of this process."""

    folder: Folder
    port: int
    _lock: Lock = field(repr=False)
    _watcher: subprocess.Popen[bytes] | None = field(repr=False)

    @property
    def login_url(self) -> str:
        """The address for the product: DATABASE_URL."""
        return self.url(roles.LOGIN)

    @property
    def owner_url(self) -> str:
        """The address for migrations: VEDETTE_MIGRATE_URL."""
        return self.url(roles.OWNER)

    @property
    def superuser_url(self) -> str:
        """The address for making databases; the product never uses it."""
        return self.url(SUPERUSER, "postgres")

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the address of `database` for one of the roles that log in."""
        password = quote(self.folder.password(role), safe="")
        return f"postgresql://{role}:{password}@{HOST}:{self.port}/{database}"

    def close(self) -> None:
        """Let the server go; when this was its last client, return once it has stopped."""
        self._lock.release()
        _until_stopped_or_shared(self.folder)
        if self._watcher:
            self._watcher.poll()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def acquire(home: Path, *, settings: Mapping[str, str] | None = None) -> Server:
    """Return the server of `home`, started if it does not run.

    `settings` are PostgreSQL's own (`{"fsync": "off"}` in tests); they count only when this call starts the
    server. Raises PostgresError.
    """
    folder = Folder(home.absolute() / "postgres")
    clients = Lock(folder.clients)
    starting = Lock(folder.starting)
    try:
        folder.path.mkdir(mode=0o711, parents=True, exist_ok=True)
        # waits while a watcher that found no client is stopping its server
        clients.share()
        starting.take()
        port, watcher = _wait_for_port(folder, settings or {})
        return Server(folder, port, clients, watcher)
    except PermissionError as error:
        clients.release()
        raise PostgresError(
            f"{error.filename} belongs to another user."
            " Run as that user, or set VEDETTE_HOME to a folder of yours."
        ) from error
    except BaseException:
        clients.release()
        raise
    finally:
        starting.release()


def _watched(folder: Folder) -> bool:
    """Tell whether a watcher lives. One that was killed leaves its lock free."""
    probe = Lock(folder.watching)
    if not probe.try_take():
        return True
    probe.release()
    return False


def _start_watcher(folder: Folder, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    folder.forget_port()
    options = [f"{name}={value}" for name, value in settings.items()]
    folder.watcher_log.touch(mode=0o600)
    with folder.watcher_log.open("wb") as log:
        return subprocess.Popen(  # noqa: S603 our own program
            [sys.executable, "-m", "vedette.foundation.postgres", "watch", folder.path, *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
        )  # fmt: skip


def _wait_for_port(folder: Folder, settings: Mapping[str, str]) -> tuple[int, subprocess.Popen[bytes] | None]:
    """Return the port, and the watcher if it had to be started."""
    watcher = None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if watcher is None and not _watched(folder):
            watcher = _start_watcher(folder, settings)
        if port := folder.port():
            return port, watcher
        if watcher and watcher.poll() is not None:
            break
        time.sleep(0.01)
    if watcher:
        watcher.terminate()
    raise PostgresError(f"The embedded PostgreSQL does not start.\n{folder.watcher_says()}")


def _until_stopped_or_shared(folder: Folder) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    probe = Lock(folder.clients)
    while _watched(folder) and time.monotonic() < deadline:
        if not probe.try_take() and probe.try_share():
            # somebody else is a client: the watcher would have the lock alone
            probe.release()
            return
        probe.release()
        time.sleep(0.02)
