"""An organisation's own rules on files (YARA), by which scans of applications are judged beside the feeds.

Who writes a set here has had it compiled (vedette/scans/rule_engine.py, in a child): this is the shelf. All functions
work on the open door's tenant; those that write need `database.writer`.
"""

import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from vedette.events import log
from vedette.feeds.models import FileRules
from vedette.foundation import clock, database

MOST_SETS: Final = 50
MOST_CHARACTERS: Final = 4 * 1024 * 1024
"""Of all sets together: each scan compiles them."""
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", re.ASCII)


class FileRulesError(Exception):
    """A set was not taken. `reason`: `name`, `many`, `large` or `gone`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def save(name: str, text: str, rules: Sequence[str], actor: log.Actor) -> FileRules:
    """Put a compiled set on the shelf, in the place of one of the same name. Raises FileRulesError."""
    if not NAME.fullmatch(name):
        raise FileRulesError("name")
    others = FileRules.objects.exclude(name=name)
    if others.count() >= MOST_SETS:
        raise FileRulesError("many")
    if sum(map(len, others.values_list("text", flat=True))) + len(text) > MOST_CHARACTERS:
        raise FileRulesError("large")
    now = clock.now()
    old = FileRules.objects.filter(name=name).first()
    row = old or FileRules(tenant_id=database.current_tenant(), name=name, created_at=now)
    before = old.rules if old else None
    row.text, row.rules, row.changed_at, row.changed_by = text, list(rules), now, actor.name
    row.save(force_insert=old is None)
    change = log.change("rules", _told(before), _told(row.rules))
    _note("changed" if old else "added", "UPDATED" if old else "CREATED", row, actor, [change])
    return row


def switch(rules_id: UUID, actor: log.Actor, *, on: bool) -> FileRules:
    """Use a set in scans, or keep it without. Raises FileRulesError when it is gone."""
    row = _get(rules_id)
    if row.enabled != on:
        row.enabled, row.changed_at, row.changed_by = on, clock.now(), actor.name
        row.save(update_fields=["enabled", "changed_at", "changed_by"])
        _note("switched", "UPDATED", row, actor, [log.change("enabled", not on, on)])
    return row


def delete(rules_id: UUID, actor: log.Actor) -> str:
    """Take a set away and give its name. Raises FileRulesError when it is gone."""
    row = _get(rules_id)
    FileRules.objects.filter(pk=rules_id).delete()
    _note("deleted", "DELETED", row, actor, [log.change("rules", _told(row.rules), None)])
    return row.name


def in_force() -> list[tuple[str, str]]:
    """Give name and text of the sets that are used."""
    return list(FileRules.objects.filter(enabled=True).order_by("name").values_list("name", "text"))


def _get(rules_id: UUID) -> FileRules:
    row = FileRules.objects.filter(pk=rules_id).first()
    if row is None:
        raise FileRulesError("gone")
    return row


def _told(rules: Sequence[str] | None) -> str | None:
    """Names of rules for the audit trail, which has no use for thousands of them."""
    if rules is None:
        return None
    more = f" (+{len(rules) - 10})" if len(rules) > 10 else ""  # noqa: PLR2004 - as many as a line shows
    return ", ".join(rules[:10]) + more


def _note(
    act: str, change_type: str, row: FileRules, actor: log.Actor, changes: Sequence[dict[str, object]]
) -> None:
    target = log.Target("file_rules", str(row.id), row.name)
    log.emit(log.Draft(f"file_rules.{act}", "AUDIT", change_type, actor, target, changes))
