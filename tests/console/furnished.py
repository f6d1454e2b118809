"""A tenant with one of everything that pages draw, for looking at them."""

from datetime import timedelta
from typing import Final

from tests.facts.acquisitions import GETPROP
from tests.support.console import deliver_all
from tests.support.world import ADA, BAD_PACKAGE, World, facts

from vedette.compliance import change_apps, mode, triage, web_encounters
from vedette.compliance.assess import assess
from vedette.compliance.models import Brake
from vedette.connectors import destination_acts as delivery
from vedette.connectors.destination_models import DeadLetter, Destination
from vedette.connectors.intune import settings_change
from vedette.detection.web import judge_host
from vedette.devices import invitations
from vedette.devices.models import WaitingIdentity
from vedette.events.models import Event
from vedette.feeds import file_rules, store, web_lists, web_names
from vedette.foundation import clock, database
from vedette.scans import analysis, intake, uploads
from vedette.scans.models import Scan
from vedette.tenants import application_keys
from vedette.tenants.application_keys import Scope, Wish
from vedette.threats.models import Threat

LONG_NAME: Final = "an.extraordinarily.long.name_AndroidForWork_12/31/2026_11:59 PM_" + "x" * 60
FLAWS: Final = (
    b'[{"id": "ASB-A-1", "aliases": ["CVE-2099-0001"], "affected": [{"ranges": [{"events":'
    b' [{"fixed": "15:2099-01-05"}]}],'
    b' "ecosystem_specific": {"severity": "Critical"}}]}, {"id": "PUB-A-2"}, {"id": 3}]'
)
"""Flaws of Android 15, and what an importer leaves out."""


def furnish(world: World) -> dict[str, str]:
    """Give a tenant one of everything that pages draw; return the IDs by what they name."""
    world.phone(display_name=LONG_NAME)
    world.phone(display_name=f"bad.{LONG_NAME}")
    world.poll()
    pending, bad = sorted(world.devices(), key=lambda row: row.display_name, reverse=True)
    world.activate(bad)
    low, fine = world.activated(2)
    world.report(bad, facts(BAD_PACKAGE, posture={"screen_lock": False, "developer_options": True}))
    world.report(low, facts(posture={"adb": True}))
    world.report(fine, facts())
    store.import_document("osv-android", FLAWS, licence="CC-BY 4.0")
    assess(world.tenant_id)
    settings_change.save(world.tenant_id, {"android_enabled": True, "heartbeat_minutes": 10}, ADA)
    mode.arm(world.tenant_id, ADA)
    deliver_all(world)
    with database.tenant(world.tenant_id):
        threat = Threat.objects.get(classification="TROJAN")
        ignored = Threat.objects.get(classification="NO_DEVICE_LOCK")
    triage.ignore(ignored, "the phone of the reception, which lies in a locked drawer at night", ADA)
    change_apps.add_entry(
        world.tenant_id, action="deny", subject="package", value="com.games.*", note="no games", actor=ADA
    )
    change_apps.add_rule(
        world.tenant_id, name="No SMS", all_of=["read_sms"], none_of=["vpn"], only_side_loaded=True, actor=ADA
    )
    with database.writer(world.tenant_id):
        file_rules.save(
            "our-own-rules", "rule x { condition: false }", [f"Family_{n}" for n in range(12)], ADA
        )
    web_names.add(
        world.tenant_id, "deny", ["bad.example", LONG_NAME.split("_")[0] + ".example"], ADA, note="a wave"
    )
    web_names.add(world.tenant_id, "category", ["bets.example"], ADA, category="gambling")
    met = judge_host("login.bad.example", web_lists.lists_of(world.tenant_id))
    web_encounters.record(
        world.tenant_id, [web_encounters.Encounter(low.id, "login.bad.example", met, clock.now(), "doh")]
    )
    invitation = invitations.invite_device(pending, ADA).invitation
    destination = delivering(world)
    scan, failed = scanned(world, GETPROP, "getprop.txt"), scanned(world, "\0", f"{LONG_NAME}.bin")
    now = clock.now()
    with database.writer(world.tenant_id):
        WaitingIdentity.objects.create(
            tenant_id=world.tenant_id, key_id="k", public_jwk={}, invitation=invitation, reason="needs_confirmation",
            claim={"platform": "ANDROID", "manufacturer": "Google", "model": "Pixel 8"},
            first_seen_at=now, last_seen_at=now,
        )  # fmt: skip
        brake = Brake.objects.create(
            tenant_id=world.tenant_id, key="sweep:silence", kind="sweep", limit=10, pulled_at=now
        ).id
        wish = Wish("Sentinel", list(Scope), clock.now() + timedelta(days=365), ["192.0.2.0/24"])
        key = application_keys.create(wish, ADA).row
        application_keys.revoke(application_keys.create(Wish("Old SIEM", [Scope.EVENTS]), ADA).row, ADA)
        event = Event.objects.filter(type=Event.Type.AUDIT).latest("position").id
    return {
        "threat": str(threat.id), "ignored": str(ignored.id), "bad": str(bad.id), "fine": str(fine.id),
        "destination": str(destination.id),
        "scan": str(scan.id), "failed": str(failed.id),
        "pending": str(pending.id), "event": str(event), "brake": str(brake), "key": str(key.id),
    }  # fmt: skip


def scanned(world: World, content: str, name: str) -> Scan:
    incoming = uploads.Incoming()
    incoming.write(content.encode())
    scan = intake.accept(world.tenant_id, incoming.finish(), name, ADA)
    analysis.analyse(world.tenant_id, scan.id)
    return scan


def delivering(world: World) -> Destination:
    """A destination with a long name and address that cannot be told, and an event that it refused."""
    wish = delivery.Wish(
        LONG_NAME[:80],
        ["THREAT", "AUDIT"],
        3,
        [],
        {"template": "json", "host": "x" * 80},
        {"url": "http://127.0.0.1:9/"},
    )
    row, _secret = delivery.create(world.tenant_id, "webhook", wish, ADA)
    now = clock.now()
    with database.writer(world.tenant_id):
        given = {"attempts": 3, "error_code": "unreachable", "error": "refused " * 20, "failed_at": now}
        Destination.objects.filter(pk=row.pk).update(position=row.position - 5, **given)
        event = Event.objects.filter(type=Event.Type.AUDIT).latest("position")
        DeadLetter.objects.create(
            tenant_id=world.tenant_id, destination=row, position=event.position, event_id=event.id,
            type=event.type, action=event.action, occurred_at=now, code="rejected", error="HTTP 400: " + "x" * 90,
            failed_at=now,
        )  # fmt: skip
    return row
