"""Every act of the console and the connectors' pages leaves who did it, and from and to; looking changes nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from tests.connectors.conftest import cloud, microsoft, new_scene, scene, stages
from tests.connectors.scene import Scene
from tests.connectors.stages import allow_groups
from tests.console.audited_acts import ACTS, LOOKING
from tests.console.audited_stage import Changed, Stage
from tests.support.console import Member, audit, settings, sign_in
from tests.support.database import Database
from tests.support.world import ADA, BAD_PACKAGE, facts, load_intelligence

from vedette.compliance.assess import assess
from vedette.connectors.partner import client
from vedette.devices.models import Device
from vedette.events.models import Event
from vedette.feeds import store

# The fixtures of the lab, taken over by their names.
__all__ = ["cloud", "microsoft", "new_scene", "scene", "stages"]

AREAS = {
    "console",
    "connectors",
    "deliveries",
    "intune",
    "partner",
    "mail",
    "groups",
    "notifications",
    "actions",
}


@pytest.fixture
def stage(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(client, "_addresses", {})
    load_intelligence()
    allow_groups(scene)
    scene.set_up()
    scene.add_group("Company Phones")
    scene.poll()
    scene.save(poll_minutes=5)
    phone, spare = scene.devices(platform="ANDROID")[:2]
    scene.world.activate(phone)
    scene.world.report(phone, facts(BAD_PACKAGE))
    assess(scene.tenant_id)
    with settings(tmp_path):
        yield Stage(scene, sign_in(scene.world, "full", "ada"), scene.world.fresh(phone), spare)


def names(resolver: URLResolver | None = None, area: str = "") -> Iterator[str]:
    """The names of all pages of the console and the connectors."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from names(entry, entry.namespace or area)
        elif isinstance(entry, URLPattern) and area in AREAS:
            yield f"{area}:{entry.name}"


def contents(db: Database) -> dict[str, str]:
    """A hash of every tenant table but those of sessions."""
    with db.owner() as connection:
        tables = connection.execute(
            "select relname from pg_class where relrowsecurity and relkind = 'r' and relname !~ 'session'"
        ).fetchall()
        return {
            table: connection.execute(
                f"select md5(coalesce(string_agg(md5(t::text), '' order by t::text), '')) from {table} t"  # noqa: S608 a name of our own
            ).fetchone()[0]  # type: ignore[index] # an aggregate gives one row
            for (table,) in tables
        }


def test_the_two_tables_name_every_page() -> None:
    acting = {route for route, *_rest in ACTS}
    assert acting | LOOKING == set(names())
    assert not acting & LOOKING


def test_each_act_leaves_who_and_from_and_to(stage: Stage) -> None:
    seen = {event.id for event in audit(stage.scene.world)}
    for route, act, action, changed in ACTS:
        answer = act(stage)
        assert isinstance(answer, str) or answer.status_code == 302, (route, answer.status_code)
        # what the stage itself prepares is ADA's
        new = [
            event
            for event in audit(stage.scene.world, action)
            if event.id not in seen and event.actor_id != ADA.id
        ]
        assert len(new) == 1, (route, action, new)
        (event,) = new
        check(event, stage.who, changed)
        seen |= {event.id for event in audit(stage.scene.world)}


def check(event: Event, who: Member, changed: Changed) -> None:
    assert (event.actor_type, event.actor_id) == ("ADMIN", str(who.administrator.id)), event.action
    assert event.actor_name == who.administrator.upn
    assert event.target_type, event.action
    if changed is None:
        assert not event.changes, event.action
        return
    attribute, before, after = changed
    (found,) = [item for item in event.changes if item["attribute"] == attribute]
    assert found["from"] != found["to"]
    assert before in (..., found["from"]), found
    assert after in (..., found["to"]), found


def a_flaw_of(phone: Device) -> str:
    """A flaw that the version of this phone has, by a table in force."""
    release = f"{phone.os_version}:2099-01-05"
    entry = {
        "id": "ASB-A-1",
        "aliases": ["CVE-2099-0001"],
        "affected": [{"package": {"ecosystem": "Android"}, "ranges": [{"events": [{"fixed": release}]}]}],
    }
    store.import_document("a-flaw", json.dumps(entry).encode())
    return "CVE-2099-0001"


def a_scan(stage: Stage) -> UUID:
    assert stage.post("console:scan-new", file=stage.getprop(), password="", whole="1").status_code == 302
    return stage.scan()


def test_looking_leaves_nothing_and_changes_nothing(stage: Stage, db: Database) -> None:
    scan = a_scan(stage)
    given: dict[str, list[Any]] = {
        "console:threat": [stage.threat()],
        "console:device": [stage.phone.id],
        "console:brake": [stage.brake("sweep")],
        "console:audit-event": [audit(stage.scene.world)[0].id],
        "groups:way": ["phones"],
        "intune:group-inside": [stage.group("Company Phones")],
        "console:vulnerability": [a_flaw_of(stage.phone)],
        "console:feed": ["a-flaw"],
        "console:file-rules-show": [stage.file_rules()],
        "deliveries:destination": [stage.destination().pk],
        "deliveries:undelivered": [stage.destination().pk],
        "deliveries:letter": [stage.destination().pk, stage.letter()],
        "console:scan": [scan],
        "console:scan-device": [scan],
    }
    stage.who.get(reverse("partner:page"))  # makes the row of its settings
    before = contents(db)
    for route in sorted(LOOKING):
        path = reverse(route, args=given.get(route, []))
        assert stage.who.get(path).status_code == 200, route
        assert stage.who.post(path, confirmed="1").status_code in {200, 405}, route
    assert contents(db) == before


def test_an_export_names_what_it_was_narrowed_to(stage: Stage) -> None:
    stage.who.export(reverse("console:devices-export"), platform="IOS", q="bo")
    (event,) = audit(stage.scene.world, "device.exported")
    assert event.target_name == "devices.csv"
    assert event.detail == {"platform": "IOS", "search": "bo"}


def test_the_exported_trail_is_own_for_restricted_access(stage: Stage) -> None:
    rita = sign_in(stage.scene.world, "restricted", "rita")
    everything = stage.get("console:audit-export")
    own = rita.export(reverse("console:audit-export"))
    assert "enrollment.group_added" in everything
    assert "enrollment.group_added" not in own
    assert "audit.exported" in own
    assert stage.who.administrator.upn not in own
