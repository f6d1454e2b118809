"""Reports become threats and states; nothing missing is called clean."""

from typing import Any

import pytest
from tests.support.world import ADA, BAD_PACKAGE, World, app, facts

from vedette.compliance import change_policy, findings, inbox, signals, triage
from vedette.compliance.assess import assess, reassess
from vedette.compliance.models import DetectorFailure, DeviceState, StateChange
from vedette.devices.models import DeviceKey, Report
from vedette.events.models import Event
from vedette.foundation import database
from vedette.threats.models import PolicyLevel, Threat


def threats(world: World) -> list[Threat]:
    with database.tenant(world.tenant_id):
        return list(Threat.objects.order_by("created_at", "id"))


def test_a_phone_is_pending_until_it_reported_and_then_secured(world: World) -> None:
    (device,) = world.activated()
    assert world.state(device) == "pending"
    report = world.report(device, facts())
    done = assess(world.tenant_id)
    assert (done.reports, done.devices, done.changes) == (1, 1, 1)
    assert world.state(device) == "secured"
    fresh = world.fresh(device)
    assert (fresh.model, fresh.os_version, fresh.agent_version) == ("Pixel 8", "15", "1.0.0")
    assert fresh.facts_digest == report.digest
    with database.tenant(world.tenant_id):
        change = StateChange.objects.get(to_state="secured")
        assert (change.cause, change.report_id, change.from_state) == ("report", report.id, "pending")
        first = StateChange.objects.get(to_state="pending")
        assert first.reasons == [{"code": "not_activated", "subject": "", "key": "", "risk": 0}]
        event = Event.objects.get(position=change.position)
        assert event.changes == [{"attribute": "state", "from": "pending", "to": "secured"}]


def test_a_listed_app_makes_it_high_and_its_removal_secured_again(world: World) -> None:
    opened = []

    def hear(threats: list[Threat], **_: object) -> None:
        opened.extend(threats)

    signals.threats_opened.connect(hear)
    (device,) = world.activated()
    world.report(device, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    assert world.state(device) == "high"
    (threat,) = threats(world)
    assert (threat.classification, threat.status, threat.risk) == ("TROJAN", "open", 4)
    assert [(t.id, t.device.display_name) for t in opened] == [(threat.id, device.display_name)]
    world.report(device, facts())
    assess(world.tenant_id)
    assert world.state(device) == "secured"
    (threat,) = threats(world)
    assert (threat.status, threat.resolution) == ("resolved", findings.RESOLVED_BY_REPORT)
    signals.threats_opened.disconnect(hear)


@pytest.mark.parametrize("silent", [facts(apps=None), facts(complete=False)], ids=["no list", "part of it"])
def test_leaving_the_app_out_does_not_resolve_its_threat(world: World, silent: object) -> None:
    (device,) = world.activated()
    world.report(device, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    world.report(device, silent)  # type: ignore[arg-type] # a parameter of pytest
    assess(world.tenant_id)
    assert world.state(device) == "high"
    assert [threat.status for threat in threats(world)] == ["open"]


def test_what_was_not_reported_is_misconfigured_not_secured(world: World) -> None:
    (device,) = world.activated()
    world.report(device, facts(posture={"encrypted": None}))
    assess(world.tenant_id)
    assert world.state(device) == "misconfigured"
    with database.tenant(world.tenant_id):
        assert DeviceState.objects.get(device=device).reasons == [
            {"code": "unanswered", "subject": "device.encryption", "key": "", "risk": 0}
        ]
    world.report(device, facts())
    assess(world.tenant_id)
    assert world.state(device) == "secured"
    with database.tenant(world.tenant_id):
        assert not DetectorFailure.objects.exists()


def test_a_report_that_comes_late_loses_but_is_closed(world: World) -> None:
    (device,) = world.activated()
    world.report(device, facts())
    assess(world.tenant_id)
    late = world.report(device, facts(BAD_PACKAGE), ago=3600)
    assess(world.tenant_id)
    assert world.state(device) == "secured"
    with database.tenant(world.tenant_id):
        assert Report.objects.get(id=late.id).assessed_at
        # "unchanged" must not mean the late facts: the next report has to be whole
        assert DeviceKey.objects.get(device=device).last_digest == ""
    assert inbox.tenants_waiting() == []


def test_the_newest_of_several_reports_counts(world: World) -> None:
    (device,) = world.activated()
    world.report(device, facts(BAD_PACKAGE), ago=30)
    world.report(device, facts(), ago=10)
    world.report(device, facts(BAD_PACKAGE), ago=20)
    assert assess(world.tenant_id).reports == 3
    assert world.state(device) == "secured"
    assert threats(world) == []


def test_facts_that_cannot_be_read_are_set_aside_and_block_nobody(world: World) -> None:
    broken, healthy = world.activated(2)
    world.report(broken, facts())
    assess(world.tenant_id)
    row = world.report(broken, {"device": "nonsense"}, digest="0" * 64)
    world.report(healthy, facts())
    done = assess(world.tenant_id)
    assert done.reports == 2
    assert world.state(healthy) == "secured"
    assert world.state(broken) == "misconfigured"
    with database.tenant(world.tenant_id):
        assert "cannot be read" in Report.objects.get(id=row.id).problem
        failure = DetectorFailure.objects.get(device=broken)
        assert (failure.kind, failure.detector) == ("failed", "report")
        assert DeviceKey.objects.get(device=broken).last_digest == ""
    world.report(broken, facts())
    assess(world.tenant_id)
    assert world.state(broken) == "secured"


def test_a_report_that_cannot_be_written_is_set_aside_and_blocks_nobody(world: World) -> None:
    broken, healthy = world.activated(2)

    def refuse(changes: list[StateChange], **_: object) -> None:
        if any(change.device_id == broken.id and change.to_state == "secured" for change in changes):
            raise RuntimeError("a receiver fails")

    signals.states_changed.connect(refuse)
    world.report(broken, facts())
    world.report(healthy, facts())
    assess(world.tenant_id)
    signals.states_changed.disconnect(refuse)
    assert world.state(healthy) == "secured"
    assert world.state(broken) == "pending"
    with database.tenant(world.tenant_id):
        assert "a receiver fails" in DetectorFailure.objects.get(device=broken).message


def test_without_intelligence_nothing_is_secured(world: World) -> None:
    from vedette.feeds.models import FeedVersion  # noqa: PLC0415 beside its use

    (device,) = world.activated()
    world.report(device, facts())
    with database.system():
        FeedVersion.objects.update(active=False)
    assess(world.tenant_id)
    assert world.state(device) == "misconfigured"


def test_new_intelligence_judges_known_facts_anew(world: World) -> None:
    from tests.support.world import FEED, load_intelligence  # noqa: PLC0415 beside its use

    (device,) = world.activated()
    world.report(device, facts("org.vedette.test.later"))
    assess(world.tenant_id)
    assert world.state(device) == "secured"
    assert reassess(world.tenant_id).devices == 0
    load_intelligence(FEED.replace(BAD_PACKAGE, "org.vedette.test.later"))
    done = reassess(world.tenant_id)
    assert (done.devices, done.changes) == (1, 1)
    assert world.state(device) == "high"
    with database.tenant(world.tenant_id):
        assert StateChange.objects.get(to_state="high").cause == "intelligence"
    load_intelligence(FEED)
    reassess(world.tenant_id)
    assert world.state(device) == "secured"
    assert threats(world)[0].resolution == findings.RESOLVED_BY_REVIEW


def test_parameters_judge_known_facts_anew(world: World) -> None:
    (device,) = world.activated()
    world.report(device, facts())
    assess(world.tenant_id)
    group = change_policy.ensure_defaults(world.tenant_id)
    given: dict[str, Any] = {"minimum_ios": "17.0", "patch_age_days": 180, "actor": ADA}
    assert change_policy.change_parameters(world.tenant_id, group.id, minimum_android="16", **given)
    reassess(world.tenant_id)
    assert world.state(device) == "medium"
    change_policy.change_parameters(world.tenant_id, group.id, minimum_android="15", **given)
    reassess(world.tenant_id)
    assert world.state(device) == "secured"


def test_an_ignored_threat_stays_ignored_while_reported_and_resolves_when_gone(world: World) -> None:
    (device,) = world.activated()
    world.report(device, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    (threat,) = threats(world)
    triage.ignore(threat, "known tool of the red team", ADA)
    assert world.state(device) == "secured"
    world.report(device, facts(BAD_PACKAGE, "com.example.other"))
    assess(world.tenant_id)
    assert [t.status for t in threats(world)] == ["ignored"]
    assert world.state(device) == "secured"
    triage.reopen(threats(world)[0], ADA)
    assert world.state(device) == "high"
    triage.ignore(threats(world)[0], "again", ADA)
    world.report(device, facts())
    assess(world.tenant_id)
    assert [t.status for t in threats(world)] == ["resolved"]


def test_risk_comes_from_the_policy_of_the_group(world: World) -> None:
    (device,) = world.activated()
    with database.tenant(world.tenant_id):
        PolicyLevel.objects.filter(classification="SIDELOADED_APP").update(risk=3)
    world.report(device, facts(apps=[app("com.side.loaded", installer="com.example.files")]))
    assess(world.tenant_id)
    assert world.state(device) == "medium"


def test_reports_of_a_retired_identity_change_nothing(world: World) -> None:
    (device,) = world.activated()
    world.report(device, facts(BAD_PACKAGE))
    world.activate(device)
    assert assess(world.tenant_id).reports == 1
    assert world.state(device) == "pending"
    assert threats(world) == []


def test_the_reports_of_many_phones_are_assessed_at_once(world: World) -> None:
    devices = world.activated(60)
    for device in devices:
        world.report(device, facts(*(f"com.example.app{n}" for n in range(20))))
    assert assess(world.tenant_id).devices == 60
    assert {world.state(device) for device in devices[:5]} == {"secured"}
