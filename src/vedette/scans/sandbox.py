"""Hostile files are read in a process of their own, so that the worst they can do is to end it.

The child gets no environment of ours (no secrets), writes no file unless allowed to, and lives within limits on
wall-clock time, processor time, address space and the size of its answer. What passes a limit becomes a SandboxError
with a sentence for people.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

import msgspec

from vedette.scans.sandboxed import CRASHED, DONE, OUT_OF_MEMORY, PEAK_BYTES, REFUSED

Q = TypeVar("Q")
A = TypeVar("A")
Reason = Literal["time", "memory", "output", "refused", "crash"]

_MIB: Final = 1024 * 1024
_PIECE: Final = 64 * 1024
_PYTHON: Final = (sys.executable, "-I", "-m", "vedette.scans.sandboxed")
"""`-I`: neither the environment nor the folder we are in decides which code runs."""


@dataclass(frozen=True)
class Bounds:
    """What a child may use: bytes of address space (macOS does not enforce it), of its answer, of a file it writes."""

    seconds: float = 60
    cpu_seconds: int = 60
    memory: int = 1024 * _MIB
    answer: int = 64 * _MIB
    file_bytes: int = 0


@dataclass(frozen=True)
class Ran(Generic[A]):
    """An answer and what it took: wall-clock seconds, most memory the child held (bytes), its processor seconds."""

    answer: A
    seconds: float
    peak: int
    cpu_seconds: float


class SandboxError(Exception):
    """No answer. `refused`: the work itself said why in words (UnreadableError); the others are limits and crashes."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def run(work: Callable[[Q], A], request: Q, bounds: Bounds = Bounds()) -> Ran[A]:
    """Let `work` answer a request in a child. Raises SandboxError.

    `work` is a function of a module, with annotations that msgspec can read: question and answer pass as JSON, never
    as pickles, so that a child that was taken over can tell lies but run nothing here.
    """
    shape = typing.get_type_hints(work)["return"]
    started = time.monotonic()
    with tempfile.TemporaryFile() as question:
        question.write(msgspec.json.encode(request))
        question.seek(0)
        child = _start(work, question.fileno(), bounds)
        try:
            tag, peak, body = _listen(child, started + bounds.seconds, bounds)
        finally:
            used = _end(child)
    if tag != DONE:
        raise _failure(tag, body, child.returncode, used, bounds)
    try:
        answer = msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, RecursionError) as error:
        raise SandboxError("crash", f"The analysis gave an answer that cannot be read: {error}.") from None
    return Ran(answer, time.monotonic() - started, peak, used)


def _start(work: Callable[..., object], question: int, bounds: Bounds) -> subprocess.Popen[bytes]:
    limits = (bounds.cpu_seconds, bounds.memory, bounds.file_bytes)
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [*_PYTHON, f"{work.__module__}:{work.__qualname__}", *map(str, limits)],
        stdin=question,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "TMPDIR": tempfile.gettempdir()},
        cwd="/",
        start_new_session=True,
    )


def _listen(child: subprocess.Popen[bytes], deadline: float, bounds: Bounds) -> tuple[bytes, int, bytes]:
    """Read tag, peak and body until the child closes its end; an empty tag when it died before it said anything."""
    assert child.stdout is not None
    received = bytearray()
    with selectors.DefaultSelector() as waiting:
        waiting.register(child.stdout, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not waiting.select(left):
                raise SandboxError("time", f"The analysis took longer than {bounds.seconds:g} seconds.")
            piece = os.read(child.stdout.fileno(), _PIECE)
            if not piece:
                peak = int.from_bytes(received[1 : 1 + PEAK_BYTES], "big")
                return bytes(received[:1]), peak, bytes(received[1 + PEAK_BYTES :])
            received += piece
            if len(received) > bounds.answer:
                raise SandboxError("output", f"The analysis said more than {bounds.answer // _MIB} MiB.")


def _end(child: subprocess.Popen[bytes]) -> float:
    """Make sure that nothing of the child is left, and give the seconds of processor that it used."""
    if child.stdout is not None:
        child.stdout.close()
    # it has said what it had to say, or ran out of time; its own children share its session
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter is macOS's word for a zombie
        os.killpg(child.pid, signal.SIGKILL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def _failure(tag: bytes, body: bytes, code: int | None, used: float, bounds: Bounds) -> SandboxError:
    text = body[:2000].decode("utf-8", "replace")
    if tag == REFUSED:
        return SandboxError("refused", text)
    if tag == OUT_OF_MEMORY:
        return SandboxError("memory", f"The analysis needs more than {bounds.memory // _MIB} MiB of memory.")
    if tag == CRASHED:
        return SandboxError("crash", f"The analysis failed: {text}.")
    if code == -signal.SIGXCPU or used >= bounds.cpu_seconds - 1:
        return SandboxError("time", f"The analysis used more than {bounds.cpu_seconds} seconds of processor.")
    if code == -signal.SIGKILL:
        return SandboxError("memory", "The system ended the analysis, most likely for lack of memory.")
    return SandboxError("crash", f"The analysis ended without an answer (exit code {code}).")
