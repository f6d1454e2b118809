"""Who may open, change and export what: full access, restricted access, a stranger, and nobody at all."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.console.page_tables import ALL, LOOK, MODIFY, NOBODY, OF_AN_OBJECT, OWN_ONLY, WAY, address
from tests.support.console import Member, sign_in, text
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import ADA, BAD_PACKAGE, World, begin, facts

from vedette.compliance import change_apps
from vedette.compliance.assess import assess
from vedette.compliance.models import Brake, DeviceState
from vedette.connectors.destination_models import Destination
from vedette.devices import invitations
from vedette.devices.models import Device, Invitation
from vedette.events.models import Event
from vedette.feeds import file_rules, web_names
from vedette.feeds.models import WebName
from vedette.foundation import clock, database
from vedette.scans.models import Scan
from vedette.tenants import access, application_keys
from vedette.tenants.application_keys import Scope, Wish
from vedette.tenants.models import ApplicationKey
from vedette.threats.models import AppEntry, CapabilityRule, Threat

DECORATORS = "tenants/access.py"
# The page kit lies below the tenants: these show nothing that belongs to anybody.
KIT = {
    "favicon.ico",
    "appearance",
    "styleguide",
    "styleguide/confirm",
    "styleguide/plain",
    "styleguide/error",
}


def routes(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every address of the project with its view."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = f"{before}{entry.pattern}"
        if isinstance(entry, URLResolver):
            yield from routes(entry, path)
        elif isinstance(entry, URLPattern):
            yield path, entry.callback


def decorations(view: Any) -> int:
    """How many decorators of the access rules stand around a view."""
    count = 0
    while view is not None:
        count += view.__code__.co_filename.endswith(DECORATORS)
        view = getattr(view, "__wrapped__", None)
    return count


@pytest.mark.parametrize(
    ("path", "view"), list(routes()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_view_has_exactly_one_rule(path: str, view: Any) -> None:
    if path in KIT:
        assert view.__module__.startswith("vedette.web.")
        return
    assert decorations(view) == 1
    assert access.rule_of(view) is not None


def test_the_kit_has_no_views_but_these() -> None:
    assert {path for path, view in routes() if access.rule_of(view) is None} == KIT


# -- a tenant with one of everything --------------------------------------------------------------------


@pytest.fixture
def scene(db: Database, scenes: Scenes) -> tuple[World, dict[str, str]]:
    assert db.name
    return scenes.give("console access", one_of_everything)


@pytest.fixture
def world(scene: tuple[World, dict[str, str]]) -> World:
    return scene[0]


@pytest.fixture
def places(scene: tuple[World, dict[str, str]]) -> dict[str, str]:
    """IDs of a device, an open and an ignored threat, an audit event, in that tenant."""
    return scene[1]


def one_of_everything() -> tuple[World, dict[str, str]]:
    """A tenant with a phone that has threats, and the IDs of what it has."""
    world = begin()
    (device,) = world.activated()
    world.report(device, facts(BAD_PACKAGE, posture={"adb": True}))
    assess(world.tenant_id)
    invitation = invitations.invite_device(device, ADA).invitation
    entry = change_apps.add_entry(
        world.tenant_id, action="deny", subject="package", value="com.games.*", actor=ADA
    )
    rule = change_apps.add_rule(
        world.tenant_id, name="No SMS", all_of=["read_sms"], none_of=[], only_side_loaded=False, actor=ADA
    )
    listed = web_names.add(world.tenant_id, "deny", ["bad.example"], ADA)
    with database.writer(world.tenant_id):
        key = application_keys.create(Wish("SIEM", [Scope.EVENTS]), ADA).row
        destination = Destination.objects.create(
            tenant_id=world.tenant_id,
            kind="webhook",
            name="SOC",
            enabled=False,
            position=0,
            due_at=clock.now(),
            created_at=clock.now(),
        )
        brake = Brake.objects.create(
            tenant_id=world.tenant_id, key="sweep:x", kind="sweep", limit=10, pulled_at=clock.now()
        )
        return world, {
            "tenant": str(world.tenant_id),
            "brake": str(brake.id),
            "entry": str(entry.id),
            "rule": str(rule.id),
            "web_name": str(WebName.objects.get(batch=listed.batch).id),
            "key": str(key.id),
            "destination": str(destination.id),
            "files": str(file_rules.save("ours", "rule x { condition: false }", ["x"], ADA).id),
            "scan": str(scan_of_nothing(world).id),
            "device": str(device.id),
            "invitation": str(invitation.id),
            "threat": str(Threat.objects.get(classification="TROJAN").id),
            "event": str(Event.objects.filter(type=Event.Type.AUDIT).latest("position").id),
        }


def scan_of_nothing(world: World) -> Scan:
    now = clock.now()
    return Scan.objects.create(
        tenant_id=world.tenant_id,
        created_at=now,
        file_name="phone.zip",
        size=1,
        sha256="0" * 64,
        keep_until=now,
    )


def test_the_tables_above_name_every_page_of_a_member() -> None:
    known = {
        address(route, dict.fromkeys(("device", "invitation", "threat", "event"), NOBODY)) for route in ALL
    }
    for path, view in routes():
        rule = access.rule_of(view)
        if rule and rule.kind == "member":
            path = path.replace("<slug:way>", WAY)  # noqa: PLW2901 - the same address, filled
            filled = "/" + re.sub(r"<\w+:\w+>", NOBODY, re.sub(r"<slug:\w+>", "resync", path))
            assert filled in known, f"{path} is in no table"


@pytest.mark.parametrize("route", ALL)
def test_restricted_access_looks_and_acts_as_the_matrix_says(
    full: Member, restricted: Member, places: dict[str, str], route: str
) -> None:
    path = address(route, places)
    if route in OWN_ONLY:
        assert full.get(path).status_code == 200
        assert restricted.get(path).status_code == 404, "an act of somebody else"
        return
    may_look, may_act = route in MODIFY | LOOK, route in MODIFY
    for answer, allowed in ((restricted.get(path), may_look), (restricted.post(path), may_act)):
        if answer.status_code == 405:
            continue  # an address that knows this method for nobody
        assert (answer.status_code != 403) is allowed, answer.status_code
        assert answer.status_code < 500
        if not allowed:
            assert "This needs full access" in text(answer)
            assert restricted.administrator.upn in text(answer)
    assert full.get(path).status_code not in {403, 500}


@pytest.mark.parametrize("route", OF_AN_OBJECT)
def test_objects_of_another_tenant_are_not_there(
    stranger: Member, places: dict[str, str], route: str
) -> None:
    path = address(route, places)
    before = every_row(places)
    assert stranger.get(path).status_code in {404, 405}
    assert stranger.post(path, reason="mine now", device=places["device"], reject="1").status_code in {
        404,
        405,
    }
    assert every_row(places) == before


def every_row(places: dict[str, str]) -> list[Any]:
    with database.tenant(UUID(places["tenant"])):
        return [
            list(Device.objects.values()), list(Threat.objects.values()), list(DeviceState.objects.values()),
            Event.objects.filter(type=Event.Type.AUDIT).count(),
            list(AppEntry.objects.values()), list(CapabilityRule.objects.values()),
            list(Invitation.objects.values("revoked_at", "sent_at")), list(ApplicationKey.objects.values()),
            list(Scan.objects.values()), list(WebName.objects.values()),
        ]  # fmt: skip


def test_lists_and_exports_show_own_rows_alone(stranger: Member, places: dict[str, str]) -> None:
    mine = stranger.world
    (device,) = mine.activated()
    mine.report(device, facts(posture={"adb": True}))
    assess(mine.tenant_id)
    for path in ("/devices/", "/threats/", "/dashboard/", "/system/audit/", "/system/keys/", "/scans/"):
        page = text(stranger.get(path))
        assert not [place for place in places.values() if place in page], path
    assert str(device.id) in text(stranger.get("/devices/"))
    assert stranger.export("/devices/export").count("\n") == 2
    assert "TROJAN" not in stranger.export("/threats/export")


def test_nobody_is_sent_to_sign_in_and_back(places: dict[str, str]) -> None:
    faults = [fault for route in ALL if (fault := let_in(Client(), address(route, places)))]
    assert not faults, "\n".join(faults)


def let_in(anonymous: Client, path: str) -> str:
    """Say how an address treats somebody who is not signed in, where that is wrong."""
    answer = anonymous.get(path + "?q=1")
    if answer.status_code == 405:  # a POST-only address has nothing to come back to
        return ""
    back = f"/signin?{urlencode({'next': path + '?q=1'})}"
    if (answer.status_code, answer.get("Location")) != (302, back):
        return f"GET {path}: {answer.status_code} {answer.get('Location')}"
    posted = anonymous.post(path)
    if posted.status_code == 405 or posted.get("Location") == "/signin?next=%2F":
        return ""
    return f"POST {path}: {posted.status_code} {posted.get('Location')}"


def test_the_menu_shows_what_may_be_opened(full: Member, restricted: Member) -> None:
    for_full, for_restricted = text(full.get("/dashboard/")), text(restricted.get("/dashboard/"))
    for path in ("/system/connectors/", "/system/enrollment/", "/scans/"):
        assert f'href="{path}"' in for_full
        assert f'href="{path}"' not in for_restricted
    for path in ("/threats/", "/devices/", "/policy/", "/system/account/", "/system/audit/"):
        assert f'href="{path}"' in for_restricted


def test_buttons_are_drawn_only_for_who_may_press_them(
    full: Member, restricted: Member, places: dict[str, str]
) -> None:
    for path, button in (
        ("/policy/", "<select"),
        ("/system/account/", "/system/account/arm"),
    ):
        assert button in text(full.get(path))
        assert button not in text(restricted.get(path))
    device = f"/devices/{places['device']}/"
    assert f"{device}deactivate" in text(restricted.get(device))


def test_restricted_access_sees_its_own_acts(
    full: Member, restricted: Member, places: dict[str, str]
) -> None:
    path = f"/threats/{places['threat']}/ignore"
    assert restricted.follow(path, reason="known to us").status_code == 200
    own, everything = text(restricted.get("/system/audit/")), text(full.get("/system/audit/"))
    assert "Threat ignored" in own
    assert "you see what you did yourself" in own
    assert full.administrator.upn not in own
    assert "Threat ignored" in everything
    assert "Invitations sent" in everything
    assert "Invitations sent" not in own


def test_access_that_ended_is_felt_at_once(world: World, places: dict[str, str]) -> None:
    leaver = sign_in(world, "full")
    assert leaver.get("/devices/").status_code == 200
    with database.writer(world.tenant_id):
        leaver.administrator.delete()
    assert leaver.get(f"/devices/{places['device']}/")["Location"].startswith("/signin?next=")
