"""The SQL that decides states says what verdict.decide says (design.md 2, rule 4)."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.world import World

from vedette.compliance import change_policy, state
from vedette.compliance.models import DetectorFailure, DeviceState
from vedette.devices.models import Device
from vedette.foundation import clock, database
from vedette.threats.models import PolicyLevel, PolicyParameters, Threat
from vedette.verdict import (
    CLASSIFICATIONS,
    Decision,
    Level,
    Observation,
    Policy,
    Response,
    Risk,
    decide,
    unanswered,
)

CODES = [
    "TROJAN",
    "ROOT_JAILBREAK",
    "SIDELOADED_APP",
    "OUT_OF_DATE_OS",
    "NO_DEVICE_LOCK",
    "UNKNOWN",
    "NEW_CODE",
]
KNOWN = [code for code in CODES if code in CLASSIFICATIONS]
RULES = ["apps.indicators", "device.root", "device.screen_lock", "äther"]


@dataclass(frozen=True)
class Row:
    classification: str
    key: str
    status: str = "open"
    origin: str = "agent"


rows = st.lists(
    st.builds(
        Row,
        st.sampled_from(CODES),
        st.sampled_from(["a", "b", "Z", "é"]),
        st.sampled_from(["open", "open", "ignored", "resolved"]),
        st.sampled_from(["agent", "intune"]),
    ),
    unique_by=lambda row: (row.classification, row.key),
    max_size=6,
)
silences = st.lists(
    st.tuples(st.sampled_from(RULES), st.sampled_from([*CODES, "*"])), unique=True, max_size=4
)


@pytest.fixture
def one(world: World) -> tuple[World, Device]:
    (device,) = world.activated()
    return world, device


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    activation=st.sampled_from(["PENDING", "ACTIVATED", "ACTIVATED", "ACTIVATED", "DEACTIVATED"]),
    disconnected=st.sampled_from([False, False, False, True]),
    reported=st.sampled_from([True, True, False]),
    threats=rows,
    failures=st.lists(st.sampled_from(["apps", "device", "report"]), unique=True, max_size=2),
    silent=silences,
    levels=st.dictionaries(st.sampled_from(KNOWN), st.sampled_from(list(Risk)), max_size=5),
    accepted=st.sets(st.sampled_from(RULES), max_size=2),
)
def test_sql_and_python_agree(one: tuple[World, Device], **case: Any) -> None:
    world, device = one
    with database.writer(world.tenant_id):
        policy = set_policy(device, case["levels"], case["accepted"])
        store(world, device, policy, case)
        state.decide_devices([device.id], "test")
        row = DeviceState.objects.get(device=device)
    expected = by_python(policy, case)
    assert (row.state, row.risk, row.needs_it) == (expected.state, expected.risk, expected.needs_it)
    assert row.reasons == [
        {"code": r.code, "subject": r.subject, "key": r.key, "risk": int(r.risk)} for r in expected.reasons
    ]


@pytest.mark.parametrize("risk", list(Risk))
@pytest.mark.parametrize("code", ["TROJAN", "ROOT_JAILBREAK"])
def test_each_level_gives_its_state(one: tuple[World, Device], code: str, risk: Risk) -> None:
    """The plain cases, which random ones may miss."""
    world, device = one
    case: dict[str, Any] = {
        "activation": "ACTIVATED", "disconnected": False, "reported": True, "threats": [Row(code, "a")],
        "failures": [], "silent": [],
    }  # fmt: skip
    with database.writer(world.tenant_id):
        policy = set_policy(device, {code: risk}, set())
        store(world, device, policy, case)
        state.decide_devices([device.id], "test")
        row = DeviceState.objects.get(device=device)
    expected = by_python(policy, case)
    assert (row.state, row.risk, row.needs_it) == (expected.state, risk, expected.needs_it)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    threats=rows,
    silent=silences,
    before=st.dictionaries(st.sampled_from(KNOWN), st.sampled_from(list(Risk)), max_size=3),
    after=st.dictionaries(st.sampled_from(KNOWN), st.sampled_from(list(Risk)), min_size=1, max_size=5),
)
def test_a_preview_says_what_applying_does(one: tuple[World, Device], **case: Any) -> None:
    from tests.support.world import ADA  # noqa: PLC0415 beside its use

    world, device = one
    given_case = case | {"activation": "ACTIVATED", "disconnected": False, "reported": True, "failures": []}
    with database.writer(world.tenant_id):
        policy = set_policy(device, case["before"], set())
        store(world, device, policy, given_case)
        state.decide_devices([device.id], "test")
        old = DeviceState.objects.get(device=device).state
        levels = {code: (int(risk), "alert") for code, risk in case["after"].items()}
        shown = change_policy.preview(world.tenant_id, device.group_id, levels)
        change_policy.apply(world.tenant_id, device.group_id, levels, actor=ADA)
        new = DeviceState.objects.get(device=device).state
    assert shown.by_state == {new: 1}
    assert shown.devices == int(old != new)
    assert shown.moves == ({(old, new): 1} if old != new else {})


def set_policy(device: Device, levels: dict[str, Risk], accepted: set[str]) -> Policy:
    defaults = {code: Level(known.default_risk, Response.ALERT) for code, known in CLASSIFICATIONS.items()}
    for code, known in CLASSIFICATIONS.items():
        if code in KNOWN:
            risk = levels.get(code, known.default_risk)
            PolicyLevel.objects.filter(classification=code).update(risk=risk, response="alert")
            defaults[code] = Level(risk, Response.ALERT)
    PolicyParameters.objects.filter(group=device.group_id).update(may_stay_unknown=sorted(accepted))
    return Policy(levels=defaults, may_stay_unknown=frozenset(accepted))


def store(world: World, device: Device, policy: Policy, case: dict[str, Any]) -> None:
    now = clock.now()
    Device.objects.filter(id=device.id).update(
        activation_status=case["activation"],
        disconnected_at=now if case["disconnected"] else None,
        facts={"some": "facts"} if case["reported"] else None,
    )
    Threat.objects.all().delete()
    Threat.objects.bulk_create(
        Threat(
            tenant_id=world.tenant_id, device=device, classification=row.classification, key=row.key,
            status=row.status, origin=row.origin, risk=policy.risk(row.classification), response="alert",
            summary="x", detector="t",
            detected_at=now, created_at=now, updated_at=now,
        )
        for row in case["threats"]
    )  # fmt: skip
    DetectorFailure.objects.all().delete()
    spots = [("failed", name, "") for name in case["failures"]]
    spots += [("unanswered", rule, code) for rule, code in case["silent"]]
    DetectorFailure.objects.bulk_create(
        DetectorFailure(
            tenant_id=world.tenant_id, device=device, kind=kind, detector=name, classification=code,
            message="", since=now,
        )
        for kind, name, code in spots
    )  # fmt: skip


def by_python(policy: Policy, case: dict[str, Any]) -> Decision:
    silent = [Observation(rule, "unknown", code) for rule, code in case["silent"]]
    return decide(
        activation=case["activation"],
        disconnected=case["disconnected"],
        facts_present=case["reported"],
        threats=[row for row in case["threats"] if row.status == "open"],
        policy=policy,
        detector_failures=case["failures"],
        unanswered=unanswered(silent, policy),
    )
