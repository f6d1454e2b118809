"""The child of the sandbox: sets its own limits, does one piece of work, answers, ends.

Arguments: `module:function`, seconds of processor, bytes of address space, bytes of a file. The question comes on
standard input as JSON; the answer goes to standard output: one byte that says what it is, eight with the most memory
that was held, then JSON or a sentence.
"""

import importlib
import os
import resource
import sys
import typing
from pathlib import Path
from typing import Final

import msgspec

from vedette_facts.limits import UnreadableError

DONE: Final = b"D"
REFUSED: Final = b"R"
OUT_OF_MEMORY: Final = b"M"
CRASHED: Final = b"C"
PEAK_BYTES: Final = 8
_OPEN_FILES: Final = 64


def main() -> None:
    """Do the work that the arguments name."""
    target, *limits = sys.argv[1:]
    answers = os.dup(1)
    # whatever a library prints must not stand in the answer
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    module, _, name = target.partition(":")
    work = getattr(importlib.import_module(module), name)
    asked, *_ = typing.get_type_hints(work).values()
    # limits come after the imports: our own code is trusted, what it is about to read is not
    _limit(*map(int, limits))
    tag, body = _answer(work, asked)
    with os.fdopen(answers, "wb") as out:
        out.write(tag + _peak().to_bytes(PEAK_BYTES, "big"))
        out.write(body)
    # nothing of what was read may delay the end
    os._exit(0)


def _answer(work: typing.Callable[..., object], asked: object) -> tuple[bytes, bytes]:
    try:
        return DONE, msgspec.json.encode(work(msgspec.json.decode(sys.stdin.buffer.read(), type=asked)))
    except UnreadableError as error:
        return REFUSED, str(error).encode()
    except MemoryError:
        return OUT_OF_MEMORY, b""
    except RecursionError:
        return CRASHED, b"it is nested too deeply"
    except Exception as error:  # noqa: BLE001 - whatever it is, the service has to learn that there is no answer
        return CRASHED, type(error).__name__.encode()


def _peak() -> int:
    """Most memory held, in bytes. What `getrusage` says of a child counts its parent's memory before it was loaded."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def _limit(cpu_seconds: int, memory: int, file_bytes: int) -> None:
    wanted = (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    )
    for what, most in wanted:
        _, hard = resource.getrlimit(what)
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(what, (value, value))
        except (ValueError, OSError):
            continue  # macOS refuses limits on address space; the others hold there too


if __name__ == "__main__":
    main()
