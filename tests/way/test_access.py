"""Who may open what, in the running service: restricted, in no group, and a stranger at every address."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, expect
from psycopg import sql
from tests.support.demo import Demo, until
from tests.way.phone import MAIL, SPY, Phone, invited_phone
from tests.way.routes import Address, addresses
from tests.way.session import of_lab, post, signed_in, stranger
from tests.way.visit import Organisation, sign_in, visit

from vedette.console.device import ACTS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600), pytest.mark.xdist_group("way")]

HIDDEN = ("/system/connectors/", "/system/connectors/intune/connection/", "/system/enrollment/")
# where the objects behind a parameter live, and by which column an address names them
TABLES = {
    "threat_id": ("threats_threat", "id"),
    "device_id": ("devices_device", "id"),
    "event_id": ("events_event", "id"),
    "waiting_id": ("devices_waitingidentity", "id"),
    "invitation_id": ("devices_invitation", "id"),
    "batch_id": ("devices_invitation", "batch_id"),
    "error_id": ("connectors_connectorerror", "id"),
    "brake_id": ("compliance_brake", "id"),
    "chosen": ("devices_devicegroup", "id"),
    "object_id": ("intune_enrollmentgroup", "object_id"),
    "tenant_id": ("tenants_tenant", "id"),
    "key_id": ("tenants_applicationkey", "id"),
    "entry_id": ("threats_appentry", "id"),
    "rule_id": ("threats_capabilityrule", "id"),
    "person": ("connectors_sparedperson", "id"),
    "group": ("groups_riskgroup", "object_id"),
    "destination_id": ("connectors_destination", "id"),
    "letter_id": ("connectors_deadletter", "id"),
    "name_id": ("feeds_webname", "id"),
    "batch": ("feeds_webname", "batch"),
    "rules_id": ("feeds_filerules", "id"),
    "scan_id": ("scans_scan", "id"),
}
LEADS_BACK = {"batch"}
"""Names that were added together may be taken back already: the page leads to the lists and says so."""
# what stands for the words in addresses; an act of a device has a test of its own for each
WORDS = {"way": "phones", "kind": "webhook", "name": "demo-malware", "cve": "CVE-2026-0001", "token": "guess"}

RESTING = """
import datetime, sys, uuid
from vedette.compliance import change_apps
from vedette.compliance.models import Brake
from vedette.connectors.groups.models import RiskGroup
from vedette.connectors.models import DeadLetter, Destination, SparedPerson
from vedette.devices import invitations
from vedette.events.log import SYSTEM
from vedette.feeds import file_rules, web_names
from vedette.foundation import clock, database
from vedette.scans.models import Scan

tenant, oid, upn = *map(uuid.UUID, sys.argv[1:3]), sys.argv[3]
now = clock.now()
web_names.add(tenant, "deny", ["bad.example"], SYSTEM)
change_apps.add_entry(tenant, action="deny", subject="package", value="com.games.one", note="", actor=SYSTEM)
change_apps.add_rule(
    tenant, name="No SMS", all_of=["read_sms"], none_of=[], only_side_loaded=True, actor=SYSTEM
)
with database.writer(tenant):
    row = Destination.objects.create(
        tenant_id=tenant, kind="webhook", name="Off", enabled=False, position=0, due_at=now, created_at=now
    )
    DeadLetter.objects.create(
        tenant_id=tenant, destination=row, position=1, event_id=uuid.uuid4(), type="AUDIT", action="test",
        occurred_at=now, code="rejected", failed_at=now,
    )
    SparedPerson.objects.create(tenant_id=tenant, oid=uuid.uuid4(), upn="breakglass@away.example", added_at=now)
    RiskGroup.objects.create(
        tenant_id=tenant, route="device_group", object_id=uuid.uuid4(), display_name="At risk", added_at=now
    )
    Brake.objects.create(
        tenant_id=tenant, key="sweep:past", kind="sweep", limit=10, pulled_at=now, ended_at=now, outcome="over"
    )
    file_rules.save("our-own-rules", "rule x { condition: false }", ["x"], SYSTEM)
    Scan.objects.create(
        tenant_id=tenant, created_at=now, file_name="getprop.txt", size=1, sha256="", status="done",
        keep_until=now + datetime.timedelta(days=1),
    )
print(invitations.invite_person(tenant, oid=oid, upn=upn, email=upn, actor=SYSTEM, language="en").code)
"""
"""One of each object that the demo has none of, and the code of an invitation: one process, waking Django is dear."""


def test_restricted_access_sees_no_configuration(demo: Demo, browser: Browser, first: Organisation) -> None:
    leila = visit(browser, demo, first)
    sign_in(leila, "restricted")
    menu = leila.page.get_by_role("navigation", name="Main menu")
    expect(menu.get_by_role("link", name="Devices")).to_be_visible()
    for absent in ("Connectors", "Manage Enrollment"):
        expect(menu.get_by_role("link", name=absent)).to_have_count(0)
    leila.menu("Security Policy")
    assert leila.page.locator("main select").count() == 0
    assert leila.page.locator("main form").get_by_role("button").count() == 0
    expect(leila.page.get_by_text("Reset to defaults")).to_have_count(0)
    leila.shot("policy-restricted")
    leila.menu("Account")
    expect(leila.page.get_by_role("link", name="Arm")).to_have_count(0)
    expect(leila.page.get_by_role("link", name="Only watch")).to_have_count(0)
    for path in HIDDEN:
        answer = leila.page.goto(f"{demo.console}{path}")
        assert answer is not None
        assert answer.status == 403, path
        leila.sees("This needs full access")
        for told in (first.accounts["restricted"], "Security Console Admins"):
            assert told in leila.text()
    leila.shot("full-access-needed")
    assert leila.complaints == []
    leila.context.close()


def test_restricted_access_changes_nothing_by_hand_made_requests(demo: Demo, first: Organisation) -> None:
    leila = signed_in(demo, of_lab(demo, first.id), "restricted")
    leila.get(f"{demo.console}/preferences/")
    forbidden = ("connectors", "enrollment", "policy", "account")
    tried = [
        each
        for each in addresses()
        if each.rule.module in forbidden and not each.objects and set(each.parameters) <= set(WORDS)
    ]
    assert len(tried) > 10
    for address in tried:
        answer = post(leila, demo.console + address.path(WORDS))
        assert answer.status_code in {403, 405}, f"{answer.status_code} at {address.route}"


def test_somebody_in_no_group_is_told_so(demo: Demo, browser: Browser, first: Organisation) -> None:
    noah = visit(browser, demo, first)
    sign_in(noah, "none")
    noah.sees("You are not in a group that may use the console")
    for told in (first.accounts["none"], first.name, "Security Console Admins", "Security Console Helpdesk"):
        assert told in noah.text()
    noah.shot("in-no-group")
    noah.page.goto(f"{demo.console}/devices/")
    expect(noah.page).to_have_url(re.compile("/signin"))
    noah.context.close()


@pytest.fixture(scope="module")
def objects(demo: Demo, first: Organisation, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One object of the first organisation behind each kind of parameter, each made as it comes about."""
    admin = signed_in(demo, of_lab(demo, first.id), "full")
    _threat(demo, first, tmp_path_factory.mktemp("phone"))
    _waiting(demo, first, tmp_path_factory.mktemp("waiting"))
    _error(demo, admin)
    return {name: _one(demo, first, *place) for name, place in TABLES.items()}


@pytest.fixture(scope="module")
def outsider(demo: Demo) -> Iterator[httpx.Client]:
    _organisation, client = stranger(demo)
    yield client
    client.close()


def test_a_stranger_finds_nothing_of_another_organisation(
    demo: Demo, objects: dict[str, str], outsider: httpx.Client, first: Organisation
) -> None:
    outsider.get(f"{demo.console}/preferences/")
    tried = [each for each in addresses() if each.objects]
    unknown = {name for each in tried for name in each.objects} - set(objects)
    assert not unknown, f"tell this test where the objects of {unknown} live"
    for address in tried:
        for path in paths(address, objects):
            for answer in (outsider.get(demo.console + path), post(outsider, demo.console + path)):
                # 405: the address does not take this method from anybody; 403: the operator's alone
                wanted = {404, 405} if address.rule.kind == "member" else {403, 405}
                wanted |= {302} if LEADS_BACK & set(address.objects) else set()
                assert answer.status_code in wanted, f"{answer.request.method} {path}: {answer.status_code}"
                assert first.name not in answer.text
    taken = {path: _one(demo, first, *TABLES[name]) for name in objects for path in [name]}
    assert taken == objects, "a stranger's request changed something"


def test_a_stranger_s_own_pages_hold_nothing_of_others(
    demo: Demo, objects: dict[str, str], outsider: httpx.Client, first: Organisation
) -> None:
    domain = first.accounts["full"].partition("@")[2]
    for address in addresses():
        # the style guide shows made-up people of its own
        if address.parameters or address.route.startswith(("signout", "styleguide")):
            continue
        answer = outsider.get(demo.console + address.path({}))
        assert answer.status_code < 500, f"{answer.status_code} at {address.route}"
        for foreign in (*objects.values(), domain, first.name):
            assert foreign not in answer.text, f"{foreign} at {address.route}"


def test_an_object_that_never_was_is_not_found(demo: Demo, outsider: httpx.Client) -> None:
    for address in addresses():
        if address.objects and address.rule.kind == "member":
            for path in paths(address, dict.fromkeys(address.objects, str(uuid.uuid4()))):
                answer = outsider.get(demo.console + path)
                wanted = {302} if LEADS_BACK & set(address.objects) else {404, 405}
                assert answer.status_code in wanted, f"{path}: {answer.status_code}"


def paths(address: Address, values: dict[str, str]) -> list[str]:
    """Give the address with these objects; one for each act where a device is acted upon."""
    acts = list(ACTS) if "act" in address.parameters else [""]
    return [address.path({**WORDS, **values, "act": act}) for act in acts]


def _one(demo: Demo, organisation: Organisation, table: str, column: str) -> str:
    """Read one object's ID past row-level security, as the service's own jobs do."""
    own = "id" if table == "tenants_tenant" else "tenant_id"
    query = sql.SQL("select {}::text from {} where {} = %s order by 1 limit 1").format(
        *map(sql.Identifier, (column, table, own))
    )
    with psycopg.connect(demo.variables()["DATABASE_URL"]) as connection:
        connection.execute("set local role vedette_system")
        tenant = connection.execute(
            "select id from tenants_tenant where entra_tenant_id = %s", [organisation.id]
        ).fetchone()
        assert tenant
        row = connection.execute(query, [tenant[0]]).fetchone()
    assert row, f"{organisation.name} has nothing in {table}"
    return str(row[0])


def _threat(demo: Demo, first: Organisation, folder: Path) -> None:
    phone, code = invited_phone(demo, first, folder)
    phone.enroll(code)
    phone.apps = [MAIL, SPY]
    phone.check_in()
    until(lambda: phone.agent("status", with_facts=False)["detail"]["threats"], "the verdict")


def _waiting(demo: Demo, first: Organisation, folder: Path) -> None:
    """Somebody who is in no enrollment group yet is invited, and opens the app too early; the rest is made too."""
    tenant = demo.get(f"/tenants/{first.id}")
    contractors = next(each["id"] for each in tenant["groups"] if each["display_name"] == "Contractors")
    early = {each["upn"]: each for each in tenant["accounts"] if contractors in each["groups"]}
    device = next(each for each in tenant["devices"] if each["upn"] in early)
    person = early[device["upn"]]
    code = demo.run_python(RESTING, demo.facts["tenant"]["guid"], person["id"], person["upn"])
    phone = Phone(demo, first, device, person["id"], folder)
    answer = phone.agent("enroll", "--server", demo.console, "--code", code.strip(), expected=1)
    assert answer["result"] == "waiting", answer
    assert answer["detail"]["reason"] == "not_in_enrollment_group", answer


def _error(demo: Demo, admin: httpx.Client) -> None:
    """Microsoft refuses one heartbeat."""
    demo.post("/faults", {"match": "GET /v1.0/groups", "status": 403, "times": 1})
    admin.get(f"{demo.console}/preferences/")
    beat = f"{demo.console}/system/connectors/intune/connection/beat"
    assert post(admin, beat).status_code == 302
    demo.control.delete("/lab/faults")
    assert post(admin, beat).status_code == 302
