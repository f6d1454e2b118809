"""Exceptions: lists of applications, rules on what applications can do, and people who are never acted on."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from vedette.api.native import people_live
from vedette.api.native.problems import Problem
from vedette.api.native.route import Call, NoQuery, Reply
from vedette.api.native.shapes import Moment, Text
from vedette.compliance import change_apps
from vedette.connectors import spared
from vedette.connectors.models import SparedPerson
from vedette.detection.capabilities import CAPABILITIES
from vedette.foundation import clock
from vedette.threats.models import AppEntry, CapabilityRule

Action = Literal["allow", "deny"]
Subject = Literal["package", "signer", "sha256"]
Capability = Annotated[str, Meta(max_length=60, description="One of: " + ", ".join(sorted(CAPABILITIES)))]


class AppWish(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An application to put on a list."""

    action: Action
    subject: Annotated[Subject, Meta(description="What the value is")]
    value: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=255,
            description="A package like com.example.app or com.example.*, or a SHA-1 or SHA-256 in hexadecimal",
        ),
    ]
    note: Annotated[str, Meta(max_length=500)] = ""
    expires_at: Moment | None = None


class App(msgspec.Struct, kw_only=True):
    """An application on a list."""

    id: UUID
    action: Action
    subject: Subject
    value: str
    note: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None


class AppList(msgspec.Struct):
    """Both lists, whole."""

    items: list[App]


class RuleWish(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What an application must not be able to do."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    all_of: Annotated[list[Capability], Meta(min_length=1, max_length=50)]
    none_of: Annotated[list[Capability], Meta(max_length=50)] = []
    only_side_loaded: bool = False


class Rule(msgspec.Struct, kw_only=True):
    """A rule on capabilities."""

    id: UUID
    name: str
    all_of: list[str]
    none_of: list[str]
    only_side_loaded: bool
    created_by: str
    created_at: datetime


class RuleList(msgspec.Struct):
    """Every rule."""

    items: list[Rule]


class SparedWish(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to leave out."""

    person: Annotated[Text, Meta(description="User principal name or object ID; looked up in Entra")]


class Spared(msgspec.Struct, kw_only=True):
    """Somebody who is never acted on as a person, such as an emergency account."""

    id: UUID
    oid: UUID
    upn: str
    name: str
    added_at: datetime
    added_by: str


class SparedList(msgspec.Struct):
    """Everybody who is left out."""

    items: list[Spared]


def apps(call: Call[Any, Any]) -> AppList:
    """List the applications."""
    rows = AppEntry.objects.filter(tenant_id=call.tenant_id).order_by("action", "subject", "value")
    return AppList([_app(row) for row in rows])


def add_app(call: Call[NoQuery, AppWish]) -> App:
    """Put an application on a list."""
    wish = call.body
    if wish.expires_at and wish.expires_at <= clock.now():
        raise Problem("refused", "The entry would end before it begins: expires_at lies in the past.")
    row = change_apps.add_entry(call.tenant_id, actor=call.who.actor, **msgspec.structs.asdict(wish))
    return _app(row)


def remove_app(call: Call[NoQuery, None]) -> Reply:
    """Take an application off its list."""
    row = AppEntry.objects.get(id=call.ids["entry_id"])
    change_apps.remove_entry(call.tenant_id, row.id, call.who.actor)
    return Reply(b"")


def rules(call: Call[Any, Any]) -> RuleList:
    """List the rules."""
    rows = CapabilityRule.objects.filter(tenant_id=call.tenant_id).order_by("name")
    return RuleList([_rule(row) for row in rows])


def add_rule(call: Call[NoQuery, RuleWish]) -> Rule:
    """Add a rule."""
    given = msgspec.structs.asdict(call.body)
    return _rule(change_apps.add_rule(call.tenant_id, actor=call.who.actor, **given))


def remove_rule(call: Call[NoQuery, None]) -> Reply:
    """Remove a rule."""
    row = CapabilityRule.objects.get(id=call.ids["rule_id"])
    change_apps.remove_rule(call.tenant_id, row.id, call.who.actor)
    return Reply(b"")


def people(call: Call[Any, Any]) -> SparedList:
    """List who is left out."""
    rows = SparedPerson.objects.filter(tenant_id=call.tenant_id).order_by("upn", "id")
    return SparedList([_spared(row) for row in rows])


def find_person(call: Call[NoQuery, SparedWish]) -> people_live.Found:
    """Look the person up, before any transaction."""
    return people_live.wanted(call.find_person, call.tenant_id, call.body.person)


def spare(call: Call[NoQuery, SparedWish]) -> Spared:
    """Leave somebody out."""
    found: people_live.Found = call.prepared
    if not spared.add(call.tenant_id, found.oid, found.upn, found.name, call.who.actor):
        raise Problem("conflict", f"{found.upn} is left out already.")
    return _spared(SparedPerson.objects.get(oid=found.oid))


def spare_no_more(call: Call[NoQuery, None]) -> Reply:
    """Treat somebody as everybody else again."""
    spared.remove(call.tenant_id, SparedPerson.objects.get(id=call.ids["person_id"]), call.who.actor)
    return Reply(b"")


def _app(row: AppEntry) -> App:
    return App(
        id=row.id,
        action=row.action,  # type: ignore[arg-type] # one of AppEntry.Action
        subject=row.subject,  # type: ignore[arg-type] # one of AppEntry.Subject
        value=row.value,
        note=row.note,
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def _rule(row: CapabilityRule) -> Rule:
    return Rule(
        id=row.id,
        name=row.name,
        all_of=row.all_of,
        none_of=row.none_of,
        only_side_loaded=row.only_side_loaded,
        created_by=row.created_by,
        created_at=row.created_at,
    )


def _spared(row: SparedPerson) -> Spared:
    return Spared(
        id=row.id,
        oid=row.oid,
        upn=row.upn,
        name=row.display_name,
        added_at=row.added_at,
        added_by=row.added_by,
    )
