"""What is kept for 90 days only, and levels that a newer version brings."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.support.database import Database
from tests.support.world import ADA, World, facts

from vedette.compliance.assess import assess
from vedette.compliance.defaults import default_group
from vedette.compliance.jobs import forget_old_reports
from vedette.connectors.mail.jobs import forget_old_mail
from vedette.connectors.mail.models import Notification
from vedette.devices import invitations
from vedette.devices.jobs import forget_old_invitations
from vedette.devices.models import Invitation, Report, WaitingIdentity
from vedette.foundation import clock, database
from vedette.threats.models import PolicyLevel
from vedette.verdict import CLASSIFICATIONS

Clock = Callable[[float], None]
LATER = timedelta(days=91).total_seconds()


def test_the_newest_report_of_each_device_and_what_waits_are_kept(world: World, move_clock: Clock) -> None:
    quiet, lively = world.activated(2)
    for device in (quiet, quiet, lively):
        world.report(device, facts())
        assess(world.tenant_id)
    move_clock(LATER)
    world.report(lively, facts())
    forget_old_reports(0)
    with database.tenant(world.tenant_id):
        assert Report.objects.filter(device=quiet).count() == 1
        assert list(Report.objects.filter(device=lively).values_list("assessed_at", flat=True)) == [None]


def test_spent_codes_go_unless_an_app_still_waits_with_them(world: World, move_clock: Clock) -> None:
    codes = [invite(world, name) for name in ("used", "silent", "waiting")]
    with database.tenant(world.tenant_id):
        Invitation.objects.filter(id=codes[0].id).update(used_at=clock.now())
    wait_with(world, codes[1])
    move_clock(LATER + invitations.LIFETIME.total_seconds())
    wait_with(world, codes[2])
    fresh = invite(world, "fresh")
    forget_old_invitations(0)
    with database.tenant(world.tenant_id):
        assert set(Invitation.objects.values_list("id", flat=True)) == {codes[2].id, fresh.id}
        assert list(WaitingIdentity.objects.values_list("invitation_id", flat=True)) == [codes[2].id]


def test_mail_that_is_done_with_goes(world: World, move_clock: Clock) -> None:
    for status in Notification.Status.values:
        notify(world, status)
    move_clock(LATER)
    notify(world, "sent")
    forget_old_mail(0)
    with database.tenant(world.tenant_id):
        left = sorted(Notification.objects.values_list("status", flat=True))
    assert left == ["due", "leased", "sent"]


def test_levels_of_a_newer_version_are_filled_in_and_others_kept(world: World) -> None:
    group = default_group(world.tenant_id)
    with database.writer(world.tenant_id):
        PolicyLevel.objects.filter(group=group, classification="TROJAN").delete()
        PolicyLevel.objects.filter(group=group, classification="ROOT_JAILBREAK").update(risk=1)
    assert default_group(world.tenant_id) == group
    with database.tenant(world.tenant_id):
        levels = dict(PolicyLevel.objects.filter(group=group).values_list("classification", "risk"))
    assert set(levels) == set(CLASSIFICATIONS)
    assert levels["TROJAN"] == CLASSIFICATIONS["TROJAN"].default_risk
    assert levels["ROOT_JAILBREAK"] == 1


def test_the_sweep_finds_tenants_by_an_index(db: Database) -> None:
    with db.owner() as connection:
        row = connection.execute(
            "select indexdef from pg_indexes where indexname = 'device_sweep_all'"
        ).fetchone()
    assert row is not None
    assert "(disconnected_after) WHERE" in row[0]


def invite(world: World, name: str) -> Invitation:
    return invitations.invite_person(
        world.tenant_id, oid=uuid.uuid4(), upn=name, email=f"{name}@example.test", actor=ADA
    ).invitation


def wait_with(world: World, invitation: Invitation) -> None:
    now = clock.now()
    with database.tenant(world.tenant_id):
        WaitingIdentity.objects.create(
            tenant_id=world.tenant_id, key_id=str(uuid.uuid4()), public_jwk={}, invitation=invitation,
            reason="not_in_enrollment_group", claim={}, first_seen_at=now, last_seen_at=now,
        )  # fmt: skip


def notify(world: World, status: str, **more: Any) -> None:
    now = clock.now()
    with database.tenant(world.tenant_id):
        Notification.objects.create(
            tenant_id=world.tenant_id, kind="state", reference=str(uuid.uuid4()), address="a@example.test",
            status=status, created_at=now, due_at=now, **more,
        )  # fmt: skip
