"""File locks that the kernel drops when their holder dies (flock)."""

import fcntl
import os
import time
from pathlib import Path


class Lock:
    """One lock file. Only this object holds the lock: children started with exec do not inherit it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def share(self) -> None:
        """Take the lock together with others; waits while somebody has it alone."""
        fcntl.flock(self._open(), fcntl.LOCK_SH)

    def take(self) -> None:
        """Take the lock alone; waits."""
        fcntl.flock(self._open(), fcntl.LOCK_EX)

    def try_take(self) -> bool:
        """Take the lock alone if nobody has it."""
        return self._try(fcntl.LOCK_EX)

    def try_share(self) -> bool:
        """Take the lock together with others if nobody has it alone."""
        return self._try(fcntl.LOCK_SH)

    def take_within(self, seconds: float) -> bool:
        """Take the lock alone, although somebody may be probing it at this moment."""
        deadline = time.monotonic() + seconds
        while not (taken := self.try_take()) and time.monotonic() < deadline:
            time.sleep(0.01)
        return taken

    def release(self) -> None:
        """Let go; safe to repeat."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._open(), kind | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True

    def _open(self) -> int:
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._descriptor
