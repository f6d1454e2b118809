"""Changing the settings of the acts: one place, audited; an act that is switched off takes back what waits."""

import uuid
from collections.abc import Mapping
from typing import Any

from vedette.connectors.actions import receivers
from vedette.connectors.actions.models import ActionSettings
from vedette.connectors.actions.plan import ACTS
from vedette.connectors.actions.settings_read import choice_of, settings_row
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import database


def save(tenant_id: uuid.UUID, values: Mapping[str, Any], actor: Actor) -> ActionSettings:
    """Save validated settings; only what differs is written and audited."""
    with database.writer(tenant_id):
        row = settings_row(tenant_id)
        before = choice_of(row).on
        changes = [
            change(name, getattr(row, name), value)
            for name, value in values.items()
            if getattr(row, name) != value
        ]
        if not changes:
            return row
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
        receivers.take_back([act for act in ACTS if act in before - choice_of(row).on])
        emit(
            Draft(
                "connector.settings_changed",
                actor=actor,
                target=Target("connector", "actions", "Actions"),
                changes=changes,
            )
        )
        return row
