"""The files of one embedded server below `$VEDETTE_HOME/postgres`."""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vedette.foundation import roles

HOST: Final = "127.0.0.1"
SUPERUSER: Final = "postgres"
DATABASE: Final = "vedette"
LOG_TAIL: Final = 2_000
_LOGINS: Final = (SUPERUSER, roles.OWNER, roles.LOGIN)


@dataclass(frozen=True)
class Folder:
    """Names of the files, and what client and watcher tell each other through them."""

    path: Path

    @property
    def store(self) -> Path:
        """Where PostgreSQL's own files are; a link when its account cannot enter `path`."""
        return (self.path / "store").resolve()

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.store / "data"

    @property
    def clients(self) -> Path:
        """Lock shared by all who use the server."""
        return self.path / "clients.lock"

    @property
    def starting(self) -> Path:
        """Lock of the client that is starting a watcher."""
        return self.path / "starting.lock"

    @property
    def watching(self) -> Path:
        """Lock of the watcher, for as long as it lives."""
        return self.path / "watching.lock"

    @property
    def log(self) -> Path:
        """What PostgreSQL says."""
        return self.path / "server.log"

    @property
    def watcher_log(self) -> Path:
        """What the watcher says."""
        return self.path / "watcher.log"

    def port(self) -> int | None:
        """Return the port of the server that is ready, if one is."""
        try:
            return int((self.path / "port").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None

    def tell_port(self, port: int) -> None:
        """Let clients know that the server is ready."""
        draft = self.path / "port.new"
        draft.write_text(str(port), encoding="ascii")
        draft.replace(self.path / "port")

    def forget_port(self) -> None:
        """Take back `tell_port`."""
        (self.path / "port").unlink(missing_ok=True)

    def password(self, role: str) -> str:
        """Return the password of a role that logs in."""
        return (self.path / f"{role}.password").read_text(encoding="ascii")

    def keep_passwords(self) -> None:
        """Make the passwords that are missing, each in a file of mode 0600."""
        for role in _LOGINS:
            file = self.path / f"{role}.password"
            if not file.exists():
                draft = file.with_suffix(".new")
                draft.touch(mode=0o600)
                draft.write_text(secrets.token_urlsafe(32), encoding="ascii")
                draft.replace(file)

    def passwords_digest(self) -> str:
        """Return what changes when a password changes."""
        return hashlib.sha256("\n".join(self.password(role) for role in _LOGINS).encode()).hexdigest()

    def log_tail(self) -> str:
        """Return the end of PostgreSQL's log."""
        return _tail(self.log)

    def watcher_says(self) -> str:
        """Return why the watcher gave up, in its own words."""
        return _tail(self.watcher_log) or f"Look at {self.log}."


def _tail(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL:].strip()
    except FileNotFoundError:
        return ""
