"""Work for the sandbox that behaves badly on purpose."""

import os
import signal
import sys
import time

import msgspec

from vedette_facts.limits import UnreadableError


class Question(msgspec.Struct):
    how: str
    amount: int = 0


class Answer(msgspec.Struct):
    text: str
    secrets: list[str] = []


def behave(question: Question) -> Answer:
    acts = {
        "well": lambda: Answer("fine", sorted(os.environ)),
        "chatty": lambda: sys.stdout.write("a library prints") and Answer("fine"),
        "refuse": _refuse,
        "forever": _forever,
        "sleep": lambda: time.sleep(600),
        "swallow": lambda: bytearray(question.amount) and Answer("swallowed"),
        "recurse": lambda: behave(question),
        "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
        "talk": lambda: Answer("x" * question.amount),
        "write": _write,
    }
    answer = acts[question.how]()
    return answer if isinstance(answer, Answer) else Answer("")


def _refuse() -> Answer:
    raise UnreadableError("It is no archive.")


def _forever() -> Answer:
    while True:
        pass


def _write() -> Answer:
    try:
        with open("/tmp/" + "vedette-sandbox", "wb") as file:  # noqa: PTH123, S108 - it must not succeed
            file.write(b"x" * 10)
    except OSError:
        return Answer("kept from writing")
    return Answer("wrote")
