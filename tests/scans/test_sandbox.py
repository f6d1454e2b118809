"""Whatever happens in the child, the parent gets an answer or a reason, in time."""

import sys
from pathlib import Path

import pytest
from tests.scans.works import Answer, Question, behave

from vedette.scans import sandbox
from vedette.scans.sandbox import Bounds, SandboxError

ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def tests_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from vedette.scans.sandboxed import main; main()"
    monkeypatch.setattr(sandbox, "_PYTHON", (sys.executable, "-I", "-c", code))


def test_an_answer_comes_back_with_what_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEDETTE_SECRET_KEY", "not for the child")
    ran = sandbox.run(behave, Question("well"))
    assert ran.answer == Answer("fine", ran.answer.secrets)
    assert not [name for name in ran.answer.secrets if name.startswith("VEDETTE")]
    assert ran.peak > MIB


def test_what_a_library_prints_is_no_part_of_the_answer() -> None:
    assert sandbox.run(behave, Question("chatty")).answer == Answer("fine")


def test_the_child_writes_no_file() -> None:
    assert sandbox.run(behave, Question("write")).answer.text == "kept from writing"


@pytest.mark.parametrize(
    ("question", "bounds", "reason", "words"),
    [
        (Question("refuse"), Bounds(), "refused", "It is no archive."),
        (Question("sleep"), Bounds(seconds=0.5), "time", "longer than 0.5 seconds"),
        (Question("forever"), Bounds(cpu_seconds=1), "time", "more than 1 seconds of processor"),
        (Question("swallow", 600 * MIB), Bounds(memory=400 * MIB), "memory", "more than 400 MiB"),
        (Question("recurse"), Bounds(), "crash", "nested too deeply"),
        (Question("segfault"), Bounds(), "crash", "without an answer"),
        (Question("talk", 3 * MIB), Bounds(answer=2 * MIB), "output", "more than 2 MiB"),
    ],
    ids=lambda value: value.how if isinstance(value, Question) else "",
)
def test_each_way_to_fail_has_its_reason(question: Question, bounds: Bounds, reason: str, words: str) -> None:
    with pytest.raises(SandboxError) as failed:
        sandbox.run(behave, question, bounds)
    assert failed.value.reason == reason
    assert words in failed.value.message
