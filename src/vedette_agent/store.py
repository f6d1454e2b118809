"""What an agent remembers between two runs: its identity, an enrolment under way, its state, its queue."""

import datetime as dt
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from vedette_agent.identity import Enrolment, Identity
from vedette_agent.queue import FileQueue, MemoryQueue, Queue, write_durably
from vedette_facts.privacy import Collect
from vedette_facts.protocol import DeviceStatus

T = TypeVar("T")
_LOCK_SECONDS = 15.0


class StoreError(RuntimeError):
    """The agent's home cannot be used; the text says which file and what to do."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What changes from report to report, for the identity `key_id` (a state of another identity is void)."""

    key_id: str
    sequence: int = 0
    accepted_digest: str | None = None
    check_in_seconds: int = 3600
    clock_skew_seconds: float = 0.0
    last_accepted_at: dt.datetime | None = None
    not_before: dt.datetime | None = None
    last_status: DeviceStatus | None = None
    dropped: int = 0
    collect: Collect = Collect()
    retired: bool = False


class Store(Protocol):
    """Memory of one agent; FileStore and MemoryStore behave alike."""

    queue: Queue

    def identity(self) -> Identity | None: ...  # noqa: D102 - the class says it
    def enrolment(self) -> Enrolment | None: ...  # noqa: D102 - the class says it
    def keep_enrolment(self, enrolment: Enrolment | None) -> None: ...  # noqa: D102 - the class says it
    def activate(self, identity: Identity) -> None: ...  # noqa: D102 - the class says it
    def state(self) -> State: ...  # noqa: D102 - the class says it
    def keep_state(self, state: State) -> None: ...  # noqa: D102 - the class says it


class MemoryStore:
    """For simulated phones and tests."""

    def __init__(self) -> None:
        self.queue: Queue = MemoryQueue()
        self._identity: Identity | None = None
        self._enrolment: Enrolment | None = None
        self._state: State | None = None

    def identity(self) -> Identity | None:
        """Give the activated identity, if any."""
        return self._identity

    def enrolment(self) -> Enrolment | None:
        """Give the enrolment under way, if any."""
        return self._enrolment

    def keep_enrolment(self, enrolment: Enrolment | None) -> None:
        """Remember (or with None forget) an enrolment under way."""
        self._enrolment = enrolment

    def activate(self, identity: Identity) -> None:
        """Put a new identity in the place of the old one, whose reports and state are void then."""
        if self._identity is None or self._identity.key_id != identity.key_id:
            self._state, self.queue = None, MemoryQueue()
        self._identity, self._enrolment = identity, None

    def state(self) -> State:
        """Give the state of the present identity."""
        return _fitting(self._identity, self._state)

    def keep_state(self, state: State) -> None:
        """Remember the state."""
        self._state = state


class FileStore:
    """Files of mode 0600 in a folder of mode 0700, each replaced whole."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.queue: Queue = FileQueue(home / "queue")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second run on the same home out; StoreError when the other does not end in time."""
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(
                f"The agent cannot write to {self.home}: {error.strerror}. Choose --home."
            ) from error
        try:
            _wait_for(handle, self.home)
            yield
        finally:
            os.close(handle)

    def identity(self) -> Identity | None:
        """Give the activated identity, if any; StoreError."""
        return self._read("identity.json", Identity)

    def enrolment(self) -> Enrolment | None:
        """Give the enrolment under way, if any; StoreError."""
        return self._read("enrolment.json", Enrolment)

    def keep_enrolment(self, enrolment: Enrolment | None) -> None:
        """Remember (or with None forget) an enrolment under way; StoreError."""
        if enrolment is None:
            (self.home / "enrolment.json").unlink(missing_ok=True)
        else:
            self._write("enrolment.json", enrolment)

    def activate(self, identity: Identity) -> None:
        """Put a new identity in the place of the old one, whose reports and state are void then; StoreError.

        The identity is written first: after a crash there, old state and reports carry the old key's name and
        are ignored, and an enrolment that is left over asks once more and gets the same answer.
        """
        before = self.identity()
        self._write("identity.json", identity)
        if before is not None and before.key_id != identity.key_id:
            (self.home / "state.json").unlink(missing_ok=True)
            for entry in self.queue.entries():
                self.queue.remove(entry)
        self.keep_enrolment(None)

    def state(self) -> State:
        """Give the state of the present identity; StoreError."""
        return _fitting(self.identity(), self._read("state.json", State))

    def keep_state(self, state: State) -> None:
        """Remember the state durably; StoreError."""
        self._write("state.json", state)

    def _read(self, name: str, shape: type[T]) -> T | None:
        path = self.home / name
        try:
            return msgspec.json.decode(path.read_bytes(), type=shape)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            raise StoreError(
                f"{path} cannot be read ({error}). Move it away; if it is identity.json, enroll again."
            ) from error

    def _write(self, name: str, value: msgspec.Struct) -> None:
        try:
            write_durably(self.home / name, msgspec.json.encode(value))
        except OSError as error:
            raise StoreError(f"{self.home / name} cannot be written: {error.strerror}") from error


def _fitting(identity: Identity | None, state: State | None) -> State:
    key_id = identity.key_id if identity else ""
    return state if state is not None and state.key_id == key_id else State(key_id=key_id)


def _wait_for(handle: int, home: Path) -> None:
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StoreError(
                    f"Another vedette-agent is working in {home}. Try again when it is done."
                ) from None
            time.sleep(0.05)
        else:
            return
