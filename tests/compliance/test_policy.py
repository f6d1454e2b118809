"""Changing levels: shown before, applied at once, audited with from and to (requirement E1)."""

from typing import Any

import pytest
from tests.support.world import ADA, BAD_PACKAGE, World, app, facts

from vedette.compliance import change_policy, mode, signals, triage
from vedette.compliance.assess import assess, reassess
from vedette.compliance.change_policy import BadPolicy, TooLarge
from vedette.compliance.lifecycle import Refused
from vedette.compliance.models import StateChange
from vedette.devices.models import DeviceGroup
from vedette.events.chain import verify
from vedette.events.models import Event
from vedette.foundation import database
from vedette.tenants.models import Tenant
from vedette.threats.models import PolicyLevel, Threat
from vedette.verdict import CLASSIFICATIONS


@pytest.fixture
def group(world: World) -> DeviceGroup:
    return change_policy.ensure_defaults(world.tenant_id)


def test_every_tenant_has_all_49_levels_at_their_defaults(world: World, group: DeviceGroup) -> None:
    with database.tenant(world.tenant_id):
        levels = {
            row.classification: (row.risk, row.response) for row in PolicyLevel.objects.filter(group=group)
        }
    assert len(levels) == 49
    assert levels == {c: (int(k.default_risk), str(k.default_response)) for c, k in CLASSIFICATIONS.items()}
    assert change_policy.ensure_defaults(world.tenant_id).id == group.id


def test_a_change_is_shown_and_then_re_rates_open_threats_at_once(world: World, group: DeviceGroup) -> None:
    bad, side, clean = world.activated(3)
    world.report(bad, facts(BAD_PACKAGE))
    world.report(side, facts(apps=[app("com.side.loaded", installer="com.example.files")]))
    world.report(clean, facts())
    assess(world.tenant_id)
    levels = {"TROJAN": (1, "alert"), "SIDELOADED_APP": (4, "alert"), "WORM": (4, "alert")}
    shown = change_policy.preview(world.tenant_id, group.id, levels)
    assert (shown.devices, shown.worse, shown.better) == (2, 1, 1)
    assert shown.by_state == {"high": 1, "secured": 2}
    assert shown.moves == {("high", "secured"): 1, ("low", "high"): 1}
    assert world.state(bad) == "high"
    changes = change_policy.apply(world.tenant_id, group.id, levels, actor=ADA)
    assert {(c.device_id, c.from_state, c.to_state) for c in changes} == {
        (bad.id, "high", "secured"),
        (side.id, "low", "high"),
    }
    with database.tenant(world.tenant_id):
        assert Threat.objects.get(classification="TROJAN").risk == 1
        event = Event.objects.get(action="policy.levels_changed")
        assert {(c["attribute"], c["from"], c["to"]) for c in event.changes} == {
            ("TROJAN.risk", "HIGH", "ADVISORY"),
            ("SIDELOADED_APP.risk", "LOW", "HIGH"),
            ("SIDELOADED_APP.response", "silent", "alert"),
        }
        assert (event.actor_name, event.target_name) == ("Ada Admin", "Default")
        assert {c.cause for c in StateChange.objects.filter(device=bad).order_by("-position")[:1]} == {
            "policy"
        }
    assert change_policy.apply(world.tenant_id, group.id, levels, actor=ADA) == []
    change_policy.apply(world.tenant_id, group.id, change_policy.default_levels(), actor=ADA)
    assert (world.state(bad), world.state(side), world.state(clean)) == ("high", "low", "secured")


def test_ignored_threats_are_re_rated_but_do_not_count(world: World, group: DeviceGroup) -> None:
    (device,) = world.activated()
    world.report(device, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    with database.tenant(world.tenant_id):
        threat = Threat.objects.get()
    triage.ignore(threat, "ours", ADA)
    change_policy.apply(world.tenant_id, group.id, {"TROJAN": (3, "alert")}, actor=ADA)
    assert world.state(device) == "secured"
    triage.reopen(threat, ADA)
    assert world.state(device) == "medium"


@pytest.mark.parametrize(
    "levels", [{"NO_SUCH": (4, "alert")}, {"TROJAN": (5, "alert")}, {"TROJAN": (4, "shout")}]
)
def test_what_does_not_exist_is_refused(
    world: World, group: DeviceGroup, levels: dict[str, tuple[int, str]]
) -> None:
    with pytest.raises(BadPolicy, match=next(iter(levels))):
        change_policy.apply(world.tenant_id, group.id, levels, actor=ADA)


def test_wrong_parameters_are_refused(world: World, group: DeviceGroup) -> None:
    with pytest.raises(BadPolicy, match="not a version"):
        change_policy.change_parameters(
            world.tenant_id, group.id, minimum_android="new", minimum_ios="17", patch_age_days=90, actor=ADA
        )
    with pytest.raises(BadPolicy, match="1 to"):
        change_policy.change_parameters(
            world.tenant_id, group.id, minimum_android="14", minimum_ios="17", patch_age_days=0, actor=ADA
        )


def test_too_many_threats_at_once_are_refused(
    world: World, group: DeviceGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    (device,) = world.activated()
    world.report(device, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    monkeypatch.setattr(change_policy, "LARGEST", 0)
    with pytest.raises(TooLarge, match="1 threats"):
        change_policy.apply(world.tenant_id, group.id, {"TROJAN": (3, "alert")}, actor=ADA)
    assert world.state(device) == "high"


def test_arming_is_audited_counted_and_told(world: World) -> None:
    heard: list[str] = []

    def hear(mode: str, **_: object) -> None:
        heard.append(mode)

    bad, pending = world.activated(2)
    world.report(bad, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    effect = mode.would_block(world.tenant_id, "high")
    assert (effect.blocked, effect.undecided, effect.by_state) == (1, 1, {"high": 1, "pending": 1})
    with database.tenant(world.tenant_id):
        assert [d.id for d in mode.would_block_devices("high")] == [bad.id]
    assert pending
    signals.mode_changed.connect(hear)
    assert mode.arm(world.tenant_id, ADA) is True
    assert mode.arm(world.tenant_id, ADA) is False
    assert mode.monitor(world.tenant_id, ADA) is True
    signals.mode_changed.disconnect(hear)
    assert heard == ["armed", "monitor"]
    with database.tenant(world.tenant_id):
        assert Tenant.objects.get().armed_at is None
        event = Event.objects.get(action="tenant.armed")
        assert event.changes == [{"attribute": "mode", "from": "monitor", "to": "armed"}]
        assert event.detail["devices_by_state"] == {"high": 1, "pending": 1}
        assert verify().broken_at is None


@pytest.mark.parametrize(
    ("minimum", "states"),
    [
        ("high", {"high", "disconnected"}),
        ("medium", {"medium", "high", "disconnected"}),
        ("low", {"low", "medium", "high", "disconnected"}),
    ],
)
def test_the_minimum_level_counts_from_the_other_end_than_intunes(minimum: str, states: set[str]) -> None:
    assert set(mode.blocking_states(minimum)) == states


def test_triage_needs_a_reason_and_the_right_status(world: World) -> None:
    (device,) = world.activated()
    world.report(device, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    with database.tenant(world.tenant_id):
        threat = Threat.objects.get()
    with pytest.raises(Refused, match="why"):
        triage.ignore(threat, "  ", ADA)
    with pytest.raises(Refused, match="ignored"):
        triage.reopen(threat, ADA)
    triage.ignore(threat, "ours", ADA)
    with pytest.raises(Refused, match="open"):
        triage.ignore(threat, "ours", ADA)
    with database.tenant(world.tenant_id):
        event = Event.objects.get(action="threat.ignored", type="AUDIT")
        assert (event.actor_name, event.detail["reason"]) == ("Ada Admin", "ours")


def test_the_oldest_app_is_part_of_what_counts_as_up_to_date(world: World, group: DeviceGroup) -> None:
    (phone,) = world.activated()
    world.report(phone, facts())
    assess(world.tenant_id)
    given: dict[str, Any] = {
        "minimum_android": "13", "minimum_ios": "17.0", "patch_age_days": 180, "actor": ADA,
    }  # fmt: skip
    with pytest.raises(BadPolicy, match="not a version"):
        change_policy.change_parameters(world.tenant_id, group.id, minimum_agent="newest", **given)
    assert change_policy.change_parameters(world.tenant_id, group.id, minimum_agent="9.0", **given)
    reassess(world.tenant_id)
    with database.tenant(world.tenant_id):
        assert Threat.objects.filter(classification="AGENT_OUTDATED").count() == 1
