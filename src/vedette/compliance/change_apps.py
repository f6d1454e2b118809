"""Changes of the organisation's lists of applications and rules on capabilities; phones are judged anew for them."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from vedette.detection.capabilities import CAPABILITIES
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database
from vedette.intel.certificates import public_key
from vedette.threats.models import AppEntry, CapabilityRule

_PACKAGE: Final = re.compile(r"[A-Za-z][\w-]*(?:\.[\w-]+)+(?:\.\*)?|[A-Za-z][\w-]*\.\*")
_SIGNER: Final = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LONGEST_NOTE: Final = 500
_LONGEST_NAME: Final = 80


class BadEntry(Exception):  # noqa: N818 - a refusal, told to the person
    """An entry or rule that cannot be saved; the message says why."""


def add_entry(
    tenant_id: UUID,
    *,
    action: str,
    subject: str,
    value: str,
    actor: Actor,
    note: str = "",
    expires_at: datetime | None = None,
) -> AppEntry:
    """Put an application on a list. Outside any door. Raises BadEntry."""
    clean = _clean(action, subject, value)
    row = AppEntry(
        tenant_id=tenant_id,
        action=action,
        subject=subject,
        value=clean,
        note=note.strip()[:_LONGEST_NOTE],
        created_by=actor.name,
        created_at=clock.now(),
        expires_at=expires_at,
    )
    with database.writer(tenant_id):
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise BadEntry(gettext("“%(value)s” is on a list already.") % {"value": clean}) from None
        target = Target("app_entry", str(row.id), clean)
        emit(Draft("policy.app_listed", actor=actor, target=target, changes=[change("action", None, action)]))
    return row


def remove_entry(tenant_id: UUID, entry_id: UUID, actor: Actor) -> None:
    """Take an application off its list. Outside any door. Raises BadEntry."""
    with database.writer(tenant_id):
        row = AppEntry.objects.filter(id=entry_id).first()
        if row is None:
            raise BadEntry(gettext("It is on no list any more."))
        row.delete()
        target = Target("app_entry", str(entry_id), row.value)
        emit(
            Draft(
                "policy.app_unlisted",
                actor=actor,
                target=target,
                changes=[change("action", row.action, None)],
            )
        )


def add_rule(
    tenant_id: UUID,
    *,
    name: str,
    all_of: Collection[str],
    none_of: Collection[str],
    only_side_loaded: bool,
    actor: Actor,
) -> CapabilityRule:
    """Add a rule on capabilities. Outside any door. Raises BadEntry."""
    name = " ".join(name.split())[:_LONGEST_NAME]
    if not name or not all_of:
        raise BadEntry(gettext("A rule needs a name and at least one capability."))
    unknown = {*all_of, *none_of} - CAPABILITIES
    if unknown or set(all_of) & set(none_of):
        raise BadEntry(gettext("Choose capabilities from the list, each on one side only."))
    row = CapabilityRule(
        tenant_id=tenant_id,
        name=name,
        all_of=sorted(all_of),
        none_of=sorted(none_of),
        only_side_loaded=only_side_loaded,
        created_by=actor.name,
        created_at=clock.now(),
    )
    with database.writer(tenant_id):
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise BadEntry(gettext("There is a rule “%(name)s” already.") % {"name": name}) from None
        target = Target("capability_rule", str(row.id), name)
        changes = [change("capabilities", None, ", ".join(row.all_of))]
        emit(Draft("policy.rule_added", actor=actor, target=target, changes=changes))
    return row


def remove_rule(tenant_id: UUID, rule_id: UUID, actor: Actor) -> None:
    """Remove a rule. Outside any door. Raises BadEntry."""
    with database.writer(tenant_id):
        row = CapabilityRule.objects.filter(id=rule_id).first()
        if row is None:
            raise BadEntry(gettext("There is no such rule any more."))
        row.delete()
        target = Target("capability_rule", str(rule_id), row.name)
        changes = [change("capabilities", ", ".join(row.all_of), None)]
        emit(Draft("policy.rule_removed", actor=actor, target=target, changes=changes))


def _clean(action: str, subject: str, value: str) -> str:
    text = value.strip()
    if subject != AppEntry.Subject.PACKAGE:
        text = re.sub(r"[:\s]", "", text).lower()
    patterns = {"package": _PACKAGE, "signer": _SIGNER, "sha256": _SHA256}
    if (
        action not in AppEntry.Action.values
        or subject not in patterns
        or not patterns[subject].fullmatch(text)
    ):
        raise BadEntry(
            gettext(
                "“%(value)s” is not what was said: a package is like com.example.app or com.example.*, a signer has 40 "
                "or 64 hexadecimal digits, a file 64."
            )
            % {"value": value.strip()[:80]}
        )
    if subject == AppEntry.Subject.SIGNER and public_key(text):
        raise BadEntry(gettext("Anybody can sign with this key, so it identifies nobody."))
    return text
