"""An organisation's rules on files (YARA, by yara-x): checked and applied in a child of the sandbox.

Rules are texts of other people: includes are off, so that a rule reads no file of ours; compiling and scanning have
limits on time and memory; a rule that cannot be compiled is named with its line.
"""

import threading
import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from vedette.scans import sandbox
from vedette.scans.child import RuleSource
from vedette.scans.sandbox import Bounds, SandboxError
from vedette_facts.apk import RuleMatch, RuleScanner
from vedette_facts.limits import UnreadableError

_MIB: Final = 1024 * 1024
LARGEST: Final = _MIB
"""Characters of one set of rules."""
CHECK_BOUNDS: Final = Bounds(seconds=20, cpu_seconds=20, memory=1024 * _MIB, answer=4 * _MIB)
_room: Final = threading.BoundedSemaphore(2)
"""Children that check at once in this process: each may take a processor for seconds, and a gigabyte."""
_WAIT_SECONDS: Final = 5
_MOST_RULES: Final = 2000
_MOST_PROBLEMS: Final = 20
_MOST_MATCHES: Final = 500
_LONGEST_META: Final = 500


class RuleProblem(msgspec.Struct, frozen=True):
    """What is wrong, and where: line and column count from 1."""

    line: int
    column: int
    message: str


class Checked(msgspec.Struct, frozen=True):
    """What a set of rules amounts to: names of its rules; errors, for which it is refused; warnings, for which not."""

    rules: list[str]
    errors: list[RuleProblem] = []
    warnings: list[RuleProblem] = []


def check(source: RuleSource) -> Checked:
    """Compile a set of rules in a child. Never raises for a bad text: its limits are errors without a place."""
    if len(source.text) > LARGEST:
        return Checked([], [RuleProblem(1, 1, f"The text is longer than {LARGEST:,} characters.")])
    if not _room.acquire(timeout=_WAIT_SECONDS):
        return Checked([], [RuleProblem(1, 1, "Other rules are being checked. Save again in a minute.")])
    try:
        return sandbox.run(check_rules, source, CHECK_BOUNDS).answer
    except SandboxError as error:
        return Checked([], [RuleProblem(1, 1, error.message)])
    finally:
        _room.release()


def check_rules(source: RuleSource) -> Checked:
    """Compile, in the child."""
    compiler = _compiler([source])
    errors = [_problem(error) for error in compiler.errors()][:_MOST_PROBLEMS]
    warnings = [_problem(warning) for warning in compiler.warnings()][:_MOST_PROBLEMS]
    if errors:
        return Checked([], errors, warnings)
    names = [rule.identifier for rule in compiler.build()]
    if not names:
        return Checked([], [RuleProblem(1, 1, "There is no rule in it.")])
    if len(names) > _MOST_RULES:
        return Checked([], [RuleProblem(1, 1, f"It has more than {_MOST_RULES:,} rules.")])
    return Checked(names, [], warnings)


def scanner(sources: Sequence[RuleSource], seconds: int) -> RuleScanner | None:
    """Make what looks at content with all sets of rules; None without any. `seconds`: for all looks together.

    UnreadableError when a set no longer compiles: a scan that says nothing about its rules would be a lie.
    """
    if not sources:
        return None
    import yara_x  # noqa: PLC0415 - only where there are rules

    compiler = _compiler(sources)
    if errors := compiler.errors():
        first = _problem(errors[0])
        raise UnreadableError(f"The file rules cannot be used: line {first.line}: {first.message}")
    ready = yara_x.Scanner(compiler.build())
    ready.max_matches_per_pattern(1000)
    end = time.monotonic() + seconds
    left = [_MOST_MATCHES]

    def look(path: str, content: bytes | memoryview) -> list[RuleMatch]:
        remaining = int(end - time.monotonic())
        if remaining < 1 or not left[0]:
            raise UnreadableError("The file rules had no time left to look at it and what follows.")
        ready.set_timeout(remaining)
        try:
            found = ready.scan(bytes(content)).matching_rules[: left[0]]
        except yara_x.TimeoutError:
            raise UnreadableError(f"The file rules took longer than {seconds} seconds.") from None
        except yara_x.ScanError as error:
            raise UnreadableError(f"The file rules failed: {error}") from None
        left[0] -= len(found)
        return [_match(rule, path) for rule in found]

    return look


def _compiler(sources: Sequence[RuleSource]) -> Any:
    import yara_x  # noqa: PLC0415 - as above

    compiler = yara_x.Compiler(includes_enabled=False, error_on_slow_pattern=False)
    for source in sources:
        compiler.new_namespace(source.name)
        try:
            compiler.add_source(source.text, origin=source.name)
        except yara_x.CompileError:
            continue  # the compiler keeps them: all are told at once
    return compiler


def _problem(told: dict[str, Any]) -> RuleProblem:
    labels = "; ".join(str(label.get("text", "")) for label in told.get("labels", ()) if label.get("text"))
    title = str(told.get("title", "it cannot be compiled"))
    return RuleProblem(
        int(told.get("line") or 1), int(told.get("column") or 1), f"{title}: {labels}" if labels else title
    )


def _match(rule: Any, path: str) -> RuleMatch:
    meta = {str(name)[:64]: str(value)[:_LONGEST_META] for name, value in rule.metadata[:20]}
    return RuleMatch(rule=rule.identifier, namespace=rule.namespace, path=path[:255], meta=meta)
